//! The state tables: made where they are missing, found in one round trip where they are not.

use super::{PostgresState, SIDE};
use crate::error::sqlstate;
use crate::quote::{Value, ident};
use crate::session;
use firn_connector::{ErrorKind, Result};

const TABLES: &str = include_str!("../../../../../sql/postgres/state/tables.sql");

/// Makes the tables where they are missing and adds missing columns.
pub(super) async fn ensure(state: &PostgresState) -> Result<()> {
    let workspace = format!("{}.sync_workspace", ident(&state.schema));
    // One message looks how things stand and drops what has expired; where a table is missing, its second half fails.
    let days = Value::Integer(i64::from(state.retention_days));
    let values = [("workspace", Value::Text(&workspace)), ("days", days)];
    match state.run(include_str!("../../../../../sql/postgres/state/ensure.sql"), &values).await {
        Ok(rows) => {
            if let Some(row) = rows.first()
                && session::column::<bool>(row, "current", SIDE)?
            {
                return Ok(());
            }
        }
        Err(error) if error.kind == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    match state.run(TABLES, &[]).await {
        // The schema itself is missing. Made only now, because CREATE SCHEMA IF NOT EXISTS asks for the right to
        // create even where there is nothing to create.
        Err(error) if sqlstate(&error) == Some("3F000") => {
            match state.run("CREATE SCHEMA IF NOT EXISTS :\"schema\"", &[]).await {
                // Of two that make it at once, the slower one finds it there or collides with it.
                Err(error) if matches!(sqlstate(&error), Some("23505" | "42P06")) => {}
                outcome => drop(outcome?),
            }
            state.run(TABLES, &[]).await.map(drop)
        }
        outcome => outcome.map(drop),
    }
}
