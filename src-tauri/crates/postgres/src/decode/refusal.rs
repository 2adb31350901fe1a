//! A row that cannot become Arrow, as text: key, watermark, row version and the whole row for the operator.

use super::column::Column;
use super::expand::{innermost, most_bytes_of};
use super::list::read_array;
use super::nested::read_row;
use super::print::Printer;
use super::span::{Refused, Span, Values};
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef, Fields};
use firn_catalog::text::{value_json, value_text};
use firn_catalog::{PgType, Watermark};
use firn_connector::{ReadPlan, RowRefusal};
use serde_json::Value;
use std::fmt::Write as _;

/// The longest value, in bytes as sent, that a refusal repeats.
const LONGEST_VALUE: usize = 1 << 20;

/// One tuple of a chunk: a span a field, `xmin` last where the plan asks for it.
pub(super) struct Row<'a> {
    pub bytes: &'a [u8],
    pub spans: &'a [Span],
}

/// Describes a refused row. `position` is the number of rows of its batch before it, `column` the refused one.
pub(super) fn describe(plan: &ReadPlan, row: &Row<'_>, position: usize, column: usize, why: Refused) -> RowRefusal {
    let arrays: Vec<Option<ArrayRef>> =
        plan.columns.iter().zip(row.spans).map(|(c, span)| array_of(&c.ty, &c.plan.arrow, row.bytes, *span)).collect();
    let array = |at: usize| arrays.get(at).and_then(Option::as_ref);
    let values = plan.columns.iter().zip(&arrays).zip(row.spans).map(|((c, array), span)| {
        let value = match array {
            Some(array) => value_json(array, 0),
            None => value_by_hand(&c.ty, &c.plan.arrow, row.bytes, *span),
        };
        (c.name.clone(), value)
    });
    let xmin = row.spans.get(plan.columns.len()).and_then(|span| row.values(span).fixed::<4>(*span));
    RowRefusal {
        position,
        key: plan.key.iter().map(|at| array(*at).map(|array| value_text(array, 0))).collect(),
        watermark: plan.watermark.and_then(|(at, kind)| Watermark::from_array(kind, array(at)?, 0)),
        xmin: xmin.filter(|_| plan.row_versions).map(u32::from_be_bytes),
        payload: values.collect(),
        column: plan.columns.get(column).map(|c| c.name.clone()).unwrap_or_default(),
        code: why.code().to_owned(),
        message: why.message().to_owned(),
    }
}

impl<'a> Row<'a> {
    fn values(&self, span: &'a Span) -> Values<'a> {
        Values { bytes: self.bytes, spans: std::slice::from_ref(span) }
    }
}

/// Returns the array of one value, or `None` where Arrow cannot hold it.
fn array_of(ty: &PgType, arrow: &DataType, bytes: &[u8], span: Span) -> Option<ArrayRef> {
    if span.len.max(0) as usize > LONGEST_VALUE {
        return None;
    }
    let mut column = Column::new(ty, arrow)?;
    let mut refused = Vec::new();
    let values = Values { bytes, spans: &[span] };
    if most_bytes_of(ty, values.get(span)) > LONGEST_VALUE {
        return None;
    }
    column.append(values, &mut refused).ok()?;
    if refused.is_empty() { column.take().ok() } else { None }
}

/// Writes a value that Arrow cannot hold: as the server would print it where that is known, else as its bytes.
fn value_by_hand(ty: &PgType, arrow: &DataType, bytes: &[u8], span: Span) -> Value {
    let raw = span.within(bytes);
    if raw.len() > LONGEST_VALUE || most_bytes_of(ty, raw) > LONGEST_VALUE {
        return Value::String(format!("({} bytes, left out)", raw.len()));
    }
    let text = match (ty.base(), arrow) {
        (PgType::Array(item), DataType::List(field)) => {
            return array_json(item, field, bytes, span).unwrap_or_else(|| Value::String(hex(raw)));
        }
        (PgType::Composite(_, attributes), DataType::Struct(fields)) => {
            return row_json(attributes, fields, bytes, span).unwrap_or_else(|| Value::String(hex(raw)));
        }
        _ => printed(ty, raw),
    };
    Value::String(text.unwrap_or_else(|| hex(raw)))
}

fn printed(ty: &PgType, raw: &[u8]) -> Option<String> {
    let mut text = Vec::new();
    Printer::of(ty)?.print(raw, &mut text).ok()?;
    String::from_utf8(text).ok()
}

fn part(ty: &PgType, arrow: &DataType, bytes: &[u8], span: Span) -> Value {
    match array_of(ty, arrow, bytes, span) {
        Some(array) => value_json(&array, 0),
        None => value_by_hand(ty, arrow, bytes, span),
    }
}

/// Writes a composite value as a JSON object.
fn row_json(attributes: &[(String, PgType)], fields: &Fields, bytes: &[u8], span: Span) -> Option<Value> {
    let mut spans = Vec::new();
    read_row(span.within(bytes), span.at, attributes.len(), |_, span| spans.push(span)).ok()?;
    let parts = attributes.iter().zip(fields).zip(spans);
    Some(Value::Object(
        parts.map(|(((name, ty), field), span)| (name.clone(), part(ty, field.data_type(), bytes, span))).collect(),
    ))
}

/// Writes an array of any shape as nested JSON arrays.
fn array_json(item: &PgType, field: &FieldRef, bytes: &[u8], span: Span) -> Option<Value> {
    let mut elements = Vec::new();
    let (mut depth, mut arrow) = (item, field.data_type());
    while let (PgType::Array(inner), DataType::List(next)) = (depth, arrow) {
        (depth, arrow) = (inner, next.data_type());
    }
    let item = innermost(item);
    let header = read_array(span.within(bytes), span.at, &mut elements).ok()?;
    let mut level: Vec<Value> = elements.into_iter().map(|element| part(item, arrow, bytes, element)).collect();
    for (size, _) in header.dimensions().iter().skip(1).rev() {
        let size = usize::try_from(*size).ok().filter(|size| *size > 0)?;
        level = level.chunks(size).map(|part| Value::Array(part.to_vec())).collect();
    }
    Some(Value::Array(level))
}

fn hex(raw: &[u8]) -> String {
    let mut text = String::with_capacity(2 + raw.len() * 2);
    text.push_str("\\x");
    for byte in raw {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}
