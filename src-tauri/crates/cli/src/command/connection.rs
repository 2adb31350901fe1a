//! `firn connection …`

use super::Session;
use crate::args::{Connection, ConnectionAdd};
use crate::{prompt, report};
use firn_api::wire::{
    ConnectionRef, ConnectionSave, ConnectionSecret, ConnectionUrl, ConnectionView, ConnectionsView, ErrorView,
    WorkspaceRef, WorkspaceView,
};
use firn_api::{Firn, Trigger, command, exit};
use std::collections::BTreeMap;

pub(super) async fn run(session: &Session, what: Connection) -> Result<u8, ErrorView> {
    let folder = session.folder_text()?;
    let firn = session.open(Trigger::Cli, None)?;
    let outcome = call(session, &firn, folder, what).await;
    firn.close().await;
    outcome
}

async fn call(session: &Session, firn: &Firn, folder: String, what: Connection) -> Result<u8, ErrorView> {
    let code = match what {
        Connection::List => {
            let view = command::connection_list(firn, WorkspaceRef { folder }).await?;
            session.output.document(&view, report::connections);
            exit::DONE
        }
        Connection::Add(add) => self::add(session, firn, folder, *add).await?,
        Connection::Check { name } => {
            let view = command::connection_check(firn, ConnectionRef { folder, name }).await?;
            session.output.document(&view, report::check);
            exit::of_check(&view)
        }
        Connection::Remove { name } => {
            let view = command::connection_remove(firn, ConnectionRef { folder, name }).await?;
            show_connections(session, view);
            exit::DONE
        }
        Connection::SetSecret { name } => {
            let secret = prompt::secret(&format!("secret of {name}"))?;
            let view = command::connection_set_secret(firn, ConnectionSecret { folder, name, secret }).await?;
            session.output.document(&view, report::secret_kept);
            exit::DONE
        }
    };
    Ok(code)
}

async fn add(session: &Session, firn: &Firn, folder: String, add: ConnectionAdd) -> Result<u8, ErrorView> {
    let name = add.name.clone();
    let mut settings = BTreeMap::new();
    let mut secret = None;
    if let Some(url) = &add.url {
        let piped = url == "-";
        let url = if piped { prompt::secret("connection string")? } else { url.clone() };
        let form = command::connection_parse_url(firn, ConnectionUrl { url: url.clone() }).await?;
        if form.has_secret && !piped {
            return Err(ErrorView::configuration(
                "the password in a command line can be read by everybody on this machine",
            )
            .with_hint("leave it out and type it when asked, or pipe the connection string to --url -"));
        }
        settings = form.settings;
        // The command layer takes the password out of the string by itself.
        secret = form.has_secret.then_some(url);
    }
    settings.extend(settings_of(&add));
    let asks = secret.is_none() && prompt::can_ask() && asks_for_secret(&settings);
    if asks {
        secret =
            Some(prompt::secret(&format!("password of {name} (empty for none)"))?).filter(|typed| !typed.is_empty());
    }
    let request = ConnectionSave {
        folder,
        name: name.clone(),
        settings,
        secret,
        role: add.role.map(|role| role.word().to_owned()),
    };
    let view = command::connection_save(firn, request).await?;
    if let Some(saved) = view.connections.into_iter().find(|connection| connection.name == name) {
        session.output.document(&saved, report::connection_saved);
        if saved.needs_secret && saved.secret == "none" {
            session.output.hint(&format!("firn connection set-secret {name}"));
        }
        session.output.hint(&format!("firn connection check {name}"));
    }
    Ok(exit::DONE)
}

/// The settings named by arguments of their own and by `--set`, which wins.
fn settings_of(add: &ConnectionAdd) -> BTreeMap<String, String> {
    let named = [
        ("kind", add.kind.clone()),
        ("host", add.host.clone()),
        ("port", add.port.map(|port| port.to_string())),
        ("database", add.database.clone()),
        ("user", add.user.clone()),
        ("tls", add.tls.clone()),
        ("ca_file", add.ca_file.clone()),
        ("path", add.path.clone()),
        ("label", add.label.clone()),
        ("color", add.color.clone()),
    ];
    let named = named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    named.chain(add.other.iter().cloned()).collect()
}

/// Files need no password, and a socket's server knows who calls.
fn asks_for_secret(settings: &BTreeMap<String, String>) -> bool {
    let is = |key: &str, words: &[&str]| settings.get(key).is_some_and(|value| words.contains(&value.as_str()));
    let socket = settings.get("host").is_some_and(|host| host.starts_with('/'));
    !is("kind", &["duckdb", "folder"]) && !socket
}

fn show_connections(session: &Session, view: WorkspaceView) {
    let connections: Vec<ConnectionView> = view.connections;
    session.output.document(&ConnectionsView { connections }, report::connections);
}
