//! Every type of the map, with the values that break loaders: what goes in by Arrow is what DuckDB has.
#![allow(clippy::unwrap_used)]

mod fixture;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray,
    FixedSizeBinaryBuilder, FixedSizeListArray, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    IntervalMonthDayNanoArray, ListArray, MapArray, RecordBatch, StringArray, StructArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, Field, IntervalMonthDayNano, Schema};
use firn_catalog::{Dialect, Numeric, PgType, TableName, plan_column, typemap};
use firn_connector::{ErrorKind, Target, WriteMode};
use fixture::{SOURCE, Warehouse, commit, write};
use std::sync::Arc;

/// Rows written: more than two of DuckDB's chunks, and no multiple of one.
const ROWS: usize = 5_001;

/// One column: its source type, its values, and what DuckDB must print for each.
struct Sample {
    ty: PgType,
    values: ArrayRef,
    expected: Vec<&'static str>,
}

fn sample(ty: PgType, values: ArrayRef, expected: &[&'static str]) -> Sample {
    assert_eq!(values.len(), expected.len(), "{ty}");
    Sample { ty, values, expected: expected.to_vec() }
}

fn decimal(precision: u8, scale: i8, values: Vec<Option<i128>>) -> ArrayRef {
    Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
}

fn numeric(precision: u16, scale: i16) -> PgType {
    PgType::Numeric(Some(Numeric { precision, scale }))
}

const NINES: i128 = 99_999_999_999_999_999_999_999_999_999_999_999_999;

fn uuids(values: &[Option<u128>]) -> FixedSizeBinaryArray {
    let mut builder = FixedSizeBinaryBuilder::new(16);
    for value in values {
        match value {
            Some(value) => builder.append_value(value.to_be_bytes()).unwrap(),
            None => builder.append_null(),
        }
    }
    builder.finish()
}

const UUIDS: [Option<u128>; 5] = [
    Some(0),
    Some(u128::MAX),
    None,
    Some(0x8000_0000_0000_0000_0000_0000_0000_0000),
    Some(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
];
const UUID_TEXTS: [&str; 5] = [
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "NULL",
    "80000000-0000-0000-0000-000000000000",
    "01234567-89ab-cdef-0123-456789abcdef",
];

const DAY: i64 = 86_400_000_000;

/// Timestamps: 4713 BC, the year 1 BC, both infinities, the largest that both databases hold.
const MICROS: [Option<i64>; 9] = [
    Some(0),
    Some(-1),
    None,
    Some(i64::MAX),
    Some(-i64::MAX),
    Some(-210_866_803_200_000_000),
    Some(-62_135_596_800_000_001),
    Some(1_704_067_200_123_456),
    Some(i64::MAX - 1),
];

/// Types that are made of others, or that travel in a form of their own.
fn rich_samples() -> Vec<Sample> {
    let interval = |months, days, micros: i64| IntervalMonthDayNano::new(months, days, micros * 1000);
    let intervals = || -> ArrayRef {
        Arc::new(IntervalMonthDayNanoArray::from(vec![
            Some(interval(14, -3, 14_706_789_000)),
            None,
            Some(interval(0, 0, 0)),
            Some(interval(i32::MIN, i32::MAX, i64::MIN / 1000)),
            Some(interval(0, 0, -1)),
        ]))
    };
    let timetz = || -> ArrayRef {
        Arc::new(StringArray::from(vec![
            Some("12:00:00.000001+05:30"),
            None,
            Some("24:00:00+00"),
            Some("00:00:00-15:59:59"),
            Some("23:59:59.999999+15:59"),
        ]))
    };
    let strings = |values: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let attributes = [
        ("id", PgType::Uuid),
        ("two \"words\", (x)", PgType::Jsonb),
        ("span", PgType::Interval),
        ("at", PgType::Timetz),
        ("tags", PgType::Array(Box::new(PgType::Text))),
    ];
    let composite =
        PgType::Composite("public.c".into(), attributes.iter().map(|(n, ty)| ((*n).to_owned(), ty.clone())).collect());
    let DataType::Struct(fields) = plan_column(&composite, Dialect::Duckdb).arrow else { panic!("no struct") };
    let DataType::List(tag) = fields[4].data_type() else { panic!("no list") };
    let tags = ListArray::new(
        tag.clone(),
        OffsetBuffer::from_lengths([1, 0, 0, 2, 0]),
        strings(vec![Some("a"), None, Some("\\N")]),
        Some(vec![true, false, true, true, false].into()),
    );
    let json = strings(vec![Some("{\"a\": 1}"), None, Some("null"), Some("\"\""), Some("1")]);
    let columns = vec![Arc::new(uuids(&UUIDS)) as ArrayRef, json, intervals(), timetz(), Arc::new(tags)];
    let rows = StructArray::new(fields, columns, Some(vec![true, true, false, true, true].into()));
    let DataType::Struct(axes) = plan_column(&PgType::Point, Dialect::Duckdb).arrow else { panic!("no struct") };
    let float = |values: Vec<f64>| -> ArrayRef { Arc::new(Float64Array::from(values)) };
    let points = StructArray::new(
        axes,
        vec![float(vec![1.5, 0.0, f64::NAN]), float(vec![-0.0, 0.0, f64::INFINITY])],
        Some(vec![true, false, true].into()),
    );
    let DataType::Map(entry, _) = plan_column(&PgType::Hstore, Dialect::Duckdb).arrow else { panic!("no map") };
    let DataType::Struct(pair) = entry.data_type() else { panic!("no pairs") };
    let pairs = vec![strings(vec![Some("a"), Some(""), Some("c")]), strings(vec![Some(""), None, Some("\\N")])];
    let pairs = StructArray::new(pair.clone(), pairs, None);
    let nulls = Some(vec![true, true, false, true].into());
    let maps = MapArray::new(entry.clone(), OffsetBuffer::from_lengths([2, 0, 0, 1]), pairs, nulls, false);
    let DataType::FixedSizeList(item, 2) = plan_column(&PgType::Vector(Some(2)), Dialect::Duckdb).arrow else {
        panic!("no list of one length")
    };
    let floats: ArrayRef = Arc::new(Float32Array::from(vec![1.5, -0.0, 0.0, 0.0, f32::MIN_POSITIVE, 3.0]));
    let vectors = FixedSizeListArray::new(item, 2, floats, Some(vec![true, false, true].into()));
    let inner = list(
        PgType::Int4,
        Arc::new(Int32Array::from(vec![Some(1), None, Some(3), Some(4), Some(5)])),
        &["", "", "", ""],
    );
    vec![
        sample(
            PgType::Interval,
            intervals(),
            &[
                "1 year 2 months -3 days 04:05:06.789",
                "NULL",
                "00:00:00",
                "-178956970 years -8 months 2147483647 days -2562047:47:16.854775",
                "-00:00:00.000001",
            ],
        ),
        sample(
            PgType::Timetz,
            timetz(),
            &["12:00:00.000001+05:30", "NULL", "24:00:00+00", "00:00:00-15:59:59", "23:59:59.999999+15:59"],
        ),
        sample(
            PgType::Oid,
            Arc::new(UInt32Array::from(vec![Some(0), Some(u32::MAX), None])),
            &["0", "4294967295", "NULL"],
        ),
        sample(
            PgType::Money(2),
            decimal(19, 2, vec![Some(i128::from(i64::MIN)), Some(5), None]),
            &["-92233720368547758.08", "0.05", "NULL"],
        ),
        sample(PgType::Point, Arc::new(points), &["{'x': 1.5, 'y': -0.0}", "NULL", "{'x': nan, 'y': inf}"]),
        sample(PgType::Hstore, Arc::new(maps), &["{a='', ''=NULL}", "{}", "NULL", "{c=\\N}"]),
        sample(PgType::Vector(Some(2)), Arc::new(vectors), &["[1.5, -0.0]", "NULL", "[1.1754944e-38, 3.0]"]),
        sample(
            composite,
            Arc::new(rows),
            &[
                "{'id': 00000000-0000-0000-0000-000000000000, 'two \"words\", (x)': '{\"a\": 1}', \
                 'span': '1 year 2 months -3 days 04:05:06.789', 'at': '12:00:00.000001+05:30', 'tags': [a]}",
                "{'id': ffffffff-ffff-ffff-ffff-ffffffffffff, 'two \"words\", (x)': NULL, 'span': NULL, 'at': NULL, \
                 'tags': NULL}",
                "NULL",
                "{'id': 80000000-0000-0000-0000-000000000000, 'two \"words\", (x)': '\"\"', \
                 'span': '-178956970 years -8 months 2147483647 days -2562047:47:16.854775', \
                 'at': '00:00:00-15:59:59', 'tags': [NULL, \\N]}",
                "{'id': 01234567-89ab-cdef-0123-456789abcdef, 'two \"words\", (x)': 1, 'span': '-00:00:00.000001', \
                 'at': '23:59:59.999999+15:59', 'tags': NULL}",
            ],
        ),
        list(
            PgType::Interval,
            intervals(),
            &[
                "['1 year 2 months -3 days 04:05:06.789', NULL]",
                "[]",
                "NULL",
                "['00:00:00', '-178956970 years -8 months 2147483647 days -2562047:47:16.854775', '-00:00:00.000001']",
            ],
        ),
        list(
            PgType::Timetz,
            timetz(),
            &[
                "['12:00:00.000001+05:30', NULL]",
                "[]",
                "NULL",
                "['24:00:00+00', '00:00:00-15:59:59', '23:59:59.999999+15:59']",
            ],
        ),
        list(
            inner.ty.clone(),
            concat(&[&inner.values, &inner.values.slice(0, 1)]).unwrap(),
            &["[[1, NULL], []]", "[]", "NULL", "[NULL, [3, 4, 5], [1, NULL]]"],
        ),
    ]
}

fn samples() -> Vec<Sample> {
    let mut samples = plain_samples();
    samples.extend(rich_samples());
    samples
}

fn plain_samples() -> Vec<Sample> {
    vec![
        sample(
            PgType::Bool,
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
            &["true", "NULL", "false"],
        ),
        sample(
            PgType::Int2,
            Arc::new(Int16Array::from(vec![Some(i16::MIN), Some(i16::MAX), None])),
            &["-32768", "32767", "NULL"],
        ),
        sample(
            PgType::Int4,
            Arc::new(Int32Array::from(vec![Some(i32::MIN), Some(i32::MAX), None])),
            &["-2147483648", "2147483647", "NULL"],
        ),
        sample(
            PgType::Int8,
            Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(i64::MAX), None])),
            &["-9223372036854775808", "9223372036854775807", "NULL"],
        ),
        sample(
            PgType::Float4,
            Arc::new(Float32Array::from(vec![
                Some(f32::NAN),
                Some(f32::INFINITY),
                Some(-0.0),
                Some(f32::MIN_POSITIVE),
                None,
            ])),
            &["nan", "inf", "-0.0", "1.1754944e-38", "NULL"],
        ),
        sample(
            PgType::Float8,
            Arc::new(Float64Array::from(vec![
                Some(f64::NAN),
                Some(f64::NEG_INFINITY),
                Some(-0.0),
                Some(0.1 + 0.2),
                Some(5e-324),
                None,
            ])),
            &["nan", "-inf", "-0.0", "0.30000000000000004", "5e-324", "NULL"],
        ),
        sample(numeric(4, 2), decimal(4, 2, vec![Some(-9999), Some(5), None]), &["-99.99", "0.05", "NULL"]),
        sample(numeric(9, 0), decimal(9, 0, vec![Some(-999_999_999), None]), &["-999999999", "NULL"]),
        sample(
            numeric(18, 18),
            decimal(18, 18, vec![Some(999_999_999_999_999_999), Some(-1), None]),
            &[".999999999999999999", "-.000000000000000001", "NULL"],
        ),
        sample(
            numeric(38, 10),
            decimal(38, 10, vec![Some(NINES), Some(-NINES), Some(0), None]),
            &[
                "9999999999999999999999999999.9999999999",
                "-9999999999999999999999999999.9999999999",
                "0.0000000000",
                "NULL",
            ],
        ),
        sample(
            PgType::Numeric(None),
            Arc::new(StringArray::from(vec![Some("NaN"), Some("-Infinity"), Some("0.10"), None])),
            &["NaN", "-Infinity", "0.10", "NULL"],
        ),
        sample(
            PgType::Text,
            Arc::new(StringArray::from(vec![
                Some(""),
                None,
                Some("\\N"),
                Some("NULL "),
                Some("a\nb\t\"'é𝄞"),
                Some("longer than twelve bytes"),
            ])),
            &["", "NULL", "\\N", "NULL ", "a\nb\t\"'é𝄞", "longer than twelve bytes"],
        ),
        sample(
            PgType::Char(Some(3)),
            Arc::new(StringArray::from(vec![Some("a  "), Some("   "), None])),
            &["a  ", "   ", "NULL"],
        ),
        sample(
            PgType::Bytea,
            Arc::new(BinaryArray::from_opt_vec(vec![Some(b""), None, Some(b"\x00\xff\\"), Some(b"thirteen byte")])),
            &["", "NULL", "\\x00\\xFF\\x5C", "thirteen byte"],
        ),
        sample(
            PgType::Date,
            Arc::new(Date32Array::from(vec![
                Some(0),
                None,
                Some(i32::MAX),
                Some(-i32::MAX),
                Some(-2_440_588),
                Some(2_145_042_905),
            ])),
            &["1970-01-01", "NULL", "infinity", "-infinity", "4714-11-24 (BC)", "5874897-12-31"],
        ),
        sample(
            PgType::Time,
            Arc::new(Time64MicrosecondArray::from(vec![Some(0), Some(DAY), Some(DAY - 1), None])),
            &["00:00:00", "24:00:00", "23:59:59.999999", "NULL"],
        ),
        sample(
            PgType::Timestamp,
            Arc::new(TimestampMicrosecondArray::from(MICROS.to_vec())),
            &[
                "1970-01-01 00:00:00",
                "1969-12-31 23:59:59.999999",
                "NULL",
                "infinity",
                "-infinity",
                "4714-11-24 (BC) 00:00:00",
                "0001-12-31 (BC) 23:59:59.999999",
                "2024-01-01 00:00:00.123456",
                "294247-01-10 04:00:54.775806",
            ],
        ),
        sample(
            PgType::Timestamptz,
            // Without the last microsecond, which DuckDB prints wrongly with a zone: it has a test of its own.
            Arc::new(TimestampMicrosecondArray::from(MICROS[..8].to_vec()).with_timezone("UTC")),
            &[
                "1970-01-01 00:00:00+00",
                "1969-12-31 23:59:59.999999+00",
                "NULL",
                "infinity",
                "-infinity",
                "4714-11-24 (BC) 00:00:00+00",
                "0001-12-31 (BC) 23:59:59.999999+00",
                "2024-01-01 00:00:00.123456+00",
            ],
        ),
        sample(PgType::Uuid, Arc::new(uuids(&UUIDS)), &UUID_TEXTS),
        sample(
            PgType::Json,
            // What PostgreSQL's json takes: blanks, order, doubled names, half a surrogate pair, more digits than a double.
            Arc::new(StringArray::from(vec![
                Some("{\"b\" :1,  \"a\":1, \"a\":2 }"),
                Some("\"\\ud800\""),
                None,
                Some("null"),
                Some("1e400"),
            ])),
            &["{\"b\" :1,  \"a\":1, \"a\":2 }", "\"\\ud800\"", "NULL", "null", "1e400"],
        ),
        sample(
            PgType::Enum("public.mood".into()),
            Arc::new(StringArray::from(vec![Some("sad"), None])),
            &["sad", "NULL"],
        ),
        list(
            PgType::Uuid,
            Arc::new(uuids(&UUIDS)),
            &[
                "[00000000-0000-0000-0000-000000000000, ffffffff-ffff-ffff-ffff-ffffffffffff]",
                "[]",
                "NULL",
                "[NULL, 80000000-0000-0000-0000-000000000000, 01234567-89ab-cdef-0123-456789abcdef]",
            ],
        ),
        list(
            PgType::Text,
            Arc::new(StringArray::from(vec![Some(""), None, Some("a, b"), Some("\""), Some("NULL")])),
            &["['', NULL]", "[]", "NULL", "['a, b', '\"', 'NULL']"],
        ),
        list(
            PgType::Jsonb,
            Arc::new(StringArray::from(vec![Some("{\"a\": 1}"), None, Some("[]"), Some("null"), Some("2")])),
            &["[{\"a\": 1}, NULL]", "[]", "NULL", "[[], null, 2]"],
        ),
        list(
            numeric(30, 2),
            decimal(30, 2, vec![Some(1), None, Some(-5), Some(0), Some(100)]),
            &["[0.01, NULL]", "[]", "NULL", "[-0.05, 0.00, 1.00]"],
        ),
        list(
            PgType::Bool,
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true), None])),
            &["[true, NULL]", "[]", "NULL", "[false, true, NULL]"],
        ),
        list(
            PgType::Bytea,
            Arc::new(BinaryArray::from_opt_vec(vec![Some(b"\x00"), None, Some(b""), Some(b"a"), Some(b"b")])),
            &["[\\x00, NULL]", "[]", "NULL", "['', a, b]"],
        ),
        list(
            PgType::Timestamptz,
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(i64::MAX), None, Some(0), Some(-1), Some(1)])
                    .with_timezone("UTC"),
            ),
            &[
                "[infinity, NULL]",
                "[]",
                "NULL",
                "['1970-01-01 00:00:00+00', '1969-12-31 23:59:59.999999+00', '1970-01-01 00:00:00.000001+00']",
            ],
        ),
    ]
}

