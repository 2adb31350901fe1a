//! Connections: list, save, remove, check, secrets.

use super::workspace::{connection_view, connections, open};
use crate::wire::{
    CheckView, ConnectionForm, ConnectionRef, ConnectionSave, ConnectionSecret, ConnectionUrl, ConnectionView,
    ConnectionsView, ErrorView, WorkspaceRef, WorkspaceView,
};
use crate::{Firn, check, view};
use firn_secret::Secret;
use firn_workspace::{Connection, EnvConnections, Settings, Workspace};
use std::collections::BTreeMap;
use std::time::Instant;

/// Lists a workspace's connections, those of the environment among them.
///
/// # Errors
/// `configuration` with the document's problems.
pub async fn connection_list(firn: &Firn, request: WorkspaceRef) -> Result<ConnectionsView, ErrorView> {
    let folder = firn.read(&request.folder)?;
    let trusted = firn.is_trusted(&folder.name).await?;
    Ok(ConnectionsView { connections: connections(firn, folder.sound()?, trusted).await? })
}

/// Adds a connection or replaces its settings, and keeps its secret where one came along.
///
/// # Errors
/// `configuration` for settings that make no connection; `keyring` where the secret cannot be kept, when the settings
/// are saved already and the message says so.
pub async fn connection_save(firn: &Firn, request: ConnectionSave) -> Result<WorkspaceView, ErrorView> {
    let connection = typed(&request.name, &request.settings)?;
    let folder = firn.read(&request.folder)?.name;
    if let Some(role) = &request.role
        && !["source", "target", "state"].contains(&role.as_str())
    {
        return Err(ErrorView::configuration(format!("there is no role `{role}`"))
            .with_hint("the roles are source, target and state"));
    }
    firn.edit(&folder, |document| {
        document.set_connection(&connection)?;
        match &request.role {
            Some(role) => document.set_scalar(&[role.as_str().into()], request.name.as_str()),
            None => Ok(()),
        }
    })?;
    if let Some(secret) = request.secret.filter(|secret| !secret.is_empty()) {
        firn.keep_secret(&connection, password_of(secret, &connection)).await.map_err(|error| {
            let message = format!("the settings of {} are saved, its password is not: {}", request.name, error.message);
            ErrorView { message, ..error }
        })?;
    }
    open(firn, &folder).await
}

/// Takes the password out of a connection string that leads where the connection leads; any other text is the secret itself.
fn password_of(secret: String, connection: &Connection) -> Secret {
    let url = firn_workspace::ConnectionUrl::parse(&secret).ok();
    let place = |settings: &Settings| match settings {
        Settings::Postgres(postgres) => Some((postgres.host.clone(), postgres.port, postgres.user.clone())),
        _ => None,
    };
    match url {
        Some(url) if place(&url.settings) == place(&connection.settings) => {
            url.secret.unwrap_or_else(|| Secret::new(secret))
        }
        _ => Secret::new(secret),
    }
}

/// Makes a connection of its settings by key; the rules are those of the document.
fn typed(name: &str, settings: &BTreeMap<String, String>) -> Result<Connection, ErrorView> {
    let value = |key: &str, text: &str| match (key, text.parse::<u64>(), text.parse::<bool>()) {
        ("port", Ok(number), _) => serde_json::Value::from(number),
        ("trust_server_certificate", _, Ok(flag)) => serde_json::Value::from(flag),
        _ => serde_json::Value::from(text),
    };
    // An empty field of a form is a setting that is not set.
    let given = settings.iter().filter(|(_, text)| !text.is_empty());
    let settings: serde_json::Map<_, _> = given.map(|(key, text)| (key.clone(), value(key, text))).collect();
    // JSON is YAML: the settings are read as a document of their own.
    let document = serde_json::json!({ "connections": { name: settings } }).to_string();
    let parsed = Workspace::parse(&document, "", &EnvConnections::default());
    let workspace = parsed.map_err(|error| refused(name, &error))?;
    workspace.connections.into_iter().next().ok_or_else(|| ErrorView::configuration(format!("{name} has no settings")))
}

