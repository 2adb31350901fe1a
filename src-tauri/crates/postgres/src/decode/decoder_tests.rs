//! What streams of known bytes come to.

use super::wire::{Stream, array, decode, int4, int8, numeric, plan, text};
use super::{DecodeError, Decoder};
use arrow::array::Array;
use firn_catalog::text::value_text;
use firn_catalog::{Numeric, PgType, Unfit, Watermark, WatermarkKind};
use firn_connector::ReadBatch;

const DAY: i64 = 86_400_000_000;

fn list_of(item: PgType) -> PgType {
    PgType::Array(Box::new(item))
}

fn decimal(precision: u16, scale: i16) -> PgType {
    PgType::Numeric(Some(Numeric { precision, scale }))
}

/// Decodes one column and returns the texts of its values.
fn texts(ty: PgType, fields: &[Option<Vec<u8>>]) -> Vec<Option<String>> {
    let stream = fields.iter().fold(Stream::new(), |stream, field| stream.row(std::slice::from_ref(field))).end();
    let batches = decode(&plan(&[ty]), &stream, 7).unwrap();
    let [batch] = batches.as_slice() else { panic!("{} batches", batches.len()) };
    assert_eq!(batch.refused, []);
    (0..batch.batch.num_rows()).map(|row| value_text(batch.batch.column(0), row)).collect()
}

fn only(mut batches: Vec<ReadBatch>) -> ReadBatch {
    assert_eq!(batches.len(), 1);
    batches.pop().unwrap()
}

#[test]
fn every_scalar_type() {
    let cases: Vec<(PgType, Option<Vec<u8>>, &str)> = vec![
        (PgType::Bool, Some(vec![1]), "t"),
        (PgType::Int2, Some((-3_i16).to_be_bytes().to_vec()), "-3"),
        (PgType::Int4, int4(i32::MIN), "-2147483648"),
        (PgType::Int8, int8(i64::MAX), "9223372036854775807"),
        (PgType::Float4, Some(0.1_f32.to_be_bytes().to_vec()), "0.1"),
        (PgType::Float8, Some((-0.0_f64).to_be_bytes().to_vec()), "-0"),
        (decimal(12, 2), numeric(0, 0, 2, &[12, 3400]), "12.34"),
        (decimal(12, 2), numeric(0x4000, -1, 2, &[500]), "-0.05"),
        (PgType::Numeric(None), numeric(0x4000, 1, 3, &[1, 0, 5000]), "-10000.500"),
        (PgType::Text, text("é\\N"), "é\\N"),
        (PgType::Varchar(Some(3)), text(""), ""),
        (PgType::Char(Some(3)), text("a  "), "a  "),
        (PgType::Bytea, Some(vec![0, 255]), "\\x00ff"),
        (PgType::Date, int4(0), "2000-01-01"),
        (PgType::Date, int4(i32::MAX), "infinity"),
        (PgType::Date, int4(i32::MIN), "-infinity"),
        (PgType::Time, int8(DAY), "24:00:00"),
        (PgType::Timestamp, int8(1), "2000-01-01 00:00:00.000001"),
        (PgType::Timestamptz, int8(-1), "1999-12-31 23:59:59.999999+00"),
        (PgType::Timestamptz, int8(i64::MAX), "infinity"),
        (PgType::Timestamptz, int8(i64::MIN), "-infinity"),
        (PgType::Uuid, Some(vec![0x11; 16]), "11111111-1111-1111-1111-111111111111"),
        (PgType::Json, text("{ }"), "{ }"),
        (PgType::Jsonb, text("\u{1}{}"), "{}"),
        (PgType::Enum("public.mood".into()), text("happy"), "happy"),
        (PgType::Domain("public.d".into(), Box::new(PgType::Int4)), int4(7), "7"),
        (PgType::Xid, Some(4_294_967_295_u32.to_be_bytes().to_vec()), "4294967295"),
        (list_of(PgType::Int4), array(&[(3, 1)], &[int4(1), None, int4(3)]), "[1,null,3]"),
        (list_of(PgType::Text), array(&[], &[]), "[]"),
        (list_of(decimal(5, 1)), array(&[(1, 1)], &[numeric(0, 0, 1, &[1, 5000])]), "[\"1.5\"]"),
    ];
    for (ty, field, expected) in cases {
        let fields = [field.clone(), None, field];
        assert_eq!(texts(ty.clone(), &fields), [Some(expected.into()), None, Some(expected.into())], "{ty}");
    }
}

