//! Networks and servers that fail at any byte: each run converges or says why, and the next one converges.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firn_scenarios::child::Child;
use firn_scenarios::world::{Session, describe};
use firn_scenarios::{Gate, GatedSource, RunSpec, TableSpec, World};
use firn_sync::{Event, RunStatus};
use firn_testbed::{ClusterOptions, Fault, Proxy, Sender};

/// Breaks a connection after more and more bytes of either side. Every other run is a first load.
async fn swept(world: &mut World, proxy: &Proxy, most: u64, factor: u64) -> Result<()> {
    let (mut told, mut survived) = (0, 0);
    for sender in [Sender::Server, Sender::Client] {
        let mut bytes = 1;
        for turn in 0.. {
            let fault = if turn % 2 == 0 { Fault::Cut } else { Fault::Reset };
            if turn % 4 < 2 {
                world.spec.warehouse = world.folder.path().join(format!("{sender:?}-{turn}.duckdb"));
            }
            world.sql("UPDATE orders SET v = reverse(v), updated_at = now() WHERE id % 2 = 0").await?;
            let said = format!("{fault:?} after {bytes} bytes of the {sender:?}");
            let before = proxy.cuts();
            proxy.trip_after(sender, bytes, fault);
            let run = world.run().await.with_context(|| said.clone())?;
            let struck = proxy.cuts() > before;
            proxy.open();
            if run.outcome.status() == RunStatus::Success {
                world.assert_equal().await.with_context(|| said.clone())?;
                survived += u32::from(struck);
            } else {
                let told_well = run.complaint().contains("connection") || run.complaint().contains("does not listen");
                ensure!(told_well, "{said}: {}", describe(&run.outcome));
                told += 1;
            }
            world.converges().await.with_context(|| said.clone())?;
            bytes *= factor;
            if !struck || bytes > most {
                break;
            }
        }
    }
    ensure!(survived > 3, "{survived} breaks were survived, {told} told");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_the_source_that_breaks_after_any_number_of_bytes_loses_nothing() -> Result<()> {
    let mut world = World::megabyte().await?;
    let proxy = world.cluster.proxy()?;
    world.spec.port = proxy.port();
    world.spec.state_port = Some(world.cluster.port());
    swept(&mut world, &proxy, 2 << 20, 4).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_the_state_that_breaks_after_any_number_of_bytes_loses_nothing() -> Result<()> {
    let mut world = World::megabyte().await?;
    let proxy = world.cluster.proxy()?;
    world.spec.state_port = Some(proxy.port());
    swept(&mut world, &proxy, 1 << 20, 4).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_slow_and_late_is_only_that() -> Result<()> {
    let mut world = World::megabyte().await?;
    let proxy = world.cluster.proxy()?;
    world.spec.port = proxy.port();
    for fault in [Fault::Slow(500_000), Fault::Delay(Duration::from_millis(20))] {
        proxy.set(fault);
        let run = world.converges().await?;
        ensure!(run.retries() == 0, "{fault:?}: it came through only by trying again");
        world.sql("UPDATE orders SET v = reverse(v), updated_at = now()").await?;
    }
    Ok(())
}

const FIRN: &str = "FROM pg_stat_activity WHERE application_name LIKE 'firn%' AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_crashes_in_the_middle_of_a_run_is_waited_for() -> Result<()> {
    let world = World::megabyte().await?;
    for crash in 0..2 {
        let crash = async {
            match crash {
                0 => world.cluster.restart(firn_testbed::StopMode::Immediate),
                _ => world.cluster.kill9_backends().map(drop),
            }
        };
        let (run, ()) = world.run_past(GatedSource::before_read, crash).await?;
        ensure!(run.outcome.status() == RunStatus::Success, "{}", describe(&run.outcome));
        ensure!(run.retries() > 0, "nothing was retried");
        world.assert_equal().await?;
        world.sql("UPDATE orders SET v = reverse(v), updated_at = now()").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_are_terminated_again_and_again_are_made_again() -> Result<()> {
    let mut world = World::megabyte().await?;
    world.spec.max_retries = 30;
    let until = Instant::now() + Duration::from_secs(4);
    let terminate = async {
        let mut ended = 0;
        while Instant::now() < until {
            let count = world.text(&format!("SELECT count(pg_terminate_backend(pid))::text {FIRN}")).await?;
            ended += count.parse::<u32>()?;
            tokio::time::sleep(Duration::from_millis(120)).await;
        }
        anyhow::Ok(ended)
    };
    let runs = async {
        let mut retries = 0;
        while Instant::now() < until {
            retries += world.run_well().await?.retries();
            world.sql("UPDATE orders SET v = reverse(v), updated_at = now()").await?;
        }
        anyhow::Ok(retries)
    };
    let (ended, retries) = tokio::join!(terminate, runs);
    let (ended, retries) = (ended?, retries?);
    ensure!(ended > 5 && retries > 2, "{ended} sessions were terminated, {retries} retries");
    world.converges().await.map(drop)
}

/// Waits until a statement answers `t`.
async fn becomes_true(world: &World, sql: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while world.text(sql).await? != "true" {
        ensure!(Instant::now() < deadline, "{sql} does not become true");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_somebody_cancels_on_the_server_is_tried_again() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    world.spec.tables[0] = TableSpec::new("orders").transform("v", Some("(SELECT v FROM pg_sleep(0.01 + id * 0))"));
    let cancel = async {
        let reads = format!("{FIRN} AND state = 'active' AND query LIKE 'COPY%'");
        becomes_true(&world, &format!("SELECT (count(*) > 0)::text {reads}")).await?;
        world.sql(&format!("SELECT pg_cancel_backend(pid) {reads}")).await
    };
    let (run, cancelled) = tokio::join!(world.run(), cancel);
    cancelled?;
    let run = run?;
    ensure!(run.outcome.status() == RunStatus::Success, "{}", describe(&run.outcome));
    let told = run.events.iter().find_map(|event| match event {
        Event::Retry { failure, .. } => failure.hint.as_deref(),
        _ => None,
    });
    ensure!(told.is_some_and(|hint| hint.starts_with("If it stays: Somebody stopped")), "{told:?}");
    world.spec.tables[0].transforms.clear();
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_free_connections_is_told_and_two_are_enough() -> Result<()> {
    let options = ClusterOptions::new().setting("max_connections", "12").setting("superuser_reserved_connections", "3");
    let mut world = World::start(options.setting("max_wal_senders", "0").setting("wal_level", "replica"))?;
    world.sql(firn_scenarios::world::ORDERS).await?;
    world
        .sql("INSERT INTO orders SELECT n, repeat('.', 300), now() - interval '1 hour' FROM generate_series(1, 3000) n")
        .await?;
    world.sql("CREATE ROLE app LOGIN; GRANT SELECT ON orders TO app; CREATE SCHEMA firn AUTHORIZATION app; GRANT pg_read_all_stats TO app").await?;
    world.spec.tables.push(TableSpec::new("orders"));
    world.spec.range_bytes = 64 << 10;
    (world.spec.user, world.spec.state_schema) = ("app".to_owned(), "firn".to_owned());
    (world.spec.connect_ms, world.spec.max_retries) = (1000, 1);
    let mut others: Vec<Session> = Vec::new();
    while let Ok(session) = world.session_as("app").await {
        others.push(session);
        ensure!(others.len() < 12, "the server has no limit");
    }
    let all = others.len();
    let free = async |world: &World, others: &mut Vec<Session>, slots: usize| {
        let left = all - slots;
        others.truncate(left);
        let counted = format!("SELECT (count(*) = {left})::text FROM pg_stat_activity WHERE usename = 'app'");
        becomes_true(world, &counted).await
    };
    for slots in 0..=4 {
        free(&world, &mut others, slots).await?;
        world.spec.warehouse = world.folder.path().join(format!("{slots}.duckdb"));
        let run = world.run().await?;
        // With a single one it may do: as long as nothing has to be told to the state while a view is open.
        if slots < 2 && run.outcome.status() != RunStatus::Success {
            let complaint = run.complaint();
            ensure!(complaint.contains("53300") && complaint.contains("free connection slots"), "{slots}: {complaint}");
            let end = "Firn gave up after 2 attempts; the next run goes on where this one stopped.";
            ensure!(complaint.ends_with(end), "{slots}: {complaint}");
            continue;
        }
        ensure!(slots > 0 && run.outcome.status() == RunStatus::Success, "{slots}: {}", describe(&run.outcome));
        world.sql("UPDATE orders SET v = reverse(v), updated_at = now() WHERE id % 3 = 0").await?;
        world.converges().await.with_context(|| format!("with {slots} slots"))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_to_change_a_table_does_not_stop_its_first_load() -> Result<()> {
    let world = World::megabyte().await?;
    let gate = Gate::new();
    let engine = world.spec.engine_over(|source| GatedSource::before_read(source, &gate)).await?;
    // He stands behind the first reader, and the second reader would stand behind him.
    let change = async {
        let mut session = world.session().await?;
        gate.reached().await;
        let waits = async {
            let waiting =
                "SELECT (count(*) > 0)::text FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass";
            let waits = becomes_true(&world, waiting).await;
            gate.open();
            waits
        };
        let (changed, waits) = tokio::join!(session.sql("ALTER TABLE orders ADD COLUMN extra int"), waits);
        changed.and(waits)
    };
    let (run, changed) = tokio::join!(world.run_with(&engine), change);
    changed?;
    let run = run?;
    ensure!(run.outcome.status() == RunStatus::Success, "{}", describe(&run.outcome));
    world.sql("UPDATE orders SET extra = 1, updated_at = now() WHERE id < 10").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_deadlocks_and_serialization_failures_are_waited_out() -> Result<()> {
    let world = World::with_orders(500).await?;
    world.sql("ALTER ROLE postgres SET default_transaction_isolation = 'serializable'").await?;
    world.converges().await?;

    // A table that is held for a while.
    world.sql("UPDATE orders SET v = 'held', updated_at = now() WHERE id < 100").await?;
    let mut holder = world.session().await?;
    holder.sql("BEGIN; LOCK TABLE orders, sync_watermarks IN ACCESS EXCLUSIVE MODE").await?;
    let release = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        holder.sql("COMMIT").await
    };
    let (run, released) = tokio::join!(world.run_well(), release);
    released?;
    ensure!(run?.retries() == 0, "a lock was not waited for");
    world.assert_equal().await?;

    // Whoever asks for the lease has a row of the one table and wants one of the other, which a dead run left open;
    // Firn's session is the one that the server gives up first.
    world.sql("INSERT INTO sync_logs (run_id, source_table, started_at, status) VALUES ('dead', 'public.orders', now(), 'running')").await?;
    let mut other = world.session().await?;
    other.sql("SET deadlock_timeout = '60s'; BEGIN; SELECT FROM sync_logs WHERE run_id = 'dead' FOR UPDATE").await?;
    let cross = async {
        becomes_true(&world, "SELECT (count(*) > 0)::text FROM pg_locks WHERE NOT granted").await?;
        other.sql("UPDATE sync_watermarks SET last_error = last_error; COMMIT").await
    };
    let (run, crossed) = tokio::join!(world.run_well(), cross);
    crossed?;
    ensure!(run?.retries() > 0, "there was no deadlock");
    world.assert_equal().await?;

    // Two runners on the same rows of the state, again and again.
    let rival = RunSpec { nonce: "second".to_owned(), ..world.spec.clone() };
    for _ in 0..8 {
        world.sql("UPDATE orders SET v = v || '.', updated_at = now() WHERE id < 100").await?;
        let (one, two) = (world.spec.engine().await?, rival.engine().await?);
        let (first, second) = tokio::join!(world.run_with(&one), world.run_with(&two));
        for run in [first?, second?] {
            let fine = matches!(run.outcome.status(), RunStatus::Success | RunStatus::Held);
            ensure!(fine, "{}", describe(&run.outcome));
        }
    }
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_asleep_longer_than_its_lease_is_named_and_goes_on_when_nobody_took_over() -> Result<()> {
    let mut world = World::with_orders(500).await?;
    world.converges().await?;
    world.sql("UPDATE orders SET v = 'seen by the sleeper', updated_at = now() WHERE id < 100").await?;
    world.spec.lease_ms = 600;
    let hold = world.folder.path().join("hold");
    std::fs::write(&hold, "")?;
    let point = format!("engine.between_horizon_and_snapshot={}", hold.display());
    let sleeper = Child::engine(&world.spec, &[("FIRN_TEST_HOLD", &point)])?;
    firn_scenarios::child::appears(&world.folder.path().join("hold.reached")).await?;
    let pid = sleeper.pid()?;
    sleeper.signal("STOP").await?;
    becomes_true(&world, "SELECT (lease_expires < now())::text FROM sync_watermarks").await?;
    let mut second = RunSpec { nonce: "second".to_owned(), ..world.spec.clone() };
    second.max_retries = 0;
    let run = world.run_with(&second.engine().await?).await?;
    let told = run.complaint();
    ensure!(run.outcome.status() == RunStatus::Failed && told.contains(&pid.to_string()), "{}", describe(&run.outcome));
    sleeper.signal("CONT").await?;
    std::fs::remove_file(&hold)?;
    let ended = sleeper.end().await?;
    ensure!(ended.result["status"] == "Success", "{} {}", ended.stdout, ended.stderr);
    world.assert_equal().await?;
    world.converges().await.map(drop)
}
