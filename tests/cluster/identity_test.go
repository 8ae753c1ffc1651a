package cluster

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"loljoa/tests/cluster/reach"
)

// probes puts a pod beside the release for each identity, and one that nobody knows. They are in the mesh, have none of the release's labels,
// and may open connections, so that what refuses them is authorization and nothing below it.
func probes(t *testing.T, identities ...string) {
	t.Helper()
	var text strings.Builder
	for _, identity := range identities {
		account := release + "-" + identity
		if identity == "stranger" {
			account = identity
			text.WriteString("---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: stranger}}\n")
		}
		text.WriteString(probePod("probe-"+identity, account, "true"))
	}
	text.WriteString(probePod("probe-outside", "default", "false"))
	text.WriteString(`---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: probes }
spec:
  podSelector: { matchLabels: { app.kubernetes.io/part-of: loljoa } }
  ingress: [{ from: [{ podSelector: { matchLabels: { probe: "true" } } }], ports: [{ port: 50051 }, { port: 8080 }, { port: 9090 }] }]
`)
	apply(t, text.String())
	t.Cleanup(func() {
		in(t, "delete", "networkpolicy", "probes", "--ignore-not-found")
		in(t, "delete", "pod", "-l", "probe=true", "--ignore-not-found", "--timeout=1m")
	})
	in(t, "wait", "--for=condition=Ready", "pod", "-l", "probe=true", "--timeout=2m")
}

