//! `firn serve` as an operator runs it: its log line by line, its listener, its end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::command_line::CommandLine;
use crate::exposition::{self, Samples};

/// Longest time a line may let itself be waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service that runs. Dropping it kills it.
pub struct Service {
    child: Child,
    lines: Receiver<Value>,
    /// Address of its listener.
    pub address: String,
}

/// How a service ended.
#[derive(Debug)]
pub struct Stopped {
    /// Its exit code.
    pub code: i32,
    /// How long it took from the signal.
    pub took: Duration,
    /// The lines since the last one read.
    pub lines: Vec<Value>,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// An answer of the listener.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The lines before the body.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Service {
    /// Starts a service over a workspace and waits until it listens.
    pub fn start(terminal: &CommandLine) -> Result<Self> {
        Self::start_with(terminal, &["--listen", "127.0.0.1:0"])
    }

    /// Starts a service with arguments of its own, which have to name a listener.
    pub fn start_with(terminal: &CommandLine, arguments: &[&str]) -> Result<Self> {
        let mut child = terminal.command(&[&["serve", "--json"], arguments].concat())?.spawn()?;
        let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let (send, received) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        let mut service = Self { child, lines: received, address: String::new() };
        let listening = service.next(|line| line["event"] == "listening")?;
        service.address = listening["address"].as_str().context("no address")?.to_owned();
        Ok(service)
    }

    /// Waits for a line of the log.
    pub fn next(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let began = Instant::now();
        let mut seen = Vec::new();
        loop {
            let left = PATIENCE.saturating_sub(began.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) if wanted(&line) => return Ok(line),
                Ok(line) => seen.push(line),
                Err(error) => {
                    // Killed first: otherwise its standard error would not end.
                    self.child.kill()?;
                    anyhow::bail!("the line does not come ({error}); seen: {seen:?}; stderr: {}", self.stderr()?)
                }
            }
        }
    }

    /// Waits until a table has ended with this status.
    pub fn table(&mut self, source: &str, status: &str) -> Result<Value> {
        self.next(|line| line["event"] == "table" && line["source"] == source && line["status"] == status)
    }

    /// Returns its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the listener.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: firn\r\nConnection: close\r\n\r\n"))
    }

    /// Sends a whole request to the listener.
    pub fn ask(&self, request: &str) -> Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").with_context(|| format!("no answer: {answer:?}"))?;
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// Returns what `/health` says, with its status.
    pub fn health(&self) -> Result<(u16, Value)> {
        let answer = self.get("/health")?;
        Ok((answer.status, serde_json::from_str(&answer.body).context(answer.body)?))
    }

    /// Returns the metrics, read strictly.
    pub fn metrics(&self) -> Result<Samples> {
        let answer = self.get("/metrics")?;
        ensure!(answer.status == 200 && answer.head.contains("text/plain; version=0.0.4"), "{answer:?}");
        exposition::read(&answer.body)
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status()?;
        ensure!(status.success(), "the signal {name} could not be sent");
        Ok(())
    }

    /// Sends a signal and waits for the end.
    pub fn stop(mut self, signal: &str) -> Result<Stopped> {
        let asked = Instant::now();
        self.signal(signal)?;
        let status = self.child.wait()?;
        let took = asked.elapsed();
        let code = status.code().with_context(|| format!("ended by a signal: {status}"))?;
        Ok(Stopped { code, took, lines: self.lines.iter().collect(), stderr: self.stderr()? })
    }

    fn stderr(&mut self) -> Result<String> {
        let mut text = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut text)?;
        }
        Ok(text)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to kill.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
