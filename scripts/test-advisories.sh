#!/usr/bin/env bash
# Tests scripts/advisories.sh against a mirror and a registry that are made here.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
registry=
cleanup() {
    if [ -n "$registry" ]; then kill "$registry" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap cleanup EXIT
passed=0

expect() { # expect NAME CODE TEXT COMMAND…: it exits with CODE and says TEXT
    local name=$1 code=$2 text=$3 found=0
    shift 3
    "$@" >"$work/said" 2>&1 || found=$?
    if [ "$found" -ne "$code" ] || ! grep -qF -- "$text" "$work/said"; then
        echo "test-advisories: $name: exit $found instead of $code, or it does not say: $text" >&2
        cat "$work/said" >&2
        exit 1
    fi
    passed=$((passed + 1))
}

mirror() { # mirror FOLDER CRATE: a database with one advisory, on every version of CRATE
    mkdir -p "$1/crates/$2"
    printf '%s\n' '```toml' '[advisory]' 'id = "RUSTSEC-2020-0001"' "package = \"$2\"" 'date = "2020-01-01"' '' \
        '[versions]' 'patched = []' '```' '' '# Made up for a test' '' 'It is not true.' \
        >"$1/crates/$2/RUSTSEC-2020-0001.md"
    git -C "$1" init --quiet --initial-branch main
    git -C "$1" add .
    git -C "$1" -c user.name=test -c user.email=test@localhost commit --quiet --message test
}

# A registry that answers every audit with what is in $work/answer, and knows no version of any package.
node -e '
const fs = require("node:fs"), http = require("node:http");
const server = http.createServer((request, response) => {
    const [status, body] = request.method === "POST"
        ? JSON.parse(fs.readFileSync(process.argv[1] + "/answer", "utf8"))
        : [200, { name: decodeURIComponent(request.url.slice(1)), "dist-tags": {}, versions: {} }];
    const answer = () => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    request.resume().on("end", answer);
});
server.listen(0, "127.0.0.1", () => fs.writeFileSync(process.argv[1] + "/port", String(server.address().port)));
' "$work" &
registry=$!
until [ -s "$work/port" ]; do sleep 0.05; done
export npm_config_registry="http://127.0.0.1:$(cat "$work/port")/" npm_config_cache="$work/npm" npm_config_fetch_retries=0

mirror "$work/harmless" no-crate-of-ours
mirror "$work/harmful" serde

echo '[200, {}]' >"$work/answer"
expect "what is clean passes" 0 "" env ADVISORY_DB="$work/harmless" ADVISORIES=required scripts/advisories.sh
expect "a crate's advisory fails" 1 RUSTSEC-2020-0001 env ADVISORY_DB="$work/harmful" scripts/advisories.sh
expect "a mirror that is away is said" 0 "NOT CHECKED: crates" env ADVISORY_DB="file://$work/none" scripts/advisories.sh
expect "and fails where it is required" 1 "NOT CHECKED: crates" \
    env ADVISORY_DB="file://$work/none" ADVISORIES=required scripts/advisories.sh
echo '[405, {}]' >"$work/answer"
expect "a registry without audits is said" 0 "NOT CHECKED: packages of web" env ADVISORY_DB="$work/harmless" scripts/advisories.sh
echo '[200, {"vite": [{"id": 1, "url": "http://localhost/GHSA-test", "title": "Made up for a test", "severity": "high",
    "vulnerable_versions": ">=0", "cwe": [], "cvss": {"score": 8, "vectorString": null}}]}]' >"$work/answer"
expect "a package's advisory fails" 1 "Made up for a test" env ADVISORY_DB="$work/harmless" scripts/advisories.sh
echo "test-advisories: $passed passed"
