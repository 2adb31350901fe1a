//! The command layer: the one command list; the only crate a shell calls.
