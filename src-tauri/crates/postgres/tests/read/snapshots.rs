//! Snapshots: one view for all readers, read in parallel, and gone without a trace.

use crate::reading::{along, ids, plan, read, read_once};
use firn_catalog::PgType;
use firn_connector::{ErrorKind, PageRange, ReadPlan, ReadScope, Snapshot};
use firn_postgres::snapshot::PgSnapshot;
use firn_testbed::{Bouncer, Cluster};
use futures::StreamExt;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Row};
use std::sync::Arc;
use std::time::{Duration, Instant};

async fn numbers(pool: &PgPool, table: &str, rows: u32) -> ReadPlan {
    let sql = format!(
        "CREATE TABLE {table} (id bigint PRIMARY KEY, at timestamptz, filler text);
         INSERT INTO {table} SELECT g, timestamptz '2024-01-01' + g * interval '1 s', repeat('x', 100) FROM generate_series(1, {rows}) g"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.unwrap();
    along(plan(table, &[("id", PgType::Int8), ("at", PgType::Timestamptz), ("filler", PgType::Text)]), 1)
}

/// Reads every range, two at a time.
async fn read_ranges(snapshot: &PgSnapshot, ranges: &[PageRange]) -> Vec<i64> {
    let reads = ranges.iter().map(|range| read(snapshot, ReadScope::Pages(*range)));
    let batches: Vec<_> = futures::stream::iter(reads).buffer_unordered(4).collect().await;
    let mut all: Vec<i64> = batches.into_iter().flat_map(|batches| ids(&batches.unwrap())).collect();
    all.sort_unstable();
    all
}

/// Waits until a condition holds, and returns how long that took.
pub async fn until(pool: &PgPool, condition: &str) -> Duration {
    let start = Instant::now();
    let sql = format!("SELECT ({condition})");
    while !sqlx::query_scalar::<_, bool>(AssertSqlSafe(sql.clone())).fetch_one(pool).await.unwrap() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {condition}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}

#[tokio::test]
async fn all_readers_see_the_moment_of_the_opening_whatever_happens_to_the_table() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let plan = Arc::new(numbers(&pool, "moving", 20_000).await);
    let snapshot = PgSnapshot::open(&pool, plan, 2).await.unwrap();
    let ranges = snapshot.ranges(100_000).await.unwrap();
    assert!(ranges.len() > 10, "{ranges:?}");
    let first_half = read_ranges(&snapshot, &ranges[..ranges.len() / 2]).await;
    // New row versions go to the end of the table, into the open range.
    let changes = "UPDATE moving SET filler = 'changed'; INSERT INTO moving VALUES (0, now(), ''); DELETE FROM moving WHERE id % 7 = 0";
    sqlx::raw_sql(changes).execute(&pool).await.unwrap();
    let mut all = read_ranges(&snapshot, &ranges[ranges.len() / 2..]).await;
    all.extend(first_half);
    all.sort_unstable();
    assert_eq!(all, (1..=20_000).collect::<Vec<i64>>());
    drop(snapshot);
    until(&pool, "NOT EXISTS (SELECT FROM pg_stat_activity WHERE state LIKE 'idle in%')").await;
}

#[tokio::test]
async fn ranges_cover_an_empty_table_and_leave_out_what_has_no_pages() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let setup = "CREATE TABLE empty (id bigint PRIMARY KEY);
        CREATE VIEW seen AS SELECT 1::bigint AS id;
        CREATE TABLE parted (id bigint) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parted DEFAULT;
        INSERT INTO parted VALUES (1), (2)";
    sqlx::raw_sql(setup).execute(&pool).await.unwrap();
    for (table, ranges, rows) in [("empty", 1, 0), ("seen", 0, 1), ("parted", 0, 2)] {
        let plan = plan(table, &[("id", PgType::Int8)]);
        let snapshot = PgSnapshot::open(&pool, Arc::new(plan), 1).await.unwrap();
        let found = snapshot.ranges(1 << 20).await.unwrap();
        assert_eq!(found.len(), ranges, "{table}");
        assert!(found.iter().all(|range| range.to.is_none()));
        assert_eq!(ids(&read(&snapshot, ReadScope::Whole).await.unwrap()).len(), rows, "{table}");
    }
}

#[tokio::test]
async fn more_streams_than_readers_wait_for_each_other() {
    let cluster = Cluster::shared().unwrap();
    let options = PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(2));
    let pool = options.connect(&cluster.dsn()).await.unwrap();
    let plan = Arc::new(numbers(&pool, "queued", 5_000).await);
    let snapshot = PgSnapshot::open(&pool, plan, 2).await.unwrap();
    let ranges = snapshot.ranges(20_000).await.unwrap();
    assert!(ranges.len() > 8);
    // Two connections are all there are, and the pool would refuse a third after two seconds.
    assert_eq!(read_ranges(&snapshot, &ranges).await.len(), 5_000);
}

