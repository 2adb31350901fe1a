//! Disks: full on either side, and programs that die in the middle of a write.

use anyhow::{Context, Result, ensure};
use firn_connector::{ErrorKind, Side};
use firn_scenarios::child::{Child, Ended};
use firn_scenarios::world::describe;
use firn_scenarios::{Gate, GatedSource, World};
use firn_sync::{RunStatus, TableResult};
use firn_testbed::{ClusterOptions, Faults, StopMode};

/// Runs the engine once in a child with these faults and one of them by number.
async fn child(world: &World, faults: &Faults, number: Option<(&str, u64)>) -> Result<Ended> {
    faults.forget_writes()?;
    let mut variables = faults.variables_under(world.folder.path())?;
    variables.extend(number.map(|(name, n)| (name.to_owned(), n.to_string())));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Child::engine(&world.spec, &variables)?.end().await
}

/// Changes some rows and adds some.
async fn change(world: &World) -> Result<()> {
    world.sql("UPDATE orders SET v = v || '!', updated_at = now() WHERE id % 3 = 0").await?;
    world.sql("INSERT INTO orders SELECT max(id) + n, 'new' FROM orders, generate_series(1, 20) n GROUP BY n").await
}

/// Numbers from 1 to `most`, the first ones all, then further and further apart.
fn spread(most: u64) -> Vec<u64> {
    let mut numbers = vec![];
    let mut next = 1;
    while next <= most {
        numbers.push(next);
        next += 1 + next / 4;
    }
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_killed_between_any_two_writes_is_followed_by_one_that_converges() -> Result<()> {
    let mut world = World::with_orders(400).await?;
    world.spec.range_bytes = 8 << 10;
    world.spec.group_bytes = 8 << 10;
    let faults = Faults::new()?;
    let whole = child(&world, &faults, None).await?;
    ensure!(whole.result["status"] == "Success", "{} {}", whole.stdout, whole.stderr);
    let (writes, _) = faults.writes()?;
    ensure!(writes > 10, "only {writes} writes were seen");
    for nth in spread(writes) {
        let warehouse = world.folder.path().join(format!("killed-{nth}.duckdb"));
        world.spec.warehouse = warehouse;
        let killed = child(&world, &faults, Some(("FIRN_FAULT_KILL_AT", nth))).await?;
        ensure!(killed.signal() == Some(9), "write {nth} of {writes}: {} {}", killed.stdout, killed.stderr);
        world.converges().await.with_context(|| format!("after a kill at write {nth} of {writes}"))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_increment_killed_between_any_two_writes_is_followed_by_one_that_converges() -> Result<()> {
    let mut world = World::with_orders(300).await?;
    world.spec.group_rows = 100;
    world.spec.tables[0].batch_rows = 50;
    world.converges().await?;
    let faults = Faults::new()?;
    for nth in 1_u64.. {
        change(&world).await?;
        let ended = child(&world, &faults, Some(("FIRN_FAULT_KILL_AT", nth))).await?;
        world.converges().await.with_context(|| format!("after a kill at write {nth}"))?;
        if ended.signal().is_none() {
            ensure!(nth > 3, "an increment was over after {nth} writes: {}", ended.stdout);
            break;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_torn_in_the_middle_of_a_write_is_whole_or_told_with_the_way_out() -> Result<()> {
    let mut world = World::with_orders(300).await?;
    world.spec.max_retries = 0;
    let faults = Faults::new()?;
    // The first writes are those of the new file itself.
    for nth in 1_u64..=20 {
        let torn = child(&world, &faults, Some(("FIRN_FAULT_TEAR_AT", nth))).await?;
        let run = world.run().await?;
        if run.outcome.status() != RunStatus::Success {
            // DuckDB writes over a block that holds what it needs: nothing is left to go on from.
            let told = run.complaint();
            ensure!(told.contains("checksum") && told.contains("remove it"), "write {nth}: {told}");
            std::fs::remove_file(&world.spec.warehouse)?;
        }
        change(&world).await?;
        world.converges().await.with_context(|| format!("after write {nth} was torn"))?;
        if torn.signal().is_none() {
            ensure!(nth > 5, "a run was over after {nth} writes: {}", torn.stdout);
            break;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_on_a_full_disk_is_told_and_the_next_run_converges() -> Result<()> {
    let mut world = World::with_orders(400).await?;
    world.spec.range_bytes = 8 << 10;
    world.spec.group_bytes = 8 << 10;
    world.spec.max_retries = 1;
    let faults = Faults::new()?;
    let whole = child(&world, &faults, None).await?;
    ensure!(whole.result["status"] == "Success", "{} {}", whole.stdout, whole.stderr);
    let (_, growing) = faults.writes()?;
    let mut told = 0;
    for nth in spread(growing) {
        world.spec.warehouse = world.folder.path().join(format!("full-{nth}.duckdb"));
        let ended = child(&world, &faults, Some(("FIRN_FAULT_FULL_AT", nth))).await?;
        let said = format!("write {nth} of {growing}: {} {}", ended.stdout, ended.stderr);
        ensure!(ended.signal().is_none(), "{said}");
        // What is committed may be in the log while the file cannot be brought up to date: then the run has succeeded.
        if ended.result["status"] != "Success" {
            let failure = match &ended.result["failure"] {
                serde_json::Value::Null => &ended.result["tables"][0]["failure"],
                failure => failure,
            };
            ensure!(failure["kind"] == "DiskFull", "{said}");
            ensure!(failure["hint"].as_str().is_some_and(|hint| hint.contains("room")), "{said}");
            told += 1;
        }
        world.converges().await.with_context(|| said)?;
    }
    ensure!(told > 5, "a full disk was told only {told} times");
    Ok(())
}

/// Makes a world over a server whose disk can be filled.
async fn over_a_small_disk(faults: &Faults) -> Result<World> {
    let mut world = World::start(ClusterOptions::new().faults(faults))?;
    world.sql(firn_scenarios::world::ORDERS).await?;
    world
        .sql("INSERT INTO orders SELECT n, repeat('.', 300), now() - interval '1 hour' FROM generate_series(1, 3000) n")
        .await?;
    world.spec.tables.push(firn_scenarios::TableSpec::new("orders"));
    world.spec.max_retries = 1;
    world.spec.connect_ms = 500;
    Ok(world)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_database_on_a_full_disk_is_told_and_the_next_run_converges() -> Result<()> {
    let faults = Faults::new()?;
    let world = over_a_small_disk(&faults).await?;
    world.converges().await?;
    // A few lines of the log fill a page.
    world.sql("ALTER TABLE sync_logs SET (fillfactor = 10); CREATE TABLE grown (v text)").await?;
    world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id < 100").await?;
    faults.fill_disk()?;
    let grows = world.sql("INSERT INTO grown SELECT repeat('x', 1000) FROM generate_series(1, 1000)").await;
    ensure!(grows.is_err(), "the disk is not full");
    let mut told = None;
    for _ in 0..12 {
        let run = world.run().await?;
        let failed = run.outcome.failure.clone().or_else(|| run.table().ok()?.failure.clone());
        let unreported = run.outcome.tables.iter().flat_map(|table| &table.findings).any(|f| f.code == "unreported");
        if failed.is_some() || unreported {
            told = Some((failed, describe(&run.outcome)));
            break;
        }
    }
    let (failure, said) = told.context("nothing was ever written on the full disk")?;
    let failure = failure.with_context(|| said.to_string())?;
    ensure!(failure.kind == ErrorKind::DiskFull && failure.side == Side::State, "{said}");
    ensure!(failure.hint.as_ref().is_some_and(|hint| hint.contains("room")), "{said}");
    faults.empty_disk()?;
    world.sql("UPDATE orders SET v = 'again', updated_at = now() WHERE id < 50").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sort_that_fills_the_disk_of_the_source_is_told_and_the_next_run_converges() -> Result<()> {
    let faults = Faults::new()?;
    let world = over_a_small_disk(&faults).await?;
    world.converges().await?;
    world.sql("DROP INDEX orders_updated_at_id_idx; ALTER ROLE postgres SET work_mem = '64kB'").await?;
    world.sql("UPDATE orders SET v = reverse(v), updated_at = now()").await?;
    faults.fill_disk()?;
    let run = world.run().await?;
    let failure = run.table()?.failure.clone().with_context(|| describe(&run.outcome).to_string())?;
    ensure!(failure.kind == ErrorKind::DiskFull && failure.side == Side::Source, "{failure:?}");
    ensure!(failure.hint.as_ref().is_some_and(|hint| hint.contains("room")), "{failure:?}");
    faults.empty_disk()?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_down_for_want_of_room_for_its_log_is_named_and_the_next_run_converges() -> Result<()> {
    let faults = Faults::new()?;
    let world = over_a_small_disk(&faults).await?;
    let gate = Gate::new();
    let engine = world.spec.engine_over(|source| GatedSource::before_read(source, &gate)).await?;
    let fill = async {
        gate.reached().await;
        faults.fill_disk()?;
        // Each switch needs a new file for the log; some are there beforehand.
        let mut session = world.session().await?;
        let switch = "SELECT pg_logical_emit_message(true, 'x', 'x'); SELECT pg_switch_wal()";
        while session.sql(switch).await.is_ok() {}
        world.cluster.wait_until_ended()?;
        gate.open();
        anyhow::Ok(())
    };
    let (run, filled) = tokio::join!(world.run_with(&engine), fill);
    filled?;
    let run = run?;
    ensure!(run.table()?.result == TableResult::Failed, "{}", describe(&run.outcome));
    ensure!(run.complaint().contains("connection") && run.complaint().contains("public.orders"), "{}", run.complaint());
    ensure!(world.cluster.log()?.contains("No space left on device"), "the server ended for another reason");
    faults.empty_disk()?;
    world.cluster.stop(StopMode::Immediate)?;
    world.cluster.start_again()?;
    world.converges().await.map(drop)
}
