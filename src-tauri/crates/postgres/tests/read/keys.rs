//! Reading rows by their keys: each of them, whatever the key is made of, and by the index.

use crate::reading::{along, ids, plan, read, read_once, texts};
use firn_catalog::PgType;
use firn_connector::{ErrorKind, Key, ReadPlan, ReadScope};
use firn_postgres::read_sql;
use firn_postgres::snapshot::PgSnapshot;
use firn_testbed::{Bouncer, Cluster};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Row as _};
use std::sync::Arc;

fn key(texts: &[&str]) -> Key {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

async fn sorted(pool: &PgPool, plan: &ReadPlan, keys: Vec<Key>) -> Vec<i64> {
    let mut rows = ids(&read_once(pool, plan, ReadScope::Keys(keys)).await.unwrap());
    rows.sort_unstable();
    rows
}

#[tokio::test]
async fn rows_are_found_by_keys_of_every_type() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let types = "CREATE SCHEMA hidden; CREATE TYPE hidden.\"odd Mood\" AS ENUM ('z', 'a', 'it''s');
        CREATE DOMAIN hidden.code AS varchar(4); CREATE EXTENSION IF NOT EXISTS citext SCHEMA public";
    sqlx::raw_sql(types).execute(&pool).await.unwrap();
    let uuids = ["00000000-0000-0000-0000-000000000001", "ffffffff-0000-0000-0000-000000000001"];
    let cases: Vec<(&str, PgType, Vec<&str>)> = vec![
        ("bigint", PgType::Int8, vec!["-9223372036854775808", "-1", "0", "9223372036854775807"]),
        ("boolean", PgType::Bool, vec!["t", "f"]),
        ("text", PgType::Text, vec!["", "a'b", "a\\b", "\\", "ä", " ", "E'x'", "--", "a\nb", "NULL", "{x}", "a,b\"c"]),
        ("varchar(3)", PgType::Varchar(Some(3)), vec!["abc", "ab", "", "äöü", "\\'x"]),
        ("char(4)", PgType::Char(Some(4)), vec!["a", "ab", "", "  b", "abcd"]),
        ("citext", PgType::Text, vec!["Bob", "alice", "it's"]),
        ("numeric", PgType::Numeric(None), vec!["NaN", "-Infinity", "1.10", "1.2", "1e30", "-0.001"]),
        ("double precision", PgType::Float8, vec!["NaN", "Infinity", "1e300", "-1e-300", "0.1"]),
        ("real", PgType::Float4, vec!["0.1", "0.2", "16777217", "NaN"]),
        ("bytea", PgType::Bytea, vec!["\\x", "\\x00", "\\x5c27", "\\xff"]),
        ("uuid", PgType::Uuid, uuids.to_vec()),
        ("date", PgType::Date, vec!["infinity", "-infinity", "0044-03-15 BC", "2024-02-29"]),
        ("time", PgType::Time, vec!["24:00:00", "00:00", "12:00:00.000001"]),
        ("timestamptz", PgType::Timestamptz, vec!["infinity", "2024-01-01 00:00:00.000001+00", "1000-01-01 BC"]),
        ("hidden.\"odd Mood\"", PgType::Enum("hidden.\"odd Mood\"".into()), vec!["z", "a", "it's"]),
        (
            "hidden.code",
            PgType::Domain("hidden.code".into(), Box::new(PgType::Varchar(Some(4)))),
            vec!["a", "it's", "\\", ""],
        ),
    ];
    for (number, (sql, ty, values)) in cases.into_iter().enumerate() {
        let name = format!("by_key_{number}");
        let rows: Vec<String> = values.iter().map(|value| format!("('{}')", value.replace('\'', "''"))).collect();
        let create = format!(
            "CREATE TABLE {name} (n bigint GENERATED ALWAYS AS IDENTITY, k {sql} NOT NULL, t int NOT NULL DEFAULT 7);
             INSERT INTO {name} (k) SELECT k::{sql} FROM (VALUES {}) AS v (k); CREATE UNIQUE INDEX ON {name} (t, k);",
            rows.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&pool).await.unwrap();
        let mut plan = plan(&name, &[("n", PgType::Int8), ("k", ty), ("t", PgType::Int4)]);
        let read_back = texts(&read_once(&pool, &plan, ReadScope::Whole).await.unwrap(), 1);
        for columns in [vec![1], vec![2, 1]] {
            plan.key.clone_from(&columns);
            let keys: Vec<Key> = read_back
                .iter()
                .map(|text| columns.iter().map(|c| if *c == 1 { text.clone().unwrap() } else { "7".into() }).collect())
                .collect();
            let all: Vec<i64> = (1..).take(values.len()).collect();
            assert_eq!(sorted(&pool, &plan, keys.clone()).await, all, "{sql} {columns:?}");
            for (at, one) in keys.into_iter().enumerate() {
                assert_eq!(sorted(&pool, &plan, vec![one.clone()]).await, [all[at]], "{sql} {one:?}");
            }
        }
    }
}

