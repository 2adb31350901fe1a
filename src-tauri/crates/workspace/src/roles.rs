//! Which connections a run uses.

use crate::connection::Connection;
use crate::keys::nearest;
use crate::model::Workspace;

/// The connections that a sync uses, after `--source` and `--target`.
#[derive(Clone, Copy, Debug)]
pub struct Roles<'workspace> {
    /// Where tables are read.
    pub source: &'workspace Connection,
    /// Where tables are written.
    pub target: &'workspace Connection,
    /// Where the state tables live.
    pub state: &'workspace Connection,
}

/// A role that no connection plays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RolesError {
    /// Neither the document nor the command names a connection for the role.
    #[error("{file}: no {role} is named; add `{role}: NAME` to the file, or pass --{role} NAME")]
    Unnamed {
        /// The document.
        file: String,
        /// `source` or `target`.
        role: &'static str,
    },
    /// The name that was passed is no connection.
    #[error("there is no connection `{name}` for the {role}{}", hint(.near))]
    Unknown {
        /// The role.
        role: &'static str,
        /// The name that was passed.
        name: String,
        /// The nearest name of a connection.
        near: Option<String>,
    },
    /// The connection comes from variables that are not set.
    #[error(
        "the connection `{name}` for the {role} comes from variables, and {reason}; set them, or pass them with --env-file"
    )]
    Unavailable {
        /// The role.
        role: &'static str,
        /// The connection's name.
        name: String,
        /// What is missing.
        reason: String,
    },
}

fn hint(near: &Option<String>) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => "; `firn connection list` shows them".to_owned(),
    }
}

impl Workspace {
    /// Returns the connections of a sync. `source` and `target` are what the command line named, over the document's own.
    ///
    /// The state lives where the document says, else in the source.
    ///
    /// # Errors
    /// Fails when a role is not named, or by a name that no connection has.
    pub fn roles(&self, source: Option<&str>, target: Option<&str>) -> Result<Roles<'_>, RolesError> {
        let source = self.role("source", source.or(self.source.as_deref()))?;
        let target = self.role("target", target.or(self.target.as_deref()))?;
        let state = match self.state.as_deref() {
            Some(state) => self.role("state", Some(state))?,
            None => source,
        };
        Ok(Roles { source, target, state })
    }

    fn role(&self, role: &'static str, name: Option<&str>) -> Result<&Connection, RolesError> {
        let Some(name) = name else {
            return Err(RolesError::Unnamed { file: self.file.clone(), role });
        };
        if let Some(connection) = self.connection(name) {
            return Ok(connection);
        }
        if let Some(reason) = self.unavailable.get(name) {
            return Err(RolesError::Unavailable { role, name: name.to_owned(), reason: reason.clone() });
        }
        let names = self.connections.iter().map(|connection| connection.name.as_str());
        let near = nearest(name, names).map(str::to_owned);
        Err(RolesError::Unknown { role, name: name.to_owned(), near })
    }
}
