//! Columns with their verdicts, dry runs, and tables found in a source.

use super::{failure, finding};
use crate::run::phase_word;
use crate::wire::{ColumnView, TablePlanView};
use firn_catalog::{ColumnPlan, PgType, Verdict};
use firn_sync::TablePlan;

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
        ..column(&planned.name, &planned.ty, &planned.plan)
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
        findings: plan.findings.iter().map(finding).collect(),
        error: plan.failure.as_ref().map(failure),
    }
}