/// Says what is wrong with settings in a form, where lines and columns mean nothing.
fn refused(name: &str, error: &firn_workspace::WorkspaceError) -> ErrorView {
    let prefix = format!("connections.{name}");
    let about = |problem: &firn_workspace::Problem| {
        let key = problem.path.strip_prefix(&prefix).unwrap_or(&problem.path).trim_start_matches('.');
        if key.is_empty() { problem.message.clone() } else { format!("{key}: {}", problem.message) }
    };
    let all: Vec<String> = error.problems.iter().map(about).collect();
    let refused = ErrorView::configuration(format!("{name}: {}", all.join("; ")));
    // With several problems nobody could tell which of them a hint is about.
    match error.problems.as_slice() {
        [firn_workspace::Problem { hint: Some(hint), .. }] => refused.with_hint(hint),
        _ => refused,
    }
}

/// Removes a connection. Its secret stays in the keyring: another workspace may use it.
///
/// # Errors
/// `configuration` for a name that no connection of the document has, or that the document refers to.
pub async fn connection_remove(firn: &Firn, request: ConnectionRef) -> Result<WorkspaceView, ErrorView> {
    let document = firn.read(&request.folder)?;
    if let Ok(workspace) = &document.parsed {
        let roles = [("source", &workspace.source), ("target", &workspace.target), ("state", &workspace.state)];
        if let Some((role, _)) = roles.into_iter().find(|(_, name)| name.as_deref() == Some(request.name.as_str())) {
            let message = format!("{} is the {role} of this workspace", request.name);
            return Err(
                ErrorView::configuration(message).with_hint(format!("name another connection as `{role}` first"))
            );
        }
    }
    firn.edit(&request.folder, |document| document.remove_connection(&request.name))?;
    let folder = firn.read(&request.folder)?.name;
    open(firn, &folder).await
}

/// Checks a connection step by step.
///
/// # Errors
/// `untrusted`, and `configuration` for a name that no connection has. What the check finds is its result.
pub async fn connection_check(firn: &Firn, request: ConnectionRef) -> Result<CheckView, ErrorView> {
    let began = Instant::now();
    let usable = firn.usable(&request.folder).await?;
    let connection = find(&usable.workspace, &request.name)?;
    let findings = check::connection(firn, &usable, connection).await?;
    Ok(CheckView {
        name: request.name,
        usable: findings.iter().all(|finding| finding.level != firn_connector::Level::Critical),
        findings: findings.iter().map(view::finding).collect(),
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// Keeps a connection's secret in the keyring; an empty one is forgotten.
///
/// # Errors
/// `keyring` with both ways out; `configuration` for a name that no connection has, or whose kind has no secret.
pub async fn connection_set_secret(firn: &Firn, request: ConnectionSecret) -> Result<ConnectionView, ErrorView> {
    let folder = firn.read(&request.folder)?;
    let workspace = folder.sound()?;
    let connection = find(workspace, &request.name)?;
    firn.keep_secret(connection, Secret::new(request.secret)).await?;
    let trusted = firn.is_trusted(&folder.name).await?;
    connection_view(firn, workspace, connection, trusted).await
}

/// Takes a pasted connection string apart. Its password does not come back.
///
/// # Errors
/// `configuration` for a text that is no connection string.
pub async fn connection_parse_url(_firn: &Firn, request: ConnectionUrl) -> Result<ConnectionForm, ErrorView> {
    let url = firn_workspace::ConnectionUrl::parse(&request.url)
        .map_err(|error| ErrorView::configuration(error.to_string()))?;
    let connection = Connection { name: String::new(), label: None, color: None, settings: url.settings };
    Ok(ConnectionForm { settings: view::settings(&connection), has_secret: url.secret.is_some() })
}

fn find<'w>(workspace: &'w Workspace, name: &str) -> Result<&'w Connection, ErrorView> {
    workspace.connection(name).ok_or_else(|| {
        let known: Vec<&str> = workspace.connections.iter().map(|connection| connection.name.as_str()).collect();
        let error = ErrorView::configuration(format!("there is no connection `{name}`"));
        if known.is_empty() { error } else { error.with_hint(format!("the connections are {}", known.join(", "))) }
    })
}
