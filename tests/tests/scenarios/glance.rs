//! Tables with nothing to do: what finding that out costs, and what it must not overlook.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use firn_connector::TargetIdentity;
use firn_scenarios::{TableSpec, World, child, world};
use firn_sync::{Engine, TableResult};
use firn_testbed::{ClusterOptions, Fault};
use std::sync::Arc;

use super::late_commits::{behind_a_standby, replayed};

/// A table of enough rows for an index to be worth its while.
fn table(name: &str) -> String {
    format!(
        "CREATE TABLE {name} (id bigint PRIMARY KEY, v text, updated_at timestamptz NOT NULL DEFAULT now());
         CREATE INDEX ON {name} (updated_at, id);
         INSERT INTO {name} SELECT n, 'v' || n, now() - interval '1 hour' FROM generate_series(1, 10000) n;
         ANALYZE {name};"
    )
}

/// A world whose only table has been run until nothing was left to do, and the engine that did it.
async fn quiet() -> Result<(World, Arc<Engine>)> {
    let world = World::new()?;
    world.sql(&table("orders")).await?;
    let mut world = world;
    world.spec.tables = vec![TableSpec::new("orders")];
    let engine = world.spec.engine().await?;
    world.run_with(&engine).await?;
    let again = world.run_with(&engine).await?;
    ensure!(again.table()?.result == TableResult::Idle, "{}", world::describe(&again.outcome));
    Ok((world, engine))
}

