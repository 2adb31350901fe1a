#!/usr/bin/env bash
# Turns the protections off one by one and runs the tests that docs/guarantees.md names for each: every one of them has
# to pass with its protection and to fail without it. Ends with 1 where a mutant survives.
# usage: mutants.sh [PROTECTION…]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/paths.sh"
cd "$root"

scripts/deps.sh test

table=$(sed -n '/^## Protections/,/^## /p' docs/guarantees.md | grep '^| [A-Z]')
log=$(mktemp)
trap 'rm -f "$log"' EXIT

names() { grep -o '`[a-z_]*::[a-z0-9_]*`' | tr -d '`' | sort -u; }

# Runs tests by name. Ends with nextest's own code: 0 all passed, 100 a test failed, else it did not come to that.
tests() {
    local filter
    filter=$(sed 's/.*/test(=&)/' <<<"$1" | paste -sd'|')
    cargo nextest run --package firn-scenarios --test scenarios --no-fail-fast --color never \
        --status-level all --failure-output never --filterset "$filter" >"$log" 2>&1
}

chosen=$table
if [ "$#" -gt 0 ]; then
    chosen=$(grep -E "^\| ($(paste -sd'|' <(printf '%s\n' "$@"))) \|" <<<"$table") ||
        fail "docs/guarantees.md names no such protection: $*"
fi

all=$(names <<<"$chosen")
say "running $(wc -l <<<"$all") tests with every protection"
tests "$all" || { cat "$log"; fail "the tests have to pass before a protection can be missed"; }
survivors=0
printf '%-25s %-9s %s\n' protection without test
while IFS='|' read -r _ protection rest; do
    protection=${protection// /}
    wanted=$(names <<<"$rest")
    code=0
    FIRN_TEST_WITHOUT=$protection tests "$wanted" || code=$?
    [ "$code" = 0 ] || [ "$code" = 100 ] || { cat "$log"; fail "the tests of $protection could not be run"; }
    while read -r name; do
        verdict=red
        if grep -qE "^ +PASS .* $name\$" "$log"; then
            verdict=SURVIVED
            survivors=$((survivors + 1))
        fi
        printf '%-25s %-9s %s\n' "$protection" "$verdict" "$name"
    done <<<"$wanted"
done <<<"$chosen"

[ "$survivors" -eq 0 ] || fail "$survivors times nobody missed a protection"
say "every protection is missed"
