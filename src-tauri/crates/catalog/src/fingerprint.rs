//! The mark of one row version above the horizon: what lets a run recognise a row it has loaded before.

use crate::watermark::Watermark;
use sha2::{Digest, Sha256};

/// A row version: the first 16 bytes of a SHA-256 over key, watermark and `xmin`.
///
/// Two versions with one mark would lose an update, so the hash is a cryptographic one.
pub type RowMark = [u8; 16];

/// Returns the mark of a row version. `key` holds the exact text of each key column.
#[must_use]
pub fn row_mark(key: &[String], watermark: Option<Watermark>, xmin: Option<u32>) -> RowMark {
    let mut hash = Sha256::new();
    for part in key {
        // The length keeps ("a", "bc") and ("ab", "c") apart.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(watermark.map_or([0; 8], |w| w.value().to_le_bytes()));
    hash.update([u8::from(watermark.is_some()), u8::from(xmin.is_some())]);
    hash.update(xmin.unwrap_or_default().to_le_bytes());
    let digest = hash.finalize();
    let mut mark = [0; 16];
    mark.copy_from_slice(&digest[..16]);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watermark::WatermarkKind;

    #[test]
    fn key_watermark_and_version_all_count() {
        let mark = |key: &[&str], value: Option<i64>, xmin| {
            let key: Vec<String> = key.iter().map(|s| (*s).to_owned()).collect();
            row_mark(&key, value.map(|v| Watermark::new(WatermarkKind::Integer, v)), xmin)
        };
        let base = mark(&["a", "bc"], Some(1), Some(7));
        assert_eq!(base, mark(&["a", "bc"], Some(1), Some(7)));
        assert_ne!(base, mark(&["ab", "c"], Some(1), Some(7)));
        assert_ne!(base, mark(&["a", "bc"], Some(2), Some(7)));
        assert_ne!(base, mark(&["a", "bc"], Some(1), Some(8)));
        assert_ne!(mark(&["a"], Some(0), None), mark(&["a"], None, None));
        assert_ne!(mark(&["a"], None, Some(0)), mark(&["a"], None, None));
    }
}
