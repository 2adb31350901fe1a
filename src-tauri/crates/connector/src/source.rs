//! The source side of a sync.

use crate::advice::TableAdvice;
use crate::cursor::{Cursor, Key, LoggedTime, PageRange};
use crate::error::Result;
use crate::finding::Finding;
use crate::plan::ReadPlan;
use arrow::array::RecordBatch;
use async_trait::async_trait;
use firn_catalog::{PgType, TableName, Watermark, WatermarkKind};
use futures::stream::BoxStream;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What kind of relation a source table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// An ordinary table: has pages and row versions.
    Table,
    /// A partitioned table: has row versions; read as one stream.
    Partitioned,
    /// A view or materialized view.
    View,
    /// A foreign table.
    Foreign,
}

/// One column as the source describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceColumn {
    /// The number the source gave it for life; renaming keeps it.
    pub number: i16,
    /// Name.
    pub name: String,
    /// Type.
    pub ty: PgType,
    /// Whether it is declared NOT NULL.
    pub not_null: bool,
    /// Whether the source computes it.
    pub generated: bool,
    /// Whether the source numbers its rows by it.
    pub identity: bool,
    /// Whether rows that do not name it get a value other than NULL.
    pub has_default: bool,
}

/// What the source knows about a column that is, or may become, a watermark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatermarkFacts {
    /// Whether a valid, non-partial btree index begins with it.
    pub indexed: bool,
    /// Whether it has a default taken from the database's clock.
    pub clock_default: bool,
}

/// A source table as found.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceTable {
    /// Its name, schema filled in.
    pub name: TableName,
    /// Identity of the relation: survives renames and rewrites, not a replacement by another of its name.
    pub id: u32,
    /// What it is.
    pub relation: Relation,
    /// Its columns in order; dropped ones are absent.
    pub columns: Vec<SourceColumn>,
    /// Types of transform expressions, by the column they replace.
    pub expressions: BTreeMap<String, PgType>,
    /// The primary key's columns in order; empty where there is none.
    pub primary_key: Vec<String>,
    /// Sets of columns on which a valid, immediate, non-partial unique index stands and which are all NOT NULL.
    pub unique_keys: Vec<Vec<String>>,
    /// Heap pages now; 0 where the relation has none.
    pub pages: u32,
    /// Estimated rows; −1 where never analysed.
    pub estimated_rows: i64,
    /// Bytes on disk with TOAST, without indexes.
    pub bytes: i64,
    /// Storage identity: changes when the table is rewritten, truncated or replaced.
    pub generation: String,
    /// Facts about each column that can carry a watermark.
    pub watermarks: BTreeMap<String, WatermarkFacts>,
    /// Whether it is a materialized view, which shows what its tables held at its last refresh.
    pub materialized: bool,
    /// Whether row-level policies apply to this reader.
    pub row_security: bool,
    /// Whether page ranges can be read (PostgreSQL ≥ 14, an ordinary table).
    pub page_ranges: bool,
}

/// How a horizon was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HorizonMethod {
    /// The start of the oldest transaction in progress, from `pg_stat_activity`.
    Activity,
    /// A logged moment whose transactions have all gone, from `pg_locks`.
    Locks,
    /// A prepared transaction freezes the horizon where it was.
    Frozen,
    /// The largest watermark of the table, less the lookback: the axis is not the database's clock.
    Largest,
    /// Nothing bounds it from below yet; every row is above the horizon.
    Unknown,
}

/// What is asked when a horizon is taken.
#[derive(Debug, Clone)]
pub struct HorizonRequest {
    /// The axis.
    pub kind: WatermarkKind,
    /// Lookback in the axis's unit, taken off the result; 0 for none.
    pub lookback: i64,
    /// Moments logged by earlier runs.
    pub logged_times: Vec<LoggedTime>,
}

