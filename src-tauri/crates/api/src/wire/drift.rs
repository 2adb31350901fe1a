//! What has changed in a source since the last run.

use super::ChangeView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The tables in whose source something has changed since they last ran.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DriftView {
    /// In the document's order; none where nothing has changed.
    pub tables: Vec<TableDriftView>,
}

/// What has changed in the source of one table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TableDriftView {
    /// Source table.
    pub source: String,
    /// `add`, `ignore` or `stop`: what is done about changes.
    pub on_drift: String,
    /// At least one.
    pub changes: Vec<ChangeView>,
}
