#!/bin/sh
# Makes the secrets that are not there yet, below the folder that is named: a folder for each who needs some. Runs in PostgreSQL's image,
# as root, without a network. What is there is never changed: the data could not be read without it.
set -eu
umask 077
root=$1

# new FILE OWNER VALUE: all of the file, or none of it.
new() {
    if [ ! -s "$1" ]; then
        printf '%s' "$3" >"$1.new"
        chmod 0400 "$1.new"
        chown "$2" "$1.new"
        mv "$1.new" "$1"
    fi
}

random() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }
# Letters and digits: it stands in URLs.
password() { head -c 64 /dev/urandom | base64 | tr -dc 'A-Za-z0-9' | head -c 32; }

services=65532:65532
postgres=999:999

new "$root/postgres/superuser" "$postgres" "$(password)"
for service in account league-schedule betting; do
    role=$(echo "$service" | tr - _)
    new "$root/postgres/$role" "$postgres" "$(password)"
    url="postgres://$role:$(cat "$root/postgres/$role")@postgres:5432/$role?sslmode=disable"
    new "$root/$service/database-url" "$services" "$url"
done
new "$root/account/sealing-key" "$services" "$(random 32)"
new "$root/account/admin-password" "$services" "$(password)"
new "$root/bettors/bettors-password" "$services" "$(password)"
# Who may pass is said by the files.
chmod 0755 "$root"/*
