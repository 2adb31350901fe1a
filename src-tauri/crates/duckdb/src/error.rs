//! What DuckDB says, turned into kinds and advice.
//!
//! The C interface gives no error code, only a text that begins with the class (`Constraint Error: …`), so the class
//! is read from there. Texts about data can quote cell values; these are cut out before anything is kept.

use firn_connector::{Error, ErrorKind, Side};

/// What DuckDB reported, kept below an [`Error`] as its cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct DuckdbFailure {
    /// DuckDB's class, such as `Constraint`; empty where the text has none.
    pub class: String,
    /// DuckDB's first line, without cell values.
    pub text: String,
    /// Whether the open database can no longer be used and must be opened again.
    pub fatal: bool,
}

/// What was being touched when it happened: decides whether a refused value is a row's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touching {
    /// Rows of a user's table.
    Rows,
    /// Anything else: the file, the catalog, Firn's own state.
    Else,
}

/// Makes an error of what DuckDB said while `doing` (a phrase such as `opening the file`).
pub(crate) fn failure(touching: Touching, doing: &str, error: &duckdb::Error) -> Error {
    let cause = read(error);
    let (kind, hint) = judge(touching, &cause);
    let failed = Error::new(Side::Target, kind, format!("{doing}: {}", cause.text)).caused_by(cause);
    Error { hint: hint.map(str::to_owned), ..failed }
}

/// Makes an error outside any user's rows.
pub(crate) fn other(doing: &str) -> impl FnOnce(duckdb::Error) -> Error {
    move |error| failure(Touching::Else, doing, &error)
}

/// Makes an error of a row that Firn itself turns down, without its value.
pub(crate) fn refused(message: impl Into<String>) -> Error {
    Error::new(Side::Target, ErrorKind::RowRefused, message)
}

/// Returns what DuckDB said below an error, where it was DuckDB.
pub(crate) fn cause(error: &Error) -> Option<&DuckdbFailure> {
    error.source.as_ref()?.downcast_ref()
}

/// Returns whether the open database must be opened again before it can be used.
pub(crate) fn is_fatal(error: &Error) -> bool {
    cause(error).is_some_and(|c| c.fatal)
}

/// Returns whether DuckDB ran into its memory limit.
pub(crate) fn is_out_of_memory(error: &Error) -> bool {
    cause(error).is_some_and(|c| c.class == "Out of Memory")
}

/// Returns whether two transactions of this process met on one row or name.
pub(crate) fn is_conflict(error: &Error) -> bool {
    cause(error).is_some_and(conflicts)
}

fn conflicts(cause: &DuckdbFailure) -> bool {
    let text = cause.text.to_ascii_lowercase();
    text.contains("conflict") && (cause.class.starts_with("Transaction") || text.contains("write-write"))
}

fn read(error: &duckdb::Error) -> DuckdbFailure {
    let whole = error.to_string();
    let first = whole.split("\n\n").next().unwrap_or_default().lines().next().unwrap_or_default();
    let class = match first.split_once(" Error: ") {
        Some((class, _)) if class.len() < 32 && !class.contains([':', '"']) => class.to_owned(),
        _ => String::new(),
    };
    let fatal = class == "FATAL" || class == "INTERNAL" || whole.contains("database has been invalidated");
    let text = if is_about_values(&class) { without_values(first) } else { first.to_owned() };
    DuckdbFailure { class, text, fatal }
}

fn is_about_values(class: &str) -> bool {
    matches!(class, "Constraint" | "Conversion" | "Out of Range" | "Invalid Input" | "Invalid type" | "Mismatch Type")
}

/// Cuts out whatever stands in quotes or after the word `value`; names of columns and constraints go with it where
/// DuckDB quotes them, because it quotes values the same way.
fn without_values(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(open) if c == open => {
                kept.push('…');
                kept.push(c);
                quote = None;
            }
            Some(_) => {}
            None => {
                if c == '"' || c == '\'' {
                    quote = Some(c);
                }
                kept.push(c);
            }
        }
    }
    if quote.is_some() {
        kept.push('…');
    }
    let mut words = Vec::new();
    let mut after_value = false;
    for word in kept.split(' ') {
        let is_value = after_value && !word.starts_with(['"', '\'']) && word.contains(|c: char| c.is_ascii_digit());
        words.push(if is_value { "…" } else { word });
        after_value = word == "value" || word == "value:";
    }
    words.join(" ")
}

