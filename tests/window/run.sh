#!/usr/bin/env bash
# Drives the real window in its real webview under a virtual display, against a private server and a private keyring.
# usage: run.sh [figures]
# Pictures of every screen go to tests/shots. With `figures` the release build is measured instead of tested.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/paths.sh"
cd "$root"

case ${1:-} in
'') script=window built=debug ;;
figures) script=figures built=release ;;
--inside) script=$2 built=$3 ;;
*) fail "$1 is nothing to run" "run.sh, or run.sh figures" ;;
esac
if [ "${1:-}" != --inside ]; then
    npm --prefix ui run build >/dev/null
    # The whole workspace, as the other tests are built: a choice of packages would compile their dependencies again.
    cargo build --workspace --bin firn-desktop --bin firn-testbed --bin warehouse-rows --bin notification-desk --bin drag-source
    # What is measured is what people start: built as by `make demo`, without the switches of the tests.
    [ "$built" = debug ] || cargo build --release -p firn-cli -p firn-desktop
    # A session bus, a keyring and a display of its own: nothing of the person's own session is touched.
    exec dbus-run-session --config-file=tests/window/bus.conf -- xvfb-run -a -s '-screen 0 1440x960x24' "$0" --inside "$script" "$built"
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

shots=$root/tests/shots
[ "$script" = window ] || shots=
driver=$(command -v tauri-driver) || fail "tauri-driver is missing" "scripts/deps.sh test"
native=$(command -v WebKitWebDriver) || fail "WebKitWebDriver is missing" "scripts/deps.sh test"
FIRN_WINDOW=$CARGO_TARGET_DIR/$built/firn-desktop \
    FIRN_TESTBED=$CARGO_TARGET_DIR/debug/firn-testbed \
    FIRN_WAREHOUSE_ROWS=$CARGO_TARGET_DIR/debug/warehouse-rows \
    FIRN_NOTIFICATION_DESK=$CARGO_TARGET_DIR/debug/notification-desk \
    FIRN_DRAG_SOURCE=$CARGO_TARGET_DIR/debug/drag-source \
    FIRN_KEYRING_PID=$keyring \
    FIRN_TAURI_DRIVER=$driver FIRN_NATIVE_DRIVER=$native \
    FIRN_SHOTS=$shots \
    node "tests/window/$script.mjs"
