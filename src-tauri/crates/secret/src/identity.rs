//! What a secret is bound to.

use std::fmt;

/// The identity of a connection's sign-in: kind, user, host and port, as in `postgres://app@db.example.org:5432`.
///
/// A secret is kept under it, so a connection that is pointed at another host, port or user does not get the secret
/// that was stored before. Two different sign-ins never share one text: what could be read as a separator inside a
/// part is percent-encoded, and host names are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(String);

impl Identity {
    /// Makes the identity of a sign-in as `user` at `host:port`; a socket folder such as `/run/postgresql` is a host, too.
    pub fn new(kind: &str, user: &str, host: &str, port: u16) -> Self {
        let host = if host.starts_with('/') { encode(host) } else { encode(&host.to_lowercase()) };
        Self(format!("{}://{}@{host}:{port}", encode(kind), encode(user)))
    }

    /// Returns the stable text form, which is also the entry's user name in the keyring.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn encode(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_sign_in_reads_like_a_url() {
        assert_eq!(
            Identity::new("postgres", "app", "DB.example.org", 5432).as_str(),
            "postgres://app@db.example.org:5432"
        );
    }

    #[test]
    fn a_changed_kind_user_host_or_port_is_another_identity() {
        let base = Identity::new("postgres", "app", "db", 5432);
        for other in [
            Identity::new("sqlserver", "app", "db", 5432),
            Identity::new("postgres", "app2", "db", 5432),
            Identity::new("postgres", "app", "evil", 5432),
            Identity::new("postgres", "app", "db", 5433),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn separators_inside_a_part_cannot_forge_another_identity() {
        assert_ne!(Identity::new("postgres", "app@db", "evil", 1), Identity::new("postgres", "app", "db@evil", 1));
        assert_ne!(Identity::new("postgres", "a", "b:5", 4), Identity::new("postgres", "a", "b", 54));
        assert_ne!(Identity::new("postgres", "a%40b", "c", 1), Identity::new("postgres", "a@b", "c", 1));
    }

    #[test]
    fn socket_folders_keep_their_case() {
        assert_ne!(Identity::new("postgres", "a", "/run/A", 1), Identity::new("postgres", "a", "/run/a", 1));
    }
}