#[test]
fn numeric_texts_are_those_of_the_server() {
    let cases = [
        (numeric(0, 0, 0, &[]), "0"),
        (numeric(0, 0, 4, &[]), "0.0000"),
        (numeric(0, -2, 10, &[1200]), "0.0000120000"),
        (numeric(0, 2, 0, &[1]), "100000000"),
        (numeric(0, 0, 1, &[9, 9000]), "9.9"),
        (numeric(0xc000, 0, 0, &[]), "NaN"),
        (numeric(0xd000, 0, 0x20, &[]), "Infinity"),
        (numeric(0xf000, 0, 0x20, &[]), "-Infinity"),
    ];
    for (field, expected) in cases {
        assert_eq!(texts(PgType::Numeric(None), &[field]), [Some(expected.to_owned())]);
    }
    let longest = texts(PgType::Numeric(None), &[numeric(0, i16::MAX, 16_383, &[9999])]);
    assert_eq!(longest[0].as_ref().unwrap().len(), 131_072 + 1 + 16_383);
}

#[test]
fn a_decimal_holds_its_whole_range_and_no_more() {
    let nines = numeric(0, 9, 0, &[99, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999]);
    assert_eq!(texts(decimal(38, 0), std::slice::from_ref(&nines)), [Some("9".repeat(38))]);
    let stream = Stream::new()
        .row(&[int4(1), numeric(0, 0, 1, &[99, 9000])])
        .row(&[int4(2), numeric(0, 0, 1, &[100])])
        .row(&[int4(3), numeric(0, 0, 2, &[1, 1100])])
        .row(&[int4(4), nines])
        .row(&[int4(5), numeric(0xc000, 0, 0, &[])])
        .row(&[int4(6), numeric(0xf000, 0, 0x20, &[])])
        .row(&[int4(7), numeric(0, i16::MAX, 0, &[1])])
        .row(&[int4(8), numeric(0x4000, -1, 1, &[1000])])
        .end();
    let batch = only(decode(&plan(&[PgType::Int4, decimal(3, 1)]), &stream, 1000).unwrap());
    let kept: Vec<_> = (0..batch.batch.num_rows()).map(|row| value_text(batch.batch.column(1), row).unwrap()).collect();
    assert_eq!(kept, ["99.9", "-0.1"]);
    let codes: Vec<_> = batch.refused.iter().map(|r| (r.position, r.code.as_str())).collect();
    let range = (1, "numeric_range");
    assert_eq!(codes, [range, range, range, (1, "numeric_nan"), (1, "numeric_infinity"), range]);
    assert_eq!(batch.refused[3].payload["c1"], "NaN");
    assert_eq!(batch.refused[2].payload["c1"], "9".repeat(38));
}

#[test]
fn a_refused_row_keeps_key_watermark_version_and_all_values() {
    let types = [PgType::Int8, PgType::Timestamptz, PgType::Text, decimal(4, 2), list_of(PgType::Int4)];
    let mut plan = plan(&types);
    plan.row_versions = true;
    let good = numeric(0, 0, 2, &[1]);
    let version = |xmin: u32| Some(xmin.to_be_bytes().to_vec());
    let grid = array(&[(2, 1), (1, 1)], &[int4(1), None]);
    let stream = Stream::new()
        .row(&[int8(1), int8(10), text("a"), good.clone(), array(&[], &[]), version(701)])
        .row(&[int8(2), int8(20), Some(vec![0xff]), numeric(0xc000, 0, 0, &[]), None, version(702)])
        .row(&[int8(3), int8(30), text("c"), good.clone(), grid, version(703)])
        .row(&[int8(4), int8(LATE), text("d"), good.clone(), array(&[(1, 0)], &[int4(5)]), version(704)])
        .row(&[int8(5), None, text("e"), None, None, version(705)])
        .end();
    let batch = only(decode(&plan, &stream, 5).unwrap());
    assert_eq!(batch.batch.num_rows(), 2);
    assert_eq!(batch.xmin.as_deref(), Some(&[701, 705][..]));
    assert_eq!(batch.bytes as usize, stream.len() - 19 - 2);
    let [utf8, grid, late] = batch.refused.as_slice() else { panic!("{:?}", batch.refused) };

    assert_eq!((utf8.position, utf8.code.as_str(), utf8.column.as_str()), (1, "invalid_utf8", "c2"));
    assert_eq!(utf8.key, Some(vec![Some("2".into())]));
    assert_eq!(
        utf8.watermark,
        Some(Watermark::parse(WatermarkKind::Timestamptz, "2000-01-01 00:00:00.00002").unwrap())
    );
    assert_eq!(utf8.xmin, Some(702));
    assert_eq!(utf8.payload["c2"], "\\xff");
    assert_eq!(utf8.payload["c3"], "NaN");

    assert_eq!((grid.position, grid.code.as_str()), (1, "array_dimensions"));
    assert_eq!(grid.payload["c4"], serde_json::json!([[1], [null]]));

    assert_eq!((late.position, late.code.as_str(), late.column.as_str()), (1, "timestamp_range", "c1"));
    assert_eq!((late.watermark, late.xmin), (None, Some(704)));
    assert_eq!(late.payload["c1"], "294247-01-01 00:00:00+00");
    assert_eq!(late.payload["c4"], serde_json::json!([5]));
    assert_eq!(late.payload["c0"], "4");
}

