//! The operating system's keyring.

use crate::{Action, Identity, Secret, SecretError, SecretStore};
use keyring::v1::{Entry, Error};

/// The service name under which every entry is kept.
pub const SERVICE: &str = "firn";

/// The operating system's keyring: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
///
/// One entry a connection identity, service [`SERVICE`]. Calls block on the session bus (or on the person who is asked
/// to unlock), and the bus is looked for once a process: a keyring started later is seen by the next process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keyring;

impl Keyring {
    fn entry(action: Action, identity: &Identity) -> Result<Entry, SecretError> {
        Entry::new(SERVICE, identity.as_str()).map_err(|error| {
            match (error, Entry::store_status()) {
                // The error itself says nothing; the first attempt to reach the store keeps the reason.
                (Error::NoDefaultStore, Err(reason)) => SecretError::NoKeyring {
                    action,
                    identity: identity.clone(),
                    connection: None,
                    source: Box::new(reason),
                },
                (error, _) => classify(action, identity, error),
            }
        })
    }
}

impl SecretStore for Keyring {
    fn get(&self, identity: &Identity) -> Result<Option<Secret>, SecretError> {
        match Self::entry(Action::Read, identity)?.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(classify(Action::Read, identity, error)),
        }
    }

    fn set(&self, identity: &Identity, secret: &Secret) -> Result<(), SecretError> {
        if secret.is_empty() {
            return Err(SecretError::Empty { identity: identity.clone() });
        }
        Self::entry(Action::Store, identity)?
            .set_password(secret.expose())
            .map_err(|error| classify(Action::Store, identity, error))
    }

    fn delete(&self, identity: &Identity) -> Result<bool, SecretError> {
        match Self::entry(Action::Delete, identity)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(classify(Action::Delete, identity, error)),
        }
    }
}

fn classify(action: Action, identity: &Identity, error: Error) -> SecretError {
    let identity = identity.clone();
    let connection = None;
    match error {
        Error::NoDefaultStore => SecretError::NoKeyring { action, identity, connection, source: Box::new(error) },
        Error::NoStorageAccess(_) => SecretError::Locked { action, identity, connection, source: Box::new(error) },
        Error::Ambiguous(entries) => SecretError::Ambiguous { identity, connection, count: entries.len() },
        // Both carry the bytes of the secret: they are dropped here rather than kept as a source.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => SecretError::NotText { identity, connection },
        error => SecretError::Failed { action, identity, connection, source: Box::new(error) },
    }
}
