//! Connections that variables define: `env_postgres`, `env_snowflake`, `env_s3` and `env_archive`.

use crate::connection::{Connection, Postgres, S3, Settings, Snowflake};
use crate::url::{ConnectionUrl, TlsDefaults};
use crate::words::{SnowflakeAuth, Tls};
use firn_secret::{Identity, Secret};
use std::collections::BTreeMap;

/// The name of the connection that `POSTGRES_DSN` or `PG_HOST` and its companions define.
pub const ENV_POSTGRES: &str = "env_postgres";
/// The name of the connection that `SNOWFLAKE_ACCOUNT` and its companions define.
pub const ENV_SNOWFLAKE: &str = "env_snowflake";
/// The name of the connection that `S3_BUCKET` and its companions define.
pub const ENV_S3: &str = "env_s3";
/// The name of the connection that `KESTRA_POSTGRES_HOST` and its companions define.
pub const ENV_ARCHIVE: &str = "env_archive";

/// The connections that a set of variables defines, with their secrets apart.
///
/// Variables that do not make up a whole connection are no error by themselves: a workspace may never mention it. The
/// reason is kept and shown where the connection is referred to.
#[derive(Clone, Debug, Default)]
pub struct EnvConnections {
    /// The connections, ready for [`crate::Workspace::parse`].
    pub connections: Vec<Connection>,
    /// The secrets by what they are bound to, ready for the resolver.
    pub secrets: BTreeMap<Identity, Secret>,
    /// Why a connection is not there, by its name.
    pub unavailable: BTreeMap<String, String>,
}

impl EnvConnections {
    /// Reads the variables of an environment or an `--env-file`; a later one of the same name wins, an empty one is unset.
    ///
    /// `PGSSLMODE` and `PGSSLROOTCERT` set the TLS of Postgres connections that do not name their own, as in psql.
    pub fn from_vars(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = Variables(variables.into_iter().collect());
        let mut found = Self::default();
        found.add(ENV_POSTGRES, postgres(&variables));
        found.add(ENV_SNOWFLAKE, snowflake(&variables));
        found.add(ENV_S3, s3(&variables));
        found.add(ENV_ARCHIVE, archive(&variables));
        found
    }

    fn add(&mut self, name: &str, outcome: Result<(Settings, Option<Secret>), String>) {
        match outcome {
            Ok((settings, secret)) => {
                let connection = Connection { name: name.to_owned(), label: None, color: None, settings };
                self.secrets.extend(connection.identity().zip(secret));
                self.connections.push(connection);
            }
            Err(reason) => {
                self.unavailable.insert(name.to_owned(), reason);
            }
        }
    }
}

struct Variables(BTreeMap<String, String>);

impl Variables {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.trim().is_empty()).cloned()
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name).map(Secret::new)
    }

    fn need(&self, name: &str) -> Result<String, String> {
        self.get(name).ok_or_else(|| format!("the variable {name} is not set"))
    }

    fn port(&self, name: &str) -> Result<u16, String> {
        match self.get(name) {
            None => Ok(5432),
            Some(port) => {
                let number = port.trim().parse().ok().filter(|port| *port > 0);
                number.ok_or_else(|| format!("the variable {name} is not a port from 1 to 65535"))
            }
        }
    }

    fn tls(&self) -> TlsDefaults {
        TlsDefaults { sslmode: self.get("PGSSLMODE"), sslrootcert: self.get("PGSSLROOTCERT") }
    }
}

type Outcome = Result<(Settings, Option<Secret>), String>;

fn postgres(variables: &Variables) -> Outcome {
    if let Some(dsn) = variables.get("POSTGRES_DSN") {
        let url = ConnectionUrl::parse_with_tls(&dsn, Some(&variables.tls()))
            .map_err(|error| format!("the variable POSTGRES_DSN cannot be read: {error}"))?;
        return Ok((url.settings, url.secret));
    }
    let names = ["PG_HOST", "PG_PORT", "PG_DB", "PG_USER", "PG_PASS"];
    if variables.get("PG_HOST").is_none() {
        return Err("neither POSTGRES_DSN nor PG_HOST is set".to_owned());
    }
    server(variables, names)
}

fn archive(variables: &Variables) -> Outcome {
    server(
        variables,
        [
            "KESTRA_POSTGRES_HOST",
            "KESTRA_POSTGRES_PORT",
            "KESTRA_POSTGRES_DB",
            "KESTRA_POSTGRES_USER",
            "KESTRA_POSTGRES_PASSWORD",
        ],
    )
}

/// Makes a Postgres connection of the variables for host, port, database, user and password.
fn server(variables: &Variables, [host, port, database, user, password]: [&str; 5]) -> Outcome {
    let host = variables.need(host)?;
    let user = variables.need(user)?;
    let defaults = variables.tls();
    let tls = match defaults.sslmode {
        _ if host.starts_with('/') => Tls::Disable,
        None => Tls::VerifyFull,
        Some(mode) => {
            let words = || format!("the variable PGSSLMODE is none of {}", Tls::WORDS.join(", "));
            Tls::from_word(mode.trim()).ok_or_else(words)?
        }
    };
    let postgres = Postgres {
        port: variables.port(port)?,
        database: variables.get(database).unwrap_or_else(|| user.clone()),
        ca_file: defaults.sslrootcert.filter(|file| file != "system"),
        host,
        user,
        tls,
        primary: None,
    };
    Ok((Settings::Postgres(postgres), variables.secret(password)))
}

