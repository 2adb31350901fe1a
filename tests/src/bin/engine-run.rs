//! Two things that scenarios need a process of its own for: one run of the engine, which may be killed at a named point,
//! and a statement on a DuckDB file, read by DuckDB alone.
#![expect(clippy::print_stdout, reason = "the output is what the scenario reads")]

use std::io::{BufWriter, Read as _, Write as _};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use duckdb::types::ValueRef;
use firn_scenarios::RunSpec;
use firn_scenarios::world::describe;
use firn_sync::{Event, TableVerdict, VerifyOptions};
use tokio_util::sync::CancellationToken;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["run", spec] => run(&serde_json::from_str(spec)?),
        ["verify", spec] => verify(&serde_json::from_str(spec)?),
        ["query", file] => query(file),
        ["execute", file] => Ok(duckdb::Connection::open(file)?.execute_batch(&standard_input()?)?),
        other => bail!("engine-run run SPEC | verify SPEC | query FILE | execute FILE, not {other:?}"),
    }
}

fn run(spec: &RunSpec) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let engine = spec.engine().await?;
        let sink = Arc::new(|_event: Event| {});
        let outcome = engine.run("child", &spec.configs()?, sink, CancellationToken::new()).await;
        engine.target.close().await?;
        println!("{}", describe(&outcome));
        Ok(())
    })
}

fn verify(spec: &RunSpec) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let engine = spec.engine().await?;
        let sink = Arc::new(|_event: Event| {});
        let options = VerifyOptions { repair: true, ..VerifyOptions::default() };
        let outcome = engine.verify("child", &spec.configs()?, options, sink, CancellationToken::new()).await;
        engine.target.close().await?;
        println!("{}", outcome.tables.iter().all(TableVerdict::is_equal));
        Ok(())
    })
}

fn standard_input() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// Prints a JSON array of texts for each row.
fn query(file: &str) -> Result<()> {
    let sql = standard_input()?;
    let connection = duckdb::Connection::open(file)?;
    connection.execute_batch("SET TimeZone = 'UTC'")?;
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let width = rows.as_ref().context("a statement has no rows")?.column_count();
    let mut out = BufWriter::new(std::io::stdout().lock());
    while let Some(row) = rows.next()? {
        let mut texts: Vec<Option<String>> = Vec::with_capacity(width);
        for at in 0..width {
            texts.push(match row.get_ref(at)? {
                ValueRef::Null => None,
                ValueRef::Text(text) => Some(String::from_utf8(text.to_vec())?),
                ValueRef::BigInt(number) => Some(number.to_string()),
                other => bail!("column {at} is no text but {other:?}: cast it"),
            });
        }
        writeln!(out, "{}", serde_json::to_string(&texts)?)?;
    }
    out.flush()?;
    Ok(())
}
