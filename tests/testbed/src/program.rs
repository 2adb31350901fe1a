//! Running the server's own programs, and finding them.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::account::Account;

/// The major version that the tests are written for; another one is used when it is missing.
const PREFERRED: &str = "15";

/// Runs a program to its end and gives its standard output. A failure carries both of its outputs.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let name = Path::new(command.get_program()).display().to_string();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {name}"))?;
    finish(&name, output)
}

/// Runs a program to its end with `input` on its standard input.
pub(crate) fn run_with_input(command: &mut Command, input: &str) -> Result<String> {
    let name = Path::new(command.get_program()).display().to_string();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    let mut stdin = child.stdin.take().context("the child has no standard input")?;
    let text = input.to_owned();
    // Written from a thread of its own: a child that answers while it reads would otherwise block both sides. A child
    // that ends early closes the pipe, and its exit status says more than the broken pipe does.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(text.as_bytes());
    });
    let output = child.wait_with_output().with_context(|| format!("cannot wait for {name}"))?;
    let _ = writer.join();
    finish(&name, output)
}

fn finish(name: &str, output: std::process::Output) -> Result<String> {
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    bail!("{name} ended with {}: {}{}", output.status, stderr.trim_end(), stdout.trim_end())
}

/// Finds the folder with PostgreSQL's server programs: Debian's folder of the preferred version, then of the newest
/// one, then the search path.
pub(crate) fn server_programs() -> Result<PathBuf> {
    let debian = Path::new("/usr/lib/postgresql");
    let preferred = debian.join(PREFERRED).join("bin");
    if preferred.join("postgres").exists() {
        return Ok(preferred);
    }
    let mut versions: Vec<u32> = std::fs::read_dir(debian)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable();
    for version in versions.into_iter().rev() {
        let folder = debian.join(version.to_string()).join("bin");
        if folder.join("postgres").exists() {
            return Ok(folder);
        }
    }
    for folder in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        if folder.join("initdb").exists() && folder.join("postgres").exists() {
            return Ok(folder);
        }
    }
    bail!("no PostgreSQL server programs (initdb, postgres) in /usr/lib/postgresql or the search path: run `make deps`")
}

/// Finds a program in the search path or in the folders of system programs, which a user's path may lack.
pub(crate) fn find(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.exists())
        .with_context(|| format!("no program `{name}` on this machine: run `make deps`"))
}

/// Asks the kernel for a TCP port of the loopback address that nobody uses. It may be taken before it is used: whoever
/// starts a server with it tries again with another one.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot bind a loopback port")?;
    Ok(listener.local_addr().context("a bound socket has no address")?.port())
}

/// Runs SQL with the real psql, statement by statement, and gives its unaligned output without headers; columns are
/// separated by `|`, the last line end is cut off. The first failing statement is an error with psql's message.
pub fn psql(dsn: &str, sql: &str) -> Result<String> {
    let program = server_programs()?.join("psql");
    let program = if program.exists() { program } else { find("psql")? };
    let mut command = Account::find()?.command(program);
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", "-"]);
    let mut output = run_with_input(&mut command, sql)?;
    if output.ends_with('\n') {
        output.pop();
    }
    Ok(output)
}
