//! The keys of refreshes, snapshots, lake jobs and the forecast.

use super::{Key, Preset, Section, Shape};
use crate::words::FileFormat;

pub(crate) static REFRESH: Section = Section {
    name: "refresh",
    about: "A query over a warehouse whose result is kept as a table in Postgres.",
    keys: &[
        Key::required("name", Shape::Text, "The name used on the command line."),
        Key::required("source", Shape::Connection, "The connection that is queried."),
        Key::required("query", Shape::Text, "A query, or the name of a table."),
        Key::required("target", Shape::Table, "The table that holds the result."),
        Key::required("pk", Shape::Names, "The column, or list of columns, that identifies a row."),
        Key::optional("geometry", Shape::Section(&GEOMETRY), "A geometry column made from coordinates."),
        Key::optional("on_change", Shape::Section(&ON_CHANGE), "Refresh as soon as a stream holds changes."),
        Key::optional(
            "schedule",
            Shape::Schedule,
            "When it runs: a span such as 60s, or a cron line with a time zone.",
        ),
    ],
};

pub(crate) static GEOMETRY: Section = Section {
    name: "geometry",
    about: "A point, or with a second pair of coordinates a line.",
    keys: &[
        Key::required("from_lon", Shape::Text, "The column of the longitude, or of the start's."),
        Key::required("from_lat", Shape::Text, "The column of the latitude, or of the start's."),
        Key::optional("to_lon", Shape::Text, "The column of the end's longitude."),
        Key::optional("to_lat", Shape::Text, "The column of the end's latitude."),
        Key::preset("column", Shape::Text, Preset::Text("geom"), "The column that is made."),
        Key::preset(
            "srid",
            Shape::Integer { min: 0, max: 999_999 },
            Preset::Integer(4326),
            "The spatial reference system of the coordinates.",
        ),
    ],
};

pub(crate) static ON_CHANGE: Section = Section {
    name: "on_change",
    about: "A stream that tells of changes.",
    keys: &[
        Key::required("stream", Shape::Text, "The stream."),
        Key::preset("every", Shape::Span, Preset::Text("60s"), "How often the stream is looked at."),
    ],
};

pub(crate) static SNAPSHOT: Section = Section {
    name: "snapshot",
    about: "A query result or file that is kept and compared over time.",
    keys: &[
        Key::required("name", Shape::Text, "The name used on the command line."),
        Key::optional("source", Shape::Connection, "The connection that is queried."),
        Key::optional("query", Shape::Text, "The query; either this or file."),
        Key::optional("file", Shape::Text, "A CSV or Parquet file; either this or query."),
        Key::required("key", Shape::Names, "The column, or list of columns, that identifies a row."),
        Key::optional("customer", Shape::Text, "The column that fills customer_filter."),
        Key::optional("exclude", Shape::Texts, "Columns that are not compared."),
        Key::optional("compare", Shape::Section(&COMPARE), "What counts as equal."),
        Key::optional("hot", Shape::Connection, "The connection that keeps the newest snapshots."),
        Key::optional("archive", Shape::Connection, "The connection that keeps the archive."),
        Key::preset(
            "keep",
            Shape::Integer { min: 1, max: 100_000 },
            Preset::Integer(2),
            "How many snapshots stay hot.",
        ),
        Key::preset(
            "retention_days",
            Shape::Integer { min: 1, max: 36_500 },
            Preset::Integer(90),
            "Days that the archive keeps a snapshot.",
        ),
    ],
};

pub(crate) static COMPARE: Section = Section {
    name: "compare",
    about: "What counts as equal when snapshots are compared.",
    keys: &[
        Key::preset(
            "float_tolerance",
            Shape::Number { min: 0.0, max: f64::MAX },
            Preset::Number(0.0),
            "The largest difference of two floating-point numbers that counts as equal.",
        ),
        Key::preset("trim", Shape::Flag, Preset::Flag(false), "Whether white space around text is ignored."),
        Key::preset("ignore_case", Shape::Flag, Preset::Flag(false), "Whether upper and lower case are the same."),
    ],
};

pub(crate) static LAKE: Section = Section {
    name: "lake",
    about: "Files that become partitioned Parquet, and from there a table.",
    keys: &[
        Key::required("name", Shape::Text, "The name used on the command line."),
        Key::required("input", Shape::Section(&LAKE_INPUT), "The files that are read."),
        Key::required("output", Shape::Section(&LAKE_OUTPUT), "Where the Parquet files go."),
        Key::optional("key", Shape::Names, "The column, or list of columns, that identifies a row."),
        Key::optional("newest_by", Shape::Text, "The column that decides which of two rows with one key is kept."),
        Key::preset(
            "max_rejects",
            Shape::Number { min: 0.0, max: 1e15 },
            Preset::Number(0.0),
            "The rows that may be rejected: a share below 1, a count from 1.",
        ),
        Key::optional("load", Shape::Section(&LAKE_LOAD), "The table that is loaded from the Parquet files."),
    ],
};

pub(crate) static LAKE_INPUT: Section = Section {
    name: "lake_input",
    about: "The files that are read.",
    keys: &[
        Key::required("connection", Shape::Connection, "The folder or bucket."),
        Key::required("path", Shape::Text, "The path in it, with * and ** for any names."),
        Key::preset(
            "format",
            Shape::Choice(FileFormat::WORDS),
            Preset::Text(FileFormat::Csv.word()),
            "The files' format.",
        ),
    ],
};

pub(crate) static LAKE_OUTPUT: Section = Section {
    name: "lake_output",
    about: "Where the Parquet files go.",
    keys: &[
        Key::required("connection", Shape::Connection, "The folder or bucket."),
        Key::required("path", Shape::Text, "The path in it."),
        Key::optional("partition_by", Shape::Names, "The columns whose values name the folders."),
    ],
};

pub(crate) static LAKE_LOAD: Section = Section {
    name: "lake_load",
    about: "The table that is loaded from the Parquet files.",
    keys: &[
        Key::required("target", Shape::Connection, "The connection of the table."),
        Key::required("table", Shape::Table, "The table."),
    ],
};

pub(crate) static FORECAST: Section = Section {
    name: "forecast",
    about: "The forecast whose edits are promoted.",
    keys: &[
        Key::required("connection", Shape::Connection, "The connection that holds it."),
        Key::preset("schema", Shape::Text, Preset::Text("forecast"), "The schema that holds it."),
        Key::required("tenant", Shape::Text, "The tenant whose forecast is edited."),
    ],
};
