//! The service: what it says while it runs, and what `/health` answers.

use super::{ErrorView, TableResult};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What is served.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServeRequest {
    /// The workspace.
    pub folder: String,
    /// Only these tables; all for none.
    pub tables: Vec<String>,
    /// Address of the HTTP listener, such as `127.0.0.1:7431`; null for none.
    pub listen: Option<String>,
    /// Whether changes are posted to the webhook, where one is set.
    pub webhook: bool,
}

/// A secret of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ServeSecretKind {
    /// What requests to the listener carry.
    Token,
    /// Where changes are posted to.
    Webhook,
}

/// Keeps a secret of the service in the keyring.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct ServeSecretSet {
    /// Which.
    pub kind: ServeSecretKind,
    /// The secret; an empty text removes it.
    pub secret: String,
}

impl std::fmt::Debug for ServeSecretSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServeSecretSet {{ kind: {:?}, secret: <redacted> }}", self.kind)
    }
}

/// Where the secrets of the service are: `keyring`, `variable`, `none`, or `unknown` where the keyring does not answer.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ServeSecretsView {
    /// The listener's token.
    pub token: String,
    /// The webhook's address.
    pub webhook: String,
}

/// One line of the service's log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "one at a time passes by; none is kept in numbers")]
pub enum ServeEvent {
    /// The HTTP listener is there.
    Listening {
        /// ISO 8601, UTC.
        at: String,
        /// Its address.
        address: String,
    },
    /// The workspace was read, at the start or after a change.
    Serving {
        /// ISO 8601, UTC.
        at: String,
        /// The workspace.
        folder: String,
        /// What runs when.
        tables: Vec<TableSchedule>,
    },
    /// The changed workspace cannot be used; the one before goes on.
    Refused {
        /// ISO 8601, UTC.
        at: String,
        /// What is wrong.
        error: ErrorView,
    },
    /// A table has ended.
    Table {
        /// ISO 8601, UTC.
        at: String,
        /// ISO 8601, UTC: when it runs next, as far as that is known.
        next: Option<String>,
        /// The run it was part of.
        run_id: String,
        /// Its result.
        #[serde(flatten)]
        result: TableResult,
    },
    /// Something else that the operator should know.
    Warning {
        /// ISO 8601, UTC.
        at: String,
        /// What happened.
        error: ErrorView,
    },
    /// No table is started any more.
    Stopping {
        /// ISO 8601, UTC.
        at: String,
    },
    /// The last line.
    Finished {
        /// ISO 8601, UTC.
        at: String,
        /// `cancelled` or `terminated`.
        status: String,
    },
}

/// When a table runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSchedule {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// Its schedule as `firn.yaml` would write it.
    pub schedule: String,
}

/// The answer of `/health`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HealthView {
    /// `ok`, or `failing` where the newest run of a table failed or the workspace cannot be read (status 503).
    pub status: String,
    /// Version of the program.
    pub version: String,
    /// The workspace.
    pub folder: String,
    /// Seconds since the service began.
    pub up_seconds: f64,
    /// Why the workspace as it is now is not the one served.
    pub workspace_error: Option<ErrorView>,
    /// A line a table.
    pub tables: Vec<TableHealth>,
}

/// How a table does.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TableHealth {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// Its schedule.
    pub schedule: String,
    /// How its newest run here ended, `waiting` before the first.
    pub status: String,
    /// Whether it runs now.
    pub running: bool,
    /// ISO 8601, UTC: when the newest run that succeeded began.
    pub last_success: Option<String>,
    /// Seconds since then: what was committed in the source before is in the target.
    pub lag_seconds: Option<f64>,
    /// ISO 8601, UTC: when it runs next.
    pub next_run: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// Why the newest run failed, or who holds the table.
    pub error: Option<ErrorView>,
}
