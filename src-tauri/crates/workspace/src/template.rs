//! The text of new workspaces.

use crate::connection::{Connection, Postgres, Settings};
use crate::edit::{Document, EditError};
use crate::environment::EnvConnections;
use crate::model::TableSync;
use crate::words::{DeleteMode, DriftMode, SyncMode, UnfitMode};
use firn_catalog::TableName;

const HEAD: &str = "\
# A Firn workspace. It holds no secret and can be committed: passwords are kept in the keyring
# (firn connection set-secret NAME) or in the variable FIRN_SECRET_NAME.
# `firn schema` prints a JSON Schema of this file for editors.
";

const BODY: &str = "\
connections:
  warehouse: { kind: duckdb, path: warehouse.duckdb }

# source: NAME                  # a connection of kind postgres: firn connection add NAME
target: warehouse

sync_interval_seconds: 120
default_batch_size: 1000
max_retries: 5

# Proposals for this list: firn sync discover
tables: []
";

/// The name of the sample workspace's Postgres connection.
const SAMPLE_CONNECTION: &str = "sample_db";
/// The tables of the sample data set.
const SAMPLE_TABLES: [&str; 6] = ["customers", "products", "orders", "order_items", "shipments", "tickets"];

/// Returns the text of a new workspace with an embedded warehouse and no table.
pub fn template() -> String {
    format!("{HEAD}{BODY}")
}

/// Returns the text of the sample workspace: the six tables of the sample shop in `postgres`, kept in sync with an
/// embedded warehouse.
///
/// # Errors
/// Fails when the settings are such as no document may hold, such as an empty host.
pub fn sample(postgres: &Postgres) -> Result<String, EditError> {
    let body =
        BODY.replace("# source: NAME                  # a connection of kind postgres: firn connection add NAME\n", "");
    let mut document = Document::parse(&format!("{HEAD}{body}"), crate::FILE_NAME, &EnvConnections::default())
        .map_err(EditError::Faults)?;
    document.set_connection(&Connection {
        name: SAMPLE_CONNECTION.to_owned(),
        label: None,
        color: None,
        settings: Settings::Postgres(postgres.clone()),
    })?;
    document.set_scalar(&["source".into()], SAMPLE_CONNECTION)?;
    document.add_tables(&SAMPLE_TABLES.map(sample_table))?;
    Ok(document.text().to_owned())
}

fn sample_table(name: &str) -> TableSync {
    TableSync {
        pk: vec!["id".to_owned()],
        watermark_column: Some("updated_at".to_owned()),
        ..TableSync::new(TableName::new("public", name), TableName::new("shop", name))
    }
}

impl TableSync {
    /// Makes a table with every default, and neither key nor watermark yet.
    pub fn new(source: TableName, target: TableName) -> Self {
        Self {
            source,
            target,
            pk: Vec::new(),
            watermark_column: None,
            batch_size: None,
            transform: Vec::new(),
            filter: None,
            mode: SyncMode::Incremental,
            deletes: DeleteMode::Ignore,
            max_delete_ratio: 0.2,
            on_drift: DriftMode::Add,
            on_unfit: UnfitMode::Reject,
            lookback_seconds: 0,
            lookback: None,
            schedule: None,
        }
    }
}