#[test]
fn vectors_of_one_length_and_of_any() {
    let types = [PgType::Int4, PgType::Vector(Some(2)), PgType::Halfvec(None), PgType::Vector(None)];
    let vector = |size: u16, floats: &[u8]| Some([&size.to_be_bytes()[..], &[0, 0], floats].concat());
    let two = [1.5_f32.to_be_bytes(), (-0.0_f32).to_be_bytes()].concat();
    // 0.1 and the largest of two bytes, as pgvector 0.8.6 sends them.
    let halves = [0x2e, 0x66, 0x7b, 0xff];
    let stream = Stream::new()
        .row(&[int4(1), vector(2, &two), vector(2, &halves), vector(2, &two)])
        .row(&[int4(2), None, None, None])
        .row(&[int4(3), vector(2, &two), vector(0, &[]), vector(0, &[])])
        .end();
    let batch = only(decode(&plan(&types), &stream, 7).unwrap());
    let texts = |column: usize| -> Vec<_> { (0..3).map(|row| value_text(batch.batch.column(column), row)).collect() };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(texts(1), [text("[\"1.5\",\"-0\"]"), None, text("[\"1.5\",\"-0\"]")]);
    assert_eq!(texts(2), [text("[\"0.099975586\",\"65504\"]"), None, text("[]")]);
    assert_eq!(texts(3), [text("[\"1.5\",\"-0\"]"), None, text("[]")]);
    let other = Stream::new().row(&[int4(1), vector(1, &[0; 4]), None, None]).end();
    assert!(decode(&plan(&types), &other, 7).is_err());
}

#[test]
fn values_that_do_not_fit_become_null_where_the_plan_says_so() {
    let mut plan = plan(&[PgType::Int4, decimal(4, 2), decimal(4, 2), list_of(decimal(4, 2))]);
    for at in [0, 1, 3] {
        plan.columns[at].plan.unfit = Unfit::Null;
    }
    let (good, nan) = (numeric(0, 0, 2, &[1]), numeric(0xc000, 0, 0, &[]));
    let list = |items: &[Option<Vec<u8>>]| array(&[(items.len() as i32, 1)], items);
    let stream = Stream::new()
        .row(&[int4(1), good.clone(), good.clone(), list(std::slice::from_ref(&good))])
        .row(&[int4(2), nan.clone(), nan.clone(), list(std::slice::from_ref(&nan))])
        .row(&[int4(3), nan.clone(), good.clone(), None])
        .row(&[int4(4), None, None, list(&[nan.clone(), good.clone(), nan.clone()])])
        .row(&[int4(5), good.clone(), good.clone(), list(&[])])
        .end();
    for piece in [1, 1000] {
        let batch = only(decode(&plan, &stream, piece).unwrap());
        // The column that keeps to the rule refuses its row, whatever the others would have done.
        let refused: Vec<_> = batch.refused.iter().map(|r| (r.position, r.column.as_str())).collect();
        assert_eq!(refused, [(1, "c2")]);
        let texts =
            |column: usize| -> Vec<_> { (0..4).map(|row| value_text(batch.batch.column(column), row)).collect() };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(texts(0), [text("1"), text("3"), text("4"), text("5")]);
        assert_eq!(texts(1), [text("1.00"), None, None, text("1.00")]);
        assert_eq!(texts(3), [text("[\"1.00\"]"), None, None, text("[]")]);
        let unfit: Vec<_> = batch.unfit.iter().map(|value| (value.row, value.column, value.code)).collect();
        assert_eq!(unfit, [(1, 1, "numeric_nan"), (2, 3, "numeric_nan")]);
    }
}

