//! The engine in a process of its own, which can be killed, stopped and looked at from outside; and DuckDB's own words.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::oracle::TextRow;
use crate::spec::RunSpec;

/// Longest time a child may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Finds a program of this package: cargo puts it one folder above the tests.
pub fn program(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe().context("a test has no path")?;
    let folder = test.parent().and_then(Path::parent).context("a test has no target folder")?;
    let path = folder.join(name);
    ensure!(path.exists(), "{} is missing: build the package firn-scenarios", path.display());
    Ok(path)
}

/// A child that runs. Dropping it kills it.
pub struct Child {
    child: tokio::process::Child,
}

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit status.
    pub status: ExitStatus,
    /// The last line of its output, where that is JSON.
    pub result: Value,
    /// All of its output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Ended {
    /// Returns whether a signal ended it; SIGKILL is 9.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        std::os::unix::process::ExitStatusExt::signal(&self.status)
    }
}

impl Child {
    /// Starts a program with its output caught.
    pub fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        Ok(Self { child })
    }

    /// Starts one run of the engine, with variables of its own.
    pub fn engine(spec: &RunSpec, variables: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(program("engine-run")?);
        command.arg("run").arg(serde_json::to_string(spec)?).envs(variables.iter().copied());
        Self::start(&mut command)
    }

    /// Starts one comparison that repairs, with variables of its own.
    pub fn verify(spec: &RunSpec, variables: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(program("engine-run")?);
        command.arg("verify").arg(serde_json::to_string(spec)?).envs(variables.iter().copied());
        Self::start(&mut command)
    }

    /// Returns its process id.
    pub fn pid(&self) -> Result<u32> {
        self.child.id().context("the child has ended")
    }

    /// Sends it a signal by name.
    pub async fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("kill").args(["-s", name, &self.pid()?.to_string()]).status().await?;
        ensure!(status.success(), "the signal {name} could not be sent");
        Ok(())
    }

    /// Waits for its end.
    pub async fn end(self) -> Result<Ended> {
        let output = tokio::time::timeout(PATIENCE, self.child.wait_with_output()).await;
        let output = output.context("a child does not end")??;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let last = stdout.lines().last().unwrap_or_default();
        Ok(Ended {
            status: output.status,
            result: serde_json::from_str(last).unwrap_or(Value::Null),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            stdout,
        })
    }
}

/// Runs the engine once in a child that is killed at a point, `name` or `name:n`. Returns whether it got there.
pub async fn killed_at(spec: &RunSpec, point: &str) -> Result<bool> {
    let ended = Child::engine(spec, &[("FIRN_TEST_STOP", point)])?.end().await?;
    match ended.signal() {
        Some(9) => Ok(true),
        Some(other) => bail!("the child was ended by signal {other}: {}", ended.stderr),
        None => {
            ensure!(ended.status.success(), "the child failed: {}{}", ended.stdout, ended.stderr);
            Ok(false)
        }
    }
}

/// Waits until a file is there.
pub async fn appears(file: &Path) -> Result<()> {
    let waited = async {
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.with_context(|| format!("{} does not appear", file.display()))
}

/// Runs a statement on a DuckDB file in a process of its own and returns its rows, which have to be texts.
pub fn duckdb(file: &Path, sql: &str) -> Result<Vec<TextRow>> {
    duckdb_child("query", file, sql)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Runs statements on a DuckDB file in a process of its own.
pub fn duckdb_execute(file: &Path, sql: &str) -> Result<()> {
    duckdb_child("execute", file, sql).map(drop)
}

fn duckdb_child(what: &str, file: &Path, sql: &str) -> Result<String> {
    let mut command = std::process::Command::new(program("engine-run")?);
    command.arg(what).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot start engine-run")?;
    let mut input = child.stdin.take().context("a child has no standard input")?;
    input.write_all(sql.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?)
}
