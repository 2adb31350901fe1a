//! Deleted rows: found by their keys, marked or deleted, and never taken for what only looks like it.

use anyhow::{Context, Result, ensure};
use firn_connector::ErrorKind;
use firn_scenarios::child::killed_at;
use firn_scenarios::world::{Run, describe};
use firn_scenarios::{Gate, GatedSource, TableSpec, World};
use firn_sync::{RunStatus, TableResult};

/// A world whose table `orders` has rows from 1 to `rows` and follows deletes.
async fn world(rows: u64, deletes: &str) -> Result<World> {
    let mut world = World::with_orders(rows).await?;
    world.spec.tables = vec![TableSpec::new("orders").deletes(deletes)];
    world.converges().await?;
    Ok(world)
}

/// The same with every share of vanished rows allowed: nothing but what a scenario is about keeps rows.
async fn unlimited(rows: u64, deletes: &str) -> Result<World> {
    let mut world = world(rows, deletes).await?;
    world.spec.tables[0].max_delete_ratio = 1.0;
    Ok(world)
}

fn deleted(run: &Run) -> Result<u64> {
    Ok(run.table()?.counters.rows_deleted)
}

/// Makes sure that the only table stopped, and returns what was said.
fn stopped(run: &Run) -> Result<String> {
    ensure!(run.table()?.result == TableResult::Failed, "{}", describe(&run.outcome));
    ensure!(deleted(run)? == 0, "{}", describe(&run.outcome));
    Ok(run.complaint())
}

const ROWS: &str = "SELECT count(*) FROM raw.orders";

