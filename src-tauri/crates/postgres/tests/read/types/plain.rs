//! Types that PostgreSQL and every other database have: numbers, texts, moments, arrays of them.

use firn_catalog::{Numeric, PgType};
use proptest::prelude::*;

/// A column of the test: its type for the server and for the plan, and its values as literals.
pub struct Column {
    pub sql: &'static str,
    pub ty: PgType,
    pub edges: Vec<String>,
    pub random: BoxedStrategy<String>,
}

pub fn column<S: AsRef<str>>(sql: &'static str, ty: PgType, edges: &[S], random: BoxedStrategy<String>) -> Column {
    Column { sql, ty, edges: edges.iter().map(|edge| edge.as_ref().to_owned()).collect(), random }
}

pub fn decimal(precision: u16, scale: i16) -> PgType {
    PgType::Numeric(Some(Numeric { precision, scale }))
}

/// Text without U+0000, which no server stores.
pub fn text() -> BoxedStrategy<String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        "(\\\\|N|'|\"|,|\\{|\\}|NULL| |\n|\t){0,8}",
        "[\u{10000}-\u{10ffff}]{1,5}"
    ]
    .prop_map(|text| text.replace('\0', ""))
    .boxed()
}

pub fn digits(whole: usize, fraction: usize) -> BoxedStrategy<String> {
    let digit = |most: usize| prop::collection::vec(0_u8..10, 0..=most);
    (any::<bool>(), digit(whole), digit(fraction))
        .prop_map(|(minus, whole, fraction)| {
            let print = |digits: &[u8]| digits.iter().map(|d| char::from(b'0' + d)).collect::<String>();
            format!("{}0{}.{}0", if minus { "-" } else { "" }, print(&whole), print(&fraction))
        })
        .boxed()
}

pub fn date() -> BoxedStrategy<String> {
    (-4712_i32..5_874_897, 1..=12, 1..=28)
        .prop_map(|(year, month, day)| {
            let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
            format!("{year:04}-{month:02}-{day:02}{era}")
        })
        .boxed()
}

pub fn time() -> BoxedStrategy<String> {
    (0..24, 0..60, 0..60, 0..1_000_000).prop_map(|(h, m, s, f)| format!("{h:02}:{m:02}:{s:02}.{f:06}")).boxed()
}

pub fn moment() -> BoxedStrategy<String> {
    (-4712_i32..294_247, 1..=12, 1..=28, time())
        .prop_map(|(year, month, day, time)| {
            let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
            format!("{year:04}-{month:02}-{day:02} {time}{era}")
        })
        .boxed()
}

pub fn bytes() -> BoxedStrategy<String> {
    let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    prop::collection::vec(any::<u8>(), 0..50).prop_map(move |bytes| format!("\\x{}", hex(bytes))).boxed()
}

pub fn json() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        text().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map("[a-zä\"\\\\]{0,4}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
    .prop_map(|value| value.to_string())
    .boxed()
}

/// An array literal of quoted elements, with NULLs.
pub fn array(element: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop::collection::vec(prop::option::weighted(0.8, element), 0..6)
        .prop_map(|items| {
            let quote = |text: String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let items: Vec<String> = items.into_iter().map(|item| item.map_or("NULL".to_owned(), quote)).collect();
            format!("{{{}}}", items.join(","))
        })
        .boxed()
}

pub fn list(item: PgType) -> PgType {
    PgType::Array(Box::new(item))
}

