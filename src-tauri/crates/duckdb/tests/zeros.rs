//! The sign of a zero: what DuckDB keeps of it, and what it does not once a file is packed.
#![allow(clippy::unwrap_used)]

mod fixture;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use firn_connector::{Target, WriteMode};
use fixture::{SOURCE, Warehouse, write};
use std::sync::Arc;

/// Rows of each column.
const ROWS: i64 = 3_000;

/// Returns how many rows of a column have a zero of the sign that was written, and how many of the other.
async fn signs(warehouse: &Warehouse, column: &str, negative: &str) -> Vec<String> {
    let sql = format!(
        "SELECT count(*) FILTER (signbit({column}) = ({negative})), count(*) FILTER (signbit({column}) <> ({negative})) \
         FROM raw.items WHERE {column} = 0"
    );
    warehouse.ask(&sql).await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zero_keeps_its_sign_but_where_zeros_of_both_signs_stand_in_runs() {
    let warehouse = Warehouse::new();
    let of =
        |value: &dyn Fn(i64) -> f64| -> ArrayRef { Arc::new(Float64Array::from_iter_values((0..ROWS).map(value))) };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(0..ROWS)),
        of(&|_| -0.0),
        of(&|n| [0.0, 1.5, -0.0, -7.25, n as f64 / 7.0][n as usize % 5]),
        of(&|n| if n < ROWS / 2 { 0.0 } else { -0.0 }),
    ];
    let names = ["id", "negative", "mixed", "runs"];
    let types = [DataType::Int64, DataType::Float64, DataType::Float64, DataType::Float64];
    let schema = Schema::new(names.iter().zip(types).map(|(name, ty)| Field::new(*name, ty, true)).collect::<Vec<_>>());
    let batch = RecordBatch::try_new(Arc::new(schema.clone()), columns).unwrap();
    let plan = warehouse.plan(schema, &["BIGINT", "DOUBLE", "DOUBLE", "DOUBLE"], &[0], None).await;
    warehouse.target.fence(SOURCE, 1).await.unwrap();
    let mut writer = warehouse.target.writer(plan, 1).await.unwrap();
    for mode in [WriteMode::Append, WriteMode::Upsert, WriteMode::Replace] {
        write(&mut *writer, mode, vec![batch.clone()], 1).await.unwrap();
    }
    drop(writer);
    warehouse.by_hand("CHECKPOINT").await;
    let all = ROWS.to_string();
    assert_eq!(signs(&warehouse, "negative", "true").await, [all.as_str(), "0"]);
    // Of five values the first and the third are zeros.
    assert_eq!(signs(&warehouse, "mixed", "id % 5 = 2").await, ["1200", "0"]);
    // DuckDB packs equal values that follow each other as one, and takes 0 and −0 for equal.
    assert_eq!(signs(&warehouse, "runs", "id >= 1500").await, ["1500", "1500"]);
    assert_eq!(warehouse.ask("SELECT count(*) FROM raw.items WHERE runs = 0").await, [[all]]);
}
