package cluster

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"loljoa/tests/cluster/reach"
)

// Databases that are none of the release's, and those that an operator keeps.
func worksWithOtherDatabases(t *testing.T) {
	t.Run("external", findsDatabasesElsewhere)
	t.Run("cloudnative-pg", survivesTheLossOfAPrimary)
}

// bets has somebody sign up and bet through the ingress gateway.
func bets(t *testing.T) {
	t.Helper()
	s := visit(t)
	var open []market
	eventually(t, "an open market", func() bool {
		got, err := s.ask(http.MethodGet, "/api/league/tournaments", nil)
		if err == nil && got.status == http.StatusOK {
			open = s.openMarkets(t)
		}
		return len(open) > 0
	})
	if _, _, err := s.signUp(t).place(open[len(open)-1], 0, 100); err != nil {
		t.Fatal(err)
	}
}

// Databases and Secrets of somebody else's: nothing gets through that is not listed, no server is believed that does not prove who it is, and
// each of the two is told apart.
func findsDatabasesElsewhere(t *testing.T) {
	aside(t, "external")
	right, wrong := newAuthority(t, "right"), newAuthority(t, "wrong")
	there := startElsewhere(t, right)
	for _, store := range stores {
		in(t, "create", "secret", "generic", "elsewhere-"+store, "--from-literal=url="+there.url(store), "--from-literal=ca.crt="+wrong.pem())
	}
	password := reach.UUID()
	in(t, "create", "secret", "generic", "mine", "--from-literal=admin-password="+password,
		"--from-literal=sealing-key="+base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(reach.UUID(), "-", ""))))
	values := func(cidr string) []string {
		set := "secrets.existing=mine,database.mode=external,networkPolicies.databaseCidrs={" + cidr + "}"
		for _, store := range stores {
			set += ",database.external.secrets." + store + "=elsewhere-" + store
		}
		return append([]string{release, chart()}, ofTest("--set", set)...)
	}

	// Nowhere near the databases.
	helm(t, append([]string{"install"}, values("192.0.2.0/24")...)...)
	says := func(words string) {
		t.Helper()
		eventually(t, "account's readiness answer: "+words, func() bool {
			pod := newest(t, "account")
			return pod != "" && strings.Contains(readiness(t, pod), words)
		})
	}
	says("the database does not answer")
	// They are let through to, but who they are is not proven.
	helm(t, append([]string{"upgrade"}, values(there.address+"/32")...)...)
	says("the database's server does not prove who it is: see sslmode and sslrootcert of database.url")
	for _, what := range []string{"pod/" + newest(t, "account"), "job"} {
		selector := []string{what, "-c", "account"}
		if what == "job" {
			selector = []string{"-l", "app=migrate-account"}
		}
		eventually(t, "a log that says why: "+what, func() bool {
			logs, _ := run("", "kubectl", append([]string{"-n", namespace, "logs", "--tail=100"}, selector...)...)
			return strings.Contains(logs, "UnknownIssuer")
		})
	}
	started := time.Now()
	for _, store := range stores {
		patchSecret(t, "elsewhere-"+store, "ca.crt", right.pem())
	}
	eventually(t, "ready with the right CA, by itself", func() bool { return endpoints(t, "account") > 0 && endpoints(t, "betting") > 0 })
	figure(t, "with the right CA ready after %.0f s, nothing restarted", time.Since(started).Seconds())
	bets(t)
	visit(t).enter(t, "/api/account/login", "admin", password)
	audits(t)
}

