//! Results of tables and runs, findings and failures.

use crate::error::code;
use crate::wire::{ErrorView, FindingView, LevelView, RunStatus, Stage, TableResult};
use firn_connector::{Finding, Level};
use firn_sync::{Failure, TableOutcome};

pub(crate) fn finding(finding: &Finding) -> FindingView {
    FindingView {
        level: match finding.level {
            Level::Ok => LevelView::Ok,
            Level::Info => LevelView::Info,
            Level::Warning => LevelView::Warning,
            Level::Critical => LevelView::Critical,
        },
        code: finding.code.clone(),
        message: finding.message.clone(),
        fix: finding.fix.clone(),
    }
}

pub(crate) fn failure(failure: &Failure) -> ErrorView {
    ErrorView {
        code: code(failure.kind).to_owned(),
        message: failure.message.clone(),
        hint: failure.hint.clone(),
        side: Some(failure.side.to_string()),
        table: failure.table.clone(),
        problems: Vec::new(),
    }
}

/// Returns the word and the stage of a table that has ended.
pub(super) fn ended(result: firn_sync::TableResult) -> (&'static str, Stage) {
    match result {
        firn_sync::TableResult::Success => ("success", Stage::Done),
        firn_sync::TableResult::Idle => ("idle", Stage::Done),
        firn_sync::TableResult::Partial => ("partial", Stage::Done),
        firn_sync::TableResult::Failed => ("failed", Stage::Failed),
        firn_sync::TableResult::Cancelled => ("cancelled", Stage::Cancelled),
        firn_sync::TableResult::Held => ("held", Stage::Held),
    }
}

/// Returns why a table failed or was held.
pub(super) fn failure_of(outcome: &TableOutcome) -> Option<ErrorView> {
    let mut error = outcome.failure.as_ref().map(failure);
    if let (firn_sync::TableResult::Held, Some(error)) = (outcome.result, &mut error) {
        error.code = "held".to_owned();
    }
    error
}

pub(crate) fn outcome(outcome: &TableOutcome) -> (Stage, TableResult) {
    let (status, stage) = ended(outcome.result);
    let error = failure_of(outcome);
    let counters = &outcome.counters;
    let result = TableResult {
        source: outcome.source.clone(),
        target: outcome.target.clone(),
        status: status.to_owned(),
        rows_read: counters.rows_read,
        rows_merged: counters.rows_merged,
        rows_rejected: counters.rows_rejected,
        rows_deleted: counters.rows_deleted,
        rows_duplicate: counters.rows_duplicate,
        rows_null_watermark: counters.rows_null_watermark,
        watermark: outcome.watermark.clone(),
        seconds: outcome.elapsed.as_secs_f64(),
        error,
        findings: outcome.findings.iter().map(finding).collect(),
    };
    (stage, result)
}

pub(crate) fn stage(stage: firn_sync::Stage) -> Option<Stage> {
    match stage {
        firn_sync::Stage::Queued => Some(Stage::Queued),
        firn_sync::Stage::Inspecting => Some(Stage::Inspecting),
        firn_sync::Stage::Reading => Some(Stage::Reading),
        firn_sync::Stage::Merging => Some(Stage::Merging),
        firn_sync::Stage::Waiting => Some(Stage::Waiting),
        // The table's outcome says how it ended and follows at once.
        firn_sync::Stage::Done => None,
    }
}

pub(crate) fn run_status(status: firn_sync::RunStatus) -> RunStatus {
    match status {
        firn_sync::RunStatus::Success => RunStatus::Success,
        firn_sync::RunStatus::Partial => RunStatus::Partial,
        firn_sync::RunStatus::Failed => RunStatus::Failed,
        firn_sync::RunStatus::Cancelled => RunStatus::Cancelled,
        firn_sync::RunStatus::Held => RunStatus::Held,
    }
}

/// Returns the word of a finished run in its result: one of `success`, `partial`, `failed` and `cancelled`.
///
/// A run that found every table held has failed for the reader of the word; its tables and the exit code say `held`.
pub(crate) fn run_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Success => "success",
        RunStatus::Partial => "partial",
        RunStatus::Cancelled | RunStatus::Cancelling => "cancelled",
        RunStatus::Failed | RunStatus::Held | RunStatus::Interrupted | RunStatus::Running => "failed",
    }
}
