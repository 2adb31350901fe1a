//! The handle that shells hold: options, state of the process, and the sink of events.

use crate::foresights::Foresights;
use crate::open_rows::OpenRows;
use crate::process;
use crate::run::Registry;
use crate::sample::Samples;
use crate::serve::Schedules;
use crate::settings::SettingsFile;
use crate::surroundings::settings_dir;
use crate::window::WindowState;
use crate::wire::{AppEvent, ErrorView, PlaceView, RunEvent};
use firn_connector::Holder;
use firn_secret::{Identity, Keyring, Resolver, Secret, SecretError, SecretStore};
use firn_store::Store;
use firn_workspace::EnvConnections;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// What a shell does for the command layer.
pub trait Host: Send + Sync {
    /// Takes an event of a run. Called from a background task; must not block.
    fn emit(&self, event: RunEvent);

    /// Hears that something is waited for longer than a second, such as a warehouse that another process has open:
    /// once a wait, with who holds what. Must not block.
    fn waiting(&self, message: &str) {
        let _nobody_to_tell = message;
    }

    /// Takes what belongs to no run: something arrived, or changed behind the page. Must not block.
    fn app(&self, event: AppEvent) {
        let _no_page = event;
    }

    /// Shows a notification of the system. Must not block.
    fn notify(&self, notice: Notice) {
        let _nobody_to_tell = notice;
    }

    /// Returns why there is no tray, where there is none.
    fn tray_trouble(&self) -> Option<String> {
        None
    }
}

/// What a notification of the system says. It holds no value of any row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What happened, in a few words.
    pub title: String,
    /// A sentence more.
    pub body: String,
    /// What is shown when it is clicked.
    pub place: PlaceView,
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
    /// Folder of the person's settings (`settings.toml`); made where it is missing, by a window alone.
    pub settings_dir: PathBuf,
    /// The environment: seeds' variables and `FIRN_SECRET_…`.
    pub variables: HashMap<String, String>,
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
            settings_dir: settings_dir(&variables).unwrap_or_else(|| data_dir.clone()),
            data_dir,
            variables,
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
    /// This process, as leases name it.
    pub(crate) holder: Holder,
    /// Connections that the variables define.
    pub(crate) environment: EnvConnections,
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) runs: Registry,
    pub(crate) samples: Samples,
    pub(crate) settings: SettingsFile,
    pub(crate) schedules: Schedules,
    pub(crate) window: WindowState,
    pub(crate) foresights: Foresights,
    /// Rows that somebody looks at.
    pub(crate) rows: OpenRows,
    store: OnceCell<Store>,
}

impl Firn {
    /// Opens the command layer. Reads and connects nothing yet.
    ///
    /// # Errors
    /// `configuration` where a folder of the options is not absolute.
    pub fn open(options: FirnOptions) -> Result<Self, ErrorView> {
        for folder in [&options.data_dir, &options.settings_dir, &options.sample_dir] {
            if !folder.is_absolute() {
                return Err(ErrorView::configuration(format!("the folder {} is not absolute", folder.display())));
            }
        }
        let variables = options.variables.iter().map(|(name, value)| (name.clone(), value.clone()));
        let environment = EnvConnections::from_vars(variables.clone());
        let resolver = Resolver::new(Box::new(SharedStore(Arc::clone(&options.secrets))))
            .with_variables(variables)
            .with_definitions(environment.secrets.clone());
        let inner = Inner {
            holder: process::current(),
            environment,
            resolver: Arc::new(resolver),
            runs: Registry::default(),
            samples: Samples::new(&options.data_dir, options.variables.get("PATH")),
            settings: SettingsFile::new(&options.settings_dir),
            schedules: Schedules::default(),
            window: WindowState::default(),
            foresights: Foresights::default(),
            rows: OpenRows::default(),
            store: OnceCell::new(),
            options,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the local state, opened at the first call: a command that does not need it does not pay for it.
    pub(crate) async fn store(&self) -> Result<&Store, ErrorView> {
        let open = || async {
            let folder = &self.inner.options.data_dir;
            std::fs::create_dir_all(folder)
                .map_err(|error| ErrorView::file(format!("cannot make the folder {}", folder.display()), &error))?;
            Ok(Store::open(&folder.join("firn.sqlite")).await?)
        };
        self.inner.store.get_or_try_init(open).await
    }

    /// Returns whether a folder's connections may be used.
    pub(crate) async fn is_trusted(&self, folder: &str) -> Result<bool, ErrorView> {
        Ok(self.inner.options.trust_all
            || self.store().await?.recent_workspace(folder).await?.is_some_and(|known| known.trusted))
    }

    /// Returns who sits before this process, as far as the variables tell: the name on `sync_errors.resolved_by`.
    pub(crate) fn person(&self) -> String {
        let variables = &self.inner.options.variables;
        let name =
            ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| variables.get(*name)).filter(|n| !n.is_empty());
        let host = &self.inner.holder.host;
        name.map_or_else(|| format!("a process on {host}"), |name| format!("{name} on {host}"))
    }

    /// Ends what this process has begun: stops schedules, cancels runs and waits for them, stops servers of samples that nobody else
    /// uses, closes the local state. A shell calls it before it exits; after it, commands may fail.
    pub async fn close(&self) {
        self.inner.schedules.end().await;
        self.inner.runs.cancel_all().await;
        self.inner.rows.close_all().await;
        self.inner.samples.release().await;
        if let Some(store) = self.inner.store.get() {
            store.close().await;
        }
    }
}

/// Lets the resolver and the shell's options hold one store of secrets.
struct SharedStore(Arc<dyn SecretStore>);

impl SecretStore for SharedStore {
    fn get(&self, identity: &Identity) -> Result<Option<Secret>, SecretError> {
        self.0.get(identity)
    }

    fn set(&self, identity: &Identity, secret: &Secret) -> Result<(), SecretError> {
        self.0.set(identity, secret)
    }

    fn delete(&self, identity: &Identity) -> Result<bool, SecretError> {
        self.0.delete(identity)
    }
}
