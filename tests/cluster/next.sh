#!/usr/bin/env bash
# Builds images of a version that is to come: this one, and one migration more of betting's. run.sh calls it.
#
#   next.sh TAG     with BUILD and BUILDER as `make images` knows them
set -euo pipefail
tag=${1:?usage: next.sh TAG}
cd "$(dirname "$0")/../.."

migration=crates/betting/migrations/9999_next.sql
trap 'rm -f "$migration"' EXIT
cp tests/cluster/next.sql $migration
if [ "${BUILD:-compile}" = prebuilt ]; then
    deploy/images/compile.sh target/images-next
fi
PREBUILT=target/images-next make images TAG="$tag"
