//! Streams that no server sends: the decoder answers with an error or a batch, never with a panic.

use super::wire::{Stream, array, decode, hstore, int4, int8, numeric, plan, record, sized, text};
use firn_catalog::{Numeric, PgType};
use firn_connector::{ReadBatch, ReadPlan};
use proptest::prelude::*;

fn every_type() -> ReadPlan {
    let list = |item: PgType| PgType::Array(Box::new(item));
    let decimal = PgType::Numeric(Some(Numeric { precision: 12, scale: 2 }));
    let mut plan = plan(&[
        PgType::Int8,
        PgType::Bool,
        PgType::Int2,
        PgType::Int4,
        PgType::Float4,
        PgType::Float8,
        decimal.clone(),
        PgType::Numeric(None),
        PgType::Text,
        PgType::Bytea,
        PgType::Date,
        PgType::Time,
        PgType::Timestamptz,
        PgType::Uuid,
        PgType::Jsonb,
        list(PgType::Text),
        list(decimal.clone()),
        PgType::Interval,
        PgType::Timetz,
        PgType::Inet,
        PgType::Varbit(None),
        PgType::Tsvector,
        PgType::Tsquery,
        PgType::Range("r".into(), Box::new(PgType::Numeric(None))),
        PgType::Multirange("m".into(), Box::new(PgType::Text)),
        PgType::Hstore,
        PgType::Composite("c".into(), vec![("a".into(), decimal), ("b".into(), list(PgType::Text))]),
        list(list(PgType::Int4)),
        PgType::Vector(Some(3)),
        PgType::Halfvec(None),
        PgType::Point,
        PgType::Path,
        PgType::Money(2),
        PgType::Macaddr8,
        list(PgType::Domain("d".into(), Box::new(list(PgType::Text)))),
    ]);
    plan.row_versions = true;
    plan.batch_rows = 7;
    plan
}

/// The place of `xmin`, behind the columns of [`every_type`].
const LAST: usize = 35;

fn texts() -> BoxedStrategy<Option<Vec<u8>>> {
    prop::collection::vec(any::<Option<String>>(), 0..5)
        .prop_map(|items| {
            let items: Vec<_> = items.iter().map(|item| item.as_ref().map(|t| t.as_bytes().to_vec())).collect();
            array(&[(items.len() as i32, 1)], &items)
        })
        .boxed()
}

/// A field of any shape that the n-th column of [`every_type`] may carry.
fn field(column: usize) -> BoxedStrategy<Option<Vec<u8>>> {
    let bytes = |len: usize| prop::collection::vec(any::<u8>(), len).prop_map(Some).boxed();
    let digits = || prop::collection::vec(0_u16..10_000, 0..6);
    let number = || {
        (any::<bool>(), -3_i16..5, 0_u16..8, digits())
            .prop_map(|(minus, weight, scale, digits)| numeric(if minus { 0x4000 } else { 0 }, weight, scale, &digits))
    };
    let there = match column {
        0 => any::<i64>().prop_map(int8).boxed(),
        1 => bytes(1),
        2 => bytes(2),
        3 | 4 | LAST => bytes(4),
        5 => bytes(8),
        6 | 7 => number().boxed(),
        8 => any::<String>().prop_map(|t| text(&t)).boxed(),
        9 => prop::collection::vec(any::<u8>(), 0..80).prop_map(Some).boxed(),
        10 => (-2_000_000_i32..2_000_000_000).prop_map(int4).boxed(),
        11 => (0_i64..=86_400_000_000).prop_map(int8).boxed(),
        12 => (-211_813_488_000_000_000_i64..i64::MAX).prop_map(int8).boxed(),
        13 => bytes(16),
        14 => any::<String>().prop_map(|t| text(&format!("\u{1}{t}"))).boxed(),
        15 => texts(),
        17 => bytes(16),
        18 => (0_i64..=86_400_000_000, -57_599_i32..=57_599)
            .prop_map(|(micros, zone)| Some([&micros.to_be_bytes()[..], &zone.to_be_bytes()].concat()))
            .boxed(),
        19 => (any::<[u8; 4]>(), 0_u8..=32).prop_map(|(a, mask)| Some([&[2, mask, 0, 4][..], &a].concat())).boxed(),
        20 => prop::collection::vec(any::<u8>(), 0..9)
            .prop_map(|bits| Some([&(bits.len() as i32 * 8).to_be_bytes()[..], &bits].concat()))
            .boxed(),
        21 => "[a-z']{1,5}"
            .prop_map(|word| Some([&[0, 0, 0, 1][..], word.as_bytes(), &[0, 0, 2, 0, 1, 0x80, 7]].concat()))
            .boxed(),
        22 => "[a-z']{1,5}"
            .prop_map(|word| {
                let word = [&[1, 0, 0][..], word.as_bytes(), &[0]].concat();
                Some([&[0, 0, 0, 4, 2, 1, 2, 4, 0, 1][..], &word, &word].concat())
            })
            .boxed(),
        23 => {
            (number(), number()).prop_map(|(low, high)| Some([&[2][..], &sized(&low), &sized(&high)].concat())).boxed()
        }
        24 => any::<String>()
            .prop_map(|bound| {
                let range = [&[0x10][..], &sized(&text(&bound))].concat();
                Some([&[0, 0, 0, 1][..], &sized(&Some(range))].concat())
            })
            .boxed(),
        25 => prop::collection::vec(any::<(String, Option<String>)>(), 0..4).prop_map(|pairs| hstore(&pairs)).boxed(),
        26 => (number(), texts()).prop_map(|(price, tags)| record(&[price, tags])).boxed(),
        27 => (1..4_i32, 1..4_i32)
            .prop_map(|(rows, columns)| array(&[(rows, 1), (columns, 1)], &vec![int4(7); (rows * columns) as usize]))
            .boxed(),
        28 => any::<[u8; 12]>().prop_map(|floats| Some([&[0, 3, 0, 0][..], &floats].concat())).boxed(),
        29 => any::<[u8; 4]>().prop_map(|halves| Some([&[0, 2, 0, 0][..], &halves].concat())).boxed(),
        30 => bytes(16),
        31 => any::<[u8; 16]>().prop_map(|point| Some([&[1, 0, 0, 0, 1][..], &point].concat())).boxed(),
        32 => any::<i64>().prop_map(int8).boxed(),
        33 => bytes(8),
        34 => prop::collection::vec(texts(), 0..3).prop_map(|lists| array(&[(lists.len() as i32, 1)], &lists)).boxed(),
        _ => prop::collection::vec(number(), 0..4).prop_map(|items| array(&[(items.len() as i32, 1)], &items)).boxed(),
    };
    prop_oneof![1 => Just(None), 6 => there].boxed()
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let row = (0..=LAST).map(field).collect::<Vec<_>>();
    prop::collection::vec(row, 0..40)
        .prop_map(|rows| rows.iter().fold(Stream::new(), |stream, row| stream.row(row)).end())
}

