//! The program killed at any moment, again and again, while others write.

#![expect(clippy::print_stderr, reason = "the seed is what repeats a failure")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firn_scenarios::{CommandLine, World};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sqlx::Row as _;

use crate::history::{number, seed};
use crate::program::{RUN, workspace};

const NUMBERS: &str = "SELECT id::text, split_part(v, ' ', 2) FROM ";

/// Reads how often each row has been changed.
async fn committed(world: &World) -> Result<BTreeMap<String, i64>> {
    let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{NUMBERS} orders"))).fetch_all(&world.pool).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<String, _>(1)?.parse()?))).collect()
}

/// Changes and adds rows in short transactions until told to stop.
async fn write(world: &World, seed: u64, writing: &AtomicBool) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut session = world.session().await?;
    while writing.load(Ordering::SeqCst) {
        let (first, count) = (random.random_range(1..2000), random.random_range(1..40));
        session
            .sql(&format!(
                "UPDATE orders SET v = 'row ' || split_part(v, ' ', 2)::int + 1, updated_at = clock_timestamp() \
                 WHERE id IN (SELECT id FROM orders WHERE id BETWEEN {first} AND {first} + {count} ORDER BY id FOR UPDATE SKIP LOCKED)"
            ))
            .await?;
        if random.random_bool(0.2) {
            session.sql("INSERT INTO orders SELECT max(id) + 1, 'row 0' FROM orders ON CONFLICT DO NOTHING").await?;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..40))).await;
    }
    Ok(())
}

/// Runs the program to its end and checks that no row is behind what was committed before; returns how long it ran.
async fn arrives(world: &World, terminal: &CommandLine) -> Result<Duration> {
    let before = committed(world).await?;
    let started = Instant::now();
    let done = tokio::task::block_in_place(|| terminal.run(&RUN))?;
    let elapsed = started.elapsed();
    ensure!(done.code == 0, "{done:?}");
    let mut loaded = BTreeMap::new();
    for row in world.warehouse(&format!("{NUMBERS} raw.orders"))? {
        let [Some(id), Some(number)] = row.as_slice() else { anyhow::bail!("{row:?}") };
        ensure!(loaded.insert(id.clone(), number.parse::<i64>()?).is_none(), "row {id} is there twice");
    }
    for (id, number) in &before {
        let there = loaded.get(id);
        ensure!(
            there.is_some_and(|there| there >= number),
            "row {id} is at {there:?} and was at {number} before the run"
        );
    }
    Ok(elapsed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_killed_at_random_moments_again_and_again_loses_nothing() -> Result<()> {
    let (seed, kills) = (seed()?, number("FIRN_KILLS", 25)?);
    let mut random = StdRng::seed_from_u64(seed);
    let mut world = World::new()?;
    world.sql(firn_scenarios::world::ORDERS).await?;
    world
        .sql("INSERT INTO orders SELECT n, 'row 0', now() - interval '1 hour' FROM generate_series(1, 2000) n")
        .await?;
    world.spec.tables.push(firn_scenarios::TableSpec::new("orders"));
    let terminal = workspace(&mut world)?;
    let writing = AtomicBool::new(true);
    let killing = async {
        let mut whole = Duration::ZERO;
        for _ in 0..2 {
            // The second is an increment, as most of those to come are.
            whole = arrives(&world, &terminal).await?;
        }
        let (mut killed, mut in_time) = (0, 0);
        for nth in 1..=kills {
            if random.random_ratio(1, 12) {
                // The next ones meet a first load.
                let _gone = std::fs::remove_file(&world.spec.warehouse);
            }
            let mut child = terminal.command(&RUN)?.spawn()?;
            tokio::time::sleep(whole.mul_f64(random.random_range(0.0..1.0))).await;
            child.kill()?;
            let ended = child.wait()?;
            match std::os::unix::process::ExitStatusExt::signal(&ended) {
                Some(9) => killed += 1,
                _ => in_time += 1,
            }
            if nth % 12 == 0 {
                arrives(&world, &terminal).await.with_context(|| format!("after kill {nth}"))?;
            }
        }
        anyhow::Ok((killed, in_time))
    };
    let killing = async {
        let done = killing.await;
        writing.store(false, Ordering::SeqCst);
        done
    };
    let (first, second, killed) =
        tokio::join!(write(&world, seed ^ 1, &writing), write(&world, seed ^ 2, &writing), killing);
    first.and(second)?;
    let (killed, in_time) = killed.with_context(|| format!("FIRN_SEED={seed}"))?;
    eprintln!("{killed} killed, {in_time} were over before");
    ensure!(killed * 5 > kills, "only {killed} of {kills} were killed");
    arrives(&world, &terminal).await?;
    world.assert_equal().await.with_context(|| format!("FIRN_SEED={seed}"))
}
