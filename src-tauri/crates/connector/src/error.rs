//! What a driver reports: small inside, with the side, the table, what to do next and the source chain kept.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of a call across a seam.
pub type Result<T> = std::result::Result<T, Error>;

/// Which of the systems a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Where rows are read.
    Source,
    /// Where rows are written.
    Target,
    /// Where leases, logs and rejected rows are kept.
    State,
    /// Firn itself: configuration and engine.
    Engine,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
            Self::State => "state",
            Self::Engine => "engine",
        })
    }
}

/// What kind of failure it is: decides retry, exit code and advice. Only kinds somebody branches on are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The network, a restarting server, a deadlock: the same call may succeed later.
    Transient,
    /// The server turned the sign-in down.
    SignIn,
    /// A right is missing.
    Permission,
    /// A table, column, database or file is not there.
    NotFound,
    /// The configuration or the source's shape cannot be synced as it stands.
    Configuration,
    /// The target refuses single rows of a commit; the engine looks for them.
    RowRefused,
    /// Another runner has taken over: this one's epoch is no longer the target's.
    Fenced,
    /// Another process holds the file or the lease.
    Busy,
    /// No room left on a disk.
    DiskFull,
    /// The caller asked to stop.
    Cancelled,
    /// Anything else; not retried.
    Other,
}

/// A failure on one side.
#[derive(Debug, thiserror::Error)]
#[error("{side}{}: {message}", table.as_deref().map(|t| format!(", table {t}")).unwrap_or_default())]
pub struct Error {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// Which side it happened on.
    pub side: Side,
    /// The table, where there is one.
    pub table: Option<String>,
    /// What happened. Holds no cell values.
    pub message: String,
    /// What a person can do, where Firn knows it; whether Firn tries again is added by whoever decides that.
    pub hint: Option<String>,
    /// The cause below.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Makes an error without table, hint and cause.
    pub fn new(side: Side, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, side, table: None, message: message.into(), hint: None, source: None }
    }

    /// Makes a configuration error.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(Side::Engine, ErrorKind::Configuration, message)
    }

    /// Makes the error of a run that was asked to stop.
    #[must_use]
    pub fn cancelled(side: Side) -> Self {
        Self::new(side, ErrorKind::Cancelled, "cancelled")
    }

    /// Adds the table.
    #[must_use]
    pub fn on_table(mut self, table: impl fmt::Display) -> Self {
        self.table.get_or_insert_with(|| table.to_string());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause below.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Returns whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == ErrorKind::Transient
    }

    /// Fits the hint to a failure after which another attempt follows by itself.
    #[must_use]
    pub fn tries_again(mut self) -> Self {
        self.hint = self.hint.map(|hint| format!("If it stays: {hint}"));
        self
    }

    /// Fits the hint to a run that ends with this failure, its `attempts`-th in a row. One that no attempt mends needs
    /// a person in any case and stays as it is.
    #[must_use]
    pub fn given_up(mut self, attempts: u32) -> Self {
        if self.is_transient() {
            let many = if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
            let end = format!("Firn gave up after {many}; the next run goes on where this one stopped.");
            self.hint = Some(self.hint.map_or_else(|| end.clone(), |hint| format!("{hint} {end}")));
        }
        self
    }

    /// Writes the message and every cause below it, without repeating a cause the message already holds.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            next = cause.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut() -> Error {
        Error::new(Side::Source, ErrorKind::Transient, "the connection broke")
    }

    #[test]
    fn a_hint_says_what_comes_next_while_attempts_follow_and_when_they_are_used_up() {
        let hint = |error: Error| error.hint;
        let looked = || cut().with_hint("Look at the server's log.");
        assert_eq!(hint(looked().tries_again()).unwrap(), "If it stays: Look at the server's log.");
        assert_eq!(
            hint(looked().given_up(6)).unwrap(),
            "Look at the server's log. Firn gave up after 6 attempts; the next run goes on where this one stopped."
        );
        assert_eq!(hint(cut().tries_again()), None);
        assert_eq!(
            hint(cut().given_up(1)).unwrap(),
            "Firn gave up after 1 attempt; the next run goes on where this one stopped."
        );
    }

    #[test]
    fn what_needs_a_person_says_nothing_of_attempts() {
        let refused = Error::new(Side::Target, ErrorKind::Permission, "no").with_hint("Grant it.").given_up(1);
        assert_eq!(refused.hint.as_deref(), Some("Grant it."));
    }
}
