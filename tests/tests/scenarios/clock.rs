//! Clocks: the server's set back, the machine's wrong, certificates out of their time.

use std::time::Duration;

use anyhow::{Result, ensure};
use firn_postgres::TlsMode;
use firn_scenarios::child::Child;
use firn_scenarios::world::{PAST_THE_MARGIN, describe};
use firn_scenarios::{Gate, GatedSource, TableSpec, World};
use firn_sync::{RunStatus, TableResult};
use firn_testbed::{ClusterOptions, Faults};

const HOUR: i64 = 3600;

/// Makes a world over a server whose clock can be set, with a table of 100 rows of this minute.
async fn over_a_clock(faults: &Faults) -> Result<World> {
    let mut world = World::start(ClusterOptions::new().faults(faults))?;
    world.sql(firn_scenarios::world::ORDERS).await?;
    world
        .sql("INSERT INTO orders SELECT n, 'row ' || n, now() - interval '20 s' FROM generate_series(1, 100) n")
        .await?;
    world.spec.tables.push(TableSpec::new("orders"));
    Ok(world)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_clock_was_set_back_stops_the_table_until_a_reset() -> Result<()> {
    let faults = Faults::new()?;
    let world = over_a_clock(&faults).await?;
    world.converges().await?;
    faults.set_clock(-HOUR)?;
    // By the wrong clock this lies an hour below the cursor.
    world.sql("UPDATE orders SET v = 'by the wrong clock', updated_at = now() WHERE id <= 10").await?;
    let stopped = world.run().await?;
    ensure!(stopped.table()?.result == TableResult::Failed, "{}", describe(&stopped.outcome));
    let told = stopped.complaint();
    ensure!(told.contains("clock was set back") && told.contains("sync reset"), "{told}");

    // The clock has caught up, and nothing shows any more what had happened.
    faults.set_clock(0)?;
    world.sql("UPDATE orders SET v = 'right again', updated_at = now() WHERE id > 90").await?;
    let still = world.run().await?;
    ensure!(still.complaint().contains("clock was set back"), "{}", describe(&still.outcome));

    let before = world.text("SELECT (now() - interval '2 hours')::text").await?;
    let engine = world.spec.engine().await?;
    engine.reset("reset", &world.spec.tables[0].config()?, Some(&before)).await?;
    engine.target.close().await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back_by_less_than_the_margin_changes_nothing() -> Result<()> {
    let faults = Faults::new()?;
    let world = over_a_clock(&faults).await?;
    world.sql(PAST_THE_MARGIN).await?;
    world.sql("UPDATE orders SET v = 'recent', updated_at = now() WHERE id <= 10").await?;
    world.converges().await?;
    faults.set_clock(-1)?;
    world.sql("UPDATE orders SET v = 'again', updated_at = now() WHERE id <= 20").await?;
    world.converges().await?;
    // A clock that is put forward by an hour and right again shows rows of the future, not a cursor there.
    faults.set_clock(HOUR)?;
    world.sql("UPDATE orders SET v = 'of the future', updated_at = now() WHERE id <= 30").await?;
    faults.set_clock(0)?;
    world.sql("UPDATE orders SET v = 'of the present', updated_at = now() WHERE id BETWEEN 20 AND 40").await?;
    world.converges().await?;
    world.sql("UPDATE orders SET v = 'still of the present', updated_at = now() WHERE id BETWEEN 35 AND 50").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_from_before_the_clock_was_set_back_ends_in_time() -> Result<()> {
    let faults = Faults::new()?;
    let mut world = over_a_clock(&faults).await?;
    world.spec.lease_ms = 500;
    world.converges().await?;
    // A holder on another host, of whom nobody knows that he is dead.
    world
        .sql("UPDATE sync_watermarks SET lease_host = 'elsewhere', lease_pid = 1, lease_nonce = 'n', lease_since = now(), lease_expires = now() + interval '500 ms'")
        .await?;
    faults.set_clock(-15)?;
    ensure!(world.run().await?.outcome.status() == RunStatus::Held);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let run = world.run().await?;
    ensure!(run.outcome.status() != RunStatus::Held, "{}", describe(&run.outcome));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_clock_of_the_machine_shows_the_rows_arrive() -> Result<()> {
    let world = World::with_orders(500).await?;
    let faults = Faults::new()?;
    let variables = faults.variables();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for seconds in [-26 * 365 * 24 * HOUR, -HOUR, HOUR, 30 * 365 * 24 * HOUR] {
        faults.set_clock(seconds)?;
        world.sql("UPDATE orders SET v = v || '!', updated_at = now() WHERE id % 3 = 0").await?;
        let ended = Child::engine(&world.spec, &variables)?.end().await?;
        ensure!(ended.result["status"] == "Success", "{seconds} s off: {} {}", ended.stdout, ended.stderr);
        world.assert_equal().await?;
    }
    // In the middle of a run, there and back.
    let hold = world.folder.path().join("hold");
    std::fs::write(&hold, "")?;
    let point = format!("engine.between_horizon_and_snapshot={}", hold.display());
    world.sql("UPDATE orders SET v = v || '?', updated_at = now()").await?;
    let child = Child::engine(&world.spec, &[&variables[..], &[("FIRN_TEST_HOLD", &point)]].concat())?;
    firn_scenarios::child::appears(&world.folder.path().join("hold.reached")).await?;
    faults.set_clock(-HOUR)?;
    std::fs::remove_file(&hold)?;
    let ended = child.end().await?;
    ensure!(ended.result["status"] == "Success", "{} {}", ended.stdout, ended.stderr);
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_out_of_its_time_is_told_as_such() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    world.spec.tls = TlsMode::VerifyFull;
    for (from, words) in [(-60 * 24 * HOUR, ["expired", "renew it"]), (24 * HOUR, ["not valid yet", "clock"])] {
        world.spec.root_cert = Some(world.cluster.enable_tls_from(&["IP:127.0.0.1"], from)?);
        let run = world.run().await?;
        ensure!(run.outcome.status() == RunStatus::Failed, "a certificate out of its time was believed");
        ensure!(words.iter().all(|word| run.complaint().contains(word)), "{}", run.complaint());
        ensure!(
            !world.spec.warehouse.exists()
                || world.warehouse("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'raw'")?.is_empty()
        );
    }
    world.spec.root_cert = Some(world.cluster.enable_tls()?);
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_changes_in_the_middle_of_a_run_is_told_and_nothing_is_half_done() -> Result<()> {
    let mut world = World::with_orders(2000).await?;
    world.spec.tls = TlsMode::VerifyFull;
    world.spec.root_cert = Some(world.cluster.enable_tls()?);
    world.spec.range_bytes = 8 << 10;
    world.spec.group_bytes = 8 << 10;
    let gate = Gate::new();
    let engine = world.spec.engine_over(|source| GatedSource::before_read(source, &gate)).await?;
    let rotate = async {
        gate.reached().await;
        let authority = world.cluster.enable_tls();
        // The sessions of before would go on for ever.
        let cut = world
            .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'firn%'")
            .await;
        gate.open();
        cut.and(authority)
    };
    let (run, authority) = tokio::join!(world.run_with(&engine), rotate);
    let (run, authority) = (run?, authority?);
    ensure!(run.table()?.result == TableResult::Failed, "{}", describe(&run.outcome));
    ensure!(run.complaint().contains("ca_file"), "{}", run.complaint());
    world.spec.root_cert = Some(authority);
    world.converges().await.map(drop)
}
