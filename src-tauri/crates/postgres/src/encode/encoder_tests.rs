//! Bytes as the manual and the server's receive functions describe them, and values that are turned down.

use super::{EncodeError, Encoder, Oids, Unfit};
use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float32Array, Int16Array, Int32Array,
    IntervalMonthDayNanoArray, LargeStringArray, ListArray, RecordBatch, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, TimestampNanosecondArray,
};
use arrow::datatypes::{Field, Float32Type, Int32Type, IntervalMonthDayNano, Schema};
use bytes::BytesMut;
use firn_catalog::{Numeric, PgType};
use std::sync::Arc;

/// Encodes one column without header and trailer.
fn encode(ty: &PgType, array: ArrayRef) -> Result<Vec<u8>, EncodeError> {
    let schema = Schema::new(vec![Field::new("v", array.data_type().clone(), true)]);
    let mut out = BytesMut::new();
    let mut encoder = Encoder::new(&schema, std::slice::from_ref(ty), &Oids::default())?;
    encoder.encode(&RecordBatch::try_new(Arc::new(schema), vec![array]).unwrap(), &mut out)?;
    Ok(out.to_vec())
}

/// Returns the bytes of the only value of a column.
fn value(ty: &PgType, array: ArrayRef) -> Vec<u8> {
    let row = encode(ty, array).unwrap();
    assert_eq!(row[..2], [0, 1]);
    assert_eq!(row[2..6], (row.len() as i32 - 6).to_be_bytes());
    row[6..].to_vec()
}

