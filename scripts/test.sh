#!/usr/bin/env bash
# Runs every test: the units of the user interface, all crates against real servers, the page in a browser, and the
# window end to end.
# One failing part does not keep the others from running.
# usage: test.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/paths.sh"
cd "$root"

failed=()
part() {
    local name=$1
    shift
    say "== $name: $*"
    "$@" || failed+=("$name")
}

scripts/deps.sh test
part "user interface" npm --prefix ui test
part "crates and scenarios" cargo nextest run --workspace
part "browser" tests/browser/run.sh
if [ -e tests/window/run.sh ]; then
    part "window" tests/window/run.sh
fi

[ ${#failed[@]} -eq 0 ] || fail "failed: $(printf '%s, ' "${failed[@]}" | sed 's/, $//')"
say "all tests passed"
