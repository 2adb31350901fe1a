//! How a staged group becomes part of its table.

use crate::connect::Reservation;
use crate::error::{self, Touching};
use crate::introspect;
use crate::quote;
use crate::session::Session;
use firn_catalog::TableName;
use firn_connector::switches::{self, Protection};
use firn_connector::{CommitOutcome, Result, WritePlan};

/// The stage of a writer: a temporary table of its connection, which spills beside the file when it grows.
const STAGE: &str = "temp.firn_stage";

/// The stage's last column: the order in which rows were staged.
pub(crate) const ORDINAL: &str = "ordinal";

/// Returns the name of a staged column. Names of the plan are not used, so that none can meet the ordinal's.
pub(crate) fn staged(index: usize) -> String {
    format!("c{index}")
}

/// Returns the statement that makes an empty stage.
pub(crate) fn make_stage(plan: &WritePlan) -> String {
    let columns: Vec<String> =
        plan.columns.iter().enumerate().map(|(i, c)| format!("{} {}", staged(i), c.ddl)).collect();
    format!("CREATE OR REPLACE TEMPORARY TABLE firn_stage ({}, {ORDINAL} BIGINT)", columns.join(", "))
}

/// Returns the statement that fills the stage.
pub(crate) fn fill_stage(feed: &str) -> String {
    format!("INSERT INTO {STAGE} SELECT * FROM {feed}")
}

/// Returns the statement that forgets the stage.
pub(crate) fn drop_stage() -> String {
    format!("DROP TABLE IF EXISTS {STAGE}")
}

/// Returns the statement that adds a feed's rows to the table.
pub(crate) fn append(catalog: &str, plan: &WritePlan, feed: &str) -> String {
    let names = quote::columns(plan.columns.iter().map(|c| c.name.as_str()));
    format!("INSERT INTO {} ({names}) SELECT * FROM {feed}", quote::table(catalog, &plan.table))
}

/// Reserves the memory DuckDB needs to delete up to `rows` rows of a table in one transaction.
pub(crate) fn reserve_deletes(session: &Session, table: &TableName, rows: u64) -> Result<Reservation> {
    /// Rows of one of DuckDB's vectors.
    const VECTOR_ROWS: u64 = 2_048;
    /// What it remembers of every vector with deleted rows, 8 bytes a row, and a quarter to spare.
    const VECTOR_MEMORY: u64 = 20 << 10;
    let vectors = introspect::stored_rows(session, table)?.div_ceil(VECTOR_ROWS);
    session.lease().reserve(vectors.min(rows) * VECTOR_MEMORY)
}

/// Puts the staged rows into the table: the newest row of each key replaces what the table has under that key.
pub(crate) fn upsert(session: &Session, plan: &WritePlan, staged_rows: u64) -> Result<CommitOutcome> {
    let rows = |doing: &str, sql: &str| {
        let done = session.connection().execute(sql, []);
        done.map(|n| n as u64).map_err(|e| error::failure(Touching::Rows, doing, &e).on_table(&plan.table))
    };
    let target = quote::table(session.lease().catalog(), &plan.table);
    let mut outcome = CommitOutcome::default();
    if !plan.key.is_empty() {
        let keys: Vec<String> = plan.key.iter().map(|i| staged(*i)).collect();
        if has_duplicates(session, STAGE, &keys)? {
            let watermark = plan.watermark.map(staged);
            outcome.duplicates =
                rows("taking out older rows of a key", &delete_losers(STAGE, &keys, watermark.as_deref(), ORDINAL))?;
        }
        let matches: Vec<String> = plan
            .key
            .iter()
            .map(|i| format!("t.{} = s.{}", quote::identifier(&plan.columns[*i].name), staged(*i)))
            .collect();
        let _memory = reserve_deletes(session, &plan.table, staged_rows)?;
        rows(
            "deleting the rows that are replaced",
            &format!("DELETE FROM {target} AS t USING {STAGE} AS s WHERE {}", matches.join(" AND ")),
        )?;
    }
    let names = quote::columns(plan.columns.iter().map(|c| c.name.as_str()));
    let values: Vec<String> = (0..plan.columns.len()).map(staged).collect();
    outcome.merged = rows(
        "adding the staged rows",
        &format!("INSERT INTO {target} ({names}) SELECT {} FROM {STAGE}", values.join(", ")),
    )?;
    Ok(outcome)
}

/// Leaves only the newest row of each key in a table whose whole content was just written in order; returns the
/// number of losers.
pub(crate) fn settle(session: &Session, plan: &WritePlan) -> Result<u64> {
    let name = |i: &usize| quote::identifier(&plan.columns[*i].name);
    let keys: Vec<String> = plan.key.iter().map(name).collect();
    let target = quote::table(session.lease().catalog(), &plan.table);
    if keys.is_empty() || !has_duplicates(session, &target, &keys)? {
        return Ok(0);
    }
    let watermark = plan.watermark.as_ref().map(name);
    let losers = session.connection().execute(&delete_losers(&target, &keys, watermark.as_deref(), "rowid"), []);
    let losers = losers
        .map_err(|e| error::failure(Touching::Rows, "taking out older rows of a key", &e).on_table(&plan.table))?;
    Ok(losers as u64)
}

fn has_duplicates(session: &Session, table: &str, keys: &[String]) -> Result<bool> {
    let keys = keys.join(", ");
    // One pass over the keys alone; the window over whole groups runs only where it finds something.
    let query = format!(
        "SELECT (SELECT count(*) FROM {table}) <> (SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {table}))"
    );
    session.connection().query_row(&query, [], |row| row.get(0)).map_err(error::other("looking for duplicate keys"))
}

/// Returns the statement that deletes every row of a key but the newest: the one with the largest watermark, no
/// watermark being the oldest, and among equals the one staged last.
fn delete_losers(table: &str, keys: &[String], watermark: Option<&str>, order: &str) -> String {
    let (by_watermark, by_order) =
        if switches::on(Protection::NewestWins) { ("DESC NULLS LAST", "DESC") } else { ("ASC NULLS FIRST", "ASC") };
    let mut ranking = watermark.map(|w| format!("{w} {by_watermark}, ")).unwrap_or_default();
    ranking.push_str(&format!("{order} {by_order}"));
    let keys = keys.join(", ");
    format!(
        "DELETE FROM {table} WHERE rowid IN (SELECT row FROM (SELECT rowid AS row, \
         row_number() OVER (PARTITION BY {keys} ORDER BY {ranking}) AS place FROM {table}) WHERE place > 1)"
    )
}