fn text(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn unfit(ty: &PgType, array: ArrayRef) -> Unfit {
    match encode(ty, array) {
        Err(EncodeError::Value { why, .. }) => why,
        other => panic!("{ty}: {other:?}"),
    }
}

#[test]
fn a_stream_is_header_rows_and_trailer() {
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int32Array::from(vec![Some(1), None])), Arc::new(StringArray::from(vec![None, Some("ä")]))];
    let schema = Schema::new(vec![
        Field::new("a", columns[0].data_type().clone(), true),
        Field::new("b", columns[1].data_type().clone(), true),
    ]);
    let mut encoder = Encoder::new(&schema, &[PgType::Int4, PgType::Text], &Oids::default()).unwrap();
    let mut out = BytesMut::new();
    Encoder::begin(&mut out);
    encoder.encode(&RecordBatch::try_new(Arc::new(schema), columns).unwrap(), &mut out).unwrap();
    Encoder::end(&mut out);
    let rows: &[u8] = &[
        0, 2, 0, 0, 0, 4, 0, 0, 0, 1, 255, 255, 255, 255, // 1, NULL
        0, 2, 255, 255, 255, 255, 0, 0, 0, 2, 0xc3, 0xa4, // NULL, ä
        255, 255,
    ];
    assert_eq!(out, [&b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"[..], rows].concat());
}

#[test]
fn decimals_are_cut_into_groups_of_four_digits_at_the_point() {
    let decimal = |value, scale| {
        let array = Decimal128Array::from(vec![value]).with_precision_and_scale(38, scale).unwrap();
        value_of(&PgType::Numeric(None), Arc::new(array))
    };
    fn value_of(ty: &PgType, array: ArrayRef) -> Vec<u8> {
        value(ty, array)
    }
    assert_eq!(decimal(0, 2), words(&[0, 0, 0, 2]));
    assert_eq!(decimal(1, 0), words(&[1, 0, 0, 0, 1]));
    assert_eq!(decimal(-12_345_678, 0), words(&[2, 1, 0x4000, 0, 1234, 5678]));
    assert_eq!(decimal(12_345, 2), words(&[2, 0, 0, 2, 123, 4500]));
    assert_eq!(decimal(5, 6), words(&[1, -2_i16 as u16, 0, 6, 500]));
    assert_eq!(decimal(100_000_000, 4), words(&[1, 1, 0, 4, 1]));
    let widest = 10_i128.pow(38) - 1;
    assert_eq!(decimal(widest, 0)[..10], words(&[10, 9, 0, 0, 99]));
    assert_eq!(decimal(widest, 38)[16..], words(&[9999, 9999, 9999, 9999, 9999, 9900]));
}

#[test]
fn numbers_as_text_are_the_numbers_they_say() {
    let number = |text_: &str| value(&PgType::Numeric(None), text(text_));
    assert_eq!(number("-0.05"), words(&[1, -1_i16 as u16, 0x4000, 2, 500]));
    assert_eq!(number("1e20"), words(&[1, 5, 0, 0, 1]));
    assert_eq!(number("1.50"), words(&[2, 0, 0, 2, 1, 5000]));
    assert_eq!(number("15e-1"), words(&[2, 0, 0, 1, 1, 5000]));
    assert_eq!(number("0.000"), words(&[0, 0, 0, 3]));
    assert_eq!(number("NaN"), words(&[0, 0, 0xc000, 0]));
    assert_eq!(number("-infinity"), words(&[0, 0, 0xf000, 0]));
    for bad in ["", "-", ".", "1e", "1.2.3", "0x10", "1_000", "-NaN", "1 ", "e5", "١"] {
        assert_eq!(unfit(&PgType::Numeric(None), text(bad)), Unfit::NoNumber, "{bad:?}");
    }
    assert_eq!(unfit(&PgType::Numeric(None), text("1e131072")), Unfit::NumericRange);
    assert_eq!(unfit(&PgType::Numeric(None), text("1e-16384")), Unfit::NumericScale);
    assert_eq!(unfit(&PgType::Numeric(None), text("1e99999999999")), Unfit::NumericRange);
}

#[test]
fn a_number_that_the_server_would_round_is_turned_down() {
    let column = |precision, scale| PgType::Numeric(Some(Numeric { precision, scale }));
    let decimal = |value, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(38, scale).unwrap())
    };
    assert!(encode(&column(5, 2), decimal(99_999, 2)).is_ok());
    assert!(encode(&column(5, 2), decimal(12_300, 4)).is_ok());
    assert_eq!(unfit(&column(5, 2), decimal(100_000, 2)), Unfit::NumericRange);
    assert_eq!(unfit(&column(5, 2), decimal(12_301, 4)), Unfit::NumericScale);
    assert_eq!(unfit(&column(5, 2), decimal(1000, 0)), Unfit::NumericRange);
    assert!(encode(&column(5, -2), decimal(9_999_900, 0)).is_ok());
    assert_eq!(unfit(&column(5, -2), decimal(50, 0)), Unfit::NumericScale);
    assert!(encode(&column(3, 5), decimal(999, 5)).is_ok());
    assert_eq!(unfit(&column(3, 5), decimal(1_000, 5)), Unfit::NumericRange);

    assert!(encode(&column(5, 2), text("999.99")).is_ok());
    assert!(encode(&column(5, 2), text("NaN")).is_ok());
    assert!(encode(&column(5, 2), text("1.2300")).is_ok());
    assert_eq!(unfit(&column(5, 2), text("1.2301")), Unfit::NumericScale);
    assert_eq!(unfit(&column(5, 2), text("1000")), Unfit::NumericRange);
    assert_eq!(unfit(&column(5, 2), text("Infinity")), Unfit::NumericRange);
    assert!(encode(&column(5, -2), text("9999900")).is_ok());
    assert_eq!(unfit(&column(5, -2), text("10000000")), Unfit::NumericRange);
}

