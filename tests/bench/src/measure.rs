//! One process measured from outside: wall time, CPU time, peak resident memory.

use anyhow::{Context as _, Result, bail};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a finished process used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// Peak resident memory in MiB; of the process itself, read from the kernel while it runs.
    pub(crate) peak_mib: f64,
}

/// Runs a command to its end.
///
/// # Errors
/// Where it cannot be started or does not end with success; the error holds what it wrote.
pub(crate) fn run(command: &mut Command) -> Result<Usage> {
    run_expecting(command, 0)
}

/// Runs a command to its end, which is to be this exit code.
///
/// # Errors
/// Where it cannot be started or ends otherwise; the error holds what it wrote.
pub(crate) fn run_expecting(command: &mut Command, code: i32) -> Result<Usage> {
    let log = tempfile::NamedTempFile::new()?;
    let output = log.reopen()?;
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("{command:?} did not start"))?;
    let mut peak = 0.0_f64;
    let status = loop {
        peak = peak.max(high_water(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let wall = started.elapsed().as_secs_f64();
    if status.code() != Some(code) {
        bail!("{command:?} ended with {status}: {}", std::fs::read_to_string(log.path())?);
    }
    Ok(Usage { wall, peak_mib: peak })
}

/// Returns the kernel's own high-water mark of a process's resident memory, in MiB.
fn high_water(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

/// Returns the run with the median wall time.
pub(crate) fn median(mut runs: Vec<Usage>) -> Usage {
    runs.sort_by(|a, b| a.wall.total_cmp(&b.wall));
    runs[runs.len() / 2]
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_that_of_the_program_whatever_code_it_ends_with() {
        // Its buffer is read into again and again.
        let mut program = Command::new("dd");
        program.args(["if=/dev/zero", "of=/dev/null", "bs=64M", "count=20"]);
        assert!(run(&mut program).unwrap().peak_mib > 60.0);
        let mut refused = Command::new("dd");
        refused.arg("if=/nowhere");
        assert!(run(&mut refused).unwrap_err().to_string().contains("ended with"));
        assert!(run_expecting(&mut refused, 1).is_ok() && run_expecting(&mut refused, 3).is_err());
    }
}
