//! The seeds of the fuzz target of documents: what was found or written once stays good without a fuzzer.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../../fuzz/src/input.rs"]
mod input;
#[path = "../../../../fuzz/src/workspace_document.rs"]
mod workspace_document;

use std::path::Path;

#[test]
fn what_the_fuzzer_begins_with_is_read_and_edited() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fuzz/seeds/workspace_document");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        let data = std::fs::read(&file).unwrap();
        if std::panic::catch_unwind(|| workspace_document::check(&data)).is_err() {
            panic!("{}", file.display());
        }
    }
}
