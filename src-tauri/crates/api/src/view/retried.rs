//! What came of trying rejected rows again.

use super::outcome::{ended, failure_of, finding, run_status, run_word};
use crate::wire::{RetriedTable, RetryView};
use firn_sync::RunOutcome;

pub(crate) fn retried(run_id: &str, outcome: &RunOutcome) -> RetryView {
    let table = |outcome: &firn_sync::TableOutcome| RetriedTable {
        source: outcome.source.clone(),
        target: outcome.target.clone(),
        status: ended(outcome.result).0.to_owned(),
        rows_merged: outcome.counters.rows_merged,
        rows_gone: outcome.counters.rows_gone,
        rows_rejected: outcome.counters.rows_rejected,
        rows_without_key: outcome.counters.rows_without_key,
        seconds: outcome.elapsed.as_secs_f64(),
        error: failure_of(outcome),
        findings: outcome.findings.iter().map(finding).collect(),
    };
    RetryView {
        run_id: run_id.to_owned(),
        status: run_word(run_status(outcome.status())).to_owned(),
        tables: outcome.tables.iter().map(|outcome| table(outcome)).collect(),
    }
}
