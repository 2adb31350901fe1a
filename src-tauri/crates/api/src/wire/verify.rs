//! Comparing tables with their sources: what is asked, and what was found.

use super::{ErrorView, FindingView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Asks for a comparison of tables with their sources.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct VerifyRequest {
    /// The workspace.
    pub folder: String,
    /// Source tables; empty for all.
    pub tables: Vec<String>,
    /// Whether what differs is made equal.
    pub repair: bool,
    /// Most differing keys of a table that are listed; all are counted.
    pub limit: u32,
}

/// What a comparison came to: the last document of `sync verify --json`.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct VerifyView {
    /// Whether every table was compared and none differs.
    pub equal: bool,
    /// A verdict a table.
    pub tables: Vec<VerifiedTable>,
    /// Why nothing could be compared.
    pub error: Option<ErrorView>,
}

/// The verdict on one table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct VerifiedTable {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// `equal`, `different`, `failed`, `cancelled` or `held`.
    pub status: String,
    /// Rows of the source, with the table's condition.
    #[ts(type = "number")]
    pub rows_source: u64,
    /// Rows of the target, without those marked as deleted.
    #[ts(type = "number")]
    pub rows_target: u64,
    /// Keys that differ: missing, extra and changed ones. After a repair, those that still do.
    #[ts(type = "number")]
    pub differing_keys: u64,
    /// Keys in the source alone.
    #[ts(type = "number")]
    pub missing: u64,
    /// Keys in the target alone.
    #[ts(type = "number")]
    pub extra: u64,
    /// Keys on both sides with other values.
    #[ts(type = "number")]
    pub changed: u64,
    /// Of the differing keys, those that are known to be rejected.
    #[ts(type = "number")]
    pub rejected: u64,
    /// Keys that the next run is to bring; no differences.
    #[ts(type = "number")]
    pub waiting: u64,
    /// Rows of the source that lose to a newer one of their key.
    #[ts(type = "number")]
    pub superseded: u64,
    /// Differing cells by column, among `cells_of` changed keys.
    #[ts(type = "Record<string, number>")]
    pub columns: BTreeMap<String, u64>,
    /// How many changed keys were looked at cell by cell.
    #[ts(type = "number")]
    pub cells_of: u64,
    /// Differing keys, up to the limit of the request.
    pub keys: Vec<DifferingKeyView>,
    /// What the repair did, where one was asked for.
    pub repaired: Option<RepairedView>,
    /// How long it took.
    pub seconds: f64,
    /// Why it could not be compared.
    pub error: Option<ErrorView>,
    /// What to know about the comparison.
    pub findings: Vec<FindingView>,
}

/// A key that differs.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DifferingKeyView {
    /// `missing`, `extra` or `changed`.
    pub kind: String,
    /// Key column → exact text or null, in key order.
    #[ts(type = "Record<string, string | null>")]
    pub key: serde_json::Map<String, serde_json::Value>,
    /// Why it differs, where that is known.
    pub reason: Option<String>,
    /// Cells that differ, of a key that is on both sides.
    pub cells: Vec<CellDifferenceView>,
}

/// A cell that differs.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CellDifferenceView {
    /// The column.
    pub column: String,
    /// The source's value.
    #[ts(type = "unknown")]
    pub source: serde_json::Value,
    /// The target's value.
    #[ts(type = "unknown")]
    pub target: serde_json::Value,
}

/// What a repair did.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RepairedView {
    /// Keys whose row was written from the source again.
    #[ts(type = "number")]
    pub written: u64,
    /// Keys that were deleted in the target, or marked as deleted.
    #[ts(type = "number")]
    pub deleted: u64,
    /// Keys left as they were; the findings say why.
    #[ts(type = "number")]
    pub left: u64,
}
