//! Values as COPY has them, each behind its length, one after the other.

use super::error::Unfit;
use arrow::buffer::NullBuffer;
use std::ops::Range;

/// The longest value that a server takes: a text of it, with its own header, still is an allocation below 1 GiB.
pub(super) const LONGEST_VALUE: usize = 0x3fff_fffb;

/// What stands for the length of NULL.
pub(super) const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// A value that is none of its type: its row within the array, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnfitAt {
    pub row: usize,
    pub why: Unfit,
}

/// Encoded values, growing.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub bytes: Vec<u8>,
    /// Where each value ends; kept for the values of a column, not for those inside of one.
    pub ends: Option<Vec<usize>>,
}

impl Fields {
    /// Makes one that keeps the ends of its values.
    pub fn with_ends() -> Self {
        Self { bytes: Vec::new(), ends: Some(Vec::new()) }
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.bytes.clear();
        if let Some(ends) = &mut self.ends {
            ends.clear();
        }
    }

    fn end(&mut self) {
        if let Some(ends) = &mut self.ends {
            ends.push(self.bytes.len());
        }
    }

    /// Appends values of one length.
    pub fn append_fixed<const N: usize>(
        &mut self,
        rows: Range<usize>,
        nulls: Option<&NullBuffer>,
        value: impl Fn(usize) -> [u8; N],
    ) {
        for row in rows {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                self.bytes.extend(NULL);
            } else {
                self.bytes.extend((N as i32).to_be_bytes());
                self.bytes.extend(value(row));
            }
            self.end();
        }
    }

    /// Appends values of any length. One that `put` turns down is noted, and NULL stands in its place.
    pub fn append_each(
        &mut self,
        rows: Range<usize>,
        nulls: Option<&NullBuffer>,
        unfit: &mut Vec<UnfitAt>,
        mut put: impl FnMut(usize, &mut Vec<u8>) -> Result<(), Unfit>,
    ) {
        for row in rows {
            let from = self.bytes.len();
            self.bytes.extend(NULL);
            if !nulls.is_some_and(|nulls| nulls.is_null(row)) {
                let outcome = put(row, &mut self.bytes).and_then(|()| length(self.bytes.len() - from - 4));
                match outcome {
                    Ok(length) => {
                        if let Some(place) = self.bytes.get_mut(from..from + 4) {
                            place.copy_from_slice(&length);
                        }
                    }
                    Err(why) => {
                        self.bytes.truncate(from + 4);
                        unfit.push(UnfitAt { row, why });
                    }
                }
            }
            self.end();
        }
    }
}

/// Returns the length of a value as it stands before it.
pub(super) fn length(bytes: usize) -> Result<[u8; 4], Unfit> {
    if bytes > LONGEST_VALUE { Err(Unfit::TooLarge) } else { Ok((bytes as i32).to_be_bytes()) }
}