fn judge(touching: Touching, cause: &DuckdbFailure) -> (ErrorKind, Option<&'static str>) {
    const ROOM: &str = "Make room on the disk that holds the warehouse and its temporary folder, then run again: the \
                        next run goes on from what is in the file.";
    let text = cause.text.as_str();
    let says = |part: &str| text.contains(part);
    if says("No space left") || says("Disk quota exceeded") || says("File too large") || says("max_temp_directory_size")
    {
        return (ErrorKind::DiskFull, Some(ROOM));
    }
    if says("Could not set lock") {
        return (ErrorKind::Busy, Some("Close the program that has the file open, or wait for it to end."));
    }
    if conflicts(cause) {
        return (ErrorKind::Transient, None);
    }
    if cause.fatal {
        let reopen = "Look at the disk and the memory of this machine; what was committed is in the file.";
        return (ErrorKind::Transient, Some(reopen));
    }
    match cause.class.as_str() {
        "INTERRUPT" => (ErrorKind::Cancelled, None),
        _ if is_about_values(&cause.class) && touching == Touching::Rows => (ErrorKind::RowRefused, None),
        "Out of Memory" => (ErrorKind::Other, Some("DuckDB needs more memory for this table than Firn lets it take.")),
        "IO" if says("Permission denied") || says("Read-only file system") => {
            (ErrorKind::Permission, Some("Give the user who runs Firn the right to write the file and its folder."))
        }
        "Permission" => (ErrorKind::Permission, None),
        "IO" if says("No such file") => (ErrorKind::NotFound, Some("Make the folder first, or correct the path.")),
        "IO" if says("Could not read enough bytes") || says("Corrupt database file") => {
            let damaged = "The file is damaged, as by a power cut in the middle of a write. Restore it, or remove it: Firn \
                           makes it anew and loads every table.";
            (ErrorKind::Configuration, Some(damaged))
        }
        "IO" if says("not a valid DuckDB database") => {
            (ErrorKind::Configuration, Some("The path names a file of another kind; choose another path."))
        }
        "Serialization" => {
            let newer = "The file was written by a newer DuckDB, or is damaged: use a Firn built with that DuckDB.";
            (ErrorKind::Configuration, Some(newer))
        }
        "Catalog" => (ErrorKind::NotFound, None),
        "Binder" | "Dependency" => (ErrorKind::Configuration, None),
        _ => (ErrorKind::Other, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(touching: Touching, text: &str) -> ErrorKind {
        failure(touching, "testing", &said(text)).kind
    }

    fn said(text: &str) -> duckdb::Error {
        duckdb::Error::DuckDBFailure(duckdb::ffi::Error::new(1), Some(text.to_owned()))
    }

    #[test]
    fn classes_become_kinds() {
        let rows = |text| kind(Touching::Rows, text);
        assert_eq!(rows("Constraint Error: NOT NULL constraint failed: t.a"), ErrorKind::RowRefused);
        assert_eq!(rows("Conversion Error: Could not convert string 'x' to INT32"), ErrorKind::RowRefused);
        assert_eq!(rows("INTERRUPT Error: Interrupted!"), ErrorKind::Cancelled);
        assert_eq!(rows("TransactionContext Error: Conflict on update!"), ErrorKind::Transient);
        assert_eq!(rows("IO Error: Could not write file \"x\": No space left on device"), ErrorKind::DiskFull);
        assert_eq!(kind(Touching::Else, "Constraint Error: Duplicate key"), ErrorKind::Other);
    }

    #[test]
    fn a_full_disk_stays_a_full_disk_below_a_fatal_error() {
        let text = "FATAL Error: Failed: database has been invalidated because of a previous fatal error. Original \
                    error: \"IO Error: Could not write: No space left on device\"";
        let error = failure(Touching::Rows, "committing", &said(text));
        assert_eq!(error.kind, ErrorKind::DiskFull);
        assert!(is_fatal(&error));
    }

    #[test]
    fn cell_values_are_cut_out() {
        for text in [
            "Constraint Error: Duplicate key \"id: 4711, mail: a@b.c\" violates unique constraint.",
            "Conversion Error: Could not convert string '4711' to INT32",
            "Conversion Error: Type INT64 with value 4711 can't be cast because the value is out of range for INT16",
            "Conversion Error: Malformed JSON at byte 1: unexpected character.  Input: \"4711\"\n\nLINE 1: '4711'",
            "Conversion Error: Casting value \"4711.00\" to type DECIMAL(4,2) failed: value is out of range!",
        ] {
            let shown = failure(Touching::Rows, "committing", &said(text)).chain();
            assert!(!shown.contains("4711") && !shown.contains("a@b.c"), "{shown}");
            assert!(shown.contains("Error:"), "{shown}");
        }
    }
}
