//! Tables that change their shape, and names that the target cannot tell apart.

use anyhow::{Result, ensure};
use firn_scenarios::world::describe;
use firn_scenarios::{TableSpec, World};
use firn_sync::RunStatus;

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_are_one_name_to_the_target_are_found_before_any_write() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql("CREATE TABLE twins (id bigint PRIMARY KEY, \"A\" text, a text, updated_at timestamptz NOT NULL DEFAULT now())")
        .await?;
    world.sql("INSERT INTO twins VALUES (1, 'upper', 'lower')").await?;
    world.spec.tables.push(TableSpec::new("twins"));
    let refused = world.run().await?;
    ensure!(refused.outcome.status() == RunStatus::Failed, "{}", describe(&refused.outcome));
    let told = refused.complaint();
    ensure!(told.contains("columns A and a are one name"), "{told}");
    ensure!(world.warehouse_text("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw'")? == "0");
    world.spec.tables[0] = TableSpec::new("twins").transform("a", None);
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn added_columns_and_widened_types_follow() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE things (id int PRIMARY KEY, n smallint, price numeric(8,2), v varchar(5), updated_at timestamptz NOT NULL DEFAULT now());
             INSERT INTO things SELECT n, n, n / 3.0, 'row' FROM generate_series(1, 20) n",
        )
        .await?;
    world.spec.tables.push(TableSpec::new("things"));
    world.converges().await?;
    world
        .sql(
            "ALTER TABLE things ALTER id TYPE bigint, ALTER n TYPE int, ALTER price TYPE numeric(14,3), ALTER v TYPE varchar(50), ADD note text;
             INSERT INTO things (id, n, price, v, note) VALUES (5000000000, 70000, 12345678901.125, 'longer than five', 'noted')",
        )
        .await?;
    let run = world.converges().await?;
    let codes: Vec<&str> = run.table()?.findings.iter().map(|f| f.code.as_str()).collect();
    ensure!(codes.contains(&"target_column_added") && codes.contains(&"target_column_widened"), "{codes:?}");
    world.sql("UPDATE things SET note = 'later', updated_at = now() WHERE id = 3").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_became_something_else_stops_the_table() -> Result<()> {
    let world = World::with_orders(10).await?;
    world.converges().await?;
    world.sql("ALTER TABLE orders ALTER v TYPE int USING id").await?;
    let stopped = world.run().await?;
    ensure!(stopped.outcome.status() == RunStatus::Failed, "{}", describe(&stopped.outcome));
    let told = stopped.complaint();
    ensure!(
        told.contains("column v is VARCHAR in the target and INTEGER in the source") && told.contains("ALTER TABLE"),
        "{told}"
    );
    ensure!(world.warehouse_text("SELECT v FROM raw.orders WHERE id = 3")? == "row 3", "the target was touched");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_became_narrower_keeps_the_wider_one_in_the_target() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE things (id bigint PRIMARY KEY, n bigint, updated_at timestamptz NOT NULL DEFAULT now());
              INSERT INTO things SELECT n, n FROM generate_series(1, 20) n",
        )
        .await?;
    world.spec.tables.push(TableSpec::new("things"));
    world.converges().await?;
    world.sql("ALTER TABLE things ALTER n TYPE int; INSERT INTO things VALUES (21, 21)").await?;
    world.converges().await?;
    ensure!(
        world
            .warehouse_text("SELECT data_type FROM duckdb_columns() WHERE schema_name = 'raw' AND column_name = 'n'")?
            == "BIGINT"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_can_be_ignored_or_stop_the_table() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    world.converges().await?;
    world.sql("ALTER TABLE orders ADD note text; INSERT INTO orders (id, v, note) VALUES (11, 'new', 'noted')").await?;
    world.spec.tables[0].on_drift = "stop".to_owned();
    let stopped = world.run().await?;
    ensure!(stopped.outcome.status() == RunStatus::Failed, "{}", describe(&stopped.outcome));
    ensure!(
        stopped.complaint().contains("ADD COLUMN") && stopped.complaint().contains("on_drift"),
        "{}",
        stopped.complaint()
    );
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.orders")? == "10");

    world.spec.tables[0].on_drift = "ignore".to_owned();
    let ignored = world.run_well().await?;
    ensure!(ignored.table()?.findings.iter().any(|f| f.code == "drift_ignored" && f.message.contains("`note`")));
    world.spec.tables[0].transforms.insert("note".to_owned(), None);
    world.assert_equal().await?;

    world.spec.tables[0] = TableSpec::new("orders");
    world.sql("UPDATE orders SET updated_at = now()").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_need_quotes_arrive_as_they_are() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE SCHEMA \"My Shop\";
             CREATE TABLE \"My Shop\".\"Order \"\"Lines\"\"\" (\"Id; --\" bigint PRIMARY KEY, \"select\" text, \"Ümlaut 😀\" int, \"Updated At\" timestamptz NOT NULL DEFAULT now());
             INSERT INTO \"My Shop\".\"Order \"\"Lines\"\"\" SELECT n, 'it''s \\ ' || n, n FROM generate_series(1, 20) n",
        )
        .await?;
    world.spec.tables.push(TableSpec {
        source: "\"My Shop\".\"Order \"\"Lines\"\"\"".to_owned(),
        target: "\"my shop\".\"Order \"\"Lines\"\"\"".to_owned(),
        ..TableSpec::new("x").key(&["Id; --"]).watermark("Updated At")
    });
    world.converges().await?;
    world.sql("UPDATE \"My Shop\".\"Order \"\"Lines\"\"\" SET \"select\" = NULL, \"Updated At\" = now() WHERE \"Id; --\" < 5").await?;
    world.converges().await.map(drop)
}
