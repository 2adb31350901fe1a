//! Types of PostgreSQL's own and of its extensions: networks, ranges, geometry, text search, rows, maps, spans of time.

use super::plain::{Column, array, column, date, decimal, digits, list, moment, text, time};
use firn_catalog::PgType;
use proptest::prelude::*;

fn one_of(values: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(values).prop_map(str::to_owned).boxed()
}

fn printed<S: Strategy + 'static>(strategy: S) -> BoxedStrategy<String>
where
    S::Value: ToString,
{
    strategy.prop_map(|value| value.to_string()).boxed()
}

/// A text in double quotes, with backslashes before quotes and backslashes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn float() -> BoxedStrategy<String> {
    prop_oneof![
        printed(any::<f64>()),
        printed(-1000_i32..1000),
        printed((-1e6..1e6_f64).prop_map(|v| (v * 100.0).round() / 100.0)),
        (1_i64..10_000, -30_i32..30).prop_map(|(digits, exponent)| format!("{digits}e{exponent}")),
    ]
    .boxed()
}

fn finite() -> BoxedStrategy<String> {
    printed(-1e9..1e9_f64)
}

fn points(least: usize) -> BoxedStrategy<String> {
    prop::collection::vec((float(), float()), least..6)
        .prop_map(|points| points.iter().map(|(x, y)| format!("({x},{y})")).collect::<Vec<_>>().join(","))
        .boxed()
}

fn offset() -> impl Strategy<Value = String> {
    let small = prop_oneof![Just(0), Just(30), Just(45), 0..60_i32];
    (any::<bool>(), 0..16_i32, small, prop_oneof![3 => Just(0), 1 => 0..60_i32]).prop_map(|(west, h, m, s)| {
        let sign = if west { '-' } else { '+' };
        format!("{sign}{h:02}:{m:02}:{s:02}")
    })
}

fn address() -> BoxedStrategy<String> {
    let word = || prop_oneof![3 => Just(0_u16), 1 => Just(0xffff), 2 => any::<u16>()];
    prop_oneof![
        (any::<[u8; 4]>(), 0..=32_u8).prop_map(|([a, b, c, d], bits)| format!("{a}.{b}.{c}.{d}/{bits}")),
        (prop::collection::vec(word(), 8), 0..=128_u8).prop_map(|(words, bits)| {
            let words: Vec<String> = words.iter().map(|word| format!("{word:x}")).collect();
            format!("{}/{bits}", words.join(":"))
        }),
    ]
    .boxed()
}

fn interval() -> BoxedStrategy<String> {
    let micros = prop_oneof![
        Just(0_i64),
        -10_000_000_000..10_000_000_000_i64,
        -9_223_372_036_854_775_i64..=9_223_372_036_854_775
    ];
    let small = || prop_oneof![Just(0_i32), -40..40_i32, any::<i32>()];
    (small(), small(), micros)
        .prop_map(|(months, days, micros)| format!("{months} mons {days} days {micros} microseconds"))
        .boxed()
}

fn bits(count: std::ops::RangeInclusive<usize>) -> BoxedStrategy<String> {
    prop::collection::vec(prop::sample::select(vec!['0', '1']), count).prop_map(String::from_iter).boxed()
}

fn word() -> BoxedStrategy<String> {
    prop_oneof!["[a-zé]{1,8}", "[ -~]{1,6}".prop_filter("words are not blank", |word| !word.trim().is_empty())]
        .prop_map(|word: String| format!("'{}'", word.replace('\\', "\\\\").replace('\'', "''")))
        .boxed()
}

fn query() -> BoxedStrategy<String> {
    let leaf = (word(), one_of(&["", ":*", ":AB", ":*D"])).prop_map(|(word, flags)| format!("{word}{flags}"));
    leaf.prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|query| format!("!({query})")),
            (inner.clone(), one_of(&["&", "|", "<->", "<3>"]), inner)
                .prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})")),
        ]
    })
    .boxed()
}

