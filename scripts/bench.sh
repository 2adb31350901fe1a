#!/usr/bin/env bash
# Runs the benchmarks: Firn against the raw limit and against DuckDB's own PostgreSQL reader, in one run on one server.
# usage: bench.sh [read] [parquet] [load] [wide] [sync] [idle] [verify] [deletes] [memory]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/paths.sh"
cd "$root"

scripts/deps.sh test
say "building firn and the benchmarks"
cargo build --release -p firn-cli -p firn-bench

# The peer is a Python program; its packages carry the extension, so that nothing is fetched while it runs.
peer=$cache/peer-duckdb-1.5.5
if [ ! -e "$peer/complete" ]; then
    say "installing the peer: DuckDB 1.5.5 with its PostgreSQL reader"
    rm -rf "$peer"
    python3 -m venv "$peer"
    "$peer/bin/pip" install --quiet duckdb==1.5.5 duckdb-extensions==1.5.5 \
        duckdb-extension-postgres-scanner==1.5.5 pyarrow pytz
    touch "$peer/complete"
fi
FIRN_BENCH_PYTHON=$peer/bin/python exec "$CARGO_TARGET_DIR/release/firn-bench" all "$@"
