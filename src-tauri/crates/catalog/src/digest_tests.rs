//! Digests are equal exactly where rows are: against an oracle that knows nothing of them.

use super::*;
use arrow::array::{
    ArrayRef, BinaryArray, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float64Array, Int32Array, Int32Builder,
    Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder, StructArray, TimestampMicrosecondArray,
    UInt64Array,
};
use arrow::datatypes::Field;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

fn digest(array: &ArrayRef, other: &DataType) -> Vec<RowDigest> {
    let form = Form::of(array.data_type(), other);
    row_digests(&[(array.as_ref(), &form)], array.len()).unwrap()
}

fn alike(left: ArrayRef, right: ArrayRef) -> bool {
    let (a, b) = (digest(&left, right.data_type()), digest(&right, left.data_type()));
    a == b
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn numbers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn decimal(value: i128, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(precision, scale).unwrap())
}

/// How a value is printed is no part of its digest, but for types that have nothing but their texts in common.
#[test]
fn digests_stay_what_they_are() {
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.5e300, -0.0, 1e-7, f64::NAN]));
    let pinned: Vec<String> = [(floats, DataType::Float64), (texts(&[Some("a"), None]), DataType::Utf8)]
        .iter()
        .chain([(decimal(150, 12, 2), DataType::Decimal128(12, 2)), (numbers(&[Some(7)]), DataType::Int64)].iter())
        .flat_map(|(array, other)| digest(array, other))
        .map(|digest| format!("{digest:032x}"))
        .collect();
    let expected = [
        "386d9e3ed319fc84506593d4ab5dcc0b",
        "c823c93a1fd7bc7114c82b7133facb7d",
        "5de01120b6f90e25a68f5d444dc3526c",
        "7bccc2858f46ce8c4e577ab5a9cd6d4d",
        "c68932725468f1c11d30e28ab78ecc02",
        "257684d78e7c179150a19f735ed6a788",
        "537e8e23f1c67eac2fbd5136aa0b946a",
        "987a2b2c45804516de6536503e7c9d41",
    ];
    assert_eq!(pinned, expected);
}

#[test]
fn what_looks_alike_is_told_apart() {
    let apart = [
        (texts(&[None]), texts(&[Some("")])),
        (texts(&[Some("")]), texts(&[Some(" ")])),
        (texts(&[Some("a")]), texts(&[Some("A")])),
        (texts(&[Some("NULL")]), texts(&[None])),
        (texts(&[Some("\\N")]), texts(&[None])),
        (numbers(&[None]), numbers(&[Some(0)])),
        (numbers(&[Some(1)]), numbers(&[Some(-1)])),
        (Arc::new(Float64Array::from(vec![0.0])), Arc::new(Float64Array::from(vec![-0.0]))),
        (Arc::new(Float64Array::from(vec![f64::NAN])), Arc::new(Float64Array::from(vec![f64::INFINITY]))),
        (decimal(150, 12, 2), decimal(15, 12, 2)),
        (decimal(150, 12, 2), decimal(150, 12, 3)),
        (Arc::new(UInt64Array::from(vec![u64::MAX])), numbers(&[Some(-1)])),
        (
            Arc::new(TimestampMicrosecondArray::from(vec![0])),
            Arc::new(TimestampMicrosecondArray::from(vec![3_600_000_000])),
        ),
    ];
    for (left, right) in apart {
        assert!(!alike(Arc::clone(&left), Arc::clone(&right)), "{left:?} {right:?}");
    }
}

