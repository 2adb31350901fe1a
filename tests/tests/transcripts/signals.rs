//! Being stopped: Ctrl-C, SIGTERM, `--watch`, a reader that goes away, a kill.

use crate::shop::{BOTH, Shop};
use anyhow::{Context as _, Result};
use firn_api::wire::{HistoryRequest, RunEvent, RunRef, RunStatus, RunSummary, Stage};
use firn_api::{Firn, FirnOptions, command};
use firn_scenarios::CommandLine;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn signal(child: &Child, name: &str) -> Result<()> {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status()?;
    anyhow::ensure!(status.success(), "the signal {name} could not be sent");
    Ok(())
}

/// Starts a command that waits before it reads, and returns it when it is there with the file that holds it.
fn held_run(terminal: &CommandLine, arguments: &[&str]) -> Result<(Child, PathBuf)> {
    let hold = terminal.data().join("hold");
    std::fs::write(&hold, "")?;
    let mut command = terminal.command(arguments)?;
    let child =
        command.env("FIRN_TEST_HOLD", format!("engine.between_horizon_and_snapshot={}", hold.display())).spawn()?;
    let reached = terminal.data().join("hold.reached");
    let began = Instant::now();
    while !reached.exists() {
        anyhow::ensure!(began.elapsed() < Duration::from_secs(60), "the run does not begin to read");
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok((child, hold))
}

/// Stops a run in its middle, and proves that it ends within a second and that nothing is lost.
fn stopped_by(name: &str, code: i32) -> Result<()> {
    let shop = Shop::with(BOTH)?;
    let (child, hold) = held_run(&shop.terminal, &["sync", "run", "customers", "--json"])?;
    let asked = Instant::now();
    signal(&child, name)?;
    std::fs::remove_file(hold)?;
    let done = shop.terminal.done(&[], child.wait_with_output()?)?;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(done.code, code, "{done:?}");
    let last: serde_json::Value = serde_json::from_str(done.stdout.lines().last().context("no output")?)?;
    assert_eq!((&last["event"], &last["status"]), (&"finished".into(), &"cancelled".into()));
    assert_eq!(shop.terminal.json(&["sync", "status"])?["tables"][0]["status"], "cancelled");
    let again = shop.terminal.run(&["sync", "run", "customers", "--json"])?;
    let last: serde_json::Value = serde_json::from_str(again.stdout.lines().last().context("no output")?)?;
    assert_eq!((again.code, &last["tables"][0]["status"]), (0, &"success".into()), "{again:?}");
    Ok(())
}

#[test]
fn ctrl_c_cancels_within_a_second() -> Result<()> {
    stopped_by("INT", 130)
}

#[test]
fn sigterm_ends_within_a_second() -> Result<()> {
    stopped_by("TERM", 143)
}

#[test]
fn watching_runs_again_until_it_is_stopped() -> Result<()> {
    let shop = Shop::with(&format!("sync_interval_seconds: 1\n{BOTH}"))?;
    let mut child = shop.terminal.command(&["sync", "run", "customers", "--watch", "--json"])?.spawn()?;
    let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let results = lines.map_while(Result::ok).filter_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok());
    let mut results = results.filter(|line| line["event"] == "finished").map(|line| line["tables"][0].clone());
    assert_eq!(results.next().context("no first result")?["rows_merged"], 1000);
    shop.sql("UPDATE customers SET name = 'renamed', updated_at = now() WHERE id = 7")?;
    let merged = results.by_ref().map(|table| table["rows_merged"].as_u64().unwrap()).find(|merged| *merged > 0);
    assert_eq!(merged, Some(1));
    let asked = Instant::now();
    signal(&child, "INT")?;
    let status = child.wait()?;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(status.code(), Some(130));
    Ok(())
}

#[test]
fn a_reader_that_goes_away_ends_the_command_without_a_word() -> Result<()> {
    let shop = Shop::with(BOTH)?;
    let mut child = shop.terminal.command(&["sync", "run", "--json"])?.spawn()?;
    drop(child.stdout.take());
    let output = child.wait_with_output()?;
    assert_eq!((output.status.code(), String::from_utf8(output.stderr)?.as_str()), (Some(141), ""));
    let again = shop.terminal.run(&["sync", "run"])?;
    assert_eq!(again.code, 0, "the lease of the ended process is taken over at once: {again:?}");
    Ok(())
}

fn options(terminal: &CommandLine) -> FirnOptions {
    FirnOptions::new(terminal.data().to_owned(), HashMap::new(), Arc::new(|_: RunEvent| {}))
}

/// Reads how far a run of another process is, as the window would; the stage of its only table.
fn stage(terminal: &CommandLine, run: &RunSummary) -> Result<Stage> {
    let request = RunRef { run_id: run.run_id.clone() };
    let view = tokio::runtime::Runtime::new()?.block_on(async {
        let firn = Firn::open(options(terminal))?;
        let view = command::run_state(&firn, request).await;
        firn.close().await;
        view
    });
    let view = view.map_err(|error| anyhow::anyhow!("{}", error.message))?;
    Ok(view.tables.first().context("no table")?.stage)
}

/// Reads the history of runs as the window would.
fn history(terminal: &CommandLine) -> Result<Vec<RunSummary>> {
    let options = options(terminal);
    let folder = terminal.folder().canonicalize()?.display().to_string();
    let request = HistoryRequest { folder, table: None, limit: 10, resolved: false };
    let runs = tokio::runtime::Runtime::new()?.block_on(async {
        let firn = Firn::open(options)?;
        let runs = command::run_history(&firn, request).await;
        firn.close().await;
        runs
    });
    Ok(runs.map_err(|error| anyhow::anyhow!("{}", error.message))?.runs)
}

#[test]
fn a_killed_run_is_interrupted_in_the_history_and_its_lease_is_taken_over() -> Result<()> {
    let shop = Shop::with(BOTH)?;
    let (mut child, hold) = held_run(&shop.terminal, &["sync", "run", "customers"])?;
    // What is known of it at its end is what its log says, and not how it began.
    let began = Instant::now();
    while history(&shop.terminal)?.first().map(|run| stage(&shop.terminal, run)).transpose()? != Some(Stage::Inspecting)
    {
        anyhow::ensure!(began.elapsed() < Duration::from_secs(4), "the stage is written only with the next figures");
    }
    child.kill()?;
    child.wait()?;
    std::fs::remove_file(hold)?;
    let runs = history(&shop.terminal)?;
    assert_eq!(runs.iter().map(|run| run.status).collect::<Vec<_>>(), [RunStatus::Interrupted], "{runs:?}");
    let began = Instant::now();
    let again = shop.terminal.run(&["sync", "run", "customers"])?;
    assert_eq!(again.code, 0, "{again:?}");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "nobody waits for a dead process's lease: {:?}",
        began.elapsed()
    );
    Ok(())
}