/// 294247-01-01 00:00:00, in microseconds from 2000-01-01.
const LATE: i64 = 9_223_371_244_800_000_000 - 10_957 * DAY;

#[test]
fn the_last_moment_of_the_year_294246_is_kept() {
    let batch = texts(PgType::Timestamp, &[int8(LATE - 1), int8(-211_813_488_000_000_000)]);
    assert_eq!(batch, [Some("294246-12-31 23:59:59.999999".into()), Some("4714-11-24 00:00:00 BC".into())]);
}

#[test]
fn an_array_shape_that_a_list_cannot_hold_is_refused_and_the_next_rows_stay_in_place() {
    let stream = Stream::new()
        .row(&[array(&[(1, 1)], &[int4(1)])])
        .row(&[array(&[(2, 0)], &[int4(2), int4(3)])])
        .row(&[None])
        .row(&[array(&[(2, 1)], &[int4(4), int4(5)])])
        .end();
    let batch = only(decode(&plan(&[list_of(PgType::Int4)]), &stream, 1).unwrap());
    let kept: Vec<_> = (0..3).map(|row| value_text(batch.batch.column(0), row)).collect();
    assert_eq!(kept, [Some("[1]".into()), None, Some("[4,5]".into())]);
    assert_eq!(batch.refused[0].code, "array_lower_bound");
    // A refused element refuses its row, wherever in the chunk it is.
    let nan = numeric(0xc000, 0, 0, &[]);
    let one = numeric(0, 0, 0, &[1]);
    let stream = Stream::new()
        .row(&[array(&[], &[])])
        .row(&[array(&[(2, 1)], &[one.clone(), None])])
        .row(&[array(&[], &[])])
        .row(&[array(&[(3, 1)], &[one.clone(), nan.clone(), nan])])
        .row(&[array(&[(1, 1)], &[one])])
        .end();
    let batch = only(decode(&plan(&[list_of(decimal(3, 0))]), &stream, 3).unwrap());
    assert_eq!(batch.batch.num_rows(), 4);
    let positions: Vec<_> = batch.refused.iter().map(|r| (r.position, r.payload["c0"].to_string())).collect();
    assert_eq!(positions, [(3, "[\"1\",\"NaN\",\"NaN\"]".to_owned())]);
}

#[test]
fn batches_close_at_their_rows_and_bytes() {
    let rows = (0..1000).fold(Stream::new(), |stream, i| stream.row(&[int4(i), text(&"x".repeat(90))])).end();
    let mut plan = plan(&[PgType::Int4, PgType::Text]);
    plan.batch_rows = 300;
    let sizes = |plan: &_, piece| -> Vec<usize> {
        decode(plan, &rows, piece).unwrap().iter().map(|batch| batch.batch.num_rows()).collect()
    };
    assert_eq!(sizes(&plan, 10), [300, 300, 300, 100]);
    assert_eq!(sizes(&plan, usize::MAX), [300, 300, 300, 100]);
    // A row is 2 + 4 + 4 + 4 + 90 = 104 bytes.
    plan.batch_bytes = 1040;
    assert_eq!(sizes(&plan, 500), [10; 100]);
    plan.batch_bytes = 1041;
    assert_eq!(sizes(&plan, 500)[..2], [11, 11]);
    plan.batch_rows = 0;
    assert_eq!(sizes(&plan, 99_999), [1; 1000]);
}

#[test]
fn text_of_numbers_counts_against_the_bytes_of_a_batch() {
    let huge = || numeric(0, i16::MAX, 0, &[1]);
    let stream = (0..40).fold(Stream::new(), |stream, _| stream.row(&[huge()])).end();
    let mut plan = plan(&[PgType::Numeric(None)]);
    plan.batch_bytes = 1_000_000;
    let batches = decode(&plan, &stream, 64).unwrap();
    assert_eq!(batches.iter().map(|b| b.batch.num_rows()).collect::<Vec<_>>(), [8; 5]);
}

