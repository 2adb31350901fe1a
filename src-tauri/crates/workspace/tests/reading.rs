//! Whole documents, read: what they say, and what is said about their faults.

#![allow(clippy::unwrap_used, reason = "tests")]

use firn_workspace::{
    Color, DeleteMode, DriftMode, EnvConnections, MaxRejects, Schedule, Settings, SnapshotInput, SyncMode, Tls,
    UnfitMode, Workspace, WorkspaceError,
};
use std::time::Duration;

const EVERYTHING: &str = include_str!("documents/everything.yaml");
const SYNC_CONFIG: &str = include_str!("documents/sync_config.yaml");

fn parse(text: &str) -> Result<Workspace, WorkspaceError> {
    Workspace::parse(text, "firn.yaml", &EnvConnections::default())
}

fn problems(text: &str) -> Vec<String> {
    parse(text).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

/// A document with one sound table, and `keys` added to the table.
fn table_with(keys: &str) -> String {
    format!(
        "tables:\n  - source: public.users\n    target: analytics.users\n    pk: id\n    watermark_column: updated_at\n{keys}"
    )
}

#[test]
fn the_document_with_every_key_is_read_whole() {
    let workspace = parse(EVERYTHING).unwrap();
    assert_eq!(workspace.connections.len(), 5);
    let Settings::Postgres(app_db) = &workspace.connection("app_db").unwrap().settings else { panic!() };
    assert_eq!((app_db.host.as_str(), app_db.port, app_db.tls), ("localhost", 5432, Tls::VerifyFull));
    let prod = workspace.connection("prod").unwrap();
    assert_eq!((prod.label.as_deref(), prod.color), (Some("production"), Some(Color::Purple)));

    let roles = workspace.roles(None, None).unwrap();
    assert_eq!(
        (roles.source.name.as_str(), roles.target.name.as_str(), roles.state.name.as_str()),
        ("app_db", "warehouse", "app_db")
    );
    let table = &workspace.tables[0];
    assert_eq!((table.source.to_string(), table.target.to_string()), ("public.users".into(), "analytics.users".into()));
    assert_eq!(
        (table.pk.as_slice(), table.watermark_column.as_deref()),
        (["id".to_owned()].as_slice(), Some("updated_at"))
    );
    assert_eq!(
        (table.mode, table.deletes, table.on_drift),
        (SyncMode::Incremental, DeleteMode::Ignore, DriftMode::Add)
    );
    assert_eq!(workspace.batch_size(table), 500);
    assert_eq!(workspace.schedule(table), Schedule::Every(Duration::from_secs(120)));
    assert_eq!(workspace.table_position(0).unwrap().line, 15);

    let refresh = &workspace.refreshes[0];
    assert_eq!(refresh.target.to_string(), "gis.public.topology_connections_cache");
    assert_eq!(refresh.geometry.as_ref().unwrap().from, ("FROM_LON".into(), "FROM_LAT".into()));
    assert_eq!(refresh.on_change.as_ref().unwrap().every, Duration::from_secs(60));
    assert!(matches!(&refresh.schedule, Some(Schedule::Cron(line)) if line.zone.name() == "America/Los_Angeles"));
    let snapshot = &workspace.snapshots[0];
    assert!(matches!(&snapshot.input, SnapshotInput::Query { source: Some(source), .. } if source == "orders_db"));
    assert_eq!((snapshot.keep, snapshot.retention_days), (2, 90));
    assert_eq!(workspace.lake[0].max_rejects, MaxRejects::Share(0.001));
    assert_eq!(workspace.forecast.as_ref().unwrap().tenant, "acme");
}

#[test]
fn null_is_a_word_for_values_that_do_not_fit() {
    let unfit = |line: &str| {
        let text = EVERYTHING.replacen("    on_drift: add ", &format!("    {line}\n    on_drift: add "), 1);
        parse(&text).map(|workspace| workspace.tables[0].on_unfit)
    };
    assert_eq!(unfit("# nothing").unwrap(), UnfitMode::Reject);
    for (line, mode) in [
        ("on_unfit: reject", UnfitMode::Reject),
        ("on_unfit: null", UnfitMode::Null),
        ("on_unfit: \"null\"", UnfitMode::Null),
        ("on_unfit:", UnfitMode::Reject),
    ] {
        assert_eq!(unfit(line).unwrap(), mode, "{line}");
    }
    assert!(unfit("on_unfit: zero").is_err());
}

#[test]
fn a_connection_that_only_another_job_needs_is_a_warning() {
    let workspace = parse(EVERYTHING).unwrap();
    let warnings: Vec<_> = workspace.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("firn.yaml:46:14: snapshots[0].archive: there is no connection `kestra`"),
        "{warnings:?}"
    );
}

