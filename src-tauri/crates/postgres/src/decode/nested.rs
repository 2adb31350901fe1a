//! Values with parts: rows of attributes, maps of texts, vectors of floats.

use super::bits::Validity;
use super::column::Column;
use super::cursor::{Broken, Cursor};
use super::span::{Malformed, RefusedAt, Span, Values};
use super::variable::Variable;
use arrow::array::{ArrayRef, FixedSizeListArray, Float32Array, ListArray, MapArray, StringArray, StructArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{ArrowPrimitiveType, FieldRef, Fields, Float16Type};
use arrow::error::ArrowError;
use std::sync::Arc;

/// A column of composite values.
#[derive(Debug)]
pub(super) struct Structs {
    fields: Fields,
    columns: Vec<Column>,
    validity: Validity,
    /// The attributes of the chunk at hand, one list an attribute.
    spans: Vec<Vec<Span>>,
}

/// Reads a composite value and calls `found` with the number and the span of each attribute.
pub(super) fn read_row(
    raw: &[u8],
    at: u32,
    attributes: usize,
    mut found: impl FnMut(usize, Span),
) -> Result<(), Broken> {
    let mut cursor = Cursor::new(raw);
    if usize::try_from(cursor.i32()?) != Ok(attributes) {
        return Err("it has another number of attributes than its type had before");
    }
    for attribute in 0..attributes {
        let _type = cursor.i32()?;
        let value = cursor.sized()?;
        let begins = raw.len() - cursor.left() - value.map_or(0, <[u8]>::len);
        found(attribute, Span { at: at + begins as u32, len: value.map_or(-1, |value| value.len() as i32) });
    }
    cursor.end()
}

impl Structs {
    /// Makes a column of composite values with a builder an attribute.
    pub fn new(fields: Fields, columns: Vec<Column>) -> Self {
        let spans = columns.iter().map(|_| Vec::new()).collect();
        Self { fields, columns, validity: Validity::default(), spans }
    }

    /// Appends values; those with a refused attribute are refused.
    pub fn append(&mut self, values: Values<'_>, refused: &mut Vec<RefusedAt>) -> Result<(), Malformed> {
        self.spans.iter_mut().for_each(Vec::clear);
        for (row, span) in values.spans.iter().enumerate() {
            let spans = &mut self.spans;
            if span.is_null() {
                spans.iter_mut().for_each(|list| list.push(Span { at: span.at, len: -1 }));
                continue;
            }
            let found = |attribute: usize, part| {
                if let Some(list) = spans.get_mut(attribute) {
                    list.push(part);
                }
            };
            read_row(values.get(*span), span.at, self.columns.len(), found).map_err(|what| Malformed {
                row,
                at: span.at,
                what,
            })?;
        }
        self.validity.append(values.spans);
        for (column, spans) in self.columns.iter_mut().zip(&self.spans) {
            column.append(Values { bytes: values.bytes, spans }, refused)?;
        }
        Ok(())
    }

    /// Returns the builders of the attributes.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns what was appended and begins a new column.
    pub fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let arrays = self.columns.iter_mut().map(Column::take).collect::<Result<Vec<_>, _>>()?;
        Ok(Arc::new(StructArray::try_new(self.fields.clone(), arrays, self.validity.take())?))
    }
}

/// A column of maps from texts to texts: `hstore`.
#[derive(Debug)]
pub(super) struct Maps {
    entries: FieldRef,
    fields: Fields,
    offsets: Vec<i32>,
    validity: Validity,
    keys: Variable,
    values: Variable,
    /// The pairs of the chunk at hand, and the row each belongs to.
    key_spans: Vec<Span>,
    value_spans: Vec<Span>,
    rows: Vec<usize>,
}

