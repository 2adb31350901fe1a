//! A store that forgets everything with the process.

use crate::{Identity, Secret, SecretError, SecretStore};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A secret store in memory: for secrets typed for one run only, and for tests.
#[derive(Debug, Default)]
pub struct Memory(Mutex<BTreeMap<Identity, Secret>>);

impl Memory {
    fn entries(&self) -> std::sync::MutexGuard<'_, BTreeMap<Identity, Secret>> {
        // A panic while the map was held cannot leave it half changed: every method makes a single call on it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecretStore for Memory {
    fn get(&self, identity: &Identity) -> Result<Option<Secret>, SecretError> {
        Ok(self.entries().get(identity).cloned())
    }

    fn set(&self, identity: &Identity, secret: &Secret) -> Result<(), SecretError> {
        if secret.is_empty() {
            return Err(SecretError::Empty { identity: identity.clone() });
        }
        self.entries().insert(identity.clone(), secret.clone());
        Ok(())
    }

    fn delete(&self, identity: &Identity) -> Result<bool, SecretError> {
        Ok(self.entries().remove(identity).is_some())
    }
}
