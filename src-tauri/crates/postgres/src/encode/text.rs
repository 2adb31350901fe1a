//! Texts, JSON and bytes: what is checked before they are copied as they are.

use super::error::Unfit;
use super::fields::{LONGEST_VALUE, UnfitAt};
use arrow::buffer::NullBuffer;
use std::ops::Range;

/// Offsets and bytes of an Arrow array of values of any length.
#[derive(Clone, Copy)]
pub(super) struct Strings<'a> {
    pub offsets: &'a [i32],
    pub bytes: &'a [u8],
    pub nulls: Option<&'a NullBuffer>,
}

impl<'a> Strings<'a> {
    /// Returns a value; empty for NULL, whatever lies there.
    #[inline(always)]
    pub fn get(&self, row: usize) -> &'a [u8] {
        match self.offsets.get(row..row + 2) {
            Some(&[from, to]) => self.bytes.get(from as usize..to as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Returns whether a value is NULL.
    #[inline(always)]
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    fn all(&self, rows: &Range<usize>) -> &'a [u8] {
        match (self.offsets.get(rows.start), self.offsets.get(rows.end)) {
            (Some(from), Some(to)) => self.bytes.get(*from as usize..*to as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Notes texts that hold U+0000: all rows at once, and one by one where that fails.
    pub fn check_nul(&self, rows: Range<usize>, unfit: &mut Vec<UnfitAt>) {
        if self.all(&rows).contains(&0) {
            let bad = rows.filter(|row| !self.is_null(*row) && self.get(*row).contains(&0));
            unfit.extend(bad.map(|row| UnfitAt { row, why: Unfit::NulCharacter }));
        }
    }

    /// Notes texts of more than `most` characters. The server would cut blanks beyond it without a word.
    pub fn check_length(&self, rows: Range<usize>, most: u32, unfit: &mut Vec<UnfitAt>) {
        let long = rows.filter(|row| {
            let text = self.get(*row);
            // Every byte but those that continue a character begins one.
            text.len() > most as usize
                && !self.is_null(*row)
                && text.iter().filter(|byte| (**byte as i8) >= -64).count() > most as usize
        });
        unfit.extend(long.map(|row| UnfitAt { row, why: Unfit::TooLong }));
    }

    /// Notes values that no server takes for their length; `before` bytes stand before each.
    pub fn check_size(&self, rows: Range<usize>, before: usize, unfit: &mut Vec<UnfitAt>) {
        let most = LONGEST_VALUE - before;
        if self.all(&rows).len() > most {
            let large = rows.filter(|row| !self.is_null(*row) && self.get(*row).len() > most);
            unfit.extend(large.map(|row| UnfitAt { row, why: Unfit::TooLarge }));
        }
    }
}
