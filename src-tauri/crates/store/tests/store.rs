//! The local state against real SQLite files, also from several processes and damaged ones.

#![allow(clippy::unwrap_used, reason = "tests")]

use firn_store::{
    Comparison, DateTime, Holder, MAX_EVENT_BYTES, MAX_EVENTS, MAX_RUNS, RunEvent, RunFinish, RunStart, RunStatus,
    RunTable, Store, StoreError, Trigger, Utc, Uuid,
};
use serde_json::json;
use sqlx::Connection as _;
use std::path::Path;
use std::process::Command;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_790_000_000_123_456 + seconds * 1_000_000).unwrap()
}

fn start(workspace: &str, second: i64) -> RunStart {
    RunStart {
        run_id: Uuid::new_v4(),
        workspace: workspace.to_owned(),
        trigger: Trigger::Cli,
        started_at: at(second),
        holder: Holder { pid: 42, boot_id: "boot".to_owned() },
    }
}

fn finish(second: i64) -> RunFinish {
    RunFinish { finished_at: at(second), status: RunStatus::Success, summary: json!({}), tables: Vec::new() }
}

fn table(source: &str) -> RunTable {
    RunTable {
        source: source.to_owned(),
        target: "shop.t".to_owned(),
        status: "success".to_owned(),
        rows_read: u64::from(u32::MAX) * 4,
        rows_merged: 2,
        rows_rejected: 1,
        rows_deleted: 0,
        watermark: Some("2026-11-21 05:00:00.123456+00".to_owned()),
        seconds: 0.25,
        message: None,
    }
}

#[tokio::test]
async fn a_run_is_recorded_from_start_to_end_and_survives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/firn.db");
    let run = start("/w", 0);
    let tables = vec![table("public.z"), table("public.a")];
    {
        let store = Store::open(&path).await.unwrap();
        store.record_run_start(&run).await.unwrap();
        let running = store.run(run.run_id).await.unwrap().unwrap();
        assert_eq!((running.status, running.finished_at, running.trigger), (RunStatus::Running, None, Trigger::Cli));
        let end = RunFinish {
            status: RunStatus::Partial,
            summary: json!({"event": "finished"}),
            tables: tables.clone(),
            ..finish(9)
        };
        store.record_run_finish(run.run_id, &end).await.unwrap();
        store.close().await;
    }
    let store = Store::open(&path).await.unwrap();
    let read = store.run(run.run_id).await.unwrap().unwrap();
    assert_eq!((read.status, read.started_at, read.finished_at), (RunStatus::Partial, at(0), Some(at(9))));
    assert_eq!((read.summary, read.tables, read.holder), (json!({"event": "finished"}), tables, run.holder.clone()));
    assert!(store.run(Uuid::new_v4()).await.unwrap().is_none());

    assert!(matches!(store.record_run_start(&run).await, Err(StoreError::Twice { .. })));
    assert!(matches!(store.record_run_finish(run.run_id, &finish(10)).await, Err(StoreError::NotRunning { .. })));
    assert!(matches!(store.record_run_finish(Uuid::new_v4(), &finish(10)).await, Err(StoreError::NotRunning { .. })));
}

#[tokio::test]
async fn the_last_comparison_of_each_table_takes_the_place_of_the_one_before_and_stays_with_its_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("firn.db");
    let compared = |source: &str, second: i64, differing_keys: u64| Comparison {
        source: source.to_owned(),
        target: "shop.t".to_owned(),
        compared_at: at(second),
        rows_source: u64::from(u32::MAX) * 4,
        rows_target: 7,
        differing_keys,
        waiting: 2,
        seconds: 0.25,
    };
    {
        let store = Store::open(&path).await.unwrap();
        let first = [compared("public.z", 0, 3), compared("public.a", 0, 0)];
        store.record_comparisons("/w", &first).await.unwrap();
        store.record_comparisons("/w", &[compared("public.z", 9, 0)]).await.unwrap();
        store.record_comparisons("/other", &[compared("public.z", 5, 1)]).await.unwrap();
        store.close().await;
    }
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.comparisons("/w").await.unwrap(), [compared("public.a", 0, 0), compared("public.z", 9, 0)]);
    assert_eq!(store.comparisons("/other").await.unwrap(), [compared("public.z", 5, 1)]);
    assert!(store.comparisons("/nowhere").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_of_the_first_schema_keeps_its_runs_and_takes_the_second() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("firn.db");
    let run = start("/w", 0);
    {
        let store = Store::open(&path).await.unwrap();
        store.record_run_start(&run).await.unwrap();
        store.close().await;
    }
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut old = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let first =
        "DROP TABLE comparisons; CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT); PRAGMA user_version = 1";
    sqlx::raw_sql(first).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.run(run.run_id).await.unwrap().unwrap().started_at, at(0));
    assert!(store.comparisons("/w").await.unwrap().is_empty());
    store.close().await;
    let mut new = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let settings = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sqlite_schema WHERE name = 'settings'");
    assert_eq!(settings.fetch_one(&mut new).await.unwrap(), 0, "nothing reads settings here any more");
}