#[tokio::test]
async fn a_dropped_stream_stops_the_server_within_a_second_and_leaves_the_pool_clean() {
    let cluster = Cluster::shared().unwrap();
    let watcher = cluster.pool("postgres").await.unwrap();
    let pool = PgPoolOptions::new().max_connections(3).connect(&cluster.dsn()).await.unwrap();
    let mut plan = numbers(&pool, "slow", 100_000).await;
    let running = "EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'COPY%slow%' AND state = 'active')";
    let gone = format!("NOT {running}");

    // In the middle of a sort that would take minutes: nothing has been sent yet.
    plan.filter = Some("pg_sleep(0.01) IS NOT NULL".into());
    let snapshot = PgSnapshot::open(&pool, Arc::new(plan.clone()), 1).await.unwrap();
    let stream = snapshot.read(ReadScope::After(None)).await.unwrap();
    until(&watcher, running).await;
    drop(stream);
    assert!(until(&watcher, &gone).await < Duration::from_secs(1));
    let error = read(&snapshot, ReadScope::Whole).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient, "{error}");
    drop(snapshot);

    // In the middle of the rows, while the server waits for us to take them.
    plan.filter = None;
    plan.batch_rows = 10;
    let snapshot = PgSnapshot::open(&pool, Arc::new(plan.clone()), 2).await.unwrap();
    let mut stream = snapshot.read(ReadScope::Whole).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().batch.num_rows(), 10);
    drop(stream);
    assert!(until(&watcher, &gone).await < Duration::from_secs(1));
    drop(snapshot);

    // Every connection the pool hands out answers what it is asked.
    until(&watcher, "NOT EXISTS (SELECT FROM pg_stat_activity WHERE state LIKE 'idle in%')").await;
    for _ in 0..6 {
        assert_eq!(ids(&read_once(&pool, &plan, ReadScope::Whole).await.unwrap()).len(), 100_000);
    }
}

#[tokio::test]
async fn timeouts_of_the_role_do_not_stop_a_read() {
    let cluster = Cluster::shared().unwrap();
    let admin = cluster.pool("postgres").await.unwrap();
    let mut plan = numbers(&admin, "patient", 100).await;
    let role = "CREATE ROLE hasty LOGIN; GRANT SELECT ON patient TO hasty;
        ALTER ROLE hasty SET statement_timeout = '150ms'; ALTER ROLE hasty SET idle_in_transaction_session_timeout = '150ms'";
    sqlx::raw_sql(role).execute(&admin).await.unwrap();
    let pool = PgPool::connect(&cluster.dsn_for("hasty", "", "postgres")).await.unwrap();
    plan.filter = Some("pg_sleep(0.005) IS NOT NULL".into());
    let snapshot = PgSnapshot::open(&pool, Arc::new(plan), 2).await.unwrap();
    assert_eq!(ids(&read(&snapshot, ReadScope::Whole).await.unwrap()).len(), 100);
    // Idle for longer than the role may be.
    let idle = "EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'hasty' AND state LIKE 'idle in%' AND clock_timestamp() - state_change > '400 ms')";
    until(&admin, idle).await;
    assert_eq!(ids(&read(&snapshot, ReadScope::Whole).await.unwrap()).len(), 100);
}

#[tokio::test]
async fn a_read_cannot_write() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let mut plan = numbers(&pool, "guarded", 10).await;
    let function =
        "CREATE FUNCTION meddle() RETURNS text LANGUAGE sql VOLATILE AS 'DELETE FROM guarded RETURNING ''x'''";
    sqlx::raw_sql(function).execute(&pool).await.unwrap();
    plan.columns[2].expression = Some("meddle()".into());
    let error = read_once(&pool, &plan, ReadScope::Whole).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration, "{error}");
    assert_eq!(error.table.as_deref(), Some("public.guarded"));
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM guarded").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 10);
}

#[tokio::test]
async fn snapshots_work_behind_a_pooler_in_transaction_mode() {
    let cluster = Cluster::shared().unwrap();
    let bouncer = Bouncer::start(cluster, 4).unwrap();
    let pool = PgPoolOptions::new().max_connections(6).connect(&bouncer.dsn("postgres")).await.unwrap();
    let plan = Arc::new(numbers(&pool, "pooled", 20_000).await);
    for _ in 0..3 {
        let snapshot = PgSnapshot::open(&pool, plan.clone(), 2).await.unwrap();
        let ranges = snapshot.ranges(200_000).await.unwrap();
        assert_eq!(read_ranges(&snapshot, &ranges).await.len(), 20_000);
        // The next snapshot begins while this one's stream is cut off in the middle.
        let mut stream = snapshot.read(ReadScope::Whole).await.unwrap();
        assert!(stream.next().await.unwrap().is_ok());
    }
    // No setting stays behind on the pooler's connections to the server.
    let changed = "SELECT count(*) AS n FROM pg_settings WHERE source = 'session' AND name LIKE '%timeout'";
    for _ in 0..8 {
        let row = sqlx::raw_sql(changed).fetch_one(&pool).await.unwrap();
        assert_eq!(row.get::<i64, _>("n"), 0);
    }
}

#[tokio::test]
async fn a_statement_that_fails_names_the_table_and_ends_the_snapshot() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let mut plan = numbers(&pool, "broken", 10).await;
    plan.columns[2].name = "no such column".into();
    let snapshot = PgSnapshot::open(&pool, Arc::new(plan.clone()), 1).await.unwrap();
    let error = read(&snapshot, ReadScope::Whole).await.unwrap_err();
    assert_eq!((error.kind, error.table.as_deref()), (ErrorKind::NotFound, Some("public.broken")), "{error}");
    assert!(read(&snapshot, ReadScope::Whole).await.is_err());
    // In the middle of the rows: a division by zero at the last one.
    plan.columns[2].name = "filler".into();
    plan.columns[2].expression = Some("(1 / (id - 10))::text".into());
    plan.batch_rows = 2;
    let error = read_once(&pool, &plan, ReadScope::Whole).await.unwrap_err();
    assert_eq!(error.table.as_deref(), Some("public.broken"), "{error}");
    assert_eq!(sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&pool).await.unwrap(), 1);
}
