//! The program itself: exit codes, signals, and two of it at once.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firn_scenarios::{CommandLine, Done, World};
use serde_json::Value;

/// A workspace folder over a world's server; its warehouse becomes the world's.
pub(crate) fn workspace(world: &mut World) -> Result<CommandLine> {
    let mut terminal = CommandLine::new()?;
    // A protection that is off for this test is off for its children.
    if let Ok(without) = std::env::var("FIRN_TEST_WITHOUT") {
        terminal.set("FIRN_TEST_WITHOUT", &without);
    }
    world.spec.warehouse = terminal.folder().join("warehouse.duckdb");
    terminal.write("firn.yaml", &document(world, "warehouse.duckdb", ""))?;
    Ok(terminal)
}

fn document(world: &World, warehouse: &str, table_keys: &str) -> String {
    format!(
        "connections:\n  app: {{ kind: postgres, host: 127.0.0.1, port: {}, database: app, user: postgres, tls: disable }}\n  \
         warehouse: {{ kind: duckdb, path: {warehouse} }}\nsource: app\ntarget: warehouse\ntables:\n  \
         - source: public.orders\n    target: raw.orders\n    pk: id\n    watermark_column: updated_at\n{table_keys}",
        world.spec.port
    )
}

/// Returns the document that a run ends with.
pub(crate) fn finished(done: &Done) -> Result<Value> {
    let last = done.stdout.lines().last().with_context(|| format!("{done:?}"))?;
    let document: Value = serde_json::from_str(last)?;
    ensure!(document["event"] == "finished", "{done:?}");
    Ok(document)
}

pub(crate) const RUN: [&str; 3] = ["sync", "run", "--json"];

