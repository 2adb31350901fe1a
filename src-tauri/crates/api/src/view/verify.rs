//! Verdicts of comparisons.

use super::{failure, finding};
use crate::drivers::SignInAdvice;
use crate::wire::{CellDifferenceView, DifferingKeyView, RepairedView, VerifiedTable, VerifyView};
use firn_sync::verify::{DifferenceKind, DifferingKey, Repaired};
use firn_sync::{TableVerdict, VerifyOutcome};

pub(crate) fn verified(outcome: &VerifyOutcome, advice: &SignInAdvice) -> VerifyView {
    VerifyView {
        equal: outcome.failure.is_none() && outcome.tables.iter().all(TableVerdict::is_equal),
        tables: outcome.tables.iter().map(|verdict| table(verdict, advice)).collect(),
        error: outcome.failure.as_ref().map(|error| advice.explain(failure(error))),
    }
}

/// Returns the word for what a comparison came to.
fn status(verdict: &TableVerdict) -> &'static str {
    match &verdict.failure {
        _ if verdict.held => "held",
        Some(_) if verdict.is_cancelled() => "cancelled",
        Some(_) => "failed",
        None if verdict.is_equal() => "equal",
        None => "different",
    }
}

fn table(verdict: &TableVerdict, advice: &SignInAdvice) -> VerifiedTable {
    let mut error = verdict.failure.as_ref().map(|error| advice.explain(failure(error)));
    if let (true, Some(error)) = (verdict.held, &mut error) {
        error.code = "held".to_owned();
    }
    VerifiedTable {
        source: verdict.source.clone(),
        target: verdict.target.clone(),
        status: status(verdict).to_owned(),
        rows_source: verdict.rows_source,
        rows_target: verdict.rows_target,
        differing_keys: verdict.counts.total(),
        missing: verdict.counts.missing,
        extra: verdict.counts.extra,
        changed: verdict.counts.changed,
        rejected: verdict.counts.rejected,
        waiting: verdict.waiting,
        superseded: verdict.superseded,
        columns: verdict.columns.clone(),
        cells_of: verdict.cells_of,
        keys: verdict.keys.iter().map(key).collect(),
        repaired: verdict.repaired.map(|Repaired { written, deleted, left }| RepairedView { written, deleted, left }),
        seconds: verdict.elapsed.as_secs_f64(),
        error,
        findings: verdict.findings.iter().map(finding).collect(),
    }
}

fn key(key: &DifferingKey) -> DifferingKeyView {
    DifferingKeyView {
        kind: match key.kind {
            DifferenceKind::Missing => "missing",
            DifferenceKind::Extra => "extra",
            DifferenceKind::Changed => "changed",
        }
        .to_owned(),
        key: key.key.iter().map(|(name, text)| (name.clone(), text.clone().into())).collect(),
        reason: key.reason.clone(),
        cells: key
            .cells
            .iter()
            .map(|cell| CellDifferenceView {
                column: cell.column.clone(),
                source: cell.source.clone(),
                target: cell.target.clone(),
            })
            .collect(),
    }
}
