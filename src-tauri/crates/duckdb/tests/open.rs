//! The file: shared within a process, locked against others, whole after a kill.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a part of a test in another process says how far it is")]

mod fixture;

use firn_catalog::TableName;
use firn_connector::{ErrorKind, Target, WriteMode};
use firn_duckdb::{DuckdbSettings, DuckdbTarget};
use fixture::{SOURCE, Warehouse, items, up_to, write};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Tells a second process of this test binary which file to work on.
const CHILD_FILE: &str = "FIRN_TEST_CHILD_FILE";

/// Starts this test binary again as another process that runs one of the parts below.
fn child(part: &str, file: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", part, "--nocapture"]).env(CHILD_FILE, file).env_remove("FIRN_TEST_STOP");
    command
}

/// The file, where this process was started by [`child`].
fn given_file() -> Option<std::path::PathBuf> {
    std::env::var_os(CHILD_FILE).map(Into::into)
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // Already gone where the test ended it.
        let _gone = self.0.kill();
        self.0.wait().unwrap();
    }
}

/// Part of another process: holds the file until its standard input ends.
#[tokio::test(flavor = "multi_thread")]
async fn part_hold_the_file() {
    let Some(file) = given_file() else { return };
    let target = DuckdbTarget::new(DuckdbSettings::new(file));
    target.identity().await.unwrap();
    eprintln!("holding");
    tokio::task::spawn_blocking(|| std::io::stdin().lines().count()).await.unwrap();
}

