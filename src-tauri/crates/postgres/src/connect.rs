//! How Firn connects: settings as libpq names them, TLS, sockets, and pools that work behind a pooler.
//!
//! A session asks at its start only for `DateStyle`, `client_encoding`, `TimeZone` and `application_name`, which
//! pgbouncer tracks by itself: it needs no `ignore_startup_parameters`. Nothing else is ever set for a session, only
//! for transactions, and nothing is prepared outside one.

use crate::error::{self, from_sqlx};
use firn_connector::switches::{Protection, on};
use firn_connector::{Error, ErrorKind, Result, Side};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The application name of sessions that read a source and never write.
pub const READER_APPLICATION: &str = "firn reader";

/// A function call by which a read-only transaction marks itself, for [`crate::horizon`] to leave it out: it may last
/// as long as a first load, and can write nothing.
///
/// The mark is a lock and not the application name alone, because a pooler may hand a session with that name on to
/// somebody who writes; the lock ends with the transaction. `horizon.sql` looks for these two numbers.
pub(crate) const READER_MARK: &str = "pg_try_advisory_xact_lock_shared(1181315694, 1)";

/// How a connection is encrypted and verified; the words of libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server insists on it.
    Allow,
    /// Encrypted where the server can.
    Prefer,
    /// Always encrypted; whoever answers is believed.
    Require,
    /// Encrypted, the certificate signed by a known authority.
    VerifyCa,
    /// Encrypted, the certificate signed by a known authority for this host name.
    #[default]
    VerifyFull,
}

impl TlsMode {
    /// Every mode, weakest first.
    pub const ALL: [Self; 6] =
        [Self::Disable, Self::Allow, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];

    /// Returns libpq's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    fn ssl_mode(self) -> PgSslMode {
        let mode = if on(Protection::TlsVerify) || self < Self::VerifyCa { self } else { Self::Require };
        match mode {
            Self::Disable => PgSslMode::Disable,
            Self::Allow => PgSslMode::Allow,
            Self::Prefer => PgSslMode::Prefer,
            Self::Require => PgSslMode::Require,
            Self::VerifyCa => PgSslMode::VerifyCa,
            Self::VerifyFull => PgSslMode::VerifyFull,
        }
    }
}

impl PartialOrd for TlsMode {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some((*self as u8).cmp(&(*other as u8)))
    }
}

impl fmt::Display for TlsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for TlsMode {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::configuration(format!("`{word}` is no tls mode; the modes are {known}"))
        })
    }
}

/// A password that is never printed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Where a PostgreSQL database is and how Firn signs in.
#[derive(Debug, Clone)]
pub struct PgSettings {
    /// Host name, address, or the folder of a Unix socket where it begins with `/`.
    pub host: String,
    /// TCP port, and the number in the socket's file name.
    pub port: u16,
    /// Database.
    pub database: String,
    /// Role.
    pub user: String,
    /// Password; `None` where the server asks for none.
    pub password: Option<Password>,
    /// Encryption; sockets never use it.
    pub tls: TlsMode,
    /// PEM file of certificate authorities that are believed beside those of Mozilla's list.
    pub root_cert: Option<PathBuf>,
    /// Name of the sessions in `pg_stat_activity`.
    pub application_name: String,
    /// How long a new connection, or a free one of the pool, is waited for.
    pub connect_timeout: Duration,
}

impl PgSettings {
    /// Makes settings with port 5432, no password, `verify-full` and a timeout of 10 seconds.
    pub fn new(host: impl Into<String>, database: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 5432,
            database: database.into(),
            user: user.into(),
            password: None,
            tls: TlsMode::default(),
            root_cert: None,
            application_name: "firn".to_owned(),
            connect_timeout: Duration::from_secs(10),
        }
    }

    /// Returns whether the connection goes through a Unix socket.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// Returns where the server is, for messages: `host:port` or the socket's path.
    #[must_use]
    pub fn address(&self) -> String {
        if self.is_socket() {
            format!("{}/.s.PGSQL.{}", self.host.trim_end_matches('/'), self.port)
        } else if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Returns sqlx's form of the settings, with the authority's file read.
    pub(crate) async fn options(&self, side: Side) -> Result<PgConnectOptions> {
        let options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .username(&self.user)
            // Always set: a password of the environment belongs to another server.
            .password(self.password.as_ref().map_or("", |password| &password.0))
            .database(&self.database)
            .application_name(&self.application_name)
            .extra_float_digits(None)
            .statement_cache_capacity(0)
            // Statements carry values in their text.
            .disable_statement_logging();
        let authorities = match &self.root_cert {
            Some(path) if self.tls >= TlsMode::VerifyCa && !self.is_socket() => read_authorities(path, side).await?,
            _ => Vec::new(),
        };
        let mode = if self.is_socket() { PgSslMode::Disable } else { self.tls.ssl_mode() };
        Ok(options.ssl_root_cert_from_pem(authorities).ssl_mode(mode))
    }
}