#[test]
fn days_and_moments_move_to_the_other_epoch_and_infinity_stays() {
    let day = |days| value(&PgType::Date, Arc::new(Date32Array::from(vec![days])));
    assert_eq!(day(10_957), [0; 4]);
    assert_eq!(day(i32::MAX), i32::MAX.to_be_bytes());
    assert_eq!(day(-i32::MAX), i32::MIN.to_be_bytes());
    for bad in [i32::MIN, i32::MAX - 1, -2_451_545 + 10_957 - 1, 2_145_031_949 + 10_957] {
        assert_eq!(unfit(&PgType::Date, Arc::new(Date32Array::from(vec![bad]))), Unfit::DateRange, "{bad}");
    }
    let moment = |micros| value(&PgType::Timestamp, Arc::new(TimestampMicrosecondArray::from(vec![micros])));
    assert_eq!(moment(946_684_800_000_001), 1_i64.to_be_bytes());
    assert_eq!(moment(i64::MAX), i64::MAX.to_be_bytes());
    assert_eq!(moment(-i64::MAX), i64::MIN.to_be_bytes());
    let early = Arc::new(TimestampMicrosecondArray::from(vec![-210_866_803_200_000_001]));
    assert_eq!(unfit(&PgType::Timestamp, early), Unfit::TimestampRange);
    let nanos = |nanos| -> ArrayRef { Arc::new(TimestampNanosecondArray::from(vec![nanos])) };
    assert_eq!(value(&PgType::Timestamp, nanos(946_684_800_000_001_000)), 1_i64.to_be_bytes());
    assert_eq!(unfit(&PgType::Timestamp, nanos(1)), Unfit::Nanoseconds);
    let late = Arc::new(Time64MicrosecondArray::from(vec![86_400_000_001]));
    assert_eq!(unfit(&PgType::Time, late), Unfit::TimeRange);
    let zoned = encode(&PgType::Timestamptz, Arc::new(TimestampMicrosecondArray::from(vec![0])));
    assert!(matches!(zoned, Err(EncodeError::Unsupported { .. })), "a clock without a zone is no point in time");
}

#[test]
fn what_lies_under_a_null_does_not_matter() {
    let nulls = arrow::buffer::NullBuffer::from(vec![false]);
    let array = Date32Array::new(vec![i32::MIN].into(), Some(nulls));
    assert_eq!(encode(&PgType::Date, Arc::new(array)).unwrap(), [0, 1, 255, 255, 255, 255]);
}

#[test]
fn texts_that_the_server_would_cut_or_not_take_are_turned_down() {
    assert_eq!(unfit(&PgType::Text, text("a\0b")), Unfit::NulCharacter);
    assert_eq!(unfit(&PgType::Varchar(Some(3)), text("äöü ")), Unfit::TooLong);
    assert_eq!(value(&PgType::Varchar(Some(3)), text("äöü")), "äöü".as_bytes());
    assert_eq!(unfit(&PgType::Char(Some(1)), text("🜁🜁")), Unfit::TooLong);
    assert_eq!(value(&PgType::Jsonb, text("{}")), b"\x01{}");
    assert_eq!(value(&PgType::InternalChar, text("")), [0]);
    assert_eq!(value(&PgType::InternalChar, text("\\377")), [255]);
    assert_eq!(unfit(&PgType::InternalChar, text("ab")), Unfit::NoSingleByte);
}

#[test]
fn offsets_of_times_count_to_the_west() {
    let zoned = |text_: &str| value(&PgType::Timetz, text(text_));
    let expected = |micros: i64, west: i32| [&micros.to_be_bytes()[..], &west.to_be_bytes()].concat();
    assert_eq!(zoned("12:30:00+02"), expected(45_000_000_000, -7200));
    assert_eq!(zoned("24:00:00-15:59:59"), expected(86_400_000_000, 57_599));
    assert_eq!(zoned("00:00:00.000001+00"), expected(1, 0));
    for bad in ["12:30:00", "12:30+02", "12:60:00+02", "12:30:00+16", "12:30:00.1234567+00", "1:00:00+00", "+02"] {
        assert_eq!(unfit(&PgType::Timetz, text(bad)), Unfit::NoTimeWithZone, "{bad}");
    }
    assert_eq!(unfit(&PgType::Timetz, text("24:00:01+00")), Unfit::TimeRange);
}

