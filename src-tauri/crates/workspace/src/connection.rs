//! Connections: what a workspace says about a server, a file or a bucket. Secrets are never part of them.

use crate::words::{Color, SnowflakeAuth, SqlServerTls, Tls};
use firn_secret::Identity;

/// A named connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The name by which the rest of the workspace refers to it.
    pub name: String,
    /// A word shown beside it; `production` guards writes.
    pub label: Option<String>,
    /// The colour that marks it wherever it is named.
    pub color: Option<Color>,
    /// What it leads to.
    pub settings: Settings,
}

/// What a connection leads to, by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settings {
    /// A PostgreSQL database.
    Postgres(Postgres),
    /// An embedded DuckDB warehouse.
    DuckDb(DuckDb),
    /// A Snowflake account.
    Snowflake(Snowflake),
    /// A SQL Server database.
    SqlServer(SqlServer),
    /// A bucket of an S3 service.
    S3(S3),
    /// A folder of files.
    Folder(Folder),
}

/// A PostgreSQL database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// The host's name or address, or the folder of its socket when it begins with `/`.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The role that signs in.
    pub user: String,
    /// How the connection is encrypted and the server checked; [`Tls::Disable`] for a socket.
    pub tls: Tls,
    /// A PEM file of trusted certificates in place of the system's; relative to the workspace's folder.
    pub ca_file: Option<String>,
    /// The name of the connection to the primary, when this one is a standby.
    pub primary: Option<String>,
}

/// An embedded DuckDB warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuckDb {
    /// The database file, relative to the workspace's folder.
    pub path: String,
}

/// A Snowflake account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snowflake {
    /// The account identifier.
    pub account: String,
    /// The user who signs in.
    pub user: String,
    /// The role; `None` takes the user's default.
    pub role: Option<String>,
    /// The warehouse; `None` takes the user's default.
    pub warehouse: Option<String>,
    /// The database.
    pub database: String,
    /// The schema.
    pub schema: String,
    /// How the user proves who they are.
    pub auth: SnowflakeAuth,
    /// The address of the service, where it is not the account's own.
    pub endpoint: Option<String>,
}

/// A SQL Server database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlServer {
    /// The host's name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The SQL login.
    pub user: String,
    /// How the connection is encrypted.
    pub tls: SqlServerTls,
    /// Whether any certificate of the server is accepted unchecked.
    pub trust_server_certificate: bool,
    /// A PEM file of trusted certificates in place of the system's; relative to the workspace's folder.
    pub ca_file: Option<String>,
}

/// A bucket of an S3 service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3 {
    /// The bucket.
    pub bucket: String,
    /// The region.
    pub region: Option<String>,
    /// The address of the service, where it is not Amazon's own.
    pub endpoint: Option<String>,
    /// The identifier of the access key.
    pub access_key_id: Option<String>,
}

/// A folder of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The folder, relative to the workspace's folder.
    pub path: String,
}

impl Settings {
    /// Returns the word of `kind` in the document.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgres",
            Self::DuckDb(_) => "duckdb",
            Self::Snowflake(_) => "snowflake",
            Self::SqlServer(_) => "sqlserver",
            Self::S3(_) => "s3",
            Self::Folder(_) => "folder",
        }
    }

    /// Returns what the secret of the connection is bound to; `None` for kinds that have no secret.
    pub fn identity(&self) -> Option<Identity> {
        match self {
            Self::Postgres(postgres) => Some(identity(self, &postgres.user, &postgres.host, postgres.port)),
            Self::SqlServer(server) => Some(identity(self, &server.user, &server.host, server.port)),
            Self::Snowflake(snowflake) => {
                let own = format!("{}.snowflakecomputing.com", snowflake.account);
                let (host, port) = host_and_port(snowflake.endpoint.as_deref().unwrap_or(&own));
                Some(identity(self, &snowflake.user, &host, port))
            }
            Self::S3(s3) => {
                let own = match &s3.region {
                    Some(region) => format!("s3.{region}.amazonaws.com"),
                    None => "s3.amazonaws.com".to_owned(),
                };
                let (host, port) = host_and_port(s3.endpoint.as_deref().unwrap_or(&own));
                Some(identity(self, s3.access_key_id.as_deref()?, &host, port))
            }
            Self::DuckDb(_) | Self::Folder(_) => None,
        }
    }
}

impl Connection {
    /// Returns what the secret of the connection is bound to; `None` for kinds that have no secret.
    pub fn identity(&self) -> Option<Identity> {
        self.settings.identity()
    }
}

fn identity(settings: &Settings, user: &str, host: &str, port: u16) -> Identity {
    Identity::new(settings.kind(), user, host, port)
}

/// Splits the host and port off an address with or without a scheme; the port is the scheme's unless written.
fn host_and_port(address: &str) -> (String, u16) {
    let with_scheme = if address.contains("://") { address.to_owned() } else { format!("https://{address}") };
    match url::Url::parse(&with_scheme) {
        Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => {
            (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default().unwrap_or(443))
        }
        // Bound to the text as it stands: whatever it means, a changed one is another identity.
        _ => (address.to_owned(), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(settings: Settings) -> String {
        settings.identity().map(|identity| identity.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_kind_with_a_secret_is_bound_to_where_it_is_sent() {
        let s3 = |endpoint: Option<&str>| {
            Settings::S3(S3 {
                bucket: "lake".into(),
                region: Some("eu-central-1".into()),
                endpoint: endpoint.map(str::to_owned),
                access_key_id: Some("AKIA".into()),
            })
        };
        assert_eq!(text(s3(None)), "s3://AKIA@s3.eu-central-1.amazonaws.com:443");
        assert_eq!(text(s3(Some("http://localhost:9000"))), "s3://AKIA@localhost:9000");
        let snowflake = Settings::Snowflake(Snowflake {
            account: "myorg-acct".into(),
            user: "LOADER".into(),
            role: None,
            warehouse: None,
            database: "D".into(),
            schema: "PUBLIC".into(),
            auth: SnowflakeAuth::KeyPair,
            endpoint: None,
        });
        assert_eq!(text(snowflake), "snowflake://LOADER@myorg-acct.snowflakecomputing.com:443");
        assert_eq!(text(Settings::Folder(Folder { path: ".".into() })), "");
    }
}
