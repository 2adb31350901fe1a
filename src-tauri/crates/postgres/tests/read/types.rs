//! Every type of the map, with the server as the oracle: values are written as literals, read with COPY, printed, and
//! compared with what the server prints for its own.

use crate::reading::{plan, read_once};
use arrow::array::{Array, AsArray};
use firn_catalog::text::value_text;
use firn_catalog::{Numeric, PgType};
use firn_connector::{ReadBatch, ReadScope};
use firn_testbed::Cluster;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;
use tokio::runtime::Runtime;

/// A column of the test: its type for the server and for the plan, and its values as literals.
struct Column {
    sql: &'static str,
    ty: PgType,
    edges: Vec<String>,
    random: BoxedStrategy<String>,
}

fn column<S: AsRef<str>>(sql: &'static str, ty: PgType, edges: &[S], random: BoxedStrategy<String>) -> Column {
    Column { sql, ty, edges: edges.iter().map(|edge| edge.as_ref().to_owned()).collect(), random }
}

fn decimal(precision: u16, scale: i16) -> PgType {
    PgType::Numeric(Some(Numeric { precision, scale }))
}

/// Text without U+0000, which no server stores.
fn text() -> BoxedStrategy<String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        "(\\\\|N|'|\"|,|\\{|\\}|NULL| |\n|\t){0,8}",
        "[\u{10000}-\u{10ffff}]{1,5}"
    ]
    .prop_map(|text| text.replace('\0', ""))
    .boxed()
}

fn digits(whole: usize, fraction: usize) -> BoxedStrategy<String> {
    let digit = |most: usize| prop::collection::vec(0_u8..10, 0..=most);
    (any::<bool>(), digit(whole), digit(fraction))
        .prop_map(|(minus, whole, fraction)| {
            let print = |digits: &[u8]| digits.iter().map(|d| char::from(b'0' + d)).collect::<String>();
            format!("{}0{}.{}0", if minus { "-" } else { "" }, print(&whole), print(&fraction))
        })
        .boxed()
}

fn date() -> BoxedStrategy<String> {
    (-4712_i32..5_874_897, 1..=12, 1..=28)
        .prop_map(|(year, month, day)| {
            let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
            format!("{year:04}-{month:02}-{day:02}{era}")
        })
        .boxed()
}

fn time() -> BoxedStrategy<String> {
    (0..24, 0..60, 0..60, 0..1_000_000).prop_map(|(h, m, s, f)| format!("{h:02}:{m:02}:{s:02}.{f:06}")).boxed()
}

fn moment() -> BoxedStrategy<String> {
    (-4712_i32..294_247, 1..=12, 1..=28, time())
        .prop_map(|(year, month, day, time)| {
            let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
            format!("{year:04}-{month:02}-{day:02} {time}{era}")
        })
        .boxed()
}

fn bytes() -> BoxedStrategy<String> {
    let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    prop::collection::vec(any::<u8>(), 0..50).prop_map(move |bytes| format!("\\x{}", hex(bytes))).boxed()
}