#[test]
fn one_value_in_two_types_is_one() {
    let zone = TimestampMicrosecondArray::from(vec![Some(7), None]);
    let uuid: ArrayRef = Arc::new(FixedSizeBinaryArray::try_from_iter([[7_u8; 16]].into_iter()).unwrap());
    let same: Vec<(ArrayRef, ArrayRef)> = vec![
        (numbers(&[Some(-5), None]), Arc::new(Int32Array::from(vec![Some(-5), None]))),
        (decimal(150, 12, 2), decimal(1_500, 14, 3)),
        (decimal(500, 12, 2), numbers(&[Some(5)])),
        (
            Arc::new(Float64Array::from(vec![f64::NAN])),
            Arc::new(Float64Array::from(vec![f64::from_bits(0x7ff8_0000_0000_0001)])),
        ),
        (Arc::new(Float64Array::from(vec![1.5])), Arc::new(arrow::array::Float32Array::from(vec![1.5]))),
        (
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
            Arc::new(arrow::array::Int8Array::from(vec![Some(1), None, Some(0)])),
        ),
        (Arc::new(zone.clone().with_timezone("UTC")), Arc::new(zone.with_timezone("Etc/UTC"))),
        (Arc::new(StringArray::from(vec!["äx"])), Arc::new(arrow::array::LargeStringArray::from(vec!["äx"]))),
        (Arc::clone(&uuid), Arc::new(BinaryArray::from(vec![&[7_u8; 16][..]]))),
        (Arc::new(Int64Array::from(vec![12])), texts(&[Some("12")])),
    ];
    for (left, right) in same {
        assert!(alike(Arc::clone(&left), Arc::clone(&right)), "{left:?} {right:?}");
    }
}

#[test]
fn cells_that_change_places_are_seen() {
    let pair = |a: Option<&str>, b: Option<&str>| {
        let (a, b) = (texts(&[a]), texts(&[b]));
        row_digests(&[(a.as_ref(), &Form::Bytes), (b.as_ref(), &Form::Bytes)], 1).unwrap()[0]
    };
    assert_ne!(pair(Some("a"), Some("b")), pair(Some("b"), Some("a")));
    assert_ne!(pair(Some("ab"), Some("c")), pair(Some("a"), Some("bc")));
    assert_ne!(pair(None, Some("a")), pair(Some("a"), None));
    assert_ne!(pair(None, Some("")), pair(Some(""), None));
}

#[test]
fn lists_structs_and_slices() {
    let list = |rows: &[Option<Vec<Option<i32>>>]| -> ArrayRef {
        let mut builder = ListBuilder::new(Int32Builder::new());
        rows.iter().for_each(|row| builder.append_option(row.clone()));
        Arc::new(builder.finish())
    };
    let rows =
        [Some(vec![Some(1), Some(2)]), Some(vec![]), None, Some(vec![None]), Some(vec![Some(1)]), Some(vec![Some(2)])];
    let all = digest(&list(&rows), &DataType::new_list(DataType::Int64, true));
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(digest(&list(std::slice::from_ref(row)), &DataType::new_list(DataType::Int64, true)), [all[at]]);
        for (other, digest) in all.iter().enumerate() {
            assert_eq!(*digest == all[at], other == at, "{at} {other}");
        }
    }
    let sliced = list(&rows).slice(3, 3);
    assert_eq!(digest(&sliced, &DataType::new_list(DataType::Int64, true)), all[3..]);

    let fields = |x: Option<i64>, y: Option<&str>| -> ArrayRef {
        let x: ArrayRef = numbers(&[x]);
        let y: ArrayRef = texts(&[y]);
        Arc::new(StructArray::from(vec![
            (Arc::new(Field::new("x", DataType::Int64, true)), x),
            (Arc::new(Field::new("y", DataType::Utf8, true)), y),
        ]))
    };
    let one = fields(None, None);
    let null = arrow::array::new_null_array(one.data_type(), 1);
    assert!(!alike(Arc::clone(&one), null));
    assert!(alike(Arc::clone(&one), fields(None, None)));
    assert!(!alike(one, fields(Some(0), None)));
}

#[test]
fn a_column_of_another_type_is_an_error() {
    let column = texts(&[Some("1")]);
    let error = row_digests(&[(column.as_ref(), &Form::Integer)], 1).unwrap_err();
    assert!(error.to_string().contains("Utf8"), "{error}");
}

/// A cell of few values, so that random rows meet.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    id: Option<i64>,
    text: Option<String>,
    price: Option<i128>,
    ratio: Option<u8>,
    day: Option<i32>,
    flag: Option<bool>,
    tags: Option<Vec<Option<String>>>,
}