async fn read_authorities(path: &std::path::Path, side: Side) -> Result<Vec<u8>> {
    let fail = |what: &str| {
        let message = format!("the file of certificate authorities {} {what}", path.display());
        Error::new(side, ErrorKind::Configuration, message)
            .with_hint("Set `ca_file` to a PEM file that holds the authority's certificate.")
    };
    let bytes = tokio::fs::read(path).await.map_err(|cause| fail("cannot be read").caused_by(cause))?;
    let marker = b"-----BEGIN CERTIFICATE-----";
    if bytes.windows(marker.len()).any(|window| window == marker) {
        Ok(bytes)
    } else {
        Err(fail("holds no certificate"))
    }
}

/// Opens a pool of at most `max_connections`. Nothing is connected yet, but in the modes `allow` and `prefer`, where
/// one connection finds out what the server wants.
///
/// # Errors
/// [`ErrorKind::Configuration`] where the authority's file is not usable; in `allow` and `prefer` whatever keeps the
/// server from being reached.
pub async fn open(settings: &PgSettings, side: Side, max_connections: u32) -> Result<PgPool> {
    let mut options = settings.options(side).await?;
    if !settings.is_socket() && matches!(settings.tls, TlsMode::Allow | TlsMode::Prefer) {
        options = negotiate(options, settings).await.map_err(|error| at_address(from_sqlx(error, side), settings))?;
    }
    let pool = PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(settings.connect_timeout)
        // Longer than a service usually pauses: to sign in costs more than a poll.
        .idle_timeout(Duration::from_secs(600))
        // A ping costs a round trip: only a connection that has been idle for a while may have died unnoticed.
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move {
                if metadata.idle_for < Duration::from_secs(2) {
                    return Ok(true);
                }
                let ping = tokio::time::timeout(Duration::from_secs(3), connection.ping());
                Ok(matches!(ping.await, Ok(Ok(()))))
            })
        });
    Ok(pool.connect_lazy_with(options))
}

/// Finds the mode that `allow` (plain first) and `prefer` (encrypted first) come down to with this server.
pub(crate) async fn negotiate(options: PgConnectOptions, settings: &PgSettings) -> sqlx::Result<PgConnectOptions> {
    let (first, second) = match settings.tls {
        TlsMode::Allow => (PgSslMode::Disable, PgSslMode::Require),
        _ => (PgSslMode::Prefer, PgSslMode::Disable),
    };
    let first = options.clone().ssl_mode(first);
    let failure = match connect_once(&first, settings.connect_timeout).await {
        Ok(connection) => {
            let _polite = connection.close().await;
            return Ok(first);
        }
        Err(failure) => failure,
    };
    // pg_hba.conf turned this way down, or the handshake failed; a wrong password would be wrong the other way, too.
    let other_way = match &failure {
        sqlx::Error::Database(error) => error.code().as_deref() == Some("28000"),
        sqlx::Error::Io(error) => error::tls_cause(error).is_some(),
        sqlx::Error::Tls(_) => true,
        _ => false,
    };
    if other_way {
        let second = options.ssl_mode(second);
        if let Ok(connection) = connect_once(&second, settings.connect_timeout).await {
            let _polite = connection.close().await;
            return Ok(second);
        }
    }
    Err(failure)
}

/// Connects once, outside any pool, with a deadline.
pub(crate) async fn connect_once(options: &PgConnectOptions, deadline: Duration) -> sqlx::Result<PgConnection> {
    match tokio::time::timeout(deadline, options.connect()).await {
        Ok(outcome) => outcome,
        Err(_) => Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("no answer within {} seconds", deadline.as_secs_f32()),
        ))),
    }
}

/// Adds the server's address to a failure to connect.
fn at_address(mut error: Error, settings: &PgSettings) -> Error {
    error.message = format!("{}: {}", settings.address(), error.message);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_libpq() {
        for mode in TlsMode::ALL {
            assert_eq!(mode.as_str().parse::<TlsMode>().unwrap(), mode);
        }
        assert_eq!(TlsMode::default().as_str(), "verify-full");
        assert!("on".parse::<TlsMode>().unwrap_err().message.contains("verify-full"));
    }

    #[test]
    fn a_password_is_not_printed() {
        let mut settings = PgSettings::new("db.example", "app", "app");
        settings.password = Some(Password::new("hunter2"));
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn addresses_of_hosts_and_sockets() {
        assert_eq!(PgSettings::new("db.example", "app", "app").address(), "db.example:5432");
        assert_eq!(PgSettings::new("::1", "app", "app").address(), "[::1]:5432");
        assert_eq!(PgSettings::new("/run/postgresql", "app", "app").address(), "/run/postgresql/.s.PGSQL.5432");
    }
}