func probePod(name, account, inject string) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Pod
metadata: { name: %s, labels: { probe: "true", app: %s, sidecar.istio.io/inject: %q } }
spec:
  serviceAccountName: %s
  terminationGracePeriodSeconds: 1
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
  containers:
    - name: probe
      image: docker.io/loljoa/probe:test
      imagePullPolicy: IfNotPresent
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }
`, name, name, inject, account)
}

// probe asks from inside a pod.
func probe(t *testing.T, pod string, arguments ...string) string {
	t.Helper()
	return in(t, append([]string{"exec", pod, "-c", "probe", "--", "/probe"}, arguments...)...)
}

// Nobody outside of the mesh is heard, whatever he says.
func refusesPlaintext(t *testing.T) {
	probes(t)
	for service, port := range map[string]string{"account": "50051", "league-schedule": "50051", "betting": "50051", "gateway": "8080", "web": "8080"} {
		for _, port := range []string{port, "9090"} {
			address := fmt.Sprintf("%s-%s:%s", release, service, port)
			if said := probe(t, "probe-outside", "http", "http://"+address+"/livez"); said != "reset" {
				t.Errorf("plaintext to %s was not cut off: %s", address, said)
			}
		}
		checkIdentity(t, service)
	}
}

// checkIdentity looks at the certificate of a service's sidecar.
func checkIdentity(t *testing.T, service string) {
	pod := pods(t, service)[0]
	certificates := in(t, "exec", pod, "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "certs")
	wanted := fmt.Sprintf("spiffe://cluster.local/ns/%s/sa/%s-%s", namespace, release, service)
	if !strings.Contains(certificates, `"`+wanted+`"`) {
		t.Errorf("%s does not show %s:\n%.1000s", pod, wanted, certificates)
	}
}

// matrix says who may call what. It is written by hand: what the chart thinks of it is what is tested.
// A column for each caller: gateway, betting, league-schedule, account, web, a stranger.
var matrix = []struct {
	service, method string
	may             string
}{
	{"account", "/loljoa.account.v1.AccountService/LogIn", "y n n n n n"},
	{"account", "/loljoa.account.v1.AccountService/GetAccount", "y n n n n n"},
	{"account", "/loljoa.account.v1.AccountService/ClaimDailyGrant", "y n n n n n"},
	{"account", "/loljoa.account.v1.AccountService/GetJwks", "y y y n n n"},
	{"account", "/loljoa.account.v1.AccountService/ListRevocations", "y y y n n n"},
	{"account", "/loljoa.account.v1.AccountService/GetStatus", "y n n n n n"},
	{"account", "/loljoa.account.v1.AccountAdminService/FindAccount", "y n n n n n"},
	{"account", "/loljoa.account.v1.LedgerService/ApplyTransfers", "n y n n n n"},
	{"account", "/loljoa.account.v1.LedgerService/ListTransferFeed", "n y n n n n"},
	{"account", "/loljoa.admin.v1.AdminLogService/ListAdminActions", "y n n n n n"},
	{"account", "/loljoa.ops.v1.OpsService/Hello", "y n n n n n"},
	{"account", "/grpc.health.v1.Health/Check", "y y y n n n"},
	{"account", "/grpc.health.v1.Health/Watch", "n n n n n n"},
	{"account", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "n n n n n n"},
	{"league-schedule", "/loljoa.league_schedule.v1.LeagueService/ListMatches", "y n n n n n"},
	{"league-schedule", "/loljoa.league_schedule.v1.LeagueAdminService/RecordResult", "y n n n n n"},
	{"league-schedule", "/loljoa.league_schedule.v1.LeagueFeedService/ListChanges", "n y n n n n"},
	{"league-schedule", "/loljoa.league_schedule.v1.LeagueFeedService/ListQuestionChanges", "n y n n n n"},
	{"league-schedule", "/loljoa.admin.v1.AdminLogService/ListAdminActions", "y n n n n n"},
	{"league-schedule", "/loljoa.ops.v1.OpsService/Hello", "y n n n n n"},
	{"league-schedule", "/grpc.health.v1.Health/Check", "y y n n n n"},
	{"betting", "/loljoa.betting.v1.BettingService/PlaceBets", "y n n n n n"},
	{"betting", "/loljoa.betting.v1.BettingService/ListMarkets", "y n n n n n"},
	{"betting", "/loljoa.betting.v1.BettingService/GetStatus", "y n n n n n"},
	{"betting", "/loljoa.betting.v1.MarketAdminService/SettleMarket", "y n n n n n"},
	{"betting", "/loljoa.admin.v1.AdminLogService/ListAdminActions", "y n n n n n"},
	{"betting", "/loljoa.ops.v1.OpsService/TurnOff", "- n n n n n"},
	{"betting", "/grpc.health.v1.Health/Check", "y n n n n n"},
}

var callers = []string{"gateway", "betting", "league-schedule", "account", "web", "stranger"}

// denied is what a sidecar says to who may not call.
const denied = "RBAC: access denied"

// Every caller, every gRPC service: allowed or denied, as the table says. And the pages: nobody but Istio's gateway and what tests them.
func answersWhoMayCall(t *testing.T) {
	probes(t, callers...)
	looked := 0
	for _, row := range matrix {
		for column, may := range strings.Fields(row.may) {
			if may == "-" {
				// What it would do is another story's.
				continue
			}
			said := probe(t, "probe-"+callers[column], "grpc", release+"-"+row.service+":50051", row.method)
			answered := strings.HasPrefix(said, "http 200 grpc ")
			if is := !strings.Contains(said, denied); !answered || is != (may == "y") {
				t.Errorf("%s → %s %s: want %s, got %q", callers[column], row.service, row.method, may, said)
			}
			looked++
		}
	}
	for _, caller := range callers {
		for _, address := range []string{"gateway:8080/api/league/tournaments", "web:8080/", "account:9090/metrics", "betting:9090/readyz", "betting:9090/log-level"} {
			if said := probe(t, "probe-"+caller, "http", "http://"+release+"-"+address); !strings.HasPrefix(said, "http 403") {
				t.Errorf("%s may read %s: %s", caller, address, said)
			}
			looked++
		}
	}
	figure(t, "%d pairs of caller and service looked at", looked)
}

// Each database is reached by its own service alone: below the mesh, by connections.
func keepsDatabasesApart(t *testing.T) {
	database := release + "-postgres." + namespace + ".svc:5432"
	apply(t, probePod("probe-stranger", "default", "false"))
	labelled := strings.ReplaceAll(probePod("probe-web", "default", "false"), `app: probe-web`, fmt.Sprintf(`app: probe-web, app.kubernetes.io/name: web, app.kubernetes.io/instance: %s, app.kubernetes.io/part-of: loljoa`, release))
	apply(t, labelled)
	migrating := strings.ReplaceAll(probePod("probe-migrate", "default", "false"), `app: probe-migrate`, fmt.Sprintf(`app: probe-migrate, app.kubernetes.io/name: migrate-betting, app.kubernetes.io/instance: %s, app.kubernetes.io/part-of: loljoa`, release))
	apply(t, migrating)
	t.Cleanup(func() { in(t, "delete", "pod", "-l", "probe=true", "--timeout=1m") })
	in(t, "wait", "--for=condition=Ready", "pod", "-l", "probe=true", "--timeout=2m")
	for pod, wanted := range map[string]bool{"probe-stranger": false, "probe-web": false, "probe-migrate": true} {
		if said := probe(t, pod, "tcp", database); (said == "connected") != wanted {
			t.Errorf("%s → %s: %s", pod, database, said)
		}
	}
	// One server has three databases: whose role and password it is decides, and nobody else's opens them.
	for _, service := range []string{"account", "league-schedule", "betting"} {
		role := strings.ReplaceAll(service, "-", "_")
		password := secret(t, release+"-database-"+service, "password")
		for _, other := range []string{"account", "league_schedule", "betting", "postgres"} {
			url := fmt.Sprintf("postgres://%s:%s@127.0.0.1:5432/%s?sslmode=require", role, password, other)
			_, err := run("", "kubectl", "-n", namespace, "exec", release+"-postgres-0", "--", "psql", url, "-c", "SELECT 1")
			if (err == nil) != (other == role) {
				t.Errorf("%s opens the database %s: %v", role, other, err == nil)
			}
		}
	}
}

// Where Envoy fetches keys over the mesh, sidecars refuse a forged token before the gateway sees it, and let a good one and none at all through.
func checksTokensAtTheSidecar(t *testing.T) {
	remote := kubectl(t, "-n", reach.Env("ISTIO_NAMESPACE", "istio-system"), "get", "deployment", "istiod", "-o",
		`jsonpath={.spec.template.spec.containers[0].env[?(@.name=="PILOT_JWT_ENABLE_REMOTE_JWKS")].value}`)
	if remote != "envoy" {
		t.Skip("istiod has not PILOT_JWT_ENABLE_REMOTE_JWKS=envoy (istio/README.md)")
	}
	upgrade(t, "--set", "mesh.requestAuthentication.enabled=true")
	t.Cleanup(func() { upgrade(t) })
	s := visit(t)
	user := s.signUp(t)
	forged := "Bearer " + user.token[:strings.LastIndexByte(user.token, '.')+1] + strings.Repeat("A", 86)
	eventually(t, "a forged token refused by a sidecar", func() bool {
		got, err := s.ask(http.MethodGet, "/api/account/me", nil, "Authorization", forged)
		return err == nil && got.status == http.StatusUnauthorized && strings.Contains(string(got.body), "Jwt verification fails")
	})
	user.points(t)
	if got, err := s.ask(http.MethodGet, "/api/league/tournaments", nil); err != nil || got.status != http.StatusOK {
		t.Errorf("who has no token may not read: %v %d", err, got.status)
	}
	s.signUp(t).points(t)
}
