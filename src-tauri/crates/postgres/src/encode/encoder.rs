//! The stream: header, rows, trailer.

use super::column::Column;
use super::error::{EncodeError, Unfit};
use super::fields::UnfitAt;
use super::oid::Oids;
use crate::decode::SIGNATURE;
use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::filter;
use arrow::datatypes::{Schema, SchemaRef};
use bytes::{BufMut, BytesMut};
use firn_catalog::PgType;
use std::ops::Range;
use std::sync::Arc;

/// Rows that are written together, column by column: enough to make the choice of a loop cheap, few enough for the bytes
/// of the rows to stay in cache.
const CHUNK_ROWS: usize = 256;

/// Encodes record batches as one `COPY … FROM STDIN (FORMAT binary)`.
///
/// [`Encoder::begin`] writes what stands before the first row, [`Encoder::end`] what stands after the last; between them
/// batches of one schema are encoded in any number. Nothing is kept between batches but the count of rows. After an
/// error what was written of the batch is taken back, so that a caller may go on without it.
#[derive(Debug)]
pub struct Encoder {
    schema: SchemaRef,
    types: Vec<PgType>,
    columns: Vec<Column>,
    fields: i16,
    /// Rows of all batches so far, those left out included.
    rows: u64,
    /// Where the next value of each row of the chunk goes.
    places: Vec<usize>,
}

/// A row that was left out, because one of its values is none of its column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfitRow {
    /// The row within its batch, from 0.
    pub row: usize,
    /// The first column that is unfit.
    pub column: usize,
    /// What is wrong with it.
    pub why: Unfit,
}

impl Encoder {
    /// Makes an encoder of batches of `schema` into columns of these types, in the same order.
    ///
    /// `oids` has to know the named types that arrays and composite values hold.
    ///
    /// # Errors
    /// [`EncodeError::Unsupported`] where an Arrow type is not written as the type of the column, and
    /// [`EncodeError::ColumnCount`].
    pub fn new(schema: &Schema, types: &[PgType], oids: &Oids) -> Result<Self, EncodeError> {
        let count = || EncodeError::ColumnCount { fields: schema.fields().len(), types: types.len() };
        let fields = i16::try_from(types.len()).map_err(|_| count())?;
        if schema.fields().len() != types.len() {
            return Err(count());
        }
        let columns = schema.fields().iter().zip(types).map(|(field, ty)| {
            Column::new(ty, field.data_type(), oids).ok_or_else(|| EncodeError::Unsupported {
                column: field.name().clone(),
                ty: ty.clone(),
                arrow: field.data_type().to_string(),
            })
        });
        let columns = columns.collect::<Result<_, _>>()?;
        let schema = Arc::new(schema.clone());
        Ok(Self { schema, types: types.to_vec(), columns, fields, rows: 0, places: Vec::with_capacity(CHUNK_ROWS) })
    }

    /// Writes what stands before the first row.
    pub fn begin(out: &mut BytesMut) {
        out.put_slice(&SIGNATURE);
        out.put_bytes(0, 8);
    }

    /// Writes what stands after the last row.
    pub fn end(out: &mut BytesMut) {
        out.put_i16(-1);
    }

    /// Writes every row of a batch.
    ///
    /// # Errors
    /// [`EncodeError::Value`] for the first row with a value that its column's type does not hold; nothing of the batch
    /// is written then.
    pub fn encode(&mut self, batch: &RecordBatch, out: &mut BytesMut) -> Result<(), EncodeError> {
        let from = out.len();
        let encoded = self.encode_with(batch, out, &mut |unfit, encoder| Err(encoder.error(&unfit)));
        if encoded.is_err() {
            out.truncate(from);
        }
        encoded
    }

    /// Writes the rows of a batch whose values fit, and returns the others in their order.
    ///
    /// # Errors
    /// As [`Encoder::encode`], but for single values.
    pub fn encode_fitting(&mut self, batch: &RecordBatch, out: &mut BytesMut) -> Result<Vec<UnfitRow>, EncodeError> {
        let mut left_out = Vec::new();
        let from = out.len();
        let encoded = self.encode_with(batch, out, &mut |unfit, _| {
            left_out.push(unfit);
            Ok(())
        });
        if encoded.is_err() {
            out.truncate(from);
        }
        encoded.map(|()| left_out)
    }

