package cluster

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"loljoa/tests/cluster/reach"
)

// trace is what Jaeger's API says of one.
type trace struct {
	Data []struct {
		Spans []struct {
			SpanID     string `json:"spanID"`
			Operation  string `json:"operationName"`
			ProcessID  string `json:"processID"`
			References []struct {
				SpanID string `json:"spanID"`
			} `json:"references"`
			Tags []tag `json:"tags"`
		} `json:"spans"`
		Processes map[string]struct {
			ServiceName string `json:"serviceName"`
			Tags        []tag  `json:"tags"`
		} `json:"processes"`
	} `json:"data"`
}

// tag is an attribute as Jaeger has it.
type tag struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// steps are what a bet's trace has of the services' own: who did what.
var steps = map[string][]string{
	"gateway": {"POST /api/betting/bets", "place_bets", "loljoa.betting.v1.BettingService/PlaceBets"},
	"betting": {"bet", "bet_batch", "take_stakes", "record_bets", "SELECT record_new_bets"},
	"account": {"loljoa.account.v1.LedgerService/ApplyTransfers", "ledger_batch", "SELECT apply_transfers"},
}

// A bet is one trace: Envoy's spans and the services' own, from the ingress gateway to the ledger's statement, each below another.
func tracesABet(t *testing.T) {
	if settings.jaeger == "" {
		t.Skip("no Jaeger (JAEGER, and OTLP for where the services send)")
	}
	upgrade(t, "--set", "telemetry.otlpEndpoint="+settings.otlp+",telemetry.sampleRatio=1")
	t.Cleanup(func() { upgrade(t) })
	findsWholeBet(t)
}

// The same with the chart's collector between services and Jaeger: it keeps what is slow, which here is everything, and of what is not slow nothing.
func keepsWhatIsWorthIt(t *testing.T) {
	if settings.jaeger == "" || settings.collector == "" {
		t.Skip("no Jaeger (JAEGER), or no collector's image (COLLECTOR)")
	}
	colon := strings.LastIndex(settings.collector, ":")
	if colon < 0 {
		t.Fatalf("COLLECTOR=%s has no tag", settings.collector)
	}
	image, version := settings.collector[:colon], settings.collector[colon+1:]
	sends := strings.TrimPrefix(settings.otlp, "http://")
	values := "collector.enabled=true,collector.image=" + image + ",collector.version=" + version + ",collector.exporter.endpoint=" + sends +
		",collector.sampling.decisionWaitSeconds=3,telemetry.sampleRatio=0"
	upgrade(t, "--set", values+",collector.sampling.slowMs=1")
	t.Cleanup(func() { upgrade(t) })
	rolled(t, release+"-collector")
	findsWholeBet(t)

	upgrade(t, "--set", values+",collector.sampling.slowMs=600000")
	rolled(t, release+"-collector")
	user := visit(t).signUp(t)
	id := user.betTraced(t)
	// By now it would have been decided on, and sent.
	time.Sleep(15 * time.Second)
	spans, _ := spansOf(t, id)
	if own := slices.IndexFunc(spans, func(span string) bool { return strings.HasPrefix(span, "service ") }); own >= 0 {
		t.Errorf("a bet that was neither slow nor failed was kept: %s", spans[own])
	}
}

// findsWholeBet makes bets until the trace of one has all that it should have.
func findsWholeBet(t *testing.T) {
	t.Helper()
	for _, service := range services {
		alone(t, service)
	}
	user := visit(t).signUp(t)
	ingress := "istio-ingressgateway." + settings.ingressNamespace
	wants := []string{"proxy " + ingress}
	for service, names := range steps {
		wants = append(wants, "proxy "+service+"."+namespace)
		for _, name := range names {
			wants = append(wants, "service "+service+"."+namespace+": "+name)
		}
	}
	var spans, loose []string
	isWhole := func() bool {
		return !slices.ContainsFunc(wants, func(want string) bool { return !slices.Contains(spans, want) })
	}
	// A batch is in the trace of one of its bets, so a bet that shares one with a demo bettor's may lack half of it, and another is made.
	eventually(t, "a trace with all of them", func() bool {
		id := user.betTraced(t)
		for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline) && !isWhole(); time.Sleep(500 * time.Millisecond) {
			spans, loose = spansOf(t, id)
		}
		return isWhole()
	})
	// The first span's parent is the client's own.
	if len(loose) != 1 || loose[0] != "proxy "+ingress {
		t.Errorf("these spans hang below none of their trace: %v", loose)
	}
	figure(t, "a bet's trace has %d spans: %s", len(spans), strings.Join(slices.Compact(slices.Sorted(slices.Values(spans))), ", "))
}

// betTraced makes a bet under a trace of its own, and gives the trace's id.
func (u user) betTraced(t *testing.T) string {
	t.Helper()
	var open []market
	eventually(t, "an open market", func() bool { open = u.openMarkets(t); return len(open) > 0 })
	var random [24]byte
	_, _ = rand.Read(random[:])
	id := fmt.Sprintf("%x", random[:16])
	wanted := map[string]any{"marketId": open[0].ID, "outcomeId": open[0].Outcomes[0].ID, "stake": 100}
	got, err := u.ask(http.MethodPost, "/api/betting/bets", wanted, "Authorization", u.bearer(), "Idempotency-Key", reach.UUID(),
		"traceparent", fmt.Sprintf("00-%s-%x-01", id, random[16:]))
	if err != nil || got.status != http.StatusCreated {
		t.Fatalf("%v %d %s", err, got.status, got.body)
	}
	return id
}

// spansOf reads a trace: who made its spans, with what a service did, and those whose parent is not in it. A service's own tell which pod they come from.
func spansOf(t *testing.T, id string) (spans, loose []string) {
	t.Helper()
	response, err := http.Get(settings.jaeger + "/api/traces/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode == http.StatusNotFound {
		return nil, nil
	}
	var found trace
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for _, one := range found.Data {
		known := map[string]bool{}
		for _, span := range one.Spans {
			known[span.SpanID] = true
		}
		for _, span := range one.Spans {
			kind := "service"
			for _, tag := range span.Tags {
				if tag.Key == "component" && tag.Value == "proxy" {
					kind = "proxy"
				}
			}
			process := one.Processes[span.ProcessID]
			name := kind + " " + process.ServiceName
			if kind == "service" {
				name += ": " + span.Operation
				for _, key := range []string{"k8s.pod.name", "k8s.node.name", "k8s.deployment.name", "k8s.namespace.name", "service.instance.id", "service.version"} {
					if !slices.ContainsFunc(process.Tags, func(found tag) bool { return found.Key == key && found.Value != "" }) {
						t.Errorf("%s does not tell its %s", name, key)
					}
				}
			}
			spans = append(spans, name)
			if len(span.References) == 0 || !known[span.References[0].SpanID] {
				loose = append(loose, name)
			}
		}
	}
	return spans, loose
}
