#!/usr/bin/env bash
# Runs the sample: a private PostgreSQL server with a small shop in it, the first sync into the embedded warehouse, and
# the window; without a display the same job headless. Nothing runs on when it ends, however it ends.
# usage: demo.sh
# Everything lies in build/demo. Remove that folder to begin anew.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/paths.sh"
cd "$root"

demo=$root/build/demo
workspace=$demo/workspace
# The person's own PG* variables point elsewhere.
unset "${!PG@}"

scripts/deps.sh demo
say "building firn and firn-desktop"
cargo build --release -p firn-cli
cargo build --release -p firn-desktop --features tauri/custom-protocol
firn=$CARGO_TARGET_DIR/release/firn

mkdir -p "$demo"
exec 8>"$demo/lock"
flock --nonblock 8 || fail "another \`make demo\` is running in this clone" "close its window, or press Ctrl-C in its terminal"

# PostgreSQL refuses to run as root.
as_server() { (cd / && exec "$@"); }
server_user=$(id -un)
if [ "$(id -u)" = 0 ]; then
    server_user=postgres
    as_server() { (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups -- env HOME=/ "$@"); }
fi

programs=$(server_programs)
[ -n "$programs" ] || fail "no PostgreSQL server in /usr/lib/postgresql" "scripts/deps.sh demo"

# Chooses the server's folder: in build/demo, or in /tmp where the server's user cannot come in (a clone in /root), or
# where the path is too long for a socket (107 bytes).
choose_server_folder() {
    server=$demo/postgres
    if [ ${#server} -lt 85 ] && { [ "$(id -u)" != 0 ] || as_server test -x "$demo"; }; then return; fi
    local link=$demo/postgres-in-tmp
    if [ -L "$link" ]; then
        server=$(readlink "$link")
        if [ -d "$server" ] && [ "$(stat -c %U "$server")" = "$server_user" ]; then return; fi
    fi
    server=$(mktemp -d /tmp/firn-demo-XXXXXX)
    [ "$(id -u)" != 0 ] || chown postgres: "$server"
    ln -sfn "$server" "$link"
    say "the server's folder is $server: its user cannot use $demo"
}

make_server() {
    local version
    version=$("$programs/postgres" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
    if [ "$(as_server cat "$server/data/PG_VERSION" 2>/dev/null)" = "$version" ] && [ -e "$demo/made" ]; then return; fi
    say "making a private PostgreSQL $version cluster in $server"
    # The warehouse holds the cursors of the cluster that was here before.
    rm -rf "$server/data" "$workspace" "$demo/made"
    mkdir -p "$server"
    [ "$(id -u)" != 0 ] || chown postgres: "$server"
    chmod 700 "$server"
    as_server "$programs/initdb" -D "$server/data" -U firn -E UTF8 --locale=C.UTF-8 --auth=trust >/dev/null
    as_server tee -a "$server/data/postgresql.conf" >/dev/null <<SETTINGS
listen_addresses = ''
port = 5432
unix_socket_directories = '$server'
wal_level = logical
SETTINGS
    : >"$demo/made"
}

# Starts the server, and with it a process that stops it when the descriptor 9 of this script closes: also when the
# script is killed.
start_server() {
    # A killed script and a killed stopper leave a server behind; it is this folder's own.
    if as_server "$programs/pg_ctl" status -D "$server/data" >/dev/null; then
        as_server "$programs/pg_ctl" stop -D "$server/data" -m fast >/dev/null
    fi
    local pipe=$demo/life
    rm -f "$pipe"
    mkfifo "$pipe"
    (
        trap '' INT TERM HUP
        exec 8>&-
        cat "$pipe" >/dev/null
        as_server "$programs/pg_ctl" stop -D "$server/data" -m fast -w >/dev/null
    ) &
    stopper=$!
    exec 9>"$pipe"
    rm -f "$pipe"
    trap stop_server EXIT
    as_server "$programs/pg_ctl" start -D "$server/data" -l "$server/server.log" -w >/dev/null 8>&- 9>&- ||
        fail "the private PostgreSQL does not start" "its log: $server/server.log"
    say "PostgreSQL answers on the socket in $server"
}
stop_server() {
    local status=$?
    trap - EXIT
    exec 9>&-
    wait "$stopper" || true
    say "PostgreSQL stopped"
    exit $status
}

on_server() { "$programs/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$server" -U firn "$@" 8>&- 9>&-; }

load_sample() {
    if [ "$(on_server -d postgres -c "SELECT count(*) FROM pg_database WHERE datname = 'shop'")" = 0 ]; then
        on_server -d postgres -c 'CREATE DATABASE shop'
    fi
    if [ "$(on_server -d shop -c "SELECT to_regclass('public.tickets') IS NULL")" = t ]; then
        say "loading the sample data"
        on_server -d shop -f sql/postgres/sample.sql >/dev/null
    fi
}

write_workspace() {
    if [ -e "$workspace/firn.yaml" ]; then return; fi
    say "making the workspace $workspace"
    # A workspace that firn has made is one that the window trusts.
    "$firn" --workspace "$workspace" --quiet init 8>&- 9>&-
    {
        printf '# The sample workspace: a small shop in a private PostgreSQL server, synced into the embedded warehouse.\n'
        printf 'connections:\n'
        printf '  shop:      { kind: postgres, host: "%s", port: 5432, database: shop, user: firn, tls: disable }\n' "$server"
        printf '  warehouse: { kind: duckdb, path: warehouse.duckdb }\n'
        printf 'source: shop\ntarget: warehouse\ntables:\n'
        for table in customers products orders order_items shipments tickets; do
            printf '  - source: public.%s\n    target: shop.%s\n    pk: id\n    watermark_column: updated_at\n' "$table" "$table"
        done
    } >"$workspace/firn.yaml"
}

choose_server_folder
make_server
start_server
load_sample
write_workspace

say "syncing"
"$firn" --workspace "$workspace" sync run 8>&- 9>&-
"$firn" --workspace "$workspace" sync status 8>&- 9>&-

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    say "opening the window; the server stops when it closes"
    "$CARGO_TARGET_DIR/release/firn-desktop" "$workspace" 8>&- 9>&-
else
    say "no display: the window stays closed. The warehouse is $workspace/warehouse.duckdb"
fi
