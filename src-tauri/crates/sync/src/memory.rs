//! The memory of rows above the horizon: read again each time, staged once.

use firn_catalog::{RowMark, Watermark};
use std::collections::HashSet;

/// Most marks kept for a table: 16 bytes each in the target. Rows beyond are merged again at the next run, which
/// changes nothing but costs time.
pub(crate) const MOST_MARKS: usize = 1_000_000;

/// Marks known from earlier runs and marks met in this one.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    known: HashSet<RowMark>,
    met: Vec<RowMark>,
    /// How many of `met` have been committed.
    committed: usize,
    overflowed: bool,
    /// Of a first load: the largest watermark below the horizon and the rows that have it. Catching up begins just
    /// before it, so these are read again.
    top: Option<(Watermark, Vec<RowMark>)>,
}

impl Memory {
    pub(crate) fn new(known: Vec<RowMark>) -> Self {
        Self { known: known.into_iter().collect(), ..Self::default() }
    }

    /// Returns whether a row has to be looked up at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Returns whether this row version has been loaded before.
    pub(crate) fn knows(&self, mark: &RowMark) -> bool {
        self.known.contains(mark)
    }

    /// Remembers a row version above the horizon.
    pub(crate) fn remember(&mut self, mark: RowMark) {
        if self.met.len() < MOST_MARKS {
            self.met.push(mark);
        } else {
            self.overflowed = true;
        }
    }

    /// Returns whether rows with this watermark, the largest of their batch below the horizon, belong to the top; a
    /// larger one begins a new top.
    pub(crate) fn is_top(&mut self, watermark: Watermark) -> bool {
        match &self.top {
            Some((top, _)) if *top > watermark => false,
            Some((top, _)) if *top == watermark => true,
            _ => {
                self.top = Some((watermark, Vec::new()));
                true
            }
        }
    }

    /// Adds a row to the top.
    pub(crate) fn add_to_top(&mut self, mark: RowMark) {
        if let Some((_, marks)) = self.top.as_mut().filter(|(_, marks)| marks.len() < MOST_MARKS) {
            marks.push(mark);
        }
    }

    /// Returns the largest watermark below the horizon.
    pub(crate) fn top(&self) -> Option<Watermark> {
        self.top.as_ref().map(|(watermark, _)| *watermark)
    }

    /// Remembers the rows of the top like those above the horizon.
    pub(crate) fn remember_top(&mut self) {
        for mark in self.top.take().map(|(_, marks)| marks).unwrap_or_default() {
            self.remember(mark);
        }
    }

    /// Returns the marks met since the last commit.
    pub(crate) fn uncommitted(&self) -> Vec<RowMark> {
        self.met[self.committed..].to_vec()
    }

    /// Notes that everything met so far is in the target.
    pub(crate) fn note_committed(&mut self) {
        self.committed = self.met.len();
    }

    /// Returns the marks that replace all others at the end of a pass, or `None` where the target has just these.
    pub(crate) fn replacement(&self) -> Option<Vec<RowMark>> {
        let met: HashSet<&RowMark> = self.met.iter().collect();
        let same = met.len() == self.known.len() && self.known.iter().all(|mark| met.contains(mark));
        (!same).then(|| self.met.clone())
    }

    /// Returns whether more rows stand above the horizon than can be remembered.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_that_meets_what_is_known_replaces_nothing() {
        let mut memory = Memory::new(vec![[1; 16], [2; 16]]);
        memory.remember([2; 16]);
        assert!(memory.replacement().is_some(), "one mark fell below the horizon");
        memory.remember([1; 16]);
        assert!(memory.replacement().is_none());
        memory.remember([3; 16]);
        assert_eq!(memory.uncommitted().len(), 3);
        memory.note_committed();
        assert!(memory.uncommitted().is_empty());
        assert_eq!(memory.replacement().unwrap().len(), 3);
    }
}