#[test]
fn a_row_whose_text_fits_into_no_batch_is_refused() {
    let huge = numeric(0, i16::MAX, 0, &[1]);
    let monster = array(&[(17_000, 1)], &vec![huge; 17_000]);
    let small = array(&[(1, 1)], &[numeric(0, 0, 0, &[1])]);
    let stream = Stream::new().row(&[int4(1), small.clone()]).row(&[int4(2), monster]).row(&[int4(3), small]).end();
    let batches = decode(&plan(&[PgType::Int4, list_of(PgType::Numeric(None))]), &stream, 1 << 20).unwrap();
    let kept: usize = batches.iter().map(|batch| batch.batch.num_rows()).sum();
    assert_eq!(kept, 2);
    let refused: Vec<_> = batches.iter().flat_map(|batch| &batch.refused).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].code.as_str(), refused[0].column.as_str()), ("value_too_large", "c1"));
    assert_eq!(refused[0].key, Some(vec![Some("2".into())]));
    assert_eq!(refused[0].payload["c1"], "(238020 bytes, left out)");
}

#[test]
fn many_refused_rows_close_a_batch() {
    let nan = || numeric(0xc000, 0, 0, &[]);
    let stream = (0..5000).fold(Stream::new(), |stream, i| stream.row(&[int4(i), nan()])).end();
    let batches = decode(&plan(&[PgType::Int4, decimal(3, 0)]), &stream, 4096).unwrap();
    assert!(batches.len() > 3);
    assert!(batches.iter().all(|batch| batch.refused.len() <= 1256 && batch.batch.num_rows() == 0));
    assert_eq!(batches.iter().map(|batch| batch.refused.len()).sum::<usize>(), 5000);
}

#[test]
fn headers() {
    let plan = plan(&[PgType::Int4]);
    let row = |mut head: Vec<u8>| {
        head.extend(&Stream::new().row(&[int4(5)]).end()[19..]);
        head
    };
    // Ignorable flags and an extension are passed over.
    let mut head = Stream::new().0[..11].to_vec();
    head.extend([0, 0, 0, 3, 0, 0, 0, 4, 9, 9, 9, 9]);
    assert_eq!(only(decode(&plan, &row(head), 2).unwrap()).batch.num_rows(), 1);
    let mut oids = Stream::new().0;
    oids[12] = 1;
    assert_eq!(decode(&plan, &row(oids), 100).unwrap_err(), DecodeError::Flags(0x1_0000));
    let mut negative = Stream::new().0;
    negative[15] = 0x80;
    assert!(matches!(decode(&plan, &row(negative), 100).unwrap_err(), DecodeError::Extension(_)));
    assert_eq!(decode(&plan, b"COPY 1\n and some more text", 100).unwrap_err(), DecodeError::Signature);
}

#[test]
fn errors_name_the_place() {
    let plan = plan(&[PgType::Int4, PgType::Text]);
    let head = |stream: Stream| stream.row(&[int4(1), text("ab")]);
    // Rows begin at byte 19; a row is 2 + 4 + 4 + 4 + 2 = 16 bytes long.
    let too_few = head(Stream::new()).row(&[int4(1)]).end();
    let expected = DecodeError::FieldCount { offset: 35, row: 2, found: 1, expected: 2 };
    assert_eq!(decode(&plan, &too_few, 4).unwrap_err(), expected);
    let wrong_length = head(Stream::new()).row(&[Some(vec![0; 3]), None]).end();
    let error = decode(&plan, &wrong_length, 4).unwrap_err();
    assert!(matches!(&error, DecodeError::Value { offset: 41, row: 2, column, .. } if column == "c0"), "{error}");
    let mut negative = head(Stream::new()).0;
    negative.extend([0, 2, 0xff, 0xff, 0xff, 0xfe]);
    let expected = DecodeError::FieldLength { offset: 37, row: 2, field: 1, found: -2 };
    assert_eq!(decode(&plan, &negative, 4).unwrap_err(), expected);
    assert_eq!(decode(&plan, &head(Stream::new()).0, 4).unwrap_err(), DecodeError::Truncated { offset: 35, rows: 1 });
    let mut trailing = head(Stream::new()).end();
    trailing.push(0);
    assert_eq!(decode(&plan, &trailing, 4).unwrap_err(), DecodeError::Trailing { offset: 37 });
}

#[test]
fn an_error_stays() {
    let mut decoder = Decoder::new(&plan(&[PgType::Int4])).unwrap();
    assert_eq!(decoder.push(&[0; 20]), Err(DecodeError::Signature));
    assert_eq!(decoder.push(&Stream::new().end()), Err(DecodeError::Signature));
    assert_eq!(decoder.finish(), Err(DecodeError::Signature));
}

