//! One command list: the window's manifest, its bindings and the command line cover the same commands.

use firn_api::{Access, COMMANDS};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Commands of the list that the command line does without, and why.
const NOT_TYPED: &[(&str, &str)] = &[
    ("app_start", "the first screen; `firn --version` and `firn init` stand for it"),
    ("app_arrivals", "nothing arrives at a command but its arguments"),
    ("workspace_open", "each command opens the workspace it is run in"),
    ("workspace_trust", "a command typed in a terminal is saying so"),
    ("workspace_forget", "the list of recent workspaces is the window's"),
    ("settings_show", "the window's own; the command line is set by its arguments"),
    ("settings_save", "in a terminal the settings are edited as the file they are"),
    ("layout_save", "the sizes of the window's panels"),
    ("schedule_show", "`firn serve` says what it does, and answers /health"),
    ("schedule_start", "`firn serve`"),
    ("schedule_stop", "Ctrl-C"),
    ("sync_run", "`firn sync run` takes the same path to its end, with `Firn::run_to_end`"),
    ("sync_cancel", "Ctrl-C"),
    ("sync_verify", "`firn sync verify` takes the same path to its end, with `Firn::verify_to_end`"),
    ("mapping_show", "`firn sync plan` shows the mapping of the saved document"),
    ("source_sizes", "`firn sync discover` shows the size of every table"),
    ("source_drift", "`firn sync plan` tells of drift table by table; a run that is typed does not ask"),
    ("document_show", "in a terminal the document is the file it is"),
    ("document_edit", "in a terminal the document is edited as the file it is"),
    ("document_save", "in a terminal the document is edited as the file it is"),
    ("run_state", "`firn sync run --json` prints every event"),
    ("run_chart", "a picture for the window; `firn sync run --json` prints what it is drawn from"),
    ("run_chart_save", "a picture for the window, kept as a file"),
    ("run_record", "`firn sync run --json` prints the events as they come, `firn sync plan` the statements"),
    ("rejected_rows", "a stretch for the window; `firn sync errors` lists all"),
    ("rejected_row", "`firn sync errors` shows each row with its values"),
    ("rejected_values", "see rejected_row"),
    ("rejected_remedies", "offered where they can be chosen; `firn sync errors --try` takes any"),
    ("rows_open", "rows to scroll through; a terminal has psql and duckdb"),
    ("rows_page", "see rows_open"),
    ("rows_cancel", "see rows_open"),
    ("rows_close", "see rows_open"),
    ("run_history", "`firn sync log` reads the state tables, which hold the runs of every machine"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn names() -> BTreeSet<String> {
    COMMANDS.iter().map(|command| command.name.to_owned()).collect()
}

/// Returns the text of all Rust files below a folder.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
    text
}

#[test]
fn every_command_is_typed_or_has_a_reason_not_to_be() {
    let typed = sources(&root().join("src-tauri/crates/cli/src"));
    for name in names() {
        let is_typed = typed.contains(&format!("command::{name}("));
        let reason = NOT_TYPED.iter().find(|(command, _)| *command == name);
        assert!(is_typed || reason.is_some(), "the command line does not cover {name}");
        assert!(
            !(is_typed && reason.is_some()),
            "{name} is covered by the command line; take it off the list of exceptions"
        );
    }
    for (name, _) in NOT_TYPED {
        assert!(names().contains(*name), "{name} is not in the command list any more");
    }
    assert!(typed.contains("run_to_end("), "`firn sync run` takes the window's path");
}

#[test]
fn the_windows_capability_grants_every_command_and_nothing_else() {
    let file = root().join("src-tauri/capabilities/main.json");
    let capability: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let granted = capability["permissions"].as_array().unwrap().iter().map(|permission| permission.as_str().unwrap());
    let granted: BTreeSet<String> =
        granted.filter_map(|name| name.strip_prefix("allow-")).map(|name| name.replace('-', "_")).collect();
    assert_eq!(granted, names());
    let others = fs::read_dir(root().join("src-tauri/capabilities")).unwrap().count();
    assert_eq!(others, 1, "one window, one capability");
}

#[test]
fn the_windows_bindings_have_every_command_with_its_types_and_access() {
    let bindings = fs::read_to_string(root().join("ui/src/host/bindings/commands.ts")).unwrap();
    for command in COMMANDS {
        let access = match command.access {
            Access::Read => "read",
            Access::Write => "write",
        };
        let line = format!(
            "{}: {{ request: {}; response: {}; access: \"{access}\" }};",
            command.name, command.request, command.response
        );
        assert!(bindings.contains(&line), "commands.ts lacks `{line}`: node ui/scripts/commands.mjs");
    }
    assert_eq!(bindings.matches("; access: ").count(), COMMANDS.len());
}

#[test]
fn names_of_commands_are_unique() {
    assert_eq!(names().len(), COMMANDS.len());
}
