//! What is kept of a run: its events, the plans it used, its chart as a file.

use super::RunEvent;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for what is kept of a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunRecordRequest {
    /// The run.
    pub run_id: String,
    /// Only of this source table, and with the plan that was used for it; null for the whole run.
    pub table: Option<String>,
}

/// What is kept of a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunRecordView {
    /// Its events in their order: every one but counts that only moved on. Of very many the oldest are gone.
    pub events: Vec<RunEvent>,
    /// How many events are kept that this version of Firn cannot read.
    pub unreadable: u32,
    /// The plan that was used last for the table that was asked for; null where it was not read at all.
    pub plan: Option<UsedPlanView>,
}

/// The plan that a run has used for one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UsedPlanView {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// `first_load`, `resume_first_load`, `incremental` or `full`.
    pub phase: String,
    /// Key columns, in their order.
    pub key: Vec<String>,
    /// The watermark column, where the table is read by one.
    pub watermark_column: Option<String>,
    /// How many columns were read.
    pub columns: u32,
    /// Exact text of the cursor before the run.
    pub cursor: Option<String>,
    /// The statements, word for word; null in an event, where they would be too long: the run's record has them.
    pub statements: Option<UsedStatements>,
}

/// Statements of a plan that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UsedStatements {
    /// The SELECT that ran in the source. A first load reads it in ranges of pages.
    pub select: String,
    /// Statements that ran in the target, before its first rows.
    pub ddl: Vec<String>,
}

/// Writes a run's chart into a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunChartSave {
    /// The run.
    pub run_id: String,
    /// Where to: an absolute path that ends in `.png` or `.svg`, which says what is written.
    pub path: String,
    /// Width in pixels; a PNG has twice as many.
    pub width: u32,
    /// Height in pixels; a PNG has twice as many.
    pub height: u32,
    /// Light on dark.
    pub dark: bool,
    /// Whether a file that is there already is replaced.
    pub replace: bool,
}

/// A file that was written.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SavedFile {
    /// Where it is.
    pub path: String,
    /// How long it is.
    #[ts(type = "number")]
    pub bytes: u64,
}
