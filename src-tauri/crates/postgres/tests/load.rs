//! Loads into a real server: one transaction, exact refusals, nothing left behind.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use arrow::array::{ArrayRef, Int32Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Field, Schema};
use firn_catalog::TableName;
use firn_connector::{Error, ErrorKind, Result, Side};
use firn_postgres::encode::Unfit;
use firn_postgres::load::{Loaded, OnUnfit, PostgresLoad};
use firn_postgres::transaction::PgTransaction;
use firn_testbed::Cluster;
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Row};
use std::sync::Arc;
use std::time::Duration;

/// Returns a database of the test's own.
async fn database(name: &str) -> PgPool {
    let cluster = Cluster::shared().unwrap();
    cluster.psql("postgres", &format!("CREATE DATABASE {name}")).unwrap();
    cluster.pool(name).await.unwrap()
}

async fn execute(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await.unwrap();
}

async fn one(pool: &PgPool, sql: &str) -> String {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_one(pool).await.unwrap().get(0)
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn numbers(range: std::ops::Range<i32>) -> RecordBatch {
    let texts = StringArray::from_iter_values(range.clone().map(|n| format!("t{n}")));
    batch(vec![("id", Arc::new(Int32Array::from_iter_values(range))), ("note", Arc::new(texts))])
}

async fn load(
    transaction: &mut PgTransaction,
    table: &str,
    columns: &[&str],
    batches: Vec<Result<RecordBatch>>,
    on_unfit: OnUnfit,
) -> Result<Loaded> {
    let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let load = PostgresLoad::open(transaction, &TableName::new("public", table), &columns).await?;
    load.run(transaction, futures::stream::iter(batches), on_unfit).await
}

#[tokio::test]
async fn loads_and_statements_of_a_transaction_come_true_together() {
    let pool = database("together").await;
    execute(&pool, "CREATE TABLE t (id int PRIMARY KEY, note text, made int DEFAULT 7)").await;
    for commit in [false, true] {
        let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
        let batches = vec![Ok(numbers(0..5000)), Ok(numbers(5000..5003))];
        let loaded = load(&mut transaction, "t", &["id", "note"], batches, OnUnfit::Stop).await.unwrap();
        assert_eq!((loaded.rows, loaded.left_out.len()), (5003, 0));
        transaction.run("UPDATE t SET note = 'changed' WHERE id = 1".to_owned()).await.unwrap();
        let none = load(&mut transaction, "t", &["id", "note"], Vec::new(), OnUnfit::Stop).await.unwrap();
        assert_eq!(none.rows, 0);
        if commit {
            transaction.commit().await.unwrap()
        } else {
            transaction.roll_back().await.unwrap()
        }
        let expected = if commit { "5003 1 5003" } else { "0 0 0" };
        let counted = "SELECT concat_ws(' ', count(*), count(*) FILTER (WHERE note = 'changed'), count(made)) FROM t";
        assert_eq!(one(&pool, counted).await, expected);
    }
}

#[tokio::test]
async fn a_table_and_types_of_the_same_transaction_are_seen() {
    let pool = database("same").await;
    let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
    let ddl = "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (\"Mood s\" mood[], seen tsrange, id int GENERATED ALWAYS AS IDENTITY)";
    transaction.run(ddl.to_owned()).await.unwrap();
    let items = StringArray::from(vec!["ok", "sad", "ok"]);
    let field = Arc::new(Field::new("item", arrow::datatypes::DataType::Utf8, true));
    let moods = ListArray::new(field, OffsetBuffer::from_lengths([2, 1]), Arc::new(items), None);
    let ranges = StringArray::from(vec![Some("[2024-01-01,2024-02-01)"), None]);
    let rows =
        batch(vec![("a", Arc::new(moods)), ("b", Arc::new(ranges)), ("c", Arc::new(Int32Array::from(vec![10, 11])))]);
    // Twice, as the second one makes the staging table again.
    for _ in 0..2 {
        let batches = vec![Ok(rows.clone())];
        let loaded = load(&mut transaction, "t", &["Mood s", "seen", "id"], batches, OnUnfit::Stop).await.unwrap();
        assert_eq!(loaded.rows, 2);
    }
    transaction.commit().await.unwrap();
    let printed = "SELECT string_agg(concat_ws('|', \"Mood s\", seen, id), ' ; ' ORDER BY id) FROM t";
    let twice = |text: &str| format!("{text} ; {text}");
    let expected =
        [twice("{ok,sad}|[\"2024-01-01 00:00:00\",\"2024-02-01 00:00:00\")|10"), twice("{ok}|11")].join(" ; ");
    assert_eq!(one(&pool, printed).await, expected);
}

#[tokio::test]
async fn a_value_that_does_not_fit_stops_the_load_or_is_left_out_and_named() {
    let pool = database("unfit").await;
    execute(&pool, "CREATE TABLE t (id int, note varchar(3))").await;
    let texts: StringArray = (0..9000).map(|n| Some(if n % 4000 == 3999 { "äöü " } else { "äöü" })).collect();
    let rows = batch(vec![("id", Arc::new(Int32Array::from_iter_values(0..9000))), ("note", Arc::new(texts))]);
    let columns = ["id", "note"];

    let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
    let failed = load(&mut transaction, "t", &columns, vec![Ok(rows.clone())], OnUnfit::Stop).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::RowRefused);
    let said = failed.to_string();
    assert!(said.starts_with("target, table public.t: row 4000, column note: this is not a value of type"), "{said}");
    assert!(!said.contains("äöü"), "{said}");
    drop(transaction);

    let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
    let loaded = load(&mut transaction, "t", &columns, vec![Ok(rows.clone())], OnUnfit::LeaveOut(2)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(loaded.rows, 8998);
    let left_out: Vec<_> = loaded.left_out.iter().map(|one| (one.row, &*one.column, one.why)).collect();
    assert_eq!(left_out, [(3999, "note", Unfit::TooLong), (7999, "note", Unfit::TooLong)]);
    assert_eq!(
        one(&pool, "SELECT concat_ws(' ', count(*), count(DISTINCT id), sum(id)) FROM t").await,
        "8998 8998 40483502"
    );

    let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
    let failed = load(&mut transaction, "t", &columns, vec![Ok(rows)], OnUnfit::LeaveOut(1)).await.unwrap_err();
    assert!(failed.to_string().contains("more than 1 rows"), "{failed}");
    transaction.roll_back().await.unwrap();
}

#[tokio::test]
async fn a_row_that_the_server_turns_down_is_named() {
    let pool = database("refused").await;
    execute(&pool, "CREATE TABLE t (id int PRIMARY KEY, note text CHECK (note <> 't70'))").await;
    for (batches, row) in [
        (vec![Ok(numbers(0..40)), Ok(numbers(40..80))], "row 71: "),
        (vec![Ok(numbers(0..40)), Ok(numbers(10..20))], "row 41: "),
    ] {
        let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
        let failed = load(&mut transaction, "t", &["id", "note"], batches, OnUnfit::Stop).await.unwrap_err();
        assert_eq!(failed.kind, ErrorKind::RowRefused, "{failed}");
        assert!(failed.message.starts_with(row), "{failed}");
        assert!(failed.message.contains("a constraint was violated"), "{failed}");
        transaction.roll_back().await.unwrap();
    }
    // Of a column of text that the server casts, the value is the server's to judge.
    execute(&pool, "CREATE TABLE r (v int4range)").await;
    let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
    let rows = batch(vec![("v", Arc::new(StringArray::from(vec!["[1,5)", "[9,1)"])))]);
    let failed = load(&mut transaction, "r", &["v"], vec![Ok(rows)], OnUnfit::Stop).await.unwrap_err();
    assert!(failed.message.contains("SQLSTATE 22000") && !failed.chain().contains("[9,1)"), "{}", failed.chain());
    drop(transaction);
    assert_eq!(one(&pool, "SELECT (SELECT count(*) FROM t) || ' ' || (SELECT count(*) FROM r)").await, "0 0");
}

#[tokio::test]
async fn a_large_load_finds_out_early_and_names_the_row() {
    let pool = database("large").await;
    execute(&pool, "CREATE TABLE t (id int CHECK (id < 80), note text)").await;
    let rows = |from: i32| {
        let texts = StringArray::from_iter_values((0..10).map(|_| "x".repeat(1 << 20)));
        batch(vec![("id", Arc::new(Int32Array::from_iter_values(from..from + 10))), ("note", Arc::new(texts))])
    };
    let sent = std::sync::atomic::AtomicI32::new(0);
    let next = || rows(sent.fetch_add(10, std::sync::atomic::Ordering::Relaxed));
    let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
    let table = TableName::new("public", "t");
    let load = PostgresLoad::open(&mut transaction, &table, &["id".to_owned(), "note".to_owned()]).await.unwrap();
    let stream = futures::stream::iter((0..40).map(|_| Ok(next())));
    let failed = load.run(&mut transaction, stream, OnUnfit::Stop).await.unwrap_err();
    assert!(failed.message.starts_with("row 81: "), "{failed}");
    let sent = sent.into_inner();
    assert!(sent < 200, "{sent} of 400 MiB were sent after a row in the second COPY was turned down");
}

#[tokio::test]
async fn a_failing_stream_and_a_dropped_load_leave_nothing() {
    let pool = database("dropped").await;
    execute(&pool, "CREATE TABLE t (id int, note text)").await;
    let broken = || Err(Error::new(Side::Source, ErrorKind::Transient, "the rows ended"));
    let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
    let batches = vec![Ok(numbers(0..10)), broken()];
    let failed = load(&mut transaction, "t", &["id", "note"], batches, OnUnfit::Stop).await.unwrap_err();
    assert_eq!((failed.side, failed.kind), (Side::Source, ErrorKind::Transient));
    assert!(transaction.commit().await.is_err(), "a transaction that failed was committed");

    let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
    let columns = ["id".to_owned(), "note".to_owned()];
    let load = PostgresLoad::open(&mut transaction, &TableName::new("public", "t"), &columns).await.unwrap();
    let endless = futures::stream::once(async { Ok(numbers(0..100_000)) });
    let endless = futures::StreamExt::chain(endless, futures::stream::pending());
    let stopped =
        tokio::time::timeout(Duration::from_secs(1), load.run(&mut transaction, endless, OnUnfit::Stop)).await;
    assert!(stopped.is_err());
    let refused = transaction.run("SELECT 1".to_owned()).await.unwrap_err();
    assert!(refused.message.contains("broken off"), "{refused}");
    drop(transaction);
    // The server has been told, and the pool has connections that work.
    let busy = "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active' AND datname = 'dropped'";
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while one(&pool, busy).await != "0" {
        assert!(tokio::time::Instant::now() < deadline, "the COPY still runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(one(&pool, "SELECT count(*)::text FROM t").await, "0");
}

#[tokio::test]
async fn bytes_of_one_type_never_become_another() {
    let pool = database("mismatch").await;
    execute(&pool, "CREATE TABLE t (f float8, n numeric(4,1), g int GENERATED ALWAYS AS (1) STORED)").await;
    let integers = || batch(vec![("f", Arc::new(Int64Array::from(vec![4_607_182_418_800_017_408])))]);
    let cases: [(&str, RecordBatch, ErrorKind, &str); 4] = [
        ("f", integers(), ErrorKind::Configuration, "column f: Int64 cannot be written as double precision"),
        ("n", integers(), ErrorKind::RowRefused, "row 1, column f"),
        ("g", integers(), ErrorKind::Configuration, "column `g` is computed"),
        ("F", integers(), ErrorKind::NotFound, "no column `F`"),
    ];
    for (column, rows, kind, words) in cases {
        let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
        let failed = load(&mut transaction, "t", &[column], vec![Ok(rows)], OnUnfit::Stop).await.unwrap_err();
        assert!(failed.kind == kind && failed.message.contains(words), "{column}: {failed:?}");
    }
    let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
    let failed = load(&mut transaction, "nowhere", &["a"], Vec::new(), OnUnfit::Stop).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::NotFound);
    // Two batches of two schemas are one load of a mistake.
    execute(&pool, "CREATE TABLE u (f int8)").await;
    let mut transaction = PgTransaction::begin(&pool, Side::Target).await.unwrap();
    let other = RecordBatch::try_new(
        Arc::new(Schema::new(vec![Field::new("f", arrow::datatypes::DataType::Int32, true)])),
        vec![Arc::new(Int32Array::from(vec![1]))],
    );
    let batches = vec![Ok(integers()), Ok(other.unwrap())];
    let failed = load(&mut transaction, "u", &["f"], batches, OnUnfit::Stop).await.unwrap_err();
    assert!(failed.message.contains("the load began with Int64"), "{failed}");
}
