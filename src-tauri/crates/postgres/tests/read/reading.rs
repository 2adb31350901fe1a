//! Plans over the tables of a test, and all rows of a scope.

use firn_catalog::text::value_text;
use firn_catalog::{Dialect, PgType, TableName, WatermarkKind, plan_column};
use firn_connector::{ReadBatch, ReadColumn, ReadPlan, ReadScope, Result, Snapshot};
use firn_postgres::snapshot::PgSnapshot;
use futures::StreamExt;
use sqlx::postgres::PgPool;
use std::sync::Arc;

/// Makes a plan over `public.<table>`: the first column is the key.
pub fn plan(table: &str, columns: &[(&str, PgType)]) -> ReadPlan {
    let columns = columns.iter().map(|(name, ty)| ReadColumn {
        name: (*name).to_owned(),
        expression: None,
        ty: ty.clone(),
        plan: plan_column(ty, Dialect::Duckdb),
    });
    ReadPlan {
        table: TableName::new("public", table),
        columns: columns.collect(),
        key: vec![0],
        watermark: None,
        filter: None,
        row_versions: false,
        batch_rows: 1000,
        batch_bytes: 8 << 20,
    }
}

/// Names a column of a plan as its watermark.
pub fn along(mut plan: ReadPlan, column: usize) -> ReadPlan {
    plan.watermark = WatermarkKind::of(&plan.columns[column].ty).map(|kind| (column, kind));
    plan
}

/// Reads a scope to its end.
pub async fn read(snapshot: &impl Snapshot, scope: ReadScope) -> Result<Vec<ReadBatch>> {
    let mut stream = snapshot.read(scope).await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch?);
    }
    Ok(batches)
}

/// Reads a scope in a snapshot of its own.
pub async fn read_once(pool: &PgPool, plan: &ReadPlan, scope: ReadScope) -> Result<Vec<ReadBatch>> {
    let snapshot = PgSnapshot::open(pool, Arc::new(plan.clone()), 1).await?;
    read(&snapshot, scope).await
}

/// Returns the texts of one column over all batches.
pub fn texts(batches: &[ReadBatch], column: usize) -> Vec<Option<String>> {
    let rows = |batch: &ReadBatch| 0..batch.batch.num_rows();
    batches.iter().flat_map(|batch| rows(batch).map(|row| value_text(batch.batch.column(column), row))).collect()
}

/// Returns the integers of the first column over all batches.
pub fn ids(batches: &[ReadBatch]) -> Vec<i64> {
    texts(batches, 0).into_iter().map(|text| text.unwrap().parse().unwrap()).collect()
}
