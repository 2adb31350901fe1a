//! The sample: made, run, and nothing left running.

use anyhow::{Context as _, Result};
use firn_scenarios::{CommandLine, Transcript};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Returns the folder of the sample's server: one above its socket's.
fn server_folder(terminal: &CommandLine) -> Result<PathBuf> {
    let list = terminal.json(&["connection", "list"])?;
    let connections = list["connections"].as_array().context("no list")?;
    let host = connections.iter().find_map(|connection| connection["settings"]["host"].as_str()).context("no host")?;
    Ok(Path::new(host).parent().context("a socket without a folder")?.to_owned())
}

/// Returns whether a server runs on the folder: its lock file is there.
fn runs(server: &Path) -> bool {
    server.join("data/postmaster.pid").exists()
}

fn stops(server: &Path) -> Result<()> {
    let began = Instant::now();
    while runs(server) {
        anyhow::ensure!(began.elapsed() < Duration::from_secs(20), "the server in {} runs on", server.display());
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[test]
fn the_sample_is_made_and_run_and_leaves_nothing_running() -> Result<()> {
    let mut terminal = CommandLine::new()?;
    let made = terminal.run(&["init", "--sample"])?;
    let server = server_folder(&terminal)?;
    let _removed = Removed(server.clone());
    terminal.name(server.file_name().and_then(|name| name.to_str()).context("no name")?, "<SERVER>");
    let mut shown = Transcript::new(&terminal);
    shown.note(&made);
    assert!(!runs(&server), "the server runs on after init");
    shown.run(&["sync", "run"])?;
    assert!(!runs(&server), "the server runs on after a run");
    shown.run(&["sync", "run", "--quiet"])?;
    shown.check("sample.txt")?;

    // Two at once share the server, and the one that ends last stops it.
    let both = [
        terminal.command(&["sync", "status"])?.spawn()?,
        terminal.command(&["connection", "check", "sample_db"])?.spawn()?,
    ];
    for child in both {
        let output = child.wait_with_output()?;
        assert!(output.status.success(), "{output:?}");
    }
    stops(&server)?;

    // A crash leaves the server to its watchdog.
    let mut watching = terminal.command(&["sync", "run", "--watch", "--json"])?.spawn()?;
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(watching.stdout.take().context("no output")?), &mut line)?;
    let began = Instant::now();
    while !runs(&server) {
        anyhow::ensure!(began.elapsed() < Duration::from_secs(20), "the server does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    watching.kill()?;
    watching.wait()?;
    stops(&server)
}

/// Removes the server's folder at the end, which as root lies outside the scenario's own folders.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} could not be removed: {error}", self.0.display());
        }
    }
}