/// Makes lists of two, no, NULL and three items of five.
fn list(item: PgType, items: ArrayRef, expected: &[&'static str]) -> Sample {
    let ty = PgType::Array(Box::new(item));
    let DataType::List(field) = plan_column(&ty, Dialect::Duckdb).arrow else { panic!("{ty} is no list") };
    let offsets = OffsetBuffer::from_lengths([2, 0, 0, 3]);
    let lists = ListArray::new(field, offsets, items, Some(vec![true, true, false, true].into()));
    sample(ty, Arc::new(lists), expected)
}

/// Repeats the values of a column from its first to its last over all rows.
fn repeated(values: &ArrayRef) -> ArrayRef {
    let places = UInt64Array::from_iter_values((0..ROWS).map(|row| (row % values.len()) as u64));
    take(values, &places, None).unwrap()
}

async fn written(mode: WriteMode) -> (Warehouse, Vec<Sample>) {
    let warehouse = Warehouse::new();
    let samples = samples();
    let plans: Vec<_> = samples.iter().map(|s| plan_column(&s.ty, Dialect::Duckdb)).collect();
    let mut fields = vec![Field::new("row", DataType::Int64, true)];
    fields.extend(
        samples
            .iter()
            .zip(&plans)
            .enumerate()
            .map(|(i, (s, plan))| typemap::field(&format!("v{i}"), &s.ty, plan.arrow.clone(), true)),
    );
    let mut ddl = vec!["BIGINT"];
    ddl.extend(plans.iter().map(|p| p.ddl.as_str()));
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from_iter_values(0..ROWS as i64))];
    columns.extend(samples.iter().map(|s| repeated(&s.values)));
    let schema = Schema::new(fields);
    let batch = RecordBatch::try_new(Arc::new(schema.clone()), columns).unwrap();
    let plan = warehouse.plan(schema, &ddl, &[0], None).await;
    warehouse.target.fence(SOURCE, 1).await.unwrap();
    let mut writer = warehouse.target.writer(plan, 1).await.unwrap();
    // Two batches, so that the second of them is a slice with an offset.
    let halves = vec![batch.slice(0, 3_000), batch.slice(3_000, ROWS - 3_000)];
    let done = write(&mut *writer, mode, halves, 1).await.unwrap();
    assert_eq!(done.merged, ROWS as u64);
    drop(writer);
    (warehouse, samples)
}

