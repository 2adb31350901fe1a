//! The printer: standard output for data only, standard error for everything a person is told beside it.

use firn_api::wire::{ErrorView, FindingView, LevelView};
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write as _};

/// What a shell shows for a program that SIGPIPE ended.
const BROKEN_PIPE: i32 = 141;

/// How results are printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    terminal: bool,
}

impl Output {
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet, terminal: io::stderr().is_terminal() }
    }

    /// Returns whether results are JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Returns whether progress may be drawn: standard error is a terminal and nobody asked for silence.
    pub(crate) fn draws_progress(self) -> bool {
        self.terminal && !self.quiet
    }

    /// Writes data as it is.
    pub(crate) fn data(self, text: &str) {
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            stop_writing(&error);
        }
    }

    /// Writes a document as JSON on one line, or as the text that `text` makes of it.
    pub(crate) fn document<T: Serialize>(self, document: &T, text: impl FnOnce(&T) -> String) {
        if self.json { self.json_line(document) } else { self.data(&text(document)) }
    }

    /// Writes a document as JSON on a line of its own.
    pub(crate) fn json_line<T: Serialize>(self, document: &T) {
        match serde_json::to_string(document) {
            Ok(line) => self.data(&format!("{line}\n")),
            Err(error) => self.line("error", &format!("the result cannot be written as JSON: {error}")),
        }
    }

    /// Tells an error with what to do next, every problem of a document on a line of its own.
    pub(crate) fn error(self, error: &ErrorView) {
        match error.problems.as_slice() {
            [] | [_] => {
                self.line("error", &error.message);
                self.fix(error.hint.as_deref());
            }
            problems => {
                for problem in problems {
                    self.line("error", &problem.to_string());
                    self.fix(problem.hint.as_deref());
                }
            }
        }
    }

    /// Tells what is waited for.
    pub(crate) fn waiting(self, message: &str) {
        if !self.quiet {
            self.line("waiting", message);
        }
    }

    /// Tells an error of usage.
    pub(crate) fn usage(self, message: &str, hint: &str) {
        self.error(&ErrorView::configuration(message).with_hint(hint));
    }

    /// Tells a finding that is worth a person's attention; others stay in the result.
    pub(crate) fn finding(self, about: &str, finding: &FindingView) {
        let word = match finding.level {
            LevelView::Ok | LevelView::Info => return,
            LevelView::Warning => "warning",
            LevelView::Critical => "error",
        };
        if word == "error" || !self.quiet {
            self.line(word, &format!("{about}: {}", finding.message));
            self.fix(finding.fix.as_deref());
        }
    }

    /// Tells what to do about the error or warning just told.
    fn fix(self, fix: Option<&str>) {
        if let Some(fix) = fix {
            self.line("hint", fix);
        }
    }

    /// Tells what one might do next; only to a person at a terminal.
    pub(crate) fn hint(self, text: &str) {
        if self.draws_progress() {
            self.line("hint", text);
        }
    }

    fn line(self, word: &str, text: &str) {
        tell(word, text);
    }
}

fn tell(word: &str, text: &str) {
    // Where standard error is closed there is nobody left to tell that it is.
    let _closed = writeln!(io::stderr().lock(), "{word}: {text}");
}

/// Ends the process where nobody reads the data any more, as in `firn … | head`, or where it cannot be written.
fn stop_writing(error: &io::Error) -> ! {
    if error.kind() == io::ErrorKind::BrokenPipe {
        std::process::exit(BROKEN_PIPE);
    }
    tell("error", &format!("cannot write to standard output: {error}"));
    std::process::exit(i32::from(firn_api::exit::FAILED));
}
