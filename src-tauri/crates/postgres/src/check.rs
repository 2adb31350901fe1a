//! The check of a connection: a list of findings in the order in which things can fail, each with its fix.

mod findings;
mod server;

pub use findings::Hear;

use self::findings::Findings;
use crate::connect::{PgSettings, TlsMode, connect_once, negotiate};
use crate::error::{from_sqlx, tls_cause};
use crate::quote::ident;
use firn_connector::{Error, Finding, Level, Side};
use rustls::CertificateError;
use sqlx::{Connection, PgConnection};
use std::io;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What a connection is to be used for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purpose {
    /// Tables are read through it.
    pub source: bool,
    /// Leases, logs and rejected rows are kept in this schema.
    pub state_schema: Option<String>,
}

/// Checks a connection step by step: host, TLS, sign-in, database and schema, rights, version, role of the server,
/// transactions, clock. A critical finding ends the list: what follows could not be asked.
pub async fn check(settings: &PgSettings, purpose: &Purpose) -> Vec<Finding> {
    check_aloud(settings, purpose, &|_, _| {}).await
}

/// Checks a connection as [`check`] does, and lets each finding be heard as soon as it is made.
pub async fn check_aloud(settings: &PgSettings, purpose: &Purpose, hear: Hear<'_>) -> Vec<Finding> {
    let mut findings = Findings::new(hear);
    // A step hands on what the next one needs, or the finding that ends the check.
    if let Err(last) = steps(settings, purpose, &mut findings).await {
        findings.push(*last);
    }
    findings.into_list()
}

type Step<T> = std::result::Result<T, Box<Finding>>;

fn critical(code: &str, message: impl Into<String>, fix: impl Into<String>) -> Box<Finding> {
    Box::new(Finding::new(Level::Critical, code, message).with_fix(fix))
}

fn ok(code: &str, message: impl Into<String>) -> Finding {
    Finding::new(Level::Ok, code, message)
}

async fn steps(settings: &PgSettings, purpose: &Purpose, findings: &mut Findings<'_>) -> Step<()> {
    if settings.is_socket() {
        findings.push(reach_socket(settings).await?);
    } else {
        let stream = reach_host(settings, findings).await?;
        offered_tls(stream, settings).await?;
    }
    let mut connection = sign_in(settings, findings).await?;
    let asked = Instant::now();
    let answer = server::ask(&mut connection, purpose).await;
    let round_trip = asked.elapsed();
    let _polite = connection.close().await;
    let answer = answer.map_err(broken)?;
    // Known only now for the modes that leave it to the server; it belongs after the host.
    findings.insert(1, tls_finding(settings, answer.encrypted()));
    server::judge(&answer, purpose, round_trip, findings)
}

async fn reach_socket(settings: &PgSettings) -> Step<Finding> {
    let path = settings.address();
    #[cfg(unix)]
    let outcome = tokio::net::UnixStream::connect(&path).await.map(drop);
    #[cfg(not(unix))]
    let outcome: io::Result<()> = Err(io::ErrorKind::Unsupported.into());
    match outcome {
        Ok(()) => Ok(ok("host", format!("the socket {path} answers"))),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(critical(
            "socket_permission",
            format!("this user may not open the socket {path}"),
            "Give this user the right to the socket's folder, or connect over TCP.",
        )),
        Err(error) => Err(critical(
            "socket",
            format!("no server listens on the socket {path}: {error}"),
            "Start the server, or set `host` to the folder in its `unix_socket_directories` and `port` to its number.",
        )),
    }
}