/// Starts a process that holds the file, and waits until it does.
fn holder(file: &Path) -> Killed {
    let mut process = child("part_hold_the_file", file).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap() == "holding"), "the other process ended early");
    Killed(process)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_held_by_another_process_is_reported_with_its_id() {
    let warehouse = Warehouse::new();
    let other = holder(&warehouse.path());
    let mut settings = DuckdbSettings::new(warehouse.path());
    settings.lock_wait = Duration::from_millis(300);
    let started = Instant::now();
    let error = DuckdbTarget::new(settings).identity().await.unwrap_err();
    assert!(started.elapsed() >= Duration::from_millis(300), "{:?}", started.elapsed());
    assert_eq!(error.kind, ErrorKind::Busy, "{}", error.chain());
    assert!(error.message.contains(&format!("process id {}", other.0.id())), "{}", error.message);
    assert!(error.message.contains("warehouse.duckdb"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_waits_for_another_process_to_end() {
    let warehouse = Warehouse::new();
    let mut other = holder(&warehouse.path());
    let waiting = tokio::spawn({
        let target = DuckdbTarget::new(DuckdbSettings::new(warehouse.path()));
        async move { target.identity().await }
    });
    drop(other.0.stdin.take());
    let identity = waiting.await.unwrap().unwrap();
    assert!(identity.location.ends_with("warehouse.duckdb"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_targets_on_one_path_are_one_database() {
    let warehouse = Warehouse::new();
    let folder = warehouse.path().parent().unwrap().to_owned();
    // Another spelling of the same file, through a link.
    std::os::unix::fs::symlink(&folder, folder.join("link")).unwrap();
    let twin = DuckdbTarget::new(DuckdbSettings::new(folder.join("link/warehouse.duckdb")));
    let identity = warehouse.target.identity().await.unwrap();
    assert_eq!(twin.identity().await.unwrap().id, identity.id);
    let mut writer = warehouse.writer(1).await;
    write(&mut *writer, WriteMode::Append, vec![items(&[(1, "a", Some(1))])], 1).await.unwrap();
    twin.fence("public.other", 7).await.unwrap();
    assert_eq!(twin.inspect(&TableName::new("raw", "items")).await.unwrap().unwrap().rows, 1);
    drop(writer);
    // Each can go while the other stays.
    warehouse.target.close().await.unwrap();
    assert_eq!(twin.state(SOURCE).await.unwrap().unwrap().0, up_to(1));
    drop(twin);
    assert_eq!(warehouse.target.state("public.other").await.unwrap().unwrap().1, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_opens_and_closes_at_once_lose_nothing() {
    let warehouse = Warehouse::new();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8 {
        let path = warehouse.path();
        tasks.spawn(async move {
            for round in 0..5 {
                let target = DuckdbTarget::new(DuckdbSettings::new(&path));
                target.fence(&format!("public.t{task}_{round}"), 1).await.unwrap();
                target.close().await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(warehouse.ask("SELECT count(*) FROM _firn.tables").await, [["40"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_identity_stays_when_the_file_is_opened_again() {
    let warehouse = Warehouse::new();
    let first = warehouse.target.identity().await.unwrap();
    warehouse.target.close().await.unwrap();
    assert_eq!(warehouse.target.identity().await.unwrap(), first);
    assert_ne!(Warehouse::new().target.identity().await.unwrap().id, first.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_makes_nothing_in_the_file() {
    let warehouse = Warehouse::new();
    assert!(warehouse.target.state(SOURCE).await.unwrap().is_none());
    assert!(warehouse.target.seen(SOURCE).await.unwrap().is_empty());
    assert!(warehouse.target.inspect(&TableName::new("raw", "items")).await.unwrap().is_none());
    assert_eq!(warehouse.ask("SELECT count(*) FROM duckdb_tables()").await, [["0"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_kind_is_refused_untouched() {
    let warehouse = Warehouse::new();
    std::fs::write(warehouse.path(), "a letter to a friend, which is longer than the header of a database".repeat(100))
        .unwrap();
    let before = std::fs::read(warehouse.path()).unwrap();
    let error = warehouse.target.identity().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration, "{}", error.chain());
    assert_eq!(std::fs::read(warehouse.path()).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_folder_is_named() {
    let target = DuckdbTarget::new(DuckdbSettings::new("/no/such/folder/warehouse.duckdb"));
    let error = target.identity().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.message.contains("/no/such/folder"), "{error}");
}

/// Part of another process: writes item 1 by an append and item 2 by an upsert, unless it is stopped on the way.
#[tokio::test(flavor = "multi_thread")]
async fn part_write_two_items() {
    let Some(file) = given_file() else { return };
    let warehouse = Warehouse::at(&file);
    let mut writer = warehouse.writer(1).await;
    write(&mut *writer, WriteMode::Append, vec![items(&[(1, "a", Some(1))])], 1).await.unwrap();
    write(&mut *writer, WriteMode::Upsert, vec![items(&[(1, "b", Some(2)), (2, "b", Some(2))])], 2).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_of_a_commit_rows_and_cursor_agree_and_a_replay_completes_them() {
    type Rows<'a> = &'a [&'a [&'a str]];
    let old: Rows<'_> = &[&["1", "a", "1"]];
    let new: Rows<'_> = &[&["1", "b", "2"], &["2", "b", "2"]];
    let points: [(&str, Option<i64>, Rows<'_>); 6] = [
        ("duckdb.staged:1", None, &[]),
        ("duckdb.before_commit:1", None, &[]),
        ("duckdb.after_commit:1", Some(1), old),
        ("duckdb.staged:2", Some(1), old),
        ("duckdb.before_commit:2", Some(1), old),
        ("duckdb.after_commit:2", Some(2), new),
    ];
    for (point, version, expected) in points {
        let warehouse = Warehouse::new();
        let status = child("part_write_two_items", &warehouse.path())
            .env("FIRN_TEST_STOP", point)
            .stderr(Stdio::null())
            .status();
        assert!(!status.unwrap().success(), "{point}: the process was not stopped");
        let state = warehouse.target.state(SOURCE).await.unwrap().map(|(state, _)| state).unwrap_or_default();
        assert_eq!(state, version.map(up_to).unwrap_or_default(), "{point}");
        match warehouse.target.inspect(&TableName::new("raw", "items")).await.unwrap() {
            None => assert!(expected.is_empty(), "{point}"),
            Some(_) => assert_eq!(warehouse.items().await, expected, "{point}"),
        }
        let mut writer = warehouse.writer(2).await;
        let replay = vec![items(&[(1, "a", Some(1)), (1, "b", Some(2)), (2, "b", Some(2))])];
        write(&mut *writer, WriteMode::Upsert, replay, 2).await.unwrap();
        drop(writer);
        assert_eq!(warehouse.items().await, new, "{point}");
    }
}
