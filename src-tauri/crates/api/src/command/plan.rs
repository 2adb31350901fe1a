//! The dry run.

use crate::Firn;
use crate::view;
use crate::wire::{ErrorView, PlanView, TablePlanView, TablesRequest};

/// Shows what a run would do, table by table, and changes nothing.
///
/// # Errors
/// `untrusted`, `configuration`, and whatever keeps both databases from being asked. What keeps one table from being
/// planned is part of its plan.
pub async fn sync_plan(firn: &Firn, request: TablesRequest) -> Result<PlanView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let tables = usable.tables(&request.tables)?;
    let drivers = firn.drivers(&usable).await?;
    let plans = drivers.engine.plan(&tables).await;
    let advice = drivers.advice.clone();
    drivers.close().await?;
    let mut plans: Vec<TablePlanView> = plans.iter().map(view::plan).collect();
    plans.iter_mut().for_each(|plan| plan.error = plan.error.take().map(|error| advice.explain(error)));
    Ok(PlanView { tables: plans })
}