async fn check(mode: WriteMode) {
    let (warehouse, samples) = written(mode).await;
    let found = warehouse.ask("SELECT * FROM raw.items ORDER BY row").await;
    assert_eq!(found.len(), ROWS);
    for (row, values) in found.iter().enumerate() {
        for (sample, value) in samples.iter().zip(&values[1..]) {
            let expected = sample.expected[row % sample.expected.len()];
            assert_eq!(value, expected, "{} in row {row}, {mode:?}", sample.ty);
        }
    }
    // NULL is NULL and not a text of four letters.
    for (i, sample) in samples.iter().enumerate() {
        let nulls = (0..ROWS).filter(|row| sample.values.is_null(row % sample.values.len())).count();
        let counted = warehouse.ask(&format!("SELECT count(*) - count(v{i}) FROM raw.items")).await;
        assert_eq!(counted[0][0], nulls.to_string(), "{}", sample.ty);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn appended_values_are_exact() {
    check(WriteMode::Append).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upserted_values_are_exact() {
    check(WriteMode::Upsert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_values_are_exact() {
    check(WriteMode::Replace).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_has_the_types_of_the_map() {
    let (warehouse, samples) = written(WriteMode::Append).await;
    let types = warehouse
        .ask("SELECT data_type FROM duckdb_columns() WHERE schema_name = 'raw' AND column_name <> 'row' ORDER BY column_index")
        .await;
    for (sample, found) in samples.iter().zip(types) {
        let planned = plan_column(&sample.ty, Dialect::Duckdb).ddl;
        // DuckDB prints types in a form of its own.
        let printed = warehouse.ask(&format!("SELECT typeof(CAST(NULL AS {planned}))")).await;
        assert_eq!(found[0], printed[0][0], "{}", sample.ty);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_microsecond_with_a_zone_is_stored_exactly() {
    let warehouse = Warehouse::new();
    let values: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![i64::MAX - 1]).with_timezone("UTC"));
    let schema = Schema::new(vec![Field::new("v", values.data_type().clone(), true)]);
    let plan = warehouse.plan(schema.clone(), &["TIMESTAMPTZ"], &[], None).await;
    warehouse.target.fence(SOURCE, 1).await.unwrap();
    let mut writer = warehouse.target.writer(plan, 1).await.unwrap();
    let batch = RecordBatch::try_new(Arc::new(schema), vec![values]).unwrap();
    write(&mut *writer, WriteMode::Append, vec![batch], 1).await.unwrap();
    drop(writer);
    assert_eq!(warehouse.ask("SELECT epoch_us(v) FROM raw.items").await, [["9223372036854775806"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_any_type_finds_its_row_again() {
    let warehouse = Warehouse::new();
    for (i, sample) in samples().into_iter().enumerate() {
        let valid: Vec<u64> =
            (0..sample.values.len()).filter(|row| sample.values.is_valid(*row)).map(|r| r as u64).collect();
        let keys = take(&sample.values, &UInt64Array::from(valid), None).unwrap();
        let plan = plan_column(&sample.ty, Dialect::Duckdb);
        let schema = Schema::new(vec![typemap::field("k", &sample.ty, plan.arrow, true)]);
        let table = TableName::new("raw", format!("keys_{i}"));
        let write_plan = warehouse.plan_for(table.clone(), schema.clone(), &[&plan.ddl], &[0], None).await;
        warehouse.target.fence(SOURCE, 1).await.unwrap();
        let mut writer = warehouse.target.writer(write_plan, 1).await.unwrap();
        let twice = concat(&[keys.as_ref(), keys.as_ref()]).unwrap();
        let batch = RecordBatch::try_new(Arc::new(schema), vec![twice]).unwrap();
        for _ in 0..2 {
            let done = write(&mut *writer, WriteMode::Upsert, vec![batch.clone()], 1).await.unwrap();
            assert_eq!((done.merged, done.duplicates), (keys.len() as u64, keys.len() as u64), "{} ({i})", sample.ty);
        }
        drop(writer);
        let found = warehouse.target.inspect(&table).await.unwrap().unwrap();
        assert_eq!(found.rows, keys.len() as u64, "{}", sample.ty);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_would_poison_the_database_are_refused_before_they_reach_it() {
    let bad: Vec<(PgType, ArrayRef)> = vec![
        (PgType::Timestamp, Arc::new(TimestampMicrosecondArray::from(vec![0, i64::MIN]))),
        (PgType::Timestamp, Arc::new(TimestampMicrosecondArray::from(vec![0, -i64::MAX + 1]))),
        (PgType::Date, Arc::new(Date32Array::from(vec![0, i32::MIN]))),
        (PgType::Time, Arc::new(Time64MicrosecondArray::from(vec![0, DAY + 1]))),
        (PgType::Time, Arc::new(Time64MicrosecondArray::from(vec![0, -1]))),
        (numeric(4, 2), decimal(4, 2, vec![Some(0), Some(10_000)])),
    ];
    for (ty, values) in bad {
        let warehouse = Warehouse::new();
        let plan = plan_column(&ty, Dialect::Duckdb);
        let schema = Schema::new(vec![typemap::field("v", &ty, plan.arrow, true)]);
        let write_plan = warehouse.plan(schema.clone(), &[&plan.ddl], &[], None).await;
        warehouse.target.fence(SOURCE, 1).await.unwrap();
        let mut writer = warehouse.target.writer(write_plan, 1).await.unwrap();
        let batch = RecordBatch::try_new(Arc::new(schema), vec![values]).unwrap();
        let error = write(&mut *writer, WriteMode::Append, vec![batch.clone()], 1).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::RowRefused, "{ty}: {}", error.chain());
        assert!(!error.chain().contains("10000"), "{}", error.chain());
        // The other row is fine.
        writer.begin(WriteMode::Append).await.unwrap();
        writer.stage(batch.slice(0, 1)).await.unwrap();
        assert_eq!(writer.commit(commit(WriteMode::Append, 1)).await.unwrap().merged, 1, "{ty}");
    }
}
