package cluster

import (
	"strings"
	"testing"
)

// wrong values, each refused by name, with the release as it was.
var wrong = []struct{ set, told string }{
	{"ingres.mode=gateway", "'ingres' not allowed"},
	{"ingress.mode=nodeport", "/ingress/mode"},
	{"ingress.host=https://loljoa", "/ingress/host"},
	{"ingress.tls.mode=secret", "/ingress/tls/secretName"},
	{"ingress.hstsSeconds=soon", "/ingress/hstsSeconds"},
	{"ingress.proxiesInFront=many", "/ingress/proxiesInFront"},
	{"ingress.istio.namespace=nowhere", "ingress.istio.namespace"},
	{"ingress.istio.serviceAccount=nobody", "ingress.istio.serviceAccount"},
	{"database.mode=mariadb", "/database/mode"},
	{"database.mode=external", "database.external.secrets.account"},
	{"database.mode=cloudnative-pg,database.cloudnativePg.instances=0", "/database/cloudnativePg/instances"},
	{"database.builtin.storage.size=plenty", "/database/builtin/storage/size"},
	{"betting.replicas.min=9", "betting.replicas.min"},
	{"betting.replicas.min=0", "/betting/replicas/min"},
	{"betting.resources.limits.memory=some", "/betting/resources/limits/memory"},
	{"mesh.mtls.strict=perhaps", "/mesh/mtls/strict"},
	{"mesh.canary.enabled=true", "mesh.canary.tag"},
	{"mesh.canary.weight=200", "/mesh/canary/weight"},
	{"season.mode=live", "/season/live/existingSecret"},
	{"secrets.existing=missing", "secrets.existing"},
	{"telemetry.sampleRatio=7", "/telemetry/sampleRatio"},
	{"demo.bettors=-1", "/demo/bettors"},
}

func refusesWrongValues(t *testing.T) {
	before := helm(t, "history", release, "--namespace", namespace, "-o", "json")
	for _, wrong := range wrong {
		output, err := run("", "helm", append([]string{"upgrade", release, chart()}, ofTest("--set", wrong.set)...)...)
		if err == nil || !strings.Contains(output, wrong.told) {
			t.Errorf("%s: %v, and not a word of %q:\n%s", wrong.set, err, wrong.told, output)
		}
	}
	// What Helm refuses while it renders is in no history.
	if after := helm(t, "history", release, "--namespace", namespace, "-o", "json"); after != before {
		t.Error("a refused upgrade is in the history")
	}
}
