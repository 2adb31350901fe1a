//! Single values that the type map refuses: their rows come aside, whole, and the rest goes on.

use crate::reading::{along, ids, plan, read_once};
use firn_catalog::{Numeric, PgType, Watermark, WatermarkKind};
use firn_connector::{ReadScope, RowRefusal};
use firn_testbed::Cluster;
use sqlx::AssertSqlSafe;

#[tokio::test]
async fn a_refused_row_comes_with_key_watermark_version_and_the_servers_own_text() {
    let cluster = Cluster::shared().unwrap();
    let pool = cluster.pool("postgres").await.unwrap();
    let setup =
        "CREATE TABLE odd (id bigint PRIMARY KEY, at timestamptz, price numeric(8,2), tags text[], seen timestamptz);
        INSERT INTO odd VALUES
          (1, '2024-01-01', 1.50, '{a}', 'infinity'),
          (2, '2024-01-02 00:00:00.000001', 'NaN', '{b}', '2024-01-01'),
          (3, NULL, 2, '{{a,NULL},{c,d}}', '-infinity'),
          (4, '2024-01-04', NULL, '[2:3]={x,y}', NULL),
          (5, '2024-01-05', 3, '{}', '294276-12-31 23:59:59.999999+00'),
          (6, '2024-01-06', 4, NULL, '4713-01-01 BC');";
    sqlx::raw_sql(setup).execute(&pool).await.unwrap();
    let price = PgType::Numeric(Some(Numeric { precision: 8, scale: 2 }));
    let columns = [
        ("id", PgType::Int8),
        ("at", PgType::Timestamptz),
        ("price", price),
        ("tags", PgType::Array(Box::new(PgType::Text))),
        ("seen", PgType::Timestamptz),
    ];
    let mut plan = along(plan("odd", &columns), 1);
    plan.row_versions = true;
    let batches = read_once(&pool, &plan, ReadScope::Whole).await.unwrap();
    assert_eq!(ids(&batches), [1, 6]);

    let refused: Vec<&RowRefusal> = batches.iter().flat_map(|batch| &batch.refused).collect();
    let codes: Vec<_> = refused.iter().map(|r| (r.code.as_str(), r.column.as_str(), r.position)).collect();
    let expected = [
        ("numeric_nan", "price", 1),
        ("array_dimensions", "tags", 1),
        ("array_lower_bound", "tags", 1),
        ("timestamp_range", "seen", 1),
    ];
    assert_eq!(codes, expected);
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT id, xmin::text::bigint FROM odd WHERE id BETWEEN 2 AND 5 ORDER BY id")
            .fetch_all(&pool)
            .await
            .unwrap();
    for (refusal, (id, xmin)) in refused.iter().zip(rows) {
        assert_eq!(refusal.key, Some(vec![Some(id.to_string())]));
        assert_eq!(refusal.xmin.map(i64::from), Some(xmin));
        // Scalars stand in the payload as the server prints them.
        for column in ["id", "at", "price", "seen"] {
            let sql = format!("SELECT format('%s', {column}) FROM odd WHERE id = {id} AND {column} IS NOT NULL");
            let printed: Option<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_optional(&pool).await.unwrap();
            assert_eq!(refusal.payload[column].as_str().map(str::to_owned), printed, "{id} {column}");
        }
        assert!(!refusal.message.is_empty());
    }
    let at = |text| Watermark::parse(WatermarkKind::Timestamptz, text).ok();
    assert_eq!(refused[0].watermark, at("2024-01-02 00:00:00.000001"));
    assert_eq!(refused[1].watermark, None);
    assert_eq!(refused[1].payload["tags"], serde_json::json!([["a", null], ["c", "d"]]));
    assert_eq!(refused[2].payload["tags"], serde_json::json!(["x", "y"]));
}

#[tokio::test]
async fn text_that_is_no_utf8_is_refused_row_by_row() {
    let cluster = Cluster::shared().unwrap();
    cluster
        .psql("postgres", "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
        .unwrap();
    let pool = cluster.pool("ascii").await.unwrap();
    let setup = "CREATE TABLE t (id int PRIMARY KEY, name text);
        INSERT INTO t VALUES (1, 'plain'), (2, E'caf\\xe9'), (3, E'caf\\xc3\\xa9'), (4, E'\\xc3'), (5, E'\\xa9');";
    sqlx::raw_sql(setup).execute(&pool).await.unwrap();
    let plan = plan("t", &[("id", PgType::Int4), ("name", PgType::Text)]);
    let batches = read_once(&pool, &plan, ReadScope::Whole).await.unwrap();
    assert_eq!(ids(&batches), [1, 3]);
    let refused: Vec<_> =
        batches[0].refused.iter().map(|r| (r.position, r.code.as_str(), r.payload["name"].as_str().unwrap())).collect();
    // The halves of é in rows 4 and 5 are neighbours in the column's buffer and still no text.
    assert_eq!(
        refused,
        [(1, "invalid_utf8", "\\x636166e9"), (2, "invalid_utf8", "\\xc3"), (2, "invalid_utf8", "\\xa9")]
    );
}
