//! Connections as the window and `--json` see them. A secret never travels towards the page.

use super::FindingView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// A connection of a workspace.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConnectionView {
    /// Its name.
    pub name: String,
    /// `postgres`, `duckdb`, `snowflake`, `sqlserver`, `s3` or `folder`.
    pub kind: String,
    /// Where it goes, for people: `app@localhost:5432/app`, or a path.
    pub address: String,
    /// A label such as `production`.
    pub label: Option<String>,
    /// The settings by key, as `firn.yaml` has them, defaults filled in.
    pub settings: BTreeMap<String, String>,
    /// Whether this kind signs in with a secret.
    pub needs_secret: bool,
    /// Where its secret is: `keyring`, `variable`, `none` or `unknown` (the keyring does not answer).
    pub secret: String,
    /// What it is used for: any of `source`, `target`, `state`.
    pub roles: Vec<String>,
}

/// Adds a connection or replaces its settings.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct ConnectionSave {
    /// The workspace.
    pub folder: String,
    /// The connection's name.
    pub name: String,
    /// Settings by key, `kind` among them.
    pub settings: BTreeMap<String, String>,
    /// A secret to keep in the keyring, where a new one was typed. A connection string that leads to the same place
    /// stands for the password in it.
    pub secret: Option<String>,
    /// Makes it the workspace's `source` or `target`.
    pub role: Option<String>,
}

impl std::fmt::Debug for ConnectionSave {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionSave")
            .field("folder", &self.folder)
            .field("name", &self.name)
            .field("settings", &self.settings)
            .field("secret", &self.secret.as_ref().map(|_| "<redacted>"))
            .field("role", &self.role)
            .finish()
    }
}

/// Names a connection.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConnectionRef {
    /// The workspace.
    pub folder: String,
    /// The connection's name.
    pub name: String,
}

/// Keeps a secret in the keyring.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct ConnectionSecret {
    /// The workspace.
    pub folder: String,
    /// The connection's name.
    pub name: String,
    /// The secret; an empty text removes it.
    pub secret: String,
}

impl std::fmt::Debug for ConnectionSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ConnectionSecret {{ folder: {:?}, name: {:?}, secret: <redacted> }}", self.folder, self.name)
    }
}

/// A URL pasted into the form.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct ConnectionUrl {
    /// `postgresql://user:secret@host:5432/database?sslmode=…`
    pub url: String,
}

impl std::fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConnectionUrl(<redacted>)")
    }
}

/// What a pasted URL fills in. The password stays in the field it was pasted into.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConnectionForm {
    /// Settings by key, `kind` among them.
    pub settings: BTreeMap<String, String>,
    /// Whether the URL held a password.
    pub has_secret: bool,
}

/// The result of a check.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CheckView {
    /// The connection.
    pub name: String,
    /// Whether nothing critical was found.
    pub usable: bool,
    /// Steps in order, each with its fix.
    pub findings: Vec<FindingView>,
    /// How long it took.
    pub seconds: f64,
}

/// All connections.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConnectionsView {
    /// In the file's order.
    pub connections: Vec<ConnectionView>,
}
