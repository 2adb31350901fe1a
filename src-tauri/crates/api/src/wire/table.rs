//! Tables: mappings, discovery, plans, state and rejected rows.

use super::{ChangeView, DocumentProblem, FindingView, KeyCandidateView, WatermarkCandidateView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A configured table with what is known without asking the databases.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TableView {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// Key columns.
    pub pk: Vec<String>,
    /// Watermark column.
    pub watermark_column: Option<String>,
    /// `incremental` or `full`.
    pub mode: String,
    /// `ignore`, `soft` or `hard`.
    pub deletes: String,
    /// How it went last time on this machine.
    pub last: Option<TableResult>,
}

/// The result of one table in a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TableResult {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// `success`, `idle`, `partial` (rows were rejected), `failed`, `cancelled` or `held`.
    pub status: String,
    /// Rows read.
    #[ts(type = "number")]
    pub rows_read: u64,
    /// Rows written to the target.
    #[ts(type = "number")]
    pub rows_merged: u64,
    /// Rows kept in `sync_errors`.
    #[ts(type = "number")]
    pub rows_rejected: u64,
    /// Rows deleted.
    #[ts(type = "number")]
    pub rows_deleted: u64,
    /// Rows that lost to a newer one of the same key.
    #[ts(type = "number")]
    pub rows_duplicate: u64,
    /// Rows with a NULL watermark.
    #[ts(type = "number")]
    pub rows_null_watermark: u64,
    /// Exact text of the cursor.
    pub watermark: Option<String>,
    /// How long it took.
    pub seconds: f64,
    /// What went wrong.
    pub error: Option<ErrorView>,
    /// What the operator should know.
    pub findings: Vec<FindingView>,
}

/// A failure, for people and for scripts.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ErrorView {
    /// A stable short name somebody branches on: `transient`, `sign_in`, `permission`, `not_found`,
    /// `configuration`, `row_refused`, `fenced`, `busy`, `held`, `disk_full`, `cancelled`, `untrusted`, `keyring`, `other`.
    pub code: String,
    /// What happened, on which side, to which table.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// `source`, `target`, `state` or `engine`.
    pub side: Option<String>,
    /// The table.
    pub table: Option<String>,
    /// What is wrong with the workspace document, where that is the failure; absent otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<DocumentProblem>>")]
    pub problems: Vec<DocumentProblem>,
}

/// Asks which tables a source has.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DiscoverRequest {
    /// The workspace.
    pub folder: String,
    /// Only this schema.
    pub schema: Option<String>,
    /// Adds what is proposed to `firn.yaml`.
    pub write: bool,
    /// Only these tables (`schema.table`); empty for all.
    pub tables: Vec<String>,
}

/// What a source has.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DiscoverView {
    /// Tables found.
    pub tables: Vec<DiscoveredTableView>,
    /// The proposal as YAML for `firn.yaml`.
    pub yaml: String,
    /// How many were added to the file.
    pub written: u32,
}

/// One table found in the source.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DiscoveredTableView {
    /// `schema.table`.
    pub source: String,
    /// The target proposed.
    pub target: String,
    /// `table`, `partitioned`, `view` or `foreign`.
    pub kind: String,
    /// Estimated rows; null where never analysed.
    #[ts(type = "number | null")]
    pub estimated_rows: Option<i64>,
    /// Bytes on disk.
    #[ts(type = "number")]
    pub bytes: i64,
    /// Key proposed.
    pub pk: Vec<String>,
    /// Watermark proposed.
    pub watermark_column: Option<String>,
    /// What can identify a row: the primary key first.
    pub key_candidates: Vec<KeyCandidateView>,
    /// Columns that can carry the watermark, best first, the likely ones before the others.
    pub watermarks: Vec<WatermarkCandidateView>,
    /// Columns with their verdicts.
    pub columns: Vec<ColumnView>,
    /// What to know before adding it.
    pub findings: Vec<FindingView>,
    /// Whether the workspace has it already.
    pub configured: bool,
}

/// One column and how it travels.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ColumnView {
    /// Name in the source.
    pub name: String,
    /// PostgreSQL type.
    pub source_type: String,
    /// Type in the target.
    pub target_type: String,
    /// `exact`, `widens`, `lossy`, `as_text` or `refused`.
    pub verdict: String,
    /// Which single values are refused, or why the column is.
    pub note: String,
    /// The transform, where there is one.
    pub transform: Option<String>,
    /// Whether it is part of the key.
    pub key: bool,
    /// Whether it is the watermark.
    pub watermark: bool,
}

/// Names tables of a workspace; no table means all.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TablesRequest {
    /// The workspace.
    pub folder: String,
    /// Source tables; empty for all.
    pub tables: Vec<String>,
}

/// A dry run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PlanView {
    /// A plan a table.
    pub tables: Vec<TablePlanView>,
}

