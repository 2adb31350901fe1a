//! Who may ask the listener: everybody on this machine, or whoever has the token.

use super::secret;
use crate::Firn;
use crate::wire::{ErrorView, ServeSecretKind};
use firn_secret::Secret;
use std::net::SocketAddr;
use subtle::ConstantTimeEq as _;

/// The token that requests have to carry, where one is set.
#[derive(Debug, Clone)]
pub(super) struct Access {
    token: Option<Secret>,
}

impl Access {
    /// Looks for the token: the variable, then the keyring.
    ///
    /// # Errors
    /// `configuration` where an address that other machines reach has no token, or a token is too short; `keyring` where
    /// the keyring has to be asked and does not answer.
    pub(super) async fn of(firn: &Firn, address: SocketAddr) -> Result<Self, ErrorView> {
        let token = match secret::given(firn, ServeSecretKind::Token) {
            Some(token) => Some(token),
            // On this machine alone no token is needed, and a keyring that has to be unlocked is not asked for one.
            None if address.ip().is_loopback() => None,
            None => secret::find(firn, ServeSecretKind::Token).await?,
        };
        match &token {
            Some(token) => secret::check_token(token)?,
            None if address.ip().is_loopback() => {}
            None => {
                let message = format!("other machines reach {address}, and no token is set that they have to show");
                let hint = format!("{}; or listen on 127.0.0.1", secret::token_hint());
                return Err(ErrorView::configuration(message).with_hint(hint));
            }
        }
        Ok(Self { token })
    }

    /// Returns whether a request with this `Authorization` header may be answered. Takes equally long whatever the
    /// header holds, as long as its length is right.
    pub(super) fn allows(&self, header: Option<&[u8]>) -> bool {
        let Some(token) = &self.token else { return true };
        let given = header.and_then(|header| {
            let (scheme, given) = header.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then(|| given.trim_ascii())
        });
        given.is_some_and(|given| bool::from(given.ct_eq(token.expose().as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_let_in() {
        let access = Access { token: Some(Secret::new("0123456789abcdef")) };
        assert!(access.allows(Some(b"Bearer 0123456789abcdef")));
        assert!(access.allows(Some(b"bearer 0123456789abcdef ")));
        for header in [
            None,
            Some(&b""[..]),
            Some(b"Bearer "),
            Some(b"Bearer 0123456789abcde"),
            Some(b"Bearer 0123456789abcdeF"),
            Some(b"Bearer 0123456789abcdef0"),
            Some(b"Basic 0123456789abcdef"),
            Some(b"0123456789abcdef"),
        ] {
            assert!(!access.allows(header), "{header:?}");
        }
        assert!(Access { token: None }.allows(None));
    }
}
