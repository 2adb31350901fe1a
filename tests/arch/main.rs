//! What the architecture deliberately does not have: held over `cargo metadata` and over the command list.
#![allow(clippy::unwrap_used)]

mod commands;
mod layers;
