//! What is read and what is written, decided before the first row moves.

use arrow::datatypes::{Field, Schema, SchemaRef};
use firn_catalog::{ColumnPlan, PgType, TableName, WatermarkKind};
use std::sync::Arc;

/// One column of a read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadColumn {
    /// The column's name in the source, which is also its name in the batch.
    pub name: String,
    /// A SQL expression over the source row that replaces the column, where a transform names one.
    pub expression: Option<String>,
    /// The type of what is selected.
    pub ty: PgType,
    /// How it travels.
    pub plan: ColumnPlan,
}

/// A read of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadPlan {
    /// The source table.
    pub table: TableName,
    /// What is selected, in order.
    pub columns: Vec<ReadColumn>,
    /// Indices of the key columns, in key order. Never transformed.
    pub key: Vec<usize>,
    /// Index and axis of the watermark column. Never transformed.
    pub watermark: Option<(usize, WatermarkKind)>,
    /// A condition over the source row, in SQL.
    pub filter: Option<String>,
    /// Whether `xmin` is read beside the rows: tables yes, views no.
    pub row_versions: bool,
    /// Most rows of a batch.
    pub batch_rows: usize,
    /// Most bytes of a batch, reached by at most one row's size more.
    pub batch_bytes: usize,
}

impl ReadPlan {
    /// Returns the Arrow schema of the batches: the columns, without `xmin`.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|c| firn_catalog::typemap::field(&c.name, &c.ty, c.plan.arrow.clone(), true))
            .collect();
        Arc::new(Schema::new(fields))
    }
}

/// One column of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteColumn {
    /// The name in the target.
    pub name: String,
    /// The type in the target's DDL.
    pub ddl: String,
}

/// A write into one table. Batches arrive with the columns in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct WritePlan {
    /// The source table's name: the name under which state is stored.
    pub source: String,
    /// The target table.
    pub table: TableName,
    /// The columns.
    pub columns: Vec<WriteColumn>,
    /// Indices of the key columns.
    pub key: Vec<usize>,
    /// Index of the watermark column: decides which of two rows with one key is newer.
    pub watermark: Option<usize>,
    /// Statements to bring the target's table to this shape; run in the transaction of the first commit.
    pub ddl: Vec<String>,
    /// The Arrow schema of the batches.
    pub schema: SchemaRef,
}
