//! Rows that one side cannot take: kept with their key, the rest goes on.

use anyhow::{Result, ensure};
use firn_scenarios::world::describe;
use firn_scenarios::{TableSpec, World, oracle};
use firn_sync::{RunStatus, TableResult};

/// Compares all rows but those that a condition names.
async fn assert_equal_but(world: &World, condition: &str) -> Result<()> {
    let table = TableSpec { filter: Some(format!("NOT ({condition})")), ..world.spec.tables[0].clone() };
    let columns = oracle::columns(&world.pool, &table).await?;
    let source = oracle::source_rows(&world.pool, &table, &columns).await?;
    oracle::compare("the other rows", &source, &oracle::target_rows(&world.spec.warehouse, &table, &columns)?)
}

/// Returns the open entries of `sync_errors` as `key payload-text` lines.
async fn entries(world: &World) -> Result<String> {
    let sql = "SELECT string_agg(pk::text || ' ' || (payload->>'v'), E'\\n' ORDER BY pk::text) FROM sync_errors WHERE resolved_at IS NULL";
    world.text(sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_none_rejects_its_row_alone() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql("CREATE TABLE prices (id bigint PRIMARY KEY, v numeric(12,2), updated_at timestamptz NOT NULL DEFAULT now())")
        .await?;
    world.sql("INSERT INTO prices SELECT n, n / 4.0 FROM generate_series(1, 100) n").await?;
    world.sql("UPDATE prices SET v = 'NaN' WHERE id IN (7, 70)").await?;
    world.spec.tables.push(TableSpec::new("prices"));
    let run = world.run().await?;
    ensure!(run.outcome.tables[0].result == TableResult::Partial, "{}", describe(&run.outcome));
    ensure!(run.table()?.counters.rows_rejected == 2 && run.table()?.counters.rows_merged == 98);
    ensure!(entries(&world).await? == "{\"id\": \"7\"} NaN\n{\"id\": \"70\"} NaN", "{}", entries(&world).await?);
    assert_equal_but(&world, "v = 'NaN'").await?;

    // Read again, it is recognised; mended, it arrives and its entry is closed.
    let again = world.run_well().await?;
    ensure!(again.table()?.counters.rows_rejected == 0, "{:?}", again.table()?.counters);
    world.sql("UPDATE prices SET v = 1.25, updated_at = now() WHERE id = 7").await?;
    world.run_well().await?;
    ensure!(entries(&world).await? == "{\"id\": \"70\"} NaN");
    world.sql("UPDATE prices SET v = 2, updated_at = now() WHERE id = 70").await?;
    world.converges().await?;
    ensure!(entries(&world).await?.is_empty());
    ensure!(world.text("SELECT count(*)::text FROM sync_errors WHERE resolved_at IS NOT NULL").await? == "2");
    Ok(())
}

/// Makes a world whose target table, made by its user, takes everything but one value.
async fn particular(rows: u64) -> Result<World> {
    let world = World::with_orders(rows).await?;
    world.change_warehouse(
        "CREATE SCHEMA raw; CREATE TABLE raw.orders (id BIGINT, v VARCHAR CHECK (v <> 'bad'), updated_at TIMESTAMPTZ)",
    )?;
    Ok(world)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_the_target_refuses_are_found_and_the_others_arrive() -> Result<()> {
    let world = particular(500).await?;
    world.sql("UPDATE orders SET v = 'bad' WHERE id IN (3, 250, 500)").await?;
    let run = world.run().await?;
    ensure!(run.outcome.status() == RunStatus::Partial, "{}", describe(&run.outcome));
    ensure!(run.table()?.counters.rows_rejected == 3 && run.table()?.counters.rows_merged == 497);
    assert_equal_but(&world, "v = 'bad'").await?;
    ensure!(entries(&world).await? == "{\"id\": \"250\"} bad\n{\"id\": \"3\"} bad\n{\"id\": \"500\"} bad");
    let told = world.text("SELECT DISTINCT error FROM sync_errors").await?;
    ensure!(told.contains("CHECK") && !told.contains("bad"), "{told}");

    // In an increment, with rows of a second kind around it.
    world.sql("INSERT INTO orders VALUES (600, 'good'), (601, 'bad'), (602, 'good')").await?;
    let second = world.run().await?;
    ensure!(second.table()?.counters.rows_rejected == 1 && second.table()?.counters.rows_merged == 2);
    world.sql("UPDATE orders SET v = 'mended', updated_at = now() WHERE v = 'bad'").await?;
    world.converges().await?;
    ensure!(entries(&world).await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_row_in_the_middle_of_a_killed_first_load_is_neither_lost_nor_loaded() -> Result<()> {
    let mut world = particular(3000).await?;
    world.sql("UPDATE orders SET v = 'bad' WHERE id % 1000 = 0").await?;
    world.spec.range_bytes = 32 << 10;
    world.spec.group_bytes = 32 << 10;
    ensure!(firn_scenarios::child::killed_at(&world.spec, "duckdb.after_commit:4").await?);
    let run = world.run().await?;
    ensure!(run.table()?.failure.is_none(), "{}", describe(&run.outcome));
    assert_equal_but(&world, "v = 'bad'").await?;
    ensure!(entries(&world).await?.lines().count() == 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_outside_the_map_stops_its_table_by_name() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql("CREATE TABLE places (id bigint PRIMARY KEY, v text, place pg_snapshot, updated_at timestamptz NOT NULL DEFAULT now())")
        .await?;
    world
        .sql("INSERT INTO places SELECT n, 'row ' || n, (n || ':20:')::pg_snapshot FROM generate_series(1, 10) n")
        .await?;
    world.spec.tables.push(TableSpec::new("places"));
    let refused = world.run().await?;
    ensure!(refused.outcome.status() == RunStatus::Failed, "{}", describe(&refused.outcome));
    let told = refused.complaint();
    ensure!(told.contains("`place`") && told.contains("pg_snapshot") && told.contains("transform"), "{told}");
    ensure!(world.warehouse_text("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw'")? == "0");

    world.spec.tables[0] = TableSpec::new("places").transform("place", None);
    world.converges().await?;
    world.spec.tables[0] = TableSpec::new("places").transform("place", Some("place::text"));
    world.sql("UPDATE places SET updated_at = now()").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_row_that_is_the_newest_is_rejected_once() -> Result<()> {
    let mut world = World::new()?;
    world.sql("CREATE TABLE prices (id bigint PRIMARY KEY, v numeric(12,2), updated_at timestamptz NOT NULL)").await?;
    world
        .sql(
            "INSERT INTO prices SELECT n, n, '2024-01-01'::timestamptz + n * interval '1 hour' FROM generate_series(1, 100) n;
             UPDATE prices SET v = 'NaN' WHERE id IN (1, 99, 100)",
        )
        .await?;
    world.spec.tables.push(TableSpec::new("prices").batch(10));
    let first = world.run().await?;
    ensure!(first.table()?.counters.rows_rejected == 3, "{:?}", first.table()?.counters);
    for _ in 0..2 {
        let again = world.run_well().await?;
        ensure!(again.table()?.counters.rows_rejected == 0, "{:?}", again.table()?.counters);
    }
    world.sql("INSERT INTO prices SELECT n, 'NaN', '2024-02-01'::timestamptz + n * interval '1 hour' FROM generate_series(101, 125) n").await?;
    let second = world.run().await?;
    ensure!(second.table()?.counters.rows_rejected == 25, "{:?}", second.table()?.counters);
    ensure!(world.run_well().await?.table()?.counters.rows_rejected == 0);
    ensure!(world.text("SELECT max(attempts)::text FROM sync_errors").await? == "1");
    assert_equal_but(&world, "v = 'NaN'").await?;
    world.sql("UPDATE prices SET v = 1, updated_at = now()").await?;
    world.converges().await?;
    ensure!(entries(&world).await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_a_key_is_rejected_and_stands_in_nobodys_way() -> Result<()> {
    let mut world = World::new()?;
    world.sql("CREATE TABLE loose (a int, id bigint, v text, updated_at timestamptz NOT NULL)").await?;
    world
        .sql(
            "INSERT INTO loose SELECT 1, n, 'row ' || n, '2024-01-01'::timestamptz + n / 7 * interval '1 hour' FROM generate_series(1, 100) n;
             UPDATE loose SET id = NULL WHERE id IN (14, 100); UPDATE loose SET a = NULL WHERE id = 50",
        )
        .await?;
    world.spec.tables.push(TableSpec::new("loose").key(&["a", "id"]).batch(3));
    world.spec.group_rows = 3;
    let run = world.run().await?;
    ensure!(run.table()?.failure.is_none() && run.table()?.counters.rows_rejected == 3, "{}", describe(&run.outcome));
    assert_equal_but(&world, "id IS NULL OR a IS NULL").await?;
    world.sql("INSERT INTO loose VALUES (2, 1, 'new', '2024-02-01'), (2, NULL, 'newest', '2024-03-01')").await?;
    ensure!(world.run().await?.table()?.counters.rows_rejected == 1);
    ensure!(world.run_well().await?.table()?.counters.rows_rejected == 0);
    assert_equal_but(&world, "id IS NULL OR a IS NULL").await
}
