//! Which table, which key and which watermark a position belongs to.

use anyhow::{Result, ensure};
use firn_scenarios::world::{Run, describe};
use firn_scenarios::{TableSpec, World};
use firn_sync::RunStatus;

async fn reset(world: &World, to: Option<&str>) -> Result<()> {
    let engine = world.spec.engine().await?;
    for config in world.spec.configs()? {
        engine.reset("reset", &config, to).await?;
    }
    engine.target.close().await?;
    Ok(())
}

fn failed(run: &Run, words: &[&str]) -> Result<()> {
    ensure!(run.outcome.status() == RunStatus::Failed, "{}", describe(&run.outcome));
    let said = run.complaint();
    ensure!(words.iter().all(|word| said.contains(word)), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_gone_is_looked_for_by_its_identity() -> Result<()> {
    let mut world = World::with_orders(50).await?;
    world.converges().await?;
    world
        .sql("CREATE SCHEMA shop; ALTER TABLE orders SET SCHEMA shop; ALTER TABLE shop.orders RENAME TO purchases")
        .await?;
    failed(&world.run().await?, &["renamed to shop.purchases", "write `source: shop.purchases`"])?;
    let engine = world.spec.engine().await?;
    let plans = engine.plan(&world.spec.configs()?).await;
    engine.target.close().await?;
    ensure!(plans[0].failure.as_ref().is_some_and(|f| f.message.contains("shop.purchases")), "{:?}", plans[0].failure);
    world.spec.tables[0].source = "shop.purchases".to_owned();
    world.converges().await?;
    world.sql("DROP TABLE shop.purchases").await?;
    failed(&world.run().await?, &["it was dropped", "the target keeps what it has"])?;
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.orders")? == "50");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_replaced_by_another_of_its_name_is_told_until_a_reset() -> Result<()> {
    let world = World::with_orders(50).await?;
    world.converges().await?;
    // The new table has rows that the cursor has passed.
    world
        .sql(
            "CREATE TABLE fresh (LIKE orders INCLUDING ALL);
             INSERT INTO fresh SELECT n, 'fresh ' || n, now() - interval '2 hours' FROM generate_series(1, 60) n;
             ALTER TABLE orders RENAME TO orders_before; ALTER TABLE fresh RENAME TO orders",
        )
        .await?;
    let told = |run: &Run| run.outcome.tables[0].findings.iter().any(|f| f.code == "table_replaced");
    for _ in 0..2 {
        let run = world.run_well().await?;
        ensure!(told(&run), "{}", describe(&run.outcome));
        world.sql("INSERT INTO orders SELECT max(id) + 1, 'later' FROM orders").await?;
    }
    reset(&world, None).await?;
    ensure!(!told(&world.converges().await?));
    // Rewriting and emptying leave a table the one it was.
    world.sql("VACUUM FULL orders").await?;
    world.sql("INSERT INTO orders VALUES (100, 'x')").await?;
    ensure!(!told(&world.converges().await?));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_table_can_be_accepted_where_the_cursor_stands() -> Result<()> {
    let mut world = World::with_orders(50).await?;
    world.converges().await?;
    world.sql("CREATE TABLE fresh (LIKE orders INCLUDING ALL); INSERT INTO fresh SELECT * FROM orders; DROP TABLE orders; ALTER TABLE fresh RENAME TO orders").await?;
    world.spec.tables[0].on_drift = "stop".to_owned();
    failed(&world.run().await?, &["replaced by another of its name"])?;
    reset(&world, Some("2024-01-01 00:00:00+00")).await?;
    ensure!(world.converges().await?.table()?.findings.iter().all(|f| f.code != "table_replaced"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_no_longer_unique_stops_its_table() -> Result<()> {
    let mut world = World::with_orders(50).await?;
    world.converges().await?;
    world
        .sql(
            "ALTER TABLE orders ADD tenant int NOT NULL DEFAULT 1; ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (tenant, id);
             INSERT INTO orders (tenant, id, v) VALUES (2, 7, 'of another tenant')",
        )
        .await?;
    failed(&world.run().await?, &["no longer keeps the key (id) unique", "write `pk: [tenant, id]`"])?;
    ensure!(world.warehouse_text("SELECT v FROM raw.orders WHERE id = 7")? == "row 7", "a row was overwritten");
    // The file follows, and the position is none of the new key.
    world.spec.tables[0] = TableSpec::new("orders").key(&["tenant", "id"]);
    failed(&world.run().await?, &["`pk` has changed", "firn sync reset"])?;
    reset(&world, None).await?;
    let run = world.run_well().await?;
    ensure!(run.table()?.counters.rows_merged == 51, "{}", describe(&run.outcome));
    // Rows that the old key wrote have no tenant in the target: they are another row to the new key.
    world.change_warehouse("DELETE FROM raw.orders WHERE tenant IS NULL")?;
    world.assert_equal().await?;
    // Whoever ignores drift is told.
    world.spec.tables[0].on_drift = "ignore".to_owned();
    world.sql("ALTER TABLE orders DROP CONSTRAINT orders_pkey; INSERT INTO orders VALUES (900, 'new')").await?;
    let ignored = world.run_well().await?;
    ensure!(ignored.table()?.findings.iter().any(|f| f.code == "key_not_unique"), "{}", describe(&ignored.outcome));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_moves_with_the_watermark_is_told_where_deletes_are_ignored() -> Result<()> {
    for (name, partitioned) in [("measured", ""), ("parts", " PARTITION BY HASH (id)")] {
        let mut world = World::new()?;
        world.sql(&format!("CREATE TABLE {name} (id bigint, v text, updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour', PRIMARY KEY (id, updated_at)){partitioned}")).await?;
        if !partitioned.is_empty() {
            world.sql("CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 1, REMAINDER 0)").await?;
        }
        world.sql(&format!("INSERT INTO {name} SELECT n, 'x' FROM generate_series(1, 50) n")).await?;
        world.spec.tables = vec![TableSpec::new(name).key(&["id", "updated_at"])];
        let told = |run: &Run| -> Result<bool> { Ok(run.table()?.findings.iter().any(|f| f.code == "key_moves")) };
        // Rows that are only added keep their keys.
        ensure!(!told(&world.converges().await?)?, "{name}");
        world.session().await?.sql(&format!("UPDATE {name} SET v = 'y', updated_at = now() WHERE id = 3")).await?;
        let counted =
            "SELECT (sum(n_tup_upd) > 0)::text FROM pg_stat_user_tables WHERE relname IN ('measured', 'parts_0')";
        while world.text(counted).await? != "true" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let run = world.run_well().await?;
        ensure!(told(&run)?, "{name}: {}", describe(&run.outcome));
        let twice = format!("SELECT count(*) FROM raw.{name} WHERE id = 3");
        ensure!(world.warehouse_text(&twice)? == "2", "{name}: the old row stays");
        let engine = world.spec.engine().await?;
        let plans = engine.plan(&world.spec.configs()?).await;
        engine.target.close().await?;
        ensure!(plans[0].findings.iter().any(|f| f.code == "key_moves"), "{:?}", plans[0].findings);
        world.spec.tables[0].deletes = "hard".to_owned();
        ensure!(!told(&world.converges().await?)?, "{name}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_of_one_key_is_not_read_on_by_another() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE orders (id bigint PRIMARY KEY, code bigint UNIQUE NOT NULL, updated_at timestamptz NOT NULL, made_at timestamptz NOT NULL);
             INSERT INTO orders SELECT n, 1000 - n, '2024-05-01', '2024-06-01'::timestamptz + n * interval '1 minute' FROM generate_series(1, 90) n",
        )
        .await?;
    world.spec.tables.push(TableSpec::new("orders"));
    // Two runs: the first load ends before the largest watermark, the pass behind it at (watermark, key).
    world.converges().await?;
    world.sql("INSERT INTO orders VALUES (500, 2000, '2024-05-01', '2024-06-02')").await?;
    world.converges().await?;
    // At the same watermark, before the position by the code and behind it by the id.
    world.sql("INSERT INTO orders VALUES (501, 3, '2024-05-01', '2024-06-02')").await?;
    let by_id = world.spec.tables[0].clone();
    world.spec.tables[0] = TableSpec::new("orders").key(&["code"]);
    failed(&world.run().await?, &["`pk` has changed: the target was written by (id), the file says (code)"])?;
    world.spec.tables[0] = by_id.clone().watermark("made_at");
    failed(&world.run().await?, &["`watermark_column` has changed", "`updated_at`", "`made_at`"])?;
    world.spec.tables[0] = by_id;
    world.converges().await?;
    world.spec.tables[0] = TableSpec::new("orders").key(&["code"]).watermark("made_at");
    reset(&world, None).await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_the_file_follow_a_rename_by_hand() -> Result<()> {
    let mut world = World::with_orders(50).await?;
    world.spec.tables[0].transforms.insert("v".to_owned(), Some("upper(v)".to_owned()));
    world.converges().await?;
    world.sql("ALTER TABLE orders RENAME id TO order_id; ALTER TABLE orders RENAME updated_at TO changed_at; INSERT INTO orders VALUES (51, 'new')").await?;
    failed(&world.run().await?, &["key column `id`", "renamed to `order_id`"])?;
    world.spec.tables[0].key = vec!["order_id".to_owned()];
    failed(&world.run().await?, &["watermark column `updated_at`", "write `watermark_column: changed_at`"])?;
    world.spec.tables[0].watermark = Some("changed_at".to_owned());
    world.converges().await?;
    world.sql("ALTER TABLE orders RENAME v TO w").await?;
    world.spec.tables[0].transforms.insert("v".to_owned(), None);
    failed(&world.run().await?, &["the transform's column `v`", "renamed to `w`"])?;
    world.spec.tables[0].transforms = [("w".to_owned(), Some("upper(w)".to_owned()))].into();
    world.converges().await.map(drop)
}
