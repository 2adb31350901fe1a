//! Where the cursor may stand: never past the horizon, never back.

use firn_catalog::Watermark;
use firn_connector::switches::{Protection, on};
use firn_connector::{Cursor, PageRange};

/// Returns the cursor to store once every row up to `reached` has been applied.
///
/// Below the horizon that is the position itself. At or above it the cursor stops just before the horizon, because
/// a transaction still in progress may bring rows with a smaller watermark than the one reached. Without a horizon
/// it stays. It never moves back: what was complete once stays complete, even if a later horizon is smaller.
///
/// It never moves past the last row seen either, though everything below the horizon is complete by the database's
/// clock: rows stamped by an application whose clock is behind still come after the ones seen.
#[must_use]
pub fn advance(stored: Option<&Cursor>, reached: Cursor, horizon: Option<Watermark>) -> Option<Cursor> {
    let Some(horizon) = horizon else {
        return if on(Protection::Horizon) { stored.cloned() } else { Some(reached) };
    };
    let next = if reached.watermark < horizon || !on(Protection::Horizon) { reached } else { Cursor::before(horizon) };
    match stored {
        Some(old) if old.watermark > next.watermark => Some(old.clone()),
        Some(old) if old.watermark == next.watermark && next.key.is_none() => Some(old.clone()),
        _ => Some(next),
    }
}

/// Adds a range to a sorted list of ranges and merges those that touch.
pub fn add_range(done: &mut Vec<PageRange>, range: PageRange) {
    done.push(range);
    done.sort_unstable();
    let mut merged: Vec<PageRange> = Vec::with_capacity(done.len());
    for next in done.drain(..) {
        match merged.last_mut() {
            Some(last) if last.to.is_none_or(|end| end >= next.from) => {
                last.to = match (last.to, next.to) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    _ => None,
                };
            }
            _ => merged.push(next),
        }
    }
    *done = merged;
}

/// Returns the parts of `ranges` that `done` does not cover, each cut where a done range begins or ends.
#[must_use]
pub fn remaining(ranges: &[PageRange], done: &[PageRange]) -> Vec<PageRange> {
    let mut left = Vec::new();
    for range in ranges {
        let mut from = range.from;
        let end = |to: Option<u32>| to.unwrap_or(u32::MAX);
        for finished in done.iter().filter(|d| end(d.to) > range.from && d.from < end(range.to)) {
            if finished.from > from {
                left.push(PageRange { from, to: Some(finished.from) });
            }
            from = from.max(end(finished.to));
        }
        if from < end(range.to) {
            left.push(PageRange { from, to: range.to });
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_catalog::WatermarkKind;

    fn w(value: i64) -> Watermark {
        Watermark::new(WatermarkKind::Integer, value)
    }
    fn at(value: i64, key: &str) -> Cursor {
        Cursor { watermark: w(value), key: Some(vec![key.to_owned()]) }
    }
    fn r(from: u32, to: impl Into<Option<u32>>) -> PageRange {
        PageRange { from, to: to.into() }
    }

    #[test]
    fn the_cursor_stops_before_the_horizon_and_never_goes_back() {
        let cases = [
            // stored, reached, horizon → next
            (None, at(5, "a"), Some(9), Some(at(5, "a"))),
            (None, at(9, "a"), Some(9), Some(Cursor::before(w(9)))),
            (None, at(2099, "a"), Some(9), Some(Cursor::before(w(9)))),
            (None, at(5, "a"), None, None),
            (Some(at(3, "x")), at(5, "a"), None, Some(at(3, "x"))),
            (Some(at(7, "x")), at(8, "a"), Some(6), Some(at(7, "x"))),
            (Some(at(6, "x")), at(8, "a"), Some(6), Some(at(6, "x"))),
            (Some(at(6, "x")), at(6, "y"), Some(9), Some(at(6, "y"))),
            (Some(Cursor::before(w(6))), at(6, "a"), Some(9), Some(at(6, "a"))),
        ];
        for (stored, reached, horizon, next) in cases {
            let label = format!("{stored:?} {reached:?} {horizon:?}");
            assert_eq!(advance(stored.as_ref(), reached, horizon.map(w)), next, "{label}");
        }
    }

    #[test]
    fn ranges_merge_and_leave_gaps() {
        let mut done = Vec::new();
        for range in [r(20, 30), r(0, 10), r(10, 20)] {
            add_range(&mut done, range);
        }
        assert_eq!(done, [r(0, 30)]);
        add_range(&mut done, r(40, None));
        assert_eq!(done, [r(0, 30), r(40, None)]);
        assert_eq!(remaining(&[r(0, 25), r(25, 50), r(50, None)], &done), [r(30, 40)]);
        assert_eq!(remaining(&[r(0, None)], &[r(5, 7)]), [r(0, 5), r(7, None)]);
        assert_eq!(remaining(&[r(0, None)], &[]), [r(0, None)]);
    }
}
