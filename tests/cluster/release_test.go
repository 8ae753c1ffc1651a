package cluster

import (
	"net/http"
	"testing"

	"loljoa/tests/cluster/reach"
)

// An upgrade with a migration under load, and back.
func upgradesAndRollsBack(t *testing.T) {
	if settings.nextTag == "" {
		t.Skip("no second version (NEXT_TAG)")
	}
	s := visit(t)
	load := startLoad(t, s)
	upgrade(t, "--set", "image.tag="+settings.nextTag)
	load.end(t, "helm upgrade with a migration")
	version := in(t, "get", "pods", "-l", "app=betting", "-o", "jsonpath={.items[0].metadata.labels.version}")
	if version != settings.nextTag {
		t.Errorf("betting is %s after the upgrade", version)
	}
	load = startLoad(t, s)
	helm(t, "rollback", release, "--namespace", namespace, "--wait", "--timeout", "5m")
	load.end(t, "helm rollback")
	audits(t)
}

// A second version of betting has a tenth of the calls, and all of those that ask for it.
func sharesWithACanary(t *testing.T) {
	tag := settings.nextTag
	if tag == "" {
		t.Skip("no second version (NEXT_TAG)")
	}
	s := visit(t)
	load := startLoad(t, s)
	upgrade(t, "--set", "mesh.canary.enabled=true,mesh.canary.tag="+tag)
	rolled(t, release+"-betting-canary")
	rolled(t, release+"-gateway-canary")
	upgrade(t, "--set", "mesh.canary.enabled=true,mesh.canary.tag="+tag+",mesh.canary.weight=10")
	load.end(t, "a canary is given a share")
	type hello struct {
		Instance string `json:"instance"`
	}
	canary := in(t, "get", "pods", "-l", "app=betting,loljoa.dev/track=canary", "-o", "jsonpath={.items[0].metadata.name}")
	count := func(times int, headers ...string) (hits int) {
		for range times {
			if get[hello](t, s, "/api/betting/hello", headers...).Instance == canary {
				hits++
			}
		}
		return hits
	}
	eventually(t, "asked for by header", func() bool { return count(1, "x-loljoa-canary", "betting") == 1 })
	if hits := count(50, "x-loljoa-canary", "betting"); hits != 50 {
		t.Errorf("the canary answered %d of 50 that asked for it", hits)
	}
	hits := count(500)
	figure(t, "the canary answered %d of 500 calls at a weight of 10 %%", hits)
	// Of 500 at 10 %, nine standard deviations to either side.
	if hits < 5 || hits > 110 {
		t.Errorf("the canary answered %d of 500 calls at a weight of 10 %%", hits)
	}
	load = startLoad(t, s)
	upgrade(t)
	load.end(t, "the canary is taken back")
	eventually(t, "no canary left", func() bool { return count(20) == 0 })
	audits(t)
}

// Uninstalling keeps the data, and a new install finds it.
func keepsWhatItHad(t *testing.T) {
	s := visit(t)
	name, password := "story_"+reach.UUID()[24:], reach.UUID()
	user := s.enter(t, "/api/account/signup", name, password)
	before := user.points(t)
	apply(t, probePod("probe-outside", "default", "false"))
	t.Cleanup(func() { in(t, "delete", "pod", "probe-outside", "--ignore-not-found", "--timeout=1m") })
	in(t, "wait", "--for=condition=Ready", "pod/probe-outside", "--timeout=2m")
	helm(t, "uninstall", release, "--namespace", namespace, "--wait", "--timeout", "3m")
	// Helm leaves the pods of its tests.
	in(t, "delete", "pod", release+"-test", release+"-test-audit", "--ignore-not-found")
	in(t, "wait", "--for=delete", "pod", "-l", "app.kubernetes.io/instance="+release, "--timeout=2m")
	// Somebody asks for names while they are gone, and the cluster's DNS remembers that for a while: sidecars have to know better.
	for _, service := range services {
		probe(t, "probe-outside", "tcp", release+"-"+service+"."+namespace+".svc.cluster.local:80")
	}
	helm(t, append([]string{"install", release, chart(), "--wait", "--wait-for-jobs", "--timeout", "5m"}, ofTest()...)...)
	eventually(t, "an answer", func() bool {
		got, err := s.ask(http.MethodGet, "/api/league/tournaments", nil)
		return err == nil && got.status == http.StatusOK
	})
	again := s.enter(t, "/api/account/login", name, password)
	if now := again.points(t); now != before {
		t.Errorf("%d points before, %d after", before, now)
	}
	// The token that was given before is still good: the keys are the same.
	user.points(t)
	audits(t)
}
