//! Moving a cursor back.

use crate::Firn;
use crate::wire::{ErrorView, ResetRequest, ResetView};

/// Moves a table's cursor back to a watermark, or to the beginning. Rows are read again; none are deleted.
///
/// # Errors
/// `configuration` for a text that is no watermark of the table; `held` while another runner has the table.
pub async fn sync_reset(firn: &Firn, request: ResetRequest) -> Result<ResetView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let table = usable.table(&request.table)?;
    if let Some(run) = firn.inner.runs.going_on(&usable.folder.name) {
        let message = format!("a run of this workspace is going on since {}", run.view().started_at);
        return Err(ErrorView::busy(message).with_hint("wait for it, or cancel it, before a cursor is moved"));
    }
    let drivers = firn.drivers(&usable).await?;
    let run_id = uuid::Uuid::new_v4().to_string();
    let reset = drivers.engine.reset(&run_id, &table, request.to.as_deref()).await;
    let advice = drivers.advice.clone();
    drivers.close().await?;
    let (from, to) = reset.map_err(|error| advice.explain(error.into()))?;
    Ok(ResetView { source: table.state_name(), from, to })
}
