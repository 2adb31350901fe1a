//! What a run of a table begins with, told before the first row moves and kept for whoever looks back at the run.

use crate::config::{Mode, TableConfig};
use crate::first_load;
use crate::planning::{PhaseName, Prepared};
use firn_connector::{Phase, ReadScope, Source, TableState};

/// The plan that a run has used for one table, word for word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedPlan {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// What the run began with.
    pub phase: PhaseName,
    /// Key columns, in their order.
    pub key: Vec<String>,
    /// The watermark column, where the table is read by one.
    pub watermark_column: Option<String>,
    /// How many columns were read.
    pub columns: usize,
    /// Exact text of the cursor before the run.
    pub cursor: Option<String>,
    /// The statement for the source. A first load reads it in ranges of pages.
    pub select: String,
    /// Statements for the target, before its first rows.
    pub ddl: Vec<String>,
}

impl UsedPlan {
    /// Writes down what stands before the first row is read.
    pub(crate) fn of(config: &TableConfig, state: &TableState, prepared: &Prepared, source: &dyn Source) -> Self {
        let (phase, scope) = begins(config, state, prepared);
        let name = |at: usize| prepared.read.columns[at].name.clone();
        Self {
            source: config.state_name(),
            target: config.target.to_string(),
            phase,
            key: prepared.read.key.iter().map(|&at| name(at)).collect(),
            watermark_column: prepared.read.watermark.map(|(at, _)| name(at)),
            columns: prepared.read.columns.len(),
            cursor: state.cursor().map(|cursor| cursor.watermark.text()),
            select: source.statement(&prepared.read, &scope),
            ddl: prepared.write.ddl.clone(),
        }
    }
}

/// Returns what a run of a table begins with, and which rows that reads.
pub(crate) fn begins(config: &TableConfig, state: &TableState, prepared: &Prepared) -> (PhaseName, ReadScope) {
    match (&state.phase, config.mode) {
        (_, Mode::Full) => (PhaseName::Full, ReadScope::Whole),
        (Phase::New, _) if first_load::is_due(state, prepared) => (PhaseName::FirstLoad, ReadScope::Whole),
        (Phase::FirstLoad { .. }, _) if first_load::is_due(state, prepared) => {
            (PhaseName::ResumeFirstLoad, ReadScope::Whole)
        }
        (phase, _) => {
            let cursor = if let Phase::Incremental { cursor } = phase { cursor.clone() } else { None };
            (PhaseName::Incremental, ReadScope::After(cursor))
        }
    }
}
