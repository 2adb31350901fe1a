//! Random histories: several writers, transactions of every length, rollbacks and runs that are killed; at the end
//! both sides are equal.

#![expect(clippy::print_stderr, reason = "the seed is what repeats a failure")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firn_scenarios::child::Child;
use firn_scenarios::{TableSpec, World};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sqlx::Row as _;

/// How long the writers write.
const WRITING: Duration = Duration::from_secs(15);
/// Writers at once.
const WRITERS: u64 = 5;

/// Three tables that differ in what a first load and a key are: rows by pages, one stream, a key of two columns. In the
/// first there is room for rows to move about, and a column that changes without the watermark. The fourth is emptied
/// and filled in one transaction, and read as a whole.
const TABLES: &str = "
    CREATE TABLE plain (id bigint PRIMARY KEY, v text, n int NOT NULL DEFAULT 0, updated_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON plain (updated_at, id);
    ALTER TABLE plain ADD untold int;
    CREATE TABLE parts (id bigint PRIMARY KEY, v text, n int NOT NULL DEFAULT 0, updated_at timestamptz NOT NULL DEFAULT now()) PARTITION BY HASH (id);
    CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE pairs (a text, id bigint, v text, n int NOT NULL DEFAULT 0, updated_at timestamptz DEFAULT now(), PRIMARY KEY (a, id));
    INSERT INTO plain SELECT n, repeat('.', 200), 0, now() - interval '1 hour' FROM generate_series(1, 4000) n;
    INSERT INTO parts SELECT n, repeat('.', 200), 0, now() - interval '1 hour' FROM generate_series(1, 1000) n;
    INSERT INTO pairs SELECT 'a' || n % 5, n, repeat('.', 200), 0, now() - interval '1 hour' FROM generate_series(1, 1000) n;
    CREATE TABLE rates (id bigint PRIMARY KEY, v text);
    INSERT INTO rates SELECT n, 'first' FROM generate_series(1, 100) n;";

/// The seed of `FIRN_SEED`, or a new one; printed so that a failure can be repeated.
fn seed() -> Result<u64> {
    let seed = match std::env::var("FIRN_SEED") {
        Ok(text) => text.parse().context("FIRN_SEED is not a number")?,
        Err(_) => rand::random(),
    };
    eprintln!("FIRN_SEED={seed}");
    Ok(seed)
}

/// Writes one transaction after the other: each of a random length, most committed, some rolled back. Watermarks come
/// from the database's clock, and updates set them; rows are never deleted.
async fn write(world: &World, seed: u64, ids: &AtomicI64, until: Instant) -> Result<u32> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut session = world.session().await?;
    let mut committed = 0;
    while Instant::now() < until {
        session.sql("BEGIN").await?;
        for _ in 0..random.random_range(1..6) {
            let table = ["plain", "parts", "pairs"][random.random_range(0..3)];
            let count = random.random_range(1..40);
            let newest = ids.load(Ordering::SeqCst);
            let first = random.random_range(1..=newest);
            // By the start of the transaction, of the statement, or by the very moment.
            let clock = ["now()", "statement_timestamp()", "clock_timestamp()"][random.random_range(0..3)];
            let sql = match (random.random_range(0..4), table) {
                (0, "pairs") => {
                    let from = ids.fetch_add(count, Ordering::SeqCst) + 1;
                    format!(
                        "INSERT INTO pairs SELECT 'a' || n % 5, n, 'new', 0, {clock} FROM generate_series({from}, {from} + {count} - 1) n"
                    )
                }
                (0, _) => {
                    let from = ids.fetch_add(count, Ordering::SeqCst) + 1;
                    format!(
                        "INSERT INTO {table} (id, v, n, updated_at) SELECT n, 'new', 0, {clock} FROM generate_series({from}, {from} + {count} - 1) n"
                    )
                }
                (1, "plain") => format!(
                    "UPDATE plain SET untold = {newest} WHERE id IN \
                     (SELECT id FROM plain WHERE id BETWEEN {first} AND {first} + 5 * {count} ORDER BY id FOR UPDATE SKIP LOCKED)"
                ),
                _ => {
                    // In the order of the key, and without waiting for another writer: no deadlocks.
                    let key = if table == "pairs" { "(a, id)" } else { "id" };
                    format!(
                        "UPDATE {table} SET n = n + 1, v = md5(n::text), updated_at = {clock} WHERE {key} IN \
                         (SELECT {} FROM {table} WHERE id BETWEEN {first} AND {first} + {count} ORDER BY id FOR UPDATE SKIP LOCKED)",
                        if table == "pairs" { "a, id" } else { "id" }
                    )
                }
            };
            session.sql(&sql).await?;
            let pause = match random.random_range(0..20) {
                0 => random.random_range(1500..3500),
                1..5 => random.random_range(100..500),
                _ => random.random_range(0..20),
            };
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        if random.random_range(0..6) == 0 {
            session.sql("ROLLBACK").await?;
        } else {
            session.sql("COMMIT").await?;
            committed += 1;
        }
    }
    Ok(committed)
}

/// Makes room in pages, so that rows move, and fills one table anew again and again.
async fn disturb(world: &World, seed: u64, until: Instant) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut session = world.session().await?;
    while Instant::now() < until {
        session.sql("VACUUM plain").await?;
        let fill = format!("INSERT INTO rates SELECT n, '{}' FROM generate_series(1, 100) n", random.random::<u32>());
        session.sql(&format!("BEGIN; TRUNCATE rates; {fill}; SELECT pg_sleep(0.05); COMMIT")).await?;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..100))).await;
    }
    Ok(())
}

