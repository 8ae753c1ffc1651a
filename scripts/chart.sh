#!/usr/bin/env bash
# All of the chart that can be proven without a cluster. Rendered charts are left in target/chart.
# `chart.sh docs` writes the README's table of values, which `chart.sh` compares; `chart.sh collector` the collector's configuration for a test.
set -euo pipefail
cd "$(dirname "$0")/.."

chart=helm/loljoa
out=target/chart
export PATH=$PWD/target/tools/bin:$PATH:/usr/local/go/bin

docs() { # docs FILE: relative to the chart
    helm-docs --chart-search-root $chart --sort-values-order file --log-level error --output-file "$1"
}

say() { echo "chart: $*"; }

if [ "${1:-}" = docs ]; then
    docs README.md
    exit
fi

if [ "${1:-}" = collector ]; then
    mkdir -p $out
    # Nothing is kept by chance, and every decision comes soon.
    helm template loljoa $chart --show-only templates/collector/collector.yaml --set collector.enabled=true,collector.exporter.endpoint=sink:4317 \
        --set telemetry.sampleRatio=0,collector.sampling.decisionWaitSeconds=2 | sed -n '/^  collector.yaml: |$/,/^---$/{/^    /s/^    //p}' >$out/collector.yaml
    exit
fi

rm -rf $out
mkdir -p $out

# A name, and the options that make it: each kind of release that somebody may have.
releases() {
    cat <<'LIST'
defaults
kind -f values-kind.yaml
production -f values-production.yaml
eks -f values-production.yaml -f values-eks.yaml
cluster-test -f ../../tests/cluster/values.yaml
ingress --set ingress.mode=ingress,ingress.host=loljoa.example.com
ingress-acme --set ingress.mode=ingress,ingress.host=loljoa.example.com,ingress.tls.mode=cert-manager,ingress.tls.certManager.issuer=letsencrypt
own-ca --set ingress.tls.mode=cert-manager,season.mode=import,season.configMap=season
load-balancer --set ingress.tls.mode=load-balancer,ingress.host=loljoa.example.com,ingress.proxiesInFront=1
plain --set ingress.tls.mode=none,season.mode=none,demo.bettors=0
no-mesh --set mesh.enabled=false,season.mode=import
no-istio --set mesh.enabled=false,ingress.mode=none
nobody --set ingress.mode=none,secrets.existing=mine
canary --set mesh.canary.enabled=true,mesh.canary.tag=0.2.0
canary-by-weight --set mesh.canary.enabled=true,mesh.canary.tag=0.2.0,mesh.canary.header.name=,ingress.mode=ingress
live --set season.mode=live,season.live.existingSecret=feed,mesh.requestAuthentication.enabled=true,mesh.revision=stable
external --set database.mode=external,networkPolicies.databaseCidrs={10.0.0.0/8} --set database.external.secrets.account=a,database.external.secrets.league-schedule=b,database.external.secrets.betting=c,database.external.directUrl.betting=true
single-cnpg --set database.mode=cloudnative-pg,database.cloudnativePg.instances=1,database.cloudnativePg.pooler.enabled=false
monitoring --set monitoring.rules.enabled=true,monitoring.podMonitors.enabled=true,monitoring.dashboards.enabled=true,monitoring.labels.release=prometheus
monitoring-no-mesh --set mesh.enabled=false,ingress.mode=none,database.mode=cloudnative-pg,monitoring.podMonitors.enabled=true
collector --set collector.enabled=true,collector.exporter.endpoint=jaeger.observability:4317,mesh.telemetry.tracingProvider=loljoa
collector-no-mesh --set mesh.enabled=false,ingress.mode=none,collector.enabled=true,collector.exporter.endpoint=traces.example.com:443,collector.exporter.insecure=false,collector.exporter.cidrs={203.0.113.0/24}
autoscaling --set gateway.autoscaling.queueDepth=50,betting.autoscaling.queueDepth=50,autoscaling.calendar.enabled=true,autoscaling.calendar.floors.betting=2
nothing-on --set mesh.mtls.strict=false,mesh.authorization.enabled=false,mesh.traffic.enabled=false,mesh.telemetry.enabled=false,networkPolicies.enabled=false,defaults.autoscaling.enabled=false,defaults.disruptionBudget.enabled=false
LIST
}

say "lint, and rendering $(releases | wc -l) kinds of release"
for values in values.yaml values-kind.yaml values-production.yaml values-eks.yaml; do
    (cd $chart && helm lint --strict --quiet . -f $values)
done
while read -r name options; do
    # shellcheck disable=SC2086 # options are words
    (cd $chart && helm template loljoa . --namespace loljoa $options) >"$out/$name.yaml" || { say "$name: rendering failed"; exit 1; }
done < <(releases)
if helm template loljoa $chart --kube-version 1.28.9 >/dev/null 2>$out/old.log || ! grep -q 'incompatible with Kubernetes v1.28.9' $out/old.log; then
    say "a Kubernetes that is too old is not refused"
    exit 1
fi

say "schemas of Kubernetes and of custom resources"
file='{{.ResourceKind}}{{.KindSuffix}}.json'
for kubernetes in helm/schemas/kubernetes-*; do
    for istio in helm/schemas/istio-*; do
        kubeconform -strict -schema-location "$kubernetes/$file" -schema-location "$istio/$file" -schema-location "helm/schemas/cert-manager/$file" \
            -schema-location "helm/schemas/cloudnative-pg/$file" -schema-location "helm/schemas/external-secrets/$file" \
            -schema-location "helm/schemas/prometheus-operator/$file" \
            $out/*.yaml istio/mesh.yaml istio/egress.yaml
    done
done

say "configuration, labels and rules that have to agree"
go -C tools/chart run ./check "$PWD"

say "the programs that check, and those that test on a cluster"
for module in tools/chart tests/cluster; do
    if [ -n "$(gofmt -l $module)" ]; then
        gofmt -d $module
        exit 1
    fi
    go -C $module vet ./...
done
go -C tests/cluster test ./logs ./usage

say "templates"
# What a template makes of values, and which values it refuses.
helm-unittest --strict --file 'tests/*_test.yaml' $chart >$out/unittest.log || { cat $out/unittest.log; exit 1; }
tail -n 6 $out/unittest.log

say "the README's table of values"
docs ../../$out/README.md
if ! diff -u $chart/README.md $out/README.md; then
    say "README.md is not what values.yaml says; run: make chart-docs"
    exit 1
fi
if grep -nE '\|[[:space:]]+\|$' $chart/README.md; then
    say "these values are not described in values.yaml"
    exit 1
fi

say "istioctl analyze"
for rendered in $out/*.yaml; do
    # What is not in the files is not there for it: the ingress gateway's pods (IST0101), certificates (IST0158).
    istioctl analyze --use-kube=false --namespace loljoa --failure-threshold Warning --suppress 'IST0101=Gateway *' "$rendered" istio/mesh.yaml istio/egress.yaml \
        >$out/analyze.log 2>&1 || { cat $out/analyze.log; say "$rendered: istioctl analyze found something"; exit 1; }
done
say "all is well"
