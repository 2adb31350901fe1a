//! Ties at the watermark: groups of rows with one watermark, cut by pages, commits and runs.

use anyhow::{Result, ensure};
use firn_scenarios::child::killed_at;
use firn_scenarios::{TableSpec, World};

/// A partitioned table has no page ranges: its first read goes in the order of the watermark.
const ORDERED: &str = "CREATE TABLE orders (id bigint, v text, updated_at timestamptz NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);
     CREATE TABLE orders_all PARTITION OF orders DEFAULT;";

/// Makes a world whose runs read three rows at a time and commit each page.
async fn small_pages(rows: &str) -> Result<World> {
    let mut world = World::new()?;
    world.sql(ORDERED).await?;
    world.sql(rows).await?;
    world.spec.tables.push(TableSpec::new("orders").batch(3));
    world.spec.group_rows = 3;
    Ok(world)
}

/// Runs in children that are killed after some commits, until one comes to its end. Returns how many were killed.
async fn kill_until_done(world: &World, point: &str) -> Result<usize> {
    for kills in 0..100 {
        if !killed_at(&world.spec, point).await? {
            return Ok(kills);
        }
    }
    anyhow::bail!("no run comes to its end")
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_share_a_watermark_survive_a_kill_between_their_commits() -> Result<()> {
    let world = small_pages(
        "INSERT INTO orders SELECT n, 'row ' || n, '2024-01-01'::timestamptz + (n / 7) * interval '1 minute'
         FROM generate_series(0, 41) n",
    )
    .await?;
    let kills = kill_until_done(&world, "engine.after_commit:2").await?;
    ensure!(kills >= 6, "only {kills} runs were killed: the commits are larger than this test is about");
    world.assert_equal().await?;
    ensure!(world.run_well().await?.table()?.counters.rows_merged == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cursor_keeps_microseconds() -> Result<()> {
    let world = small_pages(
        "INSERT INTO orders SELECT n, 'row ' || n, '2024-01-01'::timestamptz + n * interval '1 microsecond'
         FROM generate_series(1, 20) n",
    )
    .await?;
    ensure!(killed_at(&world.spec, "engine.after_commit:1").await?);
    let cursor = world.warehouse_text("SELECT watermark FROM _firn.tables")?;
    let kills = kill_until_done(&world, "engine.after_commit:1").await?;
    world.assert_equal().await?;
    ensure!(cursor.ends_with(".000003+00"), "after three rows the cursor is {cursor}");
    ensure!(kills >= 5, "only {kills} runs were killed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn infinite_watermarks_are_places_like_any_other() -> Result<()> {
    let mut world = small_pages(
        "INSERT INTO orders SELECT n, 'row ' || n, CASE n % 3 WHEN 0 THEN '-infinity' WHEN 1 THEN '2024-01-01' ELSE 'infinity' END::timestamptz
         FROM generate_series(1, 12) n",
    )
    .await?;
    world.spec.tables[0].batch_rows = 2;
    world.spec.group_rows = 2;
    ensure!(kill_until_done(&world, "engine.after_commit:1").await? >= 2);
    world.assert_equal().await?;
    world.sql("INSERT INTO orders VALUES (100, 'later', 'infinity')").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 1);
    ensure!(world.converges().await?.table()?.counters.rows_merged == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integer_watermark_reads_its_largest_value_again() -> Result<()> {
    let mut world = World::new()?;
    world.sql("CREATE TABLE events (id bigint PRIMARY KEY, v text, version int NOT NULL)").await?;
    world.sql("INSERT INTO events SELECT n, 'row ' || n, n / 7 FROM generate_series(1, 41) n").await?;
    world.spec.tables.push(TableSpec::new("events").watermark("version").batch(3));
    let first = world.converges().await?;
    ensure!(first.table()?.findings.iter().any(|f| f.code == "watermark_no_clock"), "nobody says what is not promised");

    // More rows of the largest version, then of a new one: seven rows in pages of three.
    world.sql("INSERT INTO events SELECT n, 'tie', 5 FROM generate_series(100, 106) n").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 7);
    world.sql("INSERT INTO events SELECT n, 'next', 6 FROM generate_series(200, 206) n").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 7);
    ensure!(world.converges().await?.table()?.counters.rows_merged == 0);

    // A late one below the largest is what `lookback` is for.
    world.spec.tables[0].lookback = 2;
    world.sql("INSERT INTO events VALUES (300, 'ahead', 9), (301, 'late for nobody', 8)").await?;
    world.converges().await?;
    world.sql("INSERT INTO events VALUES (302, 'late', 7)").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_watermark_reads_its_last_day_again() -> Result<()> {
    let mut world = World::new()?;
    world.sql("CREATE TABLE days (id bigint PRIMARY KEY, v text, day date NOT NULL)").await?;
    world
        .sql("INSERT INTO days SELECT n, 'row ' || n, '2024-03-01'::date + (n / 7)::int FROM generate_series(0, 20) n")
        .await?;
    world.spec.tables.push(TableSpec::new("days").watermark("day").batch(3));
    world.converges().await?;
    world.sql("INSERT INTO days SELECT n, 'same day', '2024-03-03' FROM generate_series(100, 106) n").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 7);
    world.sql("INSERT INTO days VALUES (200, 'far', 'infinity'), (201, 'next', '2024-03-04')").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 2);
    world.sql("INSERT INTO days VALUES (202, 'still the day', '2024-03-04')").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 1);

    world.spec.tables[0].lookback_seconds = 2 * 86_400;
    world.sql("INSERT INTO days VALUES (300, 'ahead', '2024-03-10')").await?;
    world.converges().await?;
    world.sql("INSERT INTO days VALUES (301, 'two days late', '2024-03-08')").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_every_ordered_type_are_places_too() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TYPE size AS ENUM ('small', 'Large', 'huge''s');
             CREATE DOMAIN code AS varchar(20);
             CREATE TABLE wide (t text COLLATE \"und-x-icu\", c char(4), k code, s size, n numeric, d date, f float8, u uuid, b boolean, y bytea, z timestamptz, id int,
                 v text, updated_at timestamptz NOT NULL, PRIMARY KEY (t, c, k, s, n, d, f, u, b, y, z, id)) PARTITION BY HASH (id);
             CREATE TABLE wide_0 PARTITION OF wide FOR VALUES WITH (MODULUS 1, REMAINDER 0);",
        )
        .await?;
    // One watermark for all: every cut goes through the key. Neighbours differ in one column at a time.
    world
        .sql(
            "INSERT INTO wide SELECT t, c, 'it''s', s, n, d, f, u, b, y, z, row_number() OVER (), 'v', '2024-01-01'
             FROM unnest('{a,B,b,\"\",\\\\N,ä}'::text[]) t, unnest('{x,\"x y\"}'::char(4)[]) c, unnest(enum_range(null::size)) s,
                  unnest('{1.10,-0.5,1e30}'::numeric[]) n, unnest('{infinity,\"0044-03-15 BC\"}'::date[]) d, unnest('{0.1}'::float8[]) f,
                  unnest('{00000000-0000-0000-0000-000000000001}'::uuid[]) u, unnest('{t,f}'::bool[]) b, unnest('{\"\\\\\\\\x00ff\"}'::bytea[]) y,
                  unnest('{\"2024-01-01 00:00:00.000001\"}'::timestamptz[]) z",
        )
        .await?;
    let key = ["t", "c", "k", "s", "n", "d", "f", "u", "b", "y", "z", "id"];
    world.spec.tables.push(TableSpec::new("wide").key(&key).batch(29));
    world.spec.group_rows = 29;
    let rows: usize = world.text("SELECT count(*)::text FROM wide").await?.parse()?;
    ensure!(rows == 432, "{rows}");
    ensure!(kill_until_done(&world, "engine.after_commit:1").await? >= 10);
    let merged = world.warehouse_text("SELECT count(*) || ' ' || count(DISTINCT id) FROM raw.wide")?;
    ensure!(merged == "432 432", "{merged} rows and keys are in the target");
    ensure!(world.run_well().await?.table()?.counters.rows_merged == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_networks_bits_and_extensions_are_places_too() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE EXTENSION citext; CREATE EXTENSION ltree;
             CREATE TABLE odd (c citext, n name, h \"char\", z timetz, i inet, w cidr, m macaddr, e macaddr8, b bit(3), g varbit, l ltree, o oid,
                 p pg_lsn, id int, v text, updated_at timestamptz NOT NULL,
                 PRIMARY KEY (c, n, h, z, i, w, m, e, b, g, l, o, p, id)) PARTITION BY HASH (id);
             CREATE TABLE odd_0 PARTITION OF odd FOR VALUES WITH (MODULUS 1, REMAINDER 0);
             INSERT INTO odd SELECT c, 'it''s', h, z, i, '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', b, g, l, o,
                 '16/B374D848', row_number() OVER (), 'v', '2024-01-01'
             FROM unnest('{B,a,C}'::citext[]) c, unnest('{x,\"\"}'::\"char\"[]) h,
                 unnest('{24:00:00+00,12:00:00.000001+05:30,12:00:00-15:59:59}'::timetz[]) z,
                 unnest('{::1,10.1.2.3/8}'::inet[]) i, unnest('{101,000}'::bit(3)[]) b, unnest('{\"\",10}'::varbit[]) g,
                 unnest('{a.B,a}'::ltree[]) l, unnest('{0,4294967295}'::oid[]) o",
        )
        .await?;
    let key = ["c", "n", "h", "z", "i", "w", "m", "e", "b", "g", "l", "o", "p", "id"];
    world.spec.tables.push(TableSpec::new("odd").key(&key).batch(31));
    world.spec.group_rows = 31;
    let rows = world.text("SELECT count(*)::text FROM odd").await?;
    ensure!(kill_until_done(&world, "engine.after_commit:1").await? >= 10);
    let merged = "SELECT count(*) || ' ' || count(DISTINCT id) FROM raw.odd";
    ensure!(world.warehouse_text(merged)? == format!("{rows} {rows}"), "{}", world.warehouse_text(merged)?);
    // Changed rows replace themselves.
    world.sql("UPDATE odd SET v = 'w', updated_at = now()").await?;
    world.run_well().await?;
    ensure!(world.warehouse_text(merged)? == format!("{rows} {rows}"), "{}", world.warehouse_text(merged)?);
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.odd WHERE v = 'v'")? == "0");
    Ok(())
}
