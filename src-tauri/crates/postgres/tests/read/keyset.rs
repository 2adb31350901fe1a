//! Reading on from a position: each row after it once, whatever the key is made of.

use crate::reading::{along, ids, plan, read, read_once, texts};
use firn_catalog::{Numeric, PgType, Watermark, WatermarkKind};
use firn_connector::{Cursor, ReadPlan, ReadScope};
use firn_postgres::snapshot::PgSnapshot;
use firn_testbed::Cluster;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;
use std::sync::Arc;

/// Reads a table from its beginning and then on from each of its rows, and compares with what is left.
async fn check_every_position(pool: &PgPool, plan: &ReadPlan) {
    let snapshot = PgSnapshot::open(pool, Arc::new(plan.clone()), 1).await.unwrap();
    let all = read(&snapshot, ReadScope::After(None)).await.unwrap();
    let (at, kind) = plan.watermark.unwrap();
    let marks = texts(&all, at);
    let rows = ids(&all);
    assert!(rows.len() > 4, "the test needs rows");
    let keys: Vec<Vec<_>> = plan.key.iter().map(|column| texts(&all, *column)).collect();
    for position in 0..rows.len() {
        let watermark = Watermark::parse(kind, marks[position].as_ref().unwrap()).unwrap();
        let key = keys.iter().map(|texts| texts[position].clone().unwrap()).collect();
        let cursor = Cursor { watermark, key: Some(key) };
        let left = ids(&read(&snapshot, ReadScope::After(Some(cursor.clone()))).await.unwrap());
        assert_eq!(left, rows[position + 1..], "after {cursor:?}");
        let before = ids(&read(&snapshot, ReadScope::After(Some(Cursor::before(watermark)))).await.unwrap());
        let first = marks.iter().position(|mark| *mark == marks[position]).unwrap();
        assert_eq!(before, rows[first..], "from {watermark:?}");
    }
}

async fn table(name: &str, key_type: &str, keys: &[&str]) -> PgPool {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let values: Vec<String> = keys.iter().map(|key| key.replace('\'', "''")).map(|key| format!("('{key}')")).collect();
    // Rows share a watermark as far as there are different keys, and two watermarks differ by a microsecond.
    let ties = if key_type == "boolean" { 2 } else { 4 };
    let sql = format!(
        "CREATE TABLE {name} (n bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, k {key_type} NOT NULL);
         INSERT INTO {name} (at, k)
         SELECT '2024-05-01 12:00:00.000001+00'::timestamptz + (row_number() OVER () / {ties}) * interval '1 microsecond', k::{key_type}
         FROM (VALUES {}) AS v (k);
         CREATE UNIQUE INDEX ON {name} (at, k);",
        values.join(", ")
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    pool
}

#[tokio::test]
async fn ties_are_neither_lost_nor_doubled_for_keys_of_every_type() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let types = "CREATE TYPE public.\"odd Mood\" AS ENUM ('z', 'a', 'it''s'); CREATE DOMAIN public.code AS varchar(4)";
    sqlx::raw_sql(types).execute(&pool).await.unwrap();
    let cases: Vec<(&str, PgType, Vec<&str>)> = vec![
        ("bigint", PgType::Int8, vec!["-9223372036854775808", "-1", "0", "1", "9223372036854775807", "5"]),
        ("smallint", PgType::Int2, vec!["-32768", "0", "7", "9", "32767"]),
        ("boolean", PgType::Bool, vec!["t", "f", "t", "f", "t"]),
        ("text", PgType::Text, vec!["", "a'b", "a\\b", "\\", "ä", "日本", " ", "a b", "E'x'", "--", "a\nb"]),
        ("varchar(3)", PgType::Varchar(Some(3)), vec!["abc", "ab", "", "äöü", "\\'x"]),
        ("char(4)", PgType::Char(Some(4)), vec!["a", "ab", "", "  b", "abcd"]),
        ("text COLLATE \"C\"", PgType::Text, vec!["a", "B", "ä", "A", "b"]),
        ("numeric", PgType::Numeric(None), vec!["NaN", "-Infinity", "1.10", "1.2", "1e30", "-0.001"]),
        (
            "numeric(6,2)",
            PgType::Numeric(Some(Numeric { precision: 6, scale: 2 })),
            vec!["1.10", "1.11", "-3", "9999.99", "0"],
        ),
        ("double precision", PgType::Float8, vec!["NaN", "Infinity", "1e300", "-1e-300", "0.1", "0"]),
        ("real", PgType::Float4, vec!["0.1", "0.2", "16777217", "-1e-30", "NaN"]),
        ("bytea", PgType::Bytea, vec!["\\x", "\\x00", "\\x5c27", "\\xff", "\\x01"]),
        (
            "uuid",
            PgType::Uuid,
            vec![
                "00000000-0000-0000-0000-000000000001",
                "00000000-0000-0000-0000-000000000002",
                "ffffffff-0000-0000-0000-000000000001",
                "7fffffff-0000-0000-0000-000000000001",
                "80000000-0000-0000-0000-000000000001",
            ],
        ),
        ("date", PgType::Date, vec!["infinity", "-infinity", "0044-03-15 BC", "2024-02-29", "2024-03-01"]),
        ("time", PgType::Time, vec!["24:00:00", "00:00", "12:00:00.000001", "12:00:00.000002", "23:59"]),
        (
            "timestamp",
            PgType::Timestamp,
            vec!["infinity", "2024-01-01 00:00:00.000001", "2024-01-01", "1000-01-01 BC", "-infinity"],
        ),
        ("\"odd Mood\"", PgType::Enum("public.\"odd Mood\"".into()), vec!["z", "a", "it's", "z", "a"]),
        (
            "code",
            PgType::Domain("public.code".into(), Box::new(PgType::Varchar(Some(4)))),
            vec!["a", "b", "it's", "\\", ""],
        ),
    ];
    for (number, (sql, ty, keys)) in cases.into_iter().enumerate() {
        let name = format!("keyed_{number}");
        let pool = table(&name, sql, &keys).await;
        let mut plan = along(plan(&name, &[("n", PgType::Int8), ("at", PgType::Timestamptz), ("k", ty)]), 1);
        plan.key = vec![2];
        check_every_position(&pool, &plan).await;
    }
}

