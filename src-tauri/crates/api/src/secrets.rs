//! Secrets of connections: looked for on a blocking thread, bound to where they are sent.

use crate::Firn;
use crate::wire::{ErrorView, KeyringView};
use firn_secret::{Identity, Origin, Resolution, Secret, SecretError};
use firn_workspace::Connection;
use std::sync::Arc;
use std::time::Duration;

/// How long the keyring is waited for before the first screen is shown without it.
const PATIENCE: Duration = Duration::from_secs(2);

impl Firn {
    /// Looks for the secret of a connection; `None` for kinds that have none.
    pub(crate) async fn secret(&self, connection: &Connection) -> Result<Option<Resolution>, ErrorView> {
        let Some(identity) = connection.identity() else { return Ok(None) };
        let (resolver, name) = (Arc::clone(&self.inner.resolver), connection.name.clone());
        let found = tokio::task::spawn_blocking(move || resolver.resolve(&name, &identity)).await;
        found.map(Some).map_err(gone)
    }

    /// Returns where the secret of a connection is, in the words of the wire.
    pub(crate) async fn secret_place(&self, connection: &Connection) -> Result<&'static str, ErrorView> {
        Ok(match self.secret(connection).await? {
            None | Some(Resolution::Missing) => "none",
            Some(Resolution::Found { origin: Origin::Keyring, .. }) => "keyring",
            Some(Resolution::Found { origin: Origin::Variable(_) | Origin::Definition, .. }) => "variable",
            Some(Resolution::Unavailable(_)) => "unknown",
        })
    }

    /// Keeps the secret of a connection in the keyring, or forgets it where the text is empty.
    pub(crate) async fn keep_secret(&self, connection: &Connection, secret: Secret) -> Result<(), ErrorView> {
        let Some(identity) = connection.identity() else {
            let message = format!(
                "the connection {} is of the kind {}, which has no secret",
                connection.name,
                connection.settings.kind()
            );
            return Err(ErrorView::configuration(message));
        };
        let (resolver, name) = (Arc::clone(&self.inner.resolver), connection.name.clone());
        let kept = tokio::task::spawn_blocking(move || {
            if secret.is_empty() {
                resolver.forget(&name, &identity).map(drop)
            } else {
                resolver.store(&name, &identity, &secret)
            }
        });
        Ok(kept.await.map_err(gone)??)
    }

    /// Returns whether the keyring answers. Asks for an entry that is never there, which needs no unlocking.
    pub(crate) async fn keyring(&self) -> KeyringView {
        let store = Arc::clone(&self.inner.options.secrets);
        let asked = tokio::task::spawn_blocking(move || store.get(&Identity::new("firn", "nobody", "nowhere", 0)));
        let message = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Ok(_))) => None,
            Ok(Ok(Err(error))) => Some(explain(&error)),
            Ok(Err(panic)) => Some(panic.to_string()),
            Err(_) => Some(format!("the keyring does not answer within {} seconds", PATIENCE.as_secs())),
        };
        KeyringView { available: message.is_none(), message }
    }
}

/// Says what is wrong with the keyring as such, without the connection that was asked for.
fn explain(error: &SecretError) -> String {
    match error {
        SecretError::NoKeyring { .. } => {
            "no keyring is running here, so passwords cannot be kept: start one (a desktop session, or \
            gnome-keyring-daemon or KeePassXC), or give each password in a variable FIRN_SECRET_<CONNECTION>"
                .to_owned()
        }
        SecretError::Locked { .. } => {
            "the keyring is locked, so passwords cannot be kept: unlock it, or give each password in a \
            variable FIRN_SECRET_<CONNECTION>"
                .to_owned()
        }
        other => other.to_string(),
    }
}

fn gone(panic: tokio::task::JoinError) -> ErrorView {
    ErrorView::other(format!("the keyring could not be asked: {panic}"))
}
