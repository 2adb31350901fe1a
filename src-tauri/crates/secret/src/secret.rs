//! The value of a secret in memory.

use std::fmt;
use zeroize::Zeroizing;

/// A password, key or token, overwritten in memory when it is dropped.
///
/// It prints as `<redacted>`, and implements neither `Display` nor `Serialize`, so it cannot reach a log, an error
/// text or the window by accident. [`Secret::expose`] is the one way to the text.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the text itself, for the call that hands it to a driver.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Tells whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<redacted>")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_in_debug_output_of_its_holders() {
        #[derive(Debug)]
        struct Holder {
            #[expect(dead_code, reason = "read through Debug only")]
            password: Option<Secret>,
        }
        let text = format!("{:?} {:#?}", Secret::new("hunter2"), Holder { password: Some(Secret::new("hunter2")) });
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("<redacted>"), "{text}");
    }
}
