//! A table read back: every row once, in one view, whatever happens beside it.
#![allow(clippy::unwrap_used)]

mod fixture;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};
use firn_catalog::{TableName, Watermark, WatermarkKind};
use firn_connector::{ErrorKind, Target, TargetRead, TargetScope, TargetView};
use fixture::Warehouse;
use futures::{StreamExt as _, TryStreamExt as _};

fn read(columns: &[&str]) -> TargetRead {
    TargetRead {
        table: TableName::new("raw", "items"),
        columns: columns.iter().map(|c| (*c).to_owned()).collect(),
        deleted_at: None,
    }
}

async fn all(view: &dyn TargetView, scope: TargetScope) -> Vec<RecordBatch> {
    view.read(scope).await.unwrap().try_collect().await.unwrap()
}

fn ids(batches: &[RecordBatch]) -> Vec<i64> {
    let mut ids: Vec<i64> =
        batches.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values().to_vec()).collect();
    ids.sort_unstable();
    ids
}

const MAKE: &str = "CREATE SCHEMA raw; CREATE TABLE raw.items AS SELECT range AS id, 'name ' || range AS name,
    TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_microseconds(range) AS at FROM range(300000);
    DELETE FROM raw.items WHERE id BETWEEN 100000 AND 150000; UPDATE raw.items SET name = 'x' WHERE id % 1000 = 0";

#[tokio::test]
async fn every_row_comes_once_in_one_view() {
    let warehouse = Warehouse::new();
    warehouse.by_hand(MAKE).await;
    let view = warehouse.target.view(read(&["id", "name"])).await.unwrap();
    // Another table's commit goes on beside it, and what happens to this one is not seen.
    warehouse.target.fence("public.other", 3).await.unwrap();
    let expected: Vec<i64> = (0..100_000).chain(150_001..300_000).collect();
    assert_eq!(ids(&all(view.as_ref(), TargetScope::Whole).await), expected);
    assert_eq!(ids(&all(view.as_ref(), TargetScope::Whole).await), expected);
}

#[tokio::test]
async fn a_stream_that_is_dropped_gives_the_view_to_the_next() {
    let warehouse = Warehouse::new();
    warehouse.by_hand(MAKE).await;
    let view = warehouse.target.view(read(&["id"])).await.unwrap();
    let mut stream = view.read(TargetScope::Whole).await.unwrap();
    assert!(stream.next().await.unwrap().unwrap().num_rows() > 0);
    drop(stream);
    assert_eq!(ids(&all(view.as_ref(), TargetScope::Whole).await).len(), 249_999);
    drop(view);
    // Nothing of it holds the file.
    assert_eq!(warehouse.ask("SELECT count(*) FROM raw.items").await, [["249999"]]);
}

#[tokio::test]
async fn rows_from_a_watermark_on_and_those_without_one() {
    let warehouse = Warehouse::new();
    warehouse.by_hand(MAKE).await;
    warehouse.by_hand("UPDATE raw.items SET \"at\" = NULL WHERE id = 7").await;
    let view = warehouse.target.view(read(&["id"])).await.unwrap();
    let least = Watermark::parse(WatermarkKind::Timestamptz, "2024-01-01 00:00:00.29999+00").unwrap();
    let scope = TargetScope::From { column: "at".into(), least };
    let expected: Vec<i64> = std::iter::once(7).chain(299_990..300_000).collect();
    assert_eq!(ids(&all(view.as_ref(), scope).await), expected);
}

#[tokio::test]
async fn marked_rows_are_left_out() {
    let warehouse = Warehouse::new();
    warehouse.by_hand("CREATE SCHEMA raw; CREATE TABLE raw.items (id BIGINT, gone TIMESTAMPTZ); INSERT INTO raw.items VALUES (1, NULL), (2, now())").await;
    let marked = TargetRead { deleted_at: Some("gone".into()), ..read(&["id"]) };
    let view = warehouse.target.view(marked).await.unwrap();
    assert_eq!(ids(&all(view.as_ref(), TargetScope::Whole).await), [1]);
}

#[tokio::test]
async fn values_come_in_types_that_lose_nothing() {
    let warehouse = Warehouse::new();
    warehouse
        .by_hand(
            "CREATE SCHEMA raw; CREATE TABLE raw.items AS SELECT 1::BIGINT AS id,
             '00000000-0000-0000-0000-00000000002a'::UUID AS u, '12:00:00.5+02'::TIMETZ AS t,
             170141183460469231731687303715884105727::HUGEINT AS h, true AS b, '{\"a\": 1}'::JSON AS j",
        )
        .await;
    let view = warehouse.target.view(read(&["id", "u", "t", "h", "b", "j"])).await.unwrap();
    let types: Vec<DataType> = view.schema().fields().iter().map(|f| f.data_type().clone()).collect();
    assert_eq!(types[1], DataType::FixedSizeBinary(16));
    let batch = &all(view.as_ref(), TargetScope::Whole).await[0];
    assert_eq!(batch.column(1).as_fixed_size_binary().value(0)[15], 42);
    assert_eq!(batch.column(2).as_string::<i32>().value(0), "12:00:00.5+02");
    assert_eq!(batch.column(3).as_string::<i32>().value(0), "170141183460469231731687303715884105727");
    assert_eq!(batch.column(5).as_string::<i32>().value(0), "{\"a\": 1}");
}

#[tokio::test]
async fn wide_rows_fit_the_memory_limit() {
    let warehouse = Warehouse::new();
    warehouse
        .by_hand(
            "CREATE SCHEMA raw; CREATE TABLE raw.items AS SELECT range AS id, repeat(md5(range::VARCHAR), 2000) AS big FROM range(2500)",
        )
        .await;
    let view = warehouse.target.view(read(&["id", "big"])).await.unwrap();
    let mut stream = view.read(TargetScope::Whole).await.unwrap();
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch.unwrap();
        assert!(batch.column(1).as_string::<i32>().value(0).len() == 64_000);
        rows += batch.num_rows();
    }
    assert_eq!(rows, 2500);
}

#[tokio::test]
async fn a_missing_table_is_an_error_that_says_so() {
    let warehouse = Warehouse::new();
    warehouse.by_hand("CREATE SCHEMA raw").await;
    let Err(error) = warehouse.target.view(read(&["id"])).await else { panic!("there is no table") };
    assert_eq!(error.kind, ErrorKind::NotFound);
}