/// Runs with an engine that knows the table, and compares.
async fn noticed(world: &World, engine: &Arc<Engine>) -> Result<()> {
    let run = world.run_with(engine).await?;
    ensure!(run.table()?.result == TableResult::Success, "{}", world::describe(&run.outcome));
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn unchanged_tables_cost_one_look_through_the_index_each() -> Result<()> {
    const TABLES: usize = 12;
    let options = ClusterOptions::new()
        .setting("shared_preload_libraries", "pg_stat_statements")
        .setting("pg_stat_statements.track_utility", "off");
    let mut world = World::start(options)?;
    let names: Vec<String> = (0..TABLES).map(|n| format!("t{n}")).collect();
    for name in &names {
        world.sql(&table(name)).await?;
    }
    world.sql("CREATE EXTENSION pg_stat_statements").await?;
    world.spec.tables = names.iter().map(|name| TableSpec::new(name)).collect();
    world.run_well().await?;
    world.run_well().await?;
    world.sql("SELECT pg_stat_statements_reset()").await?;
    let run = world.run_well().await?;
    ensure!(run.outcome.tables.iter().all(|table| table.result == TableResult::Idle));
    let calls = |filter: &str| format!("SELECT coalesce(sum(calls), 0)::text FROM pg_stat_statements WHERE {filter}");
    let look = "query LIKE '%LIMIT%' AND query LIKE '%updated_at%'";
    let looks: usize = world.text(&calls(look)).await?.parse()?;
    let all: usize = world.text(&calls("query NOT LIKE '%pg_stat_statements%'")).await?.parse()?;
    let pages = format!("SELECT max(shared_blks_hit + shared_blks_read)::text FROM pg_stat_statements WHERE {look}");
    let pages: usize = world.text(&pages).await?.parse()?;
    let whole: usize = world
        .text("SELECT min(pg_relation_size(c.oid) / 8192)::text FROM pg_class c WHERE relname ~ '^t[0-9]+$'")
        .await?
        .parse()?;
    ensure!(looks == TABLES, "{looks} looks at {TABLES} tables");
    ensure!(all < TABLES + 20, "{all} statements for {TABLES} tables");
    ensure!(pages < whole / 2, "{pages} pages of {whole} were read for a look");
    let logged = "SELECT count(*)::text FROM sync_logs WHERE status = 'idle' AND finished_at IS NOT NULL";
    ensure!(world.text(logged).await?.parse::<usize>()? >= TABLES, "each table has its row in the log");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_finds_nothing_leaves_the_warehouse_to_others() -> Result<()> {
    let (world, engine) = quiet().await?;
    let mut holder = std::process::Command::new(child::program("engine-run")?)
        .arg("execute")
        .arg(&world.spec.warehouse)
        .stdin(Stdio::piped())
        .spawn()?;
    // The child opens the file and then waits for its statements.
    let locks = |pid: u32| std::fs::read_to_string("/proc/locks").map(|text| text.contains(&format!(" {pid} ")));
    while !locks(holder.id())? {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    for _ in 0..3 {
        let run = world.run_with(&engine).await?;
        ensure!(run.table()?.result == TableResult::Idle, "{}", world::describe(&run.outcome));
        ensure!(run.table()?.elapsed < std::time::Duration::from_secs(2), "it waited for the file");
    }
    drop(holder.stdin.take());
    ensure!(holder.wait()?.success());
    world.sql("INSERT INTO orders VALUES (90001, 'new')").await?;
    noticed(&world, &engine).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_a_quiet_table_is_noticed() -> Result<()> {
    let (world, engine) = quiet().await?;
    world.sql("INSERT INTO orders VALUES (90001, 'new')").await?;
    noticed(&world, &engine).await?;
    world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id = 7").await?;
    noticed(&world, &engine).await?;
    // Committed late: it began before the runs that follow, and ends after them.
    let mut late = world.session().await?;
    late.sql("BEGIN; INSERT INTO orders VALUES (90002, 'late')").await?;
    for _ in 0..3 {
        world.run_with(&engine).await?;
    }
    late.sql("COMMIT").await?;
    noticed(&world, &engine).await?;
    // Another runner moves the cursor back, and one that is remembered here is of no use.
    world.sql(world::PAST_THE_MARGIN).await?;
    world.run_with(&engine).await?;
    world.run_with(&engine).await?;
    let other = world.spec.engine().await?;
    other.reset("reset", &world.spec.configs()?[0], Some("2020-01-01")).await?;
    other.target.close().await?;
    let run = world.run_with(&engine).await?;
    ensure!(run.table()?.counters.rows_merged >= 10_000, "{}", world::describe(&run.outcome));
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_of_a_quiet_table_is_noticed_before_any_row_has_it() -> Result<()> {
    let (world, engine) = quiet().await?;
    world.sql("ALTER TABLE orders ADD COLUMN extra int").await?;
    world.run_with(&engine).await?;
    let columns = "SELECT count(*)::text FROM duckdb_columns() WHERE table_name = 'orders' AND column_name = 'extra'";
    ensure!(world.warehouse_text(columns)? == "1");
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_a_watermark_in_a_quiet_table_is_noticed() -> Result<()> {
    let (world, engine) = quiet().await?;
    world.sql("ALTER TABLE orders ALTER updated_at DROP NOT NULL").await?;
    world.run_with(&engine).await?;
    ensure!(world.run_with(&engine).await?.table()?.result == TableResult::Idle);
    world.sql("INSERT INTO orders VALUES (90001, 'no watermark', NULL)").await?;
    noticed(&world, &engine).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_put_back_from_a_copy_is_noticed() -> Result<()> {
    let (world, engine) = quiet().await?;
    let copy = world.folder.path().join("copy.duckdb");
    std::fs::copy(&world.spec.warehouse, &copy)?;
    world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id = 7").await?;
    noticed(&world, &engine).await?;
    world.sql(world::PAST_THE_MARGIN).await?;
    for _ in 0..3 {
        world.run_with(&engine).await?;
    }
    let identity: TargetIdentity = engine.target.identity().await?;
    engine.target.close().await?;
    std::fs::rename(&copy, &world.spec.warehouse).context("the copy is put back")?;
    ensure!(engine.target.identity().await? == identity, "it is the same warehouse");
    engine.target.close().await?;
    noticed(&world, &engine).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_table_on_a_standby_is_looked_at_with_the_horizon_of_its_primary() -> Result<()> {
    let (mut world, standby) = behind_a_standby().await?;
    let proxy = world.cluster.proxy()?;
    world.spec.primary_port = Some(proxy.port());
    world.spec.max_retries = 0;
    let engine = world.spec.engine().await?;
    let epoch = "SELECT lease_epoch::text FROM sync_watermarks";
    for round in ["loaded", "changed"] {
        world.sql(world::PAST_THE_MARGIN).await?;
        world.run_with(&engine).await?;
        world.run_with(&engine).await?;
        let before = world.text(epoch).await?;
        let idle = world.run_with(&engine).await?;
        ensure!(idle.table()?.result == TableResult::Idle, "{round}: {}", world::describe(&idle.outcome));
        ensure!(world.text(epoch).await? == before, "{round}: it took the long way");
        if round == "loaded" {
            // A row that is in progress on the primary is not passed over, however often nothing is found meanwhile.
            let mut late = world.session().await?;
            late.sql("BEGIN; INSERT INTO orders VALUES (100, 'late')").await?;
            world.sql(world::PAST_THE_MARGIN).await?;
            ensure!(world.run_with(&engine).await?.table()?.result == TableResult::Idle);
            late.sql("COMMIT").await?;
            replayed(&world, &standby).await?;
            noticed(&world, &engine).await?;
        }
    }
    // Without the primary nobody knows a horizon, and nothing is called idle.
    proxy.set(Fault::Reset);
    proxy.drop_connections();
    let run = world.run_with(&engine).await?;
    ensure!(run.table()?.result == TableResult::Failed, "{}", world::describe(&run.outcome));
    ensure!(run.complaint().contains("the primary of the standby"), "{}", run.complaint());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_table_that_another_runner_holds_is_held() -> Result<()> {
    let (world, engine) = quiet().await?;
    let held = format!(
        "UPDATE sync_watermarks SET lease_host = 'etl-7', lease_pid = {}, lease_nonce = 'n', lease_since = now(),
         lease_expires = now() + interval '1 minute'",
        std::process::id()
    );
    world.sql(&held).await?;
    let run = world.run_with(&engine).await?;
    ensure!(run.table()?.result == TableResult::Held, "{}", world::describe(&run.outcome));
    Ok(())
}
