//! The command line `firn`: arguments in, calls into the command layer, text or JSON out.
//!
//! It owns no behaviour: what a command does, what its result is and which exit code stands for it is the command
//! layer's. Standard output carries data only; progress, warnings and hints go to standard error.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod args;
mod command;
mod environment;
mod log;
mod output;
mod progress;
mod prompt;
mod report;
mod stop;
mod text;

pub use environment::Environment;

use crate::args::Arguments;
use crate::output::Output;
use clap::Parser as _;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command line with these arguments (the program's name first) and ends with its exit code.
pub fn main_with(arguments: impl IntoIterator<Item = OsString>, environment: Environment) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return ExitCode::from(refused(&error)),
    };
    let output = Output::new(arguments.global.json, arguments.global.quiet);
    let code = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(command::run(arguments, environment, output));
            // A read that a cancelled run left behind must not hold the process back.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            output.usage(&format!("cannot start threads: {error}"), "raise the limit of processes (ulimit -u)");
            firn_api::exit::FAILED
        }
    };
    ExitCode::from(code)
}

/// Prints what clap has to say, help and version among it, and returns the exit code.
fn refused(error: &clap::Error) -> u8 {
    // Nobody is left to be told where neither output can be written.
    let _closed = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => firn_api::exit::DONE,
        _ => firn_api::exit::USAGE,
    }
}
