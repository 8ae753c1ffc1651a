package cluster

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What goes wrong on the cluster names what is missing, and old pods go on.
func tellsWhatIsMissing(t *testing.T) {
	t.Cleanup(func() { upgrade(t) })
	for _, trouble := range []story{
		{"no-load-balancer", comesInWithoutALoadBalancer},
		{"an-image-that-is-nowhere", failsToPull},
		{"a-database-that-is-gone", missesItsDatabase},
		{"a-connection-that-is-not-allowed", isKeptFromItsDatabase},
		{"a-wrong-password", isNotLetIn},
		{"a-wrong-sealing-key", refusesSealingKeys},
		{"a-migration-that-fails", goesOnWithoutItsMigration},
	} {
		t.Run(trouble.name, trouble.tell)
	}
}

// goesOn looks that the release before serves: the page, and somebody who signs up.
func goesOn(t *testing.T) {
	t.Helper()
	s := visit(t)
	if got, err := s.ask(http.MethodGet, "/api/league/tournaments", nil); err != nil || got.status != http.StatusOK {
		t.Errorf("the release before does not go on: %v %d", err, got.status)
	}
	s.signUp(t).points(t)
}

// readiness is what a pod answers to who asks whether it is ready, as the documentation says to ask.
func readiness(t *testing.T, pod string) string {
	t.Helper()
	address, end := forward(t, "-n", namespace, "port-forward", "pod/"+pod, ":9090")
	defer end()
	answer, err := (&http.Client{Timeout: 5 * time.Second}).Get("http://" + address + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return strings.TrimSpace(string(text))
}

// newest is the pod of a service that was made last, ready or not.
func newest(t *testing.T, service string) string {
	t.Helper()
	names := strings.Fields(in(t, "get", "pods", "-l", "app="+service, "--sort-by=.metadata.creationTimestamp", "-o", "jsonpath={.items[*].metadata.name}"))
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// restarted has a service's pods made anew, and gives the first that is, without waiting for it to be ready.
func restarted(t *testing.T, service string) (pod string) {
	t.Helper()
	before := newest(t, service)
	in(t, "rollout", "restart", "deployment/"+release+"-"+service)
	eventually(t, "a new pod of "+service, func() bool {
		pod = newest(t, service)
		phase, _ := run("", "kubectl", "-n", namespace, "get", "pod", pod, "-o", "jsonpath={.status.phase}")
		return pod != before && phase == "Running"
	})
	return pod
}

// says waits until a container's log, of this run or of the one before, has these words.
func says(t *testing.T, what, container, words string) {
	t.Helper()
	eventually(t, fmt.Sprintf("a log of %s that says %q", what, words), func() bool {
		logs, _ := run("", "kubectl", "-n", namespace, "logs", what, "-c", container, "--tail=200")
		before, _ := run("", "kubectl", "-n", namespace, "logs", what, "-c", container, "--tail=200", "--previous")
		return strings.Contains(logs+before, words)
	})
}

func failsToPull(t *testing.T) {
	helm(t, append([]string{"upgrade", release, chart()}, ofTest("--set", "image.tag=nowhere-to-be-found")...)...)
	eventually(t, "an image that cannot be pulled", func() bool {
		waits := in(t, "get", "pods", "-l", "app=account", "-o", "jsonpath={.items[*].status.containerStatuses[*].state.waiting}")
		return strings.Contains(waits, "ImagePullBackOff") && strings.Contains(waits, "account:nowhere-to-be-found")
	})
	goesOn(t)
	upgrade(t)
}

// The database goes away and comes back: whoever needs it says so, and nobody is restarted for it.
func missesItsDatabase(t *testing.T) {
	rolled(t, release+"-account")
	pod := newest(t, "account")
	in(t, "scale", "statefulset/"+release+"-postgres", "--replicas=0")
	t.Cleanup(func() { in(t, "scale", "statefulset/"+release+"-postgres", "--replicas=1") })
	eventually(t, "an answer that names the database", func() bool {
		return strings.Contains(readiness(t, pod), "not ready: the database does not answer")
	})
	in(t, "scale", "statefulset/"+release+"-postgres", "--replicas=1")
	started := time.Now()
	eventually(t, "ready again", func() bool { return readiness(t, pod) == "ready" })
	figure(t, "ready %.0f s after the database was started again", time.Since(started).Seconds())
	if restarts := in(t, "get", "pod", pod, "-o", `jsonpath={.status.containerStatuses[?(@.name=="account")].restartCount}`); restarts != "0" {
		t.Errorf("account was restarted %s times, which mends no database", restarts)
	}
	eventually(t, "all ready", func() bool {
		return endpoints(t, "account") > 0 && endpoints(t, "betting") > 0 && endpoints(t, "league-schedule") > 0
	})
	goesOn(t)
}

// A network policy that lets nobody to the database holds for new connections; an upgrade puts the chart's back.
func isKeptFromItsDatabase(t *testing.T) {
	user := visit(t).signUp(t)
	in(t, "patch", "networkpolicy", release+"-postgres", "--type=merge", "-p", `{"spec":{"ingress":[]}}`)
	pod := restarted(t, "account")
	eventually(t, "an answer that names the database", func() bool {
		return strings.Contains(readiness(t, pod), "the database does not answer")
	})
	eventually(t, "an answer of the pods before, with the connections that they have", func() bool {
		got, err := user.ask(http.MethodGet, "/api/account/me", nil, "Authorization", user.bearer())
		return err == nil && got.status == http.StatusOK
	})
	upgrade(t)
	rolled(t, release+"-account")
}

// Another password than the role's: the log has the server's words, and an upgrade puts the chart's URL back.
func isNotLetIn(t *testing.T) {
	name := release + "-database-account"
	url := secret(t, name, "url")
	patchSecret(t, name, "url", strings.Replace(url, "account:", "account:wrong", 1))
	pod := restarted(t, "account")
	says(t, "pod/"+pod, "account", "password authentication failed for user")
	eventually(t, "an answer that names what is refused", func() bool {
		return strings.Contains(readiness(t, pod), "the database's server refuses the user or the password of database.url")
	})
	goesOn(t)
	// Whoever has started with the wrong URL keeps it, so nobody waits for that pod.
	helm(t, append([]string{"upgrade", release, chart()}, ofTest()...)...)
	if now := secret(t, name, "url"); now != url {
		t.Error("the upgrade did not put the URL back")
	}
	in(t, "rollout", "restart", "deployment/"+release+"-account")
	rolled(t, release+"-account")
}

// A sealing key that is none ends account, and keeps an upgrade from happening; another one than the stored keys were sealed with is told apart.
func refusesSealingKeys(t *testing.T) {
	name := release + "-secrets"
	key := secret(t, name, "sealing-key")
	t.Cleanup(func() { patchSecret(t, name, "sealing-key", key) })
	for _, wrong := range []struct{ key, told string }{
		{"c2hvcnQ=", "tokens.sealing_key = (not shown): must be 32 bytes in base64"},
		{"", "tokens.sealing_key = (not shown): must be 32 bytes in base64"},
		{base64.StdEncoding.EncodeToString(make([]byte, 32)), "tokens.sealing_key does not open the stored signing keys"},
	} {
		patchSecret(t, name, "sealing-key", wrong.key)
		says(t, "pod/"+restarted(t, "account"), "account", wrong.told)
		goesOn(t)
		if len(wrong.key) == 44 {
			continue
		}
		output, err := run("", "helm", append([]string{"upgrade", release, chart()}, ofTest()...)...)
		if err == nil || !strings.Contains(output, "The `sealing-key` of Secret \""+name+"\" is not base64 of 32 bytes") {
			t.Errorf("an upgrade does not speak of the sealing key: %v\n%s", err, output)
		}
	}
	patchSecret(t, name, "sealing-key", key)
	in(t, "rollout", "restart", "deployment/"+release+"-account")
	rolled(t, release+"-account")
}

// patchSecret changes one value.
func patchSecret(t *testing.T, name, key, value string) {
	t.Helper()
	in(t, "patch", "secret", name, "--type=merge", "-p", fmt.Sprintf(`{"stringData":{%q:%q}}`, key, value))
}
