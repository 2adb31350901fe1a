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
