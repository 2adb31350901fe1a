//! First loads: killed in the middle, resumed, and caught up with what happened meanwhile.

use anyhow::{Result, ensure};
use firn_scenarios::child::killed_at;
use firn_scenarios::world::{PAST_THE_MARGIN, describe};
use firn_scenarios::{Gate, GatedSource, World};

/// Rows of a table of about 100 pages.
const ROWS: u64 = 3000;

/// Makes a world whose first load takes a dozen commits.
async fn large() -> Result<World> {
    let mut world = World::with_orders(0).await?;
    world
        .sql(&format!(
            "INSERT INTO orders SELECT n, md5(n::text) || repeat('.', 200), '2024-01-01'::timestamptz + n * interval '1 second'
             FROM generate_series(1, {ROWS}) n; ANALYZE orders"
        ))
        .await?;
    world.spec.range_bytes = 64 << 10;
    world.spec.group_bytes = 32 << 10;
    Ok(world)
}

/// Kills a first load when some of it is in the target and some is not.
async fn half_loaded() -> Result<World> {
    let world = large().await?;
    ensure!(killed_at(&world.spec, "engine.after_commit:4").await?);
    let loaded: u64 = world.warehouse_text("SELECT count(*) FROM raw.orders")?.parse()?;
    ensure!(loaded > 0 && loaded < ROWS, "{loaded} rows are loaded");
    Ok(world)
}

/// Returns the first page that the first load has not read yet.
fn first_page_left(world: &World) -> Result<u32> {
    let state: serde_json::Value = serde_json::from_str(&world.warehouse_text("SELECT state FROM _firn.tables")?)?;
    let done = state["done"].as_array().filter(|done| !done.is_empty());
    let last = done.and_then(|done| done.iter().filter_map(|range| range["to"].as_u64()).max());
    last.map_or_else(|| Err(anyhow::anyhow!("no first load is going on: {state}")), |page| Ok(u32::try_from(page)?))
}

async fn a_kill_at(point: &str) -> Result<()> {
    let world = large().await?;
    for nth in [1, 2, 5] {
        ensure!(killed_at(&world.spec, &format!("{point}:{nth}")).await?, "{point} is not passed {nth} times");
    }
    let resumed = world.converges().await?;
    // Five commits of the third run had to come through at the points behind a commit, four before it.
    ensure!(resumed.table()?.counters.rows_read < ROWS, "nothing of the killed runs was kept");
    ensure!(world.converges().await?.table()?.counters.rows_merged == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_a_commit_it_goes_on() -> Result<()> {
    a_kill_at("engine.before_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_a_commit_it_goes_on() -> Result<()> {
    a_kill_at("engine.after_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_with_rows_staged_it_goes_on() -> Result<()> {
    a_kill_at("duckdb.staged").await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_the_commit_of_the_target_it_goes_on() -> Result<()> {
    a_kill_at("duckdb.before_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_right_after_the_commit_of_the_target_it_goes_on() -> Result<()> {
    a_kill_at("duckdb.after_commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_move_between_two_attempts_come_once() -> Result<()> {
    let world = half_loaded().await?;
    let left = first_page_left(&world)?;
    // Updates write new versions at the end of the table, which has not been read. The first ones leave the watermark
    // alone: only the resumed load meets them, and must not add them a second time.
    world.sql("UPDATE orders SET v = repeat('m', 232) WHERE id <= 40").await?;
    let moved = format!("SELECT bool_and(ctid >= '({left},0)'::tid)::text FROM orders WHERE id <= 40");
    ensure!(world.text(&moved).await? == "true", "the rows did not move out of the pages done");
    world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id BETWEEN 50 AND 400").await?;
    world.sql(&format!("UPDATE orders SET v = 'changed', updated_at = now() WHERE id > {ROWS} - 300")).await?;
    world.sql("INSERT INTO orders SELECT n, 'new' FROM generate_series(10001, 10300) n").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_rewritten_between_two_attempts_is_loaded_from_the_start() -> Result<()> {
    let world = half_loaded().await?;
    world.sql("CREATE INDEX shuffled ON orders (v); CLUSTER orders USING shuffled").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_truncated_and_filled_again_between_two_attempts_is_loaded_from_the_start() -> Result<()> {
    let world = half_loaded().await?;
    world
        .sql("CREATE TABLE copied AS SELECT * FROM orders; TRUNCATE orders; INSERT INTO orders SELECT * FROM copied ORDER BY id DESC")
        .await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn vacuum_full_between_two_attempts_loses_nothing() -> Result<()> {
    let world = half_loaded().await?;
    world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id % 3 = 0").await?;
    world.sql("VACUUM FULL orders").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_made_during_a_first_load_arrive_with_it() -> Result<()> {
    let world = large().await?;
    let gate = Gate::new();
    let engine = world.spec.engine_over(|source| GatedSource::before_read(source, &gate)).await?;
    let meanwhile = async {
        gate.reached().await;
        world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id % 100 = 0").await?;
        world.sql("INSERT INTO orders SELECT n, 'new' FROM generate_series(10001, 10020) n").await?;
        world.sql(PAST_THE_MARGIN).await?;
        gate.open();
        anyhow::Ok(())
    };
    let (run, changed) = tokio::join!(world.run_with(&engine), meanwhile);
    changed?;
    let run = run?;
    ensure!(run.outcome.status() == firn_sync::RunStatus::Success, "{}", describe(&run.outcome));
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_catches_up_from_the_horizon_of_its_first_attempt() -> Result<()> {
    let world = half_loaded().await?;
    // Changed in the pages done; long enough ago that a horizon taken by the second attempt lies above.
    world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id <= 10").await?;
    world.sql("VACUUM orders").await?;
    world.sql("UPDATE orders SET v = 'changed in place', updated_at = now() WHERE id BETWEEN 3 AND 8").await?;
    world.sql(PAST_THE_MARGIN).await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_move_back_into_pages_read_before_are_not_lost() -> Result<()> {
    let world = large().await?;
    // Room in the first pages, for new versions of rows of the last ones.
    world.sql("DELETE FROM orders WHERE id <= 300").await?;
    world.sql("VACUUM orders").await?;
    ensure!(killed_at(&world.spec, "engine.after_commit:4").await?);
    let left = first_page_left(&world)?;
    // The watermark stays as it is: nobody promises that the new text arrives, but the row has to.
    world.sql(&format!("UPDATE orders SET v = repeat('m', 232) WHERE id > {ROWS} - 100")).await?;
    let moved = format!("SELECT count(*)::text FROM orders WHERE id > {ROWS} - 100 AND ctid < '({left},0)'::tid");
    ensure!(world.text(&moved).await?.parse::<u32>()? > 50, "the rows did not move into the pages done");
    world.converges().await.map(drop)
}