/// Looks the name up and connects, one address after the other.
async fn reach_host(settings: &PgSettings, findings: &mut Findings<'_>) -> Step<TcpStream> {
    let address = settings.address();
    let looked_up =
        timeout(settings.connect_timeout, tokio::net::lookup_host((settings.host.as_str(), settings.port))).await;
    let addresses: Vec<_> = match looked_up {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => {
            let message = format!("the host name `{}` cannot be resolved: {error}", settings.host);
            return Err(critical("host_unknown", message, "Check the spelling, the VPN and this machine's DNS."));
        }
        Err(_) => {
            let message = format!("the name service does not answer for `{}`", settings.host);
            return Err(critical("host_unknown", message, "Check the VPN and this machine's DNS."));
        }
    };
    let started = Instant::now();
    let mut last = None;
    for socket_address in addresses {
        match timeout(settings.connect_timeout, TcpStream::connect(socket_address)).await {
            Ok(Ok(stream)) => {
                let took = started.elapsed().as_millis();
                findings.push(ok("host", format!("{address} answers in {took} ms")));
                return Ok(stream);
            }
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = last.or(Some(io::ErrorKind::TimedOut.into())),
        }
    }
    Err(match last {
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => critical(
            "refused",
            format!("nothing listens on {address}"),
            "Start the server, check `port`, and set `listen_addresses` on the server to include this address.",
        ),
        Some(error) if error.kind() == io::ErrorKind::TimedOut => {
            let seconds = settings.connect_timeout.as_secs_f32();
            let message = format!("{address} does not answer within {seconds} s");
            critical("timeout", message, "Check the firewall, the VPN and the server's security group.")
        }
        Some(error) => {
            critical("unreachable", format!("{address} cannot be reached: {error}"), "Check the network and the VPN.")
        }
        None => {
            let message = format!("the host name `{}` has no address", settings.host);
            critical("host_unknown", message, "Check the spelling and this machine's DNS.")
        }
    })
}

/// Asks whether the server speaks TLS, in the protocol's own words, so that no text of an error has to be understood.
async fn offered_tls(mut stream: TcpStream, settings: &PgSettings) -> Step<()> {
    if settings.tls < TlsMode::Require {
        return Ok(());
    }
    let address = settings.address();
    let exchange = async {
        // The SSLRequest of the manual's chapter on message formats: its length and the code 80877103.
        stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
        stream.read_u8().await
    };
    match timeout(settings.connect_timeout, exchange).await {
        Ok(Ok(b'S')) => Ok(()),
        Ok(Ok(b'N')) => Err(critical(
            "tls_refused",
            format!("{address} does not offer TLS, and `tls: {}` demands it", settings.tls),
            "Turn `ssl` on in the server's configuration, or set `tls: disable` where the network itself is trusted.",
        )),
        Ok(Ok(_)) => Err(critical(
            "not_postgres",
            format!("what answers on {address} is not PostgreSQL"),
            "Check host and port; a web server or another database may be there.",
        )),
        Ok(Err(error)) => Err(critical(
            "not_postgres",
            format!("{address} takes the connection and closes it: {error}"),
            "Check host and port, and whether a proxy or tunnel between is still connected to the server.",
        )),
        Err(_) => Err(critical(
            "timeout",
            format!("{address} takes the connection and says nothing"),
            "Check whether the server hangs, or a proxy or tunnel between has lost it.",
        )),
    }
}

/// Signs in, and says what became of TLS on the way.
async fn sign_in(settings: &PgSettings, findings: &mut Findings<'_>) -> Step<PgConnection> {
    let options = settings.options(Side::Source).await;
    let options = options.map_err(|error| critical("ca_file", error.chain(), error.hint.unwrap_or_default()))?;
    let options = match settings.tls {
        // The second way of these two is tried as a run would.
        TlsMode::Allow | TlsMode::Prefer if !settings.is_socket() => {
            negotiate(options.clone(), settings).await.unwrap_or(options)
        }
        _ => options,
    };
    match connect_once(&options, settings.connect_timeout).await {
        Ok(connection) => {
            let message = format!("signed in as {} to the database `{}`", settings.user, settings.database);
            findings.push(ok("sign_in", message));
            Ok(connection)
        }
        Err(sqlx::Error::Io(error)) => match tls_cause(&error) {
            Some(cause) => Err(handshake(cause, settings)),
            None => Err(broken(from_sqlx(sqlx::Error::Io(error), Side::Source))),
        },
        Err(sqlx::Error::Database(error)) => {
            // The handshake comes before: where it was asked for, it has succeeded.
            if settings.tls >= TlsMode::Require && !settings.is_socket() {
                findings.push(tls_finding(settings, true));
            }
            let code = error.code().unwrap_or_default().into_owned();
            Err(turned_down(&code, sqlx::Error::Database(error), settings))
        }
        Err(error) => Err(broken(from_sqlx(error, Side::Source))),
    }
}

