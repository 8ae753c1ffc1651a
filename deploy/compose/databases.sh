#!/bin/sh
# Runs once, when PostgreSQL's data is made: a role and a database for each service, closed to the others.
set -eu
for role in account league_schedule betting; do
    psql --no-psqlrc --quiet --username postgres --set ON_ERROR_STOP=1 \
        --set role="$role" --set password="$(cat "/run/secrets/loljoa/$role")" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role";
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
done
