//! The Arrow writer: what the encoder writes, the decoder reads back; what does not fit is turned down, never changed.

use super::column_types::{column_types, oids};
use super::input::Input;
use super::reading::plan;
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray, FixedSizeListArray,
    Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, ListArray, MapArray,
    RecordBatch, StringArray, StructArray, Time64MicrosecondArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, IntervalMonthDayNano};
use bytes::BytesMut;
use firn_catalog::PgType;
use firn_connector::ReadPlan;
use firn_postgres::decode::Decoder;
use firn_postgres::encode::{EncodeError, Encoder, staged};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// The input's first byte chooses the columns (0: all), the second the number of rows, the third where the batch is cut,
/// the fourth whether texts are those of their type (0) or any; the rest is values.
pub fn check(data: &[u8]) {
    let (plan, batch, cut, any_text) = batch(data);
    check_batch(&plan, &batch, cut, any_text);
}

fn batch(data: &[u8]) -> (ReadPlan, RecordBatch, usize, bool) {
    let mut input = Input(data);
    let (choice, rows, cut, any_text) = (input.byte(), usize::from(input.byte()), input.byte(), input.byte() & 1 != 0);
    // What is sent as text for the server to cast is text here, too.
    let types: Vec<PgType> = column_types().into_iter().map(|ty| staged(&ty).unwrap_or(ty)).collect();
    let chosen = match usize::from(choice).checked_sub(1) {
        Some(at) => vec![types[at % types.len()].clone()],
        None => types,
    };
    let plan = plan(&chosen);
    let arrays = plan.columns.iter().map(|column| build(&column.ty, &column.plan.arrow, rows, any_text, &mut input));
    let Ok(batch) = RecordBatch::try_new(plan.schema(), arrays.collect()) else {
        panic!("the batch is not of the plan")
    };
    (plan, batch, usize::from(cut).min(rows), any_text)
}

fn encoder(plan: &ReadPlan) -> Encoder {
    let types: Vec<PgType> = plan.columns.iter().map(|column| column.ty.clone()).collect();
    match Encoder::new(&plan.schema(), &types, &oids()) {
        Ok(encoder) => encoder,
        Err(error) => panic!("a type of the map is not written: {error}"),
    }
}

fn check_batch(plan: &ReadPlan, batch: &RecordBatch, cut: usize, any_text: bool) {
    let mut whole = BytesMut::new();
    Encoder::begin(&mut whole);
    let left_out = match encoder(plan).encode_fitting(batch, &mut whole) {
        Ok(left_out) => left_out,
        Err(error) => panic!("{error}"),
    };
    Encoder::end(&mut whole);
    assert!(left_out.is_sorted_by_key(|unfit| unfit.row));

    // The strict way stops at the first of them and takes its bytes back.
    let mut strict = BytesMut::from(&b"before"[..]);
    match (encoder(plan).encode(batch, &mut strict), left_out.first()) {
        (Ok(()), None) => {}
        (Err(EncodeError::Value { row, why, .. }), Some(first)) => {
            assert_eq!((row, why), (first.row as u64 + 1, first.why));
            assert_eq!(&strict[..], b"before");
        }
        (outcome, first) => panic!("{outcome:?}, though the first unfit row is {first:?}"),
    }

    // Slices of a batch are written as the batch is.
    let mut pieces = BytesMut::new();
    let mut again = encoder(plan);
    Encoder::begin(&mut pieces);
    for slice in [batch.slice(0, cut), batch.slice(cut, batch.num_rows() - cut)] {
        if let Err(error) = again.encode_fitting(&slice, &mut pieces) {
            panic!("{error}");
        }
    }
    Encoder::end(&mut pieces);
    assert!(whole == pieces, "a batch cut at row {cut} is written in another way");

    let mut keep = vec![true; batch.num_rows()];
    left_out.iter().for_each(|unfit| keep[unfit.row] = false);
    match filter_record_batch(batch, &BooleanArray::from(keep)) {
        Ok(kept) => check_way_back(plan, &kept, &whole, any_text),
        Err(error) => panic!("{error}"),
    }
}

