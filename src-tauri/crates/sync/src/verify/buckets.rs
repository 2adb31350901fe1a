//! Counts and sums of digests by bucket of the key: what one pass over a side leaves behind.

use firn_catalog::RowDigest;

/// Fewest and most buckets of a comparison; a power of two each.
const FEWEST: u64 = 1 << 10;
const MOST: u64 = 1 << 17;
/// Rows a bucket should hold: what is read again for one difference.
const ROWS: u64 = 16;

/// The rows of a bucket: how many, and the sum of their digests. The order of rows does not matter, and a row that is
/// there twice counts twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Bucket {
    count: u64,
    sum: u128,
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub(super) struct Buckets {
    buckets: Vec<Bucket>,
}

/// Returns a number of buckets for a table of about so many rows.
pub(super) fn bucket_count(rows: u64) -> usize {
    let count = (rows / ROWS).clamp(FEWEST, MOST).next_power_of_two();
    usize::try_from(count).unwrap_or(1 << 10)
}

impl Buckets {
    /// Makes empty buckets; `count` is a power of two.
    pub(super) fn new(count: usize) -> Self {
        Self { buckets: vec![Bucket::default(); count] }
    }

    /// Returns the bucket of a key.
    pub(super) fn place(count: usize, key: RowDigest) -> usize {
        usize::try_from(key & (count as u128 - 1)).unwrap_or_default()
    }

    /// Adds a row.
    pub(super) fn add(&mut self, key: RowDigest, row: RowDigest) {
        let place = Self::place(self.buckets.len(), key);
        let bucket = &mut self.buckets[place];
        bucket.count += 1;
        bucket.sum = bucket.sum.wrapping_add(row);
    }

    /// Adds what another pass over the same side found.
    pub(super) fn merge(&mut self, other: &Self) {
        for (bucket, other) in self.buckets.iter_mut().zip(&other.buckets) {
            bucket.count += other.count;
            bucket.sum = bucket.sum.wrapping_add(other.sum);
        }
    }

    /// Returns how many buckets there are.
    pub(super) fn count(&self) -> usize {
        self.buckets.len()
    }

    /// Returns how many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.count).sum()
    }

    /// Returns the buckets that differ from the other side's, cut into slices of about `most` rows of both sides.
    pub(super) fn differing(&self, other: &Self, most: u64) -> Vec<Vec<usize>> {
        let mut slices: Vec<Vec<usize>> = Vec::new();
        let mut rows = u64::MAX;
        for (place, (a, b)) in self.buckets.iter().zip(&other.buckets).enumerate().filter(|(_, (a, b))| a != b) {
            let more = a.count + b.count;
            if rows.saturating_add(more) > most {
                slices.push(Vec::new());
                rows = 0;
            }
            rows += more;
            if let Some(slice) = slices.last_mut() {
                slice.push(place);
            }
        }
        slices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(rows: &[(u128, u128)]) -> Buckets {
        let mut buckets = Buckets::new(1024);
        rows.iter().for_each(|(key, row)| buckets.add(*key, *row));
        buckets
    }

    #[test]
    fn neither_order_nor_cut_matters_but_every_row_does() {
        let all = buckets(&[(1, 5), (1, 7), (2, 9), (1025, 1)]);
        assert!(all.differing(&buckets(&[(1025, 1), (2, 9), (1, 7), (1, 5)]), 100).is_empty());
        let mut parts = buckets(&[(1, 5), (2, 9)]);
        parts.merge(&buckets(&[(1025, 1), (1, 7)]));
        assert!(all.differing(&parts, 100).is_empty());
        assert_eq!(all.rows(), 4);
        assert_eq!(all.differing(&buckets(&[(1, 5), (1, 7), (2, 8), (1025, 1)]), 100), [[2]]);
        // A row twice on one side, with a sum that comes to the same.
        assert_eq!(buckets(&[(1, u128::MAX), (1, 2)]).differing(&buckets(&[(1, 1)]), 100), [[1]]);
    }

    #[test]
    fn slices_hold_about_as_many_rows_as_they_may() {
        let rows: Vec<(u128, u128)> = (0..100).map(|key| (key, 1)).collect();
        let slices = buckets(&rows).differing(&Buckets::new(1024), 30);
        assert_eq!(slices.iter().map(Vec::len).collect::<Vec<_>>(), [30, 30, 30, 10]);
        let whole: Vec<usize> = slices.into_iter().flatten().collect();
        assert_eq!(whole, (0..100).collect::<Vec<_>>());
        // A bucket larger than a slice is a slice.
        let large: Vec<(u128, u128)> = (0..50).map(|n| (7, n)).collect();
        assert_eq!(buckets(&large).differing(&Buckets::new(1024), 30), [[7]]);
    }

    #[test]
    fn buckets_grow_with_the_table() {
        assert_eq!((bucket_count(0), bucket_count(1_000_000), bucket_count(u64::MAX)), (1024, 65_536, 131_072));
    }
}
