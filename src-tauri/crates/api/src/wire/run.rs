//! Runs: starting, following, cancelling, history.

use super::{ErrorView, TableResult};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Names a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunRef {
    /// The run.
    pub run_id: String,
}

/// Asks for a run of tables of a workspace.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct RunRequest {
    /// The workspace.
    pub folder: String,
    /// Source tables; empty for all.
    pub tables: Vec<String>,
    /// For this run in place of each table's `max_delete_ratio`, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_delete_ratio: Option<f64>,
}

/// A run that has begun.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunStarted {
    /// Its id.
    pub run_id: String,
}

/// Where a run stands: `running → (cancelling) → success | partial | failed | cancelled | held`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Going on.
    Running,
    /// Asked to stop, not stopped yet.
    Cancelling,
    /// Everything done.
    Success,
    /// Some tables or rows failed, the rest is done.
    Partial,
    /// Nothing done, or every table failed.
    Failed,
    /// Stopped by the person.
    Cancelled,
    /// Nothing done: another runner holds every table's lease.
    Held,
    /// The process that ran it is gone.
    Interrupted,
}

/// What is going on with a table in a run:
/// `queued → inspecting → reading ⇄ merging → done | failed | cancelled`, with `waiting` before a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not begun.
    Queued,
    /// Schema and horizon are being read.
    Inspecting,
    /// Rows are being read and staged.
    Reading,
    /// A group is being committed.
    Merging,
    /// A transient failure; tries again at a known time.
    Waiting,
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// Stopped by the person.
    Cancelled,
    /// Another runner holds the lease.
    Held,
}

/// A table in a run that is going on or has ended.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TableProgress {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// What is going on.
    pub stage: Stage,
    /// `first_load`, `resume_first_load`, `incremental`, `full` or `deletes`, once known.
    pub phase: Option<String>,
    /// Rows expected, where they are known (the estimate of a first load).
    #[ts(type = "number | null")]
    pub rows_expected: Option<u64>,
    /// Rows read.
    #[ts(type = "number")]
    pub rows_read: u64,
    /// Rows committed.
    #[ts(type = "number")]
    pub rows_merged: u64,
    /// Rows rejected.
    #[ts(type = "number")]
    pub rows_rejected: u64,
    /// Bytes received from the source.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Exact text of the cursor.
    pub watermark: Option<String>,
    /// ISO 8601: when it tries again.
    pub retry_at: Option<String>,
    /// The failure, or the transient one it waits after.
    pub error: Option<ErrorView>,
    /// The result, once it has ended.
    pub result: Option<TableResult>,
}

/// The whole state of a run: what a window opened in mid-run gets first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunView {
    /// Its id.
    pub run_id: String,
    /// The workspace.
    pub folder: String,
    /// Where it stands.
    pub status: RunStatus,
    /// ISO 8601, UTC.
    pub started_at: String,
    /// Seconds since it began, or that it took.
    pub seconds: f64,
    /// Number of the last event this state contains.
    #[ts(type = "number")]
    pub seq: u64,
    /// A line a table.
    pub tables: Vec<TableProgress>,
    /// Why the run as a whole failed.
    pub error: Option<ErrorView>,
}

/// A run in a list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunSummary {
    /// Its id.
    pub run_id: String,
    /// ISO 8601, UTC.
    pub started_at: String,
    /// ISO 8601, UTC.
    pub finished_at: Option<String>,
    /// How it ended.
    pub status: RunStatus,
    /// `window`, `cli` or `watch`.
    pub trigger: String,
    /// Tables in it.
    pub tables: u32,
    /// Rows written.
    #[ts(type = "number")]
    pub rows_merged: u64,
    /// Rows rejected.
    #[ts(type = "number")]
    pub rows_rejected: u64,
}

/// The last document of `sync run --json`.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunFinished {
    /// Always `finished`.
    pub event: String,
    /// The run.
    pub run_id: String,
    /// `success`, `partial`, `failed` or `cancelled`.
    pub status: String,
    /// A result a table.
    pub tables: Vec<TableResult>,
    /// Why the run as a whole failed.
    pub error: Option<ErrorView>,
}

/// Runs in a list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunsView {
    /// Newest first.
    pub runs: Vec<RunSummary>,
}

/// Asks for a run's chart.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunChart {
    /// The run.
    pub run_id: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Light on dark.
    pub dark: bool,
}

/// A chart.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ChartView {
    /// An SVG document of shapes, numbers and glyphs; null where nothing is known that could be drawn.
    pub svg: Option<String>,
}
