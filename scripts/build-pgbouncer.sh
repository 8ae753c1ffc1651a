#!/usr/bin/env bash
# Builds PgBouncer into target/tools/bin, for the tests behind a pooler, from the source package of the distribution: its own,
# or that of the first release whose PgBouncer keeps prepared statements (1.21). apt looks in a catalogue of its own, kept
# apart from the machine's, so nothing but the machine's mirror is taken for granted. Needs neither root nor sudo.
# `setup.sh pooler` calls it once the compiler and libevent are there.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$PWD/target/tools/bin/pgbouncer
least=1.21

fail() {
    echo "pgbouncer: $1" >&2
    echo "pgbouncer: please install $least or later yourself, on the PATH or named in LOLJOA_PGBOUNCER" >&2
    exit 1
}

# shellcheck source=/dev/null
. /etc/os-release
case $ID in
    debian) origin=Debian suite=trixie older=" buster bullseye bookworm " components=main keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
    ubuntu) origin=Ubuntu suite=noble older=" focal jammy mantic " components="main universe" keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
    *) fail "no source package is known for ${PRETTY_NAME:-this system}" ;;
esac
case $older in *" $VERSION_CODENAME "*) ;; *) suite=$VERSION_CODENAME ;; esac
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $VERSION_CODENAME" 'Component: main' \
    "Origin: $origin" | sed -n 1p)
# Without any list of packages apt does not tell.
[ -n "$mirror" ] || mirror=$(grep -rhoE 'https?://[^] ]+/'"$ID"'/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
    grep -vE 'ppa|docker' | sed -n 1p | tr -d ' ' || true)
[ -n "$mirror" ] || fail "apt knows no mirror; run apt-get update"

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir -p "$place"/{sources,lists/partial,cache/archives/partial}
{
    printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: %s\n' "$mirror" "$suite" "$components"
    if [ -f "$keyring" ]; then echo "Signed-By: $keyring"; fi
} >"$place/sources/pooler.sources"
apart=(-qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$place/sources"
    -o Dir::State::Lists="$place/lists" -o Dir::Cache="$place/cache" -o APT::Sandbox::User="$(id -un)")

echo "pgbouncer: building the one of $ID $suite (half a minute)"
cd "$place"
apt-get "${apart[@]}" update || fail "the list of its sources cannot be had"
apt-get "${apart[@]}" source --download-only pgbouncer >apt.log 2>&1 || { cat apt.log >&2; fail "its source cannot be had"; }
mkdir source
tar --extract --strip-components 1 --directory source --file pgbouncer_*.orig.tar.*
cd source
# Loopback only: no TLS, and names are asked of the system.
if ! { ./configure --without-openssl --without-cares --disable-evdns && make pgbouncer; } >build.log 2>&1; then
    tail -n 40 build.log >&2
    fail "it does not build"
fi
mkdir -p "$(dirname "$target")"
# An older one would be built again and again.
printf '%s\n%s\n' "$least" "$(./pgbouncer --version | sed -n 's/^PgBouncer //p')" | sort -VC || fail "the one of $suite is too old"
# Beside its place first, so that a half-written one is never taken for whole.
install -s pgbouncer "$target.new"
mv "$target.new" "$target"
"$target" --version | head -n 1
