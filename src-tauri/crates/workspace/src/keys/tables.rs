//! The keys of a table that is kept in sync.

use super::{ANY_COUNT, Key, Preset, Section, Shape};
use crate::words::{DeleteMode, DriftMode, SyncMode, UnfitMode};

pub(crate) static TABLE: Section = Section {
    name: "table",
    about: "A table of the source and its copy in the target.",
    keys: &[
        Key::required("source", Shape::Table, "The table in the source, as schema.table."),
        Key::required("target", Shape::Table, "The table in the target, as schema.table."),
        Key::optional(
            "pk",
            Shape::Names,
            "The column, or list of columns, that identifies a row; required unless mode is full.",
        ),
        Key::optional(
            "watermark_column",
            Shape::Text,
            "The column that grows with every change of a row; required unless mode is full.",
        ),
        Key::optional(
            "batch_size",
            Shape::Integer { min: 1, max: 1_000_000 },
            "Rows read at a time; default_batch_size unless named.",
        ),
        Key::optional(
            "transform",
            Shape::Transforms,
            "Columns with the SQL expression that the source computes instead; null leaves a column out.",
        ),
        Key::optional("where", Shape::Text, "A SQL condition over the source row; other rows are not read."),
        Key::preset(
            "mode",
            Shape::Choice(SyncMode::WORDS),
            Preset::Text(SyncMode::Incremental.word()),
            "Whether a run reads what changed or everything.",
        ),
        Key::preset(
            "deletes",
            Shape::Choice(DeleteMode::WORDS),
            Preset::Text(DeleteMode::Ignore.word()),
            "What happens to rows that vanished from the source.",
        ),
        Key::preset(
            "max_delete_ratio",
            Shape::Number { min: 0.0, max: 1.0 },
            Preset::Number(0.2),
            "The share of rows that may vanish at once; more stops the table instead.",
        ),
        Key::preset(
            "on_drift",
            Shape::Choice(DriftMode::WORDS),
            Preset::Text(DriftMode::Add.word()),
            "What happens when the source's columns change.",
        ),
        Key::preset(
            "on_unfit",
            Shape::Choice(UnfitMode::WORDS),
            Preset::Text(UnfitMode::Reject.word()),
            "What becomes of a value that the target's type cannot hold: reject keeps its row aside, null makes it NULL and counts it.",
        ),
        Key::preset(
            "lookback_seconds",
            Shape::Integer { min: 0, max: 315_360_000 },
            Preset::Integer(0),
            "Seconds below the watermark that are read again, for clocks that the database does not set.",
        ),
        Key::optional("lookback", ANY_COUNT, "The same in the watermark's own unit, for integer watermarks."),
        Key::optional(
            "schedule",
            Shape::Schedule,
            "When the table runs: a span such as 120s, or a cron line with a time zone. Overrides sync_interval_seconds.",
        ),
    ],
};
