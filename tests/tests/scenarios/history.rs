//! Random histories: several writers, transactions of every length and end, rows that are deleted, change their keys and
//! come back, tables that are emptied and rewritten, runs that are killed and put to sleep, connections and servers that
//! break; at the end both sides are equal.
//!
//! `FIRN_SEED` repeats the choices of a history and `FIRN_HISTORY_SECONDS` says how long it is written. When one fails,
//! the log of its steps stands in the file that the message names.

#![expect(clippy::print_stderr, reason = "the seed is what repeats a failure")]

mod runners;
mod shapes;
mod writers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use firn_scenarios::World;
use firn_testbed::ClusterOptions;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use runners::Tally;
use shapes::SHAPES;
use writers::Stage;

/// Writers at once.
const WRITERS: u64 = 5;

/// The seed of `FIRN_SEED`, or a new one; printed so that a failure can be repeated.
pub(crate) fn seed() -> Result<u64> {
    let seed = match std::env::var("FIRN_SEED") {
        Ok(text) => text.parse().context("FIRN_SEED is not a number")?,
        Err(_) => rand::random(),
    };
    eprintln!("FIRN_SEED={seed}");
    Ok(seed)
}

/// A number of the environment.
pub(crate) fn number(name: &str, default: u64) -> Result<u64> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name} is not a number")),
        Err(_) => Ok(default),
    }
}

/// Makes the tables and what is synced.
async fn world() -> Result<World> {
    // A server that stops waits for whoever has connected and says nothing, as an actor does while the server stops.
    let mut world = World::start(ClusterOptions::new().setting("authentication_timeout", "2s"))?;
    world.sql("CREATE SEQUENCE revs").await?;
    for shape in &SHAPES {
        world.sql(&shape.create()).await?;
        world.spec.tables.push(shape.spec());
    }
    world.sql("CREATE TABLE rates (id bigint PRIMARY KEY, v text); INSERT INTO rates SELECT n, 'first' FROM generate_series(1, 100) n").await?;
    world.spec.tables.extend(shapes::others());
    world.spec.group_rows = 200;
    world.spec.group_bytes = 64 << 10;
    world.spec.range_bytes = 64 << 10;
    world.spec.connect_ms = 3000;
    Ok(world)
}

/// Compares every table with what the source holds now.
async fn assert_equal(world: &World) -> Result<()> {
    for table in &world.spec.tables {
        if SHAPES.iter().any(|shape| shape.vanishing && table.source == format!("public.{}", shape.name)) {
            runners::compare_vanishing(world, table).await?;
        } else {
            firn_scenarios::oracle::compare_table(&world.pool, &world.spec.warehouse, table).await?;
        }
    }
    Ok(())
}

/// Lets everything happen at once, and compares when all have ended.
async fn play(stage: &mut Stage, seed: u64) -> Result<()> {
    let actor = |n: u64| StdRng::seed_from_u64(seed.wrapping_add(n));
    let proxy = stage.world.cluster.proxy()?;
    let direct = std::mem::replace(&mut stage.world.spec.port, proxy.port());
    let (tally, faulty) = (Tally::default(), AtomicBool::new(false));
    {
        let stage = &*stage;
        let writers = futures::future::try_join_all((0..WRITERS).map(|n| writers::write(stage, actor(n), n)));
        let (transactions, ran, disturbed, harmed) = tokio::join!(
            writers,
            runners::run(stage, actor(1000), &tally, &faulty),
            writers::disturb(stage, actor(2000)),
            runners::harm(stage, &proxy, actor(3000), &tally, &faulty),
        );
        // A server that has not come back is why the others fail.
        harmed?;
        disturbed?;
        ran?;
        let transactions = transactions?.iter().sum::<u32>();
        let count = |of: &std::sync::atomic::AtomicU32| of.load(Ordering::SeqCst);
        let (whole, failed, killed) = (count(&tally.whole), count(&tally.failed), count(&tally.killed));
        eprintln!(
            "{transactions} transactions committed; {whole} runs succeeded, {failed} failed, {killed} killed; {} faults",
            count(&tally.faults)
        );
        ensure!(whole >= 3 && transactions >= 50, "too little has happened");
        writers::settle(stage, &mut actor(4000)).await?;
    }
    stage.world.spec.port = direct;
    let world = &stage.world;
    world.run_well().await?;
    world.run_well().await?;
    assert_equal(world).await?;
    // Nothing is merged twice once everything is quiet.
    let quiet = world.run_well().await?;
    let again = quiet.outcome.tables.iter().filter(|table| table.source != "public.rates");
    let again: Vec<_> = again.filter(|t| t.counters.changed() > 0).map(|t| (&t.source, t.counters)).collect();
    ensure!(again.is_empty(), "changed again: {again:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_random_history_ends_equal() -> Result<()> {
    let seed = seed()?;
    let mut stage = Stage::new(world().await?, Duration::from_secs(number("FIRN_HISTORY_SECONDS", 45)?));
    let Err(error) = play(&mut stage, seed).await else { return Ok(()) };
    let log = std::env::temp_dir().join(format!("firn-history-{seed}.log"));
    std::fs::write(&log, stage.steps().join("\n"))?;
    Err(error.context(format!("FIRN_SEED={seed}, steps in {}", log.display())))
}
