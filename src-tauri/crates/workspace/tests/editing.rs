//! Edits, as a person who keeps the file under version control sees them: what changes, and that nothing else does.

#![allow(clippy::unwrap_used, reason = "tests")]

use firn_catalog::TableName;
use firn_workspace::{
    Color, Connection, Document, DuckDb, EditError, EnvConnections, Postgres, Schedule, Settings, Step, TablePatch,
    TableSync, Tls, Value, Workspace, sample, template,
};

const EVERYTHING: &str = include_str!("documents/everything.yaml");

fn open(text: &str) -> Document {
    Document::parse(text, "firn.yaml", &EnvConnections::default()).unwrap()
}

fn postgres(host: &str) -> Postgres {
    Postgres {
        host: host.to_owned(),
        port: 5432,
        database: "app".to_owned(),
        user: "app".to_owned(),
        tls: Tls::VerifyFull,
        ca_file: None,
        primary: None,
    }
}

fn connection(name: &str, settings: Settings) -> Connection {
    Connection { name: name.to_owned(), label: None, color: None, settings }
}

fn table(source: &str, target: &str) -> TableSync {
    TableSync {
        pk: vec!["id".to_owned()],
        watermark_column: Some("updated_at".to_owned()),
        ..TableSync::new(TableName::parse(source).unwrap(), TableName::parse(target).unwrap())
    }
}

/// Edits `before` and holds the text against `after`, with either kind of line end.
fn check(before: &str, edit: impl Fn(&mut Document) -> Result<(), EditError>, after: &str) {
    for newline in ["\n", "\r\n"] {
        let mut document = open(&before.replace('\n', newline));
        edit(&mut document).unwrap_or_else(|error| panic!("{error}\n{before}"));
        assert_eq!(document.text(), after.replace('\n', newline), "with {newline:?}");
    }
}

