package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// adapterRule is how prometheus-adapter makes a metric of Kubernetes of a series of Prometheus.
type adapterRule struct {
	SeriesQuery, MetricsQuery string
	Name                      struct{ As string }
}

// adapterProblems names metrics that autoscalers ask for and the adapter does not have, or no program, and queries that no test asks.
func adapterProblems(root string) (problems []string) {
	var values struct {
		Rules struct{ Custom []adapterRule }
	}
	read(filepath.Join(root, "deploy/autoscaling/prometheus-adapter-values.yaml"), func(text []byte) error { return yaml.Unmarshal(text, &values) })
	asked := askedByTests(root)
	told := map[string]bool{}
	for _, rule := range values.Rules.Custom {
		told[rule.Name.As] = true
		problems = append(problems, metricProblems(root, []string{rule.SeriesQuery})...)
		series, _, _ := strings.Cut(rule.SeriesQuery, "{")
		before, after, _ := strings.Cut(expanded(rule.MetricsQuery, series), "<<.LabelMatchers>>")
		isAsked := false
		for _, query := range asked {
			isAsked = isAsked || strings.HasPrefix(query, before) && strings.HasSuffix(query, after)
		}
		if !isAsked {
			problems = append(problems, "tests/monitoring/rules: no test asks as deploy/autoscaling does: "+rule.MetricsQuery)
		}
	}
	count := 0
	for _, o := range readObjects(filepath.Join(root, "target/chart/autoscaling.yaml")) {
		if o.kind() != "HorizontalPodAutoscaler" {
			continue
		}
		metrics, _ := o.at("spec", "metrics").([]any)
		for _, metric := range metrics {
			name := object(metric.(map[string]any)).text("pods", "metric", "name")
			if name == "" {
				continue
			}
			count++
			if !told[name] {
				problems = append(problems, fmt.Sprintf("%s asks for %s, which no rule of deploy/autoscaling has", o.name(), name))
			}
		}
	}
	if count == 0 {
		problems = append(problems, "target/chart/autoscaling.yaml has no autoscaler that asks for a metric of pods")
	}
	return problems
}

// expanded is a query as the adapter asks it for pods, but for which of them.
func expanded(query, series string) string {
	return strings.NewReplacer("<<.Series>>", series, "<<.GroupBy>>", "pod").Replace(query)
}

// askedByTests gives the queries of all tests of rules.
func askedByTests(root string) (queries []string) {
	for _, file := range glob(root, "tests/monitoring/rules/*_test.yaml") {
		var tests struct {
			Tests []struct {
				Checks []struct{ Expr string } `json:"promql_expr_test"`
			}
		}
		read(file, func(text []byte) error { return yaml.Unmarshal(text, &tests) })
		for _, test := range tests.Tests {
			for _, check := range test.Checks {
				queries = append(queries, check.Expr)
			}
		}
	}
	return queries
}
