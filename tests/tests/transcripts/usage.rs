//! Usage and configuration: exit 2, with file and line, before anything is connected.

use anyhow::Result;
use firn_scenarios::{CommandLine, Transcript};

#[test]
fn a_workspace_is_made_once_and_missing_ones_are_told() -> Result<()> {
    let terminal = CommandLine::new()?;
    let mut shown = Transcript::new(&terminal);
    shown.run(&["--version"])?;
    shown.run(&["sync", "status"])?;
    shown.run(&["init"])?;
    shown.run(&["init"])?;
    shown.run(&["connection", "list"])?;
    shown.run(&["sync", "run"])?;
    shown.run(&["init", "../other", "--quiet"])?;
    shown.run(&["--workspace", "../other", "connection", "list", "--json"])?;
    assert_eq!(terminal.read("firn.yaml")?, terminal.read("../other/firn.yaml")?);
    shown.check("init.txt")
}

#[test]
fn every_problem_of_a_document_is_told_with_its_place() -> Result<()> {
    let terminal = CommandLine::new()?;
    let mut shown = Transcript::new(&terminal);
    terminal.write(
        "firn.yaml",
        "connections:\n  db: { kind: postgres, hots: localhost, port: 70000, database: shop, user: app, password: hunter2 }\n\
         target: warehouse\ntables:\n  - source: public.users\n    target: analytics.users\n    watermark: updated_at\n",
    )?;
    let done = shown.run(&["sync", "plan"])?;
    assert!(!done.stderr.contains("hunter2"));
    terminal.write("firn.yaml", "tables:\n  - source: [\n")?;
    shown.run(&["sync", "run", "--json"])?;
    shown.check("problems.txt")
}

#[test]
fn what_is_typed_wrong_is_told_with_what_there_is() -> Result<()> {
    let terminal = CommandLine::new()?;
    terminal.write(
        "firn.yaml",
        "connections:\n  warehouse: { kind: duckdb, path: warehouse.duckdb }\n  lake: { kind: folder, path: . }\n\
         source: warehouse\ntarget: warehouse\n\
         tables: [{ source: public.users, target: users, pk: id, watermark_column: updated_at }]\n",
    )?;
    let mut shown = Transcript::new(&terminal);
    shown.run(&["sync", "rum"])?;
    shown.run(&["sync", "run", "public.user"])?;
    shown.run(&["sync", "run"])?;
    shown.run(&["sync", "run", "--source", "wharehouse"])?;
    shown.run(&["sync", "run", "--config", "nowhere.yaml"])?;
    shown.run(&["sync", "status", "--env-file", "nowhere.env"])?;
    shown.run(&["connection", "check", "lake"])?;
    shown.run(&["connection", "check", "warehouse"])?;
    shown.run(&["connection", "check", "other"])?;
    shown.run(&["connection", "set-secret", "lake"])?;
    terminal.write("bad.env", "PG_HOST=db\nhunter2\n")?;
    let done = shown.run(&["sync", "status", "--env-file", "bad.env"])?;
    assert!(!done.stderr.contains("hunter2"));
    shown.check("usage.txt")
}

#[test]
fn the_seeds_document_and_variables_are_taken_as_they_are() -> Result<()> {
    let terminal = CommandLine::new()?;
    terminal.write(
        "sync_config.yaml",
        "sync_interval_seconds: 120\ndefault_batch_size: 1000\ntables:\n  - source: public.users\n    target: analytics.users\n    \
         pk: id\n    watermark_column: updated_at\n    batch_size: 500\n    transform: null\n",
    )?;
    terminal.write(
        "prod.env",
        "export POSTGRES_DSN='postgresql://app:hunter2@127.0.0.1:1/shop?sslmode=disable'\nSNOWFLAKE_USER=LOADER\n\
         SNOWFLAKE_PASSWORD=hunter2\nSNOWFLAKE_ACCOUNT=myorg-acct\nSNOWFLAKE_DATABASE=ANALYTICS\n",
    )?;
    let seed = ["sync", "run", "--config", "sync_config.yaml", "--source", "env_postgres", "--target", "env_snowflake"];
    let mut shown = Transcript::new(&terminal);
    shown.run(&seed)?;
    let done = shown.run(&[&seed[..], &["--env-file", "prod.env"]].concat())?;
    assert!(!done.stderr.contains("hunter2"));
    shown.check("seed.txt")
}

#[test]
fn schema_and_completions_are_data() -> Result<()> {
    let terminal = CommandLine::new()?;
    let schema: serde_json::Value = serde_json::from_str(&terminal.run(&["schema"])?.stdout)?;
    assert!(schema["properties"]["tables"].is_object(), "{schema}");
    for shell in ["bash", "zsh", "fish"] {
        let done = terminal.run(&["completions", shell])?;
        assert_eq!((done.code, done.stderr.as_str()), (0, ""));
        assert!(done.stdout.contains("discover"), "{shell}");
    }
    let help = terminal.run(&["sync", "run", "--help"])?;
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("--watch"));
    Ok(())
}
