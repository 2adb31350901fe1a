//! The stream: header, tuples, trailer; and the batches that come of it.

use super::batch::OpenBatch;
use super::column::Column;
use super::error::DecodeError;
use super::expand::{expands, most_bytes_of};
use super::fixed::Fixed;
use super::frame::{BadTuple, HEADER, Tuple, read_header, read_tuple};
use super::refusal::{Row, describe};
use super::span::{Malformed, Refused, RefusedAt, Span, Values};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use firn_catalog::Unfit;
use firn_connector::{ReadBatch, ReadPlan, UnfitValue};
use std::collections::VecDeque;

/// Most rows of a chunk: enough to make the choice of a loop cheap, few enough for spans and bytes to stay in cache.
const CHUNK_ROWS: usize = 256;
/// Distance between the spans of two columns; no power of two, so that many columns do not share cache sets.
const STRIDE: usize = CHUNK_ROWS + 8;
/// Bytes gathered before a chunk is decoded.
const CHUNK_BYTES: usize = 64 * 1024;
/// Most bytes of a batch, whatever the plan says: Arrow's offsets end at 2 GiB, and one copy may pass the end by a bit.
const MOST_BATCH: usize = i32::MAX as usize - 4096;
/// Refused rows that close a batch: each carries its whole row as text.
const MOST_REFUSED: usize = 1000;

/// Decodes the bytes of one `COPY (…) TO STDOUT (FORMAT binary)`.
///
/// The stream carries the plan's columns in order, then `xmin` where the plan asks for row versions. Bytes are pushed
/// in pieces of any size and batches taken out; after the last piece [`Decoder::finish`] is called once. Memory is
/// bounded by the batch and the largest row. After an error every further call returns it again.
#[derive(Debug)]
pub struct Decoder {
    plan: ReadPlan,
    schema: SchemaRef,
    columns: Vec<Column>,
    /// Columns whose values can be far longer in Arrow than in the stream.
    expanding: Vec<usize>,
    xmin: Option<Fixed<u32>>,
    state: State,
    /// Bytes received and not decoded; `offset` is where they begin in the stream.
    pending: Vec<u8>,
    offset: u64,
    /// Length of `pending` below which looking at it is in vain.
    attempt_at: usize,
    rows: u64,
    spans: Vec<Span>,
    batch: OpenBatch,
    /// Rows of the last batch and bytes of each of its columns, to prepare for the next.
    last: Option<(usize, Vec<usize>)>,
    ready: VecDeque<ReadBatch>,
}

#[derive(Debug, Clone)]
enum State {
    Header,
    Extension(u32),
    Tuples,
    Done,
    Failed(DecodeError),
}

/// The rows that the next step decodes.
struct Chunk {
    rows: usize,
    /// Bytes of the tuples.
    len: usize,
    cost: usize,
    /// A row too large for any batch, and the column that makes it so; it ends the chunk.
    too_large: Option<usize>,
    end: ChunkEnd,
}

#[derive(PartialEq)]
enum ChunkEnd {
    /// There may be more rows behind it.
    Open,
    /// The batch is full.
    BatchFull,
    /// The next tuple is not all there; so many bytes are needed to get further.
    Partial(usize),
    Trailer,
}

