//! Comparing a table with its source: what differs is found and named, what is still to come is told apart.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use firn_scenarios::oracle::{self, TextRow};
use firn_scenarios::world::{ORDERS, PAST_THE_MARGIN};
use firn_scenarios::{TableSpec, World};
use firn_sync::RunStatus;
use firn_sync::verify::{DifferenceKind, DifferingKey, TableVerdict, VerifyOptions};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;

/// Returns the differing keys as `kind key`, one text a key.
pub(crate) fn keys(verdict: &TableVerdict) -> Vec<String> {
    let text = |part: &(String, Option<String>)| part.1.clone().unwrap_or_else(|| "NULL".to_owned());
    let key = |key: &DifferingKey| key.key.iter().map(text).collect::<Vec<_>>().join("/");
    verdict.keys.iter().map(|k| format!("{:?} {}", k.kind, key(k)).to_lowercase()).collect()
}

const EVERY_TYPE: &str = "CREATE TABLE wide (
    id bigint PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now(),
    b boolean, i2 smallint, i4 integer, f4 real, f8 double precision, n numeric(12,2), nn numeric, t text,
    vc varchar(20), ch char(5), by bytea, d date, ti time, ts timestamp, tz timestamptz, u uuid, j json, jb jsonb,
    a integer[], ta text[], ba boolean[]);
    INSERT INTO wide SELECT n, now() - interval '1 hour', n % 2 = 0, n, n, n / 7.0, n / 7.0, n / 3.0, n / 3.0, 'text ' || n,
        'v' || n, 'c', decode(md5(n::text), 'hex'), '2024-01-01'::date + n, '12:00:00.000001'::time,
        '2024-01-01'::timestamp + n * interval '1 minute', '2024-01-01'::timestamptz + n * interval '1 hour',
        md5(n::text)::uuid, '{\"a\": 1}', '{\"a\": 1}', ARRAY[n, NULL, 3], ARRAY['x', NULL, ''], ARRAY[true, NULL]
        FROM generate_series(1, 40) n;
    INSERT INTO wide (id, updated_at) VALUES (41, now() - interval '1 hour');
    INSERT INTO wide (id, updated_at, f4, f8, nn, t, vc, ch, by, d, ti, ts, tz, a) VALUES
        (42, now() - interval '1 hour', 'NaN', '-0', 'NaN', '', '', '', '', 'infinity', '24:00', '-infinity', 'infinity', '{}'),
        (43, now() - interval '1 hour', '-Infinity', '0', '1.10', '\\N', 'NULL', 'a', '\\x00', '0044-03-15 BC', '00:00',
         '0044-03-15 12:00:00 BC', '4713-01-01 BC', ARRAY[1]);";

