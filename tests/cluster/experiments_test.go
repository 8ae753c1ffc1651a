package cluster

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"loljoa/tests/cluster/reach"
)

// The experiments of 2022, seen from the outside: a pod that is blocked leaves the endpoints and comes back, one that is turned off is restarted.
func leavesAndComesBack(t *testing.T) {
	upgrade(t, "--set", "betting.replicas.min=2,betting.autoscaling.enabled=false")
	t.Cleanup(func() { upgrade(t) })
	s := visit(t)
	admin := s.admin(t)
	eventually(t, "two of betting", func() bool { return endpoints(t, "betting") == 2 && len(pods(t, "betting")) == 2 })
	do := func(what string) {
		got, err := admin.ask(http.MethodPost, "/api/betting/"+what, nil, "Authorization", admin.bearer(), "Idempotency-Key", reach.UUID())
		if err != nil || got.status >= 300 {
			t.Fatalf("%s: %v %d %s", what, err, got.status, got.body)
		}
	}
	load := startLoad(t, s)
	do("block")
	started := time.Now()
	eventually(t, "one of two", func() bool { return endpoints(t, "betting") == 1 })
	left := time.Since(started)
	eventually(t, "two again", func() bool { return endpoints(t, "betting") == 2 })
	figure(t, "a blocked pod left the endpoints after %.0f s and came back after %.0f s", left.Seconds(), time.Since(started).Seconds())
	load.end(t, "while a pod was blocked")

	restarts := func() string {
		return in(t, "get", "pods", "-l", "app=betting", "-o", `jsonpath={.items[*].status.containerStatuses[?(@.name=="betting")].restartCount}`)
	}
	before := restarts()
	do("turnoff")
	started = time.Now()
	eventually(t, "restarted by liveness", func() bool { return restarts() != before })
	eventually(t, "two again", func() bool { return endpoints(t, "betting") == 2 })
	figure(t, "a pod that was turned off was back after %.0f s", time.Since(started).Seconds())
	if events := in(t, "get", "events", "--field-selector=reason=Unhealthy"); !strings.Contains(events, "Liveness probe failed") {
		t.Error("no event says that liveness failed")
	}
}
