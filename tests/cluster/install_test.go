package cluster

import (
	"maps"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"loljoa/tests/cluster/reach"
	"loljoa/tests/cluster/usage"
)

// From nothing to ready with defaults, and to the first bet.
func installs(t *testing.T) {
	started := time.Now()
	helm(t, "install", release, chart(), "--namespace", namespace, "--create-namespace", "--wait", "--wait-for-jobs", "--timeout", "5m",
		"--set", "image.tag="+settings.tag)
	figure(t, "ready after %.0f s", time.Since(started).Seconds())
	site := visit(t)
	var user user
	eventually(t, "an answer at the ingress gateway", func() bool {
		got, err := site.ask(http.MethodGet, "/api/league/tournaments", nil)
		return err == nil && got.status == http.StatusOK
	})
	user = site.signUp(t)
	var open []market
	eventually(t, "an open market", func() bool { open = site.openMarkets(t); return len(open) > 0 })
	if _, _, err := user.place(open[len(open)-1], 0, 100); err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	figure(t, "the first bet stands %.0f s after helm install", took.Seconds())
	helm(t, "test", release, "--namespace", namespace, "--logs", "--timeout", "3m")
	upgrade(t)
	restsWithin(t, 900)
}

// restsWithin has the release come to rest, and sums up what the kubelets say of its containers' working sets, in MiB. They look every ten seconds or so,
// and for a while still know pods that have gone.
func restsWithin(t *testing.T, most int64) {
	t.Helper()
	var memory usage.Memory
	eventually(t, "at rest, all of it measured", func() bool {
		samples, err := usage.Read()
		if err != nil {
			t.Fatal(err)
		}
		running := map[string]bool{}
		for _, pod := range strings.Fields(in(t, "get", "pods", "--field-selector=status.phase=Running", "-o", "jsonpath={.items[*].metadata.name}")) {
			running[pod] = true
		}
		measured := map[string]bool{}
		for container := range samples {
			if container.Namespace == namespace {
				measured[container.Pod] = true
			}
		}
		memory = usage.MemoryOf(samples, namespace)
		return maps.Equal(running, measured)
	})
	figure(t, "memory at rest: %s", memory)
	if total := memory.Total() >> 20; total > most {
		t.Errorf("the release rests with %d MiB, more than %d", total, most)
	}
}

// A user's whole way, by the host's name and over HTTPS, until a market is settled and the bet is paid.
func walksFromSignUpToAPaidWin(t *testing.T) {
	site := visit(t)
	user := site.signUp(t)
	before := user.points(t)
	var soon market
	eventually(t, "an open market", func() bool {
		open := site.openMarkets(t)
		if len(open) > 0 {
			soon = open[0]
		}
		return len(open) > 0
	})
	// On both outcomes: one of them wins, and somebody else's stake is not needed.
	var placed []bet
	for outcome := range 2 {
		bet, _, err := user.place(soon, outcome, 100)
		if err != nil {
			t.Fatal(err)
		}
		placed = append(placed, bet)
	}
	if now := user.points(t); now != before-200 {
		t.Fatalf("%d points less two stakes of 100 are %d", before, now)
	}
	won, lost, returned := 0, 0, int64(0)
	eventually(t, "settled", func() bool {
		won, lost, returned = 0, 0, 0
		for _, placed := range placed {
			seen := get[bet](t, site, "/api/betting/bets/"+placed.ID, "Authorization", user.bearer())
			returned += seen.Returned
			switch seen.State {
			case "won":
				won++
			case "lost":
				lost++
			}
		}
		return won+lost == 2
	})
	if won != 1 {
		t.Fatalf("%d of two bets on both outcomes have won", won)
	}
	if returned < 100 {
		t.Fatalf("a bet of 100 has won and returns %d", returned)
	}
	// Betting settles, and the points come into the account a moment later.
	eventually(t, "the win paid", func() bool { return user.points(t) == before-200+returned })
	plain, err := http.NewRequest(http.MethodGet, "http://"+host+"/api/league/tournaments", nil)
	if err != nil {
		t.Fatal(err)
	}
	redirected, err := site.http.Do(plain)
	if err != nil || redirected.StatusCode != http.StatusMovedPermanently || redirected.Header.Get("Location") != "https://"+host+"/api/league/tournaments" {
		t.Fatalf("plain HTTP is not redirected: %v %v", err, redirected)
	}
	if cookie := signUpCookie(t, site); !strings.Contains(cookie, "Secure") || !strings.Contains(cookie, "HttpOnly") {
		t.Fatalf("the refresh cookie is not secure: %s", cookie)
	}
}

func signUpCookie(t *testing.T, s site) string {
	got, err := s.ask(http.MethodPost, "/api/account/signup", map[string]string{"username": "story_" + reach.UUID()[24:], "password": reach.UUID()}, "Idempotency-Key", reach.UUID())
	if err != nil || got.status != http.StatusCreated {
		t.Fatalf("%v %d %s", err, got.status, got.body)
	}
	return got.header.Get("Set-Cookie")
}

// The page in a real browser, through the gateway.
func showsThePage(t *testing.T) {
	chromium, err := exec.LookPath(reach.Env("CHROMIUM", "chromium"))
	if err != nil {
		t.Skip("no chromium here (CHROMIUM)")
	}
	address := reach.Env("INGRESS_ADDRESS", kubectl(t, reach.AddressQuery()...))
	page, err := run("", chromium, "--headless", "--log-level=3", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", "--virtual-time-budget=15000",
		"--host-resolver-rules=MAP "+host+" "+address, "--dump-dom", "https://"+host+"/")
	if err != nil {
		t.Fatalf("%v\n%s", err, page)
	}
	for _, wanted := range []string{"LOL.JOA", "LCK 2022 Spring"} {
		if !strings.Contains(page, wanted) {
			t.Errorf("the page does not show %q:\n%.2000s", wanted, page)
		}
	}
}

// The same through an Ingress, which redirects as well.
func letsInThroughAnIngress(t *testing.T) {
	upgrade(t, "--set", "ingress.mode=ingress")
	t.Cleanup(func() { upgrade(t) })
	site := visit(t)
	eventually(t, "an answer through the Ingress", func() bool {
		got, err := site.ask(http.MethodGet, "/api/league/tournaments", nil)
		return err == nil && got.status == http.StatusOK
	})
	user := site.signUp(t)
	user.points(t)
	got, err := site.ask(http.MethodGet, "/", nil)
	if err != nil || got.status != http.StatusOK || !strings.Contains(string(got.body), "LOL.JOA") {
		t.Fatalf("the page: %v %d", err, got.status)
	}
	eventually(t, "a redirect of plain HTTP", func() bool {
		redirected, err := site.http.Get("http://" + host + "/")
		return err == nil && redirected.StatusCode == http.StatusMovedPermanently
	})
}
