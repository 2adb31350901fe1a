//! Tables of every sort, several at once, and tables that are rewritten while they are read.

use anyhow::{Context as _, Result, ensure};
use firn_scenarios::world::describe;
use firn_scenarios::{GatedSource, TableSpec, World};
use firn_sync::RunStatus;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_emptied_and_filled_in_one_transaction_is_never_seen_empty() -> Result<()> {
    let mut world = World::new()?;
    world.sql("CREATE TABLE rates (id int PRIMARY KEY, v text); INSERT INTO rates SELECT n, 'old' FROM generate_series(1, 100) n").await?;
    world.spec.tables.push(TableSpec { full: true, watermark: None, ..TableSpec::new("rates") });
    world.converges().await?;
    let reload = async {
        // Where the reader has locked the table, this waits until it is done.
        let nightly = "SET lock_timeout = '1s'; BEGIN; TRUNCATE rates; INSERT INTO rates SELECT n, 'new' FROM generate_series(1, 100) n; COMMIT";
        let _may_wait = world.session().await?.sql(nightly).await;
        Ok(())
    };
    let (run, ()) = world.run_past(GatedSource::before_read, reload).await?;
    ensure!(run.outcome.status() == RunStatus::Success, "{}", describe(&run.outcome));
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.rates")? == "100", "an empty table was read that never was");
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_which_some_columns_may_be_read_is_never_seen_empty() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE ROLE narrow LOGIN; GRANT CREATE ON DATABASE app TO narrow; GRANT CREATE, USAGE ON SCHEMA public TO narrow;
             CREATE TABLE rates (id int PRIMARY KEY, v text, hidden text); GRANT SELECT (id, v) ON rates TO narrow;
             INSERT INTO rates SELECT n, 'old' FROM generate_series(1, 100) n",
        )
        .await?;
    world.spec.user = "narrow".to_owned();
    world.spec.tables.push(TableSpec {
        full: true,
        watermark: None,
        ..TableSpec::new("rates").transform("hidden", None)
    });
    world.run_well().await?;
    // A reload that is at it when the view is taken: the reader waits for it, and takes another view.
    let mut nightly = world.session().await?;
    nightly.sql("BEGIN; TRUNCATE rates; INSERT INTO rates SELECT n, 'new' FROM generate_series(1, 100) n").await?;
    let engine = world.spec.engine().await?;
    let ended = async {
        let waits = "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'rates'::regclass AND NOT granted";
        while world.text(&format!("SELECT ({waits})::text")).await? != "true" {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        nightly.sql("COMMIT").await
    };
    let (run, ended) = tokio::join!(world.run_with(&engine), ended);
    ended?;
    let run = run?;
    ensure!(run.outcome.status() == RunStatus::Success, "{}", describe(&run.outcome));
    ensure!(
        world.warehouse_text("SELECT count(*) || max(v) FROM raw.rates")? == "100new",
        "{}",
        describe(&run.outcome)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn relations_of_every_sort_arrive() -> Result<()> {
    let mut world = World::with_orders(200).await?;
    world
        .sql(
            "CREATE VIEW recent AS SELECT id, v, updated_at FROM orders WHERE id > 100;
             CREATE MATERIALIZED VIEW stored AS SELECT id, v, updated_at FROM orders WHERE id % 2 = 0;
             CREATE TABLE measured (id bigint, v text, updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (id, updated_at)) PARTITION BY RANGE (updated_at);
             CREATE TABLE measured_old PARTITION OF measured FOR VALUES FROM (MINVALUE) TO ('2024-01-01') PARTITION BY HASH (id);
             CREATE TABLE measured_old_0 PARTITION OF measured_old FOR VALUES WITH (MODULUS 1, REMAINDER 0);
             CREATE TABLE measured_new PARTITION OF measured DEFAULT;
             INSERT INTO measured SELECT n, 'row ' || n, '2023-12-01'::timestamptz + n * interval '1 day' FROM generate_series(1, 90) n;
             CREATE TABLE parent (id bigint PRIMARY KEY, v text, updated_at timestamptz NOT NULL DEFAULT now());
             CREATE TABLE child (extra int) INHERITS (parent);
             INSERT INTO parent SELECT n, 'parent ' || n FROM generate_series(1, 50) n;
             INSERT INTO child SELECT n, 'child ' || n FROM generate_series(51, 120) n;
             CREATE TABLE computed (id bigint PRIMARY KEY, gone int, n int, double int GENERATED ALWAYS AS (n * 2) STORED, updated_at timestamptz NOT NULL DEFAULT now());
             ALTER TABLE computed DROP gone;
             INSERT INTO computed SELECT n, n FROM generate_series(1, 50) n;
             CREATE TABLE nothing (id bigint PRIMARY KEY, updated_at timestamptz);
             CREATE UNLOGGED TABLE fleeting (id bigint PRIMARY KEY, updated_at timestamptz DEFAULT now()); INSERT INTO fleeting VALUES (1);",
        )
        .await?;
    for name in ["recent", "stored", "parent", "computed", "nothing", "fleeting"] {
        world.spec.tables.push(TableSpec::new(name));
    }
    world.spec.tables.push(TableSpec::new("measured").key(&["id", "updated_at"]));
    world.converges().await?;
    world
        .sql(
            "UPDATE orders SET v = 'changed', updated_at = now() WHERE id > 150;
             REFRESH MATERIALIZED VIEW stored;
             INSERT INTO measured VALUES (500, 'new'); UPDATE measured SET v = 'old and changed', updated_at = now() WHERE id = 3;
             UPDATE child SET v = 'changed', updated_at = now() WHERE id < 60; INSERT INTO child VALUES (500, 'new');
             UPDATE computed SET n = n + 1, updated_at = now() WHERE id < 10;
             INSERT INTO nothing VALUES (1, now()), (2, NULL)",
        )
        .await?;
    world.run_well().await?;
    // A key with the watermark in it names a new row when the watermark changes: the old one is a deleted row.
    world.warehouse("SELECT 'x' WHERE false")?;
    world.change_warehouse("DELETE FROM raw.measured WHERE id = 3 AND updated_at < '2025-01-01'")?;
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_findings_offer_run_as_they_are() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            r#"CREATE TABLE "Odd ""Orders""" ("Id" bigint PRIMARY KEY, v text, "Last ""Seen""" timestamptz);
               INSERT INTO "Odd ""Orders""" SELECT n, repeat('x', 200), now() - interval '1 hour' FROM generate_series(1, 6000) n;
               INSERT INTO "Odd ""Orders""" VALUES (0, 'no watermark', NULL); ANALYZE"#,
        )
        .await?;
    let table = TableSpec::new("odd").key(&["Id"]).watermark(r#"Last "Seen""#);
    world.spec.tables = vec![TableSpec { source: r#"public."Odd ""Orders""""#.to_owned(), ..table }];
    for code in ["watermark_unindexed", "watermark_null"] {
        let run = world.converges().await?;
        let told = run.table()?.findings.iter().find(|finding| finding.code == code);
        let fix = told.and_then(|finding| finding.fix.as_deref());
        world.sql(fix.with_context(|| format!("{code}: {}", describe(&run.outcome)))?).await?;
    }
    let last = world.converges().await?;
    ensure!(!last.table()?.findings.iter().any(|f| f.code.starts_with("watermark_")), "{}", describe(&last.outcome));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_one_table_stops_no_other() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    for n in 1..=8 {
        world.sql(&format!("CREATE TABLE t{n} AS SELECT * FROM orders; ALTER TABLE t{n} ADD PRIMARY KEY (id)")).await?;
        world.spec.tables.push(TableSpec::new(&format!("t{n}")));
    }
    world.sql("DROP TABLE t3; ALTER TABLE t5 ADD seen pg_snapshot").await?;
    let run = world.run().await?;
    ensure!(run.outcome.status() == RunStatus::Partial, "{}", describe(&run.outcome));
    let failed: Vec<&str> =
        run.outcome.tables.iter().filter(|t| t.failure.is_some()).map(|t| t.source.as_str()).collect();
    ensure!(failed == ["public.t3", "public.t5"], "{}", describe(&run.outcome));
    world.spec.tables.retain(|table| !failed.contains(&table.source.as_str()));
    world.assert_equal().await
}
