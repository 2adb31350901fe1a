#!/usr/bin/env bash
# Runs the sample: a small shop in a private PostgreSQL server, the first sync into the embedded warehouse, and the
# window; without a display the same job headless. Nothing runs on when it ends, however it ends.
# usage: demo.sh
# Everything lies in build/demo (as root, the server's data in /var/lib/firn/samples: PostgreSQL refuses to run as root).
# Remove that folder to begin anew.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/paths.sh"
cd "$root"

demo=$root/build/demo
workspace=$demo/shop
# The demo's own state, apart from the person's; and the person's PG* variables point elsewhere.
export FIRN_DATA_DIR=$demo/state
unset "${!PG@}"

scripts/deps.sh demo
say "building firn and firn-desktop (release)"
cargo build --release -p firn-cli -p firn-desktop
firn=$CARGO_TARGET_DIR/release/firn

mkdir -p "$demo"
exec 8>"$demo/lock"
flock --nonblock 8 || fail "another \`make demo\` is running in this clone" "close its window, or press Ctrl-C in its terminal"

if [ ! -e "$workspace/firn.yaml" ]; then
    say "making the sample workspace $workspace with a private PostgreSQL server"
    "$firn" init --sample "$workspace" 8>&-
fi
say "syncing"
"$firn" --workspace "$workspace" sync run 8>&-
"$firn" --workspace "$workspace" sync status 8>&-

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    say "opening the window; the server stops when it closes"
    "$CARGO_TARGET_DIR/release/firn-desktop" "$workspace" 8>&-
else
    say "no display: the window stays closed. The warehouse is $workspace/warehouse.duckdb"
fi
