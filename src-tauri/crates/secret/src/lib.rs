//! Secrets of connections: how they are held in memory, where they are kept, and how one is found for a connection.
//!
//! Three rooms: [`Secret`] (a value that cannot be printed or serialised), [`SecretStore`] with the operating system's
//! [`Keyring`], and the [`Resolver`] that looks into variables first and into the keyring last.
//!
//! The crate reads no environment variable, file or home directory itself: variables are handed in. Calls to the
//! keyring block on the session bus, so an async caller runs them on a blocking thread.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
mod identity;
mod keyring_store;
mod memory;
mod resolver;
mod secret;

pub use error::{Action, SecretError};
pub use identity::Identity;
pub use keyring_store::{Keyring, SERVICE};
pub use memory::Memory;
pub use resolver::{Origin, Resolution, Resolver, VARIABLE_PREFIX, variable_name};
pub use secret::Secret;

/// A place that keeps one secret for each connection identity.
///
/// Callers are the [`Resolver`] (reading) and the command layer (writing, after the person asked for it). Every method
/// may block for as long as the store takes to unlock itself. A store never hands out a secret kept under another
/// identity, and never writes a secret anywhere but into itself.
pub trait SecretStore: Send + Sync {
    /// Returns the secret kept for `identity`, or `None` when there is none.
    ///
    /// # Errors
    /// Fails when the store cannot be reached or is locked; the error names the ways out.
    fn get(&self, identity: &Identity) -> Result<Option<Secret>, SecretError>;

    /// Keeps `secret` for `identity`, in place of an earlier one.
    ///
    /// # Errors
    /// Fails when the store cannot be reached, is locked, or refuses the value.
    fn set(&self, identity: &Identity, secret: &Secret) -> Result<(), SecretError>;

    /// Forgets the secret kept for `identity`; tells whether there was one.
    ///
    /// # Errors
    /// Fails when the store cannot be reached or is locked.
    fn delete(&self, identity: &Identity) -> Result<bool, SecretError>;
}