#[test]
fn addresses_and_bits_as_printed() {
    assert_eq!(value(&PgType::Inet, text("10.1.2.3/8")), [2, 8, 0, 4, 10, 1, 2, 3]);
    assert_eq!(value(&PgType::Cidr, text("10.0.0.0/8")), [2, 8, 1, 4, 10, 0, 0, 0]);
    assert_eq!(unfit(&PgType::Cidr, text("10.1.0.0/8")), Unfit::NoAddress);
    assert!(encode(&PgType::Cidr, text("0.0.0.0/0")).is_ok() && encode(&PgType::Cidr, text("::/0")).is_ok());
    assert_eq!(value(&PgType::Inet, text("::1"))[..4], [3, 128, 0, 16]);
    for bad in ["10.1.2", "10.1.2.3/33", "10.1.2.3/+8", "::1/129", "10.1.2.3/"] {
        assert_eq!(unfit(&PgType::Inet, text(bad)), Unfit::NoAddress, "{bad}");
    }
    assert_eq!(value(&PgType::Macaddr, text("08:00:2b:01:02:ff")), [8, 0, 0x2b, 1, 2, 255]);
    assert_eq!(unfit(&PgType::Macaddr, text("08:00:2b:01:02")), Unfit::NoAddress);
    assert_eq!(value(&PgType::Varbit(None), text("101100001")), [0, 0, 0, 9, 0b1011_0000, 0b1000_0000]);
    assert_eq!(unfit(&PgType::Bit(Some(3)), text("10")), Unfit::BitLength);
    assert_eq!(unfit(&PgType::Varbit(Some(3)), text("1010")), Unfit::BitLength);
    assert_eq!(unfit(&PgType::Varbit(None), text("12")), Unfit::NoBits);
    assert_eq!(value(&PgType::PgLsn, text("16/B374D848")), [0, 0, 0, 0x16, 0xb3, 0x74, 0xd8, 0x48]);
}

#[test]
fn a_number_of_a_shape_or_vector_is_never_left_out() {
    assert_eq!(unfit(&PgType::Line, text("{1,2}")), Unfit::NoShape);
    assert_eq!(unfit(&PgType::Lseg, text("[(1,2),(3,x)]")), Unfit::NoShape);
    assert_eq!(unfit(&PgType::Polygon, text("[(1,2)]")), Unfit::NoShape);
    assert_eq!(unfit(&PgType::Path, text("((1,2),3)")), Unfit::NoShape);
    assert_eq!(value(&PgType::Path, text("[(1,2)]"))[..5], [0, 0, 0, 0, 1]);
    let vectors = |values: Vec<Option<f32>>| -> ArrayRef {
        Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(vec![Some(values)]))
    };
    let mut oids = Oids::default();
    oids.insert("vector", 90_000);
    assert_eq!(value(&PgType::Vector(Some(1)), vectors(vec![Some(1.0)])), [0, 1, 0, 0, 0x3f, 0x80, 0, 0]);
    assert_eq!(value(&PgType::Halfvec(None), vectors(vec![Some(1.0)])), [0, 1, 0, 0, 0x3c, 0]);
    assert_eq!(unfit(&PgType::Halfvec(None), vectors(vec![Some(0.1)])), Unfit::HalfPrecision);
    assert_eq!(unfit(&PgType::Vector(Some(2)), vectors(vec![Some(1.0)])), Unfit::Dimensions);
    assert_eq!(unfit(&PgType::Vector(None), vectors(vec![Some(1.0), None])), Unfit::MissingPart);
}

#[test]
fn an_array_is_a_box() {
    let int_lists = |values: Vec<Option<Vec<Option<i32>>>>| ListArray::from_iter_primitive::<Int32Type, _, _>(values);
    let nested = |inner: ListArray, sizes: Vec<usize>| -> ArrayRef {
        let field = Arc::new(Field::new("item", arrow::array::Array::data_type(&inner).clone(), true));
        let offsets = arrow::buffer::OffsetBuffer::from_lengths(sizes);
        Arc::new(ListArray::new(field, offsets, Arc::new(inner), None))
    };
    let one = PgType::Array(Box::new(PgType::Int4));
    let two = PgType::Array(Box::new(one.clone()));
    let empty: ArrayRef = Arc::new(int_lists(vec![Some(vec![])]));
    assert_eq!(value(&one, empty), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23]);
    let square = nested(int_lists(vec![Some(vec![Some(1), None]), Some(vec![Some(3), Some(4)])]), vec![2]);
    let ints = [2, 1, 23, 2, 1, 2, 1, 4, 1, -1, 4, 3, 4, 4_i32];
    assert_eq!(value(&two, square), ints.iter().flat_map(|int| int.to_be_bytes()).collect::<Vec<_>>());
    for ragged in
        [vec![Some(vec![Some(1)]), Some(vec![])], vec![Some(vec![Some(1)]), None], vec![Some(vec![]), Some(vec![])]]
    {
        assert_eq!(unfit(&two, nested(int_lists(ragged), vec![2])), Unfit::RaggedArray);
    }
    let of_enums = PgType::Array(Box::new(PgType::Enum("public.mood".into())));
    let moods = ListArray::new_null(Arc::new(Field::new("item", arrow::datatypes::DataType::Utf8, true)), 1);
    assert!(
        matches!(encode(&of_enums, Arc::new(moods)), Err(EncodeError::Unsupported { .. })),
        "the number of the elements' type is not known"
    );
}