#[test]
fn malformed_values_are_errors_of_their_type() {
    let cases = [
        (PgType::Jsonb, text("\u{2}{}")),
        (PgType::Jsonb, text("")),
        (PgType::Time, int8(DAY + 1)),
        (PgType::Time, int8(-1)),
        (PgType::Date, int4(i32::MAX - 1)),
        (PgType::Timestamp, int8(i64::MIN + 1)),
        (PgType::Bool, Some(vec![])),
        (decimal(3, 0), Some(vec![0; 7])),
        (decimal(3, 0), numeric(0, 0, 0, &[10_000])),
        (decimal(3, 0), numeric(0x8000, 0, 0, &[1])),
        (PgType::Numeric(None), numeric(0, 0, 0x4000, &[1])),
        (PgType::Numeric(None), Some(vec![0, 2, 0, 0, 0, 0, 0, 0, 0, 1])),
        (list_of(PgType::Int4), array(&[(2, 1)], &[int4(1)])),
        (list_of(PgType::Int4), array(&[(1, 1)], &[int4(1), int4(2)])),
        (list_of(PgType::Int4), array(&[(i32::MAX, 1), (i32::MAX, 1)], &[])),
        (list_of(PgType::Int4), array(&[(-1, 1)], &[])),
        (list_of(PgType::Int4), array(&[(1, 1)], &[int8(1)])),
        (list_of(PgType::Int4), array(&[(1, 1); 7], &[int4(1)])),
        (list_of(PgType::Int4), Some(vec![0; 5])),
    ];
    for (ty, field) in cases {
        let stream = Stream::new().row(&[int4(1), None]).row(&[int4(2), field.clone()]).end();
        let error = decode(&plan(&[PgType::Int4, ty.clone()]), &stream, 11).unwrap_err();
        let right_place = matches!(&error, DecodeError::Value { row: 2, column, .. } if column == "c1");
        assert!(right_place, "{ty} {field:?}: {error}");
    }
}

#[test]
fn a_type_outside_the_map_is_refused_by_name() {
    let plan = plan(&[PgType::Int4, PgType::Other { oid: 600, name: "point".into() }]);
    let error = Decoder::new(&plan).unwrap_err();
    assert!(error.to_string().contains("point"), "{error}");
}

#[test]
fn uuids_carry_their_extension_name_also_in_lists() {
    let types = [PgType::Uuid, list_of(PgType::Uuid)];
    let one = Some(vec![7; 16]);
    let stream = Stream::new().row(&[one.clone(), array(&[(2, 1)], &[one, None])]).end();
    let batch = only(decode(&plan(&types), &stream, 64).unwrap()).batch;
    let schema = batch.schema();
    assert_eq!(schema.field(0).metadata()["ARROW:extension:name"], "arrow.uuid");
    let arrow::datatypes::DataType::List(item) = batch.column(1).data_type() else { panic!("no list") };
    assert_eq!(item.metadata()["ARROW:extension:name"], "arrow.uuid");
}

#[test]
fn two_halves_of_a_character_are_two_texts_that_are_none() {
    let half = |byte| Some(vec![byte]);
    let rows = [text("ä"), half(0xc3), half(0xa4), text("ö"), text("")];
    let stream = rows.iter().fold(Stream::new(), |stream, field| stream.row(std::slice::from_ref(field))).end();
    let batch = only(decode(&plan(&[PgType::Text]), &stream, 64).unwrap());
    let kept: Vec<_> = (0..3).map(|row| value_text(batch.batch.column(0), row).unwrap()).collect();
    assert_eq!(kept, ["ä", "ö", ""]);
    let codes: Vec<_> = batch.refused.iter().map(|r| (r.position, r.code.as_str())).collect();
    assert_eq!(codes, [(1, "invalid_utf8"), (1, "invalid_utf8")]);
}

#[test]
fn a_row_larger_than_any_piece_is_put_together() {
    let long = "ä".repeat(3_000_000);
    let stream = Stream::new().row(&[text("a")]).row(&[text(&long)]).row(&[text("z")]).end();
    for piece in [1000, 1 << 20, usize::MAX] {
        let batch = only(decode(&plan(&[PgType::Text]), &stream, piece).unwrap());
        assert_eq!(value_text(batch.batch.column(0), 1).unwrap(), long);
        assert_eq!(value_text(batch.batch.column(0), 2).unwrap(), "z");
    }
}

#[test]
fn an_empty_table_gives_no_batch() {
    assert!(decode(&plan(&[PgType::Int4]), &Stream::new().end(), 3).unwrap().is_empty());
}
