package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

const book = "https://github.com/loljoa/loljoa/blob/main/docs/runbooks.md#"

// alert is what a rule says of an alarm.
type alert struct {
	name                string
	labels, annotations map[string]string
}

// ruleFile is a file of Prometheus' rules.
type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Record, Alert, Expr string
			Labels, Annotations map[string]string
		}
	}
}

// monitoringProblems names what rules, their tests, runbooks, dashboards and the programs' metrics disagree on.
func monitoringProblems(root string) (problems []string) {
	folder := filepath.Join(root, "helm/loljoa/monitoring")
	var alerts []alert
	var queries []string
	for _, file := range glob(folder, "rules/*.yaml") {
		var rules ruleFile
		read(file, func(text []byte) error { return yaml.Unmarshal(text, &rules) })
		for _, group := range rules.Groups {
			for _, rule := range group.Rules {
				queries = append(queries, rule.Expr)
				if rule.Alert != "" {
					alerts = append(alerts, alert{rule.Alert, rule.Labels, rule.Annotations})
				}
			}
		}
	}
	problems = append(problems, alertProblems(alerts)...)
	problems = append(problems, runbookProblems(root, alerts)...)
	problems = append(problems, ruleTestProblems(root, alerts)...)
	for _, file := range glob(folder, "dashboards/*.json") {
		found, expressions := dashboardProblems(file)
		problems, queries = append(problems, found...), append(queries, expressions...)
	}
	return append(problems, metricProblems(root, queries)...)
}

// alertProblems names alerts that do not say how bad it is, what it is, or where to read on.
func alertProblems(alerts []alert) (problems []string) {
	for _, a := range alerts {
		if !slices.Contains([]string{"critical", "warning"}, a.labels["severity"]) {
			problems = append(problems, fmt.Sprintf("%s: severity is %q", a.name, a.labels["severity"]))
		}
		if a.annotations["summary"] == "" || a.annotations["description"] == "" {
			problems = append(problems, a.name+": has no summary or no description")
		}
		if wanted := book + strings.ToLower(a.name); a.annotations["runbook_url"] != wanted {
			problems = append(problems, fmt.Sprintf("%s: runbook_url is not %s", a.name, wanted))
		}
	}
	return problems
}

// runbookProblems names alerts without a section of the runbooks, and sections without an alert.
func runbookProblems(root string, alerts []alert) (problems []string) {
	text, err := os.ReadFile(filepath.Join(root, "docs/runbooks.md"))
	must(err)
	var sections []string
	for _, heading := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(string(text), -1) {
		sections = append(sections, heading[1])
	}
	for _, a := range alerts {
		if !slices.Contains(sections, a.name) {
			problems = append(problems, "docs/runbooks.md has no section "+a.name)
		}
	}
	for _, section := range sections {
		if !slices.ContainsFunc(alerts, func(a alert) bool { return a.name == section }) {
			problems = append(problems, "docs/runbooks.md tells of "+section+", which no rule raises")
		}
	}
	return problems
}

// ruleTestProblems names alerts of which no test shows that they fire, or that they do not.
func ruleTestProblems(root string, alerts []alert) (problems []string) {
	fires, rests := map[string]bool{}, map[string]bool{}
	for _, file := range glob(root, "tests/monitoring/rules/*_test.yaml") {
		var tests struct {
			Tests []struct {
				Series []struct{ Series string } `json:"input_series"`
				Checks []struct {
					Expr    string
					Samples []any `json:"exp_samples"`
				} `json:"promql_expr_test"`
			}
		}
		read(file, func(text []byte) error { return yaml.Unmarshal(text, &tests) })
		for _, test := range tests.Tests {
			// What is in this namespace is on the boundary, and stands in no sample.
			hasEdge := strings.Contains(fmt.Sprint(test.Series), `namespace="edge"`)
			for _, check := range test.Checks {
				if named := regexp.MustCompile(`^ALERTS\{alertname="(\w+)",alertstate="firing"\}$`).FindStringSubmatch(check.Expr); named != nil {
					fires[named[1]] = fires[named[1]] || len(check.Samples) > 0
					rests[named[1]] = rests[named[1]] || hasEdge
				}
			}
		}
	}
	for _, a := range alerts {
		if !fires[a.name] || !rests[a.name] {
			problems = append(problems, fmt.Sprintf("tests/monitoring/rules: no test shows when %s fires and when it does not", a.name))
		}
	}
	return problems
}

