//! The TypeScript bindings in `ui/src/host/bindings` are what the wire types say, and the schema of connections that its
//! tests hold the forms against is that of `firn.yaml`.
//!
//! After a change of a wire type: `FIRN_WRITE_BINDINGS=1 cargo nextest run -p firn-api bindings`.
#![allow(clippy::unwrap_used)]

use firn_api::wire;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use ts_rs::{Config, TS};

macro_rules! exporter {
    ($($access:ident $name:ident($request:ident) -> $response:ident;)*) => {
        /// Writes the request and the response of every command, with all they hold.
        fn export(config: &Config) {
            $(
                wire::$request::export_all(config).unwrap();
                wire::$response::export_all(config).unwrap();
            )*
            // Events come without being asked for, and a flattened type is not followed by itself.
            wire::RunEvent::export_all(config).unwrap();
            wire::RunEventKind::export_all(config).unwrap();
            wire::AppEvent::export_all(config).unwrap();
        }
    };
}

firn_api::with_commands!(exporter);

/// Returns file names with texts; `commands.ts` is made and kept by the window's own tests.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let types = files.filter(|file| file.extension().is_some_and(|ext| ext == "ts") && !file.ends_with("commands.ts"));
    types.map(|file| (name(&file), fs::read_to_string(&file).unwrap())).collect()
}

fn name(file: &Path) -> String {
    file.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn bindings_of_the_window_are_what_the_wire_types_say() {
    let made = tempfile::tempdir().unwrap();
    export(&Config::default().with_out_dir(made.path()));
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/host/bindings");
    let made = texts(made.path());
    assert!(made.len() > 40, "only {} types were written", made.len());
    if std::env::var_os("FIRN_WRITE_BINDINGS").is_some() {
        texts(&kept)
            .into_keys()
            .filter(|file| !made.contains_key(file))
            .for_each(|file| fs::remove_file(kept.join(file)).unwrap());
        made.iter().for_each(|(file, text)| fs::write(kept.join(file), text).unwrap());
    }
    let kept = texts(&kept);
    let files: Vec<&String> = made.keys().chain(kept.keys()).collect();
    let stale: Vec<_> = files.into_iter().filter(|file| made.get(*file) != kept.get(*file)).collect();
    assert!(stale.is_empty(), "stale bindings {stale:?}: FIRN_WRITE_BINDINGS=1 cargo nextest run -p firn-api bindings");
}

#[test]
fn the_kinds_of_connections_in_the_windows_tests_are_those_of_the_document() {
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../ui/test/fixture/connections.schema.json");
    let schema = firn_workspace::json_schema();
    let kinds = schema.pointer("/properties/connections/additionalProperties/oneOf").unwrap();
    let made = format!("{kinds:#}\n");
    if std::env::var_os("FIRN_WRITE_BINDINGS").is_some() {
        fs::write(&kept, &made).unwrap();
    }
    let kept = fs::read_to_string(&kept).unwrap();
    assert!(kept == made, "stale schema: FIRN_WRITE_BINDINGS=1 cargo nextest run -p firn-api bindings");
}
