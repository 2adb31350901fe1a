//! Plans that runs have used.

use crate::run::phase_word;
use crate::wire::{UsedPlanView, UsedStatements};
use firn_sync::UsedPlan;

/// Turns a plan that was used into its wire form, with its statements.
pub(crate) fn used(plan: &UsedPlan) -> UsedPlanView {
    UsedPlanView {
        source: plan.source.clone(),
        target: plan.target.clone(),
        phase: phase_word(plan.phase).to_owned(),
        key: plan.key.clone(),
        watermark_column: plan.watermark_column.clone(),
        columns: u32::try_from(plan.columns).unwrap_or(u32::MAX),
        cursor: plan.cursor.clone(),
        statements: Some(UsedStatements { select: plan.select.clone(), ddl: plan.ddl.clone() }),
    }
}