#[tokio::test(flavor = "multi_thread")]
async fn a_program_killed_at_any_point_is_followed_by_one_that_converges() -> Result<()> {
    let mut world = World::with_orders(500).await?;
    let mut terminal = workspace(&mut world)?;
    for point in
        ["engine.before_commit", "duckdb.staged", "duckdb.before_commit", "duckdb.after_commit", "engine.after_commit"]
    {
        world.sql("UPDATE orders SET v = v || '!', updated_at = now() WHERE id % 2 = 0; INSERT INTO orders SELECT max(id) + 1, 'new' FROM orders").await?;
        terminal.set("FIRN_TEST_STOP", point);
        let killed = terminal.command(&RUN)?.output()?;
        let signal = std::os::unix::process::ExitStatusExt::signal(&killed.status);
        ensure!(signal == Some(9), "{point}: {killed:?}");
        terminal.set("FIRN_TEST_STOP", "");
        let done = terminal.run(&RUN)?;
        ensure!(done.code == 0, "{point}: {done:?}");
        world.assert_equal().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_another_host_runs_ends_with_exit_4() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    let terminal = workspace(&mut world)?;
    ensure!(terminal.run(&RUN)?.code == 0);
    world
        .sql(
            "UPDATE sync_watermarks SET lease_host = 'etl-7', lease_pid = 4711, lease_nonce = 'n',
             lease_since = '2026-01-02 03:04:05+00', lease_expires = now() + interval '1 minute'",
        )
        .await?;
    let held = terminal.run(&["sync", "run"])?;
    ensure!(held.code == 4, "{held:?}");
    ensure!(held.stderr.contains("process 4711 on etl-7") && held.stderr.contains("2026-01-02T03:04:05Z"), "{held:?}");
    world.sql("UPDATE sync_watermarks SET lease_expires = now()").await?;
    ensure!(terminal.run(&RUN)?.code == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_workspace_on_one_state_schema_ends_with_exit_2() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    let first = workspace(&mut world)?;
    ensure!(first.run(&RUN)?.code == 0);
    let second = workspace(&mut world)?;
    let refused = second.run(&["sync", "run"])?;
    ensure!(refused.code == 2, "{refused:?}");
    ensure!(
        refused.stderr.contains("state_schema") && refused.stderr.contains(&first.folder().display().to_string()),
        "{refused:?}"
    );
    second.write("firn.yaml", &format!("state_schema: firn_2\n{}", document(&world, "warehouse.duckdb", "")))?;
    let done = second.run(&RUN)?;
    ensure!(done.code == 0, "{done:?}");
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_end_with_exit_3_and_mended_ones_with_0() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    let terminal = workspace(&mut world)?;
    world.change_warehouse(
        "CREATE SCHEMA raw; CREATE TABLE raw.orders (id BIGINT, v VARCHAR CHECK (v <> 'bad'), updated_at TIMESTAMPTZ)",
    )?;
    world.sql("UPDATE orders SET v = 'bad' WHERE id = 7").await?;
    let partial = terminal.run(&RUN)?;
    let document = finished(&partial)?;
    ensure!(
        partial.code == 3 && document["status"] == "partial" && document["tables"][0]["rows_rejected"] == 1,
        "{partial:?}"
    );
    let errors = terminal.run(&["sync", "errors", "--json"])?;
    ensure!(errors.stdout.contains("\"7\"") && errors.stdout.contains("bad"), "{errors:?}");
    world.sql("UPDATE orders SET v = 'good', updated_at = now() WHERE id = 7").await?;
    ensure!(terminal.run(&RUN)?.code == 0);
    ensure!(!terminal.run(&["sync", "errors", "--json"])?.stdout.contains("\"7\""));
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_are_tried_again_and_discarded_by_number() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    let terminal = workspace(&mut world)?;
    world.change_warehouse(
        "CREATE SCHEMA raw; CREATE TABLE raw.orders (id BIGINT, v VARCHAR CHECK (v <> 'bad'), updated_at TIMESTAMPTZ)",
    )?;
    world.sql("UPDATE orders SET v = 'bad' WHERE id IN (7, 8, 9)").await?;
    ensure!(terminal.run(&RUN)?.code == 3);
    // Another workspace of earlier days has left an entry in the same schema.
    world
        .sql("INSERT INTO sync_errors (source_table, pk, pk_digest, error) VALUES ('public.strangers', '{\"id\": \"1\"}', 'd', 'old')")
        .await?;
    let errors = terminal.json(&["sync", "errors"])?;
    let listed = errors["errors"].as_array().context("no list")?;
    ensure!(listed.len() == 3 && listed.iter().all(|row| row["source"] == "public.orders"), "{errors}");
    ensure!(listed[0]["payload"].to_string().starts_with("{\"id\":"), "{errors}");
    let named = terminal.json(&["sync", "errors", "strangers"])?;
    ensure!(named["errors"].as_array().is_some_and(|rows| rows.len() == 1), "{named}");
    ensure!(terminal.run(&["sync", "errors", "nobody"])?.code == 2);

    world.sql("UPDATE orders SET v = 'good' WHERE id = 7").await?;
    const RETRY: [&str; 3] = ["sync", "retry", "--json"];
    let some = terminal.run(&RETRY)?;
    let document: Value = serde_json::from_str(&some.stdout)?;
    ensure!(some.code == 3 && document["status"] == "partial", "{some:?}");
    let table = &document["tables"][0];
    ensure!(
        table["rows_merged"] == 1
            && table["rows_rejected"] == 2
            && table["rows_gone"] == 0
            && table["rows_without_key"] == 0,
        "{document}"
    );
    let eight = listed.iter().find(|row| row["pk"]["id"] == "8").and_then(|row| row["id"].as_str()).context("no 8")?;
    ensure!(terminal.run(&["sync", "discard", "--note", "x"])?.code == 2, "neither a table nor a number");
    ensure!(terminal.run(&["sync", "discard", "orders", "--note", " "])?.code == 2, "an empty note");
    let discarded = terminal.run(&["sync", "discard", "--id", eight, "4711", "--note", "a test row", "--json"])?;
    let document: Value = serde_json::from_str(&discarded.stdout)?;
    ensure!(
        discarded.code == 3 && document["discarded"][0] == eight && document["not_open"][0] == "4711",
        "{discarded:?}"
    );
    let all = terminal.json(&["sync", "errors", "--all"])?;
    let entry = all["errors"].as_array().into_iter().flatten().find(|row| row["id"] == eight).context("it is gone")?;
    ensure!(entry["note"] == "a test row" && entry["resolved_at"].is_string(), "{entry}");

    world.sql("UPDATE sync_watermarks SET lease_host = 'etl-7', lease_pid = 1, lease_nonce = 'n', lease_expires = now() + interval '1 minute'").await?;
    ensure!(terminal.run(&RETRY)?.code == 4);
    world.sql("UPDATE sync_watermarks SET lease_expires = now(); UPDATE orders SET v = 'good' WHERE id = 9").await?;
    let rest = terminal.run(&RETRY)?;
    ensure!(rest.code == 0, "{rest:?}");
    let nothing = terminal.run(&RETRY)?;
    ensure!(nothing.code == 0 && nothing.stdout.contains("\"tables\":[]"), "{nothing:?}");
    // What was discarded is not asked back by the next run.
    ensure!(terminal.run(&RUN)?.code == 0);
    ensure!(
        world
            .text("SELECT count(*)::text FROM sync_errors WHERE resolved_at IS NULL AND source_table = 'public.orders'")
            .await?
            == "0"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_program_ends_within_a_second_with_exit_130() -> Result<()> {
    let mut world = World::with_orders(5000).await?;
    let terminal = workspace(&mut world)?;
    let slow = "    transform: { v: \"(SELECT v FROM pg_sleep(0.01 + id * 0))\" }\n";
    terminal.write("firn.yaml", &document(&world, "warehouse.duckdb", slow))?;
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let child = terminal.command(&RUN)?.spawn()?;
        let deadline = Instant::now() + Duration::from_secs(20);
        while world
            .text("SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'")
            .await?
            == "0"
        {
            ensure!(Instant::now() < deadline, "the program does not read");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let asked = Instant::now();
        std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status()?;
        let done = terminal.done(&RUN, child.wait_with_output()?)?;
        ensure!(done.code == code, "{done:?}");
        ensure!(asked.elapsed() < Duration::from_secs(2), "it took {:?} to end", asked.elapsed());
        ensure!(finished(&done)?["status"] == "cancelled", "{done:?}");
        ensure!(world.text("SELECT last_status FROM sync_watermarks").await? == "cancelled");
    }
    terminal.write("firn.yaml", &document(&world, "warehouse.duckdb", ""))?;
    ensure!(terminal.run(&RUN)?.code == 0);
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_programs_on_one_workspace_the_second_waits_and_nobody_meets_a_lock() -> Result<()> {
    let mut world = World::with_orders(2000).await?;
    let mut terminal = workspace(&mut world)?;
    let hold = world.folder.path().join("hold");
    std::fs::write(&hold, "")?;
    terminal.set("FIRN_TEST_HOLD", &format!("engine.between_horizon_and_snapshot={}", hold.display()));
    let first = terminal.command(&RUN)?.spawn()?;
    firn_scenarios::child::appears(&world.folder.path().join("hold.reached")).await?;
    // Asleep with the warehouse open, as on a laptop whose lid was closed.
    let stop = |signal: &str| std::process::Command::new("kill").args(["-s", signal, &first.id().to_string()]).status();
    stop("STOP")?;
    terminal.set("FIRN_TEST_HOLD", "");
    let second = terminal.command(&RUN)?.spawn()?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    std::fs::remove_file(&hold)?;
    stop("CONT")?;
    let first = terminal.done(&RUN, first.wait_with_output()?)?;
    let second = terminal.done(&RUN, second.wait_with_output()?)?;
    ensure!(first.code == 0, "{first:?}");
    ensure!(second.code == 0, "{second:?}");
    ensure!(!second.stderr.contains("lock"), "{second:?}");
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_ends_with_0_where_equal_and_3_where_not() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    let terminal = workspace(&mut world)?;
    let verify = ["sync", "verify", "--json"];
    // Nothing is there to compare with yet.
    let missing = terminal.run(&verify)?;
    ensure!(missing.code == 1 && missing.stderr.contains("not in the target"), "{missing:?}");
    ensure!(terminal.run(&RUN)?.code == 0);
    let verdict = |done: &Done| -> Result<Value> {
        Ok(serde_json::from_str(done.stdout.lines().last().with_context(|| format!("{done:?}"))?)?)
    };
    let equal = terminal.run(&verify)?;
    let document = verdict(&equal)?;
    ensure!(equal.code == 0 && document["equal"] == true, "{equal:?}");
    let table = &document["tables"][0];
    ensure!(table["rows_source"] == 100 && table["rows_target"] == 100 && table["differing_keys"] == 0, "{equal:?}");

    world.change_warehouse("UPDATE raw.orders SET v = NULL WHERE id = 7; DELETE FROM raw.orders WHERE id = 8")?;
    let different = terminal.run(&verify)?;
    let document = verdict(&different)?;
    ensure!(different.code == 3 && document["equal"] == false, "{different:?}");
    let table = &document["tables"][0];
    ensure!(table["source"] == "public.orders" && table["target"] == "raw.orders" && table["differing_keys"] == 2);
    ensure!(
        table["keys"][1]
            == serde_json::json!({
                "kind": "changed", "key": { "id": "7" }, "reason": null,
                "cells": [{ "column": "v", "source": "row 7", "target": null }]
            }),
        "{table}"
    );
    world
        .sql(
            "UPDATE sync_watermarks SET lease_host = 'etl-7', lease_pid = 4711, lease_nonce = 'n',
             lease_since = now(), lease_expires = now() + interval '1 minute'",
        )
        .await?;
    let held = terminal.run(&verify)?;
    ensure!(held.code == 4 && held.stderr.contains("process 4711 on etl-7"), "{held:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_comparison_is_known_afterwards_and_a_history_that_cannot_be_kept_stops_nothing() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    let mut terminal = workspace(&mut world)?;
    let last = |done: &Done| -> Result<Value> {
        let document = done.stdout.lines().last().with_context(|| format!("{done:?}"))?;
        Ok(serde_json::from_str::<Value>(document)?["tables"][0].clone())
    };
    let status = |terminal: &CommandLine| -> Result<Value> {
        let done = terminal.run(&["sync", "status", "--json"])?;
        ensure!(done.code == 0, "{done:?}");
        Ok(last(&done)?["compared"].clone())
    };
    ensure!(terminal.run(&RUN)?.code == 0);
    ensure!(status(&terminal)?.is_null(), "nothing was compared yet");
    ensure!(terminal.run(&["sync", "verify"])?.code == 0);
    let equal = status(&terminal)?;
    ensure!(equal["rows_source"] == 100 && equal["differing_keys"] == 0, "{equal}");
    world.change_warehouse("DELETE FROM raw.orders WHERE id = 8")?;
    ensure!(terminal.run(&["sync", "verify"])?.code == 3);
    let different = status(&terminal)?;
    ensure!(different["rows_target"] == 99 && different["differing_keys"] == 1, "{different}");
    // One that is held by another runner has compared nothing, and takes nothing's place.
    world
        .sql(
            "UPDATE sync_watermarks SET lease_host = 'etl-7', lease_pid = 4711, lease_nonce = 'n',
             lease_since = now(), lease_expires = now() + interval '1 minute'",
        )
        .await?;
    ensure!(terminal.run(&["sync", "verify"])?.code == 4);
    ensure!(status(&terminal)? == different);
    world.sql("UPDATE sync_watermarks SET lease_expires = now() - interval '1 minute'").await?;

    // A folder for local state that is a file.
    let nowhere = terminal.folder().join("nowhere");
    std::fs::write(&nowhere, "")?;
    terminal.set("FIRN_DATA_DIR", &nowhere.display().to_string());
    let done = terminal.run(&["sync", "verify", "--json"])?;
    let table = last(&done)?;
    ensure!(done.code == 3 && table["differing_keys"] == 1, "{done:?}");
    ensure!(table["findings"].to_string().contains("not in the history of this machine"), "{table}");
    ensure!(status(&terminal)?.is_null());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_lost_too_much_stops_and_goes_on_by_the_word_of_a_person() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    let terminal = workspace(&mut world)?;
    let keys = "    deletes: hard\n    max_delete_ratio: 0.1\n";
    terminal.write("firn.yaml", &document(&world, "warehouse.duckdb", keys))?;
    ensure!(terminal.run(&RUN)?.code == 0);
    world.sql("DELETE FROM orders WHERE id <= 11").await?;
    let stopped = terminal.run(&RUN)?;
    let result = finished(&stopped)?;
    ensure!(stopped.code == 1 && result["tables"][0]["rows_deleted"] == 0, "{stopped:?}");
    let hint = result["tables"][0]["error"]["hint"].as_str().context("no hint")?;
    ensure!(hint.contains("firn sync run public.orders --max-delete-ratio 1"), "{hint}");
    ensure!(terminal.run(&["sync", "run", "--max-delete-ratio", "1.5"])?.code == 2);
    let accepted = terminal.run(&["sync", "run", "public.orders", "--max-delete-ratio", "1"])?;
    ensure!(accepted.code == 0 && accepted.stdout.contains("DELETED"), "{accepted:?}");
    world.assert_equal().await?;
    // It was for that run only.
    world.sql("DELETE FROM orders WHERE id <= 30").await?;
    ensure!(terminal.run(&RUN)?.code == 1);
    Ok(())
}
