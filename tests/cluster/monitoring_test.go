package cluster

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"loljoa/tests/cluster/reach"
)

// sources are what dashboards and files of rules may need besides LOL.JOA itself, and a series by which it is seen whether this cluster's Prometheus has it.
var sources = map[string]string{
	"loljoa":             `loljoa_neighbour_replicas`,
	"postgres":           `{__name__=~"cnpg_collector_up|pg_up"}`,
	"cadvisor":           `container_cpu_usage_seconds_total`,
	"network":            `container_network_receive_bytes_total{pod!=""}`,
	"kubelet":            `kubelet_running_pods`,
	"volumes":            `kubelet_volume_stats_used_bytes`,
	"kube-state-metrics": `kube_pod_info`,
	"istio":              `istio_requests_total`,
}

// mostSeries is what docs/observability.md promises of a pod.
const mostSeries = 2000

// prometheus is the cluster's, reached by a port of this machine.
type prometheus struct{ address string }

// question is a query of a dashboard or a rule.
type question struct {
	of, query string
	needs     []string
}

// Whatever dashboards and rules ask has data, as far as this cluster has what they need.
func showsWhatGoesOn(t *testing.T) {
	if settings.prometheus == "" {
		t.Skip("no Prometheus (PROMETHEUS)")
	}
	where, service, _ := strings.Cut(settings.prometheus, "/")
	p := prometheus{"http://" + forwarded(t, "-n", where, "port-forward", "service/"+service, ":9090")}
	p.takesRules(t, where)
	s := visit(t)
	running := startLoad(t, s)
	defer running.end(t, "while Prometheus looked")
	watch(t, s)
	eventually(t, "the release is scraped", func() bool { return len(p.ask(t, sources["loljoa"]+inNamespace)) > 0 })

	var has, lacks []string
	for need, series := range sources {
		if len(p.ask(t, series)) > 0 {
			has = append(has, need)
		} else {
			lacks = append(lacks, need)
		}
	}
	slices.Sort(lacks)
	open := slices.DeleteFunc(append(dashboards(t), p.rules(t)...), func(q question) bool {
		return slices.ContainsFunc(q.needs, func(need string) bool { return !slices.Contains(has, need) })
	})
	asked := len(open)
	for deadline := time.Now().Add(3 * time.Minute); len(open) > 0 && time.Now().Before(deadline); time.Sleep(5 * time.Second) {
		open = slices.DeleteFunc(open, func(q question) bool {
			return slices.ContainsFunc(p.ask(t, q.query), func(r result) bool { return r.Value[1] != "NaN" })
		})
	}
	for _, q := range open {
		t.Errorf("no data: %s: %s", q.of, q.query)
	}
	figure(t, "%d queries were asked, %d had no data; left out, because this Prometheus has none of it: %s", asked, len(open), strings.Join(lacks, ", "))
	p.countsSeries(t)
}

var inNamespace = fmt.Sprintf("{namespace=%q}", namespace)

// takesRules gives Prometheus the files of rules, by the ConfigMap that it reads them from, where it has no operator that would.
func (p prometheus) takesRules(t *testing.T, where string) {
	t.Helper()
	if settings.prometheusRules != "" {
		files := filepath.Join(chart(), "monitoring/rules")
		text := kubectl(t, "-n", where, "create", "configmap", settings.prometheusRules, "--from-file="+files, "--dry-run=client", "-o", "yaml")
		if output, err := run(text, "kubectl", "apply", "-f", "-"); err != nil {
			t.Fatalf("kubectl apply: %v\n%s", err, output)
		}
	}
	eventually(t, "Prometheus has the rules", func() bool {
		// The kubelet takes a while to bring the files; without the right to reload, Prometheus does so by itself or not at all.
		if answer, err := http.Post(p.address+"/-/reload", "", nil); err == nil {
			_ = answer.Body.Close()
		}
		return len(p.rules(t)) > 0
	})
}