const RATIOS: [f64; 6] = [0.0, -0.0, f64::NAN, f64::INFINITY, 1.0, 1.000_000_000_000_000_2];

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let word = || {
        prop_oneof![
            Just(String::new()),
            Just(" ".to_owned()),
            Just("a".to_owned()),
            Just("ab".to_owned()),
            Just("NULL".to_owned())
        ]
    };
    let row = (
        prop::option::of(prop_oneof![Just(0_i64), Just(1), Just(-1), Just(i64::MAX), Just(i64::MIN)]),
        prop::option::of(word()),
        prop::option::of(prop_oneof![Just(0_i128), Just(10), Just(100), Just(-100)]),
        prop::option::of(0_u8..6),
        prop::option::of(prop_oneof![Just(0), Just(1), Just(i32::MAX), Just(-i32::MAX)]),
        prop::option::of(any::<bool>()),
        prop::option::of(prop::collection::vec(prop::option::of(word()), 0..3)),
    );
    let row = row.prop_map(|(id, text, price, ratio, day, flag, tags)| Row { id, text, price, ratio, day, flag, tags });
    prop::collection::vec(row, 1..40)
}

/// The batch as the source has it, or as a target with wider types has it.
fn batch(rows: &[Row], wide: bool) -> RecordBatch {
    let price: Vec<Option<i128>> = rows.iter().map(|r| r.price.map(|p| if wide { p * 100 } else { p })).collect();
    let price = Decimal128Array::from(price).with_precision_and_scale(20, if wide { 4 } else { 2 }).unwrap();
    let flags: ArrayRef = if wide {
        Arc::new(rows.iter().map(|r| r.flag.map(i8::from)).collect::<arrow::array::Int8Array>())
    } else {
        Arc::new(rows.iter().map(|r| r.flag).collect::<BooleanArray>())
    };
    let mut tags = ListBuilder::new(StringBuilder::new());
    rows.iter().for_each(|r| tags.append_option(r.tags.clone()));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(rows.iter().map(|r| r.id).collect::<Int64Array>())),
        ("text", Arc::new(rows.iter().map(|r| r.text.as_deref()).collect::<StringArray>())),
        ("price", Arc::new(price)),
        ("ratio", Arc::new(rows.iter().map(|r| r.ratio.map(|at| RATIOS[usize::from(at)])).collect::<Float64Array>())),
        ("day", Arc::new(rows.iter().map(|r| r.day).collect::<Date32Array>())),
        ("flag", flags),
        ("tags", Arc::new(tags.finish())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

fn digests(batch: &RecordBatch, other: &RecordBatch) -> Vec<RowDigest> {
    let forms: Vec<Form> =
        batch.columns().iter().zip(other.columns()).map(|(a, b)| Form::of(a.data_type(), b.data_type())).collect();
    let columns: Vec<(&dyn Array, &Form)> = batch.columns().iter().map(AsRef::as_ref).zip(&forms).collect();
    row_digests(&columns, batch.num_rows()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Over rows of both sides: two digests are one exactly where the rows are one.
    #[test]
    fn digests_are_equal_exactly_where_rows_are(left in rows(), right in rows()) {
        let (a, b) = (batch(&left, false), batch(&right, true));
        let (a, b) = (digests(&a, &b), digests(&b, &a));
        for (row, digest) in left.iter().zip(&a) {
            for (other, its) in right.iter().zip(&b) {
                prop_assert_eq!(row == other, digest == its, "{:?} {:?}", row, other);
            }
        }
    }

    /// A change of a single word never keeps the digest.
    #[test]
    fn one_changed_number_is_always_seen(base in any::<i64>(), other in any::<i64>(), rest in any::<i64>()) {
        let of = |first: i64| {
            let (a, b) = (numbers(&[Some(first)]), numbers(&[Some(rest)]));
            row_digests(&[(a.as_ref(), &Form::Integer), (b.as_ref(), &Form::Integer)], 1).unwrap()[0]
        };
        prop_assert_eq!(base == other, of(base) == of(other));
    }
}

#[test]
fn numbers_in_a_row_spread_over_all_buckets() {
    let ids = numbers(&(0..65_536).map(Some).collect::<Vec<_>>());
    let mut buckets: HashMap<u128, u32> = HashMap::new();
    for digest in digest(&ids, &DataType::Int64) {
        *buckets.entry(digest & 1023).or_default() += 1;
    }
    // 64 on average; seven deviations are 56.
    assert_eq!(buckets.len(), 1024);
    assert!(buckets.values().all(|count| (8..=120).contains(count)), "{buckets:?}");
}
