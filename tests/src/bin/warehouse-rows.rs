//! `warehouse-rows FILE SQL` asks a DuckDB file, opened read-only, and prints its rows as JSON objects, one a line. For tests that are not written in Rust: the warehouse itself is their oracle.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use anyhow::{Context, Result, bail};
use duckdb::{AccessMode, Config, Connection};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, sql] = arguments.as_slice() else { bail!("usage: warehouse-rows FILE SQL") };
    let config = Config::default().access_mode(AccessMode::ReadOnly)?;
    let warehouse = Connection::open_with_flags(file, config).with_context(|| format!("cannot open {file}"))?;
    // DuckDB prints the values itself; nothing of Firn reads them.
    let mut statement = warehouse.prepare(&format!("SELECT to_json(r)::VARCHAR FROM ({sql}) r"))?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    for row in rows {
        println!("{}", row?);
    }
    Ok(())
}
