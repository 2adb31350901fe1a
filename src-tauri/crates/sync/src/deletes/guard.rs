//! The limit to how much may vanish at once.

use crate::config::TableConfig;
use firn_connector::{Error, ErrorKind, Side, SweepCount};

/// Returns whether more rows have vanished than a ratio of the live ones allows.
///
/// A single row is no mass deletion, however small the table: it may go unless the ratio is 0 or nothing would be left.
pub(crate) fn exceeds(ratio: f64, vanished: u64, live: u64) -> bool {
    if vanished == 0 {
        return false;
    }
    if vanished == 1 && live > 1 && ratio > 0.0 {
        return false;
    }
    #[expect(clippy::cast_precision_loss, reason = "a share, and no table has 2^53 rows")]
    let share = vanished as f64 / live as f64;
    share > ratio
}

/// Makes the error of a table that was stopped: how many of how many, and how to go on.
pub(crate) fn too_many(config: &TableConfig, count: &SweepCount) -> Error {
    let SweepCount { live, vanished, keys, .. } = *count;
    let message = format!(
        "{vanished} of {live} rows have vanished from the source, more than max_delete_ratio ({}) allows at once; the \
         source has {keys} rows now, and nothing was deleted",
        config.max_delete_ratio
    );
    let hint = format!(
        "look whether the source was emptied, restored or replaced; if the rows are to go, run once with \
         `firn sync run {} --max-delete-ratio 1`",
        config.source
    );
    Error::new(Side::Source, ErrorKind::Other, message).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::exceeds;

    #[test]
    fn a_share_stops_a_table_and_a_single_row_does_not() {
        let cases = [
            // ratio, vanished, live → stops
            (0.2, 0, 0, false),
            (0.2, 20, 100, false),
            (0.2, 21, 100, true),
            (0.57, 57, 100, false),
            (0.2, 1, 3, false),
            (0.2, 2, 3, true),
            (0.2, 1, 1, true),
            (0.0, 1, 1_000_000, true),
            (0.0, 0, 10, false),
            (1.0, 10, 10, false),
            (1.0, 1, 1, false),
            (0.000_001, 1, 10, false),
        ];
        for (ratio, vanished, live, stops) in cases {
            assert_eq!(exceeds(ratio, vanished, live), stops, "{vanished} of {live} at {ratio}");
        }
    }
}