// The operator's clusters: the primaries' pods are deleted under a load of bets.
func survivesTheLossOfAPrimary(t *testing.T) {
	if _, err := run("", "kubectl", "get", "crd", "clusters.postgresql.cnpg.io"); err != nil {
		t.Skip("no CloudNativePG here")
	}
	aside(t, "cnpg")
	started := time.Now()
	helm(t, append([]string{"install", release, chart(), "--wait", "--wait-for-jobs", "--timeout", "15m"}, ofTest(
		"--set", "database.mode=cloudnative-pg,database.cloudnativePg.storage.size=1Gi",
		"--set", "database.cloudnativePg.resources.requests.cpu=20m,database.cloudnativePg.resources.requests.memory=96Mi")...)...)
	figure(t, "ready after %.0f s, with three clusters", time.Since(started).Seconds())
	for _, store := range stores {
		eventually(t, "three instances of "+store, func() bool { return ofCluster(t, store, "{.status.readyInstances}") == "3" })
		if names := psqlAt(t, store, "SHOW synchronous_standby_names"); !strings.HasPrefix(names, "ANY 1 (") {
			t.Errorf("%s: commits wait for nobody: %q", store, names)
		}
	}
	keepsClustersApart(t)
	bets(t)
	losesPrimaries(t)
	audits(t)
}

// losesPrimaries deletes the pod of a primary, of one service after the other, under a load of bets.
func losesPrimaries(t *testing.T) {
	s := visit(t)
	for _, store := range []string{"betting", "account"} {
		// A failover takes longer than a pod that is replaced, so whoever bets has to come again for up to a minute.
		load := startPatientLoad(t, s, 40)
		time.Sleep(3 * time.Second)
		primary := ofCluster(t, store, "{.status.currentPrimary}")
		started := time.Now()
		in(t, "delete", "pod", primary, "--wait=false")
		eventually(t, "another primary", func() bool { return ofCluster(t, store, "{.status.currentPrimary}") != primary })
		elected := time.Since(started)
		eventually(t, "three instances again", func() bool { return ofCluster(t, store, "{.status.readyInstances}") == "3" })
		whole := time.Since(started)
		time.Sleep(3 * time.Second)
		load.end(t, "the primary of "+store+" is deleted")
		figure(t, "%s: another primary after %.1f s, three instances after %.0f s; the longest bet took %.1f s",
			store, elected.Seconds(), whole.Seconds(), load.latencies[len(load.latencies)-1].Seconds())
	}
}

// ofCluster is a field of a service's Cluster.
func ofCluster(t *testing.T, store, path string) string {
	t.Helper()
	return in(t, "get", "clusters.postgresql.cnpg.io", fmt.Sprintf("%s-%s-db", release, store), "-o", "jsonpath="+path)
}

// psqlAt asks the primary of a service's Cluster.
func psqlAt(t *testing.T, store, statement string) string {
	t.Helper()
	return in(t, "exec", ofCluster(t, store, "{.status.currentPrimary}"), "-c", "postgres", "--", "psql", "-At", "-c", statement)
}

// Each cluster is reached by its own service alone, directly and through its pooler.
func keepsClustersApart(t *testing.T) {
	t.Helper()
	for _, who := range []string{"betting", "stranger"} {
		pod := probePod("probe-"+who, "default", "false")
		if who == "betting" {
			pod = strings.ReplaceAll(pod, "app: probe-betting", "app: probe-betting, app.kubernetes.io/name: migrate-betting, app.kubernetes.io/instance: "+release+", app.kubernetes.io/part-of: loljoa")
		}
		apply(t, pod)
	}
	defer in(t, "delete", "pod", "-l", "probe=true", "--timeout=1m")
	in(t, "wait", "--for=condition=Ready", "pod", "-l", "probe=true", "--timeout=2m")
	for _, store := range stores {
		for _, at := range []string{"db-rw", "pooler"} {
			address := fmt.Sprintf("%s-%s-%s.%s.svc:5432", release, store, at, namespace)
			for pod, wanted := range map[string]bool{"probe-betting": store == "betting", "probe-stranger": false} {
				if said := probe(t, pod, "tcp", address); (said == "connected") != wanted {
					t.Errorf("%s → %s: %s", pod, address, said)
				}
			}
		}
	}
}