#[test]
fn the_seeds_configuration_is_valid_as_it_is_with_connections_from_variables() {
    let environment = EnvConnections::from_vars(
        [
            ("POSTGRES_DSN", "postgresql://app:pw@db/app"),
            ("SNOWFLAKE_USER", "L"),
            ("SNOWFLAKE_ACCOUNT", "o-a"),
            ("SNOWFLAKE_DATABASE", "D"),
            ("SNOWFLAKE_PASSWORD", "pw"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    let workspace = Workspace::parse(SYNC_CONFIG, "sync_config.yaml", &environment).unwrap();
    assert_eq!(workspace.tables.len(), 2);
    assert_eq!(workspace.tables[1].watermark_column.as_deref(), Some("last_modified"));
    assert_eq!((workspace.sync_interval, workspace.default_batch_size), (Duration::from_secs(120), 1000));
    let roles = workspace.roles(Some("env_postgres"), Some("env_snowflake")).unwrap();
    assert_eq!(
        (roles.source.settings.kind(), roles.target.settings.kind(), roles.state.name.as_str()),
        ("postgres", "snowflake", "env_postgres")
    );

    let error = workspace.roles(None, Some("env_snowflake")).unwrap_err().to_string();
    assert!(error.contains("sync_config.yaml") && error.contains("--source"), "{error}");
    let error = workspace.roles(Some("env_postgre"), Some("env_snowflake")).unwrap_err().to_string();
    assert!(error.contains("did you mean `env_postgres`?"), "{error}");
    let error = workspace.roles(Some("env_archive"), Some("env_snowflake")).unwrap_err().to_string();
    assert!(error.contains("KESTRA_POSTGRES_HOST") && error.contains("--env-file"), "{error}");
}

#[test]
fn an_empty_document_is_a_workspace_with_the_defaults() {
    for text in ["", "# nothing yet\n", "---\n", "tables:\nconnections: {}\n", "null\n"] {
        let workspace = parse(text).unwrap();
        assert!(workspace.tables.is_empty());
        assert_eq!(
            (workspace.sync_interval.as_secs(), workspace.default_batch_size, workspace.max_retries),
            (120, 1000, 5)
        );
        assert_eq!(workspace.state_schema, "public");
    }
}

#[test]
fn every_fault_is_reported_at_once_with_file_line_column_key_and_the_nearest_key() {
    let text = "\
conections: {}
target: warehous
connections:
  warehouse: { kind: duckdb, path: w.duckdb }
  app: { kind: postgres, host: h, port: 70000, database: d, user: u, tls: requires }
tables:
  - source: public.users
    target: analytics.users
    pk: id
    watermark_colum: updated_at
    batch_size: ten
    max_delete_ratio: 1.5
    schedule: 120
  - target: x.y
    pk: []
    mode: full
";
    assert_eq!(
        problems(text),
        [
            "firn.yaml:1:1: conections: `conections` is not a known key; did you mean `connections`?",
            "firn.yaml:2:9: target: there is no connection `warehous`; did you mean `warehouse`?",
            "firn.yaml:5:41: connections.app.port: 70000 is out of range; it must be from 1 to 65535",
            "firn.yaml:5:75: connections.app.tls: `requires` is not possible here; did you mean `require`? It may be `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`",
            "firn.yaml:7:5: tables[0].watermark_column: the key `watermark_column` is missing; name a column that grows with every change, or set `mode: full` to read the whole table every time",
            "firn.yaml:10:5: tables[0].watermark_colum: `watermark_colum` is not a known key; did you mean `watermark_column`?",
            "firn.yaml:11:17: tables[0].batch_size: expected a whole number, from 1 to 1000000, found text",
            "firn.yaml:12:23: tables[0].max_delete_ratio: 1.5 is out of range; it must be from 0 to 1",
            "firn.yaml:13:15: tables[0].schedule: expected text, found a number; put it in quotes",
            "firn.yaml:14:5: tables[1].source: the key `source` is missing; it is: The table in the source, as schema.table.",
            "firn.yaml:15:9: tables[1].pk: the list is empty; name at least one column, or leave the key out",
        ]
    );
}

#[test]
fn each_fault_has_its_own_sentence() {
    let cases = [
        (table_with("    pk: x\n"), "`pk` stands here twice, first in line 4"),
        (table_with("    batch_size: 0\n"), "0 is out of range"),
        (table_with("    batch_size: -5\n"), "-5 is out of range"),
        (table_with("    lookback_seconds: 1\n    lookback: 1\n"), "exclude each other"),
        (table_with("    lookback: 1.5\n"), "expected a whole number"),
        (table_with("    transform: {id: \"id + 1\"}\n"), "part of the key"),
        (table_with("    transform: {updated_at: null}\n"), "part of the watermark"),
        (table_with("    transform: lower\n"), "expected a mapping from columns"),
        (table_with("    where: ''\n"), "the text is empty"),
        (table_with("    mode: ful\n"), "did you mean `full`?"),
        (table_with("    schedule: \"61 * * * *\"\n"), "is not a cron line"),
        (table_with("    schedule: \"0 4 * * * America/Los_Angles\"\n"), "is not a time zone"),
        (table_with("    deletes: yes\n"), "`yes` is not possible here"),
        (table_with("    <<: {}\n"), "merge keys are not supported"),
        ("tables: {}\n".to_owned(), "expected a list"),
        ("tables: [1]\n".to_owned(), "expected a mapping of keys, found a number"),
        ("- a\n".to_owned(), "expected a mapping of keys, found a list"),
        ("tables:\n  - {source: a..b, target: x.y, pk: [id, id], mode: full}\n".to_owned(), "is empty; write it as schema.table"),
        ("tables:\n  - {source: a.b, target: x.y, pk: [id, id], mode: full}\n".to_owned(), "`id` is in the list twice"),
        ("sync_interval_seconds: 0\n".to_owned(), "0 is out of range"),
        ("max_retries: 99999999999999999999\n".to_owned(), "the number is out of range"),
        ("connections: {a: {kind: postgre}}\n".to_owned(), "did you mean `postgres`?"),
        ("connections: {a: {host: x}}\n".to_owned(), "the key `kind` is missing"),
        ("connections: {a b: {kind: folder, path: .}}\n".to_owned(), "is not a name for a connection"),
        ("connections: {a-b: {kind: folder, path: .}, a_b: {kind: folder, path: .}}\n".to_owned(), "share the variable FIRN_SECRET_A_B"),
        ("connections: {a: {kind: postgres, host: /run/x, database: d, user: u, tls: verify-full}}\n".to_owned(), "a socket carries no TLS"),
        ("connections: {a: {kind: postgres, host: h, database: 12, user: u}}\n".to_owned(), "expected text, found a number; put it in quotes"),
        ("connections: {a: {kind: postgres, host: h, database: d, user: u, primary: b}}\n".to_owned(), "there is no connection `b`"),
        ("source: env_postgres\n".to_owned(), "there is no connection `env_postgres`"),
        ("snapshots:\n  - {name: a, key: k}\n".to_owned(), "a snapshot is taken of a query or of a file"),
        ("snapshots:\n  - {name: a, key: k, file: f}\n  - {name: a, key: k, file: f}\n".to_owned(), "the name `a` is taken, in line 2"),
        ("lake:\n  - {name: a, input: {connection: f, path: p}, output: {connection: f, path: p}, max_rejects: -1}\n".to_owned(), "-1 is out of range"),
    ];
    for (text, expected) in cases {
        let found = problems(&text);
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{text}\nexpected {expected}\nfound {found:#?}"
        );
        assert!(found.iter().all(|problem| problem.starts_with("firn.yaml:")), "{found:#?}");
    }
}

#[test]
fn two_tables_with_one_target_or_one_source_are_refused_by_the_targets_own_rules_of_names() {
    let two = |target: &str, first: (&str, &str), second: (&str, &str)| {
        format!(
            "connections:\n  w: {target}\ntarget: w\ntables:\n  - {{source: {}, target: {}, pk: id, mode: full}}\n  - {{source: {}, target: {}, pk: id, mode: full}}\n",
            first.0, first.1, second.0, second.1
        )
    };
    let duckdb = "{kind: duckdb, path: w.duckdb}";
    let snowflake = "{kind: snowflake, account: a, user: u, database: D, schema: PUBLIC}";
    for (target, first, second, expected) in [
        (duckdb, ("public.a", "x.Users"), ("public.b", "X.users"), "is the same table as `x.Users` in line 5"),
        (duckdb, ("public.a", "users"), ("public.b", "main.USERS"), "is the same table"),
        (duckdb, ("public.a", "'\"x\".\"Ü\"'"), ("public.b", "x.ü"), "is the same table"),
        (snowflake, ("public.a", "users"), ("public.b", "d.public.USERS"), "is the same table"),
        (duckdb, ("public.a", "x.a"), ("a", "x.b"), "`a` is synced twice, first in line 5"),
    ] {
        let found = problems(&two(target, first, second));
        assert!(found.len() == 1 && found[0].contains(expected), "{found:#?}");
    }
    for (first, second) in [(("public.a", "x.a"), ("public.A", "y.a")), (("public.a", "x.a"), ("other.a", "x.b"))] {
        parse(&two(duckdb, first, second)).unwrap();
    }
}

#[test]
fn secrets_in_the_document_are_refused_and_never_repeated() {
    for text in [
        "connections: {db: {kind: postgres, host: h, database: d, user: u, password: hunter2}}\n",
        "connections: {db: {kind: postgres, host: h, database: d, user: u, Password: hunter2}}\n",
        "connections: {db: {kind: postgres, url: 'postgresql://u:hunter2@h/d'}}\n",
        "connections: {db: {kind: s3, bucket: b, endpoint: 'https://u:hunter2@h'}}\n",
        "tables:\n  - {source: a.b, target: c.d, pk: id, mode: full, where: \"x = 'https://u:hunter2@h'\"}\n",
    ] {
        let found = problems(text).join("\n");
        assert!(!found.contains("hunter2"), "{found}");
        assert!(found.contains("firn connection set-secret"), "{found}");
    }
    let found =
        problems("connections: {app-db: {kind: postgres, host: h, database: d, user: u, password: x}}\n").join("\n");
    assert!(found.contains("FIRN_SECRET_APP_DB") && found.contains("set-secret app-db"), "{found}");
}

#[test]
fn a_name_that_the_file_and_the_variables_define_is_refused() {
    let environment = EnvConnections::from_vars([("POSTGRES_DSN".to_owned(), "postgresql://a@b/c".to_owned())]);
    let error =
        Workspace::parse("connections: {env_postgres: {kind: folder, path: .}}\n", "f", &environment).unwrap_err();
    assert!(error.to_string().contains("defined by variables, too"), "{error}");
}

#[test]
fn null_means_the_same_as_leaving_an_optional_key_out() {
    let text = table_with(
        "    transform: null\n    where: ~\n    schedule:\n    batch_size: null\n    mode: null\n    max_delete_ratio: null\n",
    );
    let plain = table_with("");
    assert_eq!(parse(&text).unwrap().tables, parse(&plain).unwrap().tables);
}

#[test]
fn tables_are_found_by_source_target_or_bare_name() {
    let workspace = parse(EVERYTHING).unwrap();
    for name in ["public.users", "analytics.users", "users"] {
        assert_eq!(workspace.table(name).unwrap().source.to_string(), "public.users", "{name}");
    }
    assert!(workspace.table("other.users").is_none());
}