#[tokio::test]
async fn a_workspace_keeps_its_newest_thousand_finished_runs_and_every_running_one() {
    let store = Store::open_in_memory().await.unwrap();
    let running = start("/w", -5);
    store.record_run_start(&running).await.unwrap();
    let other = start("/other", -9);
    store.record_run_start(&other).await.unwrap();
    store.record_run_finish(other.run_id, &finish(-8)).await.unwrap();
    let mut ids = Vec::new();
    for second in 0..MAX_RUNS + 3 {
        let run = start("/w", second);
        store.record_run_start(&run).await.unwrap();
        store.record_run_events(run.run_id, &[RunEvent { seq: 1, at: at(second), event: json!(1) }]).await.unwrap();
        store.record_run_finish(run.run_id, &RunFinish { tables: vec![table("a")], ..finish(second) }).await.unwrap();
        ids.push(run.run_id);
    }
    let kept = store.runs("/w", u32::MAX).await.unwrap();
    let kept_ids: Vec<_> = kept.iter().map(|run| run.run_id).collect();
    let mut expected: Vec<_> = ids[3..].iter().rev().copied().collect();
    expected.push(running.run_id);
    assert_eq!(kept_ids, expected);
    assert!(store.run_events(ids[0], 0, 10).await.unwrap().is_empty());
    assert_eq!(store.run_events(ids[3], 0, 10).await.unwrap().len(), 1);
    assert_eq!(store.runs("/other", 5).await.unwrap().len(), 1);
    assert_eq!(store.runs("/w", 2).await.unwrap().len(), 2);
}