fn snowflake(variables: &Variables) -> Outcome {
    let snowflake = Snowflake {
        account: variables.need("SNOWFLAKE_ACCOUNT")?,
        user: variables.need("SNOWFLAKE_USER")?,
        role: variables.get("SNOWFLAKE_ROLE"),
        warehouse: variables.get("SNOWFLAKE_WAREHOUSE"),
        database: variables.need("SNOWFLAKE_DATABASE")?,
        schema: variables.get("SNOWFLAKE_SCHEMA").unwrap_or_else(|| "PUBLIC".to_owned()),
        auth: SnowflakeAuth::Password,
        endpoint: None,
    };
    Ok((Settings::Snowflake(snowflake), variables.secret("SNOWFLAKE_PASSWORD")))
}

fn s3(variables: &Variables) -> Outcome {
    let s3 = S3 {
        bucket: variables.need("S3_BUCKET")?,
        region: variables.get("S3_REGION"),
        endpoint: variables.get("S3_ENDPOINT"),
        access_key_id: variables.get("S3_ACCESS_KEY"),
    };
    Ok((Settings::S3(s3), variables.secret("S3_SECRET")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> EnvConnections {
        EnvConnections::from_vars(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn postgres_of(found: &EnvConnections, name: &str) -> Postgres {
        match &found.connections.iter().find(|connection| connection.name == name).unwrap().settings {
            Settings::Postgres(postgres) => postgres.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_seeds_variables_define_four_connections_with_their_secrets_apart() {
        let found = from(&[
            ("PG_HOST", "db"),
            ("PG_USER", "app"),
            ("PG_PASS", "pg-secret"),
            ("PG_DB", "shop"),
            ("PG_PORT", "6432"),
            ("SNOWFLAKE_USER", "L"),
            ("SNOWFLAKE_PASSWORD", "sf-secret"),
            ("SNOWFLAKE_ACCOUNT", "o-a"),
            ("SNOWFLAKE_WAREHOUSE", "XS"),
            ("SNOWFLAKE_DATABASE", "D"),
            ("SNOWFLAKE_SCHEMA", "S"),
            ("S3_ACCESS_KEY", "AKIA"),
            ("S3_SECRET", "s3-secret"),
            ("S3_BUCKET", "lake"),
            ("KESTRA_POSTGRES_HOST", "k"),
            ("KESTRA_POSTGRES_PORT", "5433"),
            ("KESTRA_POSTGRES_DB", "kestra"),
            ("KESTRA_POSTGRES_USER", "kestra"),
            ("KESTRA_POSTGRES_PASSWORD", "k-secret"),
        ]);
        let names: Vec<_> = found.connections.iter().map(|connection| connection.name.as_str()).collect();
        assert_eq!(names, [ENV_POSTGRES, ENV_SNOWFLAKE, ENV_S3, ENV_ARCHIVE]);
        assert!(found.unavailable.is_empty());
        let secret = |name: &str| {
            let connection = found.connections.iter().find(|connection| connection.name == name).unwrap();
            found.secrets[&connection.identity().unwrap()].expose().to_owned()
        };
        assert_eq!(secret(ENV_POSTGRES), "pg-secret");
        assert_eq!(secret(ENV_SNOWFLAKE), "sf-secret");
        assert_eq!(secret(ENV_S3), "s3-secret");
        assert_eq!(secret(ENV_ARCHIVE), "k-secret");
        assert!(!format!("{found:?}").contains("-secret"));
        assert_eq!(postgres_of(&found, ENV_POSTGRES).port, 6432);
    }

    #[test]
    fn a_dsn_wins_over_the_single_variables_and_psqls_tls_variables_fill_in() {
        let found = from(&[
            ("POSTGRES_DSN", "postgresql://app:x@dsn/shop"),
            ("PG_HOST", "other"),
            ("PG_USER", "u"),
            ("PGSSLMODE", "disable"),
        ]);
        let postgres = postgres_of(&found, ENV_POSTGRES);
        assert_eq!((postgres.host.as_str(), postgres.tls), ("dsn", Tls::Disable));
        let found = from(&[("POSTGRES_DSN", "postgresql://app:x@dsn/shop?sslmode=require"), ("PGSSLMODE", "disable")]);
        assert_eq!(postgres_of(&found, ENV_POSTGRES).tls, Tls::Require);
    }

    #[test]
    fn what_is_missing_is_named_without_any_value() {
        let found = from(&[
            ("POSTGRES_DSN", "postgresql://app:hunter2@db:x/shop"),
            ("SNOWFLAKE_USER", "L"),
            ("SNOWFLAKE_PASSWORD", "hunter2"),
            ("KESTRA_POSTGRES_HOST", "k"),
            ("KESTRA_POSTGRES_USER", "k"),
            ("KESTRA_POSTGRES_PORT", "hunter2"),
        ]);
        assert!(found.connections.is_empty());
        assert!(found.unavailable[ENV_POSTGRES].contains("POSTGRES_DSN"));
        assert!(found.unavailable[ENV_SNOWFLAKE].contains("SNOWFLAKE_ACCOUNT"));
        assert!(found.unavailable[ENV_S3].contains("S3_BUCKET"));
        assert!(found.unavailable[ENV_ARCHIVE].contains("KESTRA_POSTGRES_PORT"));
        assert!(!format!("{found:?}").contains("hunter2"));
    }
}
