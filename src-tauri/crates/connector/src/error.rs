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
    /// What to do next, where Firn knows it.
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
