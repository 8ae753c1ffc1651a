#!/usr/bin/env bash
# Migrates each service's database and writes its query checks (.sqlx/). Runs under `private-postgres`.
set -euo pipefail
export SQLX_OFFLINE=false
PATH="$PWD/target/tools/bin:$PATH"
prepare() { # prepare CRATE DATABASE_URL
    sqlx migrate run --no-dotenv --source "crates/$1/migrations" --database-url "$2"
    (cd "crates/$1" && cargo sqlx prepare --no-dotenv --database-url "$2" -- --lib)
}
prepare account "$ACCOUNT_DATABASE_URL"
prepare league-schedule "$LEAGUE_DATABASE_URL"
prepare betting "$BETTING_DATABASE_URL"
