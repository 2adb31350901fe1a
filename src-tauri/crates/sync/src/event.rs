//! Progress as data. Edges number and coalesce it.

use crate::outcome::{Counters, Failure, TableOutcome};
use crate::planning::PhaseName;
use crate::used::UsedPlan;
use firn_connector::Finding;
use std::sync::Arc;
use std::time::Duration;

/// What is going on with a table:
/// `Queued → Inspecting → Reading ⇄ Merging → Done`, `Waiting → Inspecting` around a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Not begun.
    Queued,
    /// Schema, state and horizon are being read.
    Inspecting,
    /// Rows are being read and staged.
    Reading,
    /// A group is being committed.
    Merging,
    /// Pauses before a retry.
    Waiting,
    /// Ended; the outcome says how.
    Done,
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A table moved to another stage.
    Stage {
        /// Source table.
        source: String,
        /// The stage.
        stage: Stage,
    },
    /// It is known what kind of read comes.
    Phase {
        /// Source table.
        source: String,
        /// The kind.
        phase: PhaseName,
        /// Rows expected, where they are known.
        rows_expected: Option<u64>,
    },
    /// It is known, word for word, what will be read and what is altered in the target.
    Planned(Arc<UsedPlan>),
    /// Counts moved.
    Progress {
        /// Source table.
        source: String,
        /// Counts since the table began.
        counters: Counters,
        /// Exact text of the durable cursor.
        watermark: Option<String>,
    },
    /// Something the operator should know.
    Finding {
        /// Source table.
        source: String,
        /// What was found.
        finding: Finding,
    },
    /// A transient failure; the table tries again after `wait`.
    Retry {
        /// Source table.
        source: String,
        /// Which attempt failed, from 1.
        attempt: u32,
        /// The pause.
        wait: Duration,
        /// What failed.
        failure: Failure,
    },
    /// A table ended.
    Finished(Arc<TableOutcome>),
}

/// Takes events. Called from the engine's tasks; must not block.
pub trait ProgressSink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);
}

impl<F: Fn(Event) + Send + Sync> ProgressSink for F {
    fn emit(&self, event: Event) {
        self(event);
    }
}
