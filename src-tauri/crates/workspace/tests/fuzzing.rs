//! Random documents from a grammar of right, wrong and odd parts: none panics, and what is wrong has its place.

#![allow(clippy::unwrap_used, reason = "tests")]

use firn_workspace::{Document, EnvConnections, TablePatch, Workspace};
use proptest::prelude::*;

/// Keys of every section, keys with a slip, and keys that are none.
const KEYS: [&str; 44] = [
    "connections",
    "source",
    "target",
    "state",
    "state_schema",
    "sync_interval_seconds",
    "default_batch_size",
    "max_retries",
    "tables",
    "refreshes",
    "snapshots",
    "lake",
    "forecast",
    "pk",
    "watermark_column",
    "batch_size",
    "transform",
    "where",
    "mode",
    "deletes",
    "max_delete_ratio",
    "on_drift",
    "lookback_seconds",
    "lookback",
    "schedule",
    "kind",
    "host",
    "port",
    "database",
    "user",
    "tls",
    "primary",
    "path",
    "name",
    "query",
    "key",
    "watermrak_column",
    "hots",
    "Tables",
    "password",
    "größe",
    "",
    "0",
    "a b",
];

/// Values of every type, right ones, wrong ones and such as YAML takes for something else.
const SCALARS: [&str; 40] = [
    "public.users",
    "app_db",
    "warehouse",
    "id",
    "updated_at",
    "incremental",
    "full",
    "stop",
    "120",
    "0",
    "-1",
    "99999999999999999999999",
    "1e400",
    "0x7fffffffffffffff",
    ".nan",
    "-.inf",
    "true",
    "no",
    "~",
    "null",
    "''",
    "\"\"",
    "'it''s'",
    "\"\\u0000 \\t ü 😀\"",
    "2024-05-01",
    "12:30:45",
    "postgres",
    "duckdb",
    "!!int x",
    "!tag y",
    "*nobody",
    "&here 5",
    "| \n    block\n    text",
    "> \n    folded",
    "0 4 * * * America/Los_Angeles",
    "60s",
    "%",
    "@at",
    "`tick`",
    "\u{feff}bom",
];

/// A part of a document, written out at some depth.
#[derive(Clone, Debug)]
enum Part {
    Scalar(usize),
    Map(Vec<(usize, Part)>),
    List(Vec<Part>),
    FlowMap(Vec<(usize, Part)>),
    FlowList(Vec<Part>),
    Nothing,
}

fn part() -> impl Strategy<Value = Part> {
    let leaf = prop_oneof![6 => (0..SCALARS.len()).prop_map(Part::Scalar), 1 => Just(Part::Nothing)];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let entries = || prop::collection::vec((0..KEYS.len(), inner.clone()), 0..6);
        prop_oneof![
            3 => entries().prop_map(Part::Map),
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Part::List),
            1 => entries().prop_map(Part::FlowMap),
            1 => prop::collection::vec(inner, 0..4).prop_map(Part::FlowList),
        ]
    })
}

fn write(part: &Part, depth: usize, indent: &str, text: &mut String) {
    match part {
        Part::Nothing => text.push('\n'),
        Part::Scalar(at) => text.push_str(&format!(" {}\n", SCALARS[*at])),
        Part::Map(entries) if entries.is_empty() => text.push_str(" {}\n"),
        Part::List(items) if items.is_empty() => text.push_str(" []\n"),
        Part::Map(entries) => {
            text.push('\n');
            for (key, value) in entries {
                text.push_str(&indent.repeat(depth));
                text.push_str(&format!("{}:", KEYS[*key]));
                write(value, depth + 1, indent, text);
            }
        }
        Part::List(items) => {
            text.push('\n');
            for item in items {
                text.push_str(&indent.repeat(depth));
                text.push('-');
                write(item, depth + 1, indent, text);
            }
        }
        Part::FlowMap(_) | Part::FlowList(_) => {
            text.push(' ');
            flow(part, text);
            text.push('\n');
        }
    }
}

fn flow(part: &Part, text: &mut String) {
    match part {
        Part::Nothing => {}
        Part::Scalar(at) => text.push_str(SCALARS[*at].lines().next().unwrap_or_default()),
        Part::Map(entries) | Part::FlowMap(entries) => {
            text.push_str("{ ");
            for (key, value) in entries {
                text.push_str(&format!("{}: ", KEYS[*key]));
                flow(value, text);
                text.push_str(", ");
            }
            text.push('}');
        }
        Part::List(items) | Part::FlowList(items) => {
            text.push('[');
            for item in items {
                flow(item, text);
                text.push_str(", ");
            }
            text.push(']');
        }
    }
}

