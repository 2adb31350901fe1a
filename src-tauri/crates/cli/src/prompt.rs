//! Secrets as they are typed or piped: never an argument, never echoed.

use firn_api::wire::ErrorView;
use std::io::{self, IsTerminal as _, Read as _};

/// Longest secret that is read from standard input, in bytes: more than any password, key or token has.
const LONGEST: u64 = 64 * 1024;

/// Returns whether a person can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks at the terminal without echo, or reads all of standard input where that is no terminal.
pub(crate) fn secret(question: &str) -> Result<String, ErrorView> {
    if !can_ask() {
        return piped();
    }
    let terminal = console::Term::stderr();
    let typed = terminal.write_str(&format!("{question}: ")).and_then(|()| terminal.read_secure_line());
    typed.map_err(|error| ErrorView::file("cannot ask at the terminal", &error))
}

/// Reads all of standard input; one line end at its end does not belong to it.
pub(crate) fn piped() -> Result<String, ErrorView> {
    let mut text = String::new();
    let read = io::stdin().lock().take(LONGEST + 1).read_to_string(&mut text);
    read.map_err(|error| ErrorView::file("cannot read standard input", &error))?;
    if text.len() as u64 > LONGEST {
        return Err(ErrorView::configuration("standard input holds more than 64 KiB, which is no secret"));
    }
    let trimmed = text.strip_suffix('\n').unwrap_or(&text);
    Ok(trimmed.strip_suffix('\r').unwrap_or(trimmed).to_owned())
}