#[test]
fn intervals_keep_their_three_parts() {
    let interval = |nanos| -> ArrayRef {
        Arc::new(IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(14, -3, nanos)]))
    };
    let expected = [&(-5_i64).to_be_bytes()[..], &(-3_i32).to_be_bytes(), &14_i32.to_be_bytes()].concat();
    assert_eq!(value(&PgType::Interval, interval(-5000)), expected);
    assert_eq!(unfit(&PgType::Interval, interval(1)), Unfit::Nanoseconds);
}

#[test]
fn narrower_types_are_widened_and_wider_ones_are_not_narrowed() {
    assert_eq!(value(&PgType::Int8, Arc::new(Int16Array::from(vec![-2]))), (-2_i64).to_be_bytes());
    assert_eq!(value(&PgType::Float8, Arc::new(Float32Array::from(vec![0.1]))), f64::from(0.1_f32).to_be_bytes());
    assert_eq!(value(&PgType::Text, Arc::new(LargeStringArray::from(vec!["a"]))), b"a");
    assert_eq!(value(&PgType::Numeric(None), Arc::new(Int32Array::from(vec![7]))), words(&[1, 0, 0, 0, 7]));
    let narrow = encode(&PgType::Int2, Arc::new(Int32Array::from(vec![1])));
    assert!(matches!(narrow, Err(EncodeError::Unsupported { .. })), "{narrow:?}");
}

#[test]
fn an_unfit_value_is_named_by_row_and_column_and_nothing_of_its_batch_is_written() {
    let rows = 1000;
    let texts: StringArray = (0..rows).map(|row| Some(if row == 777 { "a\0" } else { "a" })).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(Int32Array::from_iter_values(0..rows)), Arc::new(texts)];
    let fields = ["id", "note"].iter().zip(&columns).map(|(name, c)| Field::new(*name, c.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
    let mut encoder = Encoder::new(&schema, &[PgType::Int4, PgType::Text], &Oids::default()).unwrap();
    let mut out = BytesMut::from("before");
    encoder.encode(&batch.slice(0, 100), &mut out).unwrap();
    let before = out.len();
    let error = encoder.encode(&batch, &mut out).unwrap_err();
    assert!(error.to_string().starts_with("row 878, column note: this is not a value of type text"), "{error}");
    assert_eq!(out.len(), before);
    let left_out = encoder.encode_fitting(&batch, &mut out).unwrap();
    assert_eq!(left_out.iter().map(|unfit| (unfit.row, unfit.column)).collect::<Vec<_>>(), [(777, 1)]);
    assert_eq!(out.len() - before, 999 * (2 + 8 + 5));
}

#[test]
fn a_batch_of_another_schema_is_an_error() {
    let schema = |array: &ArrayRef| Arc::new(Schema::new(vec![Field::new("v", array.data_type().clone(), true)]));
    let ints: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let bytes: ArrayRef = Arc::new(FixedSizeBinaryArray::try_from_iter([[0_u8; 16]].into_iter()).unwrap());
    let mut encoder = Encoder::new(&schema(&ints), &[PgType::Int4], &Oids::default()).unwrap();
    let other = RecordBatch::try_new(schema(&bytes), vec![bytes]).unwrap();
    let error = encoder.encode(&other, &mut BytesMut::new()).unwrap_err();
    assert!(matches!(error, EncodeError::Schema { .. }), "{error}");
}
