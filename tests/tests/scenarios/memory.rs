//! Rows that are read again: recognised, merged once, and merged anew when they have changed.

use anyhow::{Result, ensure};
use firn_scenarios::{TableSpec, World, oracle};
use firn_sync::TableResult;

#[tokio::test(flavor = "multi_thread")]
async fn rows_above_the_horizon_are_read_again_but_not_merged_again() -> Result<()> {
    let world = World::with_orders(10).await?;
    world.converges().await?;
    // An open transaction holds the horizon below everything that follows.
    let mut open = world.session().await?;
    open.sql("BEGIN; SELECT 1").await?;
    world.sql("INSERT INTO orders SELECT n, 'new ' || n FROM generate_series(101, 150) n").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 50);
    for _ in 0..2 {
        let again = world.converges().await?;
        let counters = again.table()?.counters;
        ensure!(again.table()?.result == TableResult::Idle, "{counters:?}");
        ensure!((counters.rows_read, counters.rows_known, counters.rows_merged) == (0, 50, 0), "{counters:?}");
    }
    world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id = 120").await?;
    let changed = world.converges().await?;
    ensure!(changed.table()?.counters.rows_merged == 1 && changed.table()?.counters.rows_known == 49);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_leaves_a_recent_watermark_as_it_was_is_noticed() -> Result<()> {
    let world = World::with_orders(10).await?;
    world.converges().await?;
    let mut open = world.session().await?;
    open.sql("BEGIN; SELECT 1").await?;
    world.sql("INSERT INTO orders SELECT n, 'new ' || n FROM generate_series(101, 110) n").await?;
    world.converges().await?;
    // As when two transactions begin in one microsecond and write one row.
    world.sql("UPDATE orders SET v = 'changed' WHERE id = 105").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_a_watermark_are_loaded_counted_and_told() -> Result<()> {
    let mut world = World::new()?;
    world.sql("CREATE TABLE notes (id bigint PRIMARY KEY, v text, updated_at timestamptz)").await?;
    world
        .sql("INSERT INTO notes SELECT n, 'row ' || n, CASE WHEN n > 5 THEN now() - interval '1 hour' END FROM generate_series(1, 15) n")
        .await?;
    world.spec.tables.push(TableSpec::new("notes"));
    let told = |run: &firn_scenarios::world::Run| -> Result<u64> {
        let table = run.table()?;
        ensure!(table.findings.iter().any(|f| f.code == "watermark_null" && f.fix.is_some()), "{:?}", table.findings);
        Ok(table.counters.rows_null_watermark)
    };
    let first = world.converges().await?;
    let again = world.converges().await?;
    world.sql("UPDATE notes SET v = 'changed' WHERE id = 2; INSERT INTO notes VALUES (16, 'new', NULL)").await?;
    let changed = world.converges().await?;
    ensure!(told(&first)? == 5 && told(&again)? == 5, "{:?} {:?}", first.table()?.counters, again.table()?.counters);
    ensure!(again.table()?.counters.rows_merged == 0, "{:?}", again.table()?.counters);
    ensure!(told(&changed)? == 6 && changed.table()?.counters.rows_merged == 2, "{:?}", changed.table()?.counters);

    world.sql("UPDATE notes SET updated_at = now() WHERE updated_at IS NULL").await?;
    ensure!(world.converges().await?.table()?.counters.rows_merged == 6);
    ensure!(world.converges().await?.table()?.findings.iter().all(|f| f.code != "watermark_null"));
    Ok(())
}

/// The rows that a table with doubled keys comes to: the newest of each.
async fn assert_newest(world: &World) -> Result<()> {
    let table = &world.spec.tables[0];
    let columns = oracle::columns(&world.pool, table).await?;
    let newest = TableSpec { source: "public.newest".to_owned(), ..table.clone() };
    let source = oracle::source_rows(&world.pool, &newest, &columns).await?;
    oracle::compare("newest rows", &source, &oracle::target_rows(&world.spec.warehouse, table, &columns)?)
}

/// A table without a unique constraint, and a view of the newest row of each key. The newest rows stand first in the
/// heap, so that whoever takes the last one read takes an older one.
const DOUBLED: &str = "
    CREATE TABLE doubled (id bigint NOT NULL, v text, updated_at timestamptz NOT NULL);
    CREATE VIEW newest AS SELECT DISTINCT ON (id) * FROM doubled ORDER BY id, updated_at DESC;
    INSERT INTO doubled SELECT n, 'newest ' || n || repeat('.', 200), '2024-01-03' FROM generate_series(1, 1000) n;
    INSERT INTO doubled SELECT n, 'older ' || n || repeat('.', 200), '2024-01-02' FROM generate_series(1, 1000) n;
    INSERT INTO doubled SELECT n, 'oldest ' || n || repeat('.', 200), '2024-01-01' FROM generate_series(1, 1000) n;";

#[tokio::test(flavor = "multi_thread")]
async fn of_rows_with_one_key_the_newest_wins() -> Result<()> {
    let mut world = World::new()?;
    world.sql(DOUBLED).await?;
    world.spec.tables.push(TableSpec::new("doubled"));
    let first = world.run_well().await?;
    ensure!(first.table()?.counters.rows_duplicate == 2000, "{:?}", first.table()?.counters);
    assert_newest(&world).await?;
    world
        .sql("INSERT INTO doubled VALUES (7, 'twice', now() - interval '1 second'), (7, 'thrice', now()), (8, 'once', now())")
        .await?;
    let second = world.run_well().await?;
    ensure!(second.table()?.counters.rows_duplicate == 1, "{:?}", second.table()?.counters);
    assert_newest(&world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_wins_when_its_rivals_come_in_other_commits() -> Result<()> {
    let mut world = World::new()?;
    world.sql(DOUBLED).await?;
    world.spec.tables.push(TableSpec::new("doubled").batch(100));
    world.spec.group_rows = 100;
    world.spec.group_bytes = 16 << 10;
    world.spec.range_bytes = 32 << 10;
    let run = world.run_well().await?;
    ensure!(run.table()?.counters.commits > 5, "{:?}", run.table()?.counters);
    assert_newest(&world).await
}
