#!/usr/bin/env bash
# Writes what LOL.JOA is made of, as CycloneDX: the program with its crates, and the web app that the gateway carries.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p target/sbom
export PATH="$PWD/target/tools/bin:$PATH"
cargo cyclonedx --quiet --manifest-path crates/loljoa/Cargo.toml --format json --spec-version 1.5 --no-build-deps \
    --override-filename loljoa.cdx
mv crates/loljoa/loljoa.cdx.json target/sbom/
find crates -name '*.cdx.json' -delete
npm sbom --prefix web --package-lock-only --omit dev --sbom-format cyclonedx >target/sbom/web.cdx.json
ls -l target/sbom
