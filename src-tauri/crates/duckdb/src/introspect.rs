//! What a table in the file looks like now.

use crate::error;
use crate::quote;
use crate::session::Session;
use firn_catalog::TableName;
use firn_connector::{Error, Result, TargetColumn, TargetTable};

const INSPECT_COLUMNS: &str = include_str!("../../../../sql/duckdb/inspect_columns.sql");
const READING: &str = "reading the catalog";

/// Describes a table or view, or returns `None` where neither is there.
///
/// # Errors
/// [`firn_connector::ErrorKind::Configuration`] where the name is in another database.
pub(crate) fn inspect(session: &Session, name: &TableName) -> Result<Option<TargetTable>> {
    let catalog = session.lease().catalog();
    if let Some(database) = &name.database
        && !database.eq_ignore_ascii_case(catalog)
    {
        let message = format!("the target names the database {database}, but the warehouse is called {catalog}");
        return Err(Error::configuration(message).on_table(name));
    }
    let connection = session.connection();
    let schema = name.schema.as_deref().unwrap_or(quote::DEFAULT_SCHEMA);
    let mut statement = connection.prepare(INSPECT_COLUMNS).map_err(error::other(READING))?;
    let rows = statement.query_map([schema, name.name.as_str()], |row| {
        let stored = TableName::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        let column = TargetColumn {
            name: row.get(2)?,
            ty: row.get(3)?,
            not_null: !row.get::<_, bool>(4)?,
            has_default: row.get(5)?,
        };
        Ok((stored, column))
    });
    let found: Vec<(TableName, TargetColumn)> = rows.and_then(Iterator::collect).map_err(error::other(READING))?;
    let Some((stored, _)) = found.first() else { return Ok(None) };
    let writable = is_table(session, stored)?;
    let rows = if writable { count(session, stored)? } else { 0 };
    Ok(Some(TargetTable { columns: found.into_iter().map(|(_, column)| column).collect(), rows, writable }))
}

/// Returns whether a stored name is a table; otherwise it is a view.
fn is_table(session: &Session, stored: &TableName) -> Result<bool> {
    let query = "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ? AND table_name = ?";
    let found: i64 = session
        .connection()
        .query_row(query, [stored.schema_or_empty(), stored.name.as_str()], |row| row.get(0))
        .map_err(error::other(READING))?;
    Ok(found > 0)
}

/// Returns how many rows of a table are stored, deleted ones that still take room included; 0 where it is not there.
pub(crate) fn stored_rows(session: &Session, name: &TableName) -> Result<u64> {
    let query = "SELECT coalesce(max(estimated_size), 0) FROM duckdb_tables() WHERE database_name = current_database() \
                 AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?)";
    let schema = name.schema.as_deref().unwrap_or(quote::DEFAULT_SCHEMA);
    let stored: i64 = session
        .connection()
        .query_row(query, [schema, name.name.as_str()], |row| row.get(0))
        .map_err(|e| error::other(READING)(e).on_table(name))?;
    Ok(stored.unsigned_abs())
}

/// Counts the rows of a table.
pub(crate) fn count(session: &Session, name: &TableName) -> Result<u64> {
    let query = format!("SELECT count(*) FROM {}", quote::table(session.lease().catalog(), name));
    let rows: i64 = session
        .connection()
        .query_row(&query, [], |row| row.get(0))
        .map_err(|e| error::other("counting rows")(e).on_table(name))?;
    Ok(rows.unsigned_abs())
}
