#!/usr/bin/env bash
# Compares the processor time of a scrolled frame of Firn's grid with AG Grid Community's, in one run.
# usage: bench-grid.sh [ROUNDS]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/paths.sh"
cd "$root"

command -v "${CHROMIUM:-chromium}" >/dev/null || fail "chromium is missing" "apt-get install chromium, or set CHROMIUM"
[ -d ui/node_modules ] || npm --prefix ui ci --no-audit --no-fund
[ -d tests/bench/grid/node_modules ] || npm --prefix tests/bench/grid ci --no-audit --no-fund
ui/node_modules/.bin/vite build --config tests/bench/grid/vite.config.mjs --logLevel warn
exec node tests/bench/grid/run.mjs "$@"