impl Decoder {
    /// Makes a decoder for the stream of a plan.
    ///
    /// # Errors
    /// [`DecodeError::Unsupported`] where a column's type and Arrow type are no pair of the type map.
    pub fn new(plan: &ReadPlan) -> Result<Self, DecodeError> {
        let columns = plan.columns.iter().map(|column| {
            Column::new(&column.ty, &column.plan.arrow).ok_or_else(|| DecodeError::Unsupported {
                column: column.name.clone(),
                ty: column.ty.clone(),
                arrow: column.plan.arrow.to_string(),
            })
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let fields = columns.len() + usize::from(plan.row_versions);
        let expanding = plan.columns.iter().enumerate().filter(|(_, column)| {
            // A decimal has 16 bytes, whatever its value.
            expands(&column.ty) && !matches!(column.plan.arrow, arrow::datatypes::DataType::Decimal128(..))
        });
        let expanding = expanding.map(|(at, _)| at).collect();
        Ok(Self {
            schema: plan.schema(),
            expanding,
            xmin: plan.row_versions.then(Fixed::default),
            state: State::Header,
            pending: Vec::new(),
            offset: 0,
            attempt_at: HEADER,
            rows: 0,
            spans: vec![Span::default(); fields * STRIDE],
            batch: OpenBatch::default(),
            last: None,
            ready: VecDeque::new(),
            columns,
            plan: plan.clone(),
        })
    }

    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    /// [`DecodeError`] where they are not what a server sends for the plan.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        // A large piece is decoded where it lies; small ones, such as the one row a server puts into a message, are
        // gathered first.
        if self.pending.is_empty() && bytes.len() >= CHUNK_BYTES {
            let used = self.decode(bytes)?;
            self.pending.extend_from_slice(bytes.get(used..).unwrap_or_default());
            return Ok(());
        }
        self.pending.extend_from_slice(bytes);
        if self.pending.len() < self.attempt_at {
            return Ok(());
        }
        self.decode_pending()
    }

    /// Ends the stream: everything pushed is decoded, and the last batch is closed.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where the trailer has not come.
    pub fn finish(&mut self) -> Result<(), DecodeError> {
        self.decode_pending()?;
        if !matches!(self.state, State::Done) {
            let offset = self.offset + self.pending.len() as u64;
            return Err(self.fail(DecodeError::Truncated { offset, rows: self.rows }));
        }
        Ok(())
    }

    /// Returns the next closed batch.
    #[inline]
    pub fn next_batch(&mut self) -> Option<ReadBatch> {
        self.ready.pop_front()
    }

    fn fail(&mut self, error: DecodeError) -> DecodeError {
        self.state = State::Failed(error.clone());
        self.pending = Vec::new();
        error
    }

    fn decode_pending(&mut self) -> Result<(), DecodeError> {
        let mut pending = std::mem::take(&mut self.pending);
        let used = self.decode(&pending)?;
        let left = pending.len() - used;
        // What is left is at most an unfinished tuple. The room of a very large row is given back after it.
        pending.copy_within(used.., 0);
        pending.truncate(left);
        if pending.capacity() > 16 * CHUNK_BYTES && left < CHUNK_BYTES && self.attempt_at <= CHUNK_BYTES {
            pending.shrink_to(2 * CHUNK_BYTES);
        }
        self.pending = pending;
        Ok(())
    }

    /// Decodes what is whole in `bytes` and returns how many bytes that was.
    fn decode(&mut self, bytes: &[u8]) -> Result<usize, DecodeError> {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let (step, go_on) = match &self.state {
                State::Header => match rest.first_chunk::<HEADER>() {
                    Some(header) => match read_header(header) {
                        Ok(extension) => {
                            self.state = State::Extension(extension);
                            (HEADER, true)
                        }
                        Err(error) => return Err(self.fail(error)),
                    },
                    None => {
                        self.attempt_at = HEADER;
                        (0, false)
                    }
                },
                State::Extension(left) => {
                    let skipped = rest.len().min(*left as usize);
                    let left = *left - skipped as u32;
                    self.state = if left == 0 { State::Tuples } else { State::Extension(left) };
                    self.attempt_at = CHUNK_BYTES;
                    (skipped, left == 0)
                }
                State::Tuples => match self.decode_chunk(rest) {
                    Ok(step) => step,
                    Err(error) => return Err(self.fail(error)),
                },
                State::Done if rest.is_empty() => (0, false),
                State::Done => {
                    let offset = self.offset;
                    return Err(self.fail(DecodeError::Trailing { offset }));
                }
                State::Failed(error) => return Err(error.clone()),
            };
            used += step;
            self.offset += step as u64;
            if !go_on {
                return Ok(used);
            }
        }
    }

    /// Decodes one chunk from the beginning of `bytes`; returns its length and whether to go on.
    fn decode_chunk(&mut self, bytes: &[u8]) -> Result<(usize, bool), DecodeError> {
        let chunk = self.find_chunk(bytes)?;
        if self.batch.rows == 0 && chunk.rows > 0 {
            self.prepare();
        }
        self.append(bytes, &chunk)?;
        self.rows += chunk.rows as u64;
        self.batch.rows += chunk.rows;
        self.batch.received += chunk.len as u64;
        self.batch.cost += chunk.cost;
        if chunk.end == ChunkEnd::BatchFull || self.batch.refused.len() >= MOST_REFUSED {
            self.close()?;
        }
        Ok(match chunk.end {
            ChunkEnd::Open | ChunkEnd::BatchFull => (chunk.len, true),
            ChunkEnd::Partial(needed) => {
                self.attempt_at = needed.max(CHUNK_BYTES);
                (chunk.len, false)
            }
            ChunkEnd::Trailer => {
                self.close()?;
                self.state = State::Done;
                self.attempt_at = 0;
                (chunk.len + 2, true)
            }
        })
    }

