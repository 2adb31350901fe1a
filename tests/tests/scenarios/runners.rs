//! Several runners: one at a time, the dead are taken over, and nobody commits behind a successor's back.

use anyhow::{Result, ensure};
use firn_connector::ErrorKind;
use firn_scenarios::child::killed_at;
use firn_scenarios::world::describe;
use firn_scenarios::{GatedSource, RunSpec, World};
use firn_sync::{RunStatus, TableResult};

/// The same world for another runner.
fn second(world: &World) -> RunSpec {
    RunSpec { nonce: "second".to_owned(), ..world.spec.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_runners_one_is_told_who_holds_the_table_since_when() -> Result<()> {
    let world = World::with_orders(10).await?;
    let rival = async { world.run_with(&second(&world).engine().await?).await };
    let (winner, loser) = world.run_past(GatedSource::before_read, rival).await?;
    ensure!(loser.outcome.status() == RunStatus::Held, "{}", describe(&loser.outcome));
    ensure!(loser.table()?.counters.rows_read == 0);
    let told = loser.complaint();
    let since =
        world.text("SELECT to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM sync_logs LIMIT 1").await?;
    ensure!(told.contains(&format!("process {} on scenario", std::process::id())) && told.contains(&since), "{told}");
    ensure!(winner.outcome.status() == RunStatus::Success, "{}", describe(&winner.outcome));
    world.assert_equal().await?;
    // The lease was given up with the report.
    let later = world.run_with(&second(&world).engine().await?).await?;
    ensure!(later.outcome.status() == RunStatus::Success, "{}", describe(&later.outcome));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_holder_is_taken_over_at_once() -> Result<()> {
    let world = World::with_orders(10).await?;
    ensure!(killed_at(&world.spec, "engine.before_commit:1").await?);
    ensure!(world.text("SELECT (lease_expires > now())::text FROM sync_watermarks").await? == "true");
    world.converges().await?;
    ensure!(world.text("SELECT lease_epoch::text FROM sync_watermarks").await? == "2");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_nobody_renews_ends_by_the_clock_of_the_database() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    world.converges().await?;
    // A holder on another host: whether it lives cannot be known from here.
    let elsewhere = "UPDATE sync_watermarks SET lease_host = 'elsewhere', lease_pid = 1, lease_nonce = 'n', lease_since = now(), lease_expires = now() + interval '1 minute'";
    world.sql(elsewhere).await?;
    world.spec.nonce = "third".to_owned();
    ensure!(world.run().await?.outcome.status() == RunStatus::Held);
    world.sql("UPDATE sync_watermarks SET lease_expires = now() - interval '1 second'").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_slept_through_its_lease_cannot_commit() -> Result<()> {
    let world = World::with_orders(1000).await?;
    world.converges().await?;
    world.sql("UPDATE orders SET v = 'as the sleeper saw it', updated_at = now() WHERE id <= 100").await?;
    let successor = async {
        world.sql("UPDATE orders SET v = 'as it is', updated_at = now() WHERE id <= 100").await?;
        world.run_with(&world.spec.successor("second").engine().await?).await
    };
    let (slept, took_over) = world.run_past(GatedSource::before_read, successor).await?;
    ensure!(took_over.outcome.status() == RunStatus::Success, "{}", describe(&took_over.outcome));
    world.assert_equal().await?;
    ensure!(slept.table()?.result == TableResult::Failed, "{}", describe(&slept.outcome));
    let failure = slept.table()?.failure.as_ref();
    ensure!(failure.is_some_and(|f| f.kind == ErrorKind::Fenced), "{}", slept.complaint());
    // Nor does the sleeper's report stand.
    ensure!(world.text("SELECT last_status FROM sync_watermarks").await? == "success");
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_that_slept_through_its_lease_doubles_nothing() -> Result<()> {
    let world = World::with_orders(1000).await?;
    // A table that its user has made: no statement of the sleeper's would fail over it.
    world.change_warehouse(
        "CREATE SCHEMA raw; CREATE TABLE raw.orders (id BIGINT, v VARCHAR, updated_at TIMESTAMPTZ)",
    )?;
    let successor = async { world.run_with(&world.spec.successor("second").engine().await?).await };
    let (slept, took_over) = world.run_past(GatedSource::before_read, successor).await?;
    world.assert_equal().await?;
    ensure!(took_over.outcome.status() == RunStatus::Success, "{}", describe(&took_over.outcome));
    let failure = slept.table()?.failure.as_ref();
    ensure!(failure.is_some_and(|f| f.kind == ErrorKind::Fenced), "{}", slept.complaint());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_workspace_on_one_state_schema_is_refused_with_the_way_out() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    world.converges().await?;
    let first = world.spec.clone();
    world.spec.workspace = "elsewhere:/another/folder".to_owned();
    world.spec.warehouse = world.folder.path().join("another.duckdb");
    let refused = world.run().await?;
    ensure!(refused.outcome.status() == RunStatus::Failed, "{}", describe(&refused.outcome));
    let failure = refused.outcome.failure.as_ref();
    ensure!(failure.is_some_and(|f| f.kind == ErrorKind::Configuration), "{}", refused.complaint());
    let told = refused.complaint();
    ensure!(told.contains(&first.workspace) && told.contains("state_schema"), "{told}");
    ensure!(world.warehouse_text("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw'")? == "0");

    // The way out works, and the first workspace is as it was.
    world.spec.state_schema = "firn_2".to_owned();
    world.converges().await?;
    world.spec = first;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_whose_warehouse_was_lost_begins_anew() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    world.converges().await?;
    world.spec.warehouse = world.folder.path().join("new.duckdb");
    ensure!(world.converges().await?.table()?.counters.rows_merged == 10);
    Ok(())
}
