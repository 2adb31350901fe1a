//! Arbitrary text as a workspace document, with edits.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firn_fuzz::workspace_document::check(data));
