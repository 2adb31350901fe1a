//! The handle that shells hold: options, state of the process, and the sink of events.

use crate::process;
use crate::wire::{ErrorView, RunEvent};
use firn_connector::Holder;
use firn_secret::{Keyring, SecretStore};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What a shell does for the command layer.
pub trait Host: Send + Sync {
    /// Takes an event of a run. Called from a background task; must not block.
    fn emit(&self, event: RunEvent);
}

impl<F: Fn(RunEvent) + Send + Sync> Host for F {
    fn emit(&self, event: RunEvent) {
        self(event);
    }
}

/// What starts runs; kept in the run history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A person in the window.
    Window,
    /// One command of the command line.
    Cli,
    /// The command line with `--watch`.
    Watch,
}

impl Trigger {
    /// Returns the word kept in the history.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Cli => "cli",
            Self::Watch => "watch",
        }
    }
}

/// Another document than `firn.yaml`, and other roles than it names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentChoice {
    /// The document, relative to the workspace's folder; `firn.yaml` when `None`.
    pub file: Option<PathBuf>,
    /// The connection to read from, in place of the document's.
    pub source: Option<String>,
    /// The connection to write to, in place of the document's.
    pub target: Option<String>,
}

/// What a shell hands to the command layer.
#[derive(Clone)]
pub struct FirnOptions {
    /// Folder of local state (`firn.sqlite`) on this machine; made where it is missing.
    pub data_dir: PathBuf,
    /// The environment: seeds' variables and `FIRN_SECRET_…`.
    pub variables: HashMap<String, String>,
    /// A folder to be opened at once, absolute.
    pub open_folder: Option<PathBuf>,
    /// Where a new sample workspace would be made.
    pub sample_dir: PathBuf,
    /// What starts runs.
    pub trigger: Trigger,
    /// Whether every workspace counts as trusted: a command typed in a terminal is saying so.
    pub trust_all: bool,
    /// Another document or other roles.
    pub document: DocumentChoice,
    /// Where secrets are kept.
    pub secrets: Arc<dyn SecretStore>,
    /// Takes events.
    pub host: Arc<dyn Host>,
}

impl FirnOptions {
    /// Makes the options of a window: secrets in the system's keyring, the sample beside the local state.
    pub fn new(data_dir: PathBuf, variables: HashMap<String, String>, host: Arc<dyn Host>) -> Self {
        Self {
            sample_dir: data_dir.join("sample"),
            data_dir,
            variables,
            open_folder: None,
            trigger: Trigger::Window,
            trust_all: false,
            document: DocumentChoice::default(),
            secrets: Arc::new(Keyring),
            host,
        }
    }
}

/// The command layer of one process. Cheap to clone.
#[derive(Clone)]
pub struct Firn {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) options: FirnOptions,
    pub(crate) holder: Holder,
}

impl Firn {
    /// Opens the command layer. Reads and connects nothing yet.
    ///
    /// # Errors
    /// `configuration` where a folder of the options is not absolute.
    pub fn open(options: FirnOptions) -> Result<Self, ErrorView> {
        for folder in [Some(&options.data_dir), Some(&options.sample_dir), options.open_folder.as_ref()].into_iter().flatten() {
            if !folder.is_absolute() {
                return Err(ErrorView::configuration(format!("the folder {} is not absolute", folder.display())));
            }
        }
        Ok(Self { inner: Arc::new(Inner { options, holder: process::current() }) })
    }
}
