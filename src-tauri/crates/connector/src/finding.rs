//! Findings: what a check or a plan noticed, with a fix each.

use serde::{Deserialize, Serialize};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Info,
    /// Works, with a risk the text names.
    Warning,
    /// Stops the connection or the table.
    Critical,
}

/// One thing a check or a plan noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it weighs.
    pub level: Level,
    /// A stable short name such as `tls` or `watermark_unindexed`.
    pub code: String,
    /// What was found.
    pub message: String,
    /// What to do, as a sentence, a command or SQL to copy.
    pub fix: Option<String>,
}

impl Finding {
    /// Makes a finding without a fix.
    pub fn new(level: Level, code: &str, message: impl Into<String>) -> Self {
        Self { level, code: code.to_owned(), message: message.into(), fix: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}
