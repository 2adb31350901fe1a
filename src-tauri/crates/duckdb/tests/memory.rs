//! Tables that need more memory than DuckDB is given at first, and many at once.
#![allow(clippy::unwrap_used)]

mod fixture;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use firn_catalog::TableName;
use firn_connector::{Target, WriteMode, WritePlan};
use firn_duckdb::{DuckdbSettings, DuckdbTarget};
use fixture::{SOURCE, Warehouse, item_schema, items, write};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_hundreds_of_columns_is_written_with_default_settings() {
    let warehouse = Warehouse::new();
    let fields: Vec<Field> = (0..400)
        .map(|i| Field::new(format!("c{i}"), if i % 2 == 0 { DataType::Int64 } else { DataType::Utf8 }, true))
        .collect();
    let ddl: Vec<&str> = (0..400).map(|i| if i % 2 == 0 { "BIGINT" } else { "VARCHAR" }).collect();
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..3_000));
    let texts: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..3_000).map(|i| format!("a text of some length {i}"))));
    let columns = (0..400).map(|i| Arc::clone(if i % 2 == 0 { &numbers } else { &texts })).collect();
    let schema = Schema::new(fields);
    let batch = RecordBatch::try_new(Arc::new(schema.clone()), columns).unwrap();
    let plan = warehouse.plan(schema, &ddl, &[0], None).await;
    warehouse.target.fence(SOURCE, 1).await.unwrap();
    let mut writer = warehouse.target.writer(plan, 1).await.unwrap();
    for mode in [WriteMode::Append, WriteMode::Upsert, WriteMode::Replace] {
        let done = write(&mut *writer, mode, vec![batch.clone()], 1).await.unwrap();
        assert_eq!((done.merged, done.duplicates), (3_000, 0), "{mode:?}");
    }
    drop(writer);
    assert_eq!(
        warehouse.ask("SELECT count(*), max(c399) FROM raw.items").await,
        [["3000", "a text of some length 999"]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_spread_over_a_large_table_fit_a_small_memory_limit() {
    let mut warehouse = Warehouse::new();
    warehouse
        .by_hand("CREATE SCHEMA raw; CREATE TABLE raw.items AS SELECT range AS id, 'old' AS name, range AS version FROM range(8_000_000)")
        .await;
    let settings = DuckdbSettings { memory_limit: 40 << 20, ..DuckdbSettings::new(warehouse.path()) };
    warehouse.target = DuckdbTarget::new(settings);
    let mut writer = warehouse.writer(1).await;
    let changed: Vec<(i64, &str, Option<i64>)> = (0..20_000).map(|i| (i * 400, "new", Some(i))).collect();
    let done = write(&mut *writer, WriteMode::Upsert, changed.chunks(5_000).map(items).collect(), 1).await.unwrap();
    assert_eq!(done.merged, 20_000);
    drop(writer);
    let found =
        warehouse.ask("SELECT count(*), count(DISTINCT id), count(*) FILTER (name = 'new') FROM raw.items").await;
    assert_eq!(found, [["8000000", "8000000", "20000"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_written_at_once_do_not_disturb_each_other() {
    let warehouse = Warehouse::new();
    let mut tasks = tokio::task::JoinSet::new();
    for table in 0..8 {
        let name = TableName::new("raw", format!("t{table}"));
        let plan = warehouse.plan_for(name, item_schema(), &["BIGINT", "VARCHAR", "BIGINT"], &[0], Some(2)).await;
        let plan = WritePlan { source: format!("public.t{table}"), ..(*plan).clone() };
        let target = DuckdbTarget::new(DuckdbSettings::new(warehouse.path()));
        tasks.spawn(async move {
            target.fence(&plan.source, 1).await.unwrap();
            let mut writer = target.writer(plan.into(), 1).await.unwrap();
            for round in 0..5 {
                let mode = if round == 0 { WriteMode::Append } else { WriteMode::Upsert };
                let rows: Vec<(i64, &str, Option<i64>)> = (0..2_000).map(|i| (i, "x", Some(round))).collect();
                write(&mut *writer, mode, rows.chunks(500).map(items).collect(), round).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    for table in 0..8 {
        let found = warehouse.ask(&format!("SELECT count(*), min(version) FROM raw.t{table}")).await;
        assert_eq!(found, [["2000", "4"]]);
    }
    assert_eq!(warehouse.ask("SELECT count(*) FROM _firn.tables WHERE watermark = '4'").await, [["8"]]);
}
