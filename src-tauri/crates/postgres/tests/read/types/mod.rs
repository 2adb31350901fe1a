//! Every type of the map, with the server as the oracle: values are written as literals, read with COPY, printed, and
//! compared with what the server prints for its own.

mod back;
mod plain;
mod rich;

use crate::reading::{plan, read_once};
use arrow::array::{Array, AsArray};
use firn_catalog::text::value_text;
use firn_catalog::{PgType, TableName};
use firn_connector::{ReadBatch, ReadScope, Source};
use firn_postgres::PostgresSource;
use firn_testbed::Cluster;
use futures::FutureExt as _;
use plain::Column;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use tokio::runtime::Runtime;

/// Writes the values of one column, reads them back, and lets the server say which differ.
async fn check(pool: &PgPool, column: &Column, values: &[Option<String>]) {
    let sql = column.sql;
    execute(pool, "DROP TABLE IF EXISTS held; DROP TABLE IF EXISTS printed").await;
    execute(pool, &format!("CREATE TABLE held (id int PRIMARY KEY, v {sql})")).await;
    let ids: Vec<i32> = (0..).take(values.len()).collect();
    let insert = format!("INSERT INTO held SELECT id, v::{sql} FROM unnest($1::int[], $2::text[]) AS x (id, v)");
    sqlx::query(AssertSqlSafe(insert)).bind(&ids).bind(values).execute(pool).await.unwrap();

    let source = PostgresSource::new(pool.clone());
    let inspected = source.inspect(&TableName::new("public", "held"), &BTreeMap::new(), None).await.unwrap();
    assert_eq!(inspected.columns[1].ty, column.ty, "{sql}");
    let plan = plan("held", &[("id", PgType::Int4), ("v", column.ty.clone())]);
    let batches = read_once(pool, &plan, ReadScope::Whole).await.unwrap();
    let refused: Vec<_> = batches.iter().flat_map(|batch| &batch.refused).collect();
    assert!(refused.is_empty(), "{sql}: {refused:?}");
    let rows: usize = batches.iter().map(|batch| batch.batch.num_rows()).sum();
    assert_eq!(rows, values.len(), "{sql}");

    if matches!(&column.ty, PgType::Array(item) if is_text(item)) {
        check_elements(pool, column, &batches).await;
    } else {
        check_values(pool, column, &batches).await;
    }
    back::check(pool, column, &batches).await;
}

/// Floats are printed by other rules of exponents than the server's: the text has to read back to the same value. All
/// other types are printed by the server's own rules.
fn same_text(ty: &PgType) -> bool {
    // What is not text is written as a literal; xml is printed without its encoding.
    is_text(ty) && !matches!(ty.base(), PgType::Float4 | PgType::Float8 | PgType::Money(_) | PgType::Xml)
}

/// Returns whether [`value_text`] writes a value of this type as a literal.
fn is_text(ty: &PgType) -> bool {
    !matches!(
        ty.base(),
        PgType::Array(_)
            | PgType::Composite(..)
            | PgType::Hstore
            | PgType::Point
            | PgType::Geometry
            | PgType::Geography
    )
}

/// Writes a value as the literal that the server reads back, whatever it is made of.
fn literal(ty: &PgType, array: &dyn Array, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    Some(match ty.base() {
        PgType::Array(item) => {
            let items = array.as_list::<i32>().value(row);
            let item = |at| match (&**item, literal(item, &items, at)) {
                (PgType::Array(_), Some(list)) => list,
                (_, Some(text)) => quoted(&text),
                (_, None) => "NULL".to_owned(),
            };
            let delimiter = match innermost(ty) {
                PgType::Box => ";",
                PgType::Geometry | PgType::Geography => ":",
                _ => ",",
            };
            format!("{{{}}}", (0..items.len()).map(item).collect::<Vec<_>>().join(delimiter))
        }
        PgType::Composite(_, attributes) => {
            let parts = attributes.iter().zip(array.as_struct().columns());
            let parts: Vec<String> = parts
                .map(|((_, ty), column)| literal(ty, column, row).map_or(String::new(), |text| quoted(&text)))
                .collect();
            format!("({})", parts.join(","))
        }
        PgType::Hstore => {
            let pairs = array.as_map().value(row);
            let text = |column: usize, at| value_text(pairs.column(column), at);
            let pair = |at| {
                let value = text(1, at).map_or("NULL".to_owned(), |value| quoted(&value));
                format!("{}=>{value}", quoted(&text(0, at).unwrap()))
            };
            (0..pairs.len()).map(pair).collect::<Vec<_>>().join(",")
        }
        PgType::Point => {
            let axes = array.as_struct();
            format!("({},{})", value_text(axes.column(0), row).unwrap(), value_text(axes.column(1), row).unwrap())
        }
        PgType::Geometry | PgType::Geography => value_text(array, row).unwrap().trim_start_matches("\\x").to_owned(),
        _ => value_text(array, row).unwrap(),
    })
}