fn same(left: &[ReadBatch], right: &[ReadBatch]) -> bool {
    // NaNs have to compare equal, too: compare what is printed.
    left.len() == right.len() && left.iter().zip(right).all(|(l, r)| format!("{l:?}") == format!("{r:?}"))
}

/// Decodes with pieces cut at the given places.
fn decode_cut(plan: &ReadPlan, stream: &[u8], cuts: &[prop::sample::Index]) -> Vec<ReadBatch> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    places.extend([0, stream.len()]);
    places.sort_unstable();
    let mut decoder = super::Decoder::new(plan).unwrap();
    let mut batches = Vec::new();
    for place in places.windows(2) {
        decoder.push(&stream[place[0]..place[1]]).unwrap();
        batches.extend(std::iter::from_fn(|| decoder.next_batch()));
    }
    decoder.finish().unwrap();
    batches.extend(std::iter::from_fn(|| decoder.next_batch()));
    batches
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_split_of_a_stream_decodes_to_the_same(stream in stream(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..30)) {
        let plan = every_type();
        let whole = decode(&plan, &stream, usize::MAX).unwrap();
        prop_assert!(same(&whole, &decode_cut(&plan, &stream, &cuts)));
        prop_assert!(same(&whole, &decode(&plan, &stream, 1).unwrap()));
    }

    #[test]
    fn a_truncated_stream_is_an_error(stream in stream(), cut in any::<prop::sample::Index>()) {
        let end = cut.index(stream.len());
        prop_assert!(decode(&every_type(), &stream[..end], 100).is_err());
    }

    #[test]
    fn flipped_bits_do_not_panic(stream in stream(), flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..6)) {
        let mut stream = stream;
        for (place, bit) in flips {
            let place = place.index(stream.len());
            stream[place] ^= 1_u8 << bit;
        }
        let _outcome = decode(&every_type(), &stream, 1000);
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), with_header in any::<bool>()) {
        let mut stream = if with_header { Stream::new().0 } else { Vec::new() };
        stream.extend(bytes);
        let _outcome = decode(&every_type(), &stream, 33);
    }

    #[test]
    fn arbitrary_values_do_not_panic(rows in prop::collection::vec(prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..40)), LAST + 1), 1..4)) {
        let stream = rows.iter().fold(Stream::new(), |stream, row| stream.row(row)).end();
        let _outcome = decode(&every_type(), &stream, 1000);
    }

    /// Each type alone, so that a value of another column does not end the stream first.
    #[test]
    fn arbitrary_values_of_each_type_do_not_panic(values in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..40)), 1..9)) {
        for column in every_type().columns {
            let stream = values.iter().fold(Stream::new(), |stream, value| stream.row(std::slice::from_ref(value))).end();
            let _outcome = decode(&plan(&[column.ty]), &stream, 64);
        }
    }
}

#[test]
fn a_promise_of_much_data_allocates_nothing() {
    // One field that says it is 2 GiB − 1 long, and an array that says it has 2^31 − 1 elements.
    let mut long = Stream::new().0;
    long.extend([0, 1, 0x7f, 0xff, 0xff, 0xf0, 1, 2, 3]);
    assert!(decode(&plan(&[PgType::Text]), &long, 4).is_err());
    let many = Stream::new().row(&[array(&[(i32::MAX, 1)], &[int4(1)])]).end();
    assert!(decode(&plan(&[PgType::Array(Box::new(PgType::Int4))]), &many, 4).is_err());
    // Lists without an item each, 2^31 − 1 of them, and counts of parts that are not there.
    let grid = PgType::Array(Box::new(PgType::Array(Box::new(PgType::Int4))));
    let empty = Stream::new().row(&[array(&[(i32::MAX, 1), (0, 1)], &[])]).end();
    assert!(decode(&plan(&[grid]), &empty, 4).is_err());
    let promise = Stream::new().row(&[int4(i32::MAX)]).end();
    let counted = [PgType::Hstore, PgType::Tsvector, PgType::Tsquery, PgType::Varbit(None), PgType::Polygon];
    for ty in counted {
        assert!(decode(&plan(&[ty]), &promise, 4).is_err());
    }
}
