#!/usr/bin/env bash
# Proves the chart on the cluster that KUBECONFIG points to: one with Istio, and nothing of ours. `make cluster-test` calls this.
#
#   IMAGE_LOAD="kind load docker-image"   how an image gets into the cluster; none where the cluster can pull
#   TAG=dev                               the images' tag. They are built and brought in first, unless IMAGES=present
#   NEXT_TAG=                             that of a second version, with a migration, for upgrades and canaries: there already
#   STORIES=4                             which stories, by the beginning of their names; all of them by default
#   NAMESPACE=loljoa                      where; two runs side by side need two, and two INGRESS_HOSTs (NAMESPACE.example.com)
#   INGRESS_ADDRESS                       where Istio's ingress gateway is, if its Service has no address of its own (kind: 127.0.0.1)
set -euo pipefail
cd "$(dirname "$0")"
export PATH=$PATH:/usr/local/go/bin

for tool in kubectl go; do
    command -v $tool >/dev/null || { echo "cluster-test: $tool is missing" >&2; exit 1; }
done
export PATH=$PWD/../../target/tools/bin:$PATH
command -v helm >/dev/null || ../../scripts/setup.sh chart
kubectl version >/dev/null || { echo "cluster-test: no cluster answers; set KUBECONFIG" >&2; exit 1; }
if kubectl get namespace "${NAMESPACE:-loljoa}" >/dev/null 2>&1 && [ -z "${STORIES:-}" ]; then
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
    make -C ../.. images TAG="${TAG:-dev}"
    for name in account league-schedule betting gateway web migrations season tools; do load "docker.io/loljoa/$name:${TAG:-dev}"; done
fi
image=docker.io/loljoa/probe:test
CGO_ENABLED=0 go build -ldflags '-s -w' -o probe/probe ./probe
$builder build --quiet --tag $image probe >/dev/null
rm probe/probe
load $image

# Stories change one release, so one at a time; a story that hangs ends itself long before this.
exec go test -count 1 -timeout 90m -v -run "TestStories/${STORIES:-}" .
