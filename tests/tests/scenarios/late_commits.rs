//! Transactions that commit late: their rows appear below watermarks that were read long ago.

use anyhow::{Result, ensure};
use firn_scenarios::child::{Child, appears};
use firn_scenarios::world::{ORDERS, PAST_THE_MARGIN, Session};
use firn_scenarios::{TableSpec, World};
use firn_testbed::{Cluster, ClusterOptions};

/// Opens a transaction that has written row 100 and lasts longer than the margin.
async fn late(world: &World) -> Result<Session> {
    let mut late = world.session().await?;
    late.sql("BEGIN; INSERT INTO orders VALUES (100, 'late')").await?;
    late.sql(PAST_THE_MARGIN).await?;
    Ok(late)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_committed_late_below_the_cursor_arrives() -> Result<()> {
    let world = World::with_orders(10).await?;
    world.converges().await?;
    let mut late = late(&world).await?;
    world.sql("INSERT INTO orders VALUES (101, 'in time')").await?;
    // Two runs while it is open: a later one must not go past it either.
    world.converges().await?;
    world.sql("INSERT INTO orders VALUES (102, 'in time, too')").await?;
    world.converges().await?;
    late.sql("COMMIT").await?;
    world.converges().await?;
    ensure!(world.warehouse_text("SELECT v FROM raw.orders WHERE id = 100")? == "late");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_between_the_horizon_and_the_snapshot_is_not_lost() -> Result<()> {
    let world = World::with_orders(10).await?;
    world.converges().await?;
    let mut late = world.session().await?;
    late.sql("BEGIN; INSERT INTO orders VALUES (100, 'late')").await?;
    // What the run does see, so that the cursor has somewhere to go.
    world.sql("INSERT INTO orders VALUES (101, 'in time')").await?;
    late.sql(PAST_THE_MARGIN).await?;

    let file = world.folder.path().join("hold");
    std::fs::write(&file, "")?;
    let hold = format!("engine.between_horizon_and_snapshot={}", file.display());
    let child = Child::engine(&world.spec, &[("FIRN_TEST_HOLD", &hold)])?;
    appears(&world.folder.path().join("hold.reached")).await?;
    late.sql("COMMIT").await?;
    std::fs::remove_file(&file)?;
    let ended = child.end().await?;
    ensure!(ended.result["status"] == "Success", "{} {}", ended.stdout, ended.stderr);
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_transaction_freezes_the_cursor() -> Result<()> {
    let world = World::with_orders(10).await?;
    world.converges().await?;
    let mut session = world.session().await?;
    session.sql("BEGIN; INSERT INTO orders VALUES (100, 'prepared'); PREPARE TRANSACTION 'until tomorrow'").await?;
    session.sql(PAST_THE_MARGIN).await?;
    world.sql("INSERT INTO orders VALUES (101, 'meanwhile')").await?;
    let run = world.converges().await?;
    session.sql("COMMIT PREPARED 'until tomorrow'").await?;
    world.converges().await?;
    ensure!(world.warehouse_text("SELECT v FROM raw.orders WHERE id = 100")? == "prepared");
    let finding = run.table()?.findings.iter().find(|f| f.code == "prepared_transaction");
    ensure!(finding.is_some_and(|f| f.message.contains("until tomorrow") && f.fix.is_some()), "{finding:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_open_since_before_the_first_load_is_not_lost() -> Result<()> {
    let world = World::with_orders(10).await?;
    let mut late = late(&world).await?;
    world.converges().await?;
    world.converges().await?;
    late.sql("COMMIT").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_see_other_sessions_goes_by_their_locks() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    world
        .sql("CREATE ROLE reader LOGIN; GRANT SELECT ON orders TO reader; CREATE SCHEMA firn AUTHORIZATION reader")
        .await?;
    world.spec.user = "reader".to_owned();
    world.spec.state_schema = "firn".to_owned();
    world.converges().await?;

    let mut late = late(&world).await?;
    world.sql("INSERT INTO orders VALUES (101, 'in time')").await?;
    world.converges().await?;
    world.sql("INSERT INTO orders VALUES (102, 'in time, too')").await?;
    world.converges().await?;
    late.sql("COMMIT").await?;
    world.converges().await?;
    ensure!(world.warehouse_text("SELECT v FROM raw.orders WHERE id = 100")? == "late");

    // With nobody in the way the cursor moves on.
    let before = world.warehouse_text("SELECT watermark FROM _firn.tables")?;
    late.sql(PAST_THE_MARGIN).await?;
    world.sql("INSERT INTO orders VALUES (103, 'last')").await?;
    world.converges().await?;
    ensure!(world.warehouse_text("SELECT watermark FROM _firn.tables")? > before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_from_the_year_2099_neither_freezes_a_table_nor_is_merged_twice() -> Result<()> {
    let world = World::with_orders(10).await?;
    world.sql("INSERT INTO orders VALUES (99, 'from the future', '2099-01-01')").await?;
    world.converges().await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 0);
    world.sql("INSERT INTO orders VALUES (100, 'of today')").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 1);
    world.sql("UPDATE orders SET v = 'changed in the future' WHERE id = 99").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 1);
    ensure!(world.converges().await?.table()?.counters.rows_merged == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_needs_a_lookback_and_keeps_to_it() -> Result<()> {
    let (mut world, standby) = behind_a_standby().await?;
    world.spec.primary_port = None;
    let refused = world.run().await?;
    ensure!(
        refused.complaint().contains("standby") && refused.complaint().contains("lookback_seconds"),
        "{}",
        refused.complaint()
    );

    world.spec.tables[0].lookback_seconds = 60;
    world.converges().await?;
    a_late_commit_arrives(&world, &standby).await.map(drop)
}

/// Lets a row come late to a standby, below one that was read before, and makes sure that it arrives.
async fn a_late_commit_arrives(world: &World, standby: &Cluster) -> Result<Session> {
    let mut late = late(world).await?;
    world.sql("INSERT INTO orders VALUES (101, 'in time')").await?;
    replayed(world, standby).await?;
    world.converges().await?;
    late.sql("COMMIT").await?;
    replayed(world, standby).await?;
    world.converges().await?;
    Ok(late)
}

/// Makes a standby of a server with ten orders, which the runs read by way of both.
pub(crate) async fn behind_a_standby() -> Result<(World, Cluster)> {
    let primary = Cluster::start(ClusterOptions::new())?;
    primary.database("app")?;
    let standby = primary.standby()?;
    let mut world = World::over(primary)?;
    world.sql(ORDERS).await?;
    world.sql("INSERT INTO orders SELECT n, 'row ' || n FROM generate_series(1, 10) n").await?;
    world.spec.tables.push(TableSpec::new("orders"));
    world.spec.state_port = Some(world.spec.port);
    world.spec.primary_port = Some(world.spec.port);
    world.spec.port = standby.port();
    replayed(&world, &standby).await?;
    Ok((world, standby))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_its_horizon_from_its_primary() -> Result<()> {
    let (world, standby) = behind_a_standby().await?;
    world.converges().await?;
    let mut late = a_late_commit_arrives(&world, &standby).await?;
    // With nobody in the way the cursor moves on.
    let before = world.warehouse_text("SELECT watermark FROM _firn.tables")?;
    late.sql(PAST_THE_MARGIN).await?;
    world.sql("INSERT INTO orders VALUES (102, 'last')").await?;
    late.sql(PAST_THE_MARGIN).await?;
    replayed(&world, &standby).await?;
    world.converges().await?;
    ensure!(world.warehouse_text("SELECT watermark FROM _firn.tables")? > before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_behind_its_primary_holds_the_cursor_back() -> Result<()> {
    let (world, standby) = behind_a_standby().await?;
    world.converges().await?;
    // The late row is committed on the primary, and the standby does not have it yet.
    let mut late = late(&world).await?;
    world.sql("INSERT INTO orders VALUES (101, 'in time')").await?;
    replayed(&world, &standby).await?;
    standby.psql("app", "SELECT pg_wal_replay_pause()")?;
    late.sql("COMMIT").await?;
    late.sql(PAST_THE_MARGIN).await?;
    let run = world.run_well().await?;
    ensure!(run.table()?.findings.iter().any(|f| f.code == "standby_behind"), "{:?}", run.table()?.findings);
    ensure!(world.warehouse_text("SELECT string_agg(id::text, ' ') FROM raw.orders WHERE id > 10")? == "101");
    standby.psql("app", "SELECT pg_wal_replay_resume()")?;
    replayed(&world, &standby).await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_of_another_database_is_refused() -> Result<()> {
    let (mut world, standby) = behind_a_standby().await?;
    world.spec.primary_port = Some(standby.port());
    let itself = world.run().await?;
    ensure!(itself.complaint().contains("is a standby itself"), "{}", itself.complaint());
    let stranger = Cluster::start(ClusterOptions::new())?;
    stranger.database("other")?;
    stranger.database("app")?;
    stranger.psql("app", &format!("CREATE TABLE spare (); {ORDERS}"))?;
    world.spec.primary_port = Some(stranger.port());
    let another = world.run().await?;
    ensure!(another.complaint().contains("leads to another database"), "{}", another.complaint());
    Ok(())
}

/// Waits until the standby has replayed what the primary has written.
pub(crate) async fn replayed(world: &World, standby: &Cluster) -> Result<()> {
    let written = world.text("SELECT pg_current_wal_lsn()::text").await?;
    for _ in 0..1000 {
        if standby.psql("app", &format!("SELECT pg_last_wal_replay_lsn() >= '{written}'"))? == "t" {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    anyhow::bail!("the standby does not replay")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookback_reaches_rows_of_a_clock_that_is_behind() -> Result<()> {
    let mut world = World::with_orders(0).await?;
    world.spec.tables[0].lookback_seconds = 600;
    let insert =
        |id: u32, ago: u32| format!("INSERT INTO orders VALUES ({id}, 'row', now() - interval '{ago} seconds')");
    for (id, ago) in [(1, 2000), (2, 300), (3, 30), (4, 500), (5, 599)] {
        world.sql(&insert(id, ago)).await?;
        world.converges().await?;
    }
    // Read again at each run, merged once.
    ensure!(world.converges().await?.table()?.counters.rows_merged == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watermark_without_a_zone_is_told_and_kept_on_the_safe_side() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql("CREATE TABLE orders (id bigint PRIMARY KEY, v text, updated_at timestamp NOT NULL DEFAULT now())")
        .await?;
    world.sql("INSERT INTO orders SELECT n, 'row ' || n FROM generate_series(1, 10) n").await?;
    world.spec.tables.push(TableSpec::new("orders"));
    let first = world.converges().await?;
    ensure!(
        first.table()?.findings.iter().any(|f| f.code == "watermark_without_zone"),
        "{:?}",
        first.table()?.findings
    );
    let mut late = late(&world).await?;
    world.sql("INSERT INTO orders VALUES (101, 'in time')").await?;
    world.converges().await?;
    late.sql("COMMIT").await?;
    world.converges().await.map(drop)
}
