//! Rejected rows tried again: read by their keys as they are now, never from what was kept of them.

use anyhow::{Result, ensure};
use firn_connector::ErrorKind;
use firn_scenarios::world::describe;
use firn_scenarios::{Gate, GatedSource, RunSpec, TableSpec, World};
use firn_sync::{RunStatus, TableResult};

/// A world with a hundred prices, of which some are no numbers; `hidden` ones are not wanted.
async fn prices(refused: &str) -> Result<World> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE prices (id bigint PRIMARY KEY, v numeric(12,2), hidden boolean NOT NULL DEFAULT false,
             updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour')",
        )
        .await?;
    world.sql("INSERT INTO prices SELECT n, n / 4.0 FROM generate_series(1, 100) n").await?;
    world.sql(&format!("UPDATE prices SET v = 'NaN' WHERE id IN ({refused})")).await?;
    world.spec.tables.push(TableSpec { filter: Some("NOT hidden".to_owned()), ..TableSpec::new("prices") });
    Ok(world)
}

/// Returns each entry as `key attempts by: note`, by key.
async fn entries(world: &World) -> Result<Vec<String>> {
    let sql = "SELECT string_agg((pk->>'id') || ' ' || attempts || coalesce(' ' || resolved_by, '') \
               || coalesce(': ' || split_part(note, ':', 1), ''), E'\\n' ORDER BY (pk->>'id')::int) FROM sync_errors";
    Ok(world.text(sql).await?.lines().map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_merges_what_is_mended_and_keeps_what_is_not() -> Result<()> {
    let world = prices("7, 70, 71, 72").await?;
    ensure!(world.run().await?.table()?.counters.rows_rejected == 4);
    let cursor = "SELECT cursor_watermark FROM sync_watermarks";
    let before = world.text(cursor).await?;
    // What a run would not see: the watermarks stay as they are.
    world
        .sql(
            "UPDATE prices SET v = 7.5 WHERE id = 7; DELETE FROM prices WHERE id = 71;
             UPDATE prices SET v = 1, hidden = true WHERE id = 72;
             UPDATE sync_errors SET payload = '{\"id\": \"7\", \"v\": \"666\"}'",
        )
        .await?;
    ensure!(world.run_well().await?.table()?.counters.rows_read == 0);

    let retry = world.retry().await?;
    let table = retry.table()?;
    ensure!(table.result == TableResult::Partial, "{}", describe(&retry.outcome));
    let counters = &table.counters;
    ensure!(
        (counters.rows_merged, counters.rows_gone, counters.rows_rejected) == (1, 2, 1),
        "{}",
        describe(&retry.outcome)
    );
    let told = entries(&world).await?;
    ensure!(told == ["7 1 retry", "70 2", "71 1 retry: gone", "72 1 retry: left out"], "{told:?}");
    ensure!(world.warehouse_text("SELECT v::VARCHAR FROM raw.prices WHERE id = 7")? == "7.50");
    ensure!(world.text(cursor).await? == before, "a retry moves no cursor");
    ensure!(
        world.text("SELECT last_status || ' ' || last_error FROM sync_watermarks").await?.contains("1 row rejected")
    );

    world.sql("UPDATE prices SET v = 2 WHERE id = 70").await?;
    let rest = world.retry().await?;
    ensure!(rest.outcome.status() == RunStatus::Success, "{}", describe(&rest.outcome));
    let message = "SELECT message FROM sync_logs ORDER BY id DESC LIMIT 1";
    ensure!(world.text(message).await? == "rejected rows tried again: 1 merged, 0 gone");
    world.converges().await?;
    // Nothing is left: the table is not even taken up.
    let nothing = world.retry().await?;
    ensure!(nothing.outcome.tables.is_empty() && nothing.outcome.status() == RunStatus::Success);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_with_keys_of_every_type_are_found_again() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TYPE mood AS ENUM ('fine', 'it''s odd');
             CREATE TABLE keyed (a text, b timestamptz, c numeric(6,2), d boolean, e uuid, f mood, g char(4), h date,
                i bytea, j double precision, k time, l varchar(9), m timestamp, n smallint,
                v numeric(12,2), w text, updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour',
                PRIMARY KEY (a, b, c, d, e, f, g, h, i, j, k, l, m, n));
             INSERT INTO keyed SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, 'NaN', 'bad' FROM unnest(
                ARRAY['', 'a''b\\ \"ä\"', ' ', 'NULL'],
                ARRAY['infinity', '2024-05-01 12:00:00.000001+00', '-infinity', '0999-01-01']::timestamptz[],
                ARRAY[1.10, -0.01, 9999.99, 0],
                ARRAY[true, false, true, false],
                ARRAY['7fffffff-0000-0000-0000-00000000000a', '80000000-0000-0000-0000-000000000000',
                    'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000']::uuid[],
                ARRAY['fine', 'it''s odd', 'fine', 'fine']::mood[], ARRAY['a''bc', 'abcd', '   x', ' b c'],
                ARRAY['-infinity', '2024-02-29', 'infinity', '1970-01-01']::date[],
                ARRAY['\\x', '\\x5c27ff', '\\x00', '\\xff']::bytea[], ARRAY['NaN', '0.1', '-Infinity', '1e300']::float8[],
                ARRAY['24:00', '00:00', '12:00:00.000001', '23:59']::time[], ARRAY['', '\\x', 'NULL', '{}'],
                ARRAY['2024-01-01 00:00:00.000001', 'infinity', '2024-01-01', '-infinity']::timestamp[],
                ARRAY[-32768, 32767, 0, 7]::smallint[])
                AS r (a, b, c, d, e, f, g, h, i, j, k, l, m, n)",
        )
        .await?;
    let key: Vec<String> = ('a'..='n').map(String::from).collect();
    let key: Vec<&str> = key.iter().map(String::as_str).collect();
    // The source refuses each row for `v`; once that is mended, the target refuses it for `w`.
    world.change_warehouse(
        "CREATE SCHEMA raw; CREATE TABLE raw.keyed (a VARCHAR, b TIMESTAMPTZ, c DECIMAL(6,2), d BOOLEAN, e UUID,
         f VARCHAR, g VARCHAR, h DATE, i BLOB, j DOUBLE, k TIME, l VARCHAR, m TIMESTAMP, n SMALLINT, v DECIMAL(12,2),
         w VARCHAR CHECK (w <> 'bad'), updated_at TIMESTAMPTZ)",
    )?;
    world.spec.tables.push(TableSpec::new("keyed").key(&key));
    let rows = 4;
    let run = world.run().await?;
    ensure!(run.table()?.counters.rows_rejected == rows, "{}", describe(&run.outcome));
    world.sql("UPDATE keyed SET v = 1").await?;
    let refused = world.retry().await?;
    let counters = refused.table()?.counters;
    ensure!((counters.rows_rejected, counters.rows_gone) == (rows, 0), "{}", describe(&refused.outcome));
    let codes = "SELECT string_agg(DISTINCT error_code || ' ' || attempts, ', ') FROM sync_errors";
    ensure!(world.text(codes).await? == "target_refused 2", "{}", world.text(codes).await?);
    world.sql("UPDATE keyed SET w = 'good'").await?;
    let merged = world.retry().await?;
    ensure!(merged.table()?.counters.rows_merged == rows, "{}", describe(&merged.outcome));
    ensure!(
        world.text("SELECT count(*)::text FROM sync_errors WHERE note IS NULL AND resolved_by = 'retry'").await?
            == rows.to_string()
    );
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_refused_again_keeps_its_entry_open() -> Result<()> {
    let world = World::with_orders(500).await?;
    world.change_warehouse(
        "CREATE SCHEMA raw; CREATE TABLE raw.orders (id BIGINT, v VARCHAR CHECK (v <> 'bad'), updated_at TIMESTAMPTZ)",
    )?;
    world.sql("UPDATE orders SET v = 'bad' WHERE id IN (3, 4)").await?;
    ensure!(world.run().await?.table()?.counters.rows_rejected == 2);
    // One is mended and one is not, in one commit.
    world.sql("UPDATE orders SET v = CASE id WHEN 3 THEN 'good' ELSE v END, updated_at = now() WHERE id <= 5").await?;
    let run = world.run().await?;
    ensure!(run.table()?.counters.rows_rejected == 1, "{}", describe(&run.outcome));
    let told = entries(&world).await?;
    ensure!(told == ["3 1 run", "4 2"], "{told:?}");
    let retry = world.retry().await?;
    ensure!(retry.outcome.status() == RunStatus::Partial, "{}", describe(&retry.outcome));
    let told = entries(&world).await?;
    ensure!(told == ["3 1 run", "4 3"], "{told:?}");
    world.sql("UPDATE orders SET v = 'good' WHERE id = 4").await?;
    ensure!(world.retry().await?.outcome.status() == RunStatus::Success);
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_lost_its_lease_overwrites_nothing() -> Result<()> {
    let world = prices("7").await?;
    world.run().await?;
    world.sql("UPDATE prices SET v = 1 WHERE id = 7").await?;
    let second = RunSpec { nonce: "second".to_owned(), ..world.spec.clone() };
    let gate = Gate::new();
    let sleeper = world.spec.engine_over(|source| GatedSource::before_read(source, &gate)).await?;
    let successor = async {
        gate.reached().await;
        // Who holds the table is told, and nothing is done.
        let told = world.retry_with(&second.engine().await?).await?;
        ensure!(told.outcome.status() == RunStatus::Held, "{}", describe(&told.outcome));
        world.sql("UPDATE prices SET v = 2, updated_at = now() WHERE id = 7").await?;
        let mut spec = second.clone();
        spec.dead.insert(world.spec.nonce.clone());
        let run = world.run_with(&spec.engine().await?).await?;
        gate.open();
        Ok(run)
    };
    let (slept, took_over) = tokio::join!(world.retry_with(&sleeper), successor);
    let (slept, took_over) = (slept?, took_over?);
    ensure!(took_over.table()?.counters.rows_merged == 1, "{}", describe(&took_over.outcome));
    world.assert_equal().await?;
    let failure = slept.table()?.failure.as_ref();
    ensure!(failure.is_some_and(|f| f.kind == ErrorKind::Fenced), "{}", slept.complaint());
    ensure!(entries(&world).await? == ["7 1 run"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rejected_rows_than_can_be_kept_stop_their_table() -> Result<()> {
    let mut world = prices("1, 2, 3, 4, 5, 6, 7, 8, 9").await?;
    world.spec.open_entries = 5;
    for _ in 0..2 {
        let stopped = world.run().await?;
        ensure!(stopped.table()?.result == TableResult::Failed, "{}", describe(&stopped.outcome));
        ensure!(stopped.complaint().contains("firn sync discard public.prices"), "{}", stopped.complaint());
        ensure!(world.text("SELECT count(*)::text FROM sync_errors WHERE resolved_at IS NULL").await? == "5");
    }
    // Nothing was passed over: what is beyond the limit comes with the rest.
    world.sql("UPDATE prices SET v = id WHERE v = 'NaN'").await?;
    world.converges().await?;
    ensure!(world.text("SELECT count(*)::text FROM sync_errors WHERE resolved_at IS NULL").await? == "0");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_not_kept_where_payloads_are_switched_off() -> Result<()> {
    let mut world = prices("7, 8").await?;
    world.spec.error_payloads = false;
    ensure!(world.run().await?.table()?.counters.rows_rejected == 2);
    let kept = "SELECT count(pk) || ' ' || count(payload) FROM sync_errors WHERE resolved_at IS NULL";
    ensure!(world.text(kept).await? == "2 0");
    world.sql("UPDATE prices SET v = 1 WHERE id = 7").await?;
    ensure!(world.retry().await?.table()?.counters.rows_merged == 1);
    ensure!(world.text(kept).await? == "1 0");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_a_key_and_tables_that_were_not_loaded_say_what_to_do() -> Result<()> {
    let mut world = World::new()?;
    world.sql("CREATE TABLE loose (id bigint, v numeric(12,2), updated_at timestamptz NOT NULL)").await?;
    world.sql("INSERT INTO loose VALUES (1, 1, now()), (NULL, 2, now()), (3, 'NaN', now())").await?;
    world.spec.tables.push(TableSpec::new("loose"));
    ensure!(world.run().await?.table()?.counters.rows_rejected == 2);
    world.sql("UPDATE loose SET v = 3 WHERE id = 3").await?;
    let retry = world.retry().await?;
    let table = retry.table()?;
    ensure!((table.counters.rows_merged, table.counters.rows_without_key) == (1, 1), "{}", describe(&retry.outcome));
    ensure!(table.result == TableResult::Partial);
    let finding = table.findings.iter().find(|finding| finding.code == "rejected_without_key");
    ensure!(finding.is_some_and(|f| f.fix.as_ref().is_some_and(|fix| fix.contains("firn sync discard"))));

    world.spec.warehouse = world.folder.path().join("lost.duckdb");
    let refused = world.retry().await?;
    ensure!(refused.table()?.result == TableResult::Failed, "{}", describe(&refused.outcome));
    ensure!(refused.complaint().contains("firn sync run public.loose"), "{}", refused.complaint());
    Ok(())
}
