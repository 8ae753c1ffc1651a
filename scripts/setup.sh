#!/usr/bin/env bash
# Installs what LOL.JOA needs and this machine lacks, and says what and why. Installs nothing that is there already.
# `setup.sh browser` also wants what the browser tests need, `setup.sh pooler` a PgBouncer for the tests behind one,
# `setup.sh contract` the tool that holds the API to its document, `setup.sh chart` Helm and what the chart is checked with.
# `setup.sh profile` what looks where time goes, `setup.sh microbench` what counts instructions, `setup.sh monitoring` Prometheus.
# Works as root, and with sudo as a user. Debian and Ubuntu; elsewhere it says what to install by hand.
set -euo pipefail
cd "$(dirname "$0")/.."

# Where Go's archive is unpacked, for shells that do not know it.
command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
wants=${1:-}
missing=()
reasons=()

need() { # need PACKAGE WHY
    missing+=("$1")
    reasons+=("  $1: $2")
}

has_postgres() {
    [ -n "${LOLJOA_PG_BIN:-}" ] && [ -x "$LOLJOA_PG_BIN/initdb" ] && return
    command -v initdb >/dev/null && return
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# Older ones lose prepared statements in transaction mode.
has_pooler() {
    local program
    for program in "${LOLJOA_PGBOUNCER:-}" target/tools/bin/pgbouncer "$(command -v pgbouncer || true)"; do
        if [ -x "$program" ] && printf '1.21\n%s\n' "$("$program" --version | sed -n 's/^PgBouncer //p')" | sort -VC; then
            return
        fi
    done
    return 1
}

# Python with what makes environments of its own, which Debian has in a package apart.
has_python() {
    python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

make_contract() {
    local home=target/tools/schemathesis wanted=crates/loljoa/tests/system/contract/requirements.txt
    if [ "$wants" != contract ] || cmp -s "$wanted" "$home/installed.txt"; then return; fi
    rm -rf "$home"
    mkdir -p target/tools
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$wanted"
    cp "$wanted" "$home/installed.txt"
}

make_pooler() {
    if [ "$wants" = pooler ] && ! has_pooler; then scripts/build-pgbouncer.sh; fi
}

# Helm and its kin, pinned in tools/chart/go.sum. Helm takes the oldest Kubernetes that the chart wants for granted, where it sees none.
make_chart() {
    local stamp=target/tools/chart.sum chartutil=helm.sh/helm/v3/pkg/chartutil rules=helm.sh/helm/v3/pkg/lint/rules minor=29
    if [ "$wants" != chart ] || cat tools/chart/go.{mod,sum} | cmp -s - "$stamp"; then return; fi
    mkdir -p target/tools
    GOBIN=$PWD/target/tools/bin CGO_ENABLED=0 go -C tools/chart install -ldflags "-s -w \
        -X $chartutil.k8sVersionMajor=1 -X $chartutil.k8sVersionMinor=$minor -X $rules.k8sVersionMajor=1 -X $rules.k8sVersionMinor=$minor" tool
    cat tools/chart/go.{mod,sum} >"$stamp"
}

# Its release branches have no tag that Go's modules know, so tools/istio/go.mod names a commit of one.
make_istioctl() {
    local stamp=target/tools/istio.sum
    if [ "$wants" != chart ] || cat tools/istio/go.{mod,sum} | cmp -s - "$stamp"; then return; fi
    mkdir -p target/tools
    GOBIN=$PWD/target/tools/bin CGO_ENABLED=0 go -C tools/istio install -ldflags "-s -w" tool
    cat tools/istio/go.{mod,sum} >"$stamp"
}

has_postgres || need postgresql "the server that keeps accounts, matches and bets (LOL.JOA runs a private one)"
command -v cc >/dev/null || need gcc "Rust links with it, and the cryptography library is partly C"
compgen -G '/usr/include/stdlib.h' >/dev/null || need libc6-dev "headers for the C compiler"
if [ "$wants" = browser ]; then
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || need chromium "the browser that the web app is tested in"
    compgen -G '/usr/share/fonts/*/noto/NotoSansCJK*' >/dev/null || need fonts-noto-cjk "Korean letters in screenshots"
fi
if [ "$wants" = pooler ] && ! has_pooler; then
    command -v make >/dev/null || need make "PgBouncer is built with it, from its source package"
    command -v pkg-config >/dev/null || need pkg-config "PgBouncer's build finds libevent with it"
    compgen -G '/usr/include/event2/event.h' >/dev/null || need libevent-dev "the library that PgBouncer waits with"
fi

# Ubuntu's perf comes with its kernel's tools.
if [ "$wants" = profile ] && ! command -v perf >/dev/null; then
    if grep -qs '^ID=ubuntu' /etc/os-release; then perf=linux-tools-generic; else perf=linux-perf; fi
    need "$perf" "it looks at a running service many times a second"
fi
if [ "$wants" = microbench ] && ! command -v valgrind >/dev/null; then
    need valgrind "it counts the instructions of a benchmark"
    need libc6-dbg "valgrind wants to know the C library's functions by name"
fi

if [ "$wants" = monitoring ] && ! { command -v promtool && command -v prometheus; } >/dev/null; then
    need prometheus "rules are checked with its promtool, and queries are asked of it"
fi

if [ "$wants" = contract ] && ! has_python; then
    need python3-venv "the API is held to its document by a tool in Python (3.10 or later)"
fi

if [ "$wants" = chart ] && ! command -v go >/dev/null; then
    echo "setup: go is missing; install Go 1.24 or later first (https://go.dev): Helm is built with it" >&2
    exit 1
fi

for tool in cargo node npm; do
    if ! command -v "$tool" >/dev/null; then
        echo "setup: $tool is missing; install Rust (https://rustup.rs) and Node.js 20 or later first" >&2
        exit 1
    fi
done

if [ ${#missing[@]} -eq 0 ]; then
    make_pooler
    make_contract
    make_chart
    make_istioctl
    exit 0
fi

echo "setup: this machine lacks"
printf '%s\n' "${reasons[@]}"

if ! command -v apt-get >/dev/null; then
    echo "setup: no apt-get here; please install these yourself and run the command again" >&2
    exit 1
fi

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
if ! as_root true; then
    echo "setup: installing needs root or sudo; please have somebody run: apt-get install ${missing[*]}" >&2
    exit 1
fi

# PostgreSQL's package would start a cluster of its own, and Prometheus' a service; while they install, they are told not to.
guard=/etc/postgresql-common/createcluster.d/loljoa.conf
units=/etc/systemd/system
is_masked=
cleanup() {
    as_root rm -f "$guard"
    if [ -n "$is_masked" ]; then as_root rm -f $units/prometheus.service $units/multi-user.target.wants/prometheus.service; fi
}
trap cleanup EXIT
as_root mkdir -p "$(dirname "$guard")"
echo 'create_main_cluster = false' | as_root tee "$guard" >/dev/null
if [[ " ${missing[*]} " == *" prometheus "* ]] && ! [ -e $units/prometheus.service ] && ! [ -h $units/prometheus.service ]; then
    is_masked=yes
    as_root mkdir -p $units
    as_root ln -s /dev/null $units/prometheus.service
fi

echo "setup: installing ${missing[*]}"
as_root apt-get update -qq
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
make_pooler
make_contract
make_chart
make_istioctl
echo "setup: done"