#[tokio::test(flavor = "multi_thread")]
async fn every_changed_cell_is_found_and_named() -> Result<()> {
    let mut world = World::new()?;
    world.sql(EVERY_TYPE).await?;
    world.spec.tables.push(TableSpec::new("wide"));
    world.run_well().await?;
    let verdict = world.verdict().await?;
    ensure!(verdict.is_equal() && verdict.rows_source == 43 && verdict.rows_target == 43, "{verdict:?}");

    // A cell of its own row each: what looks alike to a careless comparison among them.
    let changes: [(i64, &str, &str); 27] = [
        (1, "b", "NOT b"),
        (2, "i2", "i2 + 1"),
        (3, "i4", "-i4"),
        (4, "f4", "f4 + 0.001"),
        (5, "f8", "f8 + 1e-12"),
        (6, "n", "n + 0.01"),
        (7, "nn", "nn || '0'"),
        (8, "t", "t || ' '"),
        (9, "vc", "upper(vc)"),
        (10, "ch", "rtrim(ch)"),
        (11, "\"by\"", "'\\x00'::BLOB"),
        (12, "d", "d + 1"),
        (13, "ti", "TIME '12:00:00.000002'"),
        (14, "ts", "make_timestamp(epoch_us(ts) + 1)"),
        (15, "tz", "to_timestamp(epoch_us(tz) / 1000000 + 3600)"),
        (16, "u", "'00000000-0000-0000-0000-000000000000'"),
        (17, "j", "'{\"a\":1}'"),
        (18, "jb", "'{\"a\": 2}'"),
        (19, "a", "[a[1], 2, 3]"),
        (20, "ta", "['x', '', '']"),
        (21, "ba", "[true, false]"),
        (22, "a", "[a[1], NULL]"),
        (41, "t", "''"),
        (42, "d", "'-infinity'::DATE"),
        (43, "t", "NULL"),
        (23, "n", "NULL"),
        (24, "ta", "NULL"),
    ];
    for (id, column, value) in changes {
        world.change_warehouse(&format!("UPDATE raw.wide SET {column} = {value} WHERE id = {id}"))?;
    }
    let verdict = world.verdict().await?;
    ensure!(verdict.counts.changed == 27 && verdict.counts.total() == 27, "{verdict:#?}");
    for (id, column, _) in changes {
        let found = verdict.keys.iter().find(|key| key.key[0].1.as_deref() == Some(&id.to_string()));
        let found = found.with_context(|| format!("{id} is not found"))?;
        let cells: Vec<&str> = found.cells.iter().map(|cell| cell.column.as_str()).collect();
        ensure!(found.kind == DifferenceKind::Changed && cells == [column.trim_matches('"')], "{found:?}");
    }
    let n = verdict.keys.iter().find(|key| key.key[0].1.as_deref() == Some("23")).context("23")?;
    ensure!(n.cells[0].source == json!("7.67") && n.cells[0].target == json!(null), "{n:?}");
    ensure!(verdict.columns["a"] == 2 && verdict.columns["t"] == 3 && verdict.cells_of == 27, "{verdict:?}");
    Ok(())
}

