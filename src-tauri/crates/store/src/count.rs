//! Counts, as SQLite keeps them: it counts to 2^63, and no table has more rows.

/// Returns a count as it is stored.
pub(crate) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns a stored count.
pub(crate) fn counted(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
