//! The binary `firn`.

use firn_cli::Environment;
use std::process::ExitCode;

fn main() -> ExitCode {
    firn_cli::main_with(std::env::args_os(), Environment::of_this_process())
}
