//! Reading the keys of a whole source table.

use crate::config::TableConfig;
use crate::engine::Engine;
use crate::planning::Prepared;
use firn_catalog::{PgType, plan_column};
use firn_connector::switches::{Protection, on};
use firn_connector::{BatchStream, ReadColumn, ReadPlan, ReadScope, Result, Snapshot};
use futures::StreamExt as _;
use futures::stream::{iter, once};
use std::sync::Arc;

/// Rows of a batch of keys: they are narrow.
const KEY_ROWS: usize = 32_768;

/// Name of the column that says whether a row matches the table's condition.
const INSIDE: &str = "_firn_inside";

/// Plans the read of the key columns. A condition of the table leaves no row out; its word stands beside each key.
pub(super) fn plan(config: &TableConfig, prepared: &Prepared) -> ReadPlan {
    let read = &prepared.read;
    let mut columns: Vec<ReadColumn> = read.key.iter().map(|at| read.columns[*at].clone()).collect();
    let key = (0..columns.len()).collect();
    let mut filter = config.filter.clone();
    if on(Protection::DeleteWholeTable)
        && let Some(condition) = filter.take()
    {
        columns.push(ReadColumn {
            name: INSIDE.to_owned(),
            expression: Some(format!("(\n{condition}\n) IS TRUE")),
            ty: PgType::Bool,
            plan: plan_column(&PgType::Bool, prepared.dialect),
        });
    }
    ReadPlan { columns, key, watermark: None, filter, row_versions: false, batch_rows: KEY_ROWS, ..(**read).clone() }
}

/// Opens a view in which no row is hidden and reads it, in page ranges where the table has them. The stream ends
/// without an error only when every range was read to its end.
pub(super) async fn read(engine: &Engine, prepared: &Prepared, plan: ReadPlan, readers: usize) -> Result<BatchStream> {
    let snapshot: Arc<dyn Snapshot> = Arc::from(engine.source.complete_snapshot(Arc::new(plan), readers).await?);
    let ranges = if prepared.table.page_ranges && readers > 1 {
        snapshot.ranges(engine.range_bytes(prepared.table.pages)).await?
    } else {
        Vec::new()
    };
    let scopes =
        if ranges.is_empty() { vec![ReadScope::Whole] } else { ranges.into_iter().map(ReadScope::Pages).collect() };
    let part = move |scope| {
        let snapshot = Arc::clone(&snapshot);
        let opened = once(async move {
            match snapshot.read(scope).await {
                Ok(batches) => batches,
                Err(error) => once(async { Err(error) }).boxed(),
            }
        });
        opened.flatten().boxed()
    };
    Ok(iter(scopes).map(part).flatten_unordered(readers).boxed())
}
