//! Properties over many documents: edits leave every other line alone, and nothing panics.

#![allow(clippy::unwrap_used, reason = "tests")]

use firn_catalog::TableName;
use firn_workspace::{
    Connection, Document, EnvConnections, Postgres, Settings, Step, TablePatch, TableSync, Tls, Value, Workspace,
};
use proptest::prelude::*;

const EVERYTHING: &str = include_str!("documents/everything.yaml");

/// Who a line of a generated document belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// A comment or blank line between things, or a key that no edit of the test touches.
    Nobody,
    /// The line `tables:` or `connections:`.
    Head(&'static str),
    /// The setting `sync_interval_seconds`.
    Interval,
    /// A connection; all of it when `key` is empty.
    Connection(usize, &'static str),
    /// A table; all of it when `key` is empty.
    Table(usize, &'static str),
}

/// How one thing is written.
#[derive(Clone, Debug)]
struct Look {
    flow: bool,
    quote: usize,
    comment: usize,
    blank: bool,
    inner_comment: bool,
}

fn look() -> impl Strategy<Value = Look> {
    (any::<bool>(), 0..3_usize, 0..4_usize, any::<bool>(), any::<bool>())
        .prop_map(|(flow, quote, comment, blank, inner_comment)| Look { flow, quote, comment, blank, inner_comment })
}

/// A generated document: its lines with their owners.
#[derive(Clone, Debug)]
struct Written {
    lines: Vec<(String, Owner)>,
    newline: &'static str,
    final_newline: bool,
    connections: usize,
    tables: usize,
    flow_tables: Vec<bool>,
    flow_connections: Vec<bool>,
}

impl Written {
    fn text(&self) -> String {
        let lines: Vec<_> = self.lines.iter().map(|(line, _)| line.as_str()).collect();
        let mut text = lines.join(self.newline);
        if self.final_newline {
            text.push_str(self.newline);
        }
        text
    }
}

fn scalar(text: &str, quote: usize) -> String {
    match quote {
        1 => format!("'{text}'"),
        2 => format!("\"{text}\""),
        _ => text.to_owned(),
    }
}

fn tail(look: &Look, number: usize) -> String {
    match look.comment {
        1 => format!("   # note {number}: it's {{odd}}, [really] \"so\""),
        2 => "  ".to_owned(),
        _ => String::new(),
    }
}

fn push_mapping(
    lines: &mut Vec<(String, Owner)>,
    head: &str,
    indent: &str,
    entries: &[(&'static str, String)],
    look: &Look,
    owner: impl Fn(&'static str) -> Owner,
) {
    let number = lines.len();
    if look.flow {
        let inner: Vec<_> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        let padding = if look.quote == 0 { "" } else { " " };
        let comma = if look.inner_comment { "," } else { "" };
        lines.push((
            format!("{head}{{{padding}{}{comma}{padding}}}{}", inner.join(",  "), tail(look, number)),
            owner(""),
        ));
        return;
    }
    let is_item = head.ends_with("- ");
    if !is_item {
        lines.push((format!("{}{}", head.trim_end(), tail(look, number)), owner("")));
    }
    for (index, (key, value)) in entries.iter().enumerate() {
        let before = if index == 0 && is_item { head } else { indent };
        lines.push((format!("{before}{key}: {value}{}", tail(look, number + index)), owner(key)));
        if look.inner_comment && index + 1 < entries.len() {
            lines.push((format!("{indent}# inside {number}.{index}"), owner("inside")));
        }
    }
}

fn written() -> impl Strategy<Value = Written> {
    let parts = (
        prop::collection::vec(look(), 1..4),
        prop::collection::vec((look(), any::<bool>(), any::<bool>()), 1..5),
        any::<(bool, bool, bool, bool)>(),
        0..3_usize,
    );
    parts.prop_map(|(connections, tables, (crlf, final_newline, tables_first, interval_last), dash)| {
        let mut first = Vec::new();
        first.push(("connections:   # all of them".to_owned(), Owner::Head("connections")));
        for (index, look) in connections.iter().enumerate() {
            first.push((format!("  # connection {index}"), Owner::Nobody));
            let entries = [
                ("kind", "postgres".to_owned()),
                ("host", scalar(&format!("host{index}"), look.quote)),
                ("port", "5432".to_owned()),
                ("database", scalar("app", look.quote)),
                ("user", "app".to_owned()),
            ];
            let owner = move |key| Owner::Connection(index, key);
            push_mapping(&mut first, &format!("  c{index}: "), "    ", &entries, look, owner);
            if look.blank {
                first.push((String::new(), Owner::Nobody));
            }
        }
        let mut second = Vec::new();
        second.push(("tables:".to_owned(), Owner::Head("tables")));
        let dash = " ".repeat(dash * 2);
        for (index, (look, batch, filter)) in tables.iter().enumerate() {
            if look.blank {
                second.push((String::new(), Owner::Nobody));
                second.push((format!("{dash}# table {index} - source: none"), Owner::Nobody));
            }
            let mut entries = vec![
                ("source", scalar(&format!("public.t{index}"), look.quote)),
                ("target", format!("x.t{index}")),
                ("pk", scalar("id", look.quote)),
                ("watermark_column", "updated_at".to_owned()),
            ];
            if *batch {
                entries.push(("batch_size", "500".to_owned()));
            }
            if *batch && *filter {
                entries.push(("transform", "{ mail: lower(mail), \"a b\": null, 'x: y': \"1, 2\" }".to_owned()));
            }
            if *filter {
                entries.push(("where", "\"a # b\"".to_owned()));
            }
            let owner = move |key| Owner::Table(index, key);
            push_mapping(&mut second, &format!("{dash}- "), &format!("{dash}  "), &entries, look, owner);
        }
        let interval = [("sync_interval_seconds: 60 # every minute".to_owned(), Owner::Interval)];
        let comments = |text: &str| vec![(text.to_owned(), Owner::Nobody), (String::new(), Owner::Nobody)];
        let mut lines = comments("# the head of the file");
        let (one, two) = if tables_first { (second, first) } else { (first, second) };
        if !interval_last {
            lines.extend(interval.clone());
        }
        lines.extend(one);
        lines.extend(comments("# between"));
        lines.extend(two);
        if interval_last {
            lines.extend(interval);
        }
        lines.push(("# the end".to_owned(), Owner::Nobody));
        Written {
            lines,
            newline: if crlf { "\r\n" } else { "\n" },
            final_newline,
            connections: connections.len(),
            tables: tables.len(),
            flow_tables: tables.iter().map(|(look, ..)| look.flow).collect(),
            flow_connections: connections.iter().map(|look| look.flow).collect(),
        }
    })
}

/// An edit, with indices that are taken modulo what is there.
#[derive(Clone, Debug)]
enum Edit {
    Interval(i64),
    SetTable(usize, &'static str, Option<Value>),
    /// One column of the table's transforms, which it may or may not have yet.
    Transform(usize, &'static str, Option<Option<String>>),
    RemoveTable(usize),
    AddTable,
    SetHost(usize),
    AddConnection,
    RemoveConnection(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let value = prop_oneof![
        (1..9999_i64).prop_map(|size| ("batch_size", Some(Value::Integer(size)))),
        "[ -~é]{0,12}[a-z]".prop_map(|text| ("where", Some(Value::Text(text)))),
        prop::collection::vec("[a-z ,:#'\"]{0,5}[a-z]", 1..4).prop_map(|mut names| {
            names.sort();
            names.dedup();
            ("pk", Some(Value::from(names)))
        }),
        Just(("batch_size", None)),
        Just(("where", None)),
        Just(("deletes", Some(Value::from("soft")))),
    ];
    prop_oneof![
        (1..9999_i64).prop_map(Edit::Interval),
        (any::<usize>(), value).prop_map(|(index, (key, value))| Edit::SetTable(index, key, value)),
        (
            any::<usize>(),
            prop::sample::select(vec!["mail", "a b", "x: y"]),
            prop::option::of(prop::option::of("[ -~é]{0,12}[a-z]"))
        )
            .prop_map(|(index, column, sql)| Edit::Transform(index, column, sql)),
        any::<usize>().prop_map(Edit::RemoveTable),
        Just(Edit::AddTable),
        any::<usize>().prop_map(Edit::SetHost),
        Just(Edit::AddConnection),
        any::<usize>().prop_map(Edit::RemoveConnection),
    ]
}

fn server(name: &str, host: &str) -> Connection {
    let settings = Settings::Postgres(Postgres {
        host: host.to_owned(),
        port: 5432,
        database: "app".to_owned(),
        user: "app".to_owned(),
        tls: Tls::VerifyFull,
        ca_file: None,
        primary: None,
    });
    Connection { name: name.to_owned(), label: None, color: None, settings }
}

fn new_table() -> TableSync {
    TableSync {
        pk: vec!["id".to_owned()],
        watermark_column: Some("changed".to_owned()),
        ..TableSync::new(TableName::new("public", "new"), TableName::new("x", "new"))
    }
}

fn open(text: &str) -> Document {
    Document::parse(text, "firn.yaml", &EnvConnections::default()).unwrap()
}

/// Makes the edit and tells whose lines it may touch.
fn make(edit: &Edit, written: &Written, document: &mut Document) -> Box<dyn Fn(Owner) -> bool> {
    match edit {
        Edit::Interval(seconds) => {
            document.set_scalar(&["sync_interval_seconds".into()], *seconds).unwrap();
            Box::new(|owner| owner == Owner::Interval)
        }
        Edit::SetTable(index, key, value) => {
            let index = index % written.tables;
            let key = *key;
            let patch = match value {
                Some(value) => TablePatch::new().set(key, value.clone()),
                None => TablePatch::new().unset(key),
            };
            document.set_table(&format!("public.t{index}"), &patch).unwrap();
            let flow = written.flow_tables[index];
            Box::new(move |owner| owner == Owner::Table(index, if flow { "" } else { key }))
        }
        Edit::Transform(index, column, sql) => {
            let index = index % written.tables;
            let transform = [((*column).to_owned(), sql.clone())];
            document.set_transforms(&format!("public.t{index}"), &transform).unwrap();
            let flow = written.flow_tables[index];
            Box::new(move |owner| owner == Owner::Table(index, if flow { "" } else { "transform" }))
        }
        Edit::RemoveTable(index) => {
            let index = index % written.tables;
            document.remove_table(&format!("public.t{index}")).unwrap();
            let last = written.tables == 1;
            Box::new(move |owner| {
                matches!(owner, Owner::Table(at, _) if at == index) || last && owner == Owner::Head("tables")
            })
        }
        Edit::AddTable => {
            document.add_table(&new_table()).unwrap();
            Box::new(|_| false)
        }
        Edit::SetHost(index) => {
            let index = index % written.connections;
            document.set_connection(&server(&format!("c{index}"), "elsewhere")).unwrap();
            let flow = written.flow_connections[index];
            Box::new(move |owner| owner == Owner::Connection(index, if flow { "" } else { "host" }))
        }
        Edit::AddConnection => {
            document.set_connection(&server("new", "h")).unwrap();
            Box::new(|_| false)
        }
        Edit::RemoveConnection(index) => {
            let index = index % written.connections;
            document.remove_connection(&format!("c{index}")).unwrap();
            let last = written.connections == 1;
            Box::new(move |owner| {
                matches!(owner, Owner::Connection(at, _) if at == index) || last && owner == Owner::Head("connections")
            })
        }
    }
}

/// Holds what the document says after the edit against what it said before.
fn check_meaning(edit: &Edit, written: &Written, before: &Workspace, after: &Workspace) {
    let mut tables = before.tables.clone();
    let mut connections = before.connections.clone();
    let mut interval = before.sync_interval.as_secs();
    match edit {
        Edit::Interval(seconds) => interval = u64::try_from(*seconds).unwrap(),
        Edit::SetTable(index, key, value) => {
            let table = &mut tables[index % written.tables];
            match (*key, value) {
                ("batch_size", Some(Value::Integer(size))) => table.batch_size = Some(usize::try_from(*size).unwrap()),
                ("batch_size", _) => table.batch_size = None,
                ("where", Some(Value::Text(text))) => table.filter = Some(text.clone()),
                ("where", _) => table.filter = None,
                ("pk", Some(Value::List(names))) => {
                    let text = |name: &Value| if let Value::Text(text) = name { text.clone() } else { panic!() };
                    table.pk = names.iter().map(text).collect();
                }
                ("deletes", _) => table.deletes = firn_workspace::DeleteMode::Soft,
                other => panic!("{other:?}"),
            }
        }
        Edit::Transform(index, column, sql) => {
            let transform = &mut tables[index % written.tables].transform;
            let known = transform.iter().position(|(name, _)| name == column);
            match (known, sql) {
                (Some(at), Some(sql)) => transform[at].1.clone_from(sql),
                (Some(at), None) => drop(transform.remove(at)),
                (None, Some(sql)) => transform.push(((*column).to_owned(), sql.clone())),
                (None, None) => {}
            }
        }
        Edit::RemoveTable(index) => {
            tables.remove(index % written.tables);
        }
        Edit::AddTable => tables.push(new_table()),
        Edit::SetHost(index) => {
            let index = index % written.connections;
            connections[index] = server(&format!("c{index}"), "elsewhere");
        }
        Edit::AddConnection => connections.push(server("new", "h")),
        Edit::RemoveConnection(index) => {
            connections.remove(index % written.connections);
        }
    }
    assert_eq!(after.tables, tables);
    assert_eq!(after.connections, connections);
    assert_eq!(after.sync_interval.as_secs(), interval);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn an_edit_does_what_it_says_and_leaves_every_other_line_as_it_was(written in written(), edit in edit()) {
        let text = written.text();
        let mut document = open(&text);
        let before = document.workspace().unwrap();
        let touched = make(&edit, &written, &mut document);
        let after = document.text();
        check_meaning(&edit, &written, &before, &document.workspace().unwrap());

        // The untouched lines stand in the new text, whole and in their order.
        let mut new_lines = after.split(written.newline);
        for (line, owner) in &written.lines {
            if !touched(*owner) {
                prop_assert!(new_lines.any(|new| new == line), "{line:?} is gone\nbefore:\n{text}\nafter:\n{after}");
            }
        }
        let breaks = after.matches('\n').count();
        prop_assert_eq!(after.matches(written.newline).count(), breaks, "line ends are mixed: {:?}", after);
        if matches!(edit, Edit::Interval(_) | Edit::SetHost(_)) {
            prop_assert_eq!(after.split(written.newline).count(), text.split(written.newline).count());
        }
    }

    #[test]
    fn many_edits_in_a_row_keep_every_comment_outside_of_what_they_remove(
        written in written(),
        edits in prop::collection::vec(edit(), 1..8),
    ) {
        let mut document = open(&written.text());
        for edit in edits {
            // Later edits may ask for what an earlier one took away or added: those fail, and change nothing.
            let before = document.text().to_owned();
            let outcome = match edit {
                Edit::Interval(seconds) => document.set_scalar(&["sync_interval_seconds".into()], seconds),
                Edit::SetTable(index, key, Some(value)) => {
                    let patch = TablePatch::new().set(key, value);
                    document.set_table(&format!("public.t{}", index % written.tables), &patch)
                }
                Edit::SetTable(index, key, None) => {
                    document.set_table(&format!("public.t{}", index % written.tables), &TablePatch::new().unset(key))
                }
                Edit::Transform(index, column, sql) => document
                    .set_transforms(&format!("public.t{}", index % written.tables), &[(column.to_owned(), sql)]),
                Edit::RemoveTable(index) => document.remove_table(&format!("public.t{}", index % written.tables)),
                Edit::AddTable => document.add_table(&new_table()),
                Edit::SetHost(index) => {
                    document.set_connection(&server(&format!("c{}", index % written.connections), "elsewhere"))
                }
                Edit::AddConnection => document.set_connection(&server("new", "h")),
                Edit::RemoveConnection(index) => document.remove_connection(&format!("c{}", index % written.connections)),
            };
            if outcome.is_err() {
                prop_assert_eq!(document.text(), before);
            }
            prop_assert!(document.workspace().is_ok());
        }
        let mut lines = document.text().split(written.newline);
        for (line, owner) in &written.lines {
            if *owner == Owner::Nobody {
                prop_assert!(lines.any(|new| new == line), "{line:?} is gone\n{}", document.text());
            }
        }
    }

    #[test]
    fn a_damaged_document_is_refused_or_read_but_never_panics(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), "[ -~\n\t\r\u{0}é]{0,3}", 0..4_usize), 1..6),
        size in 0..1_000_000_i64,
    ) {
        let mut text: Vec<char> = EVERYTHING.chars().collect();
        for (from, to, insert, kind) in cuts {
            if text.is_empty() { break; }
            let (from, to) = (from.index(text.len()), to.index(text.len()));
            let (start, end) = (from.min(to), from.max(to));
            match kind {
                0 => { text.splice(start..(start + 3).min(end.max(start)), insert.chars()); }
                1 => { text.splice(start..start, insert.chars()); }
                2 => { let copy: Vec<char> = text[start..end.min(start + 40)].to_vec(); text.splice(end..end, copy); }
                _ => { text.drain(start..end.min(start + 40)); }
            }
        }
        let text: String = text.into_iter().collect();
        let _outcome = Workspace::parse(&text, "firn.yaml", &EnvConnections::default());
        if let Ok(mut document) = Document::parse(&text, "firn.yaml", &EnvConnections::default()) {
            let faults = document.workspace().err().map_or(0, |error| error.problems.len());
            let _outcome = document.set_connection(&server("app_db", "elsewhere"));
            let _outcome = document.set_connection(&server("another", "elsewhere"));
            let _outcome = document.set_table("public.users", &TablePatch::new().set("batch_size", size).unset("pk").set("pk", "id"));
            let _outcome = document.add_table(&new_table());
            let _outcome = document.remove(&[Step::from("lake"), Step::from(0)]);
            let _outcome = document.remove_connection("orders_db");
            let _outcome = document.remove_table("public.users");
            let left = document.workspace().err().map_or(0, |error| error.problems.len());
            prop_assert!(left <= faults, "{left} faults after, {faults} before\n{}", document.text());
        }
    }
}
