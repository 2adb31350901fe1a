//! Broken connections in the middle of a read: always an error, never a shorter table.

use crate::reading::{ids, plan, read, read_once};
use firn_catalog::PgType;
use firn_connector::{ErrorKind, ReadPlan, ReadScope, Snapshot};
use firn_postgres::snapshot::PgSnapshot;
use firn_testbed::{Cluster, ClusterOptions, Fault};
use futures::StreamExt;
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgPool, PgPoolOptions};
use std::sync::Arc;
use std::time::Duration;

async fn numbers(pool: &PgPool, rows: u32) -> ReadPlan {
    let sql = format!(
        "CREATE TABLE numbers (id bigint PRIMARY KEY, filler text);
         INSERT INTO numbers SELECT g, repeat('x', 100) FROM generate_series(1, {rows}) g"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.unwrap();
    let mut plan = plan("numbers", &[("id", PgType::Int8), ("filler", PgType::Text)]);
    plan.batch_rows = 500;
    plan
}

#[tokio::test]
async fn a_cut_at_any_byte_is_a_transient_error() {
    let cluster = Cluster::shared().unwrap();
    let plan = numbers(&cluster.pool("postgres").await.unwrap(), 30_000).await;
    let proxy = cluster.proxy().unwrap();
    let options = PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(10));
    let pool = options.connect(&proxy.dsn("postgres")).await.unwrap();
    // A row is a message of 5 + 2 + 4 + 8 + 4 + 100 bytes. Before them come 12 bytes that begin the copy and 19 of its
    // header; behind them the trailer (7), the end of the copy (5), of the command (16) and of the transaction's turn (6).
    let rows = 30_000 * 123;
    for part in [1, 12, 200, 5_000, 100_000, rows / 2, rows + 20, rows + 33, rows + 38, rows + 44, rows + 60] {
        let snapshot = PgSnapshot::open(&pool, Arc::new(plan.clone()), 1).await.unwrap();
        let cuts = proxy.cuts();
        proxy.cut_after(part);
        let outcome = read(&snapshot, ReadScope::Whole).await;
        assert_eq!(proxy.cuts(), cuts + 1, "the cut after {part} bytes came");
        let error = outcome.expect_err("a cut table is not a table");
        assert_eq!(error.kind, ErrorKind::Transient, "{part}: {error}");
    }
    assert_eq!(ids(&read_once(&pool, &plan, ReadScope::Whole).await.unwrap()).len(), 30_000);
}

#[tokio::test]
async fn killed_backends_are_a_transient_error() {
    let cluster = Cluster::start(ClusterOptions::new()).unwrap();
    let pool = cluster.pool("postgres").await.unwrap();
    // More than the buffers of a socket hold: the server is still sending when it is killed.
    let plan = numbers(&pool, 300_000).await;
    let snapshot = PgSnapshot::open(&pool, Arc::new(plan.clone()), 1).await.unwrap();
    let mut stream = snapshot.read(ReadScope::Whole).await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    cluster.kill9_backends().unwrap();
    let rest: Vec<_> = stream.collect().await;
    let error = rest.into_iter().find_map(Result::err).expect("the stream ends with an error");
    assert_eq!(error.kind, ErrorKind::Transient, "{error}");
    assert_eq!(ids(&read_once(&pool, &plan, ReadScope::Whole).await.unwrap()).len(), 300_000);
}

#[tokio::test]
async fn an_unreachable_server_fails_the_opening() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    let plan = Arc::new(numbers(&cluster.pool("postgres").await.unwrap(), 30_000).await);
    let pool =
        PgPoolOptions::new().acquire_timeout(Duration::from_secs(2)).connect_lazy(&proxy.dsn("postgres")).unwrap();
    proxy.set(Fault::Reset);
    let error = PgSnapshot::open(&pool, plan.clone(), 1).await.err().expect("a reset connection");
    assert_eq!(error.kind, ErrorKind::Transient, "{error}");
    assert!(error.table.is_some());
    proxy.open();
    assert!(PgSnapshot::open(&pool, plan, 1).await.is_ok());
}
