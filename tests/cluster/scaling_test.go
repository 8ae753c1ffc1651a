package cluster

import (
	"strconv"
	"sync"
	"testing"
	"time"
)

// A burst scales out and in again; a disruption budget holds the second eviction back.
func scalesAndHoldsEvictionsBack(t *testing.T) {
	upgrade(t, "--set", "betting.autoscaling.enabled=false")
	upgrade(t, "--set", "betting.replicas.min=2,betting.autoscaling.enabled=false")
	eventually(t, "two of betting", func() bool { return endpoints(t, "betting") == 2 && len(pods(t, "betting")) == 2 })
	both := pods(t, "betting")
	if !evict(t, both[0]) {
		t.Error("the first eviction was not granted")
	}
	if evict(t, both[1]) {
		t.Error("the second eviction was granted while the first was not made good")
	}
	eventually(t, "two of betting again", func() bool { return endpoints(t, "betting") == 2 })

	// Little CPU is asked for, so that a burst is one on a small machine, too.
	upgrade(t, "--set", "gateway.resources.requests.cpu=20m", "--set", "gateway.replicas.max=3,gateway.autoscaling.scaleInSeconds=60")
	s := visit(t)
	// What the autoscaler asks for; pods of a rollout are more for a moment.
	replicas := func() int {
		count, _ := strconv.Atoi(in(t, "get", "deployment", release+"-gateway", "-o", "jsonpath={.spec.replicas}"))
		return count
	}
	eventually(t, "one gateway at rest", func() bool { return replicas() == 1 })
	stop := make(chan struct{})
	var done sync.WaitGroup
	for range 16 {
		done.Add(1)
		go func() {
			defer done.Done()
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = s.ask("GET", "/api/league/matches?limit=20", nil)
				}
			}
		}()
	}
	took := eventually(t, "scaled out", func() bool { return replicas() > 1 })
	close(stop)
	done.Wait()
	figure(t, "scaled out %.0f s after a burst began", took.Seconds())
	started := time.Now()
	for replicas() > 1 {
		if time.Since(started) > 10*time.Minute {
			t.Fatal("not scaled in after ten minutes")
		}
		time.Sleep(5 * time.Second)
	}
	figure(t, "scaled in %.0f s after it ended", time.Since(started).Seconds())
	upgrade(t)
}