/// The dry run of one table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TablePlanView {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// `first_load`, `resume_first_load`, `incremental` or `full`; null where it cannot run.
    pub phase: Option<String>,
    /// Rows waiting, counted up to 1,000,000; null where they could not be counted.
    #[ts(type = "number | null")]
    pub rows_waiting: Option<u64>,
    /// Exact text of the cursor.
    pub watermark: Option<String>,
    /// Statements that will run in the target.
    pub ddl: Vec<String>,
    /// The SELECT that will run in the source.
    pub select: Option<String>,
    /// Columns with their verdicts.
    pub columns: Vec<ColumnView>,
    /// What has changed in the source since the last run.
    pub changes: Vec<ChangeView>,
    /// Drift, risks, missing indexes; critical ones stop the table.
    pub findings: Vec<FindingView>,
    /// Why it cannot run.
    pub error: Option<ErrorView>,
}

/// State of all tables, as the state database has it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct StatusView {
    /// A row a configured table.
    pub tables: Vec<TableStatusView>,
}

/// State of one table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TableStatusView {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// `never`, `idle`, `running`, `success`, `error` or `cancelled`.
    pub status: String,
    /// Exact text of the cursor.
    pub watermark: Option<String>,
    /// When the last run ended, ISO 8601, by the state database's clock.
    pub last_run: Option<String>,
    /// Why the last run failed.
    pub error: Option<String>,
    /// Rows of the last run.
    #[ts(type = "number")]
    pub rows_processed: i64,
    /// Who runs it now.
    pub holder: Option<String>,
    /// Unresolved rejected rows.
    #[ts(type = "number")]
    pub open_errors: i64,
    /// The last comparison with its source that came to its end on this machine.
    pub compared: Option<ComparedView>,
}

/// What a table's last comparison with its source came to.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ComparedView {
    /// When it ended, ISO 8601.
    pub at: String,
    /// Rows of the source, with the table's condition.
    #[ts(type = "number")]
    pub rows_source: u64,
    /// Rows of the target, without those marked as deleted.
    #[ts(type = "number")]
    pub rows_target: u64,
    /// Keys that differ; none: the target was proved equal to its source.
    #[ts(type = "number")]
    pub differing_keys: u64,
    /// Keys that the next run was to bring.
    #[ts(type = "number")]
    pub waiting: u64,
    /// How long it took.
    pub seconds: f64,
}

/// Asks for log rows or rejected rows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct HistoryRequest {
    /// The workspace.
    pub folder: String,
    /// Only this source table.
    pub table: Option<String>,
    /// At most so many, newest first.
    pub limit: u32,
    /// Rejected rows: resolved ones too.
    pub resolved: bool,
}

/// Log rows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct LogView {
    /// Newest first.
    pub entries: Vec<LogEntryView>,
}

/// One row of `sync_logs`.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct LogEntryView {
    /// The run.
    pub run_id: String,
    /// Source table.
    pub source: String,
    /// ISO 8601.
    pub started_at: String,
    /// ISO 8601.
    pub finished_at: Option<String>,
    /// `running`, `success`, `idle`, `error` or `cancelled`.
    pub status: String,
    /// Rows read.
    #[ts(type = "number")]
    pub rows_read: i64,
    /// Rows written.
    #[ts(type = "number")]
    pub rows_merged: i64,
    /// Rows rejected.
    #[ts(type = "number")]
    pub rows_rejected: i64,
    /// What happened.
    pub message: Option<String>,
}

/// Rejected rows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ErrorsView {
    /// Newest first.
    pub errors: Vec<RejectedRowView>,
}

/// One row of `sync_errors`.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RejectedRowView {
    /// Its id, as text.
    pub id: String,
    /// Source table.
    pub source: String,
    /// ISO 8601.
    pub occurred_at: String,
    /// The run that met it last.
    pub run_id: String,
    /// Key column → exact text, in the order of the key.
    #[ts(type = "Record<string, string | null>")]
    pub pk: serde_json::Map<String, serde_json::Value>,
    /// Column → value, in the order of the table; null where payloads are switched off or have expired.
    #[ts(type = "Record<string, unknown> | null")]
    pub payload: serde_json::Value,
    /// A stable short name.
    pub code: String,
    /// The column whose value was refused, where it is known.
    pub column: Option<String>,
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

/// Moves a cursor back.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ResetRequest {
    /// The workspace.
    pub folder: String,
    /// Source table.
    pub table: String,
    /// The watermark to go back to; null for a first load from the beginning.
    pub to: Option<String>,
}

/// What a reset did.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ResetView {
    /// Source table.
    pub source: String,
    /// The cursor before.
    pub from: Option<String>,
    /// The cursor now.
    pub to: Option<String>,
}
