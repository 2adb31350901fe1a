//! The workspace document `firn.yaml`: read into typed structs, checked with the place of every fault, edited with comments
//! kept.
//!
//! There is no I/O here: callers bring the text and take the text away. Secrets are not part of a document; the crate refuses
//! them where it sees them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod check;
mod connection;
mod edit;
mod env_file;
mod environment;
mod fields;
mod keys;
mod model;
mod parse;
mod problem;
mod read;
mod roles;
mod rules;
mod scalar;
mod schedule;
mod schema;
mod template;
mod tree;
mod url;
mod value;
mod words;

pub use connection::{Connection, DuckDb, Folder, Postgres, S3, Settings, Snowflake, SqlServer};
pub use edit::{Document, EditError, Step, TableLines, TablePatch};
pub use env_file::{EnvFileError, parse_env_file};
pub use environment::{ENV_ARCHIVE, ENV_POSTGRES, ENV_S3, ENV_SNOWFLAKE, EnvConnections};
pub use model::{
    Compare, Forecast, Geometry, LakeInput, LakeJob, LakeLoad, LakeOutput, MaxRejects, OnChange, Refresh, Snapshot,
    SnapshotInput, TableSync, Workspace,
};
pub use problem::{Position, Problem, WorkspaceError};
pub use roles::{Roles, RolesError};
pub use schedule::{CronLine, Schedule, ScheduleError, parse_span};
pub use schema::json_schema;
pub use template::{sample, template};
pub use url::{ConnectionUrl, UrlError};
pub use value::Value;
pub use words::{Color, DeleteMode, DriftMode, FileFormat, SnowflakeAuth, SqlServerTls, SyncMode, Tls, UnfitMode};

/// The document's file name in a workspace's folder.
pub const FILE_NAME: &str = "firn.yaml";
