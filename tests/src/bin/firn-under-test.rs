//! The program `firn` with the test-only switches of `firn-connector` built in.

use std::process::ExitCode;

fn main() -> ExitCode {
    firn_scenarios::trace::to_stderr_if_asked();
    firn_cli::main_with(std::env::args_os(), firn_cli::Environment::of_this_process())
}