/// Says how the connection is protected. `encrypted` is what the server says of its own end, which behind a pooler is
/// not this connection's.
fn tls_finding(settings: &PgSettings, encrypted: bool) -> Finding {
    let mode = settings.tls;
    let local = matches!(settings.host.as_str(), "localhost" | "::1") || settings.host.starts_with("127.");
    if settings.is_socket() {
        return ok("tls", "a socket of this machine: nothing to encrypt");
    }
    match mode {
        TlsMode::VerifyFull => ok("tls", "encrypted, the certificate verified for this host name"),
        TlsMode::VerifyCa => ok("tls", "encrypted, the certificate's authority verified (not its name)"),
        _ if local => ok("tls", format!("on this machine, `tls: {mode}`")),
        TlsMode::Require | TlsMode::Prefer | TlsMode::Allow if mode == TlsMode::Require || encrypted => {
            let message = format!("encrypted, but with `tls: {mode}` nobody checks who answers");
            Finding::new(Level::Warning, "tls_unverified", message)
                .with_fix("Set `tls: verify-full`, with `ca_file` where the authority is your own.")
        }
        _ => {
            let message = format!("not encrypted (`tls: {mode}`): passwords and rows can be read on the way");
            Finding::new(Level::Warning, "tls_off", message)
                .with_fix("Turn `ssl` on in the server's configuration and set `tls: verify-full`.")
        }
    }
}

fn broken(error: Error) -> Box<Finding> {
    critical("connection", error.chain(), error.hint.unwrap_or_default())
}

fn handshake(cause: &rustls::Error, settings: &PgSettings) -> Box<Finding> {
    let host = &settings.host;
    match cause {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            // A bad signature: `ca_file` holds an authority of the same name with another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => critical(
                "tls_unknown_authority",
                format!("the certificate of {host} is signed by an authority that is not known here"),
                "Set `ca_file` to the PEM file of that authority; beside it only the authorities of Mozilla's list \
                 are known, not those of this machine. Cloud databases publish such a file.",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => critical(
                "tls_wrong_name",
                format!("the certificate is not for the name {host}"),
                "Connect by a name that is in the certificate, or set `tls: verify-ca` to check the authority only.",
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => critical(
                "tls_expired",
                format!("the certificate of {host} has expired"),
                "Renew the server's certificate; if it is valid, correct this machine's clock.",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => critical(
                "tls_expired",
                format!("the certificate of {host} is not valid yet"),
                "Correct this machine's clock, or wait.",
            ),
            other => critical(
                "tls_certificate",
                format!("the certificate of {host} is not accepted: {other:?}"),
                "Give the server a certificate of its own, signed by an authority; an authority's certificate as the \
                 server's own is not accepted.",
            ),
        },
        other => critical(
            "tls",
            format!("the TLS handshake with {host} failed: {other}"),
            "The server must speak TLS 1.2 or 1.3; look at its log for the other side of the story.",
        ),
    }
}

fn turned_down(code: &str, error: sqlx::Error, settings: &PgSettings) -> Box<Finding> {
    let (user, database) = (&settings.user, &settings.database);
    let error = from_sqlx(error, Side::Source);
    match code {
        "28P01" if settings.password.is_none() => critical(
            "password_missing",
            format!("the server asks {user} for a password, and none is stored"),
            "Store it with `firn connection set-secret NAME`, or set the variable FIRN_SECRET_<CONNECTION>.",
        ),
        "28P01" => critical(
            "password",
            format!("the password of {user} is wrong, or there is no such role"),
            "Store the right one with `firn connection set-secret NAME`; a variable FIRN_SECRET_<CONNECTION> wins over it.",
        ),
        "28000" => critical(
            "not_allowed",
            error.chain(),
            format!(
                "Add a line to the server's pg_hba.conf, such as `host{} {database} {user} <this address>/32 scram-sha-256`, and reload it.",
                if settings.tls >= TlsMode::Require { "ssl" } else { "" }
            ),
        ),
        "3D000" => critical(
            "database_unknown",
            format!("there is no database `{database}` on {}", settings.address()),
            "Check `database`, capital letters included.",
        ),
        "42501" => critical(
            "database_closed",
            format!("{user} may not connect to the database `{database}`"),
            format!("GRANT CONNECT ON DATABASE {} TO {};", ident(database), ident(user)),
        ),
        _ => critical("sign_in", error.chain(), error.hint.unwrap_or_default()),
    }
}
