package cluster

import (
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"loljoa/tests/cluster/reach"
)

// load bets steadily until it is told to stop, each user one bet after another, and repeats as clients do.
type load struct {
	stop                   atomic.Bool
	done                   sync.WaitGroup
	placed, failed, repeat atomic.Int64
	attempts               int
	mutex                  sync.Mutex
	refusals               map[string]int
	failures               []string
	latencies              []time.Duration
}

const bettors = 8

// startLoad has users bet on what is open. Points come back when markets are settled, and are given each day; who has none left signs up anew.
func startLoad(t *testing.T, s site) *load {
	t.Helper()
	return startPatientLoad(t, s, attempts)
}

// startPatientLoad is startLoad with clients that repeat a bet so often.
func startPatientLoad(t *testing.T, s site, attempts int) *load {
	t.Helper()
	running := &load{attempts: attempts, refusals: map[string]int{}}
	var markets atomic.Pointer[[]market]
	look := func() {
		if open := s.openMarkets(t); len(open) > 0 {
			markets.Store(&open)
		}
	}
	eventually(t, "an open market", func() bool { look(); return markets.Load() != nil })
	running.done.Add(1 + bettors)
	go func() {
		defer running.done.Done()
		for !running.stop.Load() {
			time.Sleep(time.Second)
			running.refresh(s, &markets)
		}
	}()
	users := make([]user, bettors)
	for i := range users {
		users[i] = s.signUp(t)
	}
	for _, user := range users {
		go func() {
			defer running.done.Done()
			running.bets(s, user, &markets)
		}()
	}
	return running
}

// refresh looks which markets are open, and goes on with what it knew when it cannot.
func (l *load) refresh(s site, markets *atomic.Pointer[[]market]) {
	var open []market
	for _, known := range *markets.Load() {
		if time.Until(known.LockAt) > 3*time.Second {
			open = append(open, known)
		}
	}
	if len(open) > 0 {
		markets.Store(&open)
	}
}

