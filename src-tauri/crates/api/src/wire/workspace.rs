//! Workspaces as the window and `--json` see them.

use super::{ConnectionView, LayoutView, RunSummary, SettingsView, TableView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for what the first screen shows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AppStart {}

/// What the first screen shows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AppView {
    /// Firn's version.
    pub version: String,
    /// Workspaces opened before, newest first.
    pub recent: Vec<RecentWorkspace>,
    /// Where a new sample workspace would be made.
    pub sample_folder: String,
    /// Whether the system keyring answers.
    pub keyring: KeyringView,
    /// The person's settings.
    pub settings: SettingsView,
    /// How the page was laid out.
    pub layout: LayoutView,
}

/// A workspace opened before.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RecentWorkspace {
    /// Absolute path of its folder.
    pub folder: String,
    /// The folder's last part.
    pub name: String,
    /// ISO 8601, UTC.
    pub last_opened: String,
    /// Whether `firn.yaml` is still there.
    pub present: bool,
}

/// Whether secrets can be kept.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct KeyringView {
    /// Whether it answers.
    pub available: bool,
    /// Why not, with both ways out.
    pub message: Option<String>,
}

/// Names a workspace by its folder.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct WorkspaceRef {
    /// Absolute path of the folder that holds `firn.yaml`.
    pub folder: String,
}

/// Asks for a new workspace.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct WorkspaceCreate {
    /// Absolute path of the folder; made where it is missing.
    pub folder: String,
    /// Whether it is the sample: six tables of a small shop in a private PostgreSQL server.
    pub sample: bool,
}

/// An open workspace.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct WorkspaceView {
    /// Absolute path of its folder.
    pub folder: String,
    /// The folder's last part.
    pub name: String,
    /// Whether the person has said that its connections may be used. Until then nothing connects and nothing runs.
    pub trusted: bool,
    /// What is wrong with `firn.yaml`; empty where it can be used.
    pub problems: Vec<DocumentProblem>,
    /// Connections in the file's order.
    pub connections: Vec<ConnectionView>,
    /// The name of the source connection.
    pub source: Option<String>,
    /// The name of the target connection.
    pub target: Option<String>,
    /// The name of the connection that holds the state tables.
    pub state: Option<String>,
    /// Tables in the file's order, with what is known locally; the databases are not asked.
    pub tables: Vec<TableView>,
    /// The last runs, newest first.
    pub runs: Vec<RunSummary>,
    /// The run going on in this process, where there is one.
    pub active_run: Option<String>,
    /// What else the person should know, such as a missing PostgreSQL for the sample.
    pub notices: Vec<FindingView>,
}

/// One thing wrong with the workspace document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DocumentProblem {
    /// File name.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// Path of the key, such as `tables[2].pk`.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LevelView {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Info,
    /// Works, with a risk.
    Warning,
    /// Stops the connection or the table.
    Critical,
}

/// One thing a check or a plan noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FindingView {
    /// How much it weighs.
    pub level: LevelView,
    /// A stable short name.
    pub code: String,
    /// What was found.
    pub message: String,
    /// What to do: a sentence, a command or SQL to copy.
    pub fix: Option<String>,
}