#[test]
fn the_first_connection_and_the_first_tables_go_below_their_keys() {
    check(
        "# head\nconnections: {}   # none yet\ntables: []\n# tail\n",
        |document| {
            document.set_connection(&connection("app_db", Settings::Postgres(postgres("db"))))?;
            document.add_table(&table("public.users", "analytics.users"))?;
            document.add_table(&TableSync { pk: vec!["a".into(), "b c".into()], ..table("public.x", "analytics.x") })
        },
        "# head
connections:   # none yet
  app_db: { kind: postgres, host: db, database: app, user: app }
tables:
  - source: public.users
    target: analytics.users
    pk: id
    watermark_column: updated_at
  - source: public.x
    target: analytics.x
    pk: [a, \"b c\"]
    watermark_column: updated_at
# tail
",
    );
}

#[test]
fn missing_sections_are_added_at_the_end() {
    check(
        "sync_interval_seconds: 60 # a minute\n",
        |document| {
            document.set_connection(&connection("w", Settings::DuckDb(DuckDb { path: "w.duckdb".into() })))?;
            document.set_scalar(&["target".into()], "w")?;
            document.add_table(&table("public.users", "analytics.users"))
        },
        "sync_interval_seconds: 60 # a minute
connections:
  w: { kind: duckdb, path: w.duckdb }
target: w
tables:
  - source: public.users
    target: analytics.users
    pk: id
    watermark_column: updated_at
",
    );
    check(
        "# only\n# comments",
        |document| document.set_scalar(&["max_retries".into()], 7),
        "# only\n# comments\nmax_retries: 7",
    );
}

#[test]
fn a_connection_is_changed_key_by_key_where_it_stands() {
    let before = "connections:
  one: { kind: postgres,  host: old,   port: 5432, database: app, user: app, tls: verify-full }   # flow
  two:                      # block
    kind: postgres
    host: \"old\"            # quoted
    database: app
    user: app
    # about tls
    tls: require
  three: { kind: folder, path: . }
";
    check(
        before,
        |document| {
            document.set_connection(&connection("one", Settings::Postgres(postgres("new"))))?;
            let two = Postgres { port: 6432, database: "shop".into(), ..postgres("new") };
            document.set_connection(&Connection {
                label: Some("production".into()),
                color: Some(Color::Red),
                ..connection("two", Settings::Postgres(two))
            })
        },
        "connections:
  one: { kind: postgres,  host: new,   port: 5432, database: app, user: app, tls: verify-full }   # flow
  two:                      # block
    kind: postgres
    host: \"new\"            # quoted
    database: shop
    user: app
    # about tls
    tls: verify-full
    port: 6432
    label: production
    color: red
  three: { kind: folder, path: . }
",
    );
    check(
        before,
        |document| document.set_connection(&connection("three", Settings::Postgres(postgres("/run/postgresql")))),
        &before.replace(
            "{ kind: folder, path: . }",
            "{ kind: postgres, host: /run/postgresql, database: app, user: app }",
        ),
    );
    check(
        before,
        |document| document.set_connection(&connection("four", Settings::DuckDb(DuckDb { path: "4".into() }))),
        &format!("{before}  four:\n    kind: duckdb\n    path: \"4\"\n"),
    );
    check(
        before,
        |document| document.remove_connection("two"),
        "connections:
  one: { kind: postgres,  host: old,   port: 5432, database: app, user: app, tls: verify-full }   # flow
  three: { kind: folder, path: . }
",
    );
}

#[test]
fn what_is_right_already_is_not_touched() {
    let mut document = open(EVERYTHING);
    let workspace = document.workspace().unwrap();
    for connection in &workspace.connections {
        document.set_connection(connection).unwrap();
    }
    document.set_table("public.users", &TablePatch::new().set("batch_size", 500).set("mode", "incremental")).unwrap();
    document.set_scalar(&["sync_interval_seconds".into()], 120).unwrap();
    assert_eq!(document.text(), EVERYTHING);
}

#[test]
fn keys_of_a_table_are_set_added_and_taken_out() {
    check(
        "tables:
- source: public.users     # indentless
  target: analytics.users
  pk:
    # both of them
    - tenant_id
    - id
  watermark_column: updated_at
  where: |
    a > 1
    and b < 2

  # last
  batch_size: 500
- {source: public.x, target: analytics.x, pk: id, mode: full, batch_size: 1, }
",
        |document| {
            document.set_table(
                "public.users",
                &TablePatch::new()
                    .set("pk", "id")
                    .set("where", "c = '1'")
                    .set("schedule", "5m")
                    .set("transform", Value::from(serde_json::json!({"email": "lower(email)", "ssn": null})))
                    .unset("batch_size"),
            )?;
            document.set_table("x", &TablePatch::new().unset("batch_size").set("deletes", "hard"))
        },
        "tables:
- source: public.users     # indentless
  target: analytics.users
  pk: id
    # both of them
  watermark_column: updated_at
  where: \"c = '1'\"

  # last
  schedule: \"5m\"
  transform: { email: \"lower(email)\", ssn: null }
- {source: public.x, target: analytics.x, pk: id, mode: full, deletes: hard, }
",
    );
}

#[test]
fn tables_are_removed_with_their_lines_only() {
    let before = "tables:
  # the first
  - {source: public.a, target: x.a, pk: id, mode: full}

  # the second
  - source: public.b
    target: x.b   # b
    pk: id

    mode: full
  # the third
  - source: public.c
    target: x.c
    pk: id
    mode: full";
    check(
        before,
        |document| document.remove_table("public.b"),
        "tables:
  # the first
  - {source: public.a, target: x.a, pk: id, mode: full}

  # the second
  # the third
  - source: public.c
    target: x.c
    pk: id
    mode: full",
    );
    check(before, |document| document.remove_table("public.c"), before.split("  - source: public.c").next().unwrap());
    check(
        before,
        |document| {
            document.remove_table("public.a")?;
            document.remove_table("public.b")?;
            document.remove_table("public.c")
        },
        "tables: []\n  # the first\n\n  # the second\n  # the third\n",
    );
}

#[test]
fn edits_that_would_leave_a_wrong_document_are_refused_whole() {
    let mut document = open(EVERYTHING);
    let refused = [
        document.remove_connection("app_db").unwrap_err().to_string(),
        document.add_table(&table("public.users", "analytics.other")).unwrap_err().to_string(),
        document.add_table(&table("public.other", "Analytics.USERS")).unwrap_err().to_string(),
        document.set_table("public.users", &TablePatch::new().set("batch_size", 0)).unwrap_err().to_string(),
        document.set_table("public.users", &TablePatch::new().set("batchsize", 1)).unwrap_err().to_string(),
        document.set_table("public.users", &TablePatch::new().unset("pk")).unwrap_err().to_string(),
        document.set_scalar(&["source".into()], "nowhere").unwrap_err().to_string(),
        document.set_table("public.user", &TablePatch::new()).unwrap_err().to_string(),
        document.remove_connection("app_dbb").unwrap_err().to_string(),
        document.set_scalar(&["tables".into()], Value::List(Vec::new())).unwrap_err().to_string(),
        document.remove(&["tables".into(), Step::Item(7)]).unwrap_err().to_string(),
    ];
    let expected = [
        "there is no connection `app_db`",
        "is synced twice",
        "is the same table as",
        "0 is out of range",
        "did you mean `batch_size`?",
        "the key `pk` is missing",
        "there is no connection `nowhere`",
        "did you mean `public.users`?",
        "did you mean `app_db`?",
        "single value",
        "there is no value `tables[7]`",
    ];
    for (refused, expected) in refused.iter().zip(expected) {
        assert!(refused.contains(expected), "expected {expected}\nfound {refused}");
    }
    assert_eq!(document.text(), EVERYTHING);
}

#[test]
fn a_document_with_a_fault_can_be_mended_and_edited_but_not_made_worse() {
    let text = "max_retries: many\ntables: []\n";
    let mut document = open(text);
    document.set_scalar(&["sync_interval_seconds".into()], 5).unwrap();
    assert!(document.set_scalar(&["default_batch_size".into()], "few").is_err());
    assert!(document.workspace().is_err());
    document.set_scalar(&["max_retries".into()], 3).unwrap();
    assert_eq!(document.text(), "max_retries: 3\ntables: []\nsync_interval_seconds: 5\n");
    assert_eq!(document.workspace().unwrap().max_retries, 3);
}

#[test]
fn anchors_and_aliases_are_not_edited_through() {
    let text = "\
defaults_are_not_a_key: 1
";
    assert!(open(text).workspace().is_err());
    let text = "\
tables:
  - &first {source: public.a, target: x.a, pk: &pk id, mode: full}
  - {source: public.b, target: x.b, pk: *pk, mode: full}
";
    let mut document = open(text);
    assert_eq!(document.workspace().unwrap().tables[1].pk, ["id"]);
    // Changing the anchor's own value would change the other table, or leave its alias without an anchor.
    let error = document.set_table("public.a", &TablePatch::new().set("pk", "key")).unwrap_err();
    assert!(matches!(error, EditError::Layout { .. }), "{error}");
    assert_eq!(document.text(), text);
    // The alias itself may be replaced.
    document.set_table("public.b", &TablePatch::new().set("pk", "key")).unwrap();
    assert_eq!(document.text(), text.replace("*pk", "key"));
}

#[test]
fn new_workspaces_are_valid_and_the_sample_has_its_six_tables() {
    let workspace = Workspace::parse(&template(), "firn.yaml", &EnvConnections::default()).unwrap();
    assert_eq!(workspace.target.as_deref(), Some("warehouse"));
    let text = sample(&Postgres { port: 54321, ..postgres("/tmp/demo") }).unwrap();
    let workspace = Workspace::parse(&text, "firn.yaml", &EnvConnections::default()).unwrap();
    let roles = workspace.roles(None, None).unwrap();
    let Settings::Postgres(source) = &roles.source.settings else { panic!("{text}") };
    assert_eq!((source.host.as_str(), source.port, source.tls), ("/tmp/demo", 54321, Tls::Disable));
    assert_eq!(roles.target.settings.kind(), "duckdb");
    let tables: Vec<_> =
        workspace.tables.iter().map(|table| (table.source.to_string(), table.target.to_string())).collect();
    let names = ["customers", "products", "orders", "order_items", "shipments", "tickets"];
    assert_eq!(tables, names.map(|name| (format!("public.{name}"), format!("shop.{name}"))));
    assert!(
        workspace
            .tables
            .iter()
            .all(|table| table.pk == ["id"] && table.watermark_column.as_deref() == Some("updated_at"))
    );
}

#[test]
fn a_table_with_every_key_comes_back_as_it_was_added() {
    let full = TableSync {
        batch_size: Some(7),
        transform: vec![("email".into(), Some("lower(\"e-mail\") || '#'".into())), ("a: b".into(), None)],
        filter: Some("x = 'a\nb' -- c".into()),
        mode: firn_workspace::SyncMode::Full,
        deletes: firn_workspace::DeleteMode::Soft,
        max_delete_ratio: 0.5,
        on_drift: firn_workspace::DriftMode::Stop,
        lookback_seconds: 9,
        schedule: Some(Schedule::parse("0 4 * * * America/Los_Angeles").unwrap()),
        ..table("\"odd.schema\".\"say \"\"hi\"\"\"", "x.y")
    };
    for text in [
        "",
        "tables: []\n",
        "tables: [{source: a.b, target: c.d, pk: x, mode: full}]\n",
        "tables:\n- {source: a.b, target: c.d, pk: x, mode: full}",
    ] {
        let mut document = open(text);
        document.add_table(&full).unwrap();
        assert_eq!(document.workspace().unwrap().tables.last().unwrap(), &full, "{}", document.text());
    }
}

#[test]
fn transforms_change_line_by_line_and_the_comments_between_them_stay() {
    let text = "tables:\n  - source: public.users # people\n    target: a.users\n    pk: id\n    mode: full\n    transform:\n      # never leaves the source\n      ssn: null\n      email: \"lower(email)\" # as typed\n  - {source: b, target: b, pk: id, mode: full}\n";
    let mut document = open(text);
    let edits = [
        ("ssn".to_owned(), Some(None)),
        ("email".to_owned(), Some(Some("trim(email)".to_owned()))),
        ("na: me".to_owned(), Some(Some("1".to_owned()))),
        ("absent".to_owned(), None),
    ];
    document.set_transforms("public.users", &edits).unwrap();
    let expected = text.replace(
        "      email: \"lower(email)\" # as typed\n",
        "      email: \"trim(email)\" # as typed\n      \"na: me\": \"1\"\n",
    );
    assert_eq!(document.text(), expected);
    let lines: Vec<_> =
        document.table_lines().iter().map(|table| (table.source.clone(), table.first, table.last)).collect();
    assert_eq!(lines, [("public.users".to_owned(), 2, 10), ("b".to_owned(), 11, 11)]);

    let none = ["ssn", "email", "na: me"].map(|column| (column.to_owned(), None));
    document.set_transforms("public.users", &none).unwrap();
    assert!(!document.text().contains("transform"), "{}", document.text());
    document.set_transforms("b", &[("x".to_owned(), Some(None))]).unwrap();
    assert_eq!(document.workspace().unwrap().table("b").unwrap().transform, [("x".to_owned(), None)]);
}

#[test]
fn keys_of_several_tables_change_at_once_and_only_what_is_wrong_at_the_end_counts() {
    let text = "tables:\n  - {source: a, target: w.a, pk: id, mode: full} # one\n  - source: b\n    target: w.b # two\n    pk: id\n    mode: full\n";
    let mut document = open(text);
    let to = |target: &str| TablePatch::new().set("target", target).set("deletes", "soft");
    // Each takes the other's name: between the two edits both would have the same one.
    document.set_tables(&[("a", &to("w.b")), ("b", &to("w.a"))]).unwrap();
    assert_eq!(
        document.text(),
        "tables:\n  - {source: a, target: w.b, pk: id, mode: full, deletes: soft} # one\n  - source: b\n    target: w.a # two\n    pk: id\n    mode: full\n    deletes: soft\n"
    );
    let before = document.text().to_owned();
    assert!(matches!(document.set_tables(&[("a", &to("w.c")), ("b", &to("w.c"))]), Err(EditError::Faults(_))));
    assert!(matches!(document.set_tables(&[("a", &to("w.c")), ("x", &to("w.d"))]), Err(EditError::Missing { .. })));
    assert_eq!(document.text(), before);
}