// panel is what a dashboard's panel says.
type panel struct {
	Type, Title, Description string
	FieldConfig              struct {
		Defaults struct{ Unit string }
	}
	Targets []struct {
		Expr, LegendFormat string
		Exemplar           bool
		Datasource         struct{ UID string }
	}
}

// dashboardProblems names panels that do not say what they show, and dashboards that lack what all have. It gives their queries, too.
func dashboardProblems(file string) (problems, queries []string) {
	var dashboard struct {
		Title, UID string
		Tags       []string
		Panels     []panel
		Links      []struct{ Type, URL string }
		Templating struct {
			List []struct{ Name string }
		}
	}
	read(file, func(text []byte) error { return json.Unmarshal(text, &dashboard) })
	name := filepath.Base(file)
	var variables []string
	for _, variable := range dashboard.Templating.List {
		variables = append(variables, variable.Name)
	}
	if !slices.Equal(variables, []string{"datasource", "namespace"}) {
		problems = append(problems, fmt.Sprintf("%s: its variables are %v", name, variables))
	}
	if !slices.ContainsFunc(dashboard.Tags, func(tag string) bool { return strings.HasPrefix(tag, "needs:") }) {
		problems = append(problems, name+": no tag says what it needs")
	}
	for _, p := range dashboard.Panels {
		if p.Type == "row" {
			continue
		}
		problems = append(problems, panelProblems(name, p)...)
		for _, target := range p.Targets {
			queries = append(queries, target.Expr)
		}
	}
	return problems, queries
}

func panelProblems(name string, p panel) (problems []string) {
	say := func(what string) { problems = append(problems, fmt.Sprintf("%s: %s: %s", name, p.Title, what)) }
	if p.Title == "" || !regexp.MustCompile(`\b[Nn]ormal\b`).MatchString(p.Description) {
		say("does not say what normal looks like")
	}
	if p.FieldConfig.Defaults.Unit == "" {
		say("has no unit")
	}
	if len(p.Targets) == 0 {
		say("asks nothing")
	}
	for _, target := range p.Targets {
		if target.Datasource.UID != "${datasource}" || target.LegendFormat == "" {
			say("has another source than the chosen one, or no legend")
		}
		isLatency := strings.Contains(target.Expr, "_bucket{") && slices.Contains([]string{"s", "ms"}, p.FieldConfig.Defaults.Unit)
		if isLatency && !target.Exemplar {
			say("tells times without exemplars")
		}
	}
	return problems
}

// metricProblems names metrics of ours that are asked for and that no program has, by the tables in which programs describe theirs.
func metricProblems(root string, queries []string) (problems []string) {
	kinds := map[string]string{}
	files := append(glob(root, "crates/*/src/metrics.rs"), glob(root, "crates/service-kit/src/metrics/*.rs")...)
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(err)
		for _, found := range regexp.MustCompile(`"(loljoa_\w+)",\s*(Counter|Gauge|Histogram)`).FindAllStringSubmatch(string(text), -1) {
			kinds[found[1]] = found[2]
		}
	}
	if len(kinds) < 50 {
		panic(fmt.Sprintf("only %d metrics are described", len(kinds)))
	}
	for _, query := range queries {
		for _, name := range regexp.MustCompile(`\bloljoa_\w+`).FindAllString(strings.ReplaceAll(query, "loljoa_service", ""), -1) {
			base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
			isHistogram := kinds[base] == "Histogram" && base != name
			if kinds[name] == "" && !isHistogram || kinds[name] == "Histogram" {
				problems = append(problems, fmt.Sprintf("no program has the metric %s: %s", name, query))
			}
		}
	}
	return problems
}

func glob(folder, pattern string) []string {
	files, err := filepath.Glob(filepath.Join(folder, pattern))
	must(err)
	if len(files) == 0 {
		panic("nothing is " + pattern)
	}
	return files
}