fn document() -> BoxedStrategy<String> {
    let places = prop::collection::vec((1..200_u16, one_of(&["", "A", "B", "C"])), 0..4);
    let place = |places: Vec<(u16, String)>| {
        let places: Vec<String> = places.iter().map(|(at, weight)| format!("{at}{weight}")).collect();
        if places.is_empty() { String::new() } else { format!(":{}", places.join(",")) }
    };
    prop::collection::vec((word(), places), 0..8)
        .prop_map(move |words| {
            words.into_iter().map(|(word, places)| format!("{word}{}", place(places))).collect::<Vec<_>>().join(" ")
        })
        .boxed()
}

/// A range between two bounds, which the server puts into order where `sorted` says that texts compare as values.
fn range<T: PartialOrd + ToString + std::fmt::Debug + 'static>(bound: BoxedStrategy<T>) -> BoxedStrategy<String> {
    let ends = || any::<bool>();
    (prop::option::weighted(0.8, bound.clone()), prop::option::weighted(0.8, bound), ends(), ends())
        .prop_map(|(low, high, low_in, high_in)| {
            let (low, high) = match (low, high) {
                (Some(low), Some(high)) if high < low => (Some(high), Some(low)),
                other => other,
            };
            let print = |bound: Option<T>| bound.map_or(String::new(), |bound| quoted(&bound.to_string()));
            let (open, close) = (if low_in { '[' } else { '(' }, if high_in { ']' } else { ')' });
            format!("{open}{},{}{close}", print(low), print(high))
        })
        .boxed()
}

fn hstore() -> BoxedStrategy<String> {
    let pair = (text(), prop::option::weighted(0.8, text()));
    prop::collection::vec(pair, 0..6)
        .prop_map(|pairs| {
            let pair = |(key, value): (String, Option<String>)| {
                format!("{}=>{}", quoted(&key), value.map_or("NULL".to_owned(), |value| quoted(&value)))
            };
            pairs.into_iter().map(pair).collect::<Vec<_>>().join(",")
        })
        .boxed()
}

/// An array of two dimensions, `rows` × `columns`.
fn grid(element: BoxedStrategy<String>) -> BoxedStrategy<String> {
    (1..4_usize, 1..4_usize)
        .prop_flat_map(move |(rows, columns)| {
            prop::collection::vec(
                prop::collection::vec(prop::option::weighted(0.8, element.clone()), columns..=columns),
                rows..=rows,
            )
        })
        .prop_map(|rows| {
            let item = |item: Option<String>| item.map_or("NULL".to_owned(), |text| quoted(&text));
            let row =
                |row: Vec<Option<String>>| format!("{{{}}}", row.into_iter().map(item).collect::<Vec<_>>().join(","));
            format!("{{{}}}", rows.into_iter().map(row).collect::<Vec<_>>().join(","))
        })
        .boxed()
}

/// A row literal of these attributes.
fn row(attributes: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    let attributes: Vec<_> = attributes.into_iter().map(|a| prop::option::weighted(0.8, a)).collect();
    attributes
        .prop_map(|values| {
            let values: Vec<String> =
                values.into_iter().map(|v| v.map_or(String::new(), |text| quoted(&text))).collect();
            format!("({})", values.join(","))
        })
        .boxed()
}

/// What has to be there before tables with these columns can be made.
pub const SETUP: &str = "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION postgis; \
    CREATE TYPE floatrange AS RANGE (subtype = float8); CREATE TYPE \"Text Range\" AS RANGE (subtype = text); \
    CREATE TYPE netrange AS RANGE (subtype = inet); \
    CREATE TYPE small AS (n int, gone text, \"two words\" text); ALTER TYPE small DROP ATTRIBUTE gone; \
    CREATE TYPE large AS (at timestamptz, net inet, tags text[], price cents, inner_one small, grid int[][]);";

