//! The page `docs/types.md` says what the type map says. `FIRN_WRITE_DOCS=1` writes it anew.
#![allow(clippy::unwrap_used)]

use firn_catalog::{Verdict, type_rows};
use std::fmt::Write as _;

fn page() -> String {
    let mut page = String::from(
        "# Types\n\n\
         How a PostgreSQL column travels: the Arrow type that crosses the seams, the type in DuckDB, and a verdict. \
         This page is written from the table in `src-tauri/crates/catalog/src/typemap.rs`, which also drives the \
         decoder, the DDL, `firn sync plan` and the window; a test keeps the two equal.\n\n\
         | PostgreSQL | Arrow | DuckDB | verdict | notes |\n|---|---|---|---|---|\n",
    );
    for row in type_rows() {
        let verdict = match row.verdict {
            Verdict::Exact => "exact",
            Verdict::Widens => "widens",
            Verdict::Lossy => "lossy",
            Verdict::AsText => "as text",
            Verdict::Refused => "refused",
        };
        writeln!(page, "| {} | {} | {} | {verdict} | {} |", row.postgres, row.arrow, row.duckdb, row.note).unwrap();
    }
    page.push_str(
        "\n## What the verdicts mean\n\n\
         - **exact**: every value arrives as it is. A single value the target cannot hold (NaN in `DECIMAL`, a year \
         beyond 294246) is a rejected row in `sync_errors`, never a changed value. With `on_unfit: null` at the table \
         in `firn.yaml` such a value becomes NULL instead, and each run tells how many did, by column.\n\
         - **as text**: the target has no such type; the exact text arrives.\n\
         - **widens**: the target's type holds more than the source's.\n\
         - **lossy**: never chosen without your word in `firn.yaml`.\n\
         - **refused**: the table stops and names the column. Leave the column out with \
         `transform: {column: null}`, or cast it with `transform: {column: \"column::text\"}`.\n\n\
         An empty string, NULL and the text `\\N` are three different things and stay so: rows travel as COPY in \
         binary format, where NULL is a length of −1.\n",
    );
    page
}

#[test]
fn the_types_page_is_the_type_map() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/types.md");
    if std::env::var_os("FIRN_WRITE_DOCS").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page(), "docs/types.md is not what the type map says: run the tests with FIRN_WRITE_DOCS=1");
}
