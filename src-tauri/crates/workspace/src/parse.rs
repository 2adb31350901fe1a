//! From text to a checked workspace.

use crate::check::{check_no_secrets, check_section};
use crate::environment::EnvConnections;
use crate::keys::DOCUMENT;
use crate::model::Workspace;
use crate::problem::{Problems, WorkspaceError};
use crate::tree::{self, Node};
use crate::{read, rules};

impl Workspace {
    /// Reads and checks a document. `file` is its name for errors; `environment` adds connections that variables define.
    ///
    /// An empty document is a workspace without tables. Connections of the environment stand after the document's own.
    ///
    /// # Errors
    /// Fails with every problem of the document at once, in the order of the file; with the first one only when the text
    /// is not YAML.
    pub fn parse(text: &str, file: &str, environment: &EnvConnections) -> Result<Self, WorkspaceError> {
        let root = read_tree(text, file)?;
        check_tree(root.as_ref(), file, environment)
    }
}

/// Reads the text as YAML.
pub(crate) fn read_tree(text: &str, file: &str) -> Result<Option<Node>, WorkspaceError> {
    tree::read(text).map_err(|error| {
        let mut problems = Problems::new(file);
        problems.add(error.position, "", error.message, "");
        WorkspaceError { problems: problems.into_sorted() }
    })
}

/// Checks a tree and makes a workspace of it.
pub(crate) fn check_tree(
    root: Option<&Node>,
    file: &str,
    environment: &EnvConnections,
) -> Result<Workspace, WorkspaceError> {
    let mut problems = Problems::new(file);
    let mut warnings = Problems::new(file);
    let root = root.filter(|root| !root.is_null());
    let mut workspace = read::workspace(file, root);
    if let Some(root) = root {
        check_section(root, &DOCUMENT, "", &mut problems);
        check_no_secrets(root, "", &mut problems);
        rules::check(root, &workspace, environment, &mut problems, &mut warnings);
    }
    if !problems.is_empty() {
        return Err(WorkspaceError { problems: problems.into_sorted() });
    }
    workspace.connections.extend(environment.connections.iter().cloned());
    workspace.unavailable = environment.unavailable.clone();
    workspace.warnings = warnings.into_sorted();
    Ok(workspace)
}
