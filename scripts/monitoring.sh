#!/usr/bin/env bash
# Rules, their tests, and dashboards that are what their code makes. What has to agree with runbooks and programs is checked with the chart.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "monitoring: $*"; }

say "rules"
mkdir -p target
promtool check rules helm/loljoa/monitoring/rules/*.yaml >target/monitoring.log || { cat target/monitoring.log; exit 1; }

say "tests of rules: $(cat tests/monitoring/rules/*_test.yaml | grep -c '^  - name: ') stories"
# Side by side, because some go over days.
printf '%s\0' tests/monitoring/rules/*_test.yaml | xargs -0 -n 1 -P "$(nproc)" promtool test rules >target/monitoring.log || { cat target/monitoring.log; exit 1; }

say "dashboards"
node tools/monitoring/dashboards.mjs --check
say "all is well"
