//! From errors inside to the one shape outside: a code somebody branches on, what happened, what to do next.
//!
//! This is the one file that knows which code belongs to which kind of failure.

use crate::wire::{DocumentProblem, ErrorView};
use firn_connector::ErrorKind;
use firn_secret::SecretError;
use firn_store::StoreError;
use std::error::Error as _;

/// Returns the stable code of a kind of failure.
#[must_use]
pub const fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Transient => "transient",
        ErrorKind::SignIn => "sign_in",
        ErrorKind::Permission => "permission",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Configuration => "configuration",
        ErrorKind::RowRefused => "row_refused",
        ErrorKind::Fenced => "fenced",
        ErrorKind::Busy => "busy",
        ErrorKind::DiskFull => "disk_full",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Other => "other",
    }
}

impl ErrorView {
    fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            hint: None,
            side: None,
            table: None,
            problems: Vec::new(),
        }
    }

    /// Makes an error of usage or configuration.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new("configuration", message)
    }

    /// Makes an error for a thing that is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("not_found", message)
    }

    /// Makes an error for something that goes on already.
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new("busy", message)
    }

    /// Makes an error without a code of its own.
    pub fn other(message: impl Into<String>) -> Self {
        Self::new("other", message)
    }

    /// Makes the error of a workspace that nobody has trusted on this machine.
    #[must_use]
    pub fn untrusted(folder: &str) -> Self {
        Self::new(
            "untrusted",
            format!("the workspace {folder} was not made on this machine and nobody has trusted it yet"),
        )
        .with_hint(
            "look at its connections and transforms, then trust it; until then nothing connects and nothing runs",
        )
    }

    /// Makes the error of a document with problems.
    #[must_use]
    pub fn document(problems: Vec<DocumentProblem>) -> Self {
        let message = match problems.as_slice() {
            [one] => one.to_string(),
            many => {
                format!("{} has {} problems", many.first().map_or("the workspace document", |p| &p.file), many.len())
            }
        };
        let hint = if let [one] = problems.as_slice() { one.hint.clone() } else { None };
        Self { hint, problems, ..Self::configuration(message) }
    }

    /// Makes the error of a file that could not be read or written; `what` is a phrase such as `cannot read firn.yaml`.
    pub fn file(what: impl std::fmt::Display, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let code = match error.kind() {
            Io::NotFound => "not_found",
            Io::PermissionDenied | Io::ReadOnlyFilesystem => "permission",
            Io::StorageFull | Io::QuotaExceeded => "disk_full",
            _ => "other",
        };
        Self::new(code, format!("{what}: {error}"))
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for DocumentProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

impl From<firn_connector::Error> for ErrorView {
    fn from(error: firn_connector::Error) -> Self {
        Self {
            code: code(error.kind).to_owned(),
            message: error.chain(),
            side: Some(error.side.to_string()),
            table: error.table,
            hint: error.hint,
            problems: Vec::new(),
        }
    }
}

impl From<StoreError> for ErrorView {
    fn from(error: StoreError) -> Self {
        let mut message = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            message.push_str(&format!(": {cause}"));
            next = cause.source();
        }
        Self::other(message)
    }
}

impl From<SecretError> for ErrorView {
    fn from(error: SecretError) -> Self {
        let mut message = error.to_string();
        if let Some(cause) = error.source() {
            message.push_str(&format!(" ({cause})"));
        }
        Self::new("keyring", message)
    }
}
