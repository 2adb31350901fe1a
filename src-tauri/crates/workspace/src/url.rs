//! Connection strings as people paste them: libpq's URLs and `key=value` lines, split into a connection and its secret.

use crate::connection::{Postgres, Settings};
use crate::words::Tls;
use firn_secret::Secret;

/// A connection string, taken apart.
#[derive(Clone, Debug)]
pub struct ConnectionUrl {
    /// What it leads to.
    pub settings: Settings,
    /// The password, if the string carried one.
    pub secret: Option<Secret>,
    /// Parameters that libpq knows and this program does without, to be shown to the person who pasted them.
    pub ignored: Vec<String>,
}

/// Why a text is no connection string. No variant repeats the text, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Neither a URL of a known scheme nor a `key=value` line.
    #[error("this is no connection string; write postgresql://user@host:5432/database, or host=… user=… dbname=…")]
    Unknown,
    /// A `%` without two hexadecimal digits, or bytes that are no UTF-8.
    #[error(
        "the {0} of the connection string is not percent-encoded as a URL asks; a `%` is written %25, a `/` %2F, an `@` %40"
    )]
    Encoding(&'static str),
    /// A port that is no number from 1 to 65535.
    #[error(
        "the port of the connection string is not a number from 1 to 65535; a `/`, `@` or `:` in the password is written %2F, %40 or %3A"
    )]
    Port,
    /// More than one host.
    #[error("the connection string names several hosts; name one of them")]
    SeveralHosts,
    /// Something without which no connection can be made.
    #[error("the connection string names no {0}; add it{1}")]
    Missing(&'static str, &'static str),
    /// An unknown value of `sslmode`.
    #[error("the sslmode of the connection string is none of disable, allow, prefer, require, verify-ca, verify-full")]
    SslMode,
    /// A parameter that libpq does not know.
    #[error("`{0}` is no parameter of a connection string")]
    Parameter(String),
    /// A `key=value` line with an open quote or without a value.
    #[error("the connection string breaks off: a quote is open, or a key has no value")]
    Conninfo,
}

/// Parameters of libpq that change nothing about where the connection leads, or that this program sets itself.
const IGNORED: &[&str] = &[
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "options",
    "require_auth",
    "sslcompression",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
];

/// What a connection string said so far.
#[derive(Default)]
struct Parts {
    host: Option<String>,
    port: Option<String>,
    user: Option<String>,
    password: Option<Secret>,
    database: Option<String>,
    sslmode: Option<String>,
    sslrootcert: Option<String>,
    ignored: Vec<String>,
}

impl ConnectionUrl {
    /// Parses `postgresql://user:password@host:5432/database?sslmode=require` or `host=… user=… password=… dbname=…`.
    ///
    /// The scheme may be `postgres`, and may name a driver as in `postgresql+psycopg2`. A host that begins with `/`, or
    /// `?host=/run/postgresql`, is a socket. Without `sslmode` the server is verified in full; without a database the
    /// user's name is taken, as libpq does.
    ///
    /// # Errors
    /// [`UrlError`] says which part is wrong, without repeating it.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        Self::parse_with_tls(text, None)
    }

    /// Parses as [`ConnectionUrl::parse`] does, with another `sslmode` and root certificate where the text names none.
    pub(crate) fn parse_with_tls(text: &str, tls: Option<&TlsDefaults>) -> Result<Self, UrlError> {
        let text = text.trim();
        let mut parts = match text.split_once("://") {
            Some((scheme, rest)) if is_postgres(scheme) => parse_url(rest)?,
            Some((scheme, _)) if !scheme.contains(['=', ' ']) => return Err(UrlError::Unknown),
            _ => parse_conninfo(text)?,
        };
        if let Some(defaults) = tls {
            if parts.sslmode.is_none() {
                parts.sslmode.clone_from(&defaults.sslmode);
            }
            if parts.sslrootcert.is_none() {
                parts.sslrootcert.clone_from(&defaults.sslrootcert);
            }
        }
        parts.finish()
    }
}

/// The TLS settings of connections that do not name their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsDefaults {
    pub(crate) sslmode: Option<String>,
    pub(crate) sslrootcert: Option<String>,
}

fn is_postgres(scheme: &str) -> bool {
    let base = scheme.split_once('+').map_or(scheme, |(base, _)| base);
    matches!(base.to_ascii_lowercase().as_str(), "postgres" | "postgresql")
}