fn check_way_back(plan: &ReadPlan, kept: &RecordBatch, stream: &[u8], any_text: bool) {
    let Ok(mut decoder) = Decoder::new(plan) else { return };
    if let Err(error) = decoder.push(stream).and_then(|()| decoder.finish()) {
        panic!("what was written cannot be read: {error}");
    }
    let read: Vec<_> = std::iter::from_fn(|| decoder.next_batch()).collect();
    let refused: Vec<_> = read.iter().flat_map(|batch| &batch.refused).collect();
    if !refused.is_empty() {
        // A server stores moments that the decoder's targets do not.
        let known = ["timestamp_range"];
        assert!(refused.iter().all(|refusal| known.contains(&&*refusal.code)), "{refused:?}");
        return;
    }
    let read = match concat_batches(&plan.schema(), read.iter().map(|batch| &batch.batch)) {
        Ok(read) => read,
        Err(error) => panic!("{error}"),
    };
    for (column, (written, read)) in plan.columns.iter().zip(kept.columns().iter().zip(read.columns())) {
        if !any_text || !is_parsed(&column.ty) {
            assert!(written == read, "column of {}: {written:?} was read as {read:?}", column.ty);
        }
    }
    // One value can have several texts: then what was read is written as the same bytes.
    let mut again = BytesMut::new();
    Encoder::begin(&mut again);
    if let Err(error) = encoder(plan).encode(&read, &mut again) {
        panic!("what was read cannot be written: {error}");
    }
    Encoder::end(&mut again);
    assert!(again == stream, "what was read is written in another way");
}

/// Returns whether texts of the type are taken apart, so that one value can have several.
fn is_parsed(ty: &PgType) -> bool {
    match ty.base() {
        PgType::Array(item) => is_parsed(item),
        PgType::Composite(_, attributes) => attributes.iter().any(|(_, ty)| is_parsed(ty)),
        PgType::Numeric(_) | PgType::InternalChar | PgType::Timetz | PgType::Inet | PgType::Cidr => true,
        PgType::Macaddr | PgType::Macaddr8 | PgType::PgLsn | PgType::Bit(_) | PgType::Varbit(_) => true,
        PgType::Line | PgType::Lseg | PgType::Box | PgType::Path | PgType::Polygon | PgType::Circle => true,
        _ => false,
    }
}

