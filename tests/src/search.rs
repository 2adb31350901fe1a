//! A search for texts that must not be where they are looked for: as they are, and in the forms in which a program
//! passes them on.

use std::path::Path;

use anyhow::{Context, Result};

/// Texts that are looked for, by name.
#[derive(Debug, Default)]
pub struct Search {
    wanted: Vec<(String, Vec<String>)>,
}

impl Search {
    /// Adds a text in all its forms.
    pub fn add(&mut self, name: &str, text: &str) {
        let mut forms = vec![text.to_owned(), percent_encoded(text), hexadecimal(text)];
        forms.extend((0..3).map(|offset| base64_within(text, offset)));
        forms.sort();
        forms.dedup();
        self.wanted.push((name.to_owned(), forms));
    }

    /// Looks through bytes; returns which text is found in which place, not the text.
    #[must_use]
    pub fn in_bytes(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        // What is no UTF-8 becomes signs that no form has; everything else stays as it is.
        let text = String::from_utf8_lossy(bytes);
        let found = self.wanted.iter().filter(|(_, forms)| forms.iter().any(|form| text.contains(form.as_str())));
        found.map(|(name, _)| format!("{name} in {place}")).collect()
    }

    /// Looks through all files below a folder, their names among it.
    pub fn in_files(&self, folder: &Path) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            let place = path.display().to_string();
            found.extend(self.in_bytes(&format!("the name {place}"), place.as_bytes()));
            let kind = path.symlink_metadata()?.file_type();
            if kind.is_dir() {
                found.extend(self.in_files(&path)?);
            } else if kind.is_file() {
                found.extend(self.in_bytes(&place, &std::fs::read(&path)?));
            }
        }
        Ok(found)
    }
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the part of a text's base64 that is the same whatever `offset` bytes stand before it and whatever follows.
fn base64_within(text: &str, offset: usize) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let whole = &text.as_bytes()[(3 - offset) % 3..];
    whole
        .chunks_exact(3)
        .flat_map(|three| {
            let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
            [18, 12, 6, 0].map(|shift| char::from(SIGNS[(bits >> shift & 63) as usize]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_and_nothing_else() {
        let mut search = Search::default();
        search.add("pass", "s3cr/t p@ss");
        let hits = |text: &str| search.in_bytes("here", text.as_bytes()).len();
        for form in [
            "x s3cr/t p@ss y",
            "s3cr%2Ft%20p%40ss",
            "733363722f742070407373",
            "czNjci90IHBAc3M=",     // alone
            "YXM6czNjci90IHBAc3M=", // after three bytes
            "Y3MzY3IvdCBwQHNz",     // after one
            "Y2FzM2NyL3QgcEBzcw==", // after two
        ] {
            assert_eq!(hits(form), 1, "{form}");
        }
        assert_eq!(hits("s3cr/t p-ss and s3cr"), 0);
        assert_eq!(search.in_bytes("a dump", b"\xff\x00s3cr/t p@ss\xfe"), ["pass in a dump"]);
    }
}
