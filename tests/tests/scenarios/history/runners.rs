//! What happens to Firn: runs one after the other and at once, killed, asleep, cut off, and a server that goes away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use firn_scenarios::child::{Child, Ended};
use firn_scenarios::oracle;
use firn_scenarios::{RunSpec, TableSpec, World};
use firn_testbed::{Fault, Proxy, Sender, StopMode};
use rand::Rng as _;
use rand::rngs::StdRng;
use sqlx::Row as _;

use super::shapes::SHAPES;
use super::writers::Stage;

/// How often each row has been changed, by its table and key.
type Changes = BTreeMap<String, i64>;

/// Counts what has come of the runs.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) whole: AtomicU32,
    pub(super) failed: AtomicU32,
    pub(super) killed: AtomicU32,
    pub(super) faults: AtomicU32,
}

/// The statement that lists changes on either side; keys that vanish tell nothing.
fn changes_sql(prefix: &str) -> String {
    let tables = SHAPES.iter().filter(|shape| !shape.vanishing);
    let each = tables.map(|s| format!("SELECT '{0} ' || id, CAST(n AS text) FROM {prefix}{0}", s.name));
    each.collect::<Vec<_>>().join(" UNION ALL ")
}

/// Reads what is committed in the source at this moment.
async fn committed(stage: &Stage) -> Result<Changes> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let sql = changes_sql("");
    let rows = loop {
        match sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).fetch_all(&stage.world.pool).await {
            Ok(rows) => break rows,
            Err(error) => ensure!(Instant::now() < deadline, "the source cannot be read: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<String, _>(1)?.parse()?))).collect()
}

/// Checks that the target has every row in the version committed before the run began, or in a newer one, once.
fn assert_not_behind(world: &World, before: &Changes) -> Result<()> {
    let mut loaded = Changes::new();
    for row in world.warehouse(&changes_sql("raw."))? {
        let [Some(key), Some(n)] = row.as_slice() else { bail!("a row without a key: {row:?}") };
        ensure!(loaded.insert(key.clone(), n.parse()?).is_none(), "{key} is there twice");
    }
    let behind = before.iter().filter(|(key, n)| loaded.get(*key).is_none_or(|loaded| loaded < n));
    let behind: Vec<_> = behind.take(5).map(|(key, n)| format!("{key}: {n}, loaded {:?}", loaded.get(key))).collect();
    ensure!(behind.is_empty(), "rows committed before the run are not there after it: {behind:?}");
    let filled = world.warehouse_text("SELECT count(*) || ' ' || count(DISTINCT v) FROM raw.rates")?;
    ensure!(filled == "100 1", "a table was read as it never was: {filled}");
    Ok(())
}

/// Returns whether all that was to be done is done; fails for a failure that no fault of the history explains.
fn succeeded(ended: &Ended) -> Result<bool> {
    let result = &ended.result;
    let status = result["status"].as_str().unwrap_or_default();
    if status == "Success" {
        return Ok(true);
    }
    let tables = result["tables"].as_array().map(Vec::as_slice).unwrap_or_default();
    let failures = tables.iter().map(|table| &table["failure"]).chain([&result["failure"]]);
    let kinds: BTreeSet<&str> = failures.filter_map(|failure| failure["kind"].as_str()).collect();
    let explained = !kinds.is_empty() && kinds.iter().all(|kind| ["Transient", "Busy", "Fenced"].contains(kind));
    ensure!(explained, "{} {}", ended.stdout, ended.stderr);
    Ok(false)
}

/// Runs children one after the other; about half of them are killed, at a named point or at any moment, or put to sleep
/// for a while, and some have a rival. Now and then a table begins anew, with a first load over what is there.
pub(super) async fn run(stage: &Stage, mut random: StdRng, tally: &Tally, faulty: &AtomicBool) -> Result<()> {
    let world = &stage.world;
    while stage.goes_on() {
        if random.random_bool(0.1) && !faulty.load(Ordering::SeqCst) {
            reset(stage, &mut random).await?;
        }
        // Where a run is killed, and how often it has passed there by then at most: two tables sweep, each once.
        let points = [
            ("engine.before_commit", 8),
            ("duckdb.staged", 8),
            ("duckdb.before_commit", 8),
            ("duckdb.after_commit", 8),
            ("engine.after_commit", 8),
            ("duckdb.before_sweep_commit", 2),
            ("duckdb.after_sweep_commit", 2),
        ];
        let (name, passages) = points[random.random_range(0..points.len())];
        let point = format!("{name}:{}", random.random_range(1..=passages));
        let variables = if random.random_bool(0.3) { vec![("FIRN_TEST_STOP", point.as_str())] } else { Vec::new() };
        let before = committed(stage).await?;
        stage.note("run", &format!("begins {variables:?}"));
        let child = Child::engine(&world.spec, &variables)?;
        let rival = match random.random_bool(0.2) {
            true => Some(Child::engine(&RunSpec { nonce: "rival".to_owned(), ..world.spec.clone() }, &[])?),
            false => None,
        };
        match random.random_range(0..8) {
            0..2 => {
                tokio::time::sleep(Duration::from_millis(random.random_range(30..900))).await;
                // It may have ended by itself meanwhile.
                let _late = child.signal("KILL").await;
            }
            2 => {
                tokio::time::sleep(Duration::from_millis(random.random_range(30..400))).await;
                let _late = child.signal("STOP").await;
                tokio::time::sleep(Duration::from_millis(random.random_range(30..1500))).await;
                let _late = child.signal("CONT").await;
            }
            _ => {}
        }
        let ended = child.end().await?;
        if let Some(rival) = rival {
            let rival = rival.end().await?;
            stage.note("rival", rival.result["status"].as_str().unwrap_or("without a result"));
            succeeded(&rival)?;
        }
        if ended.signal().is_some() {
            stage.note("run", "was killed");
            tally.killed.fetch_add(1, Ordering::SeqCst);
        } else if succeeded(&ended)? {
            stage.note("run", "has succeeded");
            tally.whole.fetch_add(1, Ordering::SeqCst);
            assert_not_behind(world, &before)?;
        } else {
            stage.note("run", &format!("has failed: {}", ended.stdout.trim()));
            tally.failed.fetch_add(1, Ordering::SeqCst);
        }
    }
    Ok(())
}

async fn reset(stage: &Stage, random: &mut StdRng) -> Result<()> {
    let table = &SHAPES[random.random_range(0..SHAPES.len())];
    let engine = stage.world.spec.engine().await?;
    // A fault may come in between; then nothing is reset, or it is and nobody has heard of it.
    let done = engine.reset("reset", &table.spec().config()?, None).await;
    stage.note("reset", &format!("{}: {}", table.name, done.map_or_else(|error| error.chain(), |_| "done".to_owned())));
    engine.target.close().await?;
    Ok(())
}

/// Breaks connections, sessions and the server now and then.
pub(super) async fn harm(
    stage: &Stage,
    proxy: &Proxy,
    mut random: StdRng,
    tally: &Tally,
    faulty: &AtomicBool,
) -> Result<()> {
    while stage.goes_on() {
        tokio::time::sleep(Duration::from_millis(random.random_range(200..3000))).await;
        faulty.store(true, Ordering::SeqCst);
        let cluster = &stage.world.cluster;
        let what = random.random_range(0..20);
        match what {
            0..5 => {
                let sender = if random.random_bool(0.7) { Sender::Server } else { Sender::Client };
                let fault = if random.random_bool(0.5) { Fault::Cut } else { Fault::Reset };
                let bytes = 1_u64 << random.random_range(0..20);
                stage.note("harm", &format!("{fault:?} after {bytes} bytes of the {sender:?}"));
                proxy.trip_after(sender, bytes, fault);
            }
            5..9 => {
                stage.note("harm", "connections dropped");
                proxy.drop_connections();
            }
            9..13 => {
                let fault =
                    [Fault::Reset, Fault::BlackHole, Fault::Delay(Duration::from_millis(30)), Fault::Slow(400_000)]
                        [random.random_range(0..4)];
                stage.note("harm", &format!("{fault:?}"));
                proxy.set(fault);
                tokio::time::sleep(Duration::from_millis(random.random_range(50..900))).await;
                proxy.drop_connections();
                proxy.open();
            }
            13..18 => {
                stage.note("harm", "sessions terminated");
                // The server may be gone just now.
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'firn%'";
                let _gone = stage.world.sql(sql).await;
            }
            18 => {
                let mode = if random.random_bool(0.5) { StopMode::Fast } else { StopMode::Immediate };
                stage.note("harm", &format!("server restarted: {mode:?}"));
                tokio::task::block_in_place(|| cluster.restart(mode))?;
            }
            _ => {
                stage.note("harm", "backends killed");
                // Some may have ended by themselves meanwhile.
                if let Err(error) = tokio::task::block_in_place(|| cluster.kill9_backends()) {
                    stage.note("harm", &format!("{error:#}"));
                }
            }
        }
        tally.faults.fetch_add(1, Ordering::SeqCst);
        faulty.store(false, Ordering::SeqCst);
    }
    proxy.drop_connections();
    proxy.open();
    Ok(())
}

/// Compares a table whose rows vanish. Where deletes are followed both sides hold the same, and no key is marked and
/// there at once. Where they are ignored, what the source holds is there, once, and what is there beyond that has a
/// key which the source has not.
pub(super) async fn compare_vanishing(world: &World, table: &TableSpec) -> Result<()> {
    if table.deletes != "ignore" {
        let doubled = format!("SELECT count(*) - count(DISTINCT id) FROM {}", table.target);
        ensure!(world.warehouse_text(&doubled)? == "0", "{}: a key is there twice", table.target);
        return oracle::compare_table(&world.pool, &world.spec.warehouse, table).await;
    }
    let columns = oracle::columns(&world.pool, table).await?;
    let source = oracle::source_rows(&world.pool, table, &columns).await?;
    let keys: BTreeSet<_> = source.iter().map(|row| row.first().cloned()).collect();
    let target = oracle::target_rows(&world.spec.warehouse, table, &columns)?;
    let rest: Vec<_> = target.into_iter().filter(|row| keys.contains(&row.first().cloned())).collect();
    oracle::compare(&table.source, &source, &rest)
}
