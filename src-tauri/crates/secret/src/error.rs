//! What can go wrong with a secret, and the ways out.

use crate::{Identity, variable_name};

/// A failure to read or keep a secret. No variant carries the secret itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// No keyring service answers: there is no session bus, or nothing on it keeps secrets.
    #[error(
        "no keyring is running here, so the password of {identity} cannot be {}; either start one (a desktop session, or \
         gnome-keyring-daemon or KeePassXC under dbus-run-session), or set the variable {}", .action.participle(), way_out(.connection)
    )]
    NoKeyring {
        /// What was wanted.
        action: Action,
        /// Whose secret it was.
        identity: Identity,
        /// The connection's name in the workspace, where it is known.
        connection: Option<String>,
        /// What the system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A keyring runs, but is locked or has no default collection.
    #[error(
        "the keyring is locked or has no default collection, so the password of {identity} cannot be {}; either unlock it \
         (sign in to the desktop, or `gnome-keyring-daemon --unlock`), or set the variable {}", .action.participle(), way_out(.connection)
    )]
    Locked {
        /// What was wanted.
        action: Action,
        /// Whose secret it was.
        identity: Identity,
        /// The connection's name in the workspace, where it is known.
        connection: Option<String>,
        /// What the keyring said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The keyring holds more than one entry for the identity.
    #[error(
        "the keyring holds {count} entries for {identity}, so none of them is used; delete all but one in the keyring's own \
         program (service `firn`), or set the variable {}", way_out(.connection)
    )]
    Ambiguous {
        /// Whose secret it was.
        identity: Identity,
        /// The connection's name in the workspace, where it is known.
        connection: Option<String>,
        /// How many entries match.
        count: usize,
    },
    /// The entry in the keyring is not text.
    #[error("the keyring's entry for {identity} is not text; store it again with `firn connection set-secret {}`", .connection.as_deref().unwrap_or("NAME"))]
    NotText {
        /// Whose secret it was.
        identity: Identity,
        /// The connection's name in the workspace, where it is known.
        connection: Option<String>,
    },
    /// An empty secret was to be stored.
    #[error("an empty password for {identity} was not stored; delete the entry instead if the server asks for none")]
    Empty {
        /// Whose secret it was.
        identity: Identity,
    },
    /// The keyring failed in another way.
    #[error("the keyring failed when the password of {identity} was to be {}; try again, or set the variable {}", .action.participle(), way_out(.connection))]
    Failed {
        /// What was wanted.
        action: Action,
        /// Whose secret it was.
        identity: Identity,
        /// The connection's name in the workspace, where it is known.
        connection: Option<String>,
        /// What the keyring said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What was to be done with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Look it up.
    Read,
    /// Keep it.
    Store,
    /// Forget it.
    Delete,
}

impl Action {
    fn participle(self) -> &'static str {
        match self {
            Self::Read => "looked up",
            Self::Store => "stored",
            Self::Delete => "deleted",
        }
    }
}

impl SecretError {
    /// Adds the connection's name, so that the message names the variable to set.
    #[must_use]
    pub fn for_connection(mut self, name: &str) -> Self {
        match &mut self {
            Self::NoKeyring { connection, .. }
            | Self::Locked { connection, .. }
            | Self::Ambiguous { connection, .. }
            | Self::NotText { connection, .. }
            | Self::Failed { connection, .. } => *connection = Some(name.to_owned()),
            Self::Empty { .. } => {}
        }
        self
    }
}

fn way_out(connection: &Option<String>) -> String {
    connection.as_deref().map_or_else(|| "FIRN_SECRET_<CONNECTION>".to_owned(), variable_name)
}