/// The point below which no row can appear any more.
#[derive(Debug, Clone, PartialEq)]
pub struct Horizon {
    /// Rows with a watermark below this are complete; `None`: nothing is known to be complete.
    pub at: Option<Watermark>,
    /// What the clock that sets the watermarks shows, where the axis is a clock's. No cursor is beyond it, unless that
    /// clock was set back.
    pub clock: Option<Watermark>,
    /// How it was found.
    pub method: HorizonMethod,
    /// The moments to log for the next run.
    pub logged_times: Vec<LoggedTime>,
    /// What the operator should know: a frozen horizon, a missing right, an axis that is no clock.
    pub findings: Vec<Finding>,
}

/// What part of a table is read.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadScope {
    /// One range of heap pages, in storage order.
    Pages(PageRange),
    /// The rows of a range of heap pages that were written by the transaction `since` or a later one.
    PagesSince(PageRange, u32),
    /// Rows after a cursor in the order (watermark, key), without NULL watermarks; `None`: from the beginning.
    After(Option<Cursor>),
    /// Rows whose watermark is NULL, in key order.
    NullWatermarks,
    /// The rows of these keys, found by the equality of the key columns' types, in no order; a key that no row has
    /// brings none, and a key named twice may bring its row twice. There may be any number of them: they are asked for
    /// in chunks, all in the snapshot's view.
    Keys(Vec<Key>),
    /// The whole table in storage order.
    Whole,
}

/// A row that could not be turned into Arrow. It is left out of its batch.
#[derive(Debug, Clone, PartialEq)]
pub struct RowRefusal {
    /// How many rows of the batch come before it.
    pub position: usize,
    /// Exact texts of the key columns, where they could be read.
    pub key: Option<Vec<Option<String>>>,
    /// The row's watermark, where it has one.
    pub watermark: Option<Watermark>,
    /// The row's `xmin`, where it was asked for.
    pub xmin: Option<u32>,
    /// The whole row, values as text.
    pub payload: serde_json::Map<String, serde_json::Value>,
    /// The column that was refused.
    pub column: String,
    /// A stable short name such as `numeric_nan`.
    pub code: String,
    /// What is wrong with the value, without the value.
    pub message: String,
}

/// A value that does not fit and became NULL, as [`firn_catalog::Unfit::Null`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnfitValue {
    /// The row within the batch.
    pub row: usize,
    /// The column within the batch.
    pub column: usize,
    /// A stable short name of what is wrong with it, such as `numeric_nan`.
    pub code: &'static str,
}

/// A batch as it comes from the source.
#[derive(Debug, Clone)]
pub struct ReadBatch {
    /// The rows, in the order of the scope, with the plan's schema.
    pub batch: RecordBatch,
    /// `xmin` of each row, where the plan asks for row versions.
    pub xmin: Option<Arc<[u32]>>,
    /// Rows left out, in order.
    pub refused: Vec<RowRefusal>,
    /// Values that are NULL because they do not fit.
    pub unfit: Vec<UnfitValue>,
    /// Bytes received for it.
    pub bytes: u64,
}

/// What the page numbers of a snapshot mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOrigin {
    /// Storage identity of the table in this view; see [`SourceTable::generation`].
    pub generation: String,
    /// The oldest transaction in progress when the view was taken, or the next one where there was none: whatever
    /// older ones have written is in the view.
    pub oldest_transaction: u32,
}

/// Batches of one scope. Dropping it stops the read on the server within a second.
pub type BatchStream = BoxStream<'static, Result<ReadBatch>>;

/// A database that tables are read from.
///
/// Sessions are read-only and lift the role's timeouts for themselves. Calls may be repeated.
#[async_trait]
pub trait Source: Send + Sync {
    /// Describes a table. `expressions` are typed by the server (column → SQL); a broken one is an error that
    /// names the column. `filter` is checked with them.
    async fn inspect(
        &self,
        table: &TableName,
        expressions: &BTreeMap<String, String>,
        filter: Option<&str>,
    ) -> Result<SourceTable>;

    /// Says what a table offers as its key and its watermark: for who chooses them, not for a run.
    async fn advise(&self, table: &TableName) -> Result<TableAdvice>;

