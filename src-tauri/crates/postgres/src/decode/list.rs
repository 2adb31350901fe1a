//! Arrays.

use super::bits::Validity;
use super::column::Column;
use super::cursor::{Broken, Cursor};
use super::span::{Malformed, Refused, RefusedAt, Span, Values};
use arrow::array::{ArrayRef, ListArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::FieldRef;
use arrow::error::ArrowError;
use std::sync::Arc;

/// Most dimensions of an array; a larger number is no array.
pub(crate) const MOST_DIMENSIONS: i32 = 6;

/// A column of lists, nested as deep as the arrays have dimensions.
#[derive(Debug)]
pub(super) struct Lists {
    /// Field and offsets of each dimension, the outermost first.
    levels: Vec<Level>,
    validity: Validity,
    item: Column,
    /// The elements of the chunk at hand.
    elements: Vec<Span>,
    /// The number of elements up to the end of each row of the chunk at hand.
    ends: Vec<usize>,
}

#[derive(Debug)]
struct Level {
    field: FieldRef,
    offsets: Vec<i32>,
}

impl Level {
    /// Begins `lists` lists of `size` items each.
    fn push(&mut self, lists: i32, size: i32) {
        let mut end = self.offsets.last().copied().unwrap_or_default();
        for _ in 0..lists {
            // The decoder closes a batch before its bytes, of which each element has four, can pass 2 GiB.
            end = end.wrapping_add(size);
            self.offsets.push(end);
        }
    }
}

/// What is before an array's elements.
pub(super) struct ArrayHeader {
    dimensions: [(i32, i32); MOST_DIMENSIONS as usize],
    count: usize,
}

impl Lists {
    /// Makes a column of lists of `item`; `fields` are the Arrow fields of the items, the outermost dimension first.
    pub fn new(fields: Vec<FieldRef>, item: Column) -> Self {
        let levels = fields.into_iter().map(|field| Level { field, offsets: vec![0] }).collect();
        Self { levels, validity: Validity::default(), item, elements: Vec::new(), ends: Vec::new() }
    }

    /// Appends lists; arrays of other dimensions than the column, or that begin at another index than 1, are refused,
    /// and lists with a refused element.
    pub fn append(&mut self, values: Values<'_>, refused: &mut Vec<RefusedAt>) -> Result<(), Malformed> {
        self.elements.clear();
        self.ends.clear();
        for (row, span) in values.spans.iter().enumerate() {
            let before = self.elements.len();
            let mut outermost = 0;
            if !span.is_null() {
                let read = read_array(values.get(*span), span.at, &mut self.elements);
                let header = read.map_err(|what| Malformed { row, at: span.at, what })?;
                match header.refused(self.levels.len()) {
                    Some(why) => {
                        refused.push(RefusedAt { row, why });
                        self.elements.truncate(before);
                    }
                    None => outermost = self.nest(header.dimensions()),
                }
            }
            if let Some(level) = self.levels.first_mut() {
                level.push(1, outermost);
            }
            self.ends.push(self.elements.len());
        }
        self.validity.append(values.spans);
        let before = refused.len();
        let elements = Values { bytes: values.bytes, spans: &self.elements };
        let row_of = |element: usize| self.ends.partition_point(|end| *end <= element);
        self.item.append(elements, refused).map_err(|bad| Malformed { row: row_of(bad.row), ..bad })?;
        for at in refused.iter_mut().skip(before) {
            at.row = row_of(at.row);
        }
        Ok(())
    }

    /// Begins the lists within a list of these dimensions, none of which is empty, and returns its own size.
    fn nest(&mut self, dimensions: &[(i32, i32)]) -> i32 {
        let mut sizes = dimensions.iter().map(|(size, _)| *size);
        let outermost = sizes.next().unwrap_or_default();
        let mut lists = outermost;
        for (level, size) in self.levels.iter_mut().skip(1).zip(sizes) {
            level.push(lists, size);
            lists = lists.saturating_mul(size);
        }
        outermost
    }

    /// Returns the number of bytes that the items hold beyond their fixed parts.
    pub fn bytes(&self) -> usize {
        self.item.bytes()
    }

    /// Returns what was appended and begins a new column.
    pub fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let mut array = self.item.take()?;
        let mut nulls = self.validity.take();
        for (at, level) in self.levels.iter_mut().enumerate().rev() {
            let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(&mut level.offsets, vec![0])));
            let nulls = if at == 0 { nulls.take() } else { None };
            array = Arc::new(ListArray::try_new(level.field.clone(), offsets, array, nulls)?);
        }
        Ok(array)
    }
}

impl ArrayHeader {
    /// Returns size and first index of each dimension.
    pub fn dimensions(&self) -> &[(i32, i32)] {
        self.dimensions.get(..self.count).unwrap_or_default()
    }

    /// Returns why lists nested `depth` deep cannot hold an array of this shape.
    pub fn refused(&self, depth: usize) -> Option<Refused> {
        match self.dimensions() {
            // Without elements the server keeps no dimensions.
            [] => None,
            dimensions if dimensions.len() != depth => Some(Refused::ArrayDimensions),
            dimensions if dimensions.iter().any(|(_, first)| *first != 1) => Some(Refused::ArrayLowerBound),
            _ => None,
        }
    }
}

/// Reads an array's header and appends the spans of its elements, counted from where the chunk begins.
pub(super) fn read_array(raw: &[u8], at: u32, elements: &mut Vec<Span>) -> Result<ArrayHeader, Broken> {
    let mut cursor = Cursor::new(raw);
    let dimension_count = cursor.i32()?;
    if !(0..=MOST_DIMENSIONS).contains(&dimension_count) {
        return Err("the array has an impossible number of dimensions");
    }
    if !matches!(cursor.i32()?, 0 | 1) {
        return Err("the array's flags are unknown");
    }
    let _element_type = cursor.i32()?;
    let mut header = ArrayHeader { dimensions: Default::default(), count: dimension_count as usize };
    let mut count = i64::from(dimension_count.min(1));
    for slot in header.dimensions.iter_mut().take(header.count) {
        let (size, lower_bound) = (cursor.i32()?, cursor.i32()?);
        // Empty lists in a list, of which no byte would speak, could be without number.
        if size < 0 || size == 0 && dimension_count > 1 {
            return Err("a dimension of the array has an impossible size");
        }
        *slot = (size, lower_bound);
        count = count.saturating_mul(i64::from(size));
    }
    // Each element has at least its length: an array cannot promise more of them than there are bytes.
    if count > (cursor.left() / 4) as i64 {
        return Err("the array ends early");
    }
    for _ in 0..count {
        let len = cursor.i32()?;
        let from = raw.len() - cursor.left();
        match usize::try_from(len) {
            Ok(bytes) => {
                cursor.bytes(bytes)?;
            }
            Err(_) if len == -1 => {}
            Err(_) => return Err("an element of the array has a negative length"),
        }
        elements.push(Span { at: at + from as u32, len });
    }
    cursor.end()?;
    Ok(header)
}
