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
    /// The column whose value was refused, where it is known.
    pub column: Option<String>,
    /// What is wrong, on which side, in which column.
    pub error: String,
    /// Whether its values are kept.
    pub kept: bool,
    /// How often it was met.
    pub attempts: i32,
    /// ISO 8601, where it is resolved.
    pub resolved_at: Option<String>,
    /// Who resolved it: `run`, `retry`, or the person who discarded it.
    pub resolved_by: Option<String>,
    /// Why it was resolved without being merged.
    pub note: Option<String>,
}

/// How many rows of a table were rejected for one reason, and stand alike now.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RejectedCauseView {
    /// Source table.
    pub source: String,
    /// A stable short name.
    pub code: String,
    /// What is wrong.
    pub error: String,
    /// The column whose values were refused, where it is known.
    pub column: Option<String>,
    /// `open`; `settled` where a run or a retry has merged them, or found them gone; `discarded`.
    pub standing: String,
    /// Who discarded them.
    pub by: Option<String>,
    /// Why they were discarded.
    pub note: Option<String>,
    /// How many there are.
    #[ts(type = "number")]
    pub rows: u64,
    /// When the first of them was met first, ISO 8601.
    pub first_met: String,
    /// When the last of them was met last, ISO 8601.
    pub last_met: String,
    /// When the last of them was closed, ISO 8601.
    pub closed_at: Option<String>,
    /// Whether a transform of the column settles all of them.
    pub one_fix: bool,
}

/// Asks for the values of rejected rows that are listed.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RejectedValuesRequest {
    /// The workspace.
    pub folder: String,
    /// Their ids, as text; at most 1,000.
    pub ids: Vec<String>,
}

/// Values of rejected rows, for a grid.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RejectedValuesView {
    /// In any order; a row that is not kept any more is missing.
    pub rows: Vec<RejectedValues>,
    /// Characters after which values are cut off here.
    pub most_chars: u32,
}

/// The values of a rejected row.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RejectedValues {
    /// Its id, as text.
    pub id: String,
    /// Column → text, null for NULL, in the order of the table; null where no values are kept.
    #[ts(type = "Record<string, string | null> | null")]
    pub values: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Asks what can be done about the rejected rows of a table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RemediesRequest {
    /// The workspace.
    pub folder: String,
    /// Source table.
    pub table: String,
}

/// A table with rejected rows, and what settles them.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RemediesView {
    /// The columns as the source has them, in order.
    pub columns: Vec<RejectedColumnView>,
    /// A line a column and reason of open entries that a transform settles.
    pub remedies: Vec<RemedyView>,
}

/// A column of a table with rejected rows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RejectedColumnView {
    /// Its name.
    pub name: String,
    /// Type in the source.
    pub source_type: String,
    /// Whether it is part of the key.
    pub key: bool,
}

/// What settles a reason in a column.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RemedyView {
    /// The column.
    pub column: String,
    /// A stable short name of the reason.
    pub code: String,
    /// Transforms that settle it, the one that leaves the target's type as it is first.
    pub transforms: Vec<RemedyTransform>,
}

/// A transform that settles a reason.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RemedyTransform {
    /// SQL, for the table's entry.
    pub sql: String,
    /// What becomes of the values in the target, as a sentence.
    pub outcome: String,
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
    /// Only those with exactly these words for what is wrong; null for all.
    #[serde(default)]
    pub error: Option<String>,
}

/// Asks what a transform would make of rejected rows. Nothing is written.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct TryRequest {
    /// The workspace.
    pub folder: String,
    /// Source table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The transform: an SQL expression that the source evaluates for each row.
    pub sql: String,
    /// Only these open rows, by id; empty for all whose value in this column was refused.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Only open rows with exactly these words for what is wrong; null for all.
    #[serde(default)]
    pub error: Option<String>,
    /// The document's text with edits that are not saved; the file's own where it is null.
    #[serde(default)]
    pub document: Option<String>,
}

/// What a transform makes of rejected rows, read by their keys from the source as they are now.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TryView {
    /// Source table.
    pub source: String,
    /// The column.
    pub column: String,
    /// The transform.
    pub sql: String,
    /// Rows that were to be tried.
    #[ts(type = "number")]
    pub rows: u64,
    /// Rows that would arrive.
    #[ts(type = "number")]
    pub passed: u64,
    /// Rows that would be rejected still.
    #[ts(type = "number")]
    pub failed: u64,
    /// Rows that are not read any more: gone from the source, or outside of the table's condition.
    #[ts(type = "number")]
    pub gone: u64,
    /// Entries without a whole key, whose rows cannot be found.
    #[ts(type = "number")]
    pub without_key: u64,
    /// Rows left untried, because the transform fails on too many others.
    #[ts(type = "number")]
    pub untried: u64,
    /// Rows that would arrive with NULL in the column, where the source has a value.
    #[ts(type = "number")]
    pub nulls: u64,
    /// Rows that would arrive with another value in the column, or NULL.
    #[ts(type = "number")]
    pub changed: u64,
    /// Type of the column in the target with this transform.
    pub target_type: String,
    /// Statements that the next run carries out in the target.
    pub ddl: Vec<String>,
    /// The first failing rows.
    pub failures: Vec<TryFailure>,
    /// The first values that become others.
    pub values: Vec<TryValue>,
}

/// A row that would be rejected still.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TryFailure {
    /// Key column → exact text.
    #[ts(type = "Record<string, string | null>")]
    pub pk: serde_json::Map<String, serde_json::Value>,
    /// The column.
    pub column: String,
    /// A stable short name of the reason.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// A value that becomes another one.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TryValue {
    /// Key column → exact text.
    #[ts(type = "Record<string, string | null>")]
    pub pk: serde_json::Map<String, serde_json::Value>,
    /// What the source has; null for NULL.
    pub before: Option<String>,
    /// What would arrive; null for NULL.
    pub after: Option<String>,
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
