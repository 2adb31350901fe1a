//! Real rows of a table, before and after their transforms.

use crate::Firn;
use crate::wire::{ErrorView, PreviewCellView, PreviewColumn, PreviewRequest, PreviewView, RefusedView, WorstView};
use firn_sync::TablePreview;

/// Most rows of a preview.
const MOST_ROWS: u32 = 100;

/// Reads a sample of a table as a run would read it, and shows some of its rows.
///
/// # Errors
/// `untrusted`; `configuration` for a transform or condition that the server does not take or that fails on a row,
/// with the column and the server's message; whatever keeps the source from being asked.
pub async fn sync_preview(firn: &Firn, request: PreviewRequest) -> Result<PreviewView, ErrorView> {
    let mut usable = firn.usable(&request.folder).await?;
    usable.read_instead(firn, request.document.as_deref())?;
    let config = usable.table(&request.table)?;
    let drivers = firn.drivers(&usable).await?;
    let preview =
        drivers.engine.preview(&config, request.rows.min(MOST_ROWS) as usize, request.column.as_deref()).await;
    let advice = drivers.advice.clone();
    drivers.close().await?;
    let preview = preview.map_err(|error| advice.explain(error.into()))?;
    Ok(wire(preview))
}

fn wire(preview: TablePreview) -> PreviewView {
    let column = |column: &firn_sync::planning::PlannedColumn| PreviewColumn {
        name: column.name.clone(),
        transform: column.transform.clone().flatten(),
        key: column.key,
    };
    let cell = |cell: firn_sync::preview::PreviewCell| PreviewCellView { before: cell.before, after: cell.after };
    PreviewView {
        source: preview.source.to_string(),
        columns: preview.columns.iter().map(column).collect(),
        rows: preview.rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect(),
        sampled: preview.sampled,
        matching: preview.matching,
        complete: preview.complete,
        refused: preview
            .refused
            .into_iter()
            .map(|r| RefusedView { column: r.column, code: r.code, message: r.message, rows: r.rows })
            .collect(),
        worst: preview
            .worst
            .into_iter()
            .map(|w| WorstView {
                column: w.column,
                what: w.what,
                value: w.value,
                characters: w.characters,
                rows: w.rows,
            })
            .collect(),
    }
}
