//! What people see of the file, and tables that were there before.
#![allow(clippy::unwrap_used)]

mod fixture;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use firn_catalog::{TableName, text::value_text};
use firn_connector::{ErrorKind, Level, Target, WriteColumn, WriteMode};
use firn_duckdb::TableSummary;
use fixture::{Warehouse, items, write};

async fn with_rows(count: i64) -> Warehouse {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    let all: Vec<(i64, &str, Option<i64>)> = (0..count).map(|i| (i, "x", Some(i))).collect();
    write(&mut *writer, WriteMode::Append, all.chunks(10_000).map(items).collect(), count).await.unwrap();
    drop(writer);
    warehouse
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_views_are_listed_without_firns_own() {
    let warehouse = with_rows(5).await;
    warehouse
        .by_hand("CREATE VIEW raw.seen AS SELECT id FROM raw.items; CREATE TABLE \"odd \"\"name\" (a INTEGER)")
        .await;
    let summary = |name, rows, columns| TableSummary { name, rows, columns };
    let expected = [
        summary(TableName::new("main", "odd \"name"), Some(0), 1),
        summary(TableName::new("raw", "items"), Some(5), 3),
        summary(TableName::new("raw", "seen"), None, 1),
    ];
    assert_eq!(warehouse.target.tables().await.unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_cover_every_row_once_in_a_stable_order() {
    let warehouse = with_rows(50_000).await;
    let table = TableName::new("raw", "items");
    let page = |offset, limit| warehouse.target.page(&table, offset, limit, None);
    let whole = page(0, 100_000).await.unwrap();
    let mut ids: Vec<i64> = Vec::new();
    for offset in (0..60_000).step_by(7_000) {
        let batch = page(offset, 7_000).await.unwrap();
        ids.extend(batch.column(0).as_primitive::<Int64Type>().values());
    }
    assert_eq!(ids, whole.column(0).as_primitive::<Int64Type>().values().to_vec());
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..50_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reads_the_columns_that_are_asked_for() {
    let warehouse = with_rows(3).await;
    let table = TableName::new("RAW", "Items");
    let columns = ["version".to_owned(), "id".to_owned()];
    let batch = warehouse.target.page(&table, 1, 1, Some(&columns)).await.unwrap();
    let names: Vec<_> = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!((names, batch.num_rows()), (columns.to_vec(), 1));
    let beyond = warehouse.target.page(&table, 10, 5, Some(&columns)).await.unwrap();
    assert_eq!((beyond.num_columns(), beyond.num_rows()), (2, 0));
    let error = warehouse.target.page(&table, 0, 1, Some(&["no".to_owned()])).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration, "{}", error.chain());
    let error = warehouse.target.page(&TableName::new("raw", "no"), 0, 1, None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{}", error.chain());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_of_a_page_can_be_shown() {
    let warehouse = Warehouse::new();
    warehouse
        .by_hand(
            "CREATE TABLE t AS SELECT true AS a, 1::SMALLINT AS b, 1.5::DECIMAL(38,2) AS c, 'é' AS d, '\\x00'::BLOB AS e,
             'infinity'::DATE AS f, '24:00:00'::TIME AS g, '-infinity'::TIMESTAMPTZ AS h,
             '01234567-89ab-cdef-0123-456789abcdef'::UUID AS i, '{\"a\": 1}'::JSON AS j, [1, NULL] AS k",
        )
        .await;
    let table = TableName { database: None, schema: None, name: "t".into() };
    let batch = warehouse.target.page(&table, 0, 10, None).await.unwrap();
    let shown: Vec<String> = batch.columns().iter().map(|c| value_text(c, 0).unwrap()).collect();
    let expected = [
        "t",
        "1",
        "1.50",
        "é",
        "\\x00",
        "infinity",
        "24:00:00",
        "-infinity",
        "01234567-89ab-cdef-0123-456789abcdef",
        "{\"a\": 1}",
        "[1,null]",
    ];
    assert_eq!(shown, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_made_by_hand_is_found_whatever_the_case_of_its_name() {
    let warehouse = Warehouse::new();
    warehouse
        .by_hand("CREATE SCHEMA Raw; CREATE TABLE Raw.Items (Id INTEGER NOT NULL, made INTEGER DEFAULT 5, twice INTEGER GENERATED ALWAYS AS (id * 2)); INSERT INTO raw.items (id) VALUES (1), (2)")
        .await;
    let found = warehouse.target.inspect(&TableName::new("RAW", "ITEMS")).await.unwrap().unwrap();
    let columns: Vec<_> =
        found.columns.iter().map(|c| (c.name.as_str(), c.ty.as_str(), c.not_null, c.has_default)).collect();
    assert_eq!(
        columns,
        [("Id", "INTEGER", true, false), ("made", "INTEGER", false, true), ("twice", "INTEGER", false, true)]
    );
    assert!(found.writable && found.rows == 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_found_as_what_cannot_be_written() {
    let warehouse = Warehouse::new();
    warehouse.by_hand("CREATE SCHEMA raw; CREATE VIEW raw.items AS SELECT 1 AS id").await;
    let table = TableName::new("raw", "items");
    let found = warehouse.target.inspect(&table).await.unwrap().unwrap();
    assert!(!found.writable);
    let columns = [WriteColumn { name: "id".into(), ddl: "INTEGER".into() }];
    let (statements, findings) = warehouse.target.plan_ddl(&table, Some(&found), &columns).unwrap();
    assert!(statements.is_empty());
    assert_eq!(findings[0].level, Level::Critical);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_called_like_the_file_is_written_and_read() {
    let warehouse = Warehouse::new();
    let table = TableName::new("warehouse", "items");
    let plan =
        warehouse.plan_for(table.clone(), fixture::item_schema(), &["BIGINT", "VARCHAR", "BIGINT"], &[0], None).await;
    warehouse.target.fence(fixture::SOURCE, 1).await.unwrap();
    let mut writer = warehouse.target.writer(plan, 1).await.unwrap();
    for mode in [WriteMode::Append, WriteMode::Upsert, WriteMode::Replace] {
        write(&mut *writer, mode, vec![items(&[(1, "a", Some(1))])], 1).await.unwrap();
    }
    drop(writer);
    assert_eq!(warehouse.target.inspect(&table).await.unwrap().unwrap().rows, 1);
    assert_eq!(warehouse.target.page(&table, 0, 5, None).await.unwrap().num_rows(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_with_blanks_quotes_and_keywords_are_written_and_read() {
    let warehouse = Warehouse::new();
    let table = TableName::new("my \"schema\"", "select; drop table x --");
    let names = ["order", "a \"b\"", "Ä.ö"];
    let like = fixture::item_schema();
    let fields: Vec<_> = like.fields().iter().zip(names).map(|(f, name)| f.as_ref().clone().with_name(name)).collect();
    let schema = arrow::datatypes::Schema::new(fields);
    let plan =
        warehouse.plan_for(table.clone(), schema.clone(), &["BIGINT", "VARCHAR", "BIGINT"], &[0, 1], Some(2)).await;
    warehouse.target.fence("it's", 1).await.unwrap();
    let plan = firn_connector::WritePlan { source: "it's".into(), ..(*plan).clone() };
    let mut writer = warehouse.target.writer(plan.into(), 1).await.unwrap();
    let rows = items(&[(1, "a", Some(1)), (1, "b", Some(1))]);
    let batch = arrow::array::RecordBatch::try_new(schema.into(), rows.columns().to_vec()).unwrap();
    for _ in 0..2 {
        let done = write(&mut *writer, WriteMode::Upsert, vec![batch.clone()], 1).await.unwrap();
        assert_eq!(done.merged, 2);
    }
    drop(writer);
    let found = warehouse.target.inspect(&table).await.unwrap().unwrap();
    assert_eq!(found.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), names);
    assert_eq!(found.rows, 2);
    assert!(warehouse.target.state("it's").await.unwrap().is_some());
}
