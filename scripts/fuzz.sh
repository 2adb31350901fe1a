#!/usr/bin/env bash
# Runs the fuzz targets, one after the other or, with JOBS, side by side. What makes one fail is kept in fuzz/artifacts,
# what it learned in fuzz/corpus (not committed); the seeds it begins with are in fuzz/seeds.
# usage: [SECONDS_EACH=60] [JOBS=1] fuzz.sh [TARGET…]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/paths.sh"
cd "$root"

cargo_fuzz_version=0.13.2
seconds=${SECONDS_EACH:-60}
jobs=${JOBS:-1}
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then targets=(copy_decoder workspace_document arrow_round_trip); fi

for target in "${targets[@]}"; do
    [ -e "fuzz/targets/$target.rs" ] || fail "there is no fuzz target $target" "they are in fuzz/targets"
done
command -v g++ >/dev/null || fail "a C++ compiler is needed for the fuzzer's own library" "make deps installs one"
if ! command -v cargo-fuzz >/dev/null; then
    say "compiling cargo-fuzz $cargo_fuzz_version"
    CARGO_TARGET_DIR=$cache/tools-target CARGO_PROFILE_DEV_DEBUG=0 cargo install --locked --debug \
        --root "$tools" --version "$cargo_fuzz_version" cargo-fuzz
    rm -rf "$cache/tools-target"
fi

# The coverage flags are unstable; the stable compiler knows them, too.
export RUSTC_BOOTSTRAP=1
folder=$CARGO_TARGET_DIR/fuzz
say "building the fuzz targets"
for target in "${targets[@]}"; do cargo fuzz build --target-dir "$folder" "$target"; done

run() {
    local target=$1 dictionary=fuzz/dictionaries/$1.txt options=()
    mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
    if [ -e "$dictionary" ]; then options+=("-dict=$dictionary"); fi
    cargo fuzz run --target-dir "$folder" "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        "-max_total_time=$seconds" -timeout=60 -report_slow_units=60 -rss_limit_mb=2048 -print_final_stats=1 \
        "${options[@]}" >"fuzz/artifacts/$target.log" 2>&1
}

running=() failed=()
reap() {
    local first=${running[0]}
    running=("${running[@]:1}")
    if wait "${first#*:}"; then
        say "${first%%:*}: $(sed -n 's/^stat::number_of_executed_units: *//p' "fuzz/artifacts/${first%%:*}.log") inputs, none bad"
    else
        failed+=("${first%%:*}")
        tail -n 40 "fuzz/artifacts/${first%%:*}.log" >&2
    fi
}
for target in "${targets[@]}"; do
    if [ ${#running[@]} -ge "$jobs" ]; then reap; fi
    say "$target: $seconds s"
    run "$target" &
    running+=("$target:$!")
done
while [ ${#running[@]} -gt 0 ]; do reap; done
[ ${#failed[@]} -eq 0 ] || fail "failed: ${failed[*]}" "the inputs are in fuzz/artifacts; one alone: cargo fuzz run TARGET FILE"