/// Both sides as the servers print them, by key.
async fn by_key(world: &World) -> Result<[BTreeMap<String, Vec<TextRow>>; 2]> {
    let table = &world.spec.tables[0];
    let columns = oracle::columns(&world.pool, table).await?;
    let source = oracle::source_rows(&world.pool, table, &columns).await?;
    let target = oracle::target_rows(&world.spec.warehouse, table, &columns)?;
    Ok([source, target].map(|rows| {
        let mut keyed: BTreeMap<String, Vec<TextRow>> = BTreeMap::new();
        rows.into_iter().for_each(|row| keyed.entry(row[0].clone().unwrap_or_default()).or_default().push(row));
        keyed
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_at_random_is_what_is_found() -> Result<()> {
    let seed = std::env::var("FIRN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let mut random = StdRng::seed_from_u64(seed);
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE t (id text PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now(), v text, w text, n numeric(8,2), f float8);
             INSERT INTO t SELECT 'k' || n, now() - interval '1 hour', CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE ' ' END,
                 CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'x' END, n % 5, n % 3
                 FROM generate_series(1, 3000) n",
        )
        .await?;
    world.spec.tables.push(TableSpec::new("t"));
    world.converges().await?;
    for round in 0..6 {
        let mut sql = String::new();
        for _ in 0..random.random_range(0..6) {
            let id = random.random_range(1..=3000);
            sql.push_str(&match random.random_range(0..9) {
                0 => format!("DELETE FROM raw.t WHERE id = 'k{id}';"),
                1 => format!("INSERT INTO raw.t (id, v) VALUES ('new{id}', NULL);"),
                2 => format!("INSERT INTO raw.t SELECT * FROM raw.t WHERE id = 'k{id}';"),
                3 => format!("UPDATE raw.t SET v = w, w = v WHERE id = 'k{id}';"),
                4 => format!("UPDATE raw.t SET v = '' WHERE id = 'k{id}';"),
                5 => format!("UPDATE raw.t SET v = NULL WHERE id = 'k{id}';"),
                6 => format!("UPDATE raw.t SET f = -f WHERE id = 'k{id}';"),
                7 => format!("UPDATE raw.t SET n = n + 0.01 WHERE id = 'k{id}';"),
                _ => format!("UPDATE raw.t SET id = 'K{id}' WHERE id = 'k{id}';"),
            });
        }
        world.change_warehouse(&sql)?;
        let [source, target] = by_key(&world).await?;
        let mut expected: Vec<String> = Vec::new();
        for (key, rows) in &source {
            match target.get(key) {
                None => expected.push(format!("missing {key}")),
                Some(others) if others != rows => expected.push(format!("changed {key}")),
                Some(_) => {}
            }
        }
        expected.extend(target.keys().filter(|key| !source.contains_key(*key)).map(|key| format!("extra {key}")));
        let verdict = world.verdict().await?;
        let text = |key: &DifferingKey| {
            format!("{} {}", format!("{:?}", key.kind).to_lowercase(), key.key[0].1.clone().unwrap_or_default())
        };
        let mut found: Vec<String> = verdict.keys.iter().map(text).collect();
        found.sort();
        expected.sort();
        ensure!(found == expected, "seed {seed}, round {round}: {sql}\n{found:?}\n{expected:?}");
        ensure!(verdict.is_equal() == expected.is_empty() && verdict.counts.total() == expected.len() as u64);
        ensure!(verdict.rows_target == target.values().map(|rows| rows.len() as u64).sum::<u64>());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_the_next_run_brings_are_no_differences() -> Result<()> {
    let world = World::with_orders(500).await?;
    world.sql(PAST_THE_MARGIN).await?;
    world.converges().await?;
    world
        .sql(
            "UPDATE orders SET v = 'changed', updated_at = now() WHERE id <= 20;
             INSERT INTO orders SELECT n, 'new' FROM generate_series(501, 530) n",
        )
        .await?;
    let verdict = world.verdict().await?;
    ensure!(verdict.is_equal() && verdict.waiting == 50 && verdict.keys.is_empty(), "{verdict:?}");
    ensure!(verdict.rows_source == 530 && verdict.rows_target == 500, "{verdict:?}");
    world.converges().await?;
    let verdict = world.verdict().await?;
    ensure!(verdict.is_equal() && verdict.waiting == 0, "{verdict:?}");

    // Rows above the horizon, known to the runs: what is wrong with them no run mends.
    world.change_warehouse("UPDATE raw.orders SET v = 'tampered' WHERE id IN (7, 510)")?;
    ensure!(world.run_well().await?.table()?.counters.rows_merged == 0);
    let verdict = world.verdict().await?;
    ensure!(keys(&verdict) == ["changed 510", "changed 7"] && verdict.waiting == 0, "{verdict:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_watermark_shows_is_found() -> Result<()> {
    let world = World::with_orders(100).await?;
    world.sql(PAST_THE_MARGIN).await?;
    world.converges().await?;
    world
        .sql(
            "INSERT INTO orders VALUES (201, 'an application whose clock is behind', now() - interval '2 hours');
             UPDATE orders SET v = 'set back', updated_at = updated_at - interval '1 day' WHERE id = 2;
             UPDATE orders SET v = 'watermark as it was' WHERE id = 3;
             DELETE FROM orders WHERE id = 4;
             UPDATE orders SET id = 205 WHERE id = 5",
        )
        .await?;
    world.change_warehouse("UPDATE raw.orders SET v = NULL WHERE id = 6; DELETE FROM raw.orders WHERE id = 7")?;
    world.run_well().await?;
    let verdict = world.verdict().await?;
    let expected = ["missing 201", "missing 7", "extra 4", "extra 5", "changed 2", "changed 3", "changed 6"];
    ensure!(keys(&verdict) == expected, "{verdict:?}");
    ensure!(verdict.columns["v"] == 3 && verdict.columns["updated_at"] == 1, "{verdict:?}");
    // Row 5 has another key now: nothing but a comparison tells, and it says what becomes of the old one.
    let told = verdict.findings.iter().find(|finding| finding.code == "extra_stay").context("not told")?;
    ensure!(told.message.starts_with("2 keys") && told.message.contains("under another key"), "{told:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_a_new_column_in_rows_that_did_not_change_are_found() -> Result<()> {
    let world = World::with_orders(5).await?;
    world.converges().await?;
    world.sql("ALTER TABLE orders ADD COLUMN state text DEFAULT 'open'").await?;
    let before = world.verdict().await?;
    ensure!(before.is_equal() && before.findings.iter().any(|f| f.code == "column_not_compared"), "{before:?}");
    world.run_well().await?;
    let verdict = world.verdict().await?;
    ensure!(verdict.counts.changed == 5 && verdict.columns["state"] == 5, "{verdict:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_are_differences_with_a_reason() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE orders (id bigint UNIQUE, v numeric(10,2), updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour');
             INSERT INTO orders SELECT n, n FROM generate_series(1, 50) n",
        )
        .await?;
    world.spec.tables.push(TableSpec::new("orders"));
    world.run_well().await?;
    world.sql(PAST_THE_MARGIN).await?;
    world
        .sql("UPDATE orders SET v = 'NaN', updated_at = now() - interval '1 minute' WHERE id IN (7, 8);
              INSERT INTO orders VALUES (60, 'NaN', now() - interval '1 minute'), (NULL, 1, now() - interval '1 minute')")
        .await?;
    let waiting = world.verdict().await?;
    ensure!(waiting.is_equal() && waiting.waiting == 4, "{waiting:?}");
    world.run().await?;
    let verdict = world.verdict().await?;
    ensure!(keys(&verdict) == ["missing null", "missing 60", "changed 7", "changed 8"], "{verdict:?}");
    ensure!(verdict.counts.rejected == 4 && verdict.keys.iter().all(|key| key.reason.is_some()), "{verdict:?}");
    ensure!(verdict.rows_source == 52 && verdict.rows_target == 50, "{verdict:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_every_sort_are_compared() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(&format!(
            "{ORDERS}
             INSERT INTO orders SELECT n, 'Row ' || n, now() - interval '1 hour' FROM generate_series(1, 100) n;
             CREATE TABLE bag (a int, b text); INSERT INTO bag SELECT n % 3, NULL FROM generate_series(1, 9) n;
             CREATE TABLE rates (a text, b text, v int, PRIMARY KEY (a, b));
             INSERT INTO rates VALUES ('a', 'bc', 1), ('ab', 'c', 2), ('', ' ', 3);
             CREATE TABLE versions (id int, v text, updated_at timestamptz NOT NULL);
             INSERT INTO versions SELECT n % 10, 'v' || n, now() - interval '1 hour' + n * interval '1 second' FROM generate_series(1, 30) n;
             CREATE VIEW later AS SELECT * FROM orders WHERE id > 50;
             CREATE TABLE parts (id int, v text, updated_at timestamptz NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);
             CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (50);
             CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (50) TO (100);
             INSERT INTO parts SELECT n, 'v', now() - interval '1 hour' FROM generate_series(1, 99) n;"
        ))
        .await?;
    let shaped =
        TableSpec { filter: Some("id % 2 = 0".into()), ..TableSpec::new("orders").transform("v", Some("lower(v)")) };
    let full = |name: &str, key: &[&str]| TableSpec { full: true, watermark: None, ..TableSpec::new(name) }.key(key);
    world.spec.tables = vec![
        shaped,
        full("bag", &[]),
        full("rates", &["a", "b"]),
        TableSpec::new("versions"),
        TableSpec::new("later"),
        TableSpec::new("parts"),
    ];
    world.sql(PAST_THE_MARGIN).await?;
    world.run_well().await?;
    let outcome = world.verify(Default::default()).await?;
    ensure!(outcome.tables.iter().all(TableVerdict::is_equal), "{outcome:#?}");
    ensure!(outcome.tables[3].superseded == 20 && outcome.tables[3].rows_target == 10, "{:?}", outcome.tables[3]);
    ensure!(outcome.tables[0].rows_source == 50, "{:?}", outcome.tables[0]);

    world.change_warehouse(
        "DELETE FROM raw.bag WHERE rowid = (SELECT min(rowid) FROM raw.bag WHERE a = 1); INSERT INTO raw.bag VALUES (2, NULL);
         UPDATE raw.rates SET v = 9 WHERE a = 'ab'; UPDATE raw.versions SET v = 'v3' WHERE id = 3;
         UPDATE raw.later SET v = 'x' WHERE id = 60; UPDATE raw.parts SET v = 'x' WHERE id = 60;
         UPDATE raw.orders SET v = 'Row 2' WHERE id = 2",
    )?;
    let outcome = world.verify(Default::default()).await?;
    let found: Vec<Vec<String>> = outcome.tables.iter().map(keys).collect();
    let expected: Vec<Vec<&str>> = vec![
        vec!["changed 2"],
        vec!["missing 1/null", "extra 2/null"],
        vec!["changed ab/c"],
        vec!["changed 3"],
        vec!["changed 60"],
        vec!["changed 60"],
    ];
    ensure!(found == expected, "{found:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn many_differences_are_counted_and_a_few_listed() -> Result<()> {
    let world = World::with_orders(20_000).await?;
    world.converges().await?;
    world
        .change_warehouse("UPDATE raw.orders SET v = 'x' WHERE id % 2 = 0; DELETE FROM raw.orders WHERE id % 5 = 0")?;
    let options = VerifyOptions { listed: 10, ..Default::default() };
    let outcome = world.verify(options).await?;
    let verdict = &outcome.tables[0];
    ensure!((verdict.counts.missing, verdict.counts.changed, verdict.counts.extra) == (4_000, 8_000, 0), "{verdict:?}");
    ensure!(verdict.keys.len() == 10 && verdict.cells_of == 8_000 && verdict.columns["v"] == 8_000, "{verdict:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_holds_the_table_and_leaves_its_standing_as_it_was() -> Result<()> {
    let world = World::with_orders(10).await?;
    world.run_well().await?;
    let standing = "SELECT last_status || ' ' || last_run || ' ' || rows_processed || ' ' || cursor_watermark || coalesce(lease_host, '-') FROM sync_watermarks";
    let before = world.text(standing).await?;
    ensure!(world.verdict().await?.is_equal());
    ensure!(world.text(standing).await? == before, "{before}");
    let log = world.text("SELECT status || ': ' || message FROM sync_logs ORDER BY id DESC LIMIT 1").await?;
    ensure!(log == "success: verify: equal, 10 rows", "{log}");
    world
        .sql(&format!(
            "UPDATE sync_watermarks SET lease_host = 'etl-7', lease_pid = {}, lease_nonce = 'n',
                 lease_since = now(), lease_expires = now() + interval '1 minute'",
            std::process::id()
        ))
        .await?;
    let outcome = world.verify(Default::default()).await?;
    ensure!(outcome.tables[0].held && !outcome.tables[0].is_equal(), "{outcome:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_compare_what_it_has_touched() -> Result<()> {
    let mut world = World::with_orders(5_000).await?;
    world.spec.tables[0].verify = true;
    world.sql(PAST_THE_MARGIN).await?;
    let first = world.run_well().await?;
    ensure!(first.table()?.counters.rows_verified == 5_000, "{:?}", first.table()?);
    world.sql("UPDATE orders SET v = 'new', updated_at = now() WHERE id <= 100").await?;
    world.sql(PAST_THE_MARGIN).await?;
    let second = world.run_well().await?;
    let compared = second.table()?.counters;
    // The rows that were touched, and those at the watermark where the run began: all of the first load have one.
    ensure!(compared.rows_different == 0 && compared.rows_verified == 5_000, "{compared:?}");
    world.sql("UPDATE orders SET v = 'newer', updated_at = now() WHERE id <= 10").await?;
    world.sql(PAST_THE_MARGIN).await?;
    let third = world.run_well().await?.table()?.counters;
    ensure!(third.rows_different == 0 && third.rows_verified == 100, "{third:?}");

    // What is wrong among the rows it has touched is found; what is elsewhere is left to `sync verify`.
    world.sql("UPDATE orders SET v = 'newest', updated_at = now() WHERE id <= 5").await?;
    world.change_warehouse(
        "UPDATE raw.orders SET v = 'x' WHERE id IN (8, 9, 4000); DELETE FROM raw.orders WHERE id = 10",
    )?;
    let found = world.run().await?;
    ensure!(found.table()?.counters.rows_different == 3, "{:?}", found.table()?);
    ensure!(found.outcome.status() == RunStatus::Partial, "{:?}", found.table()?);
    ensure!(found.table()?.findings.iter().any(|finding| finding.code == "verify_different"));
    Ok(())
}
