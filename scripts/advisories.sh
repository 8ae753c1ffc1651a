#!/usr/bin/env bash
# Known weaknesses in what LOL.JOA depends on: RustSec's advisories for crates, the npm registry's for packages. One that is
# found fails. A database that cannot be had is said, and nothing more, so that lint works without a network.
#   ADVISORY_DB          a mirror of RustSec's advisory-db: a Git URL, or the folder of a clone
#   npm_config_registry  an npm registry that answers `npm audit`
#   ADVISORIES=required  a database that cannot be had fails too, for a pipeline that must not miss one
set -euo pipefail
cd "$(dirname "$0")/.."

deny=target/tools/bin/cargo-deny
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

unknown() { # unknown WHAT WHY
    echo "advisories: NOT CHECKED: $1: $2" >&2
    if [ "${ADVISORIES:-}" = required ]; then failed=1; fi
}

crates() {
    cp deny.toml "$work/deny.toml"
    if [ -n "${ADVISORY_DB:-}" ]; then
        # cargo-deny lets git fetch, and git looks at the mirror instead. What was fetched elsewhere before does not count.
        export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.$ADVISORY_DB.insteadOf"
        export GIT_CONFIG_VALUE_0=https://github.com/RustSec/advisory-db
        sed -i "s|^\[advisories\]\$|&\ndb-path = \"$work/advisory-dbs\"|" "$work/deny.toml"
    fi
    if ! "$deny" --log-level error --locked --config "$work/deny.toml" fetch db >"$work/fetch.log" 2>&1; then
        unknown crates "RustSec's database cannot be fetched ($(grep . "$work/fetch.log" | tail -n 1)); ADVISORY_DB names a mirror"
        return
    fi
    "$deny" --log-level error --locked --offline --config "$work/deny.toml" check advisories || failed=1
}

packages() { # packages FOLDER
    npm audit --prefix "$1" --package-lock-only --audit-level moderate --json >"$work/audit.json" 2>/dev/null && return
    # The same exit code tells of weaknesses and of a registry that does not answer; only a report has a version.
    if ! grep -q '"auditReportVersion"' "$work/audit.json"; then
        unknown "packages of $1" "the npm registry does not answer audits; npm_config_registry names another"
        return
    fi
    npm audit --prefix "$1" --package-lock-only --audit-level moderate || failed=1
}

crates
for folder in tools web web/browser; do packages "$folder"; done
exit "$failed"