fn parse_url(rest: &str) -> Result<Parts, UrlError> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut parts = Parts::default();
    let place = match authority.rsplit_once('@') {
        Some((user, place)) => {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            parts.set("user", decode(name, "user")?)?;
            parts.set("password", decode(password, "password")?)?;
            place
        }
        None => authority,
    };
    if place.contains(',') {
        return Err(UrlError::SeveralHosts);
    }
    let (host, port) = split_port(place)?;
    parts.set("host", decode(host, "host")?)?;
    parts.set("port", port.to_owned())?;
    parts.set("dbname", decode(path, "database")?)?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or(UrlError::Conninfo)?;
        parts.set(&decode(key, "parameter")?, decode(value, "parameter")?)?;
    }
    Ok(parts)
}

/// Splits `host:port`, where the host may be an IPv6 address in brackets.
fn split_port(place: &str) -> Result<(&str, &str), UrlError> {
    if let Some(rest) = place.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(UrlError::Port)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, port)),
            None if rest.is_empty() => Ok((host, "")),
            None => Err(UrlError::Port),
        };
    }
    Ok(place.split_once(':').unwrap_or((place, "")))
}

fn parse_conninfo(text: &str) -> Result<Parts, UrlError> {
    let mut parts = Parts::default();
    let mut rest = text;
    if !text.contains('=') {
        return Err(UrlError::Unknown);
    }
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or(UrlError::Conninfo)?;
        let (value, after) = conninfo_value(after.trim_start())?;
        parts.set(key.trim(), value)?;
        rest = after.trim_start();
    }
    Ok(parts)
}

/// Reads a value, quoted or up to the next space, and returns what follows it.
fn conninfo_value(text: &str) -> Result<(String, &str), UrlError> {
    let quoted = text.starts_with('\'');
    let body = if quoted { &text[1..] } else { text };
    let mut value = String::new();
    let mut letters = body.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.push(letters.next().ok_or(UrlError::Conninfo)?.1),
            '\'' if quoted => return Ok((value, &body[at + 1..])),
            letter if !quoted && letter.is_whitespace() => return Ok((value, &body[at..])),
            letter => value.push(letter),
        }
    }
    if quoted { Err(UrlError::Conninfo) } else { Ok((value, "")) }
}

fn decode(text: &str, part: &'static str) -> Result<String, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.filter(|byte| *byte != 0).ok_or(UrlError::Encoding(part))?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| UrlError::Encoding(part))
}

impl Parts {
    /// Takes over a parameter by libpq's name; an empty value counts as unset, a later one wins.
    fn set(&mut self, name: &str, value: String) -> Result<(), UrlError> {
        let slot = match name {
            "host" | "hostaddr" => &mut self.host,
            "port" => &mut self.port,
            "user" => &mut self.user,
            "dbname" => &mut self.database,
            "sslmode" => &mut self.sslmode,
            "sslrootcert" => &mut self.sslrootcert,
            "password" => {
                if !value.is_empty() {
                    self.password = Some(Secret::new(value));
                }
                return Ok(());
            }
            name if IGNORED.contains(&name) => {
                self.ignored.push(name.to_owned());
                return Ok(());
            }
            name => return Err(UrlError::Parameter(crate::check::shown(name))),
        };
        if !value.is_empty() {
            *slot = Some(value);
        }
        Ok(())
    }