    /// Takes the horizon of a watermark column. The engine calls this *before* [`Source::snapshot`]: a transaction
    /// the snapshot does not see has begun after the horizon, or was in progress when it was taken.
    async fn horizon(&self, plan: &ReadPlan, request: &HorizonRequest) -> Result<Horizon>;

    /// Describes tables that are read as they are, all at once. `None` for one that cannot be described: `inspect`
    /// says why.
    async fn inspect_many(&self, tables: &[TableName]) -> Result<Vec<Option<SourceTable>>> {
        let mut described = Vec::with_capacity(tables.len());
        for table in tables {
            described.push(self.inspect(table, &BTreeMap::new(), None).await.ok());
        }
        Ok(described)
    }

    /// Takes the horizons of several tables at once. `None` for one that cannot be taken: `horizon` says why.
    async fn horizons(&self, requests: &[(Arc<ReadPlan>, HorizonRequest)]) -> Result<Vec<Option<Horizon>>> {
        let mut horizons = Vec::with_capacity(requests.len());
        for (plan, request) in requests {
            horizons.push(self.horizon(plan, request).await.ok());
        }
        Ok(horizons)
    }

    /// Returns whether any row stands after a cursor, or, with `nulls`, has no watermark: one look through the index
    /// where there is one.
    async fn any_after(&self, plan: &ReadPlan, after: &Cursor, nulls: bool) -> Result<bool> {
        let _counted_anyway = nulls;
        Ok(self.waiting(plan, Some(after), 1).await? > 0)
    }

    /// Opens a view of the table at one moment that `readers` streams may read at once.
    async fn snapshot(&self, plan: Arc<ReadPlan>, readers: usize) -> Result<Box<dyn Snapshot>>;

    /// Returns how many updates of rows the source has counted for a table, its partitions among it, since its statistics
    /// began; `None` where it does not count them.
    async fn updates(&self, table: &TableName) -> Result<Option<u64>>;

    /// Returns the name that the relation of this identity has now; `None` where it is gone.
    async fn name_of(&self, relation: u32) -> Result<Option<TableName>>;

    /// Writes a table's name as the source's SQL has it, for statements that people copy.
    fn quoted(&self, table: &TableName) -> String;

    /// Writes a column's name as the source's SQL has it.
    fn quoted_column(&self, column: &str) -> String;

    /// Writes an expression that prints a column as text, whatever its type.
    fn text_of(&self, column: &str) -> String;

    /// Opens a view as [`Source::snapshot`] does, in which every row of the table is to be seen: for who takes a row that
    /// is not there for a deleted one.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Permission`] here, or when a scope is read, where policies hide rows from this reader or it
    /// may not keep others from emptying the table meanwhile.
    async fn complete_snapshot(&self, plan: Arc<ReadPlan>, readers: usize) -> Result<Box<dyn Snapshot>>;

    /// Writes the statement that reads a scope, for people to read; the very text the snapshot would run.
    fn statement(&self, plan: &ReadPlan, scope: &ReadScope) -> String;

    /// Counts rows waiting after a cursor, and of NULL watermarks, for a plan. Stops counting at `most`.
    async fn waiting(&self, plan: &ReadPlan, after: Option<&Cursor>, most: u64) -> Result<u64>;
}

/// A table at one moment.
#[async_trait]
pub trait Snapshot: Send + Sync {
    /// Returns number and name of every column the table has in this view, in order.
    fn columns(&self) -> &[(i16, String)];

    /// Returns the pages of the table in this snapshot, cut into ranges of about `bytes` each; the last has no end.
    /// Empty where the relation cannot be read by pages.
    async fn ranges(&self, bytes: u64) -> Result<Vec<PageRange>>;

    /// Returns what the page numbers of this view mean. Only where the relation can be read by pages.
    async fn origin(&self) -> Result<PageOrigin>;

    /// Starts to read a scope. At most `readers` streams of a snapshot are alive at once; one more waits.
    async fn read(&self, scope: ReadScope) -> Result<BatchStream>;
}
