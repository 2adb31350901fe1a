//! Values of any length: text, JSON, bytes, and numbers as text.

use super::bits::Validity;
use super::numeric::Number;
use super::print::Printer;
use super::span::{Malformed, Refused, RefusedAt, Span, Values};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};

/// A column of byte strings.
#[derive(Debug)]
pub(super) struct Variable {
    offsets: Vec<i32>,
    values: Vec<u8>,
    validity: Validity,
}

impl Default for Variable {
    fn default() -> Self {
        Self { offsets: vec![0], values: Vec::new(), validity: Validity::default() }
    }
}

/// What [`Variable::take`] returns: offsets, bytes, and which values are there.
pub(super) type Parts = (OffsetBuffer<i32>, Buffer, Option<NullBuffer>);

impl Variable {
    /// Appends bytes as they are.
    #[inline]
    pub fn append_bytes(&mut self, values: Values<'_>) {
        self.append_after::<0>(values);
    }

    /// Appends texts; those that are not UTF-8 are refused.
    #[inline]
    pub fn append_text(&mut self, values: Values<'_>, refused: &mut Vec<RefusedAt>) {
        let (first, from) = (self.offsets.len() - 1, self.values.len());
        self.append_after::<0>(values);
        self.check_text(first, from, refused);
    }

    /// Appends the texts after a version byte, which is 1: `jsonb` and its like.
    #[inline]
    pub fn append_versioned(&mut self, values: Values<'_>, refused: &mut Vec<RefusedAt>) -> Result<(), Malformed> {
        let wrong = |span: &Span| !span.is_null() && values.get(*span).first() != Some(&1);
        if let Some(row) = values.spans.iter().position(wrong) {
            let at = values.spans.get(row).map_or(0, |span| span.at);
            return Err(Malformed { row, at, what: "its version is not 1" });
        }
        let (first, from) = (self.offsets.len() - 1, self.values.len());
        self.append_after::<1>(values);
        self.check_text(first, from, refused);
        Ok(())
    }

    /// Appends the exact texts of numbers.
    pub fn append_numeric(&mut self, values: Values<'_>) -> Result<(), Malformed> {
        self.offsets.reserve(values.spans.len());
        for (row, span) in values.spans.iter().enumerate() {
            if !span.is_null() {
                let number = Number::read(values.get(*span)).map_err(|what| Malformed { row, at: span.at, what })?;
                number.write(&mut self.values);
            }
            self.offsets.push(self.values.len() as i32);
        }
        self.validity.append(values.spans);
        Ok(())
    }

    /// Appends the texts that a printer writes; those that are not UTF-8 are refused.
    pub fn append_printed(
        &mut self,
        values: Values<'_>,
        printer: &Printer,
        refused: &mut Vec<RefusedAt>,
    ) -> Result<(), Malformed> {
        let (first, from) = (self.offsets.len() - 1, self.values.len());
        self.offsets.reserve(values.spans.len());
        for (row, span) in values.spans.iter().enumerate() {
            if !span.is_null() {
                let printed = printer.print(values.get(*span), &mut self.values);
                printed.map_err(|what| Malformed { row, at: span.at, what })?;
            }
            self.offsets.push(self.values.len() as i32);
        }
        self.validity.append(values.spans);
        self.check_text(first, from, refused);
        Ok(())
    }

    /// Appends the bytes of each value after the first `SKIP` ones.
    #[inline(always)]
    fn append_after<const SKIP: usize>(&mut self, values: Values<'_>) {
        // A copy of 32 bytes, cut to length afterwards, costs a few instructions; a copy of any length is a call.
        const SHORT: usize = 32;
        self.offsets.reserve(values.spans.len());
        for span in values.spans {
            let len = (span.len.max(0) as usize).saturating_sub(SKIP);
            let rest = values.bytes.get(span.at as usize + SKIP..).unwrap_or_default();
            match rest.first_chunk::<SHORT>() {
                Some(short) if len <= SHORT => {
                    let end = self.values.len() + len;
                    self.values.extend_from_slice(short);
                    self.values.truncate(end);
                }
                _ => self.values.extend_from_slice(rest.get(..len).unwrap_or_default()),
            }
            // The decoder closes a batch before its columns can pass 2 GiB.
            self.offsets.push(self.values.len() as i32);
        }
        self.validity.append(values.spans);
    }

    /// Checks the texts from row `first`, byte `from` on: all at once, and one by one where that fails.
    #[inline]
    fn check_text(&mut self, first: usize, from: usize, refused: &mut Vec<RefusedAt>) {
        let added = self.values.get(from..).unwrap_or_default();
        if !added.is_ascii() && !self.is_text(first, from) {
            self.check_each(first, refused);
        }
    }

    /// Returns whether the bytes from `from` on are UTF-8, and none of the texts begins inside a character.
    fn is_text(&self, first: usize, from: usize) -> bool {
        let Ok(text) = std::str::from_utf8(self.values.get(from..).unwrap_or_default()) else { return false };
        self.offsets.iter().skip(first).all(|offset| text.is_char_boundary(*offset as usize - from))
    }

    #[inline(never)]
    fn check_each(&mut self, first: usize, refused: &mut Vec<RefusedAt>) {
        for (row, ends) in self.offsets.get(first..).unwrap_or_default().windows(2).enumerate() {
            let &[from, to] = ends else { continue };
            let Some(text) = self.values.get_mut(from as usize..to as usize) else { continue };
            if std::str::from_utf8(text).is_err() {
                // The row is taken out when the batch closes; until then its place holds some valid text.
                text.fill(b'?');
                refused.push(RefusedAt { row, why: Refused::InvalidUtf8 });
            }
        }
    }

    /// Returns the number of bytes held.
    pub fn bytes(&self) -> usize {
        self.values.len()
    }

    /// Prepares for `rows` more values of `bytes` bytes together.
    pub fn reserve(&mut self, rows: usize, bytes: usize) {
        self.offsets.reserve(rows);
        self.values.reserve(bytes);
    }

    /// Returns what was appended and begins a new column.
    pub fn take(&mut self) -> Parts {
        let Self { offsets, values, mut validity } = std::mem::take(self);
        (OffsetBuffer::new(ScalarBuffer::from(offsets)), Buffer::from_vec(values), validity.take())
    }
}
