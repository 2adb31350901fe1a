//! Where the secret of a connection is looked for, and in which order.

use crate::{Identity, Secret, SecretError, SecretStore};
use std::collections::BTreeMap;

/// The beginning of the variables that carry a connection's secret.
pub const VARIABLE_PREFIX: &str = "FIRN_SECRET_";

/// Returns the variable that carries the secret of the connection `name`: `app-db` → `FIRN_SECRET_APP_DB`.
///
/// ASCII letters are put in upper case, everything but ASCII letters and digits becomes `_`.
pub fn variable_name(name: &str) -> String {
    let mut variable = String::from(VARIABLE_PREFIX);
    variable.extend(name.chars().map(
        |letter| {
            if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }
        },
    ));
    variable
}

/// Where a secret was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the variable of this name.
    Variable(String),
    /// Beside the connection itself, in the variables or the URL that define it.
    Definition,
    /// In the keyring.
    Keyring,
}

/// The outcome of looking for a secret.
#[derive(Debug)]
pub enum Resolution {
    /// There is one.
    Found {
        /// The secret.
        secret: Secret,
        /// Where it was.
        origin: Origin,
    },
    /// No place holds one. The server may not need any (peer or trust authentication).
    Missing,
    /// No variable holds one and the keyring could not be asked. The caller may still try without a secret, and shows
    /// this error when the server asks for one.
    Unavailable(SecretError),
}

impl Resolution {
    /// Returns the secret when there is one, and drops the rest.
    pub fn into_secret(self) -> Option<Secret> {
        match self {
            Self::Found { secret, .. } => Some(secret),
            Self::Missing | Self::Unavailable(_) => None,
        }
    }
}

/// Finds the secret of a connection: its variable first, then what its definition carried, then the keyring.
pub struct Resolver {
    variables: BTreeMap<String, Secret>,
    definitions: BTreeMap<Identity, Secret>,
    store: Box<dyn SecretStore>,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Resolver")
            .field("variables", &self.variables.keys())
            .field("definitions", &self.definitions.keys())
            .finish_non_exhaustive()
    }
}

impl Resolver {
    /// Makes a resolver over `store` that knows no variable yet.
    pub fn new(store: Box<dyn SecretStore>) -> Self {
        Self { variables: BTreeMap::new(), definitions: BTreeMap::new(), store }
    }

    /// Adds variables; those that do not begin with [`VARIABLE_PREFIX`] and empty ones are left out. Later ones win.
    #[must_use]
    pub fn with_variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        for (name, value) in variables {
            if name.starts_with(VARIABLE_PREFIX) && !value.is_empty() {
                self.variables.insert(name, Secret::new(value));
            }
        }
        self
    }

    /// Adds secrets that came with the definition of a connection, such as the password inside `POSTGRES_DSN`.
    #[must_use]
    pub fn with_definitions(mut self, secrets: impl IntoIterator<Item = (Identity, Secret)>) -> Self {
        self.definitions.extend(secrets);
        self
    }

    /// Looks for the secret of the connection `name`, which signs in as `identity`. May block on the keyring.
    pub fn resolve(&self, name: &str, identity: &Identity) -> Resolution {
        let variable = variable_name(name);
        if let Some(secret) = self.variables.get(&variable) {
            return Resolution::Found { secret: secret.clone(), origin: Origin::Variable(variable) };
        }
        if let Some(secret) = self.definitions.get(identity) {
            return Resolution::Found { secret: secret.clone(), origin: Origin::Definition };
        }
        match self.store.get(identity) {
            Ok(Some(secret)) => Resolution::Found { secret, origin: Origin::Keyring },
            Ok(None) => Resolution::Missing,
            Err(error) => Resolution::Unavailable(error.for_connection(name)),
        }
    }

    /// Keeps the secret of the connection `name` in the store behind the variables.
    ///
    /// # Errors
    /// Fails as [`SecretStore::set`] does; the error names the connection's variable.
    pub fn store(&self, name: &str, identity: &Identity, secret: &Secret) -> Result<(), SecretError> {
        self.store.set(identity, secret).map_err(|error| error.for_connection(name))
    }

    /// Forgets the secret of the connection `name` in the store; tells whether there was one.
    ///
    /// # Errors
    /// Fails as [`SecretStore::delete`] does; the error names the connection's variable.
    pub fn forget(&self, name: &str, identity: &Identity) -> Result<bool, SecretError> {
        self.store.delete(identity).map_err(|error| error.for_connection(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    fn identity(host: &str) -> Identity {
        Identity::new("postgres", "app", host, 5432)
    }

    fn found(resolution: Resolution) -> (String, Origin) {
        match resolution {
            Resolution::Found { secret, origin } => (secret.expose().to_owned(), origin),
            other => panic!("expected a secret, got {other:?}"),
        }
    }

    #[test]
    fn the_variable_wins_over_the_definition_and_that_over_the_keyring() {
        let memory = Memory::default();
        memory.set(&identity("db"), &Secret::new("kept")).unwrap();
        let resolver = Resolver::new(Box::new(memory));
        assert_eq!(found(resolver.resolve("app-db", &identity("db"))), ("kept".into(), Origin::Keyring));
        let resolver = resolver.with_definitions([(identity("db"), Secret::new("dsn"))]);
        assert_eq!(found(resolver.resolve("app-db", &identity("db"))), ("dsn".into(), Origin::Definition));
        let resolver = resolver.with_variables([("FIRN_SECRET_APP_DB".to_owned(), "typed".to_owned())]);
        assert_eq!(
            found(resolver.resolve("app-db", &identity("db"))),
            ("typed".into(), Origin::Variable("FIRN_SECRET_APP_DB".into()))
        );
    }

    #[test]
    fn a_changed_host_does_not_get_the_stored_password() {
        let memory = Memory::default();
        memory.set(&identity("db"), &Secret::new("kept")).unwrap();
        let resolver = Resolver::new(Box::new(memory)).with_definitions([(identity("db"), Secret::new("dsn"))]);
        assert!(matches!(resolver.resolve("app_db", &identity("evil")), Resolution::Missing));
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let resolver =
            Resolver::new(Box::new(Memory::default())).with_variables([("FIRN_SECRET_A".to_owned(), String::new())]);
        assert!(matches!(resolver.resolve("a", &identity("db")), Resolution::Missing));
    }

    #[test]
    fn variable_names_are_upper_case_letters_digits_and_underscores() {
        assert_eq!(variable_name("app-db.2"), "FIRN_SECRET_APP_DB_2");
        assert_eq!(variable_name("größe"), "FIRN_SECRET_GR__E");
    }

    #[test]
    fn the_resolver_prints_names_only() {
        let resolver = Resolver::new(Box::new(Memory::default()))
            .with_variables([("FIRN_SECRET_A".to_owned(), "hunter2".to_owned())])
            .with_definitions([(identity("db"), Secret::new("hunter2"))]);
        assert!(!format!("{resolver:?}").contains("hunter2"));
    }
}
