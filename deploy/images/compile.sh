#!/usr/bin/env bash
# Compiles what goes into the images: OUT/bin has the programs, stripped, OUT/debug their line tables, OUT/lib what they load that the
# runtime image lacks. Each program knows what it was made of (cargo-auditable), for scanners.
set -euo pipefail
out=$(realpath -m "${1:?usage: compile.sh OUT}")
cd "$(dirname "$0")/../.."
# What is in the images has the commit's time.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
# What `loljoa_build_info` tells.
export LOLJOA_REVISION=${REVISION:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}
source deploy/images/flags.sh

# What Debian 12 has, on which the runtime image stands.
glibc=2.36
programs=(loljoa-account loljoa-league-schedule loljoa-betting loljoa-gateway loljoa-web loljoa)
[ -s web/dist/index.html ] || { echo "web/dist is not built: make web" >&2; exit 1; }

options=(--locked --profile image)
for program in "${programs[@]}"; do options+=(--bin "$program"); done
PATH="$PWD/target/tools/bin:$PATH" CARGO=$PWD/deploy/images/cargo.sh cargo-auditable auditable build "${options[@]}"

rm -rf "$out"
mkdir -p "$out/bin" "$out/debug" "$out/lib"
cp --dereference "$(cc -print-file-name=libgcc_s.so.1)" "$out/lib/"
for program in "${programs[@]}"; do
    built=${CARGO_TARGET_DIR:-target}/image/$program
    needs=$(objdump --dynamic-syms "$built" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
    if [ "$(printf '%s\n' "${needs#GLIBC_}" "$glibc" | sort -V | tail -n 1)" != "$glibc" ]; then
        echo "$program needs glibc ${needs#GLIBC_}, and the runtime image has $glibc: compile on Debian 12, or with BUILD=compile" >&2
        exit 1
    fi
    objcopy --only-keep-debug --compress-debug-sections=zlib "$built" "$out/debug/$program.debug"
    strip --strip-all -o "$out/bin/$program" "$built"
    (cd "$out/debug" && objcopy --add-gnu-debuglink="$program.debug" "$out/bin/$program")
done
find "$out" -exec touch --no-dereference --date "@$epoch" {} +
ls -l "$out/bin"
