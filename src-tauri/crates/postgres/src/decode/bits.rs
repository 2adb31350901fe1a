//! Bitmaps: boolean values, and which values are there.

use super::span::Span;
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};

/// A growing bitmap, least significant bit first as Arrow has it.
#[derive(Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
    word: u64,
    len: usize,
}

impl Bits {
    /// Appends bits.
    #[inline(always)]
    pub fn extend(&mut self, bits: impl Iterator<Item = bool>) {
        let (mut word, mut used) = (self.word, self.len % 64);
        for bit in bits {
            word |= u64::from(bit) << used;
            used += 1;
            if used == 64 {
                self.words.push(word);
                (word, used) = (0, 0);
            }
        }
        self.word = word;
        self.len = self.words.len() * 64 + used;
    }

    /// Appends `count` ones.
    pub fn extend_ones(&mut self, count: usize) {
        let used = self.len % 64;
        let end = used + count;
        let first = u64::MAX << used;
        if end < 64 {
            self.word |= first & !(u64::MAX << end);
        } else {
            self.words.push(self.word | first);
            self.words.resize(self.words.len() + end / 64 - 1, u64::MAX);
            self.word = !(u64::MAX << (end % 64));
        }
        self.len += count;
    }

    /// Returns the bitmap and begins a new one.
    pub fn take(&mut self) -> BooleanBuffer {
        let Self { mut words, word, len } = std::mem::take(self);
        if len % 64 != 0 {
            words.push(word);
        }
        // Arrow's bitmaps are little-endian bytes; on other machines the words would have to be swapped first.
        words.iter_mut().for_each(|word| *word = word.to_le());
        BooleanBuffer::new(Buffer::from_vec(words), 0, len)
    }
}

/// Which values of a column are there. Costs nothing until the first NULL.
#[derive(Debug, Default)]
pub(super) struct Validity {
    bits: Bits,
    len: usize,
    nulls: usize,
}

impl Validity {
    /// Appends one row a span.
    #[inline]
    pub fn append(&mut self, spans: &[Span]) {
        let nulls = spans.iter().filter(|span| span.is_null()).count();
        if nulls + self.nulls > 0 {
            if self.nulls == 0 {
                self.bits.extend_ones(self.len);
            }
            self.bits.extend(spans.iter().map(|span| !span.is_null()));
            self.nulls += nulls;
        }
        self.len += spans.len();
    }

    /// Returns the bitmap, or `None` where every value is there, and begins a new one.
    pub fn take(&mut self) -> Option<NullBuffer> {
        let taken = std::mem::take(self);
        let mut bits = taken.bits;
        (taken.nulls > 0).then(|| NullBuffer::new(bits.take()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_come_back_in_order(runs in prop::collection::vec((prop::bool::ANY, 0_usize..200), 0..12)) {
            let mut bits = Bits::default();
            let mut expected = Vec::new();
            for (ones, count) in runs {
                if ones {
                    bits.extend_ones(count);
                    expected.extend(std::iter::repeat_n(true, count));
                } else {
                    bits.extend((0..count).map(|i| i % 3 == 0));
                    expected.extend((0..count).map(|i| i % 3 == 0));
                }
            }
            prop_assert_eq!(bits.take().iter().collect::<Vec<_>>(), expected);
        }

        #[test]
        fn nulls_are_where_the_spans_say(chunks in prop::collection::vec(prop::collection::vec(prop::bool::weighted(0.9), 0..150), 0..5)) {
            let mut validity = Validity::default();
            for chunk in &chunks {
                let spans: Vec<Span> = chunk.iter().map(|there| Span { at: 0, len: if *there { 4 } else { -1 } }).collect();
                validity.append(&spans);
            }
            let expected: Vec<bool> = chunks.concat();
            match validity.take() {
                Some(nulls) => prop_assert_eq!(nulls.iter().collect::<Vec<_>>(), expected),
                None => prop_assert!(expected.iter().all(|there| *there)),
            }
        }
    }
}
