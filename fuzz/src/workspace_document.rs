//! The workspace document: any text is read or refused with the places of its faults, and an edit does what it says
//! or nothing.

use super::input::Input;
use firn_catalog::TableName;
use firn_workspace::{
    Color, Connection, ConnectionUrl, Document, EditError, EnvConnections, Postgres, Schedule, Settings, Step,
    TablePatch, TableSync, Tls, Value, Workspace, WorkspaceError, parse_env_file, parse_span,
};

const FILE: &str = "firn.yaml";

/// The input's first byte says what the text is: below 240 a document and how many edits (its lower two bits, each a
/// byte, before the text), then the small languages inside one.
pub fn check(data: &[u8]) {
    let mut input = Input(data);
    let kind = input.byte();
    let edits = input.slice(usize::from(if kind < 240 { kind & 3 } else { 0 }));
    let text = String::from_utf8_lossy(input.0);
    match kind {
        0..240 => check_document(&text, edits),
        240..244 => check_schedule(&text),
        244..248 => {
            let _outcome = ConnectionUrl::parse(&text);
        }
        _ => {
            if let Ok(variables) = parse_env_file(&text, ".env") {
                let environment = EnvConnections::from_vars(variables);
                let _outcome = Workspace::parse("tables: []", FILE, &environment);
            }
        }
    }
}

fn check_schedule(text: &str) {
    let _outcome = parse_span(text);
    let _outcome = Schedule::parse(text);
}

fn check_document(text: &str, edits: &[u8]) {
    let environment = EnvConnections::default();
    let read = Workspace::parse(text, FILE, &environment);
    if let Err(error) = &read {
        check_places(text, error);
    }
    let Ok(mut document) = Document::parse(text, FILE, &environment) else {
        assert!(read.is_err(), "text that is no YAML was read as a workspace");
        return;
    };
    assert_eq!(document.text(), text);
    assert_eq!(faults(&document), read.as_ref().err().map_or(0, |error| error.problems.len()));
    for edit in edits {
        let (before, had) = (document.text().to_owned(), faults(&document));
        match make(&mut document, *edit) {
            Err(error) => {
                let _message = error.to_string();
                assert_eq!(document.text(), before, "an edit failed and changed the text");
            }
            Ok(()) => assert!(faults(&document) <= had, "an edit made a fault"),
        }
        // What stands in memory is what would be read from the file.
        match Document::parse(document.text(), FILE, &environment) {
            Ok(again) => assert_eq!(faults(&again), faults(&document)),
            Err(error) => panic!("an edit left text that is no YAML: {error}"),
        }
    }
}

fn faults(document: &Document) -> usize {
    document.workspace().err().map_or(0, |error| error.problems.len())
}

fn check_places(text: &str, error: &WorkspaceError) {
    let _message = error.to_string();
    assert!(!error.problems.is_empty());
    // A place may be behind the last line's break.
    let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count() + 1;
    for problem in &error.problems {
        let place = problem.position;
        assert!(place.line >= 1 && place.column >= 1 && place.line <= lines, "{problem} in {lines} lines");
    }
}

fn make(document: &mut Document, edit: u8) -> Result<(), EditError> {
    let size = i64::from(edit >> 4) * 100;
    match edit & 15 {
        0 => document.set_scalar(&["sync_interval_seconds".into()], 60),
        1 => document.set_scalar(&["tables".into(), Step::from(0), "batch_size".into()], size),
        2 => document.set_table("public.users", &TablePatch::new().set("batch_size", size)),
        3 => document.set_table("public.users", &TablePatch::new().unset("pk").set("pk", "id: # '\"")),
        4 => document.set_table("public.users", &TablePatch::new().set("pk", vec!["a b".to_owned(), "- c".to_owned()])),
        5 => document.set_table("public.users", &TablePatch::new().set("where", Value::Text("a\nb # c".to_owned()))),
        6 => document.remove_table("public.users"),
        7 => document.add_table(&TableSync::new(TableName::new("public", "new"), TableName::new("x", "new"))),
        8 => document.set_connection(&server("app_db")),
        9 => document.set_connection(&server("another")),
        10 => document.remove_connection("app_db"),
        11 => document.remove(&["tables".into(), Step::from(0)]),
        12 => document.remove(&["connections".into()]),
        13 => document.remove(&["source".into()]),
        14 => document.set_scalar(&["source".into()], "another"),
        _ => document.remove(&["lake".into(), Step::from(0)]),
    }
}

fn server(name: &str) -> Connection {
    let settings = Settings::Postgres(Postgres {
        host: "elsewhere".to_owned(),
        port: 5433,
        database: "app".to_owned(),
        user: "app".to_owned(),
        tls: Tls::VerifyFull,
        ca_file: None,
        primary: None,
    });
    Connection { name: name.to_owned(), label: None, color: Some(Color::Teal), settings }
}
