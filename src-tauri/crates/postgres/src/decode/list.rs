//! One-dimensional arrays.

use super::bits::Validity;
use super::column::Column;
use super::span::{Malformed, Refused, RefusedAt, Span, Values};
use arrow::array::{ArrayRef, ListArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::FieldRef;
use arrow::error::ArrowError;
use std::sync::Arc;

/// Most dimensions of an array; a larger number is no array.
const MOST_DIMENSIONS: i32 = 6;

/// A column of lists.
#[derive(Debug)]
pub(super) struct Lists {
    offsets: Vec<i32>,
    validity: Validity,
    field: FieldRef,
    item: Column,
    /// The elements of the chunk at hand.
    elements: Vec<Span>,
}

/// What is before an array's elements.
pub(super) struct ArrayHeader {
    /// Size and first index of each dimension.
    pub dimensions: Vec<(i32, i32)>,
}

/// A cursor over the bytes of one array.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn int(&mut self) -> Result<i32, &'static str> {
        let Some((int, rest)) = self.rest.split_first_chunk::<4>() else { return Err("the array ends early") };
        self.rest = rest;
        Ok(i32::from_be_bytes(*int))
    }
}

impl Lists {
    /// Makes a column of lists of `item`; `field` is the Arrow field of the items.
    pub fn new(field: FieldRef, item: Column) -> Self {
        Self { offsets: vec![0], validity: Validity::default(), field, item, elements: Vec::new() }
    }

    /// Appends lists; other shapes than one dimension from index 1 are refused, and lists with a refused element.
    pub fn append(&mut self, values: Values<'_>, refused: &mut Vec<RefusedAt>) -> Result<(), Malformed> {
        self.elements.clear();
        let first = self.offsets.len() - 1;
        let base = self.offsets.last().copied().unwrap_or_default();
        for (row, span) in values.spans.iter().enumerate() {
            if !span.is_null() {
                let read = read_array(values.get(*span), span.at, &mut self.elements);
                let header = read.map_err(|what| Malformed { row, at: span.at, what })?;
                if let Some(why) = header.refused() {
                    refused.push(RefusedAt { row, why });
                    self.elements.truncate((self.offsets.last().copied().unwrap_or_default() - base) as usize);
                }
            }
            // The decoder closes a batch before its bytes, of which each element has four, can pass 2 GiB.
            self.offsets.push(base + self.elements.len() as i32);
        }
        self.validity.append(values.spans);
        let before = refused.len();
        let elements = Values { bytes: values.bytes, spans: &self.elements };
        let row_of = |element: usize| {
            let end = base + element as i32;
            self.offsets.get(first + 1..).unwrap_or_default().partition_point(|offset| *offset <= end)
        };
        self.item.append(elements, refused).map_err(|bad| Malformed { row: row_of(bad.row), ..bad })?;
        for at in refused.iter_mut().skip(before) {
            at.row = row_of(at.row);
        }
        Ok(())
    }

    /// Returns the builder of the items.
    pub fn item(&self) -> &Column {
        &self.item
    }

    /// Returns the number of bytes that the items hold beyond their fixed parts.
    pub fn bytes(&self) -> usize {
        self.item.bytes()
    }

    /// Returns what was appended and begins a new column.
    pub fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(&mut self.offsets, vec![0])));
        let items = self.item.take()?;
        Ok(Arc::new(ListArray::try_new(self.field.clone(), offsets, items, self.validity.take())?))
    }
}

impl ArrayHeader {
    /// Returns why a list cannot hold an array of this shape.
    pub fn refused(&self) -> Option<Refused> {
        match self.dimensions.as_slice() {
            [] | [(_, 1)] => None,
            [_] => Some(Refused::ArrayLowerBound),
            _ => Some(Refused::ArrayDimensions),
        }
    }
}

/// Reads an array's header and appends the spans of its elements, counted from where the chunk begins.
pub(super) fn read_array(raw: &[u8], at: u32, elements: &mut Vec<Span>) -> Result<ArrayHeader, &'static str> {
    let mut reader = Reader { rest: raw };
    let dimension_count = reader.int()?;
    if !(0..=MOST_DIMENSIONS).contains(&dimension_count) {
        return Err("the array has an impossible number of dimensions");
    }
    if !matches!(reader.int()?, 0 | 1) {
        return Err("the array's flags are unknown");
    }
    let _element_type = reader.int()?;
    let mut dimensions = Vec::new();
    let mut count = i64::from(dimension_count.min(1));
    for _ in 0..dimension_count {
        let (size, lower_bound) = (reader.int()?, reader.int()?);
        if size < 0 {
            return Err("a dimension of the array has a negative size");
        }
        dimensions.push((size, lower_bound));
        count = count.saturating_mul(i64::from(size));
    }
    // Each element has at least its length: an array cannot promise more of them than there are bytes.
    if count > (reader.rest.len() / 4) as i64 {
        return Err("the array ends early");
    }
    for _ in 0..count {
        let len = reader.int()?;
        let from = raw.len() - reader.rest.len();
        match usize::try_from(len) {
            Ok(bytes) => reader.rest = reader.rest.get(bytes..).ok_or("the array ends early")?,
            Err(_) if len == -1 => {}
            Err(_) => return Err("an element of the array has a negative length"),
        }
        elements.push(Span { at: at + from as u32, len });
    }
    if reader.rest.is_empty() { Ok(ArrayHeader { dimensions }) } else { Err("bytes follow the array's last element") }
}
