//! What a workspace says, typed: tables and jobs with every default filled in.

use crate::connection::Connection;
use crate::problem::{Position, Problem};
use crate::schedule::Schedule;
use crate::words::{DeleteMode, DriftMode, FileFormat, SyncMode, UnfitMode};
use firn_catalog::TableName;
use std::collections::BTreeMap;
use std::time::Duration;

/// A workspace, read and checked.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The document's file name, as the caller gave it.
    pub file: String,
    /// The connections of the document in its order, then those of the environment.
    pub connections: Vec<Connection>,
    /// The name of the connection that tables are read from.
    pub source: Option<String>,
    /// The name of the connection that tables are written to.
    pub target: Option<String>,
    /// The name of the connection that keeps the state tables; the source when `None`.
    pub state: Option<String>,
    /// The schema of the state tables.
    pub state_schema: String,
    /// The time from the start of one run to the start of the next.
    pub sync_interval: Duration,
    /// Rows read at a time for tables that do not say.
    pub default_batch_size: usize,
    /// How often a step is tried again after a passing failure.
    pub max_retries: u32,
    /// Whether rejected rows are kept with their values.
    pub error_payloads: bool,
    /// Days after which rejected rows are forgotten.
    pub error_retention_days: u32,
    /// The tables that are kept in sync.
    pub tables: Vec<TableSync>,
    /// Queries over a warehouse, kept as tables in Postgres.
    pub refreshes: Vec<Refresh>,
    /// Query results or files, kept and compared over time.
    pub snapshots: Vec<Snapshot>,
    /// Files turned into partitioned Parquet and loaded.
    pub lake: Vec<LakeJob>,
    /// The forecast whose edits are promoted.
    pub forecast: Option<Forecast>,
    /// What is doubtful without standing in the way of a sync, such as an archive that no connection leads to here.
    pub warnings: Vec<Problem>,
    /// Where each table begins in the document, in the order of `tables`.
    pub(crate) table_positions: Vec<Position>,
    /// Connections that the environment was to define and did not, with the reason.
    pub(crate) unavailable: BTreeMap<String, String>,
}

/// A table of the source and its copy in the target.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSync {
    /// The table in the source.
    pub source: TableName,
    /// The table in the target.
    pub target: TableName,
    /// The columns that identify a row; never empty.
    pub pk: Vec<String>,
    /// The column that grows with every change of a row; always there in incremental mode.
    pub watermark_column: Option<String>,
    /// Rows read at a time; [`Workspace::default_batch_size`] when `None`.
    pub batch_size: Option<usize>,
    /// Columns with the SQL expression that the source computes instead, in the document's order; `None` leaves the column out.
    pub transform: Vec<(String, Option<String>)>,
    /// A SQL condition over the source row.
    pub filter: Option<String>,
    /// Whether a run reads what changed or everything.
    pub mode: SyncMode,
    /// What happens to rows that vanished from the source.
    pub deletes: DeleteMode,
    /// The share of rows that may vanish at once, from 0 to 1.
    pub max_delete_ratio: f64,
    /// What happens when the source's columns change.
    pub on_drift: DriftMode,
    /// What becomes of a value that the target's type cannot hold.
    pub on_unfit: UnfitMode,
    /// Seconds below the watermark that are read again.
    pub lookback_seconds: u64,
    /// The same in the watermark's own unit, for integer watermarks.
    pub lookback: Option<u64>,
    /// When the table runs; every [`Workspace::sync_interval`] when `None`.
    pub schedule: Option<Schedule>,
}

/// A query over a warehouse whose result is kept as a table in Postgres.
#[derive(Clone, Debug, PartialEq)]
pub struct Refresh {
    /// The name used on the command line.
    pub name: String,
    /// The name of the connection that is queried.
    pub source: String,
    /// A query, or the name of a table.
    pub query: String,
    /// The table that holds the result.
    pub target: TableName,
    /// The columns that identify a row; never empty.
    pub pk: Vec<String>,
    /// A geometry column made from coordinates.
    pub geometry: Option<Geometry>,
    /// A stream that tells of changes.
    pub on_change: Option<OnChange>,
    /// When it runs.
    pub schedule: Option<Schedule>,
}

/// A geometry column made from coordinates: a point, or with `to` a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The columns of longitude and latitude.
    pub from: (String, String),
    /// The columns of the end's longitude and latitude.
    pub to: Option<(String, String)>,
    /// The column that is made.
    pub column: String,
    /// The spatial reference system of the coordinates.
    pub srid: i32,
}