// dashboards are all their queries, in the release's namespace.
func dashboards(t *testing.T) (questions []question) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chart(), "monitoring/dashboards/*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	filled := strings.NewReplacer("$__rate_interval", "1m", "$namespace", namespace)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var dashboard struct {
			Title  string
			Tags   []string
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal(text, &dashboard); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, panel := range dashboard.Panels {
			for _, target := range panel.Targets {
				needs := needsOf(dashboard.Tags)
				// Some runtimes tell cAdvisor nothing of pods' networks.
				if strings.Contains(target.Expr, "container_network_") {
					needs = append(needs, "network")
				}
				questions = append(questions, question{dashboard.Title + ": " + panel.Title, filled.Replace(target.Expr), needs})
			}
		}
	}
	return questions
}

func needsOf(tags []string) (needs []string) {
	for _, tag := range tags {
		if need, isNeed := strings.CutPrefix(tag, "needs:"); isNeed {
			needs = append(needs, need)
		}
	}
	return needs
}

// rules are what Prometheus records by our files, and what the alerts compare that need a cluster; all others are asked of a system without one, in
// tests/monitoring. A rule that cannot be evaluated is an error.
func (p prometheus) rules(t *testing.T) (questions []question) {
	t.Helper()
	var answer struct {
		Groups []struct {
			Name  string
			Rules []struct{ Name, Type, Query, Health, LastError string }
		}
	}
	p.get(t, "/api/v1/rules", &answer)
	for _, group := range answer.Groups {
		if !strings.HasPrefix(group.Name, "loljoa-") {
			continue
		}
		for _, rule := range group.Rules {
			if rule.Health == "err" {
				t.Errorf("rule %s: %s", rule.Name, rule.LastError)
			}
			switch at := strings.LastIndex(rule.Query, " > "); {
			case rule.Type == "recording":
				questions = append(questions, question{group.Name, rule.Name, []string{"loljoa"}})
			case group.Name == "loljoa-volume-alerts":
				questions = append(questions, question{rule.Name, rule.Query[:at], []string{"volumes"}})
			}
		}
	}
	return questions
}

// countsSeries holds every pod to what is promised of it.
func (p prometheus) countsSeries(t *testing.T) {
	t.Helper()
	most := 0
	for _, r := range p.ask(t, fmt.Sprintf(`count by (pod) ({__name__=~"loljoa_.+",namespace=%q})`, namespace)) {
		series, err := strconv.Atoi(r.Value[1].(string))
		if err != nil || series >= mostSeries {
			t.Errorf("pod %s tells %v series", r.Metric["pod"], r.Value[1])
		}
		most = max(most, series)
	}
	if most == 0 {
		t.Error("no pod tells any series")
	}
	figure(t, "at most %d series of LOL.JOA's own in a pod", most)
}

// watch keeps a stream of events open until the story ends.
func watch(t *testing.T, s site) {
	t.Helper()
	matches := get[page[reach.Match]](t, s, reach.ScheduledMatches).Items
	if len(matches) == 0 {
		t.Fatal("no match is to come")
	}
	// Streams go on for as long as the story does.
	patient := *s.http
	patient.Timeout = 0
	for _, match := range matches {
		answer, err := patient.Get("https://" + host + "/api/betting/stream?matchId=" + match.ID)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		go func() { _, _ = io.Copy(io.Discard, answer.Body) }()
	}
}

// result is a series and its present value.
type result struct {
	Metric map[string]string
	Value  [2]any
}

// ask has Prometheus answer a query now.
func (p prometheus) ask(t *testing.T, query string) []result {
	t.Helper()
	var answer struct{ Result []result }
	p.get(t, "/api/v1/query?query="+url.QueryEscape(query), &answer)
	return answer.Result
}

func (p prometheus) get(t *testing.T, path string, data any) {
	t.Helper()
	answer, err := http.Get(p.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var whole struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(answer.Body).Decode(&whole); err != nil || whole.Status != "success" {
		t.Fatalf("%s: %v %s", path, err, whole.Error)
	}
	if err := json.Unmarshal(whole.Data, data); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