fn small() -> PgType {
    let attributes = [("n", PgType::Int4), ("two words", PgType::Text)];
    PgType::Composite("public.small".into(), attributes.map(|(name, ty)| (name.to_owned(), ty)).to_vec())
}

fn large() -> PgType {
    let attributes = [
        ("at", PgType::Timestamptz),
        ("net", PgType::Inet),
        ("tags", list(PgType::Text)),
        ("price", PgType::Domain("public.cents".into(), Box::new(decimal(10, 2)))),
        ("inner_one", small()),
        ("grid", list(list(PgType::Int4))),
    ];
    PgType::Composite("public.large".into(), attributes.map(|(name, ty)| (name.to_owned(), ty)).to_vec())
}

fn small_row() -> BoxedStrategy<String> {
    row(vec![printed(any::<i32>()), text()])
}

fn large_row() -> BoxedStrategy<String> {
    let price = digits(6, 1).prop_map(|price| price.replace('-', "")).boxed();
    row(vec![moment(), address(), array(text()), price, small_row(), grid(printed(any::<i32>()))])
}

fn ranges() -> Vec<Column> {
    let named = |name: &str, bound| PgType::Range(format!("pg_catalog.{name}"), Box::new(bound));
    let many = |name: &str, bound| PgType::Multirange(format!("pg_catalog.{name}"), Box::new(bound));
    let own = |name: &str, bound| PgType::Range(format!("public.{name}"), Box::new(bound));
    let ordered_moment = || {
        (1000_i32..9999, 1..=12, 1..=28, time())
            .prop_map(|(year, month, day, time)| format!("{year:04}-{month:02}-{day:02} {time}"))
            .boxed()
    };
    let integers = || (-1_000_000_i32..1_000_000).boxed();
    let several = |range: BoxedStrategy<String>| {
        prop::collection::vec(range, 0..4).prop_map(|ranges| format!("{{{}}}", ranges.join(","))).boxed()
    };
    vec![
        column(
            "int4range",
            named("int4range", PgType::Int4),
            &["empty", "[1,5)", "(,)", "[1,]", "(,7]"],
            range(integers()),
        ),
        column(
            "int8range",
            named("int8range", PgType::Int8),
            &["[-9223372036854775808,9223372036854775806]"],
            range(any::<i32>().boxed()),
        ),
        column(
            "numrange",
            named("numrange", PgType::Numeric(None)),
            &["[1.50,NaN)", "(-Infinity,Infinity)", "[1e100,1e130]", "[0.000,0.10]", "empty"],
            range((-1e6..1e6_f64).boxed()),
        ),
        column(
            "tsrange",
            named("tsrange", PgType::Timestamp),
            &[
                "[\"2024-01-01\",infinity)",
                "[\"0044-03-15 12:00:00 BC\",-infinity]".replace("-infinity", "\"0001-01-01\"").as_str(),
            ],
            range(ordered_moment()),
        ),
        column(
            "tstzrange",
            named("tstzrange", PgType::Timestamptz),
            &["[-infinity,infinity]", "(\"4713-01-02 00:00:00+00 BC\",\"294276-12-31 23:59:59.999999+00\"]"],
            range(ordered_moment()),
        ),
        column(
            "daterange",
            named("daterange", PgType::Date),
            &["[\"0044-03-15 BC\",5874897-12-30]", "(,infinity]"],
            range("[1-9][0-9]{3}-0[1-9]-[12][0-8]".boxed()),
        ),
        column(
            "floatrange",
            own("floatrange", PgType::Float8),
            &["[1e15,1e16)", "[-0,NaN]", "(-Infinity,0.00001]"],
            range((-1e20..1e20_f64).boxed()),
        ),
        column(
            "\"Text Range\"",
            own("Text Range", PgType::Text),
            &[
                "[\"\",\"\"]",
                "[\"\\\\\\\\\",)",
                "(\"\\\"\",)",
                "[\"a b\",\"a,b\"]".replace("a,b", "b,(").as_str(),
                "[é,)",
            ],
            text().prop_map(|bound| format!("[{},)", quoted(&bound))).boxed(),
        ),
        column("netrange", own("netrange", PgType::Inet), &["[10.0.0.1,10.0.0.9]", "[::1,)"], one_of(&["[1.2.3.4,)"])),
        column(
            "int4multirange",
            many("int4multirange", PgType::Int4),
            &["{}", "{[1,2),[5,9)}", "{(,)}"],
            several(range(integers())),
        ),
        column(
            "nummultirange",
            many("nummultirange", PgType::Numeric(None)),
            &["{[1.5,2.5),(1e50,)}"],
            several(range((-1e6..1e6_f64).boxed())),
        ),
        column(
            "tstzmultirange",
            many("tstzmultirange", PgType::Timestamptz),
            &["{[2024-01-01,2024-01-02)}"],
            several(range(ordered_moment())),
        ),
        column(
            "int4range[]",
            list(named("int4range", PgType::Int4)),
            &["{empty,NULL,\"[1,5)\"}"],
            array(range(integers())),
        ),
    ]
}

