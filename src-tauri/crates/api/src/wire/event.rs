//! Events: what changes while the window looks on. Coalesced to about ten a second and table.

use super::{ErrorView, FindingView, RunFinished, RunStatus, TableProgress, UsedPlanView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One event of a run. `seq` grows by one an event within a run; a gap means: ask for the run's state again.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunEvent {
    /// The run.
    pub run_id: String,
    /// Number within the run, from 1.
    #[ts(type = "number")]
    pub seq: u64,
    /// ISO 8601, UTC.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub what: RunEventKind,
}

/// What happened in a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEventKind {
    /// The run began.
    Started {
        /// Tables in it.
        tables: Vec<String>,
    },
    /// The run's status changed.
    Status {
        /// Where it stands.
        status: RunStatus,
    },
    /// A table moved on.
    Progress {
        /// The table's line.
        table: Box<TableProgress>,
    },
    /// It is known what is read of a table and what is altered in the target.
    Planned {
        /// The plan; its statements are in the run's record.
        plan: Box<UsedPlanView>,
    },
    /// Something the operator should know.
    Finding {
        /// Source table; empty for the run as a whole.
        source: String,
        /// What was found.
        finding: FindingView,
    },
    /// A transient failure; the table tries again.
    Retry {
        /// Source table.
        source: String,
        /// Which attempt failed, from 1.
        attempt: u32,
        /// ISO 8601: when it tries again.
        retry_at: String,
        /// What failed.
        error: ErrorView,
    },
    /// The run ended.
    Finished {
        /// The result.
        result: RunFinished,
    },
}
