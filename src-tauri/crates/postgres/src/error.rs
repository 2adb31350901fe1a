//! What a failure of PostgreSQL means for Firn: its kind, decided by SQLSTATE or by the way the connection broke, and
//! the advice that goes with it.

use firn_connector::{Error, ErrorKind, Side};
use sqlx::postgres::PgErrorPosition;
use std::borrow::Cow;
use std::io;

/// What a server said, without anything that may hold a cell's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (SQLSTATE {code})")]
pub struct ServerError {
    /// The five characters of the SQLSTATE.
    pub code: String,
    /// The server's primary message, or a description of the code where that message may quote values.
    pub message: String,
    /// Where in the statement the server stopped, in characters from 1.
    pub position: Option<usize>,
}

/// Turns a failure of sqlx into Firn's, with kind, advice and cause.
#[must_use]
pub fn from_sqlx(error: sqlx::Error, side: Side) -> Error {
    match error {
        sqlx::Error::Database(database) => {
            let code = database.code().map(Cow::into_owned).unwrap_or_default();
            let mut error = from_server(&code, database.message(), side);
            let position = database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().and_then(|e| e.position());
            if let (Some(PgErrorPosition::Original(at)), Some(server)) = (position, server_error(&mut error)) {
                server.position = Some(at);
            }
            error
        }
        sqlx::Error::Io(error) => from_io(error, side),
        sqlx::Error::Tls(cause) => {
            let message = format!("the TLS connection to PostgreSQL failed: {cause}");
            let advice = cause.downcast_ref().map_or(TLS_ADVICE, tls_advice);
            let mut error = Error::new(side, ErrorKind::Configuration, message).with_hint(advice);
            error.source = Some(cause);
            error
        }
        sqlx::Error::Configuration(cause) => {
            let message = format!("the connection settings are not usable: {cause}");
            let mut error = Error::new(side, ErrorKind::Configuration, message);
            error.source = Some(cause);
            error
        }
        sqlx::Error::PoolTimedOut => {
            Error::new(side, ErrorKind::Transient, "no connection to PostgreSQL could be had in time").with_hint(
                "Check that the server answers (`firn connection check`), and how many connections it allows.",
            )
        }
        sqlx::Error::PoolClosed => Error::new(side, ErrorKind::Other, "the connections to PostgreSQL were closed"),
        // What a server sends is not repeated: the text of a broken message can be anything.
        sqlx::Error::Decode(cause) | sqlx::Error::ColumnDecode { source: cause, .. } => {
            let mut error = Error::new(side, ErrorKind::Other, "an answer of PostgreSQL could not be understood");
            error.source = Some(cause);
            error
        }
        other => Error::new(side, ErrorKind::Other, format!("PostgreSQL: {other}")).caused_by(other),
    }
}

/// Makes the error of a call that got no answer in time.
#[must_use]
pub fn no_answer(side: Side, seconds: u64) -> Error {
    Error::new(side, ErrorKind::Transient, format!("PostgreSQL did not answer within {seconds} seconds"))
        .with_hint("Check the network between this machine and the server, and the server's load.")
}

fn server_error(error: &mut Error) -> Option<&mut ServerError> {
    error.source.as_deref_mut()?.downcast_mut()
}

/// Returns where in its statement the server stopped, in characters from 1, where it said so.
#[must_use]
pub fn position(error: &Error) -> Option<usize> {
    error.source.as_deref()?.downcast_ref::<ServerError>()?.position
}

/// Returns the SQLSTATE behind an error, where a server sent one.
#[must_use]
pub fn sqlstate(error: &Error) -> Option<&str> {
    let source = error.source.as_deref()?;
    source.downcast_ref::<ServerError>().map(|server| server.code.as_str())
}

