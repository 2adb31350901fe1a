//! Repairs: what a comparison finds is made equal, as far as the table's configuration allows.

use anyhow::{Context as _, Result, ensure};
use firn_scenarios::child::Child;
use firn_scenarios::world::PAST_THE_MARGIN;
use firn_scenarios::{TableSpec, World};
use firn_sync::verify::{Repaired, TableVerdict, VerifyOptions};

use super::verify::keys;

fn repair() -> VerifyOptions {
    VerifyOptions { repair: true, ..VerifyOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_makes_rows_equal_and_leaves_the_cursor_where_it_is() -> Result<()> {
    let world = World::with_orders(30_000).await?;
    world.sql(PAST_THE_MARGIN).await?;
    world.converges().await?;
    let cursor = world.text("SELECT cursor_watermark || cursor_key FROM sync_watermarks").await?;
    world
        .sql(
            "UPDATE orders SET v = 'watermark as it was' WHERE id % 7 = 0;
             INSERT INTO orders VALUES (90001, 'late', now() - interval '2 hours');
             UPDATE orders SET v = 'waits', updated_at = now() WHERE id = 5",
        )
        .await?;
    world.change_warehouse(
        "DELETE FROM raw.orders WHERE id % 11 = 0; UPDATE raw.orders SET v = NULL WHERE id % 13 = 0;
         INSERT INTO raw.orders SELECT * FROM raw.orders WHERE id = 3",
    )?;
    let found = world.verdict().await?;
    ensure!(found.counts.total() > 8_000 && found.counts.extra == 0, "{:?}", found.counts);
    let outcome = world.verify(repair()).await?;
    let mended = &outcome.tables[0];
    let done = mended.repaired.context("no repair")?;
    ensure!(mended.is_equal() && mended.waiting == 1, "{mended:?}");
    ensure!((done.written, done.left) == (found.counts.total(), 0), "{done:?} {:?}", found.counts);
    ensure!(world.text("SELECT cursor_watermark || cursor_key FROM sync_watermarks").await? == cursor);
    // The row that waited was not touched: the next run brings it, and then both sides are one.
    world.converges().await?;
    let again = world.verify(repair()).await?;
    ensure!(again.tables[0].is_equal() && again.tables[0].repaired.unwrap_or_default().written == 0, "{again:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_that_is_killed_is_followed_by_one_that_ends() -> Result<()> {
    let mut world = World::with_orders(1_000).await?;
    world.spec.tables[0].deletes = "hard".to_owned();
    world.converges().await?;
    world.change_warehouse("DELETE FROM raw.orders WHERE id % 2 = 0; INSERT INTO raw.orders SELECT n, 'x', now() FROM range(5000, 5050) t(n)")?;
    for point in [
        "engine.before_commit",
        "duckdb.before_commit",
        "engine.after_commit",
        "duckdb.swept",
        "duckdb.before_sweep_commit",
    ] {
        let ended = Child::verify(&world.spec, &[("FIRN_TEST_STOP", point)])?.end().await?;
        ensure!(ended.signal() == Some(9), "{point}: {ended:?}");
        ensure!(world.warehouse_text("SELECT count(*) FROM raw.orders WHERE id >= 5000")? == "50", "{point}");
    }
    let outcome = world.verify(repair()).await?;
    ensure!(outcome.tables[0].is_equal(), "{outcome:?}");
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_repair_may_not_touch_is_left_and_told() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE orders (id bigint PRIMARY KEY, v numeric(10,2), updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour');
             INSERT INTO orders SELECT n, n FROM generate_series(1, 50) n; CREATE TABLE bag (a int); INSERT INTO bag VALUES (1), (2)",
        )
        .await?;
    let bag = TableSpec { full: true, watermark: None, ..TableSpec::new("bag") }.key(&[]);
    world.spec.tables = vec![TableSpec::new("orders"), bag];
    world.sql(PAST_THE_MARGIN).await?;
    world.run_well().await?;
    world.sql("UPDATE orders SET v = 'NaN' WHERE id = 7; DELETE FROM orders WHERE id = 8; UPDATE orders SET v = 0 WHERE id = 9").await?;
    world.change_warehouse("DELETE FROM raw.bag WHERE a = 1")?;
    let outcome = world.verify(repair()).await?;
    let orders = &outcome.tables[0];
    ensure!(keys(orders) == ["extra 8", "changed 7"], "{orders:?}");
    let done = orders.repaired.context("no repair")?;
    ensure!((done.written, done.deleted, done.left) == (1, 0, 2), "{done:?}");
    ensure!(codes(orders) == ["extra_stay", "repair_left_rejected"], "{:?}", orders.findings);
    ensure!(orders.findings[0].message.contains("another key"), "{:?}", orders.findings);
    let bag = &outcome.tables[1];
    ensure!(keys(bag) == ["missing 1"] && codes(bag) == ["repair_without_key"], "{bag:?}");
    Ok(())
}

/// Repairs the only table; returns what was done and what stands there now.
async fn repaired(world: &World) -> Result<(Repaired, TableVerdict)> {
    let outcome = world.verify(repair()).await?;
    let verdict = outcome.tables.into_iter().next().context("no table")?;
    ensure!(verdict.failure.is_none(), "{verdict:?}");
    Ok((verdict.repaired.context("no repair")?, verdict))
}

/// Returns the codes of a verdict's findings.
fn codes(verdict: &TableVerdict) -> Vec<&str> {
    verdict.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_vanished_are_deleted_where_deletes_are_hard() -> Result<()> {
    let mut world = World::with_orders(200).await?;
    let filter = Some("v NOT LIKE 'closed%'".to_owned());
    world.spec.tables = vec![TableSpec { filter, ..TableSpec::new("orders").deletes("hard") }];
    world.sql(PAST_THE_MARGIN).await?;
    world.converges().await?;
    let cursor = world.text("SELECT cursor_watermark || cursor_key FROM sync_watermarks").await?;
    // Deleted, under another key, changed without its watermark, out of the condition; and two rows that never were.
    world
        .sql(
            "DELETE FROM orders WHERE id IN (1, 2); UPDATE orders SET id = -3 WHERE id = 3;
             UPDATE orders SET v = 'x' WHERE id = 4; UPDATE orders SET v = 'closed' WHERE id = 5",
        )
        .await?;
    world.change_warehouse("INSERT INTO raw.orders VALUES (7001, 'x', now()), (7002, 'x', NULL)")?;
    let (done, verdict) = repaired(&world).await?;
    ensure!((done.written, done.deleted, done.left) == (2, 5, 1), "{done:?}");
    ensure!(keys(&verdict) == ["extra 5"] && codes(&verdict) == ["outside_where"], "{verdict:?}");
    ensure!(world.text("SELECT cursor_watermark || cursor_key FROM sync_watermarks").await? == cursor);
    let log = world.text("SELECT message FROM sync_logs ORDER BY id DESC LIMIT 1").await?;
    ensure!(log == "verify: 1 keys differ; 2 repaired, 5 deleted", "{log}");
    world.change_warehouse("DELETE FROM raw.orders WHERE id = 5")?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_vanished_are_marked_where_deletes_are_soft() -> Result<()> {
    let mut world = World::with_orders(50).await?;
    world.spec.tables[0].deletes = "soft".to_owned();
    world.run_well().await?;
    world.sql("CREATE TABLE aside AS SELECT * FROM orders WHERE id = 1; DELETE FROM orders WHERE id IN (1, 2)").await?;
    world.run_well().await?;
    // One of the marked rows is back as it was, and another one has gone.
    world.sql("INSERT INTO orders SELECT * FROM aside; DELETE FROM orders WHERE id = 3").await?;
    let (done, verdict) = repaired(&world).await?;
    ensure!(verdict.is_equal() && (done.deleted, done.left) == (1, 0), "{done:?} {verdict:?}");
    let marked = "SELECT string_agg(id::VARCHAR, ' ' ORDER BY id) FROM raw.orders WHERE _firn_deleted_at IS NOT NULL";
    ensure!(world.warehouse_text(marked)? == "2 3", "{}", world.warehouse_text(marked)?);
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.orders")? == "50", "a marked row is kept");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_at_once_stays_in_a_repair_as_in_a_run() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    world.spec.tables[0].deletes = "hard".to_owned();
    world.converges().await?;
    world.sql("DELETE FROM orders WHERE id <= 30; UPDATE orders SET v = 'x' WHERE id = 40").await?;
    let (done, verdict) = repaired(&world).await?;
    ensure!((done.written, done.deleted, done.left) == (1, 0, 30), "{done:?}");
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.orders")? == "100");
    let told = verdict.findings.iter().find(|f| f.code == "deletes_refused").context("not told")?;
    let way_out = told.fix.as_deref().unwrap_or_default();
    ensure!(told.message.contains("30 of 100 rows") && way_out.contains("--max-delete-ratio 1"), "{told:?}");
    world.spec.tables[0].max_delete_ratio = 0.3;
    let (done, verdict) = repaired(&world).await?;
    ensure!(done.deleted == 30 && verdict.is_equal(), "{verdict:?}");
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_a_policy_hides_stay_in_a_repair() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    world
        .sql(
            "CREATE ROLE reader LOGIN; CREATE SCHEMA firn AUTHORIZATION reader; GRANT SELECT ON orders TO reader;
             ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY all_of_them ON orders TO reader USING (true)",
        )
        .await?;
    world.spec.user = "reader".to_owned();
    world.spec.state_schema = "firn".to_owned();
    world.converges().await?;
    world.sql("ALTER POLICY all_of_them ON orders USING (id > 10)").await?;
    world.spec.tables[0].deletes = "hard".to_owned();
    let (done, verdict) = repaired(&world).await?;
    ensure!((done.deleted, done.left) == (0, 10) && verdict.counts.extra == 10, "{verdict:?}");
    ensure!(codes(&verdict).contains(&"deletes_refused"), "{:?}", verdict.findings);
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.orders")? == "100");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_to_be_altered_first_keeps_its_extra_rows() -> Result<()> {
    let mut world = World::with_orders(50).await?;
    world.converges().await?;
    world.sql("DELETE FROM orders WHERE id = 1").await?;
    // The column for marks is made by the next run.
    world.spec.tables[0].deletes = "soft".to_owned();
    let (done, verdict) = repaired(&world).await?;
    ensure!((done.deleted, done.left) == (0, 1) && codes(&verdict).contains(&"repair_left_extra"), "{verdict:?}");
    ensure!(world.run_well().await?.table()?.counters.rows_deleted == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_read_alone_is_repaired_in_its_own_turns() -> Result<()> {
    let mut world = World::with_orders(0).await?;
    world.sql("ALTER TABLE orders ALTER v SET STORAGE EXTERNAL; INSERT INTO orders SELECT n, repeat(md5(n::text), 32768), now() - interval '1 hour' FROM generate_series(1, 36) n").await?;
    world.spec.tables[0].deletes = "hard".to_owned();
    world.run_well().await?;
    world.sql("DELETE FROM orders WHERE id = 7").await?;
    world.change_warehouse("DELETE FROM raw.orders WHERE id = 8")?;
    let (done, verdict) = repaired(&world).await?;
    ensure!(verdict.is_equal() && (done.written, done.deleted) == (1, 1), "{done:?} {verdict:?}");
    Ok(())
}