    fn finish(self) -> Result<ConnectionUrl, UrlError> {
        let socket = " (a socket's folder as host=/run/postgresql)";
        let host = self.host.ok_or(UrlError::Missing("host", socket))?;
        if host.contains(',') {
            return Err(UrlError::SeveralHosts);
        }
        let port = match self.port.as_deref() {
            None => 5432,
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(UrlError::Port)?,
        };
        let user = self.user.ok_or(UrlError::Missing("user", " before the host, as user@host"))?;
        let tls = match self.sslmode.as_deref() {
            _ if host.starts_with('/') => Tls::Disable,
            None => Tls::VerifyFull,
            Some(mode) => Tls::from_word(mode).ok_or(UrlError::SslMode)?,
        };
        Ok(ConnectionUrl {
            settings: Settings::Postgres(Postgres {
                database: self.database.unwrap_or_else(|| user.clone()),
                // libpq's word for the authorities of the operating system, which are taken anyway.
                ca_file: self.sslrootcert.filter(|file| file != "system"),
                host,
                port,
                user,
                tls,
                primary: None,
            }),
            secret: self.password,
            ignored: self.ignored,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> (Postgres, Option<String>) {
        let url = ConnectionUrl::parse(text).unwrap();
        let Settings::Postgres(postgres) = url.settings else { panic!() };
        (postgres, url.secret.map(|secret| secret.expose().to_owned()))
    }

    #[test]
    fn a_url_is_split_into_connection_and_secret() {
        let (postgres, secret) =
            parse("postgresql://app:p%40ss%2F@db.example.org:5433/shop?sslmode=require&sslrootcert=ca.pem");
        assert_eq!((postgres.host.as_str(), postgres.port), ("db.example.org", 5433));
        assert_eq!((postgres.user.as_str(), postgres.database.as_str()), ("app", "shop"));
        assert_eq!((postgres.tls, postgres.ca_file.as_deref()), (Tls::Require, Some("ca.pem")));
        assert_eq!(secret.as_deref(), Some("p@ss/"));
    }

    #[test]
    fn what_a_url_leaves_out_is_filled_in_as_libpq_does_but_the_server_is_verified() {
        let (postgres, secret) = parse("postgres+psycopg2://app@db");
        assert_eq!((postgres.port, postgres.database.as_str(), postgres.tls), (5432, "app", Tls::VerifyFull));
        assert_eq!(secret, None);
        let (postgres, _) = parse("postgresql://app@[::1]:5/x");
        assert_eq!((postgres.host.as_str(), postgres.port), ("::1", 5));
    }

    #[test]
    fn sockets_are_folders_and_carry_no_tls() {
        for text in [
            "postgresql://app@%2Frun%2Fpostgresql/x",
            "postgresql://app@/x?host=/run/postgresql",
            "host=/run/postgresql user=app dbname=x",
        ] {
            let (postgres, _) = parse(text);
            assert_eq!((postgres.host.as_str(), postgres.tls), ("/run/postgresql", Tls::Disable), "{text}");
        }
    }

    #[test]
    fn key_value_lines_know_quotes_and_escapes() {
        let (postgres, secret) =
            parse(r"host=db  port = 6000 user='my app' password='it\'s \\ here' dbname=x application_name=y");
        assert_eq!((postgres.host.as_str(), postgres.port, postgres.user.as_str()), ("db", 6000, "my app"));
        assert_eq!(secret.as_deref(), Some(r"it's \ here"));
    }

    #[test]
    fn errors_name_the_part_and_never_repeat_the_text() {
        let cases = [
            ("", UrlError::Unknown),
            ("hunter2", UrlError::Unknown),
            ("mysql://app:hunter2@db/x", UrlError::Unknown),
            ("postgresql://app:hunter2%@db/x", UrlError::Encoding("password")),
            ("postgresql://app:hunter2%00@db/x", UrlError::Encoding("password")),
            ("postgresql://app:hunter2/@db/x", UrlError::Port),
            ("postgresql://app:hunter2@db:0/x", UrlError::Port),
            ("postgresql://app:hunter2@a,b/x", UrlError::SeveralHosts),
            ("postgresql://db/x", UrlError::Missing("user", " before the host, as user@host")),
            ("postgresql://app:hunter2@db/x?sslmode=hunter2", UrlError::SslMode),
            ("postgresql://app:hunter2@db/x?sslkey=k", UrlError::Parameter("sslkey".into())),
            ("host=db password='hunter2", UrlError::Conninfo),
        ];
        for (text, expected) in cases {
            let error = ConnectionUrl::parse(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_password_survives_in_what_is_printed(password in "[a-zA-Z0-9]{6,12}Q", text in ".*") {
            let _outcome = ConnectionUrl::parse(&text);
            for text in [format!("postgresql://app:{password}@db/{text}"), format!("host=db user=a password={password} {text}")] {
                let printed = match ConnectionUrl::parse(&text) {
                    Ok(url) => format!("{url:?}"),
                    Err(error) => format!("{error} {error:?}"),
                };
                prop_assert!(text.matches(&password).count() > 1 || !printed.contains(&password), "{}", printed);
            }
        }
    }
}
