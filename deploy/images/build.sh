#!/usr/bin/env bash
# Builds the images with docker, podman or buildah, whichever is there, from the environment that `make images` gives:
#   TAG         their tag, and their version label
#   REPOSITORY  what stands before their names
#   BUILD       compile, or prebuilt
#   PREBUILT    where the programs are, with BUILD=prebuilt: target/images by default
#   BUILDER     docker, podman or buildah, instead of the first of these that works
#   IMAGES      some of them only
# The same commit gives the same image: every time in it is the commit's.
set -euo pipefail
cd "$(dirname "$0")/../.."

tag=${TAG:?TAG is not set: make images TAG=…}
repository=${REPOSITORY:-docker.io/loljoa}
build=${BUILD:-compile}
prebuilt=${PREBUILT:-target/images}
all="account league-schedule betting gateway web tools migrations season debug"
read -ra images <<<"${IMAGES:-$all}"

fail() {
    echo "images: $*" >&2
    exit 1
}

works() { # A program alone does not build: docker wants its daemon.
    command -v "$1" >/dev/null && "$1" info >/dev/null 2>&1
}

if [ -z "${BUILDER:-}" ]; then
    for candidate in docker podman buildah; do
        if works "$candidate"; then BUILDER=$candidate && break; fi
    done
fi
case ${BUILDER:-none} in
    docker | podman | buildah) works "$BUILDER" || fail "$BUILDER does not work here: $BUILDER info says why" ;;
    none) fail "neither docker, podman nor buildah works here: install one, or start docker's daemon" ;;
    *) fail "BUILDER=$BUILDER: must be docker, podman or buildah" ;;
esac
case $build in
    compile) ;;
    prebuilt) [ -x "$prebuilt/bin/loljoa" ] || fail "BUILD=prebuilt wants programs in $prebuilt: make image-binaries" ;;
    *) fail "BUILD=$build: must be compile or prebuilt" ;;
esac
for image in "${images[@]}"; do
    [[ " $all " == *" $image "* ]] || fail "IMAGES: there is no $image, only $all"
done

epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain 2>/dev/null)" ] || revision+=-dirty
options=(--file deploy/images/Dockerfile
    --build-arg "BUILD=$build" --build-arg "PREBUILT=$prebuilt" --build-arg "VERSION=$tag" --build-arg "REVISION=$revision"
    --build-arg "SOURCE_DATE_EPOCH=$epoch"
    --build-arg "CREATED=$(date --utc --date "@$epoch" +%FT%TZ)" --build-arg "SOURCE=${SOURCE:-}")
for name in RUST_IMAGE NODE_IMAGE RUNTIME_IMAGE; do
    [ -z "${!name:-}" ] || options+=(--build-arg "$name=${!name}")
done

build() { # build IMAGE
    local name=$repository/$1:$tag
    case $BUILDER in
        docker)
            docker buildx build "${options[@]}" --provenance=false --load --target "$1" --tag "$name" .
            ;;
        podman) podman build "${options[@]}" --timestamp "$epoch" --target "$1" --tag "$name" . ;;
        buildah) buildah build "${options[@]}" --timestamp "$epoch" --layers --target "$1" --tag "$name" . ;;
    esac
}

for image in "${images[@]}"; do
    echo "$repository/$image:$tag"
    build "$image"
done
