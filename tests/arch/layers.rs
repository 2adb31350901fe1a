//! Calls go one way: catalog ← connector ← {connectors, engines} ← api ← {shell, command line}.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// What each crate of the product may call. A crate that is not here is not part of the product, or has to be added with a
/// decision about its place.
const MAY_CALL: &[(&str, &[&str])] = &[
    ("firn-catalog", &[]),
    ("firn-connector", &["firn-catalog"]),
    ("firn-schedule", &[]),
    ("firn-secret", &[]),
    ("firn-settings", &[]),
    // Charts know numbers and a look.
    ("firn-chart", &[]),
    ("firn-store", &[]),
    ("firn-workspace", &["firn-catalog", "firn-secret"]),
    // Drivers know the seams and never each other.
    ("firn-postgres", &["firn-catalog", "firn-connector"]),
    ("firn-duckdb", &["firn-catalog", "firn-connector"]),
    // Engines know the seams and never a driver.
    ("firn-sync", &["firn-catalog", "firn-connector"]),
    (
        "firn-api",
        &[
            "firn-catalog",
            "firn-chart",
            "firn-connector",
            "firn-duckdb",
            "firn-postgres",
            "firn-schedule",
            "firn-secret",
            "firn-settings",
            "firn-store",
            "firn-sync",
            "firn-workspace",
        ],
    ),
    // Shells call the command layer and nothing else.
    ("firn-cli", &["firn-api"]),
    ("firn-desktop", &["firn-api"]),
    // Tests may call everything.
    ("firn-testbed", &[]),
];

/// Crates that only these crates of the product may depend on.
const KEPT_APART: [(&str, &[&str]); 7] = [
    ("tauri", &["firn-desktop"]),
    ("duckdb", &["firn-duckdb"]),
    ("sqlx", &["firn-postgres", "firn-store"]),
    ("keyring", &["firn-secret"]),
    ("clap", &["firn-cli"]),
    ("indicatif", &["firn-cli"]),
    ("plotters", &["firn-chart"]),
];

/// The packages of tests and benchmarks.
const TESTS: [&str; 3] = ["firn-scenarios", "firn-bench", "firn-testbed"];

struct Dependency {
    name: String,
    /// `normal`, `build` or `dev`.
    kind: String,
    features: Vec<String>,
}

/// Returns the packages of the workspace with their dependencies.
fn packages() -> BTreeMap<String, Vec<Dependency>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--manifest-path", manifest])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let dependency = |d: &Value| Dependency {
        name: text(&d["name"]),
        kind: d["kind"].as_str().unwrap_or("normal").to_owned(),
        features: d["features"].as_array().unwrap().iter().map(text).collect(),
    };
    let package =
        |p: &Value| (text(&p["name"]), p["dependencies"].as_array().unwrap().iter().map(dependency).collect());
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn is_test(package: &str) -> bool {
    TESTS.contains(&package)
}

#[test]
fn every_crate_calls_only_the_layers_below_it() {
    let packages = packages();
    for (package, dependencies) in packages.iter().filter(|(package, _)| !is_test(package)) {
        let (_, allowed) = MAY_CALL
            .iter()
            .find(|(name, _)| name == package)
            .unwrap_or_else(|| panic!("{package} has no place in the architecture yet: give it one in tests/arch"));
        for dependency in dependencies.iter().filter(|dependency| packages.contains_key(&dependency.name)) {
            let for_tests = dependency.kind == "dev" && dependency.name == "firn-testbed";
            let allowed = allowed.contains(&dependency.name.as_str()) || for_tests;
            assert!(allowed, "{package} must not call {} ({})", dependency.name, dependency.kind);
        }
    }
    for (name, _) in MAY_CALL {
        assert!(packages.contains_key(*name), "{name} is not a package of the workspace any more");
    }
}

#[test]
fn the_window_the_databases_the_keyring_and_the_terminal_have_one_owner_each() {
    for (package, dependencies) in packages().iter().filter(|(package, _)| !is_test(package)) {
        for dependency in dependencies.iter().filter(|dependency| dependency.kind != "dev") {
            for (kept, owners) in KEPT_APART {
                let is_of = dependency.name == kept || dependency.name.starts_with(&format!("{kept}-"));
                let owned = owners.contains(&package.as_str());
                assert!(!is_of || owned, "{package} must not depend on {}: that is for {owners:?}", dependency.name);
            }
        }
    }
}

#[test]
fn no_shipped_program_has_the_switches_of_the_tests() {
    for (package, dependencies) in packages().iter().filter(|(package, _)| !is_test(package)) {
        for dependency in dependencies.iter().filter(|dependency| dependency.kind != "dev") {
            assert!(
                !dependency.features.iter().any(|feature| feature == "switches"),
                "{package} builds {} with the test-only switches",
                dependency.name
            );
        }
    }
}
