//! Benchmarks: ratios against the raw limit and a peer, in one run on one server.
//!
//! `firn-bench all` starts a private PostgreSQL, fills it and runs every case; each case is a process of its own so
//! that its time and peak memory are those of a whole program. `FIRN_BENCH_DSN` names a server that is there already.
#![expect(clippy::print_stdout, reason = "the printer of this program")]

mod cases;
mod deletes_case;
mod idle;
mod load_case;
mod measure;
mod parquet_case;
mod read;
mod table;

use anyhow::{Context as _, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match words.as_slice() {
        ["all"] => cases::all(&[]),
        ["all", names @ ..] => cases::all(names),
        // The bodies below are what `all` starts as processes of their own.
        ["body", "drain", dsn, table] => runtime.block_on(read::drain(dsn, table)),
        ["body", "arrow", dsn, table] => runtime.block_on(read::arrow(dsn, table)),
        ["body", "parquet", dsn, table, file] => runtime.block_on(parquet_case::parquet(dsn, table, file)),
        ["body", "load", dsn, table, file] => runtime.block_on(load_case::load(dsn, table, file)),
        _ => bail!("usage: firn-bench all [read] [parquet] [load] [wide] [sync] [verify] [idle] [deletes] [memory]"),
    }
    .context("the benchmark did not finish")
}
