#!/usr/bin/env bash
# Drives the real window in its real webview under a virtual display, against a private server and a private keyring.
# usage: run.sh
# Pictures of every screen go to tests/shots.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/paths.sh"
cd "$root"

if [ "${1:-}" != --inside ]; then
    npm --prefix ui run build >/dev/null
    # The whole workspace, as the other tests are built: a choice of packages would compile their dependencies again.
    cargo build --workspace --bin firn-desktop --bin firn-testbed --bin warehouse-rows
    # A session bus, a keyring and a display of its own: nothing of the person's own session is touched.
    exec dbus-run-session --config-file=tests/window/bus.conf -- xvfb-run -a -s '-screen 0 1440x960x24' "$0" --inside
fi

runtime=$(mktemp -d)
chmod 700 "$runtime"
export XDG_RUNTIME_DIR=$runtime/run XDG_DATA_HOME=$runtime/data
mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_DATA_HOME"
keyring=
finish() {
    [ -z "$keyring" ] || kill "$keyring" 2>/dev/null || true
    rm -rf "$runtime"
}
trap finish EXIT
# The keyring's own password: without one, it would keep its secrets readable.
printf 'keyring of the window test' | gnome-keyring-daemon --foreground --unlock --components=secrets >"$runtime/keyring.log" 2>&1 &
keyring=$!

driver=$(command -v tauri-driver) || fail "tauri-driver is missing" "scripts/deps.sh test"
native=$(command -v WebKitWebDriver) || fail "WebKitWebDriver is missing" "scripts/deps.sh test"
FIRN_WINDOW=$CARGO_TARGET_DIR/debug/firn-desktop \
    FIRN_TESTBED=$CARGO_TARGET_DIR/debug/firn-testbed \
    FIRN_WAREHOUSE_ROWS=$CARGO_TARGET_DIR/debug/warehouse-rows \
    FIRN_KEYRING_PID=$keyring \
    FIRN_TAURI_DRIVER=$driver FIRN_NATIVE_DRIVER=$native \
    FIRN_SHOTS=$root/tests/shots \
    node tests/window/window.mjs
