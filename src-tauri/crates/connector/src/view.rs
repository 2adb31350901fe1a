//! Reading a target's table back: what a comparison with the source needs.

use crate::error::Result;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use firn_catalog::{TableName, Watermark};
use futures::stream::BoxStream;

/// What is read of a target table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRead {
    /// The table.
    pub table: TableName,
    /// The columns wanted, in order; all of them are in the table.
    pub columns: Vec<String>,
    /// A column of the table that marks deleted rows: where it is not NULL, the row is left out.
    pub deleted_at: Option<String>,
}

/// What part of a target table is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetScope {
    /// Every row.
    Whole,
    /// Rows whose watermark is at least this one, and rows without a watermark.
    From {
        /// The name of the watermark column.
        column: String,
        /// The least watermark.
        least: Watermark,
    },
}

/// Batches of a target table. Dropping it stops the read.
pub type TargetStream = BoxStream<'static, Result<RecordBatch>>;

/// A target table at one moment. One stream of it is alive at a time; a second one waits.
#[async_trait]
pub trait TargetView: Send + Sync {
    /// Returns the Arrow schema of the batches: the columns asked for, by their position. Types are the target's own,
    /// which may be wider than those that were written; what Arrow cannot carry exactly comes as text.
    fn schema(&self) -> SchemaRef;

    /// Starts to read a scope, in no order.
    async fn read(&self, scope: TargetScope) -> Result<TargetStream>;
}
