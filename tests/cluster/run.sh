#!/usr/bin/env bash
# Proves the chart on the cluster that KUBECONFIG points to: one with Istio, and nothing of ours. `make cluster-test` calls this, and
# `make cluster-bench` with `bench`: that measures what the mesh costs, in namespaces of its own (bench/main.go says what may be set).
#
#   IMAGE_LOAD="kind load docker-image"   how an image gets into the cluster; none where the cluster can pull
#   TAG=dev                               the images' tag. They are built (BUILD, BUILDER: see `make images`) and brought in first, unless IMAGES=present
#   NEXT_TAG=dev-next                     that of a second version, with a migration, for upgrades and canaries; built with the first
#   STORIES=4                             which stories, by the beginning of their names; all of them by default
#   JAEGER=http://…:16686                 Jaeger's API, and OTLP=http://…:4317, where services send spans; a story is left out without
#   COLLECTOR=IMAGE:TAG                   a collector that nodes have or can pull (otel/opentelemetry-collector-contrib); with JAEGER, or a story is left out
#   PROMETHEUS=monitoring/prometheus      namespace and Service of a Prometheus that reads annotated pods or PodMonitors; a story is left out without
#   PROMETHEUS_RULES=prometheus-rules     the ConfigMap there that it has its rules from, where it has no operator
#   NAMESPACE=loljoa                      where; two runs side by side need two, and two INGRESS_HOSTs (NAMESPACE.example.com)
#   INGRESS_ADDRESS                       where Istio's ingress gateway is, if its Service has no address of its own (kind: 127.0.0.1)
set -euo pipefail
cd "$(dirname "$0")"
export PATH=$PATH:/usr/local/go/bin TAG=${TAG:-dev}
export NEXT_TAG=${NEXT_TAG:-$TAG-next}

for tool in kubectl go; do
    command -v $tool >/dev/null || { echo "cluster-test: $tool is missing" >&2; exit 1; }
done
export PATH=$PWD/../../target/tools/bin:$PATH
command -v helm >/dev/null || ../../scripts/setup.sh chart
kubectl version >/dev/null || { echo "cluster-test: no cluster answers; set KUBECONFIG" >&2; exit 1; }
if [ "${1:-}" != bench ] && kubectl get namespace "${NAMESPACE:-loljoa}" >/dev/null 2>&1 && [ -z "${STORIES:-}" ]; then
    echo "cluster-test: namespace ${NAMESPACE:-loljoa} is there already; delete it first, or name STORIES" >&2
    exit 1
fi

# What builds images here: a docker without its daemon does not.
for builder in docker podman buildah; do
    if $builder info >/dev/null 2>&1; then break; fi
done
load() {
    if [ -n "${IMAGE_LOAD:-}" ]; then $IMAGE_LOAD "$1"; fi
}
if [ "${IMAGES:-}" != present ]; then
    if [ "${BUILD:-compile}" = prebuilt ]; then make -C ../.. image-binaries; fi
    make -C ../.. images TAG="$TAG"
    ./next.sh "$NEXT_TAG"
    for name in account league-schedule betting gateway web migrations season tools; do
        load "docker.io/loljoa/$name:$TAG"
        load "docker.io/loljoa/$name:$NEXT_TAG"
    done
fi
image=docker.io/loljoa/probe:${1:-test}
CGO_ENABLED=0 go build -ldflags '-s -w' -o probe/probe ./probe
$builder build --quiet --tag $image probe >/dev/null
rm probe/probe
load $image

if [ "${1:-}" = bench ]; then
    go build -o ../../target/cluster-bench ./bench
    exec ../../target/cluster-bench
fi

# Stories change one release, so one at a time; a story that hangs ends itself long before this.
exec go test -count 1 -timeout 90m -v -run "TestStories/^${STORIES:-}" .