impl Maps {
    /// Makes a column of maps; `entries` is the Arrow field of the pairs, `fields` are those of key and value.
    pub fn new(entries: FieldRef, fields: Fields) -> Self {
        Self {
            entries,
            fields,
            offsets: vec![0],
            validity: Validity::default(),
            keys: Variable::default(),
            values: Variable::default(),
            key_spans: Vec::new(),
            value_spans: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Appends values; those with a text that is not UTF-8 are refused.
    pub fn append(&mut self, values: Values<'_>, refused: &mut Vec<RefusedAt>) -> Result<(), Malformed> {
        self.key_spans.clear();
        self.value_spans.clear();
        self.rows.clear();
        let base = self.offsets.last().copied().unwrap_or_default();
        for (row, span) in values.spans.iter().enumerate() {
            if !span.is_null() {
                self.read(values.get(*span), *span, row).map_err(|what| Malformed { row, at: span.at, what })?;
            }
            // A pair has eight bytes at least: the decoder closes a batch before there are 2^31 of them.
            self.offsets.push(base + self.rows.len() as i32);
        }
        self.validity.append(values.spans);
        let before = refused.len();
        self.keys.append_text(Values { bytes: values.bytes, spans: &self.key_spans }, refused);
        self.values.append_text(Values { bytes: values.bytes, spans: &self.value_spans }, refused);
        for at in refused.iter_mut().skip(before) {
            at.row = self.rows.get(at.row).copied().unwrap_or_default();
        }
        Ok(())
    }

    fn read(&mut self, raw: &[u8], span: Span, row: usize) -> Result<(), Broken> {
        let mut cursor = Cursor::new(raw);
        for _ in 0..cursor.count(8)? {
            let key = cursor.sized()?.ok_or("a key of the map is NULL")?;
            let ends = |cursor: &Cursor<'_>| span.at + (raw.len() - cursor.left()) as u32;
            self.key_spans.push(Span { at: ends(&cursor) - key.len() as u32, len: key.len() as i32 });
            let value = cursor.sized()?;
            let len = value.map_or(0, <[u8]>::len);
            let begins = ends(&cursor) - len as u32;
            self.value_spans.push(Span { at: begins, len: value.map_or(-1, |_| len as i32) });
            self.rows.push(row);
        }
        cursor.end()
    }

    /// Returns the number of bytes of keys and values held.
    pub fn bytes(&self) -> usize {
        self.keys.bytes() + self.values.bytes()
    }

    /// Returns what was appended and begins a new column.
    pub fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let texts = |variable: &mut Variable| {
            let (offsets, values, nulls) = variable.take();
            Ok::<ArrayRef, ArrowError>(Arc::new(StringArray::try_new(offsets, values, nulls)?))
        };
        let pairs = vec![texts(&mut self.keys)?, texts(&mut self.values)?];
        let pairs = StructArray::try_new(self.fields.clone(), pairs, None)?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(&mut self.offsets, vec![0])));
        Ok(Arc::new(MapArray::try_new(self.entries.clone(), offsets, pairs, self.validity.take(), false)?))
    }
}

/// A column of vectors of pgvector, of one length or of any.
#[derive(Debug)]
pub(super) struct Vectors {
    item: FieldRef,
    /// The length of all vectors, where it is declared.
    size: Option<i32>,
    /// Whether its floats have two bytes, not four.
    half: bool,
    offsets: Vec<i32>,
    values: Vec<f32>,
    validity: Validity,
}

impl Vectors {
    /// Makes a column of vectors; `item` is the Arrow field of the floats.
    pub fn new(item: FieldRef, size: Option<i32>, half: bool) -> Self {
        Self { item, size, half, offsets: vec![0], values: Vec::new(), validity: Validity::default() }
    }

    /// Appends values.
    pub fn append(&mut self, values: Values<'_>) -> Result<(), Malformed> {
        for (row, span) in values.spans.iter().enumerate() {
            match (span.is_null(), self.size) {
                (false, _) => {
                    self.read(values.get(*span)).map_err(|what| Malformed { row, at: span.at, what })?;
                }
                // A NULL takes the room of a vector where all are of one length.
                (true, Some(size)) => self.values.resize(self.values.len() + size.max(0) as usize, 0.0),
                (true, None) => {}
            }
            self.offsets.push(self.values.len() as i32);
        }
        self.validity.append(values.spans);
        Ok(())
    }

    fn read(&mut self, raw: &[u8]) -> Result<(), Broken> {
        let mut cursor = Cursor::new(raw);
        let (size, _reserved) = (i32::from(cursor.u16()?), cursor.u16()?);
        if self.size.is_some_and(|declared| declared != size) {
            return Err("it has another number of dimensions than its column");
        }
        for _ in 0..size {
            self.values.push(match self.half {
                true => <Float16Type as ArrowPrimitiveType>::Native::from_bits(cursor.u16()?).to_f32(),
                false => f32::from_be_bytes(cursor.array()?),
            });
        }
        cursor.end()
    }

    /// Returns what was appended and begins a new column.
    pub fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let values: ArrayRef = Arc::new(Float32Array::from(std::mem::take(&mut self.values)));
        let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(&mut self.offsets, vec![0])));
        let (item, nulls) = (self.item.clone(), self.validity.take());
        Ok(match self.size {
            Some(size) => Arc::new(FixedSizeListArray::try_new(item, size, values, nulls)?),
            None => Arc::new(ListArray::try_new(item, offsets, values, nulls)?),
        })
    }
}