fn geometric() -> Vec<Column> {
    let line = (1..1000_i32, float(), float()).prop_map(|(a, b, c)| format!("{{{a},{b},{c}}}")).boxed();
    let pair = || (float(), float());
    let segment = (pair(), pair()).prop_map(|((a, b), (c, d))| format!("[({a},{b}),({c},{d})]")).boxed();
    let corners = (pair(), pair()).prop_map(|((a, b), (c, d))| format!("({a},{b}),({c},{d})")).boxed();
    let path = (any::<bool>(), points(1))
        .prop_map(|(open, points)| if open { format!("[{points}]") } else { format!("({points})") })
        .boxed();
    let polygon = points(1).prop_map(|points| format!("({points})")).boxed();
    let circle = (pair(), 0.0..1e9_f64).prop_map(|((x, y), r)| format!("<({x},{y}),{r}>")).boxed();
    let point = pair().prop_map(|(x, y)| format!("({x},{y})")).boxed();
    vec![
        column(
            "point",
            PgType::Point,
            &["(0,-0)", "(NaN,Infinity)", "(-Infinity,5e-324)", "(1e15,123456789012345)"],
            point.clone(),
        ),
        column("point[]", list(PgType::Point), &["{\"(1,2)\",NULL}"], array(point)),
        column("line", PgType::Line, &["{1,-1,0}", "[(0,0),(1,1e16)]"], line),
        column("lseg", PgType::Lseg, &["[(1,2),(3,4)]"], segment),
        column("box", PgType::Box, &["(1,2),(0.00001,1e+15)"], corners),
        column(
            "box[]",
            list(PgType::Box),
            &["{(1,1),(0,0);NULL;(2,2),(1,1)}"],
            Just("{(1,1),(0,0)}".to_owned()).boxed(),
        ),
        column("path", PgType::Path, &["((0,0))", "[(0,0),(1.5,2)]"], path),
        column("polygon", PgType::Polygon, &["((0,0),(1,1),(1,0))", "((1e23,9007199254740993))"], polygon),
        column("circle", PgType::Circle, &["<(1,2),0>", "<(NaN,0),Infinity>"], circle),
    ]
}

