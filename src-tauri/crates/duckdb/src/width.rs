//! What it takes to write rows of some width.
//!
//! DuckDB gathers rows in row groups of 122,880, whatever their width, and holds a block of each column of the one that
//! is being filled. Narrow rows fill it many times a second. Wide ones are committed long before it is full, and each
//! commit, and each checkpoint, has it in hand again: what they need grows with the columns and with the bytes of a
//! commit, so these are bounded together.

/// What it takes to write rows of some width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Width {
    /// Threads that may write row groups at once.
    pub(crate) threads: u64,
    /// Memory DuckDB must be allowed for groups of at most `group_bytes`, in bytes.
    pub(crate) memory: u64,
    /// Memory it must be allowed beside it while a whole table is replaced in one transaction, in bytes.
    pub(crate) replacing: u64,
    /// Largest group that fits this memory, in bytes as received.
    pub(crate) group_bytes: u64,
    /// Bytes of the write-ahead log that make a checkpoint, where DuckDB's own choice is too few: a checkpoint writes the
    /// row group that is being filled, and would come with every commit.
    pub(crate) log_bytes: Option<u64>,
}

impl Width {
    /// Most columns of a table that two threads write at once: each holds a block of every column.
    const PARALLEL_COLUMNS: u64 = 64;

    /// Memory a column takes, in bytes: three blocks, measured over groups of `WIDE_GROUP`.
    const COLUMN_MEMORY: u64 = 768 << 10;

    /// Memory a column takes where the whole table is one group, in bytes: measured with one that fills a row group half,
    /// when DuckDB holds the group and the row group it is added to at once.
    const COLUMN_REPLACED: u64 = 2 << 20;

    /// Bytes of a group of wide rows.
    const WIDE_GROUP: u64 = 16 << 20;

    pub(crate) fn of(columns: usize) -> Self {
        let columns = columns as u64;
        let replacing = columns * (Self::COLUMN_REPLACED - Self::COLUMN_MEMORY);
        if columns > Self::PARALLEL_COLUMNS {
            Self {
                threads: 1,
                memory: columns * Self::COLUMN_MEMORY,
                replacing,
                group_bytes: Self::WIDE_GROUP,
                log_bytes: Some(64 << 20),
            }
        } else {
            let memory = columns * Self::COLUMN_REPLACED;
            Self { threads: 2, memory, replacing: 0, group_bytes: u64::MAX, log_bytes: None }
        }
    }
}
