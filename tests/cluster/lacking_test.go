package cluster

import (
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// lacking is what a cluster may lack, what one asks of it, and what is said before anything is made: what is missing, and the next step.
var lacking = []struct {
	what string
	see  func(string, []byte) []byte
	set  string
	told []string
}{
	{"istio", without("istio.io"), "", []string{"Istio is missing", "istio/README.md"}},
	{"an-old-kubernetes", older, "", []string{"chart requires kubeVersion: >= 1.29.0-0", "incompatible with Kubernetes v1.28.9"}},
	{"a-default-storage-class", withoutDefault, "", []string{"no default StorageClass", "database.builtin.storage.className", "kubectl get storageclass"}},
	{"a-storage-class", nil, "database.builtin.storage.className=nowhere", []string{`no StorageClass "nowhere"`, "kubectl get storageclass"}},
	{"cloudnative-pg", without("cnpg.io"), "database.mode=cloudnative-pg", []string{"CloudNativePG, which is missing", "https://cloudnative-pg.io"}},
	{"cert-manager", without("cert-manager.io"), "ingress.tls.mode=cert-manager", []string{"cert-manager, which is missing", "self-signed, secret"}},
	{"external-secrets", without("external-secrets.io"), "secrets.externalSecrets.enabled=true", []string{"External Secrets Operator", "https://external-secrets.io"}},
	{"a-secret", nil, "secrets.existing=missing", []string{`The Secret "missing" (secrets.existing)`, "create secret generic missing", "openssl rand -base64 32"}},
	{"a-database", nil, "database.mode=external,networkPolicies.databaseCidrs={192.0.2.0/24},database.external.secrets.account=a,database.external.secrets.league-schedule=b,database.external.secrets.betting=c",
		[]string{`The Secret "a" (database.external.secrets.account)`, "--from-literal=url='postgres://USER:PASSWORD@HOST:5432/DATABASE'"}},
}

// What a cluster lacks is told before anything is made, with the next step.
func refusesWhatIsLacking(t *testing.T) {
	for _, lack := range lacking {
		t.Run(lack.what, func(t *testing.T) {
			// Another release: the volume of the one that is there needs no StorageClass any more.
			arguments := []string{"install", "lacking", chart(), "--dry-run=server"}
			if lack.see != nil {
				arguments = append(arguments, "--kube-apiserver", seen(t, lack.see))
			}
			more := []string{}
			if lack.set != "" {
				more = []string{"--set", lack.set}
			}
			output, err := run("", "helm", append(arguments, ofTest(more...)...)...)
			if err == nil {
				t.Fatal("it is not refused")
			}
			for _, told := range lack.told {
				if !strings.Contains(output, told) {
					t.Errorf("not a word of %q:\n%s", told, output)
				}
			}
		})
	}
}

// A gateway without an address: the notes say how to come in, and so one comes in.
func comesInWithoutALoadBalancer(t *testing.T) {
	edge := namespace + "-edge"
	kubectl(t, "create", "namespace", edge)
	t.Cleanup(func() { kubectl(t, "delete", "namespace", edge, "--wait=false") })
	kubectl(t, "-n", edge, "create", "serviceaccount", "edge")
	kubectl(t, "-n", edge, "create", "service", "nodeport", "front", "--tcp=443:8443")
	notes := helm(t, append([]string{"upgrade", release, chart(), "--dry-run=server"},
		ofTest("--set", "ingress.istio.namespace="+edge+",ingress.istio.serviceAccount=edge,ingress.istio.selector.istio=null,ingress.istio.selector.app=front")...)...)
	for _, told := range []string{
		"It has no address: the cluster gives none to Services of type LoadBalancer, or not yet (now it is NodePort)",
		"kubectl -n " + edge + " port-forward service/front 8443:443",
		"https://" + host + ":8443 instead",
		`"127.0.0.1 ` + host + `" in your /etc/hosts`,
	} {
		if !strings.Contains(notes, told) {
			t.Errorf("not a word of %q:\n%s", told, notes)
		}
	}
	// What the notes say, with the gateway that there is.
	local := forwarded(t, "-n", settings.ingressNamespace, "port-forward", "service/istio-ingressgateway", ":443")
	transport := &http.Transport{
		Dial:            func(string, string) (net.Conn, error) { return net.DialTimeout("tcp", local, 5*time.Second) },
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	_, port, _ := net.SplitHostPort(local)
	got, err := (&http.Client{Transport: transport, Timeout: 15 * time.Second}).Get("https://" + net.JoinHostPort(host, port) + "/api/league/tournaments")
	if err != nil || got.StatusCode != http.StatusOK {
		t.Errorf("through a forwarded port: %v %v", err, got)
	}
}