fn postgis() -> Vec<Column> {
    let shape = || {
        (finite(), finite(), one_of(&["", "SRID=4326;", "SRID=3857;"]))
            .prop_map(|(x, y, srid)| format!("{srid}LINESTRING({x} {y},1 2)"))
            .boxed()
    };
    let place = (-179..179_i32, -89..89_i32).prop_map(|(x, y)| format!("POINT({x}.5 {y}.25)")).boxed();
    vec![
        column(
            "geometry",
            PgType::Geometry,
            &["POINT EMPTY", "SRID=4326;POINTZ(1 2 3)", "GEOMETRYCOLLECTION(POINT(1 2))"],
            shape(),
        ),
        column(
            "geometry(Point,4326)",
            PgType::Geometry,
            &["SRID=4326;POINT(13.4 52.5)"],
            place.prop_map(|p| format!("SRID=4326;{p}")).boxed(),
        ),
        column("geography", PgType::Geography, &["POINT(-122.3 47.6)"], Just("POINT(1 2)".to_owned()).boxed()),
        column("geometry[]", list(PgType::Geometry), &["{POINT(1 2):NULL}"], Just("{POINT(1 2)}".to_owned()).boxed()),
    ]
}

pub fn columns() -> Vec<Column> {
    let timetz = || (time(), offset()).prop_map(|(time, offset)| format!("{time}{offset}")).boxed();
    let cidr = || (any::<[u8; 2]>()).prop_map(|[a, b]| format!("{a}.{b}.0.0/16")).boxed();
    let mac = |bytes| {
        prop::collection::vec(any::<u8>(), bytes)
            .prop_map(|b: Vec<u8>| b.iter().map(|b| format!("{b:02x}")).collect::<String>())
            .boxed()
    };
    let mut columns = vec![
        column("citext", PgType::Citext, &["", "Straße", "\\N"], text()),
        column("name", PgType::Name, &["", "two words", "äöü"], "[a-z ]{0,40}".boxed()),
        column("\"char\"", PgType::InternalChar, &["", "a", "\\", " "], "[ -~]?".boxed()),
        column(
            "timetz",
            PgType::Timetz,
            &["24:00:00+00", "00:00:00+15:59:59", "23:59:59.999999-15:59:59", "12:00:00-00:00:01", "12:00:00+05:30"],
            timetz(),
        ),
        column(
            "interval",
            PgType::Interval,
            &[
                "0",
                "1 year 2 mons -3 days 04:05:06.789",
                "-1 years -2 mons +3 days -00:00:00.000001",
                "-178000000 years",
                "-2147483648 days",
                "2562047:47:16.854775",
                "-2562047:47:16.854775",
                "1 mon -1 days",
            ],
            interval(),
        ),
        column(
            "inet",
            PgType::Inet,
            &["::", "::1", "::ffff:1.2.3.4", "::1.2.3.4", "10.1.2.3/8", "2001:db8::/32", "1::"],
            address(),
        ),
        column("cidr", PgType::Cidr, &["0.0.0.0/0", "::/0", "10.1.2.3", "2001:db8::/32"], cidr()),
        column("macaddr", PgType::Macaddr, &["08:00:2b:01:02:03"], mac(6)),
        column("macaddr8", PgType::Macaddr8, &["08:00:2b:01:02:03:04:05"], mac(8)),
        column("bit(5)", PgType::Bit(Some(5)), &["00000", "10101"], bits(5..=5)),
        column("bit varying(12)", PgType::Varbit(Some(12)), &["", "1"], bits(0..=12)),
        column("varbit", PgType::Varbit(None), &["", "10101010101010101"], bits(0..=70)),
        column(
            "xml",
            PgType::Xml,
            &["<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>é</a>", "<a/>", "only text", "", "\n<a b='1'/> "],
            "<a>[a-z é]{0,9}</a>".boxed(),
        ),
        column("ltree", PgType::Ltree, &["", "Top.Science.é"], "[a-z]{1,5}(\\.[A-Z_0-9]{1,5}){0,3}".boxed()),
        column("lquery", PgType::Lquery, &["a.*{1,2}.b|c@"], "[a-z]{1,5}(\\.\\*){0,2}".boxed()),
        column("ltxtquery", PgType::Ltxtquery, &["a & !(b* | c@)"], "[a-z]{1,5}( & [a-z]{1,5}\\*){0,2}".boxed()),
        column("tsvector", PgType::Tsvector, &["", "'it''s':1A,2B 'a b' 'c\\\\d':16383C"], document()),
        column(
            "tsquery",
            PgType::Tsquery,
            &[
                "",
                "a & b | c",
                "!(a | b)",
                "a <-> b <-> c",
                "a <-> (b <-> c)",
                "(a <2> b) & !c",
                "!!a",
                "(a|b) <-> (c & !d)",
                "'it''s':*AB",
            ],
            query(),
        ),
        column(
            "jsonpath",
            PgType::Jsonpath,
            &["$", "strict $.a[*] ? (@.\"b c\" > 1.50)", "$.x.type()"],
            one_of(&["lax $[0 to last]", "$.é"]),
        ),
        column(
            "pg_lsn",
            PgType::PgLsn,
            &["0/0", "FFFFFFFF/FFFFFFFF", "16/B374D848"],
            (any::<u32>(), any::<u32>()).prop_map(|(a, b)| format!("{a:X}/{b:X}")).boxed(),
        ),
        column("hstore", PgType::Hstore, &["", "\"a\"=>NULL,\"b\"=>\"\",\"\"=>\"\\\\N\"", "NULL=>\"NULL\""], hstore()),
        column("hstore[]", list(PgType::Hstore), &["{\"a=>1\",NULL,\"\"}"], array(hstore())),
        column("money", PgType::Money(2), &["-92233720368547758.08", "92233720368547758.07", "0"], digits(9, 1)),
        column("oid", PgType::Oid, &["0", "4294967295"], printed(any::<u32>())),
        column("regclass", PgType::Registered("regclass".into()), &["pg_class"], one_of(&["pg_type"])),
        column(
            "regtype[]",
            list(PgType::Registered("regtype".into())),
            &["{integer,NULL,\"text[]\"}"],
            one_of(&["{}"]),
        ),
        column("small", small(), &["(,)", "(1,\"\")", "(,\\\\N)", "(-5,\"a \"\"b\"\", (c)\")"], small_row()),
        column(
            "large",
            large(),
            &["(,,,,,)", "(infinity,10.0.0.1/8,\"{a,NULL}\",1.5,\"(7,x)\",\"{{1,2},{3,4}}\")"],
            large_row(),
        ),
        column("small[]", list(small()), &["{NULL,\"(1,a)\",\"(,)\"}", "{}"], array(small_row())),
        column(
            "integer[][]",
            list(list(PgType::Int4)),
            &["{}", "{{1,2},{3,NULL}}", "{{7}}"],
            grid(printed(any::<i32>())),
        ),
        column("text[][]", list(list(PgType::Text)), &["{{\"\",\"a,b\"},{NULL,\"NULL\"}}"], grid(text())),
        column(
            "numeric(8,3)[][][]",
            list(list(list(decimal(8, 3)))),
            &["{{{1.5,NULL}},{{0,2}}}"],
            Just("{{{1}}}".to_owned()).boxed(),
        ),
        column("inet[]", list(PgType::Inet), &["{::1,NULL}"], array(address())),
        column("interval[]", list(PgType::Interval), &["{\"1 mon\",NULL}"], array(interval())),
        column("timetz[]", list(PgType::Timetz), &["{24:00:00-07,NULL}"], array(timetz())),
        column("xml[]", list(PgType::Xml), &["{<a/>,NULL}"], one_of(&["{}"])),
        column("money[]", list(PgType::Money(2)), &["{1.5,NULL}"], one_of(&["{}"])),
        column("bit(3)[]", list(PgType::Bit(Some(3))), &["{101,NULL}"], array(bits(3..=3))),
        column("date[][]", list(list(PgType::Date)), &["{{infinity,-infinity}}"], grid(date())),
        column("citext[]", list(PgType::Citext), &["{A,a,NULL}"], array(text())),
    ];
    columns.extend(ranges());
    columns.extend(geometric());
    columns.extend(postgis());
    columns
}
