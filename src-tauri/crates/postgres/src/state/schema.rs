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
    let values = [("workspace", Value::Text(&workspace))];
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
        // The schema itself is missing. Looked for only now, because CREATE SCHEMA IF NOT EXISTS asks for the right
        // to create even where there is nothing to create.
        // The schema itself is missing. Tried only now, because CREATE SCHEMA IF NOT EXISTS asks for the right to
        // create even where there is nothing to create. The lock comes first: two that create it at once collide.
        Err(error) if sqlstate(&error) == Some("3F000") => {
            let create = "SELECT pg_advisory_xact_lock(hashtextextended('firn state tables ' || :'schema', 0));\n\
                          CREATE SCHEMA IF NOT EXISTS :\"schema\";\n";
            state.run(&format!("{create}{TABLES}"), &[]).await.map(drop)
        }
        outcome => outcome.map(drop),
    }
}