#[tokio::test]
async fn runs_of_before_a_moment_are_forgotten_with_their_events_and_running_ones_stay() {
    let store = Store::open_in_memory().await.unwrap();
    let (old, new, running) = (start("/w", 0), start("/v", 100), start("/w", 0));
    for run in [&old, &new, &running] {
        store.record_run_start(run).await.unwrap();
        let event = RunEvent { seq: 1, at: at(1), event: json!({}) };
        store.record_run_events(run.run_id, &[event]).await.unwrap();
    }
    for run in [&old, &new] {
        store.record_run_finish(run.run_id, &finish(101)).await.unwrap();
    }
    assert_eq!(store.forget_runs_before(at(50)).await.unwrap(), 1);
    assert!(store.run(old.run_id).await.unwrap().is_none());
    assert!(store.run_events(old.run_id, 0, 10).await.unwrap().is_empty());
    for kept in [new, running] {
        assert_eq!(store.run_events(kept.run_id, 0, 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn runs_whose_process_is_gone_are_marked_and_others_are_left_alone() {
    let store = Store::open_in_memory().await.unwrap();
    let gone = RunStart { holder: Holder { pid: 1, boot_id: "b".into() }, ..start("/w", 0) };
    let silent = RunStart { holder: Holder { pid: 1, boot_id: "b".into() }, ..start("/w", 1) };
    let alive = RunStart { holder: Holder { pid: 2, boot_id: "b".into() }, ..start("/w", 2) };
    let ended = RunStart { holder: Holder { pid: 1, boot_id: "b".into() }, ..start("/w", 3) };
    for run in [&gone, &silent, &alive, &ended] {
        store.record_run_start(run).await.unwrap();
    }
    store.record_run_events(gone.run_id, &[RunEvent { seq: 1, at: at(7), event: json!("x") }]).await.unwrap();
    store.record_run_finish(ended.run_id, &finish(4)).await.unwrap();

    let mut marked = store.mark_interrupted(|holder| holder.pid == 2).await.unwrap();
    marked.sort_unstable();
    let mut expected = vec![gone.run_id, silent.run_id];
    expected.sort_unstable();
    assert_eq!(marked, expected);
    let status = async |id| {
        let run = store.run(id).await.unwrap().unwrap();
        (run.status, run.finished_at)
    };
    assert_eq!(status(gone.run_id).await, (RunStatus::Interrupted, Some(at(7))));
    assert_eq!(status(silent.run_id).await, (RunStatus::Interrupted, Some(at(1))));
    assert_eq!(status(alive.run_id).await, (RunStatus::Running, None));
    assert_eq!(status(ended.run_id).await, (RunStatus::Success, Some(at(4))));
    assert!(store.mark_interrupted(|holder| holder.pid == 2).await.unwrap().is_empty());
}

#[tokio::test]
async fn how_far_a_run_is_stays_when_its_process_goes_away_and_gives_way_to_its_result() {
    let store = Store::open_in_memory().await.unwrap();
    let (gone, ended) = (start("/w", 0), start("/w", 1));
    for (run, rows) in [(&gone, 10), (&ended, 20)] {
        store.record_run_start(run).await.unwrap();
        store.record_run_standing(run.run_id, &json!({ "rows": 1 })).await.unwrap();
        store.record_run_standing(run.run_id, &json!({ "rows": rows })).await.unwrap();
    }
    store.record_run_finish(ended.run_id, &finish(4)).await.unwrap();
    store.record_run_standing(ended.run_id, &json!({ "rows": 99 })).await.unwrap();
    store.mark_interrupted(|_| false).await.unwrap();
    let run = async |id| store.run(id).await.unwrap().unwrap();
    assert_eq!(
        (run(gone.run_id).await.status, run(gone.run_id).await.summary),
        (RunStatus::Interrupted, json!({ "rows": 10 }))
    );
    assert_eq!(run(ended.run_id).await.summary, finish(4).summary);
}

#[tokio::test]
async fn events_come_back_in_order_once_each_and_the_oldest_go_first() {
    let store = Store::open_in_memory().await.unwrap();
    let run = start("/w", 0);
    store.record_run_start(&run).await.unwrap();
    let event = |seq: i64| RunEvent { seq, at: at(seq), event: json!({"seq": seq, "text": "größe"}) };
    store.record_run_events(run.run_id, &[event(2), event(1)]).await.unwrap();
    store.record_run_events(run.run_id, &[event(2), event(3)]).await.unwrap();
    assert_eq!(store.run_events(run.run_id, 1, 10).await.unwrap(), [event(2), event(3)]);

    let many: Vec<_> = (4..=MAX_EVENTS + 10).map(event).collect();
    store.record_run_events(run.run_id, &many).await.unwrap();
    let kept = store.run_events(run.run_id, 0, u32::MAX).await.unwrap();
    assert_eq!((kept.len(), kept[0].seq), (usize::try_from(MAX_EVENTS).unwrap(), 11));

    let long = RunEvent { event: json!("x".repeat(MAX_EVENT_BYTES)), ..event(MAX_EVENTS + 12) };
    let error = store.record_run_events(run.run_id, &[event(MAX_EVENTS + 11), long]).await.unwrap_err();
    assert!(matches!(error, StoreError::EventTooLong { .. }));
    assert!(store.run_events(run.run_id, MAX_EVENTS + 10, 9).await.unwrap().is_empty());
    assert!(matches!(store.record_run_events(Uuid::new_v4(), &[event(1)]).await, Err(StoreError::NotRunning { .. })));
}

#[tokio::test]
async fn workspaces_are_untrusted_until_said_otherwise_and_lose_trust_when_forgotten() {
    let store = Store::open_in_memory().await.unwrap();
    store.touch_recent("/a", "a", at(0)).await.unwrap();
    store.touch_recent("/b", "b", at(1)).await.unwrap();
    assert!(store.recent().await.unwrap().iter().all(|workspace| !workspace.trusted));
    store.set_trusted("/a", true).await.unwrap();
    store.touch_recent("/a", "renamed", at(2)).await.unwrap();
    let recent = store.recent().await.unwrap();
    let seen: Vec<_> = recent.iter().map(|w| (w.path.as_str(), w.name.as_str(), w.trusted)).collect();
    assert_eq!(seen, [("/a", "renamed", true), ("/b", "b", false)]);
    assert_eq!(recent[0].last_opened, at(2));

    assert!(store.forget_recent("/a").await.unwrap());
    assert!(!store.forget_recent("/a").await.unwrap());
    assert!(matches!(store.set_trusted("/a", true).await, Err(StoreError::UnknownWorkspace { .. })));
    store.touch_recent("/a", "a", at(3)).await.unwrap();
    assert!(!store.recent_workspace("/a").await.unwrap().unwrap().trusted);
}

#[tokio::test]
async fn the_window_comes_back_as_it_was_set() {
    let store = Store::open_in_memory().await.unwrap();
    assert_eq!(store.window("main").await.unwrap(), None);
    store.set_window("main", &json!({"width": 1440, "panels": [0.2, 0.8]})).await.unwrap();
    store.set_window("main", &json!({"width": 800})).await.unwrap();
    assert_eq!(store.window("main").await.unwrap(), Some(json!({"width": 800})));
}

/// Runs this test binary's test `name` again as `count` processes at once, with `FIRN_STORE` set to `path`.
fn processes(name: &str, path: &Path, count: usize) {
    let exe = std::env::current_exe().unwrap();
    let children: Vec<_> = (0..count)
        .map(|_| {
            let mut command = Command::new(&exe);
            command.args(["--exact", name, "--nocapture"]).env("FIRN_STORE", path);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }
}

#[tokio::test]
async fn several_processes_open_a_new_file_at_once_and_write_without_a_lock_error() {
    const RUNS: i64 = 20;
    if let Some(path) = std::env::var_os("FIRN_STORE") {
        let store = Store::open(Path::new(&path)).await.unwrap();
        for second in 0..RUNS {
            let run = start("/w", second);
            store.record_run_start(&run).await.unwrap();
            store.record_run_events(run.run_id, &[RunEvent { seq: 1, at: at(0), event: json!(1) }]).await.unwrap();
            store.record_run_finish(run.run_id, &finish(second)).await.unwrap();
        }
        return;
    }
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("firn.db");
        processes("several_processes_open_a_new_file_at_once_and_write_without_a_lock_error", &path, 6);
        let store = Store::open(&path).await.unwrap();
        let runs = store.runs("/w", u32::MAX).await.unwrap();
        assert_eq!(i64::try_from(runs.len()).unwrap(), 6 * RUNS);
        assert!(runs.iter().all(|run| run.status == RunStatus::Success));
    }
}

#[tokio::test]
async fn damaged_foreign_and_newer_files_are_named_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("firn.db");

    std::fs::write(&path, b"this is not a database, it is a letter to the person who opens it").unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("firn.db") && error.to_string().contains("move it away"), "{error}");
    assert!(std::fs::read(&path).unwrap() == before);

    // A real file whose pages were overwritten: opening or the first use says so.
    std::fs::remove_file(&path).unwrap();
    let store = Store::open(&path).await.unwrap();
    store.touch_recent("/a", "a", at(0)).await.unwrap();
    store.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..].fill(0xAA);
    std::fs::write(&path, &bytes).unwrap();
    let error = match Store::open(&path).await {
        Err(error) => error,
        Ok(store) => store.recent().await.unwrap_err(),
    };
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert!(std::fs::read(&path).unwrap() == bytes);

    for (statements, foreign) in [
        ("CREATE TABLE theirs (a); PRAGMA user_version = 0", true),
        ("PRAGMA application_id = 7; PRAGMA user_version = 1", true),
        ("PRAGMA application_id = 1181315694; PRAGMA user_version = 99; CREATE TABLE later (a)", false),
    ] {
        let path = folder.path().join(format!("{}.db", Uuid::new_v4()));
        write_database(&path, statements).await;
        let before = std::fs::read(&path).unwrap();
        let error = Store::open(&path).await.unwrap_err();
        if foreign {
            assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
        } else {
            assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error:?}");
            assert!(error.to_string().contains("update Firn"), "{error}");
        }
        assert!(std::fs::read(&path).unwrap() == before, "{statements}");
    }
}

async fn write_database(path: &Path, statements: &'static str) {
    use sqlx::{Connection, Executor};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    connection.execute(statements).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), b"").unwrap();
    let error = Store::open(&folder.path().join("file/sub/firn.db")).await.unwrap_err();
    assert!(matches!(error, StoreError::Folder { .. }), "{error:?}");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn opening_an_existing_file_changes_nothing_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("firn.db");
    let store = Store::open(&path).await.unwrap();
    store.touch_recent("/w", "w", at(0)).await.unwrap();
    store.close().await;
    let before = std::fs::read(&path).unwrap();
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.recent().await.unwrap().len(), 1);
    // Before it is closed: what an opening writes stands in the log beside the file until then.
    let log = folder.path().join("firn.db-wal");
    assert_eq!(std::fs::metadata(log).map_or(0, |log| log.len()), 0);
    store.close().await;
    assert!(std::fs::read(&path).unwrap() == before, "the file was written to");
}
