//! What surrounds the process, read in one place and passed on as values.

use std::collections::HashMap;
use std::path::PathBuf;

/// Variables and folder of a process.
#[derive(Clone)]
pub struct Environment {
    /// The variables that are text; others cannot name a host or a password.
    pub variables: HashMap<String, String>,
    /// The folder that relative paths start from; `None` where it was removed.
    pub working_dir: Option<PathBuf>,
}

impl Environment {
    /// Reads them from this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { variables: std::env::vars_os().filter_map(text).collect(), working_dir: std::env::current_dir().ok() }
    }
}
