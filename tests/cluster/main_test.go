// Package cluster proves the chart on a real cluster: stories, run in order, each of which leaves the release as the next one finds it.
//
// It works against whatever KUBECONFIG points to, a cluster with Istio and nothing else, and is run by run.sh.
package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loljoa/tests/cluster/reach"
)

const release = "loljoa"

// Where the release is, and the name that its users type: two people may tell stories side by side, each in a namespace of his own.
var (
	namespace = reach.Env("NAMESPACE", "loljoa")
	host      = reach.Env("INGRESS_HOST", namespace+".example.com")
)

// settings come from the environment; run.sh has their defaults.
var settings = struct {
	tag, nextTag, repository, ingressNamespace, jaeger, otlp, collector, prometheus, prometheusRules string
}{
	tag:              reach.Env("TAG", "dev"),
	nextTag:          reach.Env("NEXT_TAG", ""),
	repository:       reach.Env("REPOSITORY", "../.."),
	ingressNamespace: reach.IngressNamespace(),
	jaeger:           reach.Env("JAEGER", ""),
	otlp:             reach.Env("OTLP", "http://jaeger-collector.observability:4317"),
	collector:        reach.Env("COLLECTOR", ""),
	prometheus:       reach.Env("PROMETHEUS", ""),
	prometheusRules:  reach.Env("PROMETHEUS_RULES", ""),
}

// story is one part of the proof.
type story struct {
	name string
	tell func(*testing.T)
}

// figures are what the report says besides whether a story held.
var figures []string

// figure notes a measured value for the report.
func figure(t *testing.T, format string, arguments ...any) {
	t.Helper()
	text := fmt.Sprintf(format, arguments...)
	t.Log(text)
	figures = append(figures, strings.TrimPrefix(t.Name(), "TestStories/")+": "+text)
}

func TestStories(t *testing.T) {
	stories := []story{
		{"1-install", installs},
		{"1-walk", walksFromSignUpToAPaidWin},
		{"1-page", showsThePage},
		{"1-ingress", letsInThroughAnIngress},
		{"2-mtls", refusesPlaintext},
		{"2-authorization", answersWhoMayCall},
		{"2-tokens", checksTokensAtTheSidecar},
		{"3-databases", keepsDatabasesApart},
		{"4-load", losesNothingUnderLoad},
		{"5-scaling", scalesAndHoldsEvictionsBack},
		{"6-upgrade", upgradesAndRollsBack},
		{"7-canary", sharesWithACanary},
		{"8-experiments", leavesAndComesBack},
		{"8-traces", tracesABet},
		{"8-collector", keepsWhatIsWorthIt},
		{"8-monitoring", showsWhatGoesOn},
		{"9-wrong-values", refusesWrongValues},
		{"9-lacking", refusesWhatIsLacking},
		{"9-trouble", tellsWhatIsMissing},
		{"10-reinstall", keepsWhatItHad},
		{"11-databases", worksWithOtherDatabases},
		{"12-logs", keepsSecretsOutOfLogs},
	}
	follow(t)
	var lines []string
	for _, story := range stories {
		// What STORIES leaves out is told by nobody, and stands in no report.
		outcome := ""
		started := time.Now()
		held := t.Run(story.name, func(t *testing.T) {
			outcome = "**failed**"
			defer func() {
				if t.Skipped() {
					outcome = "left out"
				}
			}()
			story.tell(t)
		})
		if held && outcome == "**failed**" {
			outcome = "held"
		}
		if outcome != "" {
			lines = append(lines, fmt.Sprintf("| %s | %s | %.0f s |", story.name, outcome, time.Since(started).Seconds()))
		}
	}
	report(t, lines)
}

// report writes what was seen to target/cluster-test/report.md.
func report(t *testing.T, lines []string) {
	text := "# The chart on a cluster\n\nImages " + settings.tag + ", and " + settings.nextTag + " for upgrades.\n\n```\n" + kubectl(t, "version") + "\n```\n\n| story | | took |\n| --- | --- | --- |\n" +
		strings.Join(lines, "\n") + "\n\n- " + strings.Join(figures, "\n- ") + "\n"
	folder := filepath.Join(settings.repository, "target/cluster-test")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "report.md"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