#[tokio::test]
async fn keys_in_many_chunks_are_read_in_one_view_with_transforms_and_filter() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let create = "CREATE TABLE chunked (id bigint PRIMARY KEY, at timestamptz, v text);
        INSERT INTO chunked SELECT g, CASE WHEN g % 2 = 0 THEN now() END, 'ROW ' || g FROM generate_series(1, 5000) g";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    let columns = [("id", PgType::Int8), ("at", PgType::Timestamptz), ("v", PgType::Text)];
    let mut plan = along(plan("chunked", &columns), 1);
    plan.columns[2].expression = Some("lower(v) -- smaller".into());
    plan.filter = Some("id <> 13 -- unlucky".into());
    plan.row_versions = true;
    let snapshot = PgSnapshot::open(&pool, Arc::new(plan.clone()), 1).await.unwrap();
    sqlx::raw_sql("DELETE FROM chunked WHERE id > 100").execute(&pool).await.unwrap();
    let keys: Vec<Key> = (-10..=4_000).map(|id: i64| vec![id.to_string()]).collect();
    let batches = read(&snapshot, ReadScope::Keys(keys.clone())).await.unwrap();
    let mut found = ids(&batches);
    found.sort_unstable();
    assert_eq!(found, (1..=4_000).filter(|id| *id != 13).collect::<Vec<i64>>());
    assert!(texts(&batches, 2).iter().all(|text| text.as_ref().unwrap().starts_with("row ")));
    assert!(batches.iter().all(|batch| batch.xmin.is_some()));
    // The snapshot goes on: nothing is read for no keys, and another scope after it.
    assert!(read(&snapshot, ReadScope::Keys(Vec::new())).await.unwrap().is_empty());
    assert_eq!(ids(&read(&snapshot, ReadScope::Whole).await.unwrap()).len(), 4_999);
    assert_eq!(sorted(&pool, &plan, keys).await.len(), 99);
}

#[tokio::test]
async fn keys_are_looked_up_in_the_index() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    let create = "CREATE TABLE indexed (tenant text, id bigint, v text, PRIMARY KEY (tenant, id));
        INSERT INTO indexed SELECT 'tenant ' || g % 10, g, repeat('x', 50) FROM generate_series(1, 100000) g;
        CREATE UNIQUE INDEX ON indexed (id); ANALYZE indexed";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    let mut plan = plan("indexed", &[("id", PgType::Int8), ("tenant", PgType::Text), ("v", PgType::Text)]);
    // So few that reading all rows costs more, whatever the planner thinks of an index.
    let keys: Vec<Key> = (1..=100).map(|n| key(&[&format!("tenant {}", n % 10), &n.to_string()])).collect();
    for columns in [vec![1, 0], vec![0]] {
        plan.key.clone_from(&columns);
        let keys: Vec<Key> = keys.iter().map(|k| k[2 - columns.len()..].to_vec()).collect();
        let select = read_sql::select(&plan, &ReadScope::Keys(keys.clone())).unwrap();
        let rows = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN {select}"))).fetch_all(&pool).await.unwrap();
        let explained: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let explained = explained.join("\n");
        assert!(explained.contains("Index") && !explained.contains("Seq Scan on indexed"), "{explained}");
        assert_eq!(sorted(&pool, &plan, keys).await, (1..=100).collect::<Vec<i64>>());
    }
}

#[tokio::test]
async fn keys_are_read_from_views_and_behind_a_pooler() {
    let cluster = Cluster::shared().unwrap();
    let bouncer = Bouncer::start(cluster, 2).unwrap();
    let pool = PgPoolOptions::new().max_connections(2).connect(&bouncer.dsn("postgres")).await.unwrap();
    let create =
        "CREATE TABLE under (id bigint, name varchar(5)); INSERT INTO under VALUES (1, 'a'), (2, 'b'), (2, 'c');
        CREATE VIEW over AS SELECT * FROM under; CREATE MATERIALIZED VIEW kept AS SELECT * FROM under";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    for table in ["under", "over", "kept"] {
        let mut plan = plan(table, &[("id", PgType::Int8), ("name", PgType::Varchar(Some(5)))]);
        plan.key = vec![0, 1];
        let keys = vec![key(&["1", "a"]), key(&["2", "c"]), key(&["2", "abcdefgh"])];
        assert_eq!(sorted(&pool, &plan, keys).await, [1, 2], "{table}");
    }
}

#[tokio::test]
async fn a_key_that_is_none_of_its_type_is_an_error_that_names_the_table() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    sqlx::raw_sql("CREATE TABLE strict (id bigint PRIMARY KEY)").execute(&pool).await.unwrap();
    let plan = plan("strict", &[("id", PgType::Int8)]);
    let error = read_once(&pool, &plan, ReadScope::Keys(vec![key(&["x"])])).await.unwrap_err();
    assert_eq!(error.table.as_deref(), Some("public.strict"), "{error}");
    let error = read_once(&pool, &plan, ReadScope::Keys(vec![key(&["1", "2"])])).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration, "{error}");
}
