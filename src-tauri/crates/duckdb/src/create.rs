//! A new database file, whole from the moment it can be seen.
//!
//! DuckDB writes the headers of a new file in place. A process that dies meanwhile, or a disk that is full, leaves a
//! file that nobody can open again. So a new file is made under another name and gets its own when it is complete.

use crate::error;
use duckdb::{Config, Connection};
use firn_connector::switches::{Protection, on};
use firn_connector::{Error, ErrorKind, Result, Side};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the name of a file that is being made ends with.
const UNFINISHED: &str = ".new";

/// How old an unfinished file is when whoever made it has gone: making one takes milliseconds.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// Makes an empty database file, unless something is there.
pub(crate) fn make_if_missing(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() || !on(Protection::WholeFile) {
        return Ok(());
    }
    let doing = format!("making {}", path.display());
    remove_left_behind(path);
    let log = with_suffix(path, ".wal");
    let stale_log = log.exists();
    let unfinished = with_suffix(path, &format!(".{}{UNFINISHED}", std::process::id()));
    let _left = std::fs::remove_file(&unfinished);
    let made =
        Connection::open_with_flags(&unfinished, Config::default()).and_then(|new| new.close().map_err(|(_, e)| e));
    let named = match made {
        Ok(()) => {
            if stale_log && path.symlink_metadata().is_err() {
                // Of a database that was here before: its changes mean nothing to the new one.
                let _gone = std::fs::remove_file(&log);
            }
            name(&unfinished, path).map_err(|cause| unnamed(path, cause))
        }
        Err(cause) => Err(error::other(&doing)(cause)),
    };
    let _named = std::fs::remove_file(&unfinished);
    named
}

/// Gives the file its name, unless another process was faster: its file is as good.
fn name(unfinished: &Path, path: &Path) -> io::Result<()> {
    match std::fs::hard_link(unfinished, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without links.
        Err(_) if path.symlink_metadata().is_err() => std::fs::rename(unfinished, path),
        named => named,
    }
}

fn unnamed(path: &Path, cause: io::Error) -> Error {
    let kind = match cause.kind() {
        // Somebody has tidied up; the next attempt makes another.
        io::ErrorKind::NotFound => ErrorKind::Transient,
        io::ErrorKind::PermissionDenied => ErrorKind::Permission,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::DiskFull,
        _ => ErrorKind::Other,
    };
    Error::new(Side::Target, kind, format!("{} cannot be made", path.display())).caused_by(cause)
}

/// Removes unfinished files of processes that died while they made this one.
fn remove_left_behind(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
    let prefix = format!("{}.", name.to_string_lossy());
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let process = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(UNFINISHED));
        if !process.is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())) {
            continue;
        }
        let age = entry.metadata().and_then(|file| file.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > LEFT_BEHIND) {
            let _gone = std::fs::remove_file(entry.path());
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_file_appears_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.duckdb");
        std::fs::write(folder.path().join("w.duckdb.wal"), "of another database").unwrap();
        make_if_missing(&path).unwrap();
        assert_eq!(names(folder.path()), ["w.duckdb"]);
        let before = std::fs::read(&path).unwrap();
        make_if_missing(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), before, "a file that is there is left alone");
    }

    #[test]
    fn what_the_dead_left_behind_goes_and_other_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let long_ago = std::time::SystemTime::now() - LEFT_BEHIND * 2;
        for name in ["w.duckdb.4711.new", "w.duckdb.old.new", "v.duckdb.4711.new"] {
            let file = std::fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(long_ago).unwrap();
        }
        std::fs::write(folder.path().join("w.duckdb.4712.new"), "").unwrap();
        make_if_missing(&folder.path().join("w.duckdb")).unwrap();
        assert_eq!(names(folder.path()), ["v.duckdb.4711.new", "w.duckdb", "w.duckdb.4712.new", "w.duckdb.old.new"]);
    }

    #[test]
    fn of_those_who_make_one_file_at_once_each_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("w.duckdb"), folder.path().join("other"));
        std::fs::write(&other, "mine").unwrap();
        std::fs::write(&path, "theirs").unwrap();
        name(&other, &path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "theirs");
    }
}
