//! The service's own secrets: the listener's token and the webhook's address. A variable first, then the keyring.

use super::webhook;
use crate::Firn;
use crate::wire::{ErrorView, ServeSecretKind, ServeSecretSet, ServeSecretsView};
use firn_secret::{Identity, Secret, SecretError};
use std::sync::Arc;

/// Fewest bytes of a token.
pub(super) const SHORTEST_TOKEN: usize = 16;

/// Returns the variable that carries a secret.
pub(super) fn variable(kind: ServeSecretKind) -> &'static str {
    match kind {
        ServeSecretKind::Token => "FIRN_SERVE_TOKEN",
        ServeSecretKind::Webhook => "FIRN_SERVE_WEBHOOK",
    }
}

/// Returns the entry of the keyring.
fn identity(kind: ServeSecretKind) -> Identity {
    let user = match kind {
        ServeSecretKind::Token => "token",
        ServeSecretKind::Webhook => "webhook",
    };
    Identity::new("serve", user, "localhost", 0)
}

/// Returns the secret of the variable, where that is set.
pub(super) fn given(firn: &Firn, kind: ServeSecretKind) -> Option<Secret> {
    let value = firn.inner.options.variables.get(variable(kind)).filter(|value| !value.is_empty());
    value.map(|value| Secret::new(value.clone()))
}

/// Looks for a secret. A machine without a keyring has none in it.
///
/// # Errors
/// `keyring` where there is one and it does not answer, with the variable as the way out.
pub(super) async fn find(firn: &Firn, kind: ServeSecretKind) -> Result<Option<Secret>, ErrorView> {
    if let Some(given) = given(firn, kind) {
        return Ok(Some(given));
    }
    match ask(firn, kind, Ask::Get).await {
        Ok(found) => Ok(found),
        Err(SecretError::NoKeyring { .. }) => Ok(None),
        Err(error) => Err(explained(kind, error)),
    }
}

/// Keeps a secret in the keyring, or forgets it where the text is empty.
///
/// # Errors
/// `configuration` for a token that is too short or an address that cannot be used; `keyring` with both ways out.
pub(crate) async fn set(firn: &Firn, request: ServeSecretSet) -> Result<ServeSecretsView, ErrorView> {
    let ServeSecretSet { kind, secret } = request;
    let secret = Secret::new(secret.trim().to_owned());
    let ask_for = if secret.is_empty() {
        Ask::Forget
    } else {
        match kind {
            ServeSecretKind::Token => check_token(&secret)?,
            ServeSecretKind::Webhook => webhook::check(&secret).map(drop)?,
        }
        Ask::Keep(secret)
    };
    ask(firn, kind, ask_for).await.map_err(|error| explained(kind, error))?;
    show(firn).await
}

/// Says where each secret is.
async fn show(firn: &Firn) -> Result<ServeSecretsView, ErrorView> {
    let place = async |kind| match (given(firn, kind), ask(firn, kind, Ask::Get).await) {
        (Some(_), _) => "variable",
        (None, Ok(Some(_))) => "keyring",
        (None, Ok(None)) => "none",
        (None, Err(_)) => "unknown",
    };
    Ok(ServeSecretsView {
        token: place(ServeSecretKind::Token).await.to_owned(),
        webhook: place(ServeSecretKind::Webhook).await.to_owned(),
    })
}

/// Makes sure that a token is long enough.
///
/// # Errors
/// `configuration`.
pub(super) fn check_token(token: &Secret) -> Result<(), ErrorView> {
    if token.expose().len() < SHORTEST_TOKEN {
        return Err(ErrorView::configuration("the token of the listener is too short").with_hint(token_hint()));
    }
    Ok(())
}

/// Says how a token is set.
pub(super) fn token_hint() -> String {
    format!(
        "keep one of at least {SHORTEST_TOKEN} characters that nobody can guess with `firn serve --set-token`, or set the \
         variable {}",
        variable(ServeSecretKind::Token)
    )
}

enum Ask {
    Get,
    Keep(Secret),
    Forget,
}

async fn ask(firn: &Firn, kind: ServeSecretKind, what: Ask) -> Result<Option<Secret>, SecretError> {
    let store = Arc::clone(&firn.inner.options.secrets);
    let asked = tokio::task::spawn_blocking(move || match what {
        Ask::Get => store.get(&identity(kind)),
        Ask::Keep(secret) => store.set(&identity(kind), &secret).map(|()| None),
        Ask::Forget => store.delete(&identity(kind)).map(|_| None),
    });
    // A panic of the keyring's library is the caller's as well.
    asked.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// Says what is wrong with the keyring, and the other way out.
fn explained(kind: ServeSecretKind, error: SecretError) -> ErrorView {
    let message = match &error {
        SecretError::NoKeyring { .. } => "no keyring is running here".to_owned(),
        SecretError::Locked { .. } => "the keyring is locked or has no default collection".to_owned(),
        other => other.to_string(),
    };
    let hint = format!("start or unlock the keyring, or set the variable {}", variable(kind));
    ErrorView { message, ..ErrorView::from(error) }.with_hint(hint)
}
