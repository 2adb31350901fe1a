//! What `--json` promises: one document, or one object a line with the result last, and the keys that scripts use.

use crate::shop::{BOTH, Shop};
use anyhow::Result;
use serde_json::Value;

/// Returns the keys of an object.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

fn has(value: &Value, wanted: &[&str]) {
    for key in wanted {
        assert!(keys(value).contains(key), "no {key} in {value}");
    }
}

#[test]
fn a_run_is_one_object_a_line_with_the_result_last() -> Result<()> {
    let shop = Shop::with(BOTH)?;
    let done = shop.terminal.run(&["sync", "run", "--json"])?;
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{done:?}");
    let lines: Vec<Value> = done.stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let (last, events) = lines.split_last().unwrap();
    assert_eq!(events[0]["event"], "started");
    let numbers: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>(), "events are numbered without a gap");
    assert!(events.iter().all(|event| event["event"] != "finished"));
    assert_eq!((&last["event"], &last["status"]), (&"finished".into(), &"success".into()));
    let tables = last["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 2);
    for table in tables {
        has(
            table,
            &[
                "source",
                "target",
                "status",
                "rows_read",
                "rows_merged",
                "rows_rejected",
                "rows_deleted",
                "watermark",
                "seconds",
            ],
        );
    }
    assert_eq!((&tables[0]["source"], &tables[0]["rows_merged"]), (&"public.customers".into(), &1000.into()));
    Ok(())
}

#[test]
fn every_other_command_is_one_document() -> Result<()> {
    let shop = Shop::with(BOTH)?;
    let t = &shop.terminal;
    has(&t.json(&["connection", "list"])?["connections"][0], &["name", "kind", "address", "secret", "roles"]);
    let check = t.json(&["connection", "check", "app_db"])?;
    assert_eq!(check["usable"], true, "{check}");
    has(&check["findings"][0], &["level", "code", "message", "fix"]);
    let found = t.json(&["sync", "discover", "--schema", "public"])?;
    has(&found["tables"][0], &["source", "target", "pk", "watermark_column", "columns", "findings", "configured"]);
    let plan = t.json(&["sync", "plan"])?;
    assert_eq!((&plan["tables"][0]["phase"], &plan["tables"][0]["rows_waiting"]), (&"first_load".into(), &1000.into()));
    has(&plan["tables"][0], &["ddl", "select", "columns", "findings", "error"]);
    assert!(!t.folder().join("warehouse.duckdb").exists(), "a dry run makes no warehouse");
    assert_eq!(t.json(&["sync", "status"])?["tables"][0]["status"], "never");
    assert_eq!(t.run(&["sync", "run"])?.code, 0);
    let status = t.json(&["sync", "status"])?;
    assert_eq!(
        (&status["tables"][0]["status"], &status["tables"][0]["rows_processed"]),
        (&"success".into(), &1000.into())
    );
    let log = t.json(&["sync", "log", "tags"])?;
    assert_eq!((log["entries"].as_array().unwrap().len(), &log["entries"][0]["rows_merged"]), (1, &2.into()));
    assert_eq!(t.json(&["sync", "errors"])?["errors"], Value::Array(Vec::new()));
    assert_eq!(t.json(&["sync", "retry"])?["tables"], Value::Array(Vec::new()));
    has(&t.json(&["sync", "discard", "tags", "--note", "none"])?, &["discarded", "not_open", "note"]);
    let reset = t.json(&["sync", "reset", "customers"])?;
    assert_eq!((&reset["source"], &reset["to"]), (&"public.customers".into(), &Value::Null));
    Ok(())
}