#[tokio::test]
async fn watermarks_of_every_axis_are_exact() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let cases = [
        (
            "timestamptz",
            PgType::Timestamptz,
            "'infinity','-infinity','2024-01-01 00:00:00.000001+00','2024-01-01 00:00:00+00','4713-01-01 BC'",
        ),
        (
            "timestamp",
            PgType::Timestamp,
            "'infinity','-infinity','2024-01-01 00:00:00.000001','2024-01-01','4713-01-01 BC'",
        ),
        ("date", PgType::Date, "'infinity','-infinity','2024-01-01','4713-01-01 BC','5874897-12-31'"),
        ("smallint", PgType::Int2, "-32768,-1,0,1,32767"),
        ("integer", PgType::Int4, "-2147483648,-1,0,1,2147483647"),
        ("bigint", PgType::Int8, "-9223372036854775808,-1,0,1,9223372036854775807"),
    ];
    for (number, (sql, ty, values)) in cases.into_iter().enumerate() {
        let name = format!("axis_{number}");
        // Each value twice, and NULLs that no position reaches.
        let create = format!(
            "CREATE TABLE {name} (a int, w {sql}, b text, PRIMARY KEY (b, a));
             INSERT INTO {name} SELECT row_number() OVER (), w, b FROM unnest(ARRAY[{values}]::{sql}[]) w, unnest(ARRAY['x','y''']) b;
             INSERT INTO {name} VALUES (100, NULL, 'n'), (99, NULL, 'n'), (98, NULL, 'm');"
        );
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&pool).await.unwrap();
        let mut plan = along(plan(&name, &[("a", PgType::Int4), ("w", ty), ("b", PgType::Text)]), 1);
        plan.key = vec![2, 0];
        check_every_position(&pool, &plan).await;
        let nulls = read_once(&pool, &plan, ReadScope::NullWatermarks).await.unwrap();
        assert_eq!(ids(&nulls), [98, 99, 100], "{sql}");
    }
}

#[tokio::test]
async fn a_lookback_before_the_beginning_of_time_reads_everything() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let create = "CREATE TABLE early (n int PRIMARY KEY, w timestamptz, d date);
        INSERT INTO early VALUES (1, '4713-01-01 BC', '4713-01-01 BC'), (2, '-infinity', '-infinity'), (3, '2024-01-01', '2024-01-01')";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    let columns = [("n", PgType::Int4), ("w", PgType::Timestamptz), ("d", PgType::Date)];
    for (column, kind) in [(1, WatermarkKind::Timestamptz), (2, WatermarkKind::Date)] {
        let from = Watermark::parse(kind, "2024-01-01").unwrap().back(1 << 60);
        let scope = ReadScope::After(Some(Cursor::before(from)));
        let batches = read_once(&pool, &along(plan("early", &columns), column), scope).await.unwrap();
        assert_eq!(ids(&batches), [2, 1, 3]);
    }
}

#[tokio::test]
async fn transforms_and_filters_hold_in_every_scope() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let create = "CREATE TABLE shaped (id int PRIMARY KEY, at timestamptz, \"E Mail\" text);
        INSERT INTO shaped SELECT g, CASE WHEN g % 5 > 0 THEN timestamptz '2024-01-01' + g / 3 * interval '1 s' END, 'USER' || g
        FROM generate_series(1, 40) g";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    let mut plan =
        along(plan("shaped", &[("id", PgType::Int4), ("at", PgType::Timestamptz), ("E Mail", PgType::Text)]), 1);
    plan.columns[2].expression = Some("lower(\"E Mail\") || shaped.id -- both".into());
    plan.filter = Some("id < 20 OR id > 35 -- a comment".into());
    let whole = read_once(&pool, &plan, ReadScope::Whole).await.unwrap();
    let kept: Vec<i64> = (1..20).chain(36..41).collect();
    assert_eq!(ids(&whole), kept);
    assert_eq!(texts(&whole, 2)[0].as_deref(), Some("user11"));
    let mut parts = ids(&read_once(&pool, &plan, ReadScope::After(None)).await.unwrap());
    assert!(parts.iter().all(|id| id % 5 > 0));
    parts.extend(ids(&read_once(&pool, &plan, ReadScope::NullWatermarks).await.unwrap()));
    parts.sort_unstable();
    assert_eq!(parts, kept);
}
