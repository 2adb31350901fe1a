//! Local state in SQLite: the workspaces that were opened, the history of runs, the last comparisons, the window.
//!
//! Nothing here is the truth about data: cursors live in targets, their report in the state tables of the source. Losing
//! this file loses a list of recent folders and a history. Several processes may have it open at once.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod comparisons;
mod count;
mod error;
mod events;
mod open;
mod recent;
mod runs;
mod standing;
mod window;

pub use chrono::{DateTime, Utc};
pub use comparisons::Comparison;
pub use error::StoreError;
pub use events::{MAX_EVENT_BYTES, MAX_EVENTS, RunEvent};
pub use open::Store;
pub use recent::RecentWorkspace;
pub use runs::{Holder, MAX_RUNS, Run, RunFinish, RunStart, RunStatus, RunTable, Trigger};
pub use uuid::Uuid;
