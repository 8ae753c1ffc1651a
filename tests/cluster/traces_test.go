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
			ProcessID  string `json:"processID"`
			References []struct {
				SpanID string `json:"spanID"`
			} `json:"references"`
			Tags []struct {
				Key   string `json:"key"`
				Value any    `json:"value"`
			} `json:"tags"`
		} `json:"spans"`
		Processes map[string]struct {
			ServiceName string `json:"serviceName"`
		} `json:"processes"`
	} `json:"data"`
}

// A bet is one trace: Envoy's spans and the services' own, from the ingress gateway to the ledger, each below another.
func tracesABet(t *testing.T) {
	if settings.jaeger == "" {
		t.Skip("no Jaeger (JAEGER, and OTLP for where the services send)")
	}
	upgrade(t, "--set", "telemetry.otlpEndpoint="+settings.otlp+",telemetry.sampleRatio=1")
	t.Cleanup(func() { upgrade(t) })
	for _, service := range services {
		alone(t, service)
	}
	s := visit(t)
	user := s.signUp(t)
	ingress := "istio-ingressgateway." + settings.ingressNamespace
	wants := []string{"proxy " + ingress}
	for _, service := range []string{"gateway", "betting", "account"} {
		wants = append(wants, "proxy "+service+"."+namespace, "service "+service+"."+namespace)
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

// spansOf reads a trace: who made its spans, and those whose parent is not in it.
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
			name := kind + " " + one.Processes[span.ProcessID].ServiceName
			spans = append(spans, name)
			if len(span.References) == 0 || !known[span.References[0].SpanID] {
				loose = append(loose, name)
			}
		}
	}
	return spans, loose
}
