//! Columns with their verdicts, dry runs, and tables found in a source.

use super::{failure, finding};
use crate::run::phase_word;
use crate::wire::{ChangeView, ColumnView, TablePlanView};
use firn_catalog::{ColumnPlan, Dialect, PgType, Verdict, casts};
use firn_postgres::quote;
use firn_sync::planning::PlannedColumn;
use firn_sync::{Change, ChangeKind, TablePlan};

pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exact => "exact",
        Verdict::Widens => "widens",
        Verdict::Lossy => "lossy",
        Verdict::AsText => "as_text",
        Verdict::Refused => "refused",
    }
}

/// Turns a column into its wire form, neither key nor watermark and without a transform.
pub(crate) fn column(name: &str, ty: &PgType, plan: &ColumnPlan) -> ColumnView {
    ColumnView {
        name: name.to_owned(),
        source_type: ty.to_string(),
        target_type: plan.ddl.clone(),
        verdict: verdict(plan.verdict).to_owned(),
        note: plan.note.clone(),
        transform: None,
        key: false,
        watermark: false,
    }
}

pub(crate) fn plan(plan: &TablePlan) -> TablePlanView {
    let columns = plan.columns.iter().map(|planned| ColumnView {
        transform: planned
            .transform
            .as_ref()
            .map(|expression| expression.clone().unwrap_or_else(|| "left out".to_owned())),
        key: planned.key,
        watermark: planned.watermark,
        ..column(&planned.name, &planned.ty, &judged(planned))
    });
    TablePlanView {
        source: plan.source.clone(),
        target: plan.target.clone(),
        phase: plan.phase.map(|phase| phase_word(phase).to_owned()),
        rows_waiting: plan.rows_waiting,
        watermark: plan.watermark.clone(),
        ddl: plan.ddl.clone(),
        select: plan.select.clone(),
        columns: columns.collect(),
        changes: plan.changes.iter().map(change).collect(),
        findings: plan.findings.iter().map(finding).collect(),
        error: plan.failure.as_ref().map(failure),
    }
}

/// Returns how a column travels, with the verdict of the whole way where its transform is a cast that is offered: the type
/// that the cast yields may be exact, and the cast not.
fn judged(column: &PlannedColumn) -> ColumnPlan {
    let sql = column.transform.as_ref().and_then(Option::as_deref);
    let cast = sql.and_then(|sql| {
        let offered = casts(&column.own, Dialect::Duckdb).into_iter();
        offered.filter(|cast| cast.ddl == column.plan.ddl).find(|cast| quote::cast(&column.name, &cast.form) == sql)
    });
    match cast {
        Some(cast) => ColumnPlan { verdict: cast.verdict, note: cast.note, ..column.plan.clone() },
        None => column.plan.clone(),
    }
}

pub(crate) fn change(change: &Change) -> ChangeView {
    ChangeView {
        kind: match change.kind {
            ChangeKind::New => "new",
            ChangeKind::Removed => "removed",
            ChangeKind::Changed => "changed",
        }
        .to_owned(),
        column: change.column.clone(),
        before: change.before.clone(),
        now: change.now.clone(),
        outcome: change.outcome.clone(),
        stops: change.stops,
    }
}
