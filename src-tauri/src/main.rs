//! The program `firn-desktop`: Firn's window.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the program's own usage, version and last words")]

use firn_desktop::{Arguments, run};
use std::collections::HashMap;
use std::process::ExitCode;

const USAGE: &str = "usage: firn-desktop [FOLDER | LINK]\n\nOpens Firn's window, with the workspace in FOLDER where one is named, or where a link firn://… leads.\nWhere a window is open already, that one comes to the front.\nThe command line is `firn`.";

fn main() -> ExitCode {
    let word = match Arguments::read(std::env::args().skip(1)) {
        Ok(Arguments::Window(word)) => word,
        Ok(Arguments::Version) => {
            println!("firn-desktop {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Ok(Arguments::Help) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("error: {message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    #[cfg(target_os = "linux")]
    if let Some(error) = renderer::choose() {
        eprintln!("warning: the window may draw slowly: {error}");
    }
    // A variable whose name or value is no text is none of Firn's.
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let variables: HashMap<String, String> = std::env::vars_os().filter_map(text).collect();
    match run(word, variables) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
mod renderer {
    //! WebKitGTK's renderer by shared buffers is slow where no graphics card helps it: a scrolled frame takes some
    //! sixteen times the processor time. A variable turns it off, and has to be set before the process begins.

    use std::io::Error;
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    const VARIABLE: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

    /// Starts the program anew with the variable where that helps; returns only where it does not, or cannot be done.
    pub(super) fn choose() -> Option<Error> {
        if std::env::var_os(VARIABLE).is_some() || has_graphics_card() {
            return None;
        }
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return Some(error),
        };
        Some(Command::new(program).args(std::env::args_os().skip(1)).env(VARIABLE, "1").exec())
    }

    fn has_graphics_card() -> bool {
        std::fs::read_dir("/dev/dri").is_ok_and(|entries| {
            entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
        })
    }
}
