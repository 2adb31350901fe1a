//! What is done with rejected rows.

use super::{ErrorView, FindingView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What came of trying rejected rows again.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RetryView {
    /// Its id in `sync_logs`.
    pub run_id: String,
    /// `success` where none is left, `partial`, `failed` or `cancelled`.
    pub status: String,
    /// A line for each table that had rejected rows.
    pub tables: Vec<RetriedTable>,
}

/// What came of the rejected rows of one table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RetriedTable {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// `success`, `idle`, `partial`, `failed`, `cancelled` or `held`.
    pub status: String,
    /// Rows merged now.
    #[ts(type = "number")]
    pub rows_merged: u64,
    /// Rows that are not to be read any more: gone from the source, or outside of the table's condition.
    #[ts(type = "number")]
    pub rows_gone: u64,
    /// Rows refused again.
    #[ts(type = "number")]
    pub rows_rejected: u64,
    /// Rows without a whole key, which cannot be read again.
    #[ts(type = "number")]
    pub rows_without_key: u64,
    /// How long it took.
    pub seconds: f64,
    /// Why it failed or was held.
    pub error: Option<ErrorView>,
    /// What the operator should know.
    pub findings: Vec<FindingView>,
}

/// Asks for a stretch of rejected rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct RejectedRequest {
    /// The workspace.
    pub folder: String,
    /// Only of this source table; null for all of the workspace.
    pub table: Option<String>,
    /// Only those with exactly these words for what is wrong; null for all.
    pub error: Option<String>,
    /// Only those with these letters, in any case, in table, key, reason or values; empty for all.
    pub search: String,
    /// Whether closed ones are listed, too.
    pub resolved: bool,
    /// How many of the newest are passed over.
    pub skip: u32,
    /// How many are listed at most.
    pub limit: u32,
}

/// A stretch of rejected rows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RejectedView {
    /// Newest first.
    pub rows: Vec<RejectedLineView>,
    /// How many match in all; 0 beyond the last.
    #[ts(type = "number")]
    pub matching: u64,
    /// How many there are by table and reason, whatever is searched for; only with the first stretch.
    pub causes: Vec<RejectedCauseView>,
}

/// A rejected row in a list, without its values.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RejectedLineView {
    /// Its id, as text.
    pub id: String,
    /// Source table.
    pub source: String,
    /// ISO 8601.
    pub occurred_at: String,
    /// Key column → exact text, in the order of the key.
    #[ts(type = "Record<string, string | null>")]
    pub pk: serde_json::Map<String, serde_json::Value>,
    /// A stable short name.
    pub code: String,
    /// What is wrong, on which side, in which column.
    pub error: String,
    /// How often it was met.
    pub attempts: i32,
    /// ISO 8601, where it is resolved.
    pub resolved_at: Option<String>,
    /// Who resolved it: `run`, `retry`, or the person who discarded it.
    pub resolved_by: Option<String>,
    /// Why it was resolved without being merged.
    pub note: Option<String>,
}

/// How many rows of a table were rejected for one reason.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RejectedCauseView {
    /// Source table.
    pub source: String,
    /// A stable short name.
    pub code: String,
    /// What is wrong.
    pub error: String,
    /// How many there are.
    #[ts(type = "number")]
    pub rows: u64,
    /// How many of them are open.
    #[ts(type = "number")]
    pub open: u64,
}

/// Names a rejected row.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RejectedRef {
    /// The workspace.
    pub folder: String,
    /// Its id, as text.
    pub id: String,
}

/// Asks for rejected rows to be tried again.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct RetryRequest {
    /// The workspace.
    pub folder: String,
    /// Source tables; empty for all.
    pub tables: Vec<String>,
    /// Only these rows, by id; empty for all that are open.
    #[serde(default)]
    pub ids: Vec<String>,
}

/// Closes rejected rows without merging them.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DiscardRequest {
    /// The workspace.
    pub folder: String,
    /// Only of this source table; null for all of the workspace.
    pub table: Option<String>,
    /// Only these, by id; empty for all.
    pub ids: Vec<String>,
    /// Why.
    pub note: String,
}

/// What was discarded.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DiscardView {
    /// Ids of the rejected rows that were closed.
    pub discarded: Vec<String>,
    /// Ids asked for that are not open, or not of these tables.
    pub not_open: Vec<String>,
    /// Why.
    pub note: String,
}