fn json() -> BoxedStrategy<String> {
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
fn array(element: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop::collection::vec(prop::option::weighted(0.8, element), 0..6)
        .prop_map(|items| {
            let quote = |text: String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let items: Vec<String> = items.into_iter().map(|item| item.map_or("NULL".to_owned(), quote)).collect();
            format!("{{{}}}", items.join(","))
        })
        .boxed()
}

fn list(item: PgType) -> PgType {
    PgType::Array(Box::new(item))
}

fn columns() -> Vec<Column> {
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

/// Writes the values of one column, reads them back, and lets the server say which differ.
async fn check(pool: &PgPool, column: &Column, values: &[Option<String>]) {
    let sql = column.sql;
    execute(pool, "DROP TABLE IF EXISTS held; DROP TABLE IF EXISTS printed").await;
    execute(pool, &format!("CREATE TABLE held (id int PRIMARY KEY, v {sql})")).await;
    let ids: Vec<i32> = (0..).take(values.len()).collect();
    let insert = format!("INSERT INTO held SELECT id, v::{sql} FROM unnest($1::int[], $2::text[]) AS x (id, v)");
    sqlx::query(AssertSqlSafe(insert)).bind(&ids).bind(values).execute(pool).await.unwrap();

    let plan = plan("held", &[("id", PgType::Int4), ("v", column.ty.clone())]);
    let batches = read_once(pool, &plan, ReadScope::Whole).await.unwrap();
    let refused: Vec<_> = batches.iter().flat_map(|batch| &batch.refused).collect();
    assert!(refused.is_empty(), "{sql}: {refused:?}");
    let rows: usize = batches.iter().map(|batch| batch.batch.num_rows()).sum();
    assert_eq!(rows, values.len(), "{sql}");

    if matches!(column.ty, PgType::Array(_)) {
        check_elements(pool, column, &batches).await;
    } else {
        check_values(pool, column, &batches).await;
    }
}

/// Floats are printed by other rules of exponents than the server's: the text has to read back to the same value. All
/// other types are printed by the server's own rules.
fn same_text(ty: &PgType) -> bool {
    !matches!(ty.base(), PgType::Float4 | PgType::Float8)
}

async fn check_values(pool: &PgPool, column: &Column, batches: &[ReadBatch]) {
    let (mut ids, mut texts) = (Vec::new(), Vec::new());
    for batch in batches {
        for row in 0..batch.batch.num_rows() {
            ids.push(id(batch, row));
            texts.push(value_text(batch.batch.column(1), row));
        }
    }
    execute(pool, "CREATE TABLE printed (id int PRIMARY KEY, t text)").await;
    let insert = "INSERT INTO printed SELECT * FROM unnest($1::int[], $2::text[])";
    sqlx::query(insert).bind(&ids).bind(&texts).execute(pool).await.unwrap();
    // format('%s') prints with the type's own output function; a cast to text would cut the blanks of char(n).
    let direct = if same_text(&column.ty) { "OR t IS DISTINCT FROM format('%s', v)" } else { "" };
    let differing = format!(
        "SELECT left(format('%s', v), 200), left(t, 200) FROM held FULL JOIN printed USING (id) \
         WHERE (v IS NULL) <> (t IS NULL) OR v IS NOT NULL AND (format('%s', t::{}) IS DISTINCT FROM format('%s', v) {direct})",
        column.sql
    );
    assert_none(pool, column.sql, &differing).await;
}

async fn check_elements(pool: &PgPool, column: &Column, batches: &[ReadBatch]) {
    let (mut ids, mut lengths) = (Vec::new(), Vec::new());
    let (mut owners, mut places, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for batch in batches {
        let lists = batch.batch.column(1).as_list::<i32>();
        for row in 0..batch.batch.num_rows() {
            ids.push(id(batch, row));
            lengths.push(lists.is_valid(row).then(|| lists.value_length(row)));
            let items = lists.value(row);
            for at in 0..items.len() {
                owners.push(id(batch, row));
                places.push(at as i64 + 1);
                texts.push(value_text(&items, at));
            }
        }
    }
    execute(pool, "CREATE TABLE printed (id int, place bigint, t text, PRIMARY KEY (id, place))").await;
    let insert = "INSERT INTO printed SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[])";
    sqlx::query(insert).bind(&owners).bind(&places).bind(&texts).execute(pool).await.unwrap();
    let lengths_differ = "SELECT held.id::text, n::text FROM held FULL JOIN unnest($1::int[], $2::int[]) AS x (id, n) USING (id) \
                          WHERE cardinality(v) IS DISTINCT FROM n";
    let differing: Vec<(String, Option<String>)> =
        sqlx::query_as(lengths_differ).bind(&ids).bind(&lengths).fetch_all(pool).await.unwrap();
    assert!(differing.is_empty(), "{}: lengths {differing:?}", column.sql);

    let PgType::Array(item) = &column.ty else { panic!("not an array") };
    let element = column.sql.strip_suffix("[]").unwrap();
    let direct = if same_text(item) { "OR t IS DISTINCT FROM format('%s', e)" } else { "" };
    let differing = format!(
        "SELECT format('%s', e), t FROM (SELECT id, e, place FROM held, unnest(v) WITH ORDINALITY AS u (e, place)) AS h \
         FULL JOIN printed USING (id, place) \
         WHERE (e IS NULL) <> (t IS NULL) OR e IS NOT NULL AND (format('%s', t::{element}) IS DISTINCT FROM format('%s', e) {direct})"
    );
    assert_none(pool, column.sql, &differing).await;
}

fn id(batch: &ReadBatch, row: usize) -> i32 {
    batch.batch.column(0).as_primitive::<arrow::datatypes::Int32Type>().value(row)
}

async fn assert_none(pool: &PgPool, sql: &str, query: &str) {
    let differing: Vec<(Option<String>, Option<String>)> =
        sqlx::query_as(AssertSqlSafe(query.to_owned())).fetch_all(pool).await.unwrap();
    assert!(differing.is_empty(), "{sql}: held and printed {differing:?}");
}

async fn execute(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await.unwrap();
}

async fn prepare(cluster: &Cluster) -> PgPool {
    let pool = cluster.pool("postgres").await.unwrap();
    let types = "CREATE TYPE mood AS ENUM ('sad', 'it''s \\ok', '日本', ''); \
                 CREATE DOMAIN cents AS numeric(10,2) CHECK (VALUE >= 0); \
                 CREATE DOMAIN word AS text CHECK (length(VALUE) < 50); CREATE DOMAIN deep AS word CHECK (VALUE <> '')";
    execute(&pool, types).await;
    pool
}

#[test]
fn edge_values_of_every_type_arrive_as_the_server_prints_them() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let pool = prepare(Cluster::shared().unwrap()).await;
        for column in columns() {
            let mut values: Vec<Option<String>> = column.edges.iter().cloned().map(Some).collect();
            values.push(None);
            check(&pool, &column, &values).await;
        }
    });
}

#[test]
fn random_values_of_every_type_arrive_as_the_server_prints_them() {
    let runtime = Runtime::new().unwrap();
    let pool = runtime.block_on(prepare(Cluster::shared().unwrap()));
    for column in columns() {
        let values = prop::collection::vec(prop::option::weighted(0.9, column.random.clone()), 1..120);
        let mut runner = TestRunner::new(Config { cases: 6, failure_persistence: None, ..Config::default() });
        runner
            .run(&values, |values| {
                runtime.block_on(check(&pool, &column, &values));
                Ok(())
            })
            .unwrap_or_else(|failure| panic!("{}: {failure}", column.sql));
    }
}