#[tokio::test(flavor = "multi_thread")]
async fn deleted_rows_go() -> Result<()> {
    let world = world(100, "hard").await?;
    world.sql("DELETE FROM orders WHERE id % 10 = 3; INSERT INTO orders VALUES (101, 'new'); UPDATE orders SET v = 'changed', updated_at = now() WHERE id < 3").await?;
    let run = world.converges().await?;
    let counters = run.table()?.counters;
    ensure!(counters.rows_deleted == 10 && run.table()?.result == TableResult::Success, "{counters:?}");
    let logged = "SELECT message FROM sync_logs ORDER BY id DESC LIMIT 1";
    ensure!(world.text(logged).await? == "10 rows deleted", "{}", world.text(logged).await?);
    // Nothing is left to do, and nothing is done.
    let idle = world.converges().await?;
    ensure!(deleted(&idle)? == 0 && idle.table()?.result == TableResult::Idle, "{}", describe(&idle.outcome));
    // A row that was inserted and deleted between two runs never was; one whose delete is not committed still is.
    world.sql("INSERT INTO orders VALUES (200, 'short'); DELETE FROM orders WHERE id = 200").await?;
    let mut session = world.session().await?;
    session.sql("BEGIN; DELETE FROM orders WHERE id = 50").await?;
    ensure!(deleted(&world.converges().await?)? == 0);
    session.sql("COMMIT").await?;
    ensure!(deleted(&world.converges().await?)? == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_every_type_are_told_apart_exactly() -> Result<()> {
    let mut world = World::new()?;
    let tables = [
        (
            "by_text",
            "text",
            "('a'), ('A'), ('a '), ('ä'), (''), ('\\N'), ('gone'), ('b'), ('c'), ('d'), ('e')",
            "'gone'",
        ),
        (
            "by_uuid",
            "uuid",
            "(gen_random_uuid()), (gen_random_uuid()), ('00000000-0000-0000-0000-000000000001')",
            "'00000000-0000-0000-0000-000000000001'",
        ),
        ("by_numeric", "numeric", "(1.0), (2), (-3.50), (1e30), ('NaN'), (7)", "7"),
        ("by_decimal", "numeric(12,3)", "(1.0), (2), (-3.50), (7)", "7"),
        (
            "by_time",
            "timestamptz",
            "('2024-01-01'), ('infinity'), ('2024-01-01 00:00:00.000001')",
            "'2024-01-01 00:00:00.000001'",
        ),
        ("by_date", "date", "('2024-01-01'), ('-infinity'), ('2024-01-02')", "'2024-01-02'"),
        ("by_mood", "mood", "('ok'), ('bad'), ('gone')", "'gone'"),
        ("by_small", "smallint", "(1), (-1), (7)", "7"),
        ("by_float", "double precision", "(0.1), ('NaN'), ('-infinity'), (7)", "7"),
        ("by_bytes", "bytea", "('\\x00'), (''), ('\\x0000'), ('\\x07')", "'\\x0000'"),
    ];
    world.sql("CREATE TYPE mood AS ENUM ('bad', 'ok', 'gone')").await?;
    for (name, ty, values, _) in &tables {
        world.sql(&format!("CREATE TABLE {name} (id {ty} PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour'); INSERT INTO {name} VALUES {values}")).await?;
        world.spec.tables.push(TableSpec::new(name).deletes("hard"));
    }
    world.sql("CREATE TABLE pairs (a text, b int, updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour', PRIMARY KEY (b, a)); INSERT INTO pairs SELECT 'a' || n % 3, n FROM generate_series(1, 30) n").await?;
    world.spec.tables.push(TableSpec::new("pairs").key(&["a", "b"]).deletes("hard"));
    // A table of the user's own, whose collation takes upper and lower case for the same, and a wider number.
    world.change_warehouse("CREATE SCHEMA raw; CREATE TABLE raw.by_text (id VARCHAR COLLATE NOCASE, updated_at TIMESTAMPTZ); CREATE TABLE raw.by_small (id BIGINT, updated_at TIMESTAMPTZ)")?;
    world.converges().await?;
    world.spec.tables.iter_mut().for_each(|table| table.max_delete_ratio = 1.0);
    for (name, _, _, gone) in &tables {
        world.sql(&format!("DELETE FROM {name} WHERE id = {gone}")).await?;
    }
    world.sql("DELETE FROM pairs WHERE b IN (4, 7); DELETE FROM by_text WHERE id = 'A'; UPDATE by_numeric SET id = 1.00, updated_at = now() WHERE id = 1").await?;
    let run = world.converges().await?;
    let sum: u64 = run.outcome.tables.iter().map(|t| t.counters.rows_deleted).sum();
    ensure!(sum == 14, "{}", describe(&run.outcome));

    // Blanks at the end are printed by the one side and not by the other, so these are counted.
    world.sql("CREATE TABLE by_char (id char(4) PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now()); INSERT INTO by_char VALUES ('a'), ('A'), ('ab'), ('gone'), ('c'), ('d')").await?;
    world.spec.tables = vec![TableSpec::new("by_char").deletes("hard")];
    world.run_well().await?;
    world.sql("DELETE FROM by_char WHERE id = 'gone'").await?;
    ensure!(deleted(&world.run_well().await?)? == 1);
    ensure!(world.warehouse_text("SELECT string_agg(trim(id), ' ' ORDER BY id) FROM raw.by_char")? == "A a ab c d");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_rows_are_marked_and_unmarked() -> Result<()> {
    let world = world(50, "soft").await?;
    let live =
        "SELECT string_agg(id::VARCHAR, ' ' ORDER BY id) FROM raw.orders WHERE _firn_deleted_at IS NULL AND id <= 5";
    let marked = "SELECT count(*) || ' ' || count(*) FILTER (_firn_deleted_at > now() - INTERVAL 1 HOUR) FROM raw.orders WHERE _firn_deleted_at IS NOT NULL";
    world.sql("CREATE TABLE aside AS SELECT * FROM orders WHERE id <= 3; DELETE FROM orders WHERE id <= 3").await?;
    let run = world.run_well().await?;
    ensure!(deleted(&run)? == 3 && run.table()?.counters.rows_merged == 0, "{}", describe(&run.outcome));
    ensure!(!run.table()?.findings.iter().any(|f| f.code == "target_column_extra"), "{}", describe(&run.outcome));
    ensure!(world.warehouse_text(live)? == "4 5" && world.warehouse_text(marked)? == "3 3");
    ensure!(world.warehouse_text(ROWS)? == "50", "a marked row is kept");
    let verdict = world.verdict().await?;
    ensure!(verdict.is_equal() && verdict.rows_target == 47, "{verdict:?}");
    // Marked once: later runs change nothing.
    ensure!(world.run_well().await?.table()?.result == TableResult::Idle);

    // One comes back as a new row, one as it was, with its old watermark.
    world.sql("INSERT INTO orders VALUES (1, 'again'); INSERT INTO orders SELECT * FROM aside WHERE id = 2").await?;
    let back = world.run_well().await?;
    ensure!(back.table()?.findings.iter().any(|f| f.code == "deletes_returned"), "{}", describe(&back.outcome));
    ensure!(world.warehouse_text(live)? == "1 2 4 5" && world.warehouse_text(marked)? == "1 1");
    ensure!(world.warehouse_text("SELECT v FROM raw.orders WHERE id = 1")? == "again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setting_may_change_between_runs() -> Result<()> {
    let mut world = world(50, "ignore").await?;
    world.sql("DELETE FROM orders WHERE id = 1").await?;
    ensure!(world.run_well().await?.table()?.result == TableResult::Idle);
    ensure!(world.warehouse_text(ROWS)? == "50");
    // The column for marks comes whatever `on_drift` says: it is none of the source's.
    world.spec.tables[0].deletes = "soft".to_owned();
    world.spec.tables[0].on_drift = "stop".to_owned();
    ensure!(deleted(&world.run_well().await?)? == 1);
    ensure!(world.warehouse_text("SELECT id FROM raw.orders WHERE _firn_deleted_at IS NOT NULL")? == "1");
    // Rows that were marked go as well, and do not count as vanished now.
    world.sql("DELETE FROM orders WHERE id = 2").await?;
    world.spec.tables[0].deletes = "hard".to_owned();
    ensure!(deleted(&world.converges().await?)? == 2);

    world.sql("ALTER TABLE orders ADD _FIRN_deleted_at date").await?;
    world.spec.tables[0].deletes = "soft".to_owned();
    let refused = stopped(&world.run().await?)?;
    ensure!(refused.contains("_firn_deleted_at"), "{refused}");
    world.spec.tables[0] = TableSpec { full: true, watermark: None, ..TableSpec::new("orders").deletes("soft") };
    let refused = stopped(&world.run().await?)?;
    ensure!(refused.contains("mode: incremental"), "{refused}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn relations_of_every_sort_lose_their_deleted_rows() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    world
        .sql(
            "CREATE VIEW recent AS SELECT id, v, updated_at FROM orders WHERE id > 10;
             CREATE MATERIALIZED VIEW stored AS SELECT id, v, updated_at FROM orders;
             CREATE TABLE parts (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now()) PARTITION BY HASH (id);
             CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
             CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
             INSERT INTO parts SELECT n FROM generate_series(1, 100) n;
             CREATE TABLE parent (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());
             CREATE TABLE child () INHERITS (parent);
             INSERT INTO parent SELECT n FROM generate_series(1, 50) n; INSERT INTO child SELECT n FROM generate_series(51, 100) n;
             CREATE TABLE loose (id bigint, updated_at timestamptz DEFAULT now()); INSERT INTO loose SELECT n / 2 FROM generate_series(2, 101) n; INSERT INTO loose VALUES (NULL);
             CREATE ROLE reader LOGIN; CREATE SCHEMA firn AUTHORIZATION reader;
             GRANT SELECT ON orders, recent, stored, parts, parent, loose TO reader;",
        )
        .await?;
    world.spec.tables.clear();
    for name in ["recent", "stored", "parts", "parent"] {
        world.spec.tables.push(TableSpec::new(name).deletes("hard"));
    }
    // The role has no right to the partitions and the child: they are read through their parents.
    world.spec.user = "reader".to_owned();
    world.spec.state_schema = "firn".to_owned();
    world.converges().await?;
    world
        .sql(
            "DELETE FROM orders WHERE id IN (15, 16, 17); REFRESH MATERIALIZED VIEW stored;
             DELETE FROM parts WHERE id IN (15, 16, 17); DELETE FROM parent WHERE id IN (15, 16, 67)",
        )
        .await?;
    let run = world.converges().await?;
    ensure!(run.outcome.tables.iter().all(|t| t.counters.rows_deleted == 3), "{}", describe(&run.outcome));

    // A key that nothing keeps unique, and a row without one, which never arrives.
    world.spec.tables = vec![TableSpec::new("loose").deletes("hard")];
    world.run().await?;
    world.sql("DELETE FROM loose WHERE id IN (7, 8); DELETE FROM loose WHERE ctid IN (SELECT ctid FROM loose WHERE id = 9 LIMIT 1)").await?;
    let run = world.run().await?;
    ensure!(deleted(&run)? == 2, "{}", describe(&run.outcome));
    let ids =
        "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || max(CASE WHEN id = 9 THEN 1 ELSE 0 END) FROM raw.loose";
    ensure!(world.warehouse_text(ids)? == "48 48 1", "{}", world.warehouse_text(ids)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_emptied_stops_the_table() -> Result<()> {
    let mut world = world(100, "hard").await?;
    world.sql("CREATE TABLE aside AS TABLE orders; TRUNCATE orders; INSERT INTO orders VALUES (500, 'after')").await?;
    let said = stopped(&world.run().await?)?;
    ensure!(said.contains("100 of 101 rows") && said.contains("--max-delete-ratio 1"), "{said}");
    // What was written arrives all the same; nothing goes.
    ensure!(world.warehouse_text(ROWS)? == "101");
    ensure!(world.text("SELECT last_status FROM sync_watermarks").await? == "error");
    // Just as many as allowed may go.
    world.sql("INSERT INTO orders SELECT * FROM aside").await?;
    ensure!(deleted(&world.converges().await?)? == 0);
    world.sql("DELETE FROM orders WHERE id <= 20").await?;
    ensure!(deleted(&world.converges().await?)? == 20);
    world.sql("DELETE FROM orders WHERE id <= 40").await?;
    stopped(&world.run().await?)?;
    // The way out that the message names.
    world.spec.tables[0].max_delete_ratio = 1.0;
    ensure!(deleted(&world.converges().await?)? == 20);
    world.sql("TRUNCATE orders").await?;
    ensure!(deleted(&world.converges().await?)? == 61);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_row_may_go_from_a_small_table_and_none_where_the_ratio_is_0() -> Result<()> {
    let mut world = world(3, "hard").await?;
    world.sql("DELETE FROM orders WHERE id = 1").await?;
    ensure!(deleted(&world.converges().await?)? == 1);
    world.sql("DELETE FROM orders").await?;
    let said = stopped(&world.run().await?)?;
    ensure!(said.contains("2 of 2 rows"), "{said}");
    world.sql("INSERT INTO orders SELECT n, 'x', now() FROM generate_series(2, 1000) n").await?;
    world.converges().await?;
    world.spec.tables[0].max_delete_ratio = 0.0;
    world.sql("DELETE FROM orders WHERE id = 2").await?;
    stopped(&world.run().await?)?;
    // Marks are no less a change of meaning.
    world.spec.tables[0].deletes = "soft".to_owned();
    stopped(&world.run().await?)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_read_of_an_emptied_source_stops_where_deletes_are_limited() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    world.spec.tables = vec![TableSpec { full: true, watermark: None, ..TableSpec::new("orders").deletes("hard") }];
    world.converges().await?;
    world.sql("DELETE FROM orders WHERE id <= 20").await?;
    world.converges().await?;
    world.sql("TRUNCATE orders").await?;
    let said = stopped(&world.run().await?)?;
    ensure!(said.contains("80 of 80 rows") && world.warehouse_text(ROWS)? == "80", "{said}");
    world.spec.tables[0].max_delete_ratio = 1.0;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_hidden_by_a_policy_are_no_deleted_ones() -> Result<()> {
    let mut world = unlimited(100, "hard").await?;
    world
        .sql(
            "CREATE ROLE reader LOGIN; GRANT SELECT ON orders TO reader; GRANT ALL ON SCHEMA public TO reader;
             ALTER TABLE sync_watermarks OWNER TO reader; ALTER TABLE sync_logs OWNER TO reader; ALTER TABLE sync_errors OWNER TO reader; ALTER TABLE sync_workspace OWNER TO reader;
             ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY late_ones ON orders TO reader USING (id > 90);
             INSERT INTO orders VALUES (200, 'new')",
        )
        .await?;
    world.spec.user = "reader".to_owned();
    let said = stopped(&world.run().await?)?;
    ensure!(said.contains("row-level policies") && said.contains("BYPASSRLS"), "{said}");
    ensure!(world.warehouse_text(ROWS)? == "101", "what can be seen arrives, and nothing goes");
    let engine = world.spec.engine().await?;
    let plans = engine.plan(&world.spec.configs()?).await;
    engine.target.close().await?;
    ensure!(plans[0].findings.iter().any(|f| f.code == "deletes_refused"), "{:?}", plans[0].findings);
    // With the right the message asks for, deletes go on.
    world.sql("ALTER ROLE reader BYPASSRLS; DELETE FROM orders WHERE id = 1").await?;
    ensure!(deleted(&world.converges().await?)? == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_below_a_view_refuses_deletes_as_well() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    world
        .sql(
            "CREATE ROLE reader LOGIN; CREATE SCHEMA firn AUTHORIZATION reader; GRANT SELECT ON orders TO reader; GRANT ALL ON SCHEMA public TO reader;
             SET ROLE reader; CREATE VIEW mine AS SELECT * FROM orders; RESET ROLE",
        )
        .await?;
    world.spec.user = "reader".to_owned();
    world.spec.state_schema = "firn".to_owned();
    world.spec.tables = vec![TableSpec { max_delete_ratio: 1.0, ..TableSpec::new("mine").deletes("hard") }];
    world.converges().await?;
    world
        .sql("ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY late_ones ON orders USING (id > 90)")
        .await?;
    let run = world.run().await?;
    let said = stopped(&run)?;
    ensure!(run.table()?.failure.as_ref().is_some_and(|f| f.kind == ErrorKind::Permission), "{said}");
    ensure!(said.contains("BYPASSRLS") && world.warehouse_text("SELECT count(*) FROM raw.mine")? == "100", "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_which_only_columns_may_be_read_keeps_its_rows() -> Result<()> {
    let mut world = unlimited(100, "hard").await?;
    world
        .sql(
            "CREATE ROLE reader LOGIN; CREATE SCHEMA firn AUTHORIZATION reader; GRANT SELECT (id, v, updated_at, xmin) ON orders TO reader;
             DELETE FROM orders WHERE id = 1",
        )
        .await?;
    world.spec.user = "reader".to_owned();
    world.spec.state_schema = "firn".to_owned();
    // It cannot be locked, so somebody could empty it while its keys are read.
    let said = stopped(&world.run().await?)?;
    ensure!(said.contains("SELECT on the whole table"), "{said}");
    world.sql("GRANT SELECT ON orders TO reader").await?;
    ensure!(deleted(&world.converges().await?)? == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_leave_the_condition_are_no_deleted_ones() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    let filter = Some("v NOT LIKE 'closed%' -- open ones".to_owned());
    world.spec.tables = vec![TableSpec { filter, max_delete_ratio: 1.0, ..TableSpec::new("orders").deletes("hard") }];
    world.sql("UPDATE orders SET v = 'closed' WHERE id > 90").await?;
    world.converges().await?;
    ensure!(world.warehouse_text(ROWS)? == "90");
    world.sql("UPDATE orders SET v = 'closed', updated_at = now() WHERE id <= 30; UPDATE orders SET v = NULL WHERE id = 31; DELETE FROM orders WHERE id IN (1, 2, 50, 95)").await?;
    let run = world.run_well().await?;
    ensure!(deleted(&run)? == 3, "{}", describe(&run.outcome));
    ensure!(world.warehouse_text(ROWS)? == "87");
    let told = run.table()?.findings.iter().find(|f| f.code == "outside_where").context("not told")?;
    ensure!(told.message.starts_with("29 rows"), "{}", told.message);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_read_in_part_delete_nothing() -> Result<()> {
    let mut world = unlimited(20_000, "hard").await?;
    world.sql("DELETE FROM orders WHERE id = 7").await?;
    let proxy = world.cluster.proxy()?;
    world.spec.state_port = Some(world.spec.port);
    world.spec.port = proxy.port();
    world.spec.max_retries = 0;
    let before = proxy.cuts();
    // The keys take 280 kB, everything before them a fraction of that.
    proxy.cut_after(150_000);
    let said = stopped(&world.run().await?)?;
    ensure!(proxy.cuts() == before + 1, "nothing was cut: {said}");
    ensure!(world.warehouse_text(ROWS)? == "20000");
    proxy.open();
    ensure!(deleted(&world.converges().await?)? == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_among_the_keys_deletes_nothing() -> Result<()> {
    let world = unlimited(100, "hard").await?;
    world.sql("DELETE FROM orders WHERE id < 50").await?;
    let gate = Gate::new();
    let engine = world.spec.engine_over(|source| GatedSource::before_keys(source, &gate)).await?;
    let cancel = tokio_util::sync::CancellationToken::new();
    let stop = async {
        gate.reached().await;
        cancel.cancel();
    };
    let (run, ()) = tokio::join!(world.run_until(&engine, cancel.clone()), stop);
    ensure!(run?.table()?.result == TableResult::Cancelled);
    ensure!(world.warehouse_text(ROWS)? == "100");
    ensure!(deleted(&world.converges().await?)? == 49);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_filled_anew_while_its_keys_are_read_loses_nothing() -> Result<()> {
    let world = unlimited(100, "hard").await?;
    let reload = async {
        // Where the keys' view has locked the table, this waits until they are read.
        let nightly = "SET lock_timeout = '1s'; BEGIN; CREATE TEMP TABLE aside AS TABLE orders; TRUNCATE orders; INSERT INTO orders SELECT * FROM aside; COMMIT";
        let _may_wait = world.session().await?.sql(nightly).await;
        Ok(())
    };
    let (run, ()) = world.run_past(GatedSource::before_keys, reload).await?;
    ensure!(run.outcome.status() == RunStatus::Success && deleted(&run)? == 0, "{}", describe(&run.outcome));
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_slept_over_its_keys_deletes_nothing_of_its_successors() -> Result<()> {
    let world = unlimited(100, "hard").await?;
    world.sql("DELETE FROM orders WHERE id <= 10").await?;
    let successor = async {
        // Rows come back that the sleeper takes for deleted ones.
        world.sql("INSERT INTO orders SELECT n, 'again', now() FROM generate_series(1, 10) n").await?;
        world.run_with(&world.spec.successor("second").engine().await?).await
    };
    let (slept, took_over) = world.run_past(GatedSource::before_keys, successor).await?;
    ensure!(took_over.outcome.status() == RunStatus::Success, "{}", describe(&took_over.outcome));
    world.assert_equal().await?;
    let failure = slept.table()?.failure.as_ref();
    ensure!(failure.is_some_and(|f| f.kind == ErrorKind::Fenced), "{}", slept.complaint());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_of_a_sweep_the_next_run_converges() -> Result<()> {
    for deletes in ["hard", "soft"] {
        let world = world(500, deletes).await?;
        let live =
            if deletes == "hard" { ROWS } else { "SELECT count(*) FROM raw.orders WHERE _firn_deleted_at IS NULL" };
        let points = [
            ("engine.keys_compared", false),
            ("engine.before_sweep", false),
            ("duckdb.swept", false),
            ("duckdb.before_sweep_commit", false),
            ("duckdb.after_sweep_commit", true),
            ("engine.after_sweep", true),
        ];
        for (round, (point, committed)) in points.iter().enumerate() {
            let before: u64 = world.warehouse_text(live)?.parse()?;
            world.sql(&format!("DELETE FROM orders WHERE id % 50 = {round}; UPDATE orders SET v = '{round}', updated_at = now() WHERE id % 50 = 40")).await?;
            ensure!(killed_at(&world.spec, point).await?, "{point} was not reached");
            let after: u64 = world.warehouse_text(live)?.parse()?;
            ensure!(after == if *committed { before - 10 } else { before }, "{point}: {before} → {after}");
            world.run_well().await?;
            let left: u64 = world.warehouse_text(live)?.parse()?;
            ensure!(left == before - 10, "{point}: {before} → {left}");
        }
        if deletes == "hard" {
            world.assert_equal().await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_deleted_during_an_interrupted_first_load_go_at_its_end() -> Result<()> {
    let mut world = World::with_orders(0).await?;
    world.sql("INSERT INTO orders SELECT n, md5(n::text) || repeat('.', 300), now() - interval '1 hour' FROM generate_series(1, 3000) n").await?;
    world.spec.tables = vec![TableSpec::new("orders").deletes("hard")];
    world.spec.range_bytes = 128 << 10;
    world.spec.group_bytes = 128 << 10;
    ensure!(killed_at(&world.spec, "engine.after_commit:3").await?);
    world.sql("DELETE FROM orders WHERE id % 7 = 0").await?;
    world.converges().await?;
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.orders WHERE id % 7 = 0")? == "0");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_under_another_key_leaves_none_under_the_old_one() -> Result<()> {
    let mut world = world(100, "hard").await?;
    world.sql("UPDATE orders SET id = id + 1000, updated_at = now() WHERE id <= 5").await?;
    let run = world.converges().await?;
    ensure!(deleted(&run)? == 5 && run.table()?.counters.rows_merged == 5, "{}", describe(&run.outcome));
    // Where nobody looks for deletes the row stands there twice, once under each key.
    world.spec.tables[0].deletes = "ignore".to_owned();
    world.sql("UPDATE orders SET id = id + 1000, updated_at = now() WHERE id = 6").await?;
    world.run_well().await?;
    ensure!(world.warehouse_text(ROWS)? == "101");
    world.spec.tables[0].deletes = "hard".to_owned();
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_comes_back_between_the_pass_and_the_keys_is_not_taken_for_known() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    // A view has no row versions: a row is known by its key and its watermark, here one above every horizon.
    world.sql("CREATE VIEW seen AS SELECT * FROM orders; INSERT INTO orders VALUES (200, 'x', '2099-01-01')").await?;
    world.spec.tables = vec![TableSpec::new("seen").deletes("hard")];
    world.converges().await?;
    let (held, file) = (world.folder.path().join("held"), world.folder.path().join("held.reached"));
    std::fs::write(&held, b"")?;
    let hold = format!("engine.before_keys={}", held.display());
    let child = firn_scenarios::Child::engine(&world.spec, &[("FIRN_TEST_HOLD", hold.as_str())])?;
    firn_scenarios::child::appears(&file).await?;
    world.sql("DELETE FROM orders WHERE id = 200").await?;
    std::fs::remove_file(&held)?;
    let ended = child.end().await?;
    ensure!(ended.result["tables"][0]["deleted"] == 1, "{}", ended.stdout);
    world.sql("INSERT INTO orders VALUES (200, 'y', '2099-01-01')").await?;
    world.converges().await.map(drop)
}
