//! The keys at the top of the document.

use super::{FORECAST, Key, LAKE, Preset, REFRESH, SNAPSHOT, Section, Shape, TABLE};

pub(crate) static DOCUMENT: Section = Section {
    name: "workspace",
    about: "A Firn workspace: connections, and the tables and jobs that move data between them. It holds no secret.",
    keys: &[
        Key::optional("connections", Shape::Connections, "The connections by name."),
        Key::optional("source", Shape::Connection, "The connection that tables are read from."),
        Key::optional("target", Shape::Connection, "The connection that tables are written to."),
        Key::optional(
            "state",
            Shape::Connection,
            "The connection that keeps sync_watermarks, sync_errors and sync_logs; the source unless named.",
        ),
        Key::preset(
            "state_schema",
            Shape::Text,
            Preset::Text("public"),
            "The schema of the state tables; another one when two workspaces share a source.",
        ),
        Key::preset(
            "sync_interval_seconds",
            Shape::Integer { min: 1, max: 31_536_000 },
            Preset::Integer(120),
            "Seconds from the start of one run to the start of the next.",
        ),
        Key::preset(
            "default_batch_size",
            Shape::Integer { min: 1, max: 1_000_000 },
            Preset::Integer(1000),
            "Rows read at a time for tables that do not say.",
        ),
        Key::preset(
            "max_retries",
            Shape::Integer { min: 0, max: 1000 },
            Preset::Integer(5),
            "How often a step is tried again after a passing failure.",
        ),
        Key::preset(
            "error_payloads",
            Shape::Flag,
            Preset::Flag(true),
            "Whether rejected rows are kept with their values.",
        ),
        Key::preset(
            "error_retention_days",
            Shape::Integer { min: 1, max: 3650 },
            Preset::Integer(30),
            "Days after which rejected rows are forgotten.",
        ),
        Key::optional("tables", Shape::Sections(&TABLE), "The tables that are kept in sync."),
        Key::optional("refreshes", Shape::Sections(&REFRESH), "Queries over a warehouse, kept as tables in Postgres."),
        Key::optional("snapshots", Shape::Sections(&SNAPSHOT), "Query results or files, kept and compared over time."),
        Key::optional("lake", Shape::Sections(&LAKE), "Files turned into partitioned Parquet and loaded."),
        Key::optional("forecast", Shape::Section(&FORECAST), "The forecast whose edits are promoted."),
    ],
};
