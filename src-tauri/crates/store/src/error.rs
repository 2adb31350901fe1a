//! What can go wrong with the local state.

use std::path::PathBuf;
use uuid::Uuid;

/// A failure of the local state. The file is never deleted or replaced because of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder of the file could not be made.
    #[error("the folder for local state, {}, cannot be made; check its permissions", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file could not be opened.
    #[error("the local state {} cannot be opened; check its permissions and the free space", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
    /// The file is damaged, or is no database at all.
    #[error(
        "the local state {} is damaged or is not a database; it holds recent workspaces and run history only, so move it away \
         and start again (no data and no cursor is in it)", .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
    /// The file is a database of another program.
    #[error("{} is a database of another program; name another file for the local state", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version.
    #[error(
        "the local state {} has schema {found}, and this version of Firn knows schemas up to {known}; update Firn, or move the \
         file away to start with an empty one", .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema of the file.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// Reading or writing failed.
    #[error("the local state {} failed to {action}", .path.display())]
    Query {
        /// The file.
        path: PathBuf,
        /// What was to be done.
        action: &'static str,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
    /// A stored value is not what this version writes.
    #[error("the local state {} holds an unreadable {what}; move the file away to start with an empty one", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Which value.
        what: &'static str,
        /// What was found instead.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The run is not there, or no longer running.
    #[error("the run {run_id} is not running, so its {what} is not recorded")]
    NotRunning {
        /// The run.
        run_id: Uuid,
        /// What was to be recorded.
        what: &'static str,
    },
    /// The run was recorded before.
    #[error("the run {run_id} is recorded already")]
    Twice {
        /// The run.
        run_id: Uuid,
    },
    /// The workspace is not in the list.
    #[error("the workspace {path} was never opened here")]
    UnknownWorkspace {
        /// Its folder.
        path: String,
    },
    /// An event is longer than is kept.
    #[error("an event of the run {run_id} has {bytes} bytes; at most {} are kept", crate::MAX_EVENT_BYTES)]
    EventTooLong {
        /// The run.
        run_id: Uuid,
        /// The event's length as JSON.
        bytes: usize,
    },
}
