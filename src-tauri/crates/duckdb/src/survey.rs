//! Many tables at once: their stored states and what they look like, in three queries however many they are.

use crate::error;
use crate::quote;
use crate::session::Session;
use crate::state;
use duckdb::params;
use firn_catalog::TableName;
use firn_connector::{Result, TableState, TargetColumn, TargetSurvey, TargetTable};
use std::collections::{HashMap, HashSet};
use std::path::Path;

const COLUMNS: &str = include_str!("../../../../sql/duckdb/survey_columns.sql");
const READING: &str = "surveying the tables";

/// Tells of many tables, given by source name and target table. One whose target is in another database has none here.
pub(crate) fn survey(session: &Session, asked: &[(String, TableName)]) -> Result<Vec<TargetSurvey>> {
    let (mut states, marked) = if state::exists(session)? { stored(session)? } else { Default::default() };
    let wanted: HashSet<(String, String)> = asked.iter().filter_map(|(_, table)| place(session, table)).collect();
    let tables = tables(session, &wanted)?;
    let one = |(source, table): &(String, TableName)| TargetSurvey {
        state: states.remove(source),
        marked: marked.contains(source),
        table: place(session, table).and_then(|place| tables.get(&place).cloned()),
    };
    Ok(asked.iter().map(one).collect())
}

/// Returns schema and name as they are compared: without regard to case.
fn place(session: &Session, table: &TableName) -> Option<(String, String)> {
    let here = table.database.as_ref().is_none_or(|named| named.eq_ignore_ascii_case(session.lease().catalog()));
    let schema = table.schema.as_deref().unwrap_or(quote::DEFAULT_SCHEMA);
    here.then(|| (schema.to_lowercase(), table.name.to_lowercase()))
}

type Stored = (HashMap<String, (TableState, i64)>, HashSet<String>);

/// Reads all stored states that can be read, and which sources have marks.
fn stored(session: &Session) -> Result<Stored> {
    let connection = session.connection();
    let mut statement =
        connection.prepare("SELECT source, state, epoch FROM _firn.tables").map_err(error::other(READING))?;
    let rows = statement.query_map(params![], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, i64>(2)?))
    });
    let rows: Vec<_> = rows.and_then(Iterator::collect).map_err(error::other(READING))?;
    let state = |(source, text, epoch): (String, Option<String>, i64)| {
        // One that cannot be read is an error of its own table, which `state` tells.
        Some((source, (serde_json::from_str(&text?).ok()?, epoch)))
    };
    let mut statement = connection.prepare("SELECT DISTINCT source FROM _firn.seen").map_err(error::other(READING))?;
    let marked = statement.query_map(params![], |row| row.get(0));
    let marked = marked.and_then(Iterator::collect).map_err(error::other(READING))?;
    Ok((rows.into_iter().filter_map(state).collect(), marked))
}

fn tables(session: &Session, wanted: &HashSet<(String, String)>) -> Result<HashMap<(String, String), TargetTable>> {
    let mut statement = session.connection().prepare(COLUMNS).map_err(error::other(READING))?;
    let rows = statement.query_map(params![], |row| {
        let place = (row.get::<_, String>(0)?.to_lowercase(), row.get::<_, String>(1)?.to_lowercase());
        let column = TargetColumn {
            name: row.get(2)?,
            ty: row.get(3)?,
            not_null: !row.get::<_, bool>(4)?,
            has_default: row.get(5)?,
        };
        Ok((place, column, row.get::<_, Option<i64>>(6)?))
    });
    let mut found: HashMap<(String, String), TargetTable> = HashMap::new();
    for row in rows.map_err(error::other(READING))? {
        let (place, column, size) = row.map_err(error::other(READING))?;
        if !wanted.contains(&place) {
            continue;
        }
        let table = found.entry(place).or_insert_with(|| TargetTable {
            columns: Vec::new(),
            rows: size.unwrap_or(0).unsigned_abs(),
            writable: size.is_some(),
        });
        table.columns.push(column);
    }
    Ok(found)
}

/// Returns how a database file looks from outside, its log of changes included; `None` where it is missing. Only looks
/// at directory entries: to open the file would drop DuckDB's lock on it.
pub(crate) fn stamp(path: &Path) -> Option<String> {
    let mut log = path.as_os_str().to_owned();
    log.push(".wal");
    let file = of(path)?;
    Some(format!("{file} {}", of(Path::new(&log)).unwrap_or_default()))
}

#[cfg(unix)]
fn of(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let about = std::fs::metadata(path).ok()?;
    Some(format!("{}:{}:{}:{}.{}", about.dev(), about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
}

#[cfg(not(unix))]
fn of(path: &Path) -> Option<String> {
    let about = std::fs::metadata(path).ok()?;
    Some(format!("{}:{:?}", about.len(), about.modified().ok()?))
}