/// A stream that tells of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnChange {
    /// The stream.
    pub stream: String,
    /// How often it is looked at.
    pub every: Duration,
}

/// A query result or file that is kept and compared over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The name used on the command line.
    pub name: String,
    /// Where its rows come from.
    pub input: SnapshotInput,
    /// The columns that identify a row; never empty.
    pub key: Vec<String>,
    /// The column that fills `customer_filter`.
    pub customer: Option<String>,
    /// Columns that are not compared.
    pub exclude: Vec<String>,
    /// What counts as equal.
    pub compare: Compare,
    /// The name of the connection that keeps the newest snapshots.
    pub hot: Option<String>,
    /// The name of the connection that keeps the archive.
    pub archive: Option<String>,
    /// How many snapshots stay hot.
    pub keep: u32,
    /// Days that the archive keeps a snapshot.
    pub retention_days: u32,
}

/// Where the rows of a snapshot come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotInput {
    /// A query.
    Query {
        /// The name of the connection that is queried; the workspace's source when `None`.
        source: Option<String>,
        /// The query.
        query: String,
    },
    /// A CSV or Parquet file, relative to the workspace's folder.
    File(String),
}

/// What counts as equal when snapshots are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// The largest difference of two floating-point numbers that counts as equal.
    pub float_tolerance: f64,
    /// Whether white space around text is ignored.
    pub trim: bool,
    /// Whether upper and lower case are the same.
    pub ignore_case: bool,
}

/// Files that become partitioned Parquet, and from there a table.
#[derive(Clone, Debug, PartialEq)]
pub struct LakeJob {
    /// The name used on the command line.
    pub name: String,
    /// The files that are read.
    pub input: LakeInput,
    /// Where the Parquet files go.
    pub output: LakeOutput,
    /// The columns that identify a row; empty when rows are not deduplicated.
    pub key: Vec<String>,
    /// The column that decides which of two rows with one key is kept.
    pub newest_by: Option<String>,
    /// The rows that may be rejected.
    pub max_rejects: MaxRejects,
    /// The table that is loaded.
    pub load: Option<LakeLoad>,
}

/// The files that a lake job reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeInput {
    /// The name of the folder's or bucket's connection.
    pub connection: String,
    /// The path in it, with `*` and `**` for any names.
    pub path: String,
    /// The files' format.
    pub format: FileFormat,
}

/// Where a lake job's Parquet files go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeOutput {
    /// The name of the folder's or bucket's connection.
    pub connection: String,
    /// The path in it.
    pub path: String,
    /// The columns whose values name the folders.
    pub partition_by: Vec<String>,
}

/// How many rows may be rejected before a job fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxRejects {
    /// A share of all rows, from 0 to below 1.
    Share(f64),
    /// A number of rows.
    Count(u64),
}

/// The table that a lake job loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeLoad {
    /// The name of the table's connection.
    pub target: String,
    /// The table.
    pub table: TableName,
}

/// The forecast whose edits are promoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The name of the connection that holds it.
    pub connection: String,
    /// The schema that holds it.
    pub schema: String,
    /// The tenant whose forecast is edited.
    pub tenant: String,
}

impl Workspace {
    /// Returns the connection `name`, of the document or of the environment.
    pub fn connection(&self, name: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.name == name)
    }

    /// Returns the table whose source or target is `name`, as a user types it.
    pub fn table(&self, name: &str) -> Option<&TableSync> {
        let wanted = TableName::parse(name).ok()?;
        let is = |table: &TableName| *table == wanted || wanted.schema.is_none() && table.name == wanted.name;
        let exact = self.tables.iter().find(|table| table.source == wanted);
        exact
            .or_else(|| self.tables.iter().find(|table| is(&table.source)))
            .or_else(|| self.tables.iter().find(|table| is(&table.target)))
    }

    /// Returns where a table of [`Workspace::tables`] begins in the document.
    pub fn table_position(&self, index: usize) -> Option<Position> {
        self.table_positions.get(index).copied()
    }

    /// Returns the rows that are read of `table` at a time.
    pub fn batch_size(&self, table: &TableSync) -> usize {
        table.batch_size.unwrap_or(self.default_batch_size)
    }

    /// Returns when `table` runs.
    pub fn schedule(&self, table: &TableSync) -> Schedule {
        table.schedule.clone().unwrap_or(Schedule::Every(self.sync_interval))
    }
}