/// Returns the kind of a failure by its SQLSTATE.
///
/// The codes are those of the appendix "PostgreSQL Error Codes" of the manual.
fn kind_of(code: &str) -> ErrorKind {
    let class = code.get(..2).unwrap_or_default();
    match (class, code) {
        // A statement's timeout, or somebody's cancel request. Never the user's own wish: who stops a run does not wait
        // for the server's answer.
        (_, "57014") => ErrorKind::Transient,
        // Connection failures, deadlocks and serialization failures, a server going down or coming up, timeouts of
        // idle sessions, no free connection, a lock not to be had, a snapshot too old.
        ("08" | "40" | "72", _) => ErrorKind::Transient,
        (_, "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04" | "53200" | "53300" | "55P03") => {
            ErrorKind::Transient
        }
        ("28", _) => ErrorKind::SignIn,
        (_, "42501") => ErrorKind::Permission,
        (_, "42P01" | "42703" | "42704" | "3D000" | "3F000") => ErrorKind::NotFound,
        (_, "53100") => ErrorKind::DiskFull,
        (_, "25006") => ErrorKind::Configuration,
        _ => ErrorKind::Other,
    }
}

const TLS_ADVICE: &str = "Name the certificate authority's file with `ca_file`, connect by the name in the server's certificate, or \
choose another `tls` mode knowingly.";

/// Returns what to do about a failed handshake.
fn tls_advice(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext, UnknownIssuer};
    match error {
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            "The server's certificate, or the authority's, has expired: renew it on the server and reload PostgreSQL. If \
             it has not, the clock of this machine is wrong."
        }
        rustls::Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => {
            "The server's certificate is not valid yet: compare the clock of this machine with the certificate's dates."
        }
        rustls::Error::InvalidCertificate(UnknownIssuer) => {
            "Another authority than the known ones has signed the server's certificate: name its file with `ca_file`. If \
             the authority was changed, fetch its new certificate."
        }
        _ => TLS_ADVICE,
    }
}

/// Returns what to do about a failure, by its kind and, where that says more, its SQLSTATE.
fn advice(kind: ErrorKind, code: &str) -> Option<&'static str> {
    Some(match (kind, code) {
        (_, "53300") => {
            "Firn needs two free connection slots of the server, one to read and one for its state, and reads faster with \
             more. Close idle sessions, raise `max_connections` or the role's CONNECTION LIMIT, or put a pooler before the \
             server."
        }
        (_, "57014") => {
            "Somebody stopped Firn's statement on the server, or a timeout did. Against a timeout raise it for Firn's role: \
             ALTER ROLE … SET statement_timeout = '300s'."
        }
        (_, "55P03") => "Another session holds the table (ALTER TABLE, TRUNCATE, VACUUM FULL): let it end.",
        (_, "57P03") => "The server is starting up or recovering; it will answer soon.",
        (_, "28000") => "Let the role in from this machine with a line in the server's pg_hba.conf.",
        (_, "25006") => "The server is a standby or read-only: name a connection to the primary.",
        (ErrorKind::SignIn, _) => {
            "Check the user, and store the password again with `firn connection set-secret NAME`."
        }
        (ErrorKind::Permission, _) => "Grant Firn's role the right that is missing, for example GRANT SELECT ON … TO …",
        (ErrorKind::NotFound, _) => "Check the name; `firn sync discover` lists what the role can see.",
        (ErrorKind::DiskFull, _) => "Make room on the server's disk, then run again.",
        (ErrorKind::Transient, _) => "Look at the server's log.",
        _ => return None,
    })
}

fn from_server(code: &str, message: &str, side: Side) -> Error {
    let kind = kind_of(code);
    let server = ServerError { code: code.to_owned(), message: without_values(code, message), position: None };
    let mut error = Error::new(side, kind, format!("PostgreSQL says: {server}")).caused_by(server);
    error.hint = advice(kind, code).map(str::to_owned);
    error
}

/// Returns a server's message, or words of our own where it may quote a value: data exceptions (class 22), violated
/// constraints (23) and whatever a function of the user raises (P0, 38).
fn without_values(code: &str, message: &str) -> String {
    let class = code.get(..2).unwrap_or_default();
    let words = match (class, code) {
        (_, "22001") => "a text is too long for its type",
        (_, "22003") => "a number is outside the range of its type",
        (_, "22007" | "22008") => "a date or time is not one, or outside the range of its type",
        (_, "22012") => "a division by zero",
        (_, "22021") => "a text holds bytes that are not of its encoding",
        (_, "22P02") => "a text is not a value of the type it is converted to",
        ("22", _) => "a value cannot be computed or converted",
        ("23", _) => "a constraint was violated",
        ("38" | "P0", _) => "a function of the database raised an error; its text is in the server's log",
        _ => return message.to_owned(),
    };
    words.to_owned()
}

