//! The page of guarantees names every protection, and only tests that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use firn_connector::switches::Protection;

fn page() -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guarantees.md");
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Returns the texts in back quotes that have the form of a test's name, `module::test`.
fn tests_in(text: &str) -> BTreeSet<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let is_test = |text: &&str| text.split_once("::").is_some_and(|(module, test)| is_part(module) && is_part(test));
    quoted.filter(is_test).map(str::to_owned).collect()
}

/// Returns the tests that each protection's row names.
fn rows(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let table =
        page.lines().skip_while(|line| *line != "## Protections").skip(1).take_while(|line| !line.starts_with("## "));
    let cells = table.filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
    cells
        .filter(|(name, _)| !name.contains(['-', ' ']) && *name != "protection")
        .map(|(name, rest)| (name.to_owned(), tests_in(rest)))
        .collect()
}

#[test]
fn the_page_names_every_protection_with_tests_that_exist() -> Result<()> {
    let page = page()?;
    let rows = rows(&page);
    let named: BTreeSet<String> = rows.keys().cloned().collect();
    let all: BTreeSet<String> = Protection::ALL.iter().map(|protection| protection.name()).collect();
    ensure!(
        named == all,
        "the page and the switches differ: {:?}",
        named.symmetric_difference(&all).collect::<Vec<_>>()
    );
    for (protection, tests) in &rows {
        ensure!(!tests.is_empty(), "{protection} names no test");
    }

    let listed = Command::new(std::env::current_exe()?).args(["--list", "--format", "terse"]).output()?;
    let listed = String::from_utf8(listed.stdout)?;
    let exist: BTreeSet<String> =
        listed.lines().filter_map(|line| Some(line.strip_suffix(": test")?.to_owned())).collect();
    ensure!(exist.len() > 50, "the tests could not be listed: {listed}");
    let missing: Vec<String> = tests_in(&page).into_iter().filter(|test| !exist.contains(test)).collect();
    ensure!(missing.is_empty(), "the page names tests that are not there: {missing:?}");
    let untold: Vec<&String> =
        exist.iter().filter(|test| !tests_in(&page).contains(*test) && !test.starts_with("guarantees::")).collect();
    ensure!(untold.is_empty(), "the page does not say what these hold: {untold:?}");
    Ok(())
}
