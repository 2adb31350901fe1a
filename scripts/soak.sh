#!/usr/bin/env bash
# Lets a random history run for long, then kills the program hundreds of times, on private servers.
# usage: soak.sh; FIRN_SOAK_SECONDS (600) and FIRN_KILLS (500) say how long and how often, FIRN_SEED repeats a failure
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/paths.sh"
cd "$root"

export FIRN_HISTORY_SECONDS=${FIRN_SOAK_SECONDS:-600} FIRN_KILLS=${FIRN_KILLS:-500}
export RUST_BACKTRACE=0
scripts/deps.sh test
say "a random history of $FIRN_HISTORY_SECONDS s, then $FIRN_KILLS kills"
cargo nextest run --profile soak --package firn-scenarios --test scenarios --no-capture --filterset \
    'test(=history::a_random_history_ends_equal) | test(=kills::a_program_killed_at_random_moments_again_and_again_loses_nothing)'
