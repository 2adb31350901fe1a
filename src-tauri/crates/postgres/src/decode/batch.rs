//! A batch while its rows come in, and what becomes of it when it is closed.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{filter_record_batch, nullif};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use firn_connector::{ReadBatch, RowRefusal, UnfitValue};
use std::sync::Arc;

/// The batch being filled.
#[derive(Debug, Default)]
pub(super) struct OpenBatch {
    /// Rows, refused ones included.
    pub rows: usize,
    /// Bytes of the stream.
    pub received: u64,
    /// Bytes that count against the limit: those of the stream, and what they expand to.
    pub cost: usize,
    pub refused_rows: Vec<usize>,
    pub refused: Vec<RowRefusal>,
    /// Values that become NULL, by row and column, refused rows counted in.
    pub unfit: Vec<UnfitValue>,
}

impl OpenBatch {
    /// Makes the batch of all its columns, without the refused rows.
    pub fn close(
        mut self,
        schema: &SchemaRef,
        mut arrays: Vec<ArrayRef>,
        xmin: Option<&[u32]>,
    ) -> Result<ReadBatch, ArrowError> {
        self.settle_unfit(&mut arrays)?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let mut batch = RecordBatch::try_new_with_options(schema.clone(), arrays, &options)?;
        let mut xmin: Option<Arc<[u32]>> = xmin.map(Arc::from);
        if !self.refused_rows.is_empty() {
            let mut keep = vec![true; self.rows];
            for row in &self.refused_rows {
                if let Some(keep) = keep.get_mut(*row) {
                    *keep = false;
                }
            }
            xmin = xmin.map(|all| all.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(xmin, _)| *xmin).collect());
            batch = filter_record_batch(&batch, &BooleanArray::from(keep))?;
        }
        let Self { refused, unfit, received, .. } = self;
        Ok(ReadBatch { batch, xmin, refused, unfit, bytes: received })
    }

    /// Makes the values that do not fit NULL, and counts their rows without the refused ones.
    fn settle_unfit(&mut self, arrays: &mut [ArrayRef]) -> Result<(), ArrowError> {
        if self.unfit.is_empty() {
            return Ok(());
        }
        // Several elements of one list are one value.
        self.unfit.sort_by_key(|value| (value.column, value.row));
        self.unfit.dedup_by_key(|value| (value.column, value.row));
        for values in self.unfit.chunk_by(|a, b| a.column == b.column) {
            let Some(array) = values.first().and_then(|value| arrays.get_mut(value.column)) else { continue };
            let mut null = vec![false; self.rows];
            for value in values {
                if let Some(null) = null.get_mut(value.row) {
                    *null = true;
                }
            }
            *array = nullif(array, &BooleanArray::from(null))?;
        }
        let refused = &self.refused_rows;
        self.unfit.retain(|value| refused.binary_search(&value.row).is_err());
        for value in &mut self.unfit {
            value.row -= refused.partition_point(|row| *row < value.row);
        }
        Ok(())
    }
}