/// How often each row of the three tables had been changed, by its table and key.
type Changes = BTreeMap<String, i64>;

const CHANGES: &str = "SELECT 'plain ' || id, n::text FROM TABLE_plain UNION ALL SELECT 'parts ' || id, n::text FROM TABLE_parts \
                       UNION ALL SELECT a || ' ' || id, n::text FROM TABLE_pairs";

/// Reads what is committed in the source at this moment.
async fn committed(world: &World) -> Result<Changes> {
    let mut changes = Changes::new();
    for row in sqlx::raw_sql(sqlx::AssertSqlSafe(CHANGES.replace("TABLE_", ""))).fetch_all(&world.pool).await? {
        changes.insert(row.try_get(0)?, row.try_get::<String, _>(1)?.parse()?);
    }
    Ok(changes)
}

/// Checks that the target has every row in the version committed before the run began, or in a newer one, once.
fn assert_not_behind(world: &World, before: &Changes) -> Result<()> {
    let mut loaded = Changes::new();
    for row in world.warehouse(&CHANGES.replace("TABLE_", "raw."))? {
        let [Some(key), Some(changes)] = row.as_slice() else { anyhow::bail!("a row without a key: {row:?}") };
        let twice = loaded.insert(key.clone(), changes.parse()?);
        ensure!(twice.is_none(), "{key} is there twice");
    }
    for (key, changes) in before {
        let found = loaded.get(key).with_context(|| format!("{key} was committed before the run and is not there"))?;
        ensure!(found >= changes, "{key} had been changed {changes} times before the run, {found} times are there");
    }
    Ok(())
}

/// Runs children one after the other; about half of them are killed, at a named point or at any moment. Now and then a
/// table begins anew, with a first load over what is there.
async fn run(world: &World, seed: u64, writing: &AtomicBool, killed: &AtomicU32) -> Result<u32> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut runs = 0;
    while writing.load(Ordering::SeqCst) {
        if random.random_bool(0.15) {
            let table = world.spec.tables[random.random_range(0..3)].config()?;
            let engine = world.spec.engine().await?;
            engine.reset("reset", &table, None).await?;
            engine.target.close().await?;
        }
        let points = [
            "engine.before_commit",
            "duckdb.staged",
            "duckdb.before_commit",
            "duckdb.after_commit",
            "engine.after_commit",
        ];
        let point = format!("{}:{}", points[random.random_range(0..points.len())], random.random_range(1..6));
        let variables = if random.random_bool(0.4) { vec![("FIRN_TEST_STOP", point.as_str())] } else { Vec::new() };
        let before = committed(world).await?;
        let child = Child::engine(&world.spec, &variables)?;
        if random.random_bool(0.25) {
            tokio::time::sleep(Duration::from_millis(random.random_range(50..600))).await;
            // It may have ended by itself meanwhile.
            let _late = child.signal("KILL").await;
        }
        let ended = child.end().await?;
        match ended.signal() {
            Some(_) => {
                killed.fetch_add(1, Ordering::SeqCst);
            }
            None => {
                ensure!(ended.result["status"] == "Success", "{} {}", ended.stdout, ended.stderr);
                assert_not_behind(world, &before)?;
                let filled = world.warehouse_text("SELECT count(*) || ' ' || count(DISTINCT v) FROM raw.rates")?;
                ensure!(filled == "100 1", "a table was read as it never was: {filled}");
            }
        }
        runs += 1;
    }
    Ok(runs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_random_history_ends_equal() -> Result<()> {
    let seed = seed()?;
    let mut world = World::new()?;
    world.sql(TABLES).await?;
    for table in [TableSpec::new("plain"), TableSpec::new("parts"), TableSpec::new("pairs").key(&["a", "id"])] {
        world.spec.tables.push(table.batch(50));
    }
    world.spec.tables[0] = world.spec.tables[0].clone().transform("untold", None);
    world.spec.tables.push(TableSpec { full: true, watermark: None, ..TableSpec::new("rates") });
    world.spec.group_rows = 200;
    world.spec.group_bytes = 64 << 10;
    world.spec.range_bytes = 64 << 10;
    let world = Arc::new(world);
    let ids = AtomicI64::new(4000);
    let writing = AtomicBool::new(true);
    let killed = AtomicU32::new(0);
    let until = Instant::now() + WRITING;

    let writers = async {
        let all = (0..WRITERS).map(|n| write(&world, seed.wrapping_add(n), &ids, until));
        let committed = futures::future::try_join_all(all).await;
        writing.store(false, Ordering::SeqCst);
        committed
    };
    let (transactions, runs, disturbed) = tokio::join!(
        writers,
        run(&world, seed.wrapping_add(1000), &writing, &killed),
        disturb(&world, seed.wrapping_add(2000), until)
    );
    disturbed?;
    let (transactions, runs) = (transactions?.iter().sum::<u32>(), runs?);
    eprintln!("{transactions} transactions, {runs} runs, {} of them killed", killed.load(Ordering::SeqCst));
    ensure!(runs >= 5 && transactions >= 50, "{runs} runs over {transactions} transactions: too little has happened");

    world.run_well().await?;
    world.run_well().await?;
    world.assert_equal().await.with_context(|| format!("FIRN_SEED={seed}"))?;
    // Nothing is merged twice once everything is quiet.
    let quiet = world.run_well().await?;
    let merged =
        quiet.outcome.tables.iter().filter(|table| table.source != "public.rates").map(|t| t.counters.rows_merged);
    ensure!(merged.sum::<u64>() == 0);
    Ok(())
}
