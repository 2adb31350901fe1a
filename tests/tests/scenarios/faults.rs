//! Faults: servers that go, connections that are cut, disks that are full, processes that are killed.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Result, ensure};
use firn_scenarios::child::{Child, killed_at, program};
use firn_scenarios::world::describe;
use firn_scenarios::{Gate, GatedSource, World};
use firn_sync::{RunStatus, TableResult};
use firn_testbed::{Fault, StopMode};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_restarted_in_the_middle_of_a_run_is_waited_for() -> Result<()> {
    let world = World::megabyte().await?;
    let restart = async { world.cluster.restart(StopMode::Fast) };
    let (run, ()) = world.run_past(GatedSource::before_read, restart).await?;
    ensure!(run.outcome.status() == RunStatus::Success, "{}", describe(&run.outcome));
    ensure!(run.retries() > 0, "nothing was retried");
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_cut_in_the_middle_of_a_read_are_made_again() -> Result<()> {
    let mut world = World::megabyte().await?;
    let proxy = world.cluster.proxy()?;
    world.spec.port = proxy.port();
    let mut retries = 0;
    for bytes in [20_000, 200_000, 700_000] {
        world.sql("UPDATE orders SET v = reverse(v), updated_at = now()").await?;
        let before = proxy.cuts();
        proxy.cut_after(bytes);
        let run = world.run_well().await?;
        ensure!(proxy.cuts() == before + 1, "nothing was cut after {bytes} bytes");
        retries += run.retries();
        proxy.open();
        world.assert_equal().await?;
    }
    ensure!(retries > 0, "nothing was retried");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_swallows_everything_for_a_while_is_survived() -> Result<()> {
    let mut world = World::megabyte().await?;
    let proxy = world.cluster.proxy()?;
    world.spec.port = proxy.port();
    let gate = Gate::new();
    let engine = world.spec.engine_over(|source| GatedSource::before_read(source, &gate)).await?;
    let hole = async {
        gate.reached().await;
        proxy.set(Fault::BlackHole);
        gate.open();
        tokio::time::sleep(Duration::from_secs(2)).await;
        // The firewall has forgotten the connections when the network is back.
        proxy.drop_connections();
        proxy.open();
    };
    let (run, ()) = tokio::join!(world.run_with(&engine), hole);
    let run = run?;
    ensure!(run.outcome.status() == RunStatus::Success, "{}", describe(&run.outcome));
    ensure!(run.retries() > 0, "nothing was retried");
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_away_is_named_and_the_next_run_converges() -> Result<()> {
    let mut world = World::megabyte().await?;
    world.spec.max_retries = 1;
    world.spec.connect_ms = 500;
    let stop = async { world.cluster.stop(StopMode::Immediate) };
    let (run, ()) = world.run_past(GatedSource::before_read, stop).await?;
    ensure!(run.table()?.result == TableResult::Failed, "{}", describe(&run.outcome));
    let told = run.complaint();
    ensure!(told.contains("public.orders") && told.contains("connection"), "{told}");
    world.cluster.start_again()?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_the_next_run_converges() -> Result<()> {
    let world = World::megabyte().await?;
    // A limit of the size of files does what a full disk does, and needs no rights. The signal that goes with it would
    // end the process before it can speak.
    let mut command = Command::new("env");
    command.args(["--ignore-signal=XFSZ", "prlimit", "--fsize=600000"]);
    command.arg(program("engine-run")?).arg("run").arg(serde_json::to_string(&world.spec)?);
    let ended = Child::start(command.stdin(Stdio::null()))?.end().await?;
    let failure = &ended.result["tables"][0]["failure"];
    ensure!(failure["kind"] == "DiskFull", "{} {}", ended.stdout, ended.stderr);
    ensure!(failure["hint"].as_str().is_some_and(|hint| hint.contains("room")), "{failure}");
    world.converges().await.map(drop)
}

/// Kills increments at a point, at several passages, and lets a run finish each time.
async fn increments_killed_at(point: &str) -> Result<()> {
    let mut world = World::with_orders(300).await?;
    world.spec.tables[0].batch_rows = 50;
    world.spec.group_rows = 50;
    world.converges().await?;
    for nth in [1, 3] {
        world.sql("UPDATE orders SET v = 'changed ' || id, updated_at = now() WHERE id % 2 = 0").await?;
        world
            .sql("INSERT INTO orders SELECT max(id) + n, 'new' FROM orders, generate_series(1, 30) n GROUP BY n")
            .await?;
        ensure!(killed_at(&world.spec, &format!("{point}:{nth}")).await?, "{point} is not passed {nth} times");
        world.sql("UPDATE orders SET v = 'again ' || id, updated_at = now() WHERE id % 7 = 0").await?;
        world.converges().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn increments_killed_before_a_commit_go_on() -> Result<()> {
    increments_killed_at("engine.before_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn increments_killed_after_a_commit_go_on() -> Result<()> {
    increments_killed_at("engine.after_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn increments_killed_at_the_commit_of_the_target_go_on() -> Result<()> {
    increments_killed_at("duckdb.before_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn increments_killed_with_rows_staged_go_on() -> Result<()> {
    increments_killed_at("duckdb.staged").await
}

#[tokio::test(flavor = "multi_thread")]
async fn increments_killed_right_after_the_commit_of_the_target_go_on() -> Result<()> {
    increments_killed_at("duckdb.after_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_database_that_goes_away_in_the_middle_stops_no_data() -> Result<()> {
    let mut world = World::megabyte().await?;
    let proxy = world.cluster.proxy()?;
    world.spec.state_port = Some(proxy.port());
    world.spec.connect_ms = 500;
    let cut = async {
        proxy.set(Fault::Reset);
        Ok(())
    };
    let (run, ()) = world.run_past(GatedSource::before_read, cut).await?;
    ensure!(run.outcome.status() == RunStatus::Success, "{}", describe(&run.outcome));
    ensure!(run.table()?.findings.iter().any(|f| f.code == "unreported"), "{}", describe(&run.outcome));
    world.assert_equal().await?;
    proxy.open();
    world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id < 100").await?;
    world.converges().await?;
    ensure!(world.text("SELECT last_status FROM sync_watermarks").await? == "success");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_added_between_the_look_and_the_read_arrives_with_its_values() -> Result<()> {
    let world = World::with_orders(300).await?;
    for column in ["during_a_first_load", "during_an_increment"] {
        let alter = format!(
            "BEGIN; ALTER TABLE orders ADD {column} int; \
             UPDATE orders SET {column} = id, updated_at = now() WHERE id % 3 = 0; COMMIT"
        );
        let (run, ()) = world.run_past(GatedSource::before_snapshot, world.sql(&alter)).await?;
        ensure!(run.outcome.status() == RunStatus::Success, "{}", describe(&run.outcome));
        world.assert_equal().await?;
        world.converges().await?;
    }
    Ok(())
}
