//! Tables of different shapes for random histories.

use firn_scenarios::TableSpec;

/// A table, what writers do to it, and how it is synced.
pub(super) struct Shape {
    pub(super) name: &'static str,
    /// Statements of its own, besides the table's.
    pub(super) setup: &'static str,
    columns: &'static str,
    /// How the watermark of a row is set; `CLOCK` stands for a clock.
    pub(super) mark: &'static str,
    /// Where the watermark is stored.
    pub(super) column: &'static str,
    partition: bool,
    /// Rows vanish and change their keys.
    pub(super) vanishing: bool,
    /// What becomes of rows that have vanished: `ignore`, `soft` or `hard`.
    deletes: &'static str,
    rows: u32,
}

const PLAIN: Shape = Shape {
    name: "plain",
    setup: "",
    columns: "id bigint PRIMARY KEY, v text, n int NOT NULL DEFAULT 0, updated_at timestamptz NOT NULL DEFAULT now()",
    mark: "CLOCK",
    column: "updated_at",
    partition: false,
    vanishing: false,
    deletes: "ignore",
    rows: 500,
};

/// They differ in what a first load is (by pages, one stream), what a key and what a watermark is, and in what happens
/// to their rows.
pub(super) const SHAPES: [Shape; 10] = [
    // Room for rows to move about, a column that is not synced and changes without the watermark, and a view.
    Shape {
        rows: 4000,
        setup: "ALTER TABLE plain ADD untold int; CREATE VIEW seen AS SELECT id, v, n, updated_at FROM plain;",
        ..PLAIN
    },
    Shape {
        name: "parts",
        setup: "CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0); \
                CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);",
        partition: true,
        ..PLAIN
    },
    Shape {
        name: "pairs",
        columns: "a text GENERATED ALWAYS AS ('a' || id % 5) STORED, id bigint, v text, n int NOT NULL DEFAULT 0, \
                  updated_at timestamptz DEFAULT now(), PRIMARY KEY (a, id)",
        ..PLAIN
    },
    Shape {
        name: "gaps",
        columns: "id bigint PRIMARY KEY, v text, n int NOT NULL DEFAULT 0, updated_at timestamptz",
        mark: "CASE WHEN random() < 0.2 THEN NULL ELSE CLOCK END",
        ..PLAIN
    },
    Shape {
        name: "days",
        columns: "id bigint PRIMARY KEY, v text, n int NOT NULL DEFAULT 0, day date NOT NULL",
        mark: "(CLOCK)::date",
        column: "day",
        ..PLAIN
    },
    Shape {
        name: "serials",
        setup: "",
        columns: "id bigint PRIMARY KEY, v text, n int NOT NULL DEFAULT 0, rev bigint NOT NULL",
        mark: "nextval('revs')",
        column: "rev",
        ..PLAIN
    },
    Shape {
        name: "stamps",
        columns: "id bigint PRIMARY KEY, v text, n int NOT NULL DEFAULT 0, updated_at timestamp NOT NULL",
        mark: "(CLOCK AT TIME ZONE 'UTC')",
        ..PLAIN
    },
    Shape { name: "churn", vanishing: true, ..PLAIN },
    Shape { name: "churn_soft", vanishing: true, deletes: "soft", ..PLAIN },
    Shape { name: "churn_hard", vanishing: true, deletes: "hard", ..PLAIN },
];

impl Shape {
    /// Makes the table with its rows, an hour old.
    pub(super) fn create(&self) -> String {
        let Self { name, columns, column, rows, setup, .. } = self;
        let partition = if self.partition { " PARTITION BY HASH (id)" } else { "" };
        let mark = self.mark.replace("CLOCK", "(now() - interval '1 hour')");
        format!(
            "CREATE TABLE {name} ({columns}){partition}; CREATE INDEX ON {name} ({column}, id); {setup} \
             INSERT INTO {name} (id, v, {column}) SELECT n, repeat('.', 200), {mark} FROM generate_series(1, {rows}) n;"
        )
    }

    /// How it is synced.
    pub(super) fn spec(&self) -> TableSpec {
        let table = TableSpec::new(self.name).watermark(self.column).batch(50).deletes(self.deletes);
        // A table is emptied as a whole now and then.
        let table = TableSpec { max_delete_ratio: 1.0, ..table };
        match self.name {
            "plain" => table.transform("untold", None),
            "pairs" => table.key(&["a", "id"]),
            "days" => TableSpec { lookback_seconds: 86_400, ..table },
            // Far more than all numbers that are drawn while the longest transaction lasts.
            "serials" => TableSpec { lookback: 20_000, ..table },
            _ => table,
        }
    }
}

/// The tables without a shape of their own: a view, and one that is read as a whole.
pub(super) fn others() -> [TableSpec; 2] {
    let seen = TableSpec::new("seen").batch(50);
    [seen, TableSpec { full: true, watermark: None, ..TableSpec::new("rates") }]
}
