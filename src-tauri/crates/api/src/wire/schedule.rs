//! The schedule of a workspace in the window's process.

use super::{ErrorView, TableHealth};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How the schedule of a workspace stands in this process.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ScheduleView {
    /// The workspace.
    pub folder: String,
    /// Whether it runs.
    pub state: ScheduleState,
    /// ISO 8601, UTC: since when it runs.
    pub since: Option<String>,
    /// A line a table, while it runs.
    pub tables: Vec<TableHealth>,
    /// Why it does not run, or why the workspace as it is now is not the one that runs.
    pub error: Option<ErrorView>,
}

/// Whether a schedule runs: `stopped → running → stopping → stopped`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleState {
    /// Nothing is started by the clock.
    Stopped,
    /// Tables run when they are due.
    Running,
    /// Nothing is started any more, and what runs is coming to its end.
    Stopping,
}