func (l *load) bets(s site, user user, markets *atomic.Pointer[[]market]) {
	for turn := 0; !l.stop.Load(); turn++ {
		open := *markets.Load()
		market := open[len(open)-1]
		started := time.Now()
		_, refusals, err := user.placeWithin(l.attempts, market, turn%2, 100)
		l.mutex.Lock()
		for _, refusal := range refusals {
			l.refusals[shorten(refusal)]++
		}
		l.latencies = append(l.latencies, time.Since(started))
		l.mutex.Unlock()
		l.repeat.Add(int64(len(refusals)))
		switch {
		case err == nil:
			l.placed.Add(1)
		case strings.Contains(err.Error(), "insufficient_points"):
			user = l.another(s, user)
		case strings.Contains(err.Error(), "market_"):
			// It has locked meanwhile: a right answer.
		default:
			l.failed.Add(1)
			l.mutex.Lock()
			l.failures = append(l.failures, shorten(err.Error()))
			l.mutex.Unlock()
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// another signs up, patiently.
func (l *load) another(s site, before user) user {
	for !l.stop.Load() {
		got, err := s.ask(http.MethodPost, "/api/account/signup", map[string]string{"username": "load_" + reach.UUID()[24:], "password": reach.UUID()}, "Idempotency-Key", reach.UUID())
		if err == nil && got.status == http.StatusCreated {
			token := strings.SplitN(strings.SplitN(string(got.body), `"accessToken":"`, 2)[1], `"`, 2)[0]
			return user{s, "load", token}
		}
		time.Sleep(200 * time.Millisecond)
	}
	return before
}

func shorten(text string) string {
	if len(text) > 160 {
		text = text[:160]
	}
	return text
}

// end stops, and says how it was: no bet has failed after its client's own repeats.
func (l *load) end(t *testing.T, what string) {
	t.Helper()
	l.stop.Store(true)
	l.done.Wait()
	sort.Slice(l.latencies, func(a, b int) bool { return l.latencies[a] < l.latencies[b] })
	p99 := time.Duration(0)
	if len(l.latencies) > 0 {
		p99 = l.latencies[len(l.latencies)*99/100]
	}
	figure(t, "%s: %d bets, %d failed, %d repeated, p99 %d ms", what, l.placed.Load(), l.failed.Load(), l.repeat.Load(), p99.Milliseconds())
	for refusal, count := range l.refusals {
		t.Logf("%d × %s", count, refusal)
	}
	if l.placed.Load() == 0 || l.failed.Load() > 0 {
		t.Errorf("%s: %d bets stand, %d failed: %v", what, l.placed.Load(), l.failed.Load(), l.failures)
	}
}

// audits has every point looked for.
func audits(t *testing.T) {
	t.Helper()
	helm(t, "test", release, "--namespace", namespace, "--filter", "name="+release+"-test-audit", "--logs", "--timeout", "3m")
}

// services are all that have a Deployment with pods that serve.
var services = []string{"account", "league-schedule", "betting", "gateway", "web"}

// Pods come and go under a steady load of bets, and no bet is lost.
func losesNothingUnderLoad(t *testing.T) {
	s := visit(t)
	for _, service := range services {
		t.Run("rolling-"+service, func(t *testing.T) {
			load := startLoad(t, s)
			in(t, "rollout", "restart", "deployment/"+release+"-"+service)
			rolled(t, release+"-"+service)
			load.end(t, "rolling restart of "+service)
		})
	}
	t.Run("scaling-betting", func(t *testing.T) {
		upgrade(t, "--set", "betting.autoscaling.enabled=false")
		t.Cleanup(func() { upgrade(t) })
		load := startLoad(t, s)
		for _, replicas := range []int{4, 1} {
			in(t, "scale", "deployment/"+release+"-betting", fmt.Sprintf("--replicas=%d", replicas))
			eventually(t, "scaled", func() bool { return endpoints(t, "betting") == replicas && len(pods(t, "betting")) == replicas })
			time.Sleep(3 * time.Second)
		}
		load.end(t, "betting 1→4→1")
	})
	t.Run("two-of-each", func(t *testing.T) {
		// An autoscaler that is still there for a moment would have one of each again, and nobody would have two afterwards.
		upgrade(t, "--set", "defaults.autoscaling.enabled=false")
		upgrade(t, "--set", "defaults.replicas.min=2,defaults.autoscaling.enabled=false")
		t.Cleanup(func() { upgrade(t) })
		for _, service := range services {
			eventually(t, "two of "+service, func() bool { return endpoints(t, service) == 2 && len(pods(t, service)) == 2 })
		}
		for _, service := range []string{"gateway", "betting", "account"} {
			load := startLoad(t, s)
			leaving := pods(t, service)[0]
			in(t, "delete", "pod", leaving, "--wait=false")
			eventually(t, "replaced", func() bool { return endpoints(t, service) == 2 && !slices.Contains(pods(t, service), leaving) })
			load.end(t, "deleting a pod of "+service)
		}
		load := startLoad(t, s)
		for _, service := range services {
			leaving := pods(t, service)[0]
			eventually(t, "evicted", func() bool { return evict(t, leaving) })
			eventually(t, "replaced", func() bool { return endpoints(t, service) == 2 && !slices.Contains(pods(t, service), leaving) })
		}
		load.end(t, "eviction of a pod of each service")
	})
	audits(t)
}

// evict asks for a pod to leave, as draining its node does, and says whether that was granted.
func evict(t *testing.T, pod string) bool {
	t.Helper()
	body := fmt.Sprintf(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":%q,"namespace":%q}}`, pod, namespace)
	output, err := run(body, "kubectl", "create", "--raw", fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/eviction", namespace, pod), "-f", "-")
	if err != nil && !strings.Contains(output, "disruption budget") {
		t.Fatalf("%v: %s", err, output)
	}
	return err == nil
}