fn from_io(error: io::Error, side: Side) -> Error {
    if let Some(tls) = tls_cause(&error) {
        let message = format!("the TLS connection to PostgreSQL failed: {tls}");
        let advice = tls_advice(tls);
        return Error::new(side, ErrorKind::Configuration, message).caused_by(error).with_hint(advice);
    }
    let (kind, message) = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::Permission, format!("this user may not open PostgreSQL's socket: {error}"))
        }
        // A socket that is not there: the server is down, or another folder is meant.
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            (ErrorKind::Transient, format!("PostgreSQL does not listen there: {error}"))
        }
        _ => (ErrorKind::Transient, format!("the connection to PostgreSQL broke: {error}")),
    };
    let mut failure = Error::new(side, kind, message).caused_by(error);
    failure.hint = Some(
        match kind {
            ErrorKind::Permission => "Connect over TCP, or give this user the right to the socket's folder.",
            _ => "Check host, port and network; `firn connection check` goes through them one by one.",
        }
        .to_owned(),
    );
    failure
}

/// Returns the TLS failure inside an I/O error: a handshake reports through the socket.
pub(crate) fn tls_cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlstates_decide_the_kind() {
        let kinds = [
            ("08006", ErrorKind::Transient),
            ("40001", ErrorKind::Transient),
            ("40P01", ErrorKind::Transient),
            ("53300", ErrorKind::Transient),
            ("57P01", ErrorKind::Transient),
            ("57P03", ErrorKind::Transient),
            ("25P03", ErrorKind::Transient),
            ("28P01", ErrorKind::SignIn),
            ("28000", ErrorKind::SignIn),
            ("42501", ErrorKind::Permission),
            ("42P01", ErrorKind::NotFound),
            ("42703", ErrorKind::NotFound),
            ("3D000", ErrorKind::NotFound),
            ("53100", ErrorKind::DiskFull),
            ("25006", ErrorKind::Configuration),
            ("22012", ErrorKind::Other),
            ("XX000", ErrorKind::Other),
            ("", ErrorKind::Other),
        ];
        for (code, kind) in kinds {
            assert_eq!(from_server(code, "x", Side::Source).kind, kind, "{code}");
        }
    }

    #[test]
    fn a_statement_that_somebody_cancels_is_tried_again() {
        let kind = |message| from_server("57014", message, Side::Source).kind;
        assert_eq!(kind("canceling statement due to user request"), ErrorKind::Transient);
        assert_eq!(kind("canceling statement due to statement timeout"), ErrorKind::Transient);
        assert_eq!(kind("storniere Anfrage wegen Zeitüberschreitung der Anfrage"), ErrorKind::Transient);
    }

    #[test]
    fn values_stay_out_of_the_message_and_its_causes() {
        for code in ["22P02", "22003", "22000", "23505", "P0001", "38001"] {
            let error = from_server(code, "invalid input syntax for type integer: \"4711-secret\"", Side::Source);
            assert!(!error.chain().contains("4711") && !format!("{error:?}").contains("4711"), "{code}: {error:?}");
            assert_eq!(sqlstate(&error), Some(code));
        }
        let error = from_server("42P01", "relation \"public.userz\" does not exist", Side::Source);
        assert!(error.chain().contains("public.userz") && error.hint.is_some());
    }

    #[test]
    fn a_broken_connection_is_transient_and_keeps_its_cause() {
        let broken = io::Error::new(io::ErrorKind::UnexpectedEof, "gone");
        let error = from_sqlx(sqlx::Error::Io(broken), Side::State);
        assert!(error.is_transient());
        assert!(error.source.as_ref().unwrap().is::<io::Error>());
        assert!(from_sqlx(sqlx::Error::PoolTimedOut, Side::State).is_transient());
    }
}