/// Makes an array of values of a type.
fn build(ty: &PgType, arrow: &DataType, rows: usize, any_text: bool, input: &mut Input<'_>) -> ArrayRef {
    let there: Vec<bool> = (0..rows).map(|_| input.byte() % 8 != 7).collect();
    let nulls = || Some(NullBuffer::from(there.clone()));
    macro_rules! primitive {
        ($array:ty, $value:expr) => {
            Arc::new(<$array>::new((0..rows).map(|_| $value).collect::<Vec<_>>().into(), nulls()))
        };
    }
    match arrow {
        DataType::Boolean => {
            let values: Vec<bool> = (0..rows).map(|_| input.byte() & 1 != 0).collect();
            Arc::new(BooleanArray::new(values.into(), nulls()))
        }
        DataType::Int16 => primitive!(Int16Array, i16::from_be_bytes(input.array())),
        DataType::Int32 => primitive!(Int32Array, i32::from_be_bytes(input.array())),
        DataType::Int64 => primitive!(Int64Array, i64::from_be_bytes(input.array())),
        DataType::UInt32 => primitive!(UInt32Array, u32::from_be_bytes(input.array())),
        DataType::Float32 => primitive!(Float32Array, f32::from_be_bytes(input.array())),
        DataType::Float64 => primitive!(Float64Array, f64::from_be_bytes(input.array())),
        DataType::Date32 => primitive!(Date32Array, i32::from_be_bytes(input.array())),
        DataType::Time64(_) => primitive!(Time64MicrosecondArray, i64::from_be_bytes(input.array()) >> 27),
        DataType::Timestamp(..) => {
            let values: Vec<i64> = (0..rows).map(|_| i64::from_be_bytes(input.array())).collect();
            Arc::new(TimestampMicrosecondArray::new(values.into(), nulls()).with_data_type(arrow.clone()))
        }
        DataType::Interval(_) => {
            let mut one = || {
                let (months, days) = (i32::from_be_bytes(input.array()), i32::from_be_bytes(input.array()));
                let micros = i64::from_be_bytes(input.array()) / 1000;
                IntervalMonthDayNano::new(months, days, micros * if any_text { 999 } else { 1000 })
            };
            Arc::new(IntervalMonthDayNanoArray::new((0..rows).map(|_| one()).collect::<Vec<_>>().into(), nulls()))
        }
        DataType::Decimal128(precision, _) => {
            let mut one = || {
                let size = usize::from(input.byte() % 17);
                let value = input.slice(size).iter().fold(0_i128, |value, byte| value << 8 | i128::from(*byte));
                if any_text { value } else { value % 10_i128.pow(u32::from(*precision)) }
            };
            let values: Vec<i128> = (0..rows).map(|_| one()).collect();
            Arc::new(Decimal128Array::new(values.into(), nulls()).with_data_type(arrow.clone()))
        }
        DataType::Utf8 => {
            let one = |there: &bool| there.then(|| if any_text { any(input) } else { text(ty, input) });
            Arc::new(there.iter().map(one).collect::<StringArray>())
        }
        DataType::Binary => {
            let mut one = || {
                let size = usize::from(input.byte());
                input.slice(size).to_vec()
            };
            Arc::new(there.iter().map(|there| there.then(&mut one)).collect::<BinaryArray>())
        }
        DataType::FixedSizeBinary(size) => {
            let bytes: Vec<u8> = (0..rows * *size as usize).map(|_| input.byte()).collect();
            Arc::new(FixedSizeBinaryArray::new(*size, bytes.into(), nulls()))
        }
        DataType::List(field) => {
            let sizes: Vec<usize> =
                there.iter().map(|there| usize::from(input.byte() % 4) * usize::from(*there)).collect();
            let item = if let PgType::Array(item) = ty.base() { item } else { &PgType::Float4 };
            let items = build(item, field.data_type(), sizes.iter().sum(), any_text, input);
            Arc::new(ListArray::new(Arc::clone(field), OffsetBuffer::from_lengths(sizes), items, nulls()))
        }
        DataType::FixedSizeList(field, size) => {
            let items = build(&PgType::Float4, field.data_type(), rows * *size as usize, any_text, input);
            Arc::new(FixedSizeListArray::new(Arc::clone(field), *size, items, nulls()))
        }
        DataType::Struct(fields) => {
            let parts = fields.iter().enumerate().map(|(at, field)| {
                let ty = if let PgType::Composite(_, parts) = ty.base() { &parts[at].1 } else { &PgType::Float8 };
                build(ty, field.data_type(), rows, any_text, input)
            });
            Arc::new(StructArray::new(fields.clone(), parts.collect(), nulls()))
        }
        DataType::Map(entries, sorted) => {
            let DataType::Struct(fields) = entries.data_type() else { panic!("a map without entries") };
            let sizes: Vec<usize> =
                there.iter().map(|there| usize::from(input.byte() % 4) * usize::from(*there)).collect();
            let count = sizes.iter().sum();
            let keys: StringArray = (0..count).map(|_| Some(any(input))).collect();
            let values = build(&PgType::Text, &DataType::Utf8, count, any_text, input);
            let pairs = StructArray::new(fields.clone(), vec![Arc::new(keys), values], None);
            Arc::new(MapArray::new(Arc::clone(entries), OffsetBuffer::from_lengths(sizes), pairs, nulls(), *sorted))
        }
        other => panic!("no values of {other}"),
    }
}

/// Makes any text.
fn any(input: &mut Input<'_>) -> String {
    let size = usize::from(input.byte() % 40);
    String::from_utf8_lossy(input.slice(size)).into_owned()
}