fn innermost(ty: &PgType) -> &PgType {
    match ty {
        PgType::Array(item) => innermost(item),
        other => other,
    }
}

async fn check_values(pool: &PgPool, column: &Column, batches: &[ReadBatch]) {
    let (mut ids, mut texts) = (Vec::new(), Vec::new());
    for batch in batches {
        for row in 0..batch.batch.num_rows() {
            ids.push(id(batch, row));
            texts.push(literal(&column.ty, batch.batch.column(1), row));
        }
    }
    execute(pool, "CREATE TABLE printed (id int PRIMARY KEY, t text)").await;
    let insert = "INSERT INTO printed SELECT * FROM unnest($1::int[], $2::text[])";
    sqlx::query(insert).bind(&ids).bind(&texts).execute(pool).await.unwrap();
    // format('%s') prints with the type's own output function; a cast to text would cut the blanks of char(n).
    let direct = if same_text(&column.ty) { "OR t IS DISTINCT FROM format('%s', v)" } else { "" };
    let differing = format!(
        "SELECT left(format('%s', v), 200), left(t, 200) FROM held FULL JOIN printed USING (id) \
         WHERE num_nulls(v) <> num_nulls(t) OR num_nulls(v) = 0 AND (format('%s', t::{}) IS DISTINCT FROM format('%s', v) {direct})",
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

/// Makes a database with the types that are tried. One of its own for each test: tests of one process share a server, and
/// two of them that make one extension meet.
async fn prepare(database: &str) -> PgPool {
    let cluster = Cluster::shared().unwrap();
    cluster.database(database).unwrap();
    let pool = cluster.pool(database).await.unwrap();
    let types = "CREATE TYPE mood AS ENUM ('sad', 'it''s \\ok', '日本', ''); \
                 CREATE DOMAIN cents AS numeric(10,2) CHECK (VALUE >= 0); \
                 CREATE DOMAIN word AS text CHECK (length(VALUE) < 50); CREATE DOMAIN deep AS word CHECK (VALUE <> '')";
    execute(&pool, types).await;
    execute(&pool, rich::SETUP).await;
    pool
}

#[test]
fn edge_values_of_every_type_arrive_as_the_server_prints_them() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let pool = prepare("edges").await;
        // Every type is tried, so that one failure does not hide another.
        let mut failed = Vec::new();
        for column in plain::columns().into_iter().chain(rich::columns()) {
            let mut values: Vec<Option<String>> = column.edges.iter().cloned().map(Some).collect();
            values.push(None);
            if AssertUnwindSafe(check(&pool, &column, &values)).catch_unwind().await.is_err() {
                failed.push(column.sql);
            }
        }
        assert!(failed.is_empty(), "{failed:?}");
    });
}

/// Tries random values of types in a database of their own.
fn random_values(columns: Vec<Column>, database: &str) {
    let runtime = Runtime::new().unwrap();
    let pool = runtime.block_on(prepare(database));
    for column in columns {
        let values = prop::collection::vec(prop::option::weighted(0.9, column.random.clone()), 1..120);
        let mut runner = TestRunner::new(Config { cases: 5, failure_persistence: None, ..Config::default() });
        runner
            .run(&values, |values| {
                runtime.block_on(check(&pool, &column, &values));
                Ok(())
            })
            .unwrap_or_else(|failure| panic!("{}: {failure}", column.sql));
    }
}

#[test]
fn random_values_of_plain_types_arrive_as_the_server_prints_them() {
    random_values(plain::columns(), "plain");
}

#[test]
fn random_values_of_rich_types_arrive_as_the_server_prints_them() {
    random_values(rich::columns(), "rich");
}