    /// Returns the error of a row that was left out of the last batch of `rows` rows.
    fn error(&self, unfit: &UnfitRow) -> EncodeError {
        EncodeError::Value {
            row: self.rows + unfit.row as u64 + 1,
            column: self.schema.fields().get(unfit.column).map(|field| field.name().clone()).unwrap_or_default(),
            ty: self.types.get(unfit.column).cloned().unwrap_or(PgType::Text),
            why: unfit.why,
        }
    }

    fn encode_with(
        &mut self,
        batch: &RecordBatch,
        out: &mut BytesMut,
        on_unfit: &mut impl FnMut(UnfitRow, &Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let arrays = self.arrays(batch)?;
        for from in (0..batch.num_rows()).step_by(CHUNK_ROWS) {
            let rows = from..batch.num_rows().min(from + CHUNK_ROWS);
            let unfit = self.measure(&arrays, rows.clone());
            if unfit.is_empty() {
                self.write(&arrays, rows, out);
                continue;
            }
            let mut keep = vec![true; rows.len()];
            for one in unfit {
                if let Some(keep) = keep.get_mut(one.row - from) {
                    *keep = false;
                }
                on_unfit(one, self)?;
            }
            self.write_kept(&arrays, rows, BooleanArray::from(keep), out)?;
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Returns the columns of a batch in the types that have a form.
    fn arrays(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>, EncodeError> {
        let fields = self.schema.fields();
        if batch.num_columns() != fields.len() {
            return Err(EncodeError::ColumnCount { fields: batch.num_columns(), types: fields.len() });
        }
        let arrays = fields.iter().zip(batch.columns()).zip(&self.columns).map(|((field, array), column)| {
            if array.data_type() != field.data_type() {
                return Err(EncodeError::Schema {
                    column: field.name().clone(),
                    found: array.data_type().to_string(),
                    expected: field.data_type().to_string(),
                });
            }
            let failed = |error: arrow::error::ArrowError| EncodeError::Arrow {
                column: field.name().clone(),
                message: error.to_string(),
            };
            column.convert(array).map_err(failed)
        });
        arrays.collect()
    }

    /// Finds how long each row is, and which rows are unfit, in their order.
    fn measure(&mut self, arrays: &[ArrayRef], rows: Range<usize>) -> Vec<UnfitRow> {
        self.places.clear();
        self.places.resize(rows.len(), 2);
        let mut unfit = Vec::new();
        let mut of_column: Vec<UnfitAt> = Vec::new();
        for (at, (column, array)) in self.columns.iter_mut().zip(arrays).enumerate() {
            column.measure(array, rows.clone(), &mut self.places, &mut of_column);
            unfit.extend(of_column.drain(..).map(|one| UnfitRow { row: one.row, column: at, why: one.why }));
        }
        // Of several unfit values in a row, the one in the first column speaks for it.
        unfit.sort_by_key(|one| (one.row, one.column));
        unfit.dedup_by_key(|one| one.row);
        unfit
    }

    /// Writes rows that have just been measured.
    fn write(&mut self, arrays: &[ArrayRef], rows: Range<usize>, out: &mut BytesMut) {
        let mut end = out.len();
        for place in &mut self.places {
            end += std::mem::replace(place, end);
        }
        out.resize(end, 0);
        let count = self.fields.to_be_bytes();
        for place in &mut self.places {
            if let Some(slot) = out.get_mut(*place..*place + 2) {
                slot.copy_from_slice(&count);
            }
            *place += 2;
        }
        for (column, array) in self.columns.iter().zip(arrays) {
            column.write(array, rows.clone(), &mut self.places, out);
        }
    }

    /// Writes some of the rows.
    fn write_kept(
        &mut self,
        arrays: &[ArrayRef],
        rows: Range<usize>,
        keep: BooleanArray,
        out: &mut BytesMut,
    ) -> Result<(), EncodeError> {
        let kept = arrays.iter().zip(self.schema.fields()).map(|(array, field)| {
            filter(&array.slice(rows.start, rows.len()), &keep)
                .map_err(|error| EncodeError::Arrow { column: field.name().clone(), message: error.to_string() })
        });
        let kept = kept.collect::<Result<Vec<_>, _>>()?;
        let rows = 0..keep.true_count();
        let unfit = self.measure(&kept, rows.clone());
        debug_assert!(unfit.is_empty(), "a row that fitted does not");
        self.write(&kept, rows, out);
        Ok(())
    }
}