    /// Finds the tuples of the next chunk and the spans of their fields.
    fn find_chunk(&mut self, bytes: &[u8]) -> Result<Chunk, DecodeError> {
        let fields = self.columns.len() + usize::from(self.xmin.is_some());
        let most_rows = CHUNK_ROWS.min(self.plan.batch_rows.max(1).saturating_sub(self.batch.rows));
        let most_cost = self.plan.batch_bytes.clamp(1, MOST_BATCH).saturating_sub(self.batch.cost);
        let mut chunk = Chunk { rows: 0, len: 0, cost: 0, too_large: None, end: ChunkEnd::BatchFull };
        while chunk.rows < most_rows && chunk.cost < most_cost {
            if chunk.len >= CHUNK_BYTES {
                chunk.end = ChunkEnd::Open;
                return Ok(chunk);
            }
            let spans = self.spans.get_mut(chunk.rows..).unwrap_or_default();
            let tuple = read_tuple(bytes, chunk.len, fields, spans, STRIDE);
            match tuple.map_err(|bad| self.bad_tuple(bad, chunk.rows))? {
                Tuple::Whole { next } => {
                    let cost = next - chunk.len + self.expansion(bytes, chunk.rows);
                    if self.batch.cost + chunk.cost + cost > MOST_BATCH {
                        if self.batch.rows + chunk.rows > 0 {
                            return Ok(chunk);
                        }
                        chunk.too_large = self.largest(bytes);
                    }
                    chunk.rows += 1;
                    chunk.len = next;
                    chunk.cost = chunk.cost.saturating_add(cost);
                }
                Tuple::Partial { needed } => {
                    chunk.end = ChunkEnd::Partial(needed);
                    return Ok(chunk);
                }
                Tuple::Trailer => {
                    chunk.end = ChunkEnd::Trailer;
                    return Ok(chunk);
                }
            }
        }
        if self.batch.rows + chunk.rows < self.plan.batch_rows.max(1) && chunk.cost < most_cost {
            chunk.end = ChunkEnd::Open;
        }
        Ok(chunk)
    }

    fn bad_tuple(&self, bad: BadTuple, row: usize) -> DecodeError {
        let row = self.rows + row as u64 + 1;
        match bad {
            BadTuple::Count { at, found } => DecodeError::FieldCount {
                offset: self.offset + at as u64,
                row,
                found,
                expected: self.columns.len() + usize::from(self.xmin.is_some()),
            },
            BadTuple::Length { at, field, found } => {
                DecodeError::FieldLength { offset: self.offset + at as u64, row, field: field + 1, found }
            }
        }
    }

    /// Returns by how many bytes a row of the chunk can be longer in Arrow than in the stream.
    #[inline]
    fn expansion(&self, bytes: &[u8], row: usize) -> usize {
        self.expanding.iter().map(|column| self.expansion_of(bytes, *column, row)).fold(0, usize::saturating_add)
    }

    fn expansion_of(&self, bytes: &[u8], column: usize, row: usize) -> usize {
        let span = self.spans.get(column * STRIDE + row).copied().unwrap_or_default();
        self.plan.columns.get(column).map_or(0, |c| most_bytes_of(&c.ty, span.within(bytes)))
    }

    /// Returns the column that expands most in the chunk's first row.
    fn largest(&self, bytes: &[u8]) -> Option<usize> {
        self.expanding.iter().copied().max_by_key(|column| self.expansion_of(bytes, *column, 0))
    }

    /// Makes room for a batch like the last one.
    fn prepare(&mut self) {
        let Some((rows, bytes)) = self.last.take() else { return };
        for (column, bytes) in self.columns.iter_mut().zip(bytes) {
            column.reserve(rows, bytes + bytes / 16);
        }
        if let Some(xmin) = &mut self.xmin {
            xmin.reserve(rows);
        }
    }

