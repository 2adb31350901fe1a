//! Full reads, resets and cancelled runs.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use firn_scenarios::child::killed_at;
use firn_scenarios::world::describe;
use firn_scenarios::{TableSpec, World};
use firn_sync::{RunStatus, TableResult};
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_read_replaces_everything_at_once() -> Result<()> {
    let mut world = World::new()?;
    world.sql("CREATE TABLE rates (id text PRIMARY KEY, v text)").await?;
    world.sql("INSERT INTO rates SELECT 'k' || n, 'row ' || n FROM generate_series(1, 3000) n").await?;
    world.spec.tables.push(TableSpec { full: true, watermark: None, ..TableSpec::new("rates") });
    world.converges().await?;

    // Deleted rows vanish; a killed replacement leaves the old content whole.
    world.sql("DELETE FROM rates WHERE id LIKE 'k1%'; UPDATE rates SET v = 'changed' WHERE id LIKE 'k2%'").await?;
    for point in ["duckdb.staged", "duckdb.before_commit"] {
        ensure!(killed_at(&world.spec, point).await?);
        ensure!(world.warehouse_text("SELECT count(*) FROM raw.rates WHERE v LIKE 'row %'")? == "3000", "{point}");
    }
    let deleted = world.converges().await?.table()?.counters.rows_deleted;
    ensure!(deleted == 1111, "{deleted} rows counted as deleted");
    world.sql("TRUNCATE rates").await?;
    let deleted = world.converges().await?.table()?.counters.rows_deleted;
    ensure!(deleted == 1889, "{deleted} rows counted as deleted");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_read_says_what_it_has_taken_out() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE rates (id text PRIMARY KEY, v text); INSERT INTO rates SELECT 'k' || n, 'x' FROM generate_series(1, 100) n;
             CREATE TABLE bag (a int); INSERT INTO bag SELECT n FROM generate_series(1, 10) n",
        )
        .await?;
    let full = |name: &str| TableSpec { full: true, watermark: None, ..TableSpec::new(name) };
    world.spec.tables = vec![full("rates"), full("bag").key(&[])];
    let deleted = |run: &firn_scenarios::world::Run| -> Vec<u64> {
        run.outcome.tables.iter().map(|table| table.counters.rows_deleted).collect()
    };
    ensure!(deleted(&world.converges().await?) == [0, 0]);
    ensure!(deleted(&world.converges().await?) == [0, 0]);
    // By key: a row under another one counts, a new row does not stand for it. Without a key the number of rows tells.
    world
        .sql(
            "DELETE FROM rates WHERE id = 'k1'; UPDATE rates SET id = 'K2' WHERE id = 'k2'; INSERT INTO rates VALUES ('new'), ('newer');
             DELETE FROM bag WHERE a > 6; INSERT INTO bag VALUES (11)",
        )
        .await?;
    ensure!(deleted(&world.converges().await?) == [2, 3]);
    let logged = world.text("SELECT message FROM sync_logs WHERE source_table = 'public.bag' ORDER BY id DESC LIMIT 1");
    ensure!(logged.await? == "3 rows deleted");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_read_that_the_target_refuses_leaves_the_old_content() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql("CREATE TABLE rates (id text PRIMARY KEY, v text); INSERT INTO rates VALUES ('a', 'good'), ('b', 'good')")
        .await?;
    world.change_warehouse("CREATE SCHEMA raw; CREATE TABLE raw.rates (id VARCHAR, v VARCHAR CHECK (v <> 'bad'))")?;
    world.spec.tables.push(TableSpec { full: true, watermark: None, ..TableSpec::new("rates") });
    world.converges().await?;
    world.sql("INSERT INTO rates VALUES ('c', 'bad'); DELETE FROM rates WHERE id = 'a'").await?;
    let refused = world.run().await?;
    ensure!(refused.outcome.status() == RunStatus::Failed, "{}", describe(&refused.outcome));
    ensure!(world.warehouse_text("SELECT string_agg(id, ',' ORDER BY id) FROM raw.rates")? == "a,b");
    world.sql("DELETE FROM rates WHERE id = 'c'").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_moves_the_cursor_back_and_nothing_else_does() -> Result<()> {
    let world = World::with_orders(0).await?;
    world.sql("INSERT INTO orders SELECT n, 'row ' || n, '2024-01-01'::timestamptz + n * interval '1 day' FROM generate_series(1, 100) n").await?;
    world.converges().await?;
    // Somebody lost rows in the warehouse; a run does not see that.
    world.change_warehouse("DELETE FROM raw.orders WHERE id > 50")?;
    ensure!(world.run_well().await?.table()?.counters.rows_merged == 0);
    // Nor does a report that somebody has changed move the cursor.
    world
        .sql("UPDATE sync_watermarks SET last_watermark = '2024-01-01', cursor_watermark = '2024-01-01 00:00:00+00'")
        .await?;
    ensure!(world.run_well().await?.table()?.counters.rows_merged == 0);

    let engine = world.spec.engine().await?;
    let config = world.spec.tables[0].config()?;
    let (before, after) = engine.reset("reset", &config, Some("2024-02-20 00:00:00+00")).await?;
    ensure!(
        before.as_deref() == Some("2024-04-10 00:00:00+00") && after.as_deref() == Some("2024-02-20 00:00:00+00"),
        "{before:?} {after:?}"
    );
    engine.target.close().await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 51);

    world.change_warehouse("DELETE FROM raw.orders WHERE id < 50")?;
    let (_, after) = engine.reset("reset again", &config, None).await?;
    ensure!(after.is_none());
    engine.target.close().await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 100);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_ends_within_a_second_and_keeps_what_it_committed() -> Result<()> {
    let mut world = World::with_orders(2000).await?;
    world.spec.range_bytes = 8 << 10;
    world.spec.group_bytes = 8 << 10;
    let slow = "(SELECT v FROM pg_sleep(0.01 + id * 0))";
    world.spec.tables[0] = TableSpec::new("orders").transform("v", Some(slow));
    let engine = world.spec.engine().await?;
    let cancel = CancellationToken::new();
    let asked = async {
        // After a commit, in the middle of a range.
        let committed = "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE '%COPY%' AND query NOT LIKE '%pg_stat%' AND clock_timestamp() - xact_start > interval '2 seconds'";
        while world.text(committed).await? == "0" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        cancel.cancel();
        anyhow::Ok(Instant::now())
    };
    let (run, asked) = tokio::join!(world.run_until(&engine, cancel.clone()), asked);
    let (run, waited) = (run?, asked?.elapsed());
    ensure!(run.table()?.result == TableResult::Cancelled, "{}", describe(&run.outcome));
    ensure!(waited < Duration::from_secs(2), "it took {waited:?}");
    drop(engine);
    // The server does not go on reading for nobody.
    let reading = "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'";
    let deadline = Instant::now() + Duration::from_secs(5);
    while world.text(reading).await? != "0" {
        ensure!(Instant::now() < deadline, "the server still reads");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ensure!(world.text("SELECT last_status FROM sync_watermarks").await? == "cancelled");
    world.spec.tables[0].transforms.clear();
    world.converges().await.map(drop)
}
