//! The keyring against a real Secret Service: each scenario runs this test binary again inside a session bus of its own,
//! with an empty data folder, so that no keyring of the person who runs the tests is touched.

#![allow(clippy::unwrap_used, reason = "tests")]

use firn_secret::{Identity, Keyring, Origin, Resolution, Resolver, Secret, SecretError, SecretStore};
use std::path::Path;
use std::process::{Command, Output};

const SCENARIO: &str = "FIRN_KEYRING_SCENARIO";

fn inside(scenario: &str) -> bool {
    std::env::var(SCENARIO).is_ok_and(|running| running == scenario)
}

/// Runs this binary's test `scenario` again with an empty home; `wrap` says how it is started.
fn again(scenario: &str, wrap: impl FnOnce(&str) -> Command) -> Output {
    again_at_home(tempfile::tempdir().unwrap().path(), scenario, wrap)
}

fn again_at_home(home: &Path, scenario: &str, wrap: impl FnOnce(&str) -> Command) -> Output {
    let exe = std::env::current_exe().unwrap();
    let mut command = wrap(exe.to_str().unwrap());
    command
        .env(SCENARIO, scenario)
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_RUNTIME_DIR", home)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("GNOME_KEYRING_CONTROL");
    command.output().unwrap()
}

fn assert_passed(output: &Output) {
    let text = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// A session bus whose keyring daemon is started with `daemon`, a shell line, before the scenario.
fn on_a_bus(scenario: &str, daemon: &str) -> Output {
    again(scenario, |exe| bus(exe, scenario, daemon))
}

fn bus(exe: &str, scenario: &str, daemon: &str) -> Command {
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-c"]).arg(format!("{daemon}; exec \"$0\" --exact {scenario} --nocapture")).arg(exe);
    command
}

fn identity(host: &str) -> Identity {
    Identity::new("postgres", "app", host, 5432)
}

#[test]
fn a_secret_is_kept_replaced_found_and_forgotten() {
    let scenario = "a_secret_is_kept_replaced_found_and_forgotten";
    if !inside(scenario) {
        let daemon = "printf '\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null";
        return assert_passed(&on_a_bus(scenario, daemon));
    }
    let db = identity("db");
    assert!(Keyring.get(&db).unwrap().is_none());
    Keyring.set(&db, &Secret::new("first")).unwrap();
    Keyring.set(&db, &Secret::new("zweites Päßwort '\"\\ 🔑")).unwrap();
    assert_eq!(Keyring.get(&db).unwrap().unwrap().expose(), "zweites Päßwort '\"\\ 🔑");

    let resolver = Resolver::new(Box::new(Keyring));
    match resolver.resolve("app_db", &db) {
        Resolution::Found { origin, .. } => assert_eq!(origin, Origin::Keyring),
        other => panic!("{other:?}"),
    }
    assert!(matches!(resolver.resolve("app_db", &identity("evil")), Resolution::Missing));
    assert!(matches!(Keyring.set(&db, &Secret::new("")), Err(SecretError::Empty { .. })));

    assert!(Keyring.delete(&db).unwrap());
    assert!(!Keyring.delete(&db).unwrap());
    assert!(Keyring.get(&db).unwrap().is_none());
}

#[test]
fn without_a_session_bus_the_error_names_both_ways_out() {
    let scenario = "without_a_session_bus_the_error_names_both_ways_out";
    if !inside(scenario) {
        return assert_passed(&again(scenario, |exe| {
            let mut command = Command::new(exe);
            command.args(["--exact", scenario, "--nocapture"]).env_remove("DBUS_SESSION_BUS_ADDRESS");
            command
        }));
    }
    let resolver = Resolver::new(Box::new(Keyring));
    let Resolution::Unavailable(error) = resolver.resolve("app-db", &identity("db")) else {
        panic!("no bus, yet an answer")
    };
    assert!(matches!(error, SecretError::NoKeyring { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("gnome-keyring-daemon") && text.contains("FIRN_SECRET_APP_DB"), "{text}");
    assert!(std::error::Error::source(&error).is_some());

    let error = resolver.store("app-db", &identity("db"), &Secret::new("hunter2")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn a_keyring_without_a_collection_says_how_to_unlock_it() {
    let scenario = "a_keyring_without_a_collection_says_how_to_unlock_it";
    if !inside(scenario) {
        let daemon = "gnome-keyring-daemon --start --components=secrets >/dev/null";
        return assert_passed(&on_a_bus(scenario, daemon));
    }
    let resolver = Resolver::new(Box::new(Keyring));
    let error = resolver.store("app_db", &identity("db"), &Secret::new("hunter2")).unwrap_err();
    assert!(matches!(error, SecretError::Locked { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("unlock") && text.contains("FIRN_SECRET_APP_DB"), "{text}");
}

#[test]
fn a_bus_without_any_keyring_names_both_ways_out() {
    let scenario = "a_bus_without_any_keyring_names_both_ways_out";
    if !inside(scenario) {
        // An empty list of service folders keeps the bus from starting a keyring on demand.
        return assert_passed(&again(scenario, |exe| {
            let mut command = Command::new("dbus-run-session");
            command.args(["--config-file", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bare-bus.conf"), "--"]).args([
                exe,
                "--exact",
                scenario,
                "--nocapture",
            ]);
            command
        }));
    }
    let resolver = Resolver::new(Box::new(Keyring));
    let Resolution::Unavailable(error) = resolver.resolve("app_db", &identity("db")) else {
        panic!("no keyring, yet an answer")
    };
    assert!(matches!(error, SecretError::NoKeyring { .. }), "{error:?}");
}

#[test]
fn a_locked_keyring_is_named_at_once_instead_of_waiting_for_somebody_to_unlock_it() {
    let scenario = "a_locked_keyring_is_named_at_once_instead_of_waiting_for_somebody_to_unlock_it";
    let stage = std::env::var("FIRN_KEYRING_STAGE");
    match stage.as_deref() {
        Ok("store") => Keyring.set(&identity("db"), &Secret::new("kept")).unwrap(),
        Ok("locked") => {
            let error = Keyring.get(&identity("db")).unwrap_err();
            assert!(matches!(error, SecretError::Locked { .. }), "{error:?}");
        }
        Ok("unlocked") => assert_eq!(Keyring.get(&identity("db")).unwrap().unwrap().expose(), "kept"),
        _ => {
            let unlock = "printf 'word\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null";
            let start = "gnome-keyring-daemon --start --components=secrets >/dev/null";
            let home = tempfile::tempdir().unwrap();
            for (stage, daemon) in [("store", unlock), ("locked", start), ("unlocked", unlock)] {
                assert_passed(&again_at_home(home.path(), scenario, |exe| {
                    let mut command = bus(exe, scenario, daemon);
                    command.env("FIRN_KEYRING_STAGE", stage);
                    command
                }));
            }
        }
    }
}