    /// Appends the chunk to every column, and describes the rows that are refused.
    fn append(&mut self, bytes: &[u8], chunk: &Chunk) -> Result<(), DecodeError> {
        if let Some(column) = chunk.too_large {
            return self.append_too_large(bytes, column);
        }
        let mut refused = Vec::new();
        let mut refused_here = Vec::new();
        for at in 0..self.columns.len() {
            self.append_column(at, bytes, chunk.rows, &mut refused_here)?;
            if !refused_here.is_empty() && self.becomes_null(at) {
                let before = self.batch.rows;
                let unfit = |one: RefusedAt| UnfitValue { row: before + one.row, column: at, code: one.why.code() };
                self.batch.unfit.extend(refused_here.drain(..).map(unfit));
            }
            refused.extend(refused_here.drain(..).map(|one: RefusedAt| (one.row, at, one.why)));
        }
        if self.xmin.is_some() {
            self.append_column(self.columns.len(), bytes, chunk.rows, &mut refused_here)?;
        }
        if !refused.is_empty() {
            // Of several refused values in a row, the one in the first column speaks for it.
            refused.sort_by_key(|(row, column, _)| (*row, *column));
            refused.dedup_by_key(|(row, ..)| *row);
            for (row, column, why) in refused {
                self.refuse(bytes, row, column, why);
            }
        }
        Ok(())
    }

    /// Returns whether a value of a column that does not fit becomes NULL. A row cannot be found again by a key that
    /// was one, nor read on from.
    fn becomes_null(&self, at: usize) -> bool {
        let kept = self.plan.key.contains(&at) || self.plan.watermark.is_some_and(|(watermark, _)| watermark == at);
        !kept && self.plan.columns.get(at).is_some_and(|column| column.plan.unfit == Unfit::Null)
    }

    fn append_column(
        &mut self,
        at: usize,
        bytes: &[u8],
        rows: usize,
        refused: &mut Vec<RefusedAt>,
    ) -> Result<(), DecodeError> {
        let spans = self.spans.get(at * STRIDE..at * STRIDE + rows).unwrap_or_default();
        let values = Values { bytes, spans };
        let appended = match self.columns.get_mut(at) {
            Some(column) => column.append(values, refused),
            None => self.xmin.as_mut().map_or(Ok(()), |xmin| xmin.append(values, u32::from_be_bytes)),
        };
        appended.map_err(|bad: Malformed| {
            let column = self.plan.columns.get(at);
            DecodeError::Value {
                offset: self.offset + u64::from(bad.at),
                row: self.rows + bad.row as u64 + 1,
                column: column.map_or_else(|| "xmin".to_owned(), |c| c.name.clone()),
                ty: column.map_or(firn_catalog::PgType::Xid, |c| c.ty.clone()),
                what: bad.what,
            }
        })
    }

    /// Holds the place of a row that fits into no batch with NULLs, and refuses it.
    fn append_too_large(&mut self, bytes: &[u8], column: usize) -> Result<(), DecodeError> {
        self.refuse(bytes, 0, column, Refused::ValueTooLarge);
        self.spans.iter_mut().step_by(STRIDE).for_each(|span| span.len = -1);
        for at in 0..=self.columns.len() {
            self.append_column(
                at,
                bytes,
                usize::from(at < self.columns.len() || self.xmin.is_some()),
                &mut Vec::new(),
            )?;
        }
        Ok(())
    }

    fn refuse(&mut self, bytes: &[u8], row: usize, column: usize, why: Refused) {
        let spans: Vec<Span> = self.spans.iter().skip(row).step_by(STRIDE).copied().collect();
        let position = self.batch.rows + row - self.batch.refused.len();
        self.batch.refused_rows.push(self.batch.rows + row);
        self.batch.refused.push(describe(&self.plan, &Row { bytes, spans: &spans }, position, column, why));
    }

    /// Closes the batch, where it has rows.
    fn close(&mut self) -> Result<(), DecodeError> {
        let open = std::mem::take(&mut self.batch);
        if open.rows == 0 {
            return Ok(());
        }
        self.last = Some((open.rows, self.columns.iter().map(Column::bytes).collect()));
        let failed = |error: ArrowError| DecodeError::Batch { row: self.rows, message: error.to_string() };
        let arrays = self.columns.iter_mut().map(Column::take).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let xmin = self.xmin.as_mut().map(|xmin| xmin.take().0);
        self.ready.push_back(open.close(&self.schema, arrays, xmin.as_deref()).map_err(failed)?);
        Ok(())
    }
}
