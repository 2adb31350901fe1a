#!/usr/bin/env bash
# Drives the window's page in a browser against a loopback host of the same command list.
# usage: run.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/paths.sh"
cd "$root"

npm --prefix ui run build >/dev/null
# The whole workspace, as the other tests are built: a choice of packages would compile their dependencies again.
cargo build --workspace --bin firn-testbed --bin loopback-host
chromium=$(command -v chromium || command -v chromium-browser) || fail "chromium is missing" "scripts/deps.sh test"
FIRN_TESTBED=$CARGO_TARGET_DIR/debug/firn-testbed \
    FIRN_LOOPBACK_HOST=$CARGO_TARGET_DIR/debug/loopback-host \
    FIRN_CHROMIUM=$chromium \
    FIRN_SHOTS=$root/tests/shots \
    node tests/browser/browser.mjs