/// How a whole document is written.
#[derive(Clone, Debug)]
struct Look {
    crlf: bool,
    tabs: bool,
    bom: bool,
    comment: bool,
    documents: bool,
}

fn look() -> impl Strategy<Value = Look> {
    let rarely = || prop::bool::weighted(0.1);
    (any::<bool>(), rarely(), rarely(), any::<bool>(), rarely())
        .prop_map(|(crlf, tabs, bom, comment, documents)| Look { crlf, tabs, bom, comment, documents })
}

fn document(entries: &[(usize, Part)], look: &Look) -> String {
    let mut text = String::new();
    if look.comment {
        text.push_str("# a comment: { not, [a value\n");
    }
    for (key, value) in entries {
        text.push_str(&format!("{}:", KEYS[*key]));
        write(value, 1, if look.tabs { "\t" } else { "  " }, &mut text);
    }
    if look.documents {
        text.push_str("---\nsecond: document\n");
    }
    if look.crlf {
        text = text.replace('\n', "\r\n");
    }
    if look.bom {
        text.insert(0, '\u{feff}');
    }
    text
}

/// Makes sure that a problem names a place of the text and, where the text is YAML at all, a key.
fn has_its_place(text: &str) -> Result<(), TestCaseError> {
    let Err(error) = Workspace::parse(text, "firn.yaml", &EnvConnections::default()) else { return Ok(()) };
    prop_assert!(!error.problems.is_empty());
    let lines = text.split('\n').count();
    for problem in &error.problems {
        prop_assert_eq!(&problem.file, "firn.yaml");
        let place = problem.position;
        prop_assert!((1..=lines + 1).contains(&place.line) && place.column >= 1, "{problem} of {lines} lines\n{text}");
        prop_assert!(!problem.message.is_empty());
        // What is no document at all is one problem with a line; whatever is wrong inside of one has a key.
        // A key may be the empty text.
        let empty_key = problem.message.contains("``");
        prop_assert!(!problem.path.is_empty() || empty_key || error.problems.len() == 1, "{problem}\n{text}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_random_document_is_read_or_refused_with_places(
        entries in prop::collection::vec((0..KEYS.len(), part()), 0..8),
        look in look(),
    ) {
        let text = document(&entries, &look);
        has_its_place(&text)?;
        // What is refused can still be opened and edited, or says why not.
        if let Ok(mut document) = Document::parse(&text, "firn.yaml", &EnvConnections::default()) {
            prop_assert_eq!(document.text(), &text);
            let edited = document.set_table("public.users", &TablePatch::new().set("batch_size", 7));
            if edited.is_err() {
                prop_assert_eq!(document.text(), &text, "a failed edit left something behind");
            }
        }
    }

    #[test]
    fn a_right_document_with_one_wrong_part_names_its_key(
        at in 0..4_usize,
        key in prop::sample::select(vec!["batch_size", "mode", "on_drift", "deletes", "max_delete_ratio", "lookback_seconds", "schedule", "transform"]),
        value in prop::sample::select(vec!["[1, 2]", "{ a: { b: c } }", "99999999999999999999999", "nonsense!", "-5", "'7 o''clock'", "\"\\0\""]),
        crlf in any::<bool>(),
    ) {
        let mut text = "connections:\n  app_db: { kind: postgres, host: h, database: d, user: u }\n  warehouse: { kind: duckdb, path: w }\nsource: app_db\ntarget: warehouse\ntables:\n".to_owned();
        for table in 0..4 {
            text.push_str(&format!("  - source: public.t{table}\n    target: x.t{table}\n    pk: id\n    watermark_column: at   # kept\n"));
            if table == at {
                text.push_str(&format!("    {key}: {value}\n"));
            }
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let line = text.lines().position(|line| line.trim_start().starts_with(&format!("{key}:"))).unwrap() + 1;
        if let Err(error) = Workspace::parse(&text, "firn.yaml", &EnvConnections::default()) {
            for problem in &error.problems {
                prop_assert!(problem.path.starts_with(&format!("tables[{at}].{key}")), "{problem}");
                prop_assert_eq!(problem.position.line, line, "{}", problem);
            }
        }
    }

    #[test]
    fn a_key_written_twice_is_told_where_it_stands_again(key in prop::sample::select(vec!["pk", "target", "watermark_column"])) {
        let value = if key == "target" { "x.t" } else { "id" };
        let text = format!("tables:\n  - source: public.t\n    target: x.t\n    pk: id\n    watermark_column: id\n    # again\n    {key}: {value}\n");
        let error = Workspace::parse(&text, "firn.yaml", &EnvConnections::default()).unwrap_err();
        let told = error.problems.iter().find(|problem| problem.position.line == 7).unwrap();
        prop_assert!(told.path == format!("tables[0].{key}"), "{told}");
    }
}