/// Makes a text as PostgreSQL prints values of the type.
fn text(ty: &PgType, input: &mut Input<'_>) -> String {
    let mut hexes = |count: usize| {
        let bytes: Vec<String> = (0..count).map(|_| format!("{:02x}", input.byte())).collect();
        bytes.join(":")
    };
    match ty.base() {
        PgType::Numeric(_) => number(input),
        PgType::InternalChar => match input.byte() & 127 {
            0 => String::new(),
            byte => char::from(byte).to_string(),
        },
        PgType::Timetz => {
            let micros = u64::from_be_bytes(input.array()) % 86_400_000_000;
            let offset = i32::from(input.byte()) % 16 * 60 + i32::from(input.byte() % 4) * 15;
            let time = firn_catalog::civil::time_text(micros as i64);
            let sign = if input.byte() & 1 != 0 && offset != 0 { '-' } else { '+' };
            let minutes = if offset % 60 == 0 { String::new() } else { format!(":{:02}", offset % 60) };
            format!("{time}{sign}{:02}{minutes}", offset / 60)
        }
        PgType::Inet | PgType::Cidr => {
            let is_network = matches!(ty.base(), PgType::Cidr);
            if input.byte() & 1 != 0 {
                let length = u32::from(input.byte() % 33);
                let bits = u32::from_be_bytes(input.array());
                let bits = if is_network { bits & u32::MAX.checked_shl(32 - length).unwrap_or(0) } else { bits };
                let address = Ipv4Addr::from(bits);
                if is_network || length < 32 { format!("{address}/{length}") } else { address.to_string() }
            } else {
                let length = u32::from(input.byte()) % 129;
                let bits = u128::from_be_bytes(input.array()) | 1 << 127;
                let bits = if is_network { bits & u128::MAX.checked_shl(128 - length).unwrap_or(0) } else { bits };
                let address = Ipv6Addr::from(bits);
                if is_network || length < 128 { format!("{address}/{length}") } else { address.to_string() }
            }
        }
        PgType::Macaddr => hexes(6),
        PgType::Macaddr8 => hexes(8),
        PgType::PgLsn => {
            let (high, low) = (u32::from_be_bytes(input.array()), u32::from_be_bytes(input.array()));
            format!("{high:X}/{low:X}")
        }
        PgType::Bit(size) => bits(size.unwrap_or(9) as usize, input),
        PgType::Varbit(size) => {
            let count = usize::from(input.byte()).min(size.unwrap_or(u32::MAX) as usize);
            bits(count, input)
        }
        PgType::Line => format!("{{{},{},{}}}", float(input), float(input), float(input)),
        PgType::Lseg => format!("[{},{}]", point(input), point(input)),
        PgType::Box => format!("{},{}", point(input), point(input)),
        PgType::Circle => format!("<{},{}>", point(input), float(input)),
        PgType::Path | PgType::Polygon => {
            let points: Vec<String> = (0..=input.byte() % 4).map(|_| point(input)).collect();
            let open = matches!(ty.base(), PgType::Path) && input.byte() & 1 != 0;
            if open { format!("[{}]", points.join(",")) } else { format!("({})", points.join(",")) }
        }
        PgType::Varchar(Some(most)) | PgType::Char(Some(most)) => {
            any(input).replace('\0', "").chars().take(*most as usize).collect()
        }
        _ => any(input).replace('\0', ""),
    }
}

fn bits(count: usize, input: &mut Input<'_>) -> String {
    let bytes = input.slice(count.div_ceil(8)).to_vec();
    (0..count)
        .map(|at| if bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 != 0) { '1' } else { '0' })
        .collect()
}

/// Makes a whole number, which every formatter of floats writes in the same way.
fn float(input: &mut Input<'_>) -> String {
    i16::from_be_bytes(input.array()).to_string()
}

fn point(input: &mut Input<'_>) -> String {
    format!("({},{})", float(input), float(input))
}

fn number(input: &mut Input<'_>) -> String {
    let kind = input.byte();
    match kind {
        0 => return "NaN".to_owned(),
        1 => return "Infinity".to_owned(),
        2 => return "-Infinity".to_owned(),
        _ => {}
    }
    let mut digits = |most: u8| -> String {
        let count = input.byte() % most;
        (0..count).map(|_| char::from(b'0' + input.byte() % 10)).collect()
    };
    let whole = digits(60);
    let whole = if whole.trim_start_matches('0').is_empty() { "0" } else { whole.trim_start_matches('0') };
    let fraction = digits(60);
    let zero = whole == "0" && fraction.bytes().all(|digit| digit == b'0');
    let sign = if kind & 1 != 0 && !zero { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Returns the stream of an input's batch.
pub fn stream(data: &[u8]) -> Vec<u8> {
    let (plan, batch, ..) = batch(data);
    let mut stream = BytesMut::new();
    Encoder::begin(&mut stream);
    if let Err(error) = encoder(&plan).encode_fitting(&batch, &mut stream) {
        panic!("{error}");
    }
    Encoder::end(&mut stream);
    stream.to_vec()
}
