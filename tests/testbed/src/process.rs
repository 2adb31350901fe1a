//! A server process and the watchdog that ends it with its owner.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::account::Account;

/// How long a server may take to start or to stop before the test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_millis(4);
const SCRIPT: &str = include_str!("watchdog.sh");

/// A server under a watchdog. Dropping it stops the server and waits until its folder is gone; a killed owner has the
/// same effect a moment later.
#[derive(Debug)]
pub(crate) struct Watched {
    watchdog: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
    pid: Option<u32>,
}

impl Watched {
    /// Starts the watchdog alone. `stop_signal` is what makes this server end at once; `folder` is removed at the end.
    pub(crate) fn new(account: &Account, folder: &Path, stop_signal: &str, server: &Command) -> Result<Self> {
        let mut command = account.command("/bin/sh");
        command.args(["-c", SCRIPT, "watchdog"]).arg(folder).arg(stop_signal);
        command.arg(server.get_program()).args(server.get_args());
        // A process group of its own: whoever kills the group of the test must not kill the one who cleans up.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut watchdog = command.spawn().context("cannot start a watchdog with /bin/sh")?;
        let orders = watchdog.stdin.take();
        let answers = BufReader::new(watchdog.stdout.take().context("the watchdog has no standard output")?);
        Ok(Self { watchdog, orders, answers, folder: folder.to_owned(), pid: None })
    }

    /// Starts the server. A former one must have ended.
    pub(crate) fn start(&mut self) -> Result<()> {
        if self.is_running() {
            bail!("the server in {} is already running", self.folder.display());
        }
        let orders = self.orders.as_mut().context("the watchdog's pipe is closed")?;
        orders.write_all(b"start\n").context("the watchdog is gone")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).context("the watchdog does not answer")?;
        let pid =
            answer.trim().parse().with_context(|| format!("the watchdog answered {answer:?}, not a process id"))?;
        self.pid = Some(pid);
        Ok(())
    }

    /// The server's process id, if it was started.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// Whether the server was started and has not ended.
    pub(crate) fn is_running(&self) -> bool {
        self.pid.is_some_and(is_alive)
    }

    /// Sends a signal to the server, if it runs.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        match self.pid.filter(|&pid| is_alive(pid)) {
            Some(pid) => signal(name, &[pid]),
            None => Ok(()),
        }
    }

    /// Waits until the server has ended.
    pub(crate) fn wait_until_ended(&self) -> Result<()> {
        poll(|| Ok((!self.is_running()).then_some(())))
            .with_context(|| format!("the server in {} does not stop; {}", self.folder.display(), self.log_tail()))
    }

    /// The server's log so far.
    pub(crate) fn log(&self) -> Result<String> {
        let path = self.folder.join("server.log");
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The last lines of the log for an error message.
    pub(crate) fn log_tail(&self) -> String {
        let log = self.log().unwrap_or_else(|error| format!("{error:#}"));
        let lines: Vec<&str> = log.lines().collect();
        format!("its log ends with:\n{}", lines[lines.len().saturating_sub(15)..].join("\n"))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.orders = None;
        // Nothing can be returned from here; a watchdog that is already gone has nothing left to wait for.
        let _ = self.watchdog.wait();
    }
}

/// Sends a signal by name to processes.
pub(crate) fn signal(name: &str, pids: &[u32]) -> Result<()> {
    if pids.is_empty() {
        return Ok(());
    }
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "kill -s \"$@\"", "kill", name]).args(pids.iter().map(u32::to_string));
    crate::program::run(&mut command).map(drop)
}

/// The processes that a process has started and that have not ended.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// Whether a process exists and has not ended; a zombie has.
pub(crate) fn is_alive(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // The state follows the program's name, which stands in parentheses and may contain some itself.
    let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    !matches!(state, None | Some("Z" | "X"))
}

/// Asks again and again until there is an answer, for at most [`PATIENCE`].
pub(crate) fn poll<T>(mut question: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = question()? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("no answer within {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(POLL);
    }
}