pub fn columns() -> Vec<Column> {
    let longest_numeric = format!("{}.{}", "9".repeat(131_072), "7".repeat(16_383));
    let enumeration = || PgType::Enum("public.mood".into());
    let domain = |name: &str, base| PgType::Domain(format!("public.{name}"), Box::new(base));
    let float = || any::<f64>().prop_map(|v| v.to_string()).boxed();
    let printed = |range: std::ops::RangeInclusive<i64>| range.prop_map(|v| v.to_string()).boxed();
    let mood = || prop::sample::select(vec!["sad", "it's \\ok", "日本", ""]).prop_map(str::to_owned).boxed();
    let uuid = || any::<[u8; 16]>().prop_map(|b| b.iter().map(|b| format!("{b:02x}")).collect::<String>()).boxed();
    vec![
        column("boolean", PgType::Bool, &["t", "f"], any::<bool>().prop_map(|b| b.to_string()).boxed()),
        column("smallint", PgType::Int2, &["-32768", "32767"], printed(-32768..=32767)),
        column("integer", PgType::Int4, &["-2147483648", "2147483647"], printed(-2_147_483_648..=2_147_483_647)),
        column("bigint", PgType::Int8, &["-9223372036854775808", "9223372036854775807"], printed(i64::MIN..=i64::MAX)),
        column(
            "real",
            PgType::Float4,
            &["NaN", "Infinity", "-Infinity", "-0", "1e-45", "3.4028235e38"],
            any::<f32>().prop_map(|v| v.to_string()).boxed(),
        ),
        column(
            "double precision",
            PgType::Float8,
            &["NaN", "Infinity", "-Infinity", "-0", "5e-324", "1.7976931348623157e308"],
            float(),
        ),
        column(
            "numeric(12,2)",
            decimal(12, 2),
            &["0", "-0.01", "9999999999.99", "0.10", "10000", "-100000000"],
            digits(8, 2),
        ),
        column(
            "numeric(38,0)",
            decimal(38, 0),
            &["9".repeat(38), format!("-{}", "9".repeat(38)), "1e37".into()],
            digits(36, 0),
        ),
        column(
            "numeric(38,38)",
            decimal(38, 38),
            &[format!("0.{}", "9".repeat(38)), "-1e-38".into(), "0".into()],
            digits(0, 36),
        ),
        column(
            "numeric(30,15)",
            decimal(30, 15),
            &["-0.000000000000001", "999999999999999.999999999999999"],
            digits(13, 13),
        ),
        column("numeric(5,-2)", decimal(5, -2), &["9999900", "-100", "0"], digits(6, 3)),
        column("numeric(3,5)", decimal(3, 5), &["0.00999", "-0.00001"], Just("0.001".to_owned()).boxed()),
        column("numeric(60,30)", decimal(60, 30), &["NaN", "1e29", "-1e-30"], digits(28, 28)),
        column(
            "numeric",
            PgType::Numeric(None),
            &[
                "NaN",
                "Infinity",
                "-Infinity",
                "0",
                "0.000",
                "-1.50",
                "1e20",
                "1e-20",
                "10000.00010000",
                &longest_numeric,
            ],
            digits(60, 60),
        ),
        column("text", PgType::Text, &["", "\\N", "NULL", "\\.", "a\tb\nc", "🜁", "'", "\u{feff}"], text()),
        column("varchar(20)", PgType::Varchar(Some(20)), &["", "äöü"], "[^\u{0}]{0,20}".boxed()),
        column("char(8)", PgType::Char(Some(8)), &["", "a", "  b", "äöüßäöüß"], "[a-zä ]{0,8}".boxed()),
        column("bytea", PgType::Bytea, &["\\x", "\\x00", "\\x5c4e"], bytes()),
        column(
            "date",
            PgType::Date,
            &["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "0001-01-01", "0001-12-31 BC"],
            date(),
        ),
        column("time", PgType::Time, &["24:00:00", "00:00:00", "23:59:59.999999"], time()),
        column(
            "timestamp",
            PgType::Timestamp,
            &[
                "infinity",
                "-infinity",
                "4713-01-01 00:00:00 BC",
                "294246-12-31 23:59:59.999999",
                "1969-12-31 23:59:59.999999",
            ],
            moment(),
        ),
        column(
            "timestamptz",
            PgType::Timestamptz,
            &[
                "infinity",
                "-infinity",
                "4713-01-02 00:00:00+00 BC",
                "294246-12-31 23:59:59.999999+00",
                "2024-01-01 00:00:00+13:45",
            ],
            moment(),
        ),
        column(
            "uuid",
            PgType::Uuid,
            &["00000000-0000-0000-0000-000000000000", "ffffffffffffffffffffffffffffffff"],
            uuid(),
        ),
        column("json", PgType::Json, &["{ \"b\" : 1, \"a\":[ ] }", "1e400", "\"\\u00e4\"", " null "], json()),
        column("jsonb", PgType::Jsonb, &["{ \"b\" : 1, \"a\":[ ] }", "1e40", "\"\\u00e4\"", "null", "0.10"], json()),
        column("mood", enumeration(), &["sad", "it's \\ok", "日本", ""], mood()),
        column(
            "cents",
            domain("cents", decimal(10, 2)),
            &["0.00", "12345678.90"],
            digits(6, 1).prop_map(|d| d.replace('-', "")).boxed(),
        ),
        column("deep", domain("deep", domain("word", PgType::Text)), &["a", "\\N"], "[a-z]{1,9}".boxed()),
        column("integer[]", list(PgType::Int4), &["{}", "{NULL}", "{1,NULL,-3}"], array(printed(-9..=9))),
        column("text[]", list(PgType::Text), &["{}", "{\"\",NULL,\"NULL\",\"\\\\N\",\"a,b\",\"{}\"}"], array(text())),
        column("numeric[]", list(PgType::Numeric(None)), &["{NaN,1.50,-Infinity}"], array(digits(20, 20))),
        column("numeric(8,3)[]", list(decimal(8, 3)), &["{1.5,NULL,0}"], array(digits(4, 2))),
        column(
            "boolean[]",
            list(PgType::Bool),
            &["{t,NULL,f}"],
            array(any::<bool>().prop_map(|b| b.to_string()).boxed()),
        ),
        column("timestamptz[]", list(PgType::Timestamptz), &["{infinity,NULL}"], array(moment())),
        column("uuid[]", list(PgType::Uuid), &["{}"], array(uuid())),
        column("jsonb[]", list(PgType::Jsonb), &["{\"{}\"}"], array(json())),
        column("bytea[]", list(PgType::Bytea), &["{}"], array(bytes())),
        column("char(3)[]", list(PgType::Char(Some(3))), &["{a,\"\"}"], array("[a-c]{0,3}".boxed())),
        column("mood[]", list(enumeration()), &["{sad,NULL,\"\"}"], array(mood())),
        column("word[]", list(domain("word", PgType::Text)), &["{a,NULL}"], array("[a-z]{1,9}".boxed())),
        column("real[]", list(PgType::Float4), &["{NaN,-0}"], array(any::<f32>().prop_map(|v| v.to_string()).boxed())),
    ]
}
