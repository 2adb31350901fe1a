//! The program `firn` as a person runs it: arguments in; exit code, standard output and standard error out.
//!
//! Each scenario has a folder of its own for the workspace and one for local state, and no variable of the person who
//! runs the tests. A [`Transcript`] is what the terminal would show, with what differs from run to run masked.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::child::program;
use crate::mask;

/// A workspace's folder and the program over it.
pub struct CommandLine {
    folder: TempDir,
    data: TempDir,
    variables: BTreeMap<String, String>,
    names: Vec<(String, &'static str)>,
}

/// What a command did.
#[derive(Debug, Clone)]
pub struct Done {
    /// The arguments.
    pub arguments: Vec<String>,
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl CommandLine {
    /// Makes empty folders; the workspace's own name is `shop`.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("firn-cli-").tempdir()?;
        std::fs::create_dir(folder.path().join("shop"))?;
        let mut here = Self { folder, data: tempfile::tempdir()?, variables: BTreeMap::new(), names: Vec::new() };
        let data = here.data.path().display().to_string();
        here.set("PATH", &std::env::var("PATH")?);
        here.set("HOME", &data);
        here.set("FIRN_DATA_DIR", &data);
        // No session bus: a keyring of the person who runs the tests is not asked.
        here.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        let base = here.folder.path().canonicalize()?.display().to_string();
        here.name(&base, "<DIR>");
        here.name(&data, "<DATA>");
        Ok(here)
    }

    /// Sets a variable for the commands to come.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Removes a variable for the commands to come.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Masks a text in transcripts, such as a port.
    pub fn name(&mut self, text: &str, name: &'static str) {
        self.names.push((text.to_owned(), name));
    }

    /// Returns the workspace's folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    /// Returns the folder of local state.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Writes a file into the workspace's folder.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        std::fs::write(self.folder().join(file), text).with_context(|| format!("cannot write {file}"))
    }

    /// Reads a file of the workspace's folder.
    pub fn read(&self, file: &str) -> Result<String> {
        std::fs::read_to_string(self.folder().join(file)).with_context(|| format!("cannot read {file}"))
    }

    /// Prepares the program, its working folder the workspace's, its output caught.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(program("firn-under-test")?);
        command.args(arguments).env_clear().envs(&self.variables).current_dir(self.folder());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Result<Done> {
        self.done(arguments, self.command(arguments)?.output()?)
    }

    /// Runs a command with text on its standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Result<Done> {
        let mut child = self.command(arguments)?.stdin(Stdio::piped()).spawn()?;
        child.stdin.take().context("a child has no standard input")?.write_all(input.as_bytes())?;
        self.done(arguments, child.wait_with_output()?)
    }

    /// Runs a command that has to succeed, with `--json`, and returns its only document.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let done = self.run(&[arguments, &["--json"]].concat())?;
        ensure!(done.code == 0, "{done:?}");
        serde_json::from_str(&done.stdout).with_context(|| format!("not one document: {}", done.stdout))
    }

    /// Turns the output of a command that has ended into what it did.
    pub fn done(&self, arguments: &[&str], output: Output) -> Result<Done> {
        Ok(Done {
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            code: output.status.code().with_context(|| format!("ended by a signal: {output:?}"))?,
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Writes a command as the terminal shows it, masked.
    #[must_use]
    pub fn shown(&self, done: &Done) -> String {
        let mut text = format!("$ firn {}\n", done.arguments.join(" "));
        text.push_str(&done.stdout);
        for line in done.stderr.lines() {
            text.push_str(format!("! {line}").trim_end());
            text.push('\n');
        }
        if done.code != 0 {
            text.push_str(&format!("exit {}\n", done.code));
        }
        let named = self.names.iter().fold(text, |text, (from, to)| text.replace(from, to));
        mask::moments(&named)
    }
}

/// Everything a scenario's terminal has shown, compared with a file.
pub struct Transcript<'c> {
    terminal: &'c CommandLine,
    text: String,
}

impl<'c> Transcript<'c> {
    /// Begins an empty transcript.
    #[must_use]
    pub fn new(terminal: &'c CommandLine) -> Self {
        Self { terminal, text: String::new() }
    }

    /// Runs a command and notes what the terminal shows.
    pub fn run(&mut self, arguments: &[&str]) -> Result<Done> {
        let done = self.terminal.run(arguments)?;
        self.note(&done);
        Ok(done)
    }

    /// Runs a command with text on its standard input and notes what the terminal shows.
    pub fn run_with_input(&mut self, arguments: &[&str], input: &str) -> Result<Done> {
        let done = self.terminal.run_with_input(arguments, input)?;
        self.note(&done);
        Ok(done)
    }

    /// Notes what a command did.
    pub fn note(&mut self, done: &Done) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&self.terminal.shown(done));
    }

    /// Notes what happens between two commands.
    pub fn remark(&mut self, remark: &str) {
        self.text.push_str(&format!("\n# {remark}\n"));
    }

    /// Compares the transcript with the file of this name; `FIRN_WRITE_TRANSCRIPTS=1` writes the file instead.
    pub fn check(&self, name: &str) -> Result<()> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(name);
        if std::env::var_os("FIRN_WRITE_TRANSCRIPTS").is_some() {
            return std::fs::write(&file, &self.text).with_context(|| format!("cannot write {}", file.display()));
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        ensure!(
            expected == self.text,
            "the terminal shows something else than {}; it shows:\n{}\nlook at each change, then FIRN_WRITE_TRANSCRIPTS=1",
            file.display(),
            difference(&expected, &self.text)
        );
        Ok(())
    }
}

/// Shows both texts from the first line on that differs.
fn difference(expected: &str, shown: &str) -> String {
    let same = expected.lines().zip(shown.lines()).take_while(|(a, b)| a == b).count();
    let rest = |text: &str, mark: &str| {
        text.lines().skip(same).take(12).map(|line| format!("{mark} {line}\n")).collect::<String>()
    };
    format!("(after {same} equal lines)\n{}{}", rest(expected, "-"), rest(shown, "+"))
}
