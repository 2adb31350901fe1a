//! Connections: added, checked, removed; passwords never shown and never written.

use crate::shop::{BOTH, Shop, TABLES};
use anyhow::Result;
use firn_scenarios::Transcript;
use firn_testbed::ClusterOptions;
use std::path::Path;

const PASSWORD: &str = "hunter2-never-shown";

#[test]
fn a_connection_is_added_checked_and_removed() -> Result<()> {
    let shop = Shop::empty(ClusterOptions::new())?;
    let mut shown = Transcript::new(&shop.terminal);
    shown.run(&["init"])?;
    shown.run(&["connection", "add", "app_db", "--url", &shop.url("postgres"), "--as", "source"])?;
    shown.run(&["connection", "add", "files", "--kind", "folder", "--path", "lake"])?;
    shown.run(&["connection", "add", "broken", "--kind", "postgres", "--host", "db", "--set", "usr=app"])?;
    shown.run(&["connection", "list"])?;
    shown.run(&["connection", "check", "app_db"])?;
    shown.run(&["connection", "check", "files"])?;
    shown.run(&["connection", "check", "warehouse"])?;
    shown.run(&["connection", "remove", "app_db"])?;
    shown.run(&["connection", "remove", "files"])?;
    shown.run(&["connection", "remove", "files"])?;
    shown.check("connections.txt")
}

#[test]
fn a_check_that_fails_names_the_step_and_the_fix() -> Result<()> {
    let shop = Shop::empty(ClusterOptions::new().scram_user("app", PASSWORD))?;
    let mut shown = Transcript::new(&shop.terminal);
    shown.run(&["init"])?;
    let url = shop.url("app");
    shown.run(&["connection", "add", "app_db", "--url", &url])?;
    shown.run(&["connection", "check", "app_db"])?;
    shown.run(&[
        "connection",
        "add",
        "app_db",
        "--url",
        &url.replace("/shop", "/shoop").replace("app@", "postgres@"),
    ])?;
    shown.run(&["connection", "check", "app_db"])?;
    shown.run(&["connection", "add", "app_db", "--url", "postgresql://app@127.0.0.1:1/shop?sslmode=disable"])?;
    shown.run(&["connection", "check", "app_db"])?;
    shown.run(&["connection", "add", "app_db", "--url", "postgresql://app@nowhere.invalid/shop"])?;
    shown.run(&["connection", "check", "app_db"])?;
    shown.check("check.txt")
}

#[test]
fn a_password_is_taken_from_a_variable_and_never_shown_or_written() -> Result<()> {
    let mut shop = Shop::empty(ClusterOptions::new().scram_user("app", PASSWORD))?;
    shop.sql(TABLES)?;
    shop.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO app; GRANT CREATE ON SCHEMA public TO app; GRANT pg_read_all_stats TO app")?;
    let document = shop.document(BOTH).replace("user: postgres", "user: app");
    shop.terminal.write("firn.yaml", &document)?;
    let mut shown = Transcript::new(&shop.terminal);
    let with_password = shop.url("app").replace("app@", &format!("app:{PASSWORD}@"));
    let refused = shop.terminal.run(&["connection", "add", "app_db", "--url", &with_password])?;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(!refused.stderr.contains(PASSWORD), "{refused:?}");
    shown.run_with_input(&["connection", "add", "app_db", "--url", "-"], &with_password)?;
    shown.run_with_input(&["connection", "set-secret", "app_db"], PASSWORD)?;
    shown.run(&["sync", "run", "customers"])?;
    shown.run(&["sync", "status"])?;
    shown.check("password_missing.txt")?;

    shop.terminal.set("FIRN_SECRET_APP_DB", "wrong");
    let wrong = shop.terminal.run(&["sync", "run", "customers"])?;
    assert_eq!(wrong.code, 1, "{wrong:?}");
    shop.terminal.set("FIRN_SECRET_APP_DB", PASSWORD);
    let right = shop.terminal.run(&["sync", "run", "customers", "--json"])?;
    assert_eq!(right.code, 0, "{right:?}");
    for done in [&wrong, &right] {
        assert!(!done.stdout.contains(PASSWORD) && !done.stderr.contains(PASSWORD), "{done:?}");
    }
    for folder in [shop.terminal.folder(), shop.terminal.data().to_owned()] {
        assert_eq!(files_with(&folder, PASSWORD.as_bytes())?, Vec::<String>::new());
    }
    Ok(())
}

/// Returns the files below a folder that hold these bytes.
fn files_with(folder: &Path, wanted: &[u8]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_with(&path, wanted)?);
        } else if std::fs::read(&path)?.windows(wanted.len()).any(|bytes| bytes == wanted) {
            found.push(path.display().to_string());
        }
    }
    Ok(found)
}
