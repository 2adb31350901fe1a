//! Rows of a source to look at.

use crate::snapshots::until;
use arrow::array::{Array as _, AsArray as _};
use firn_catalog::TableName;
use firn_connector::{ErrorKind, Result, RowFilter, RowList, RowTest, RowsAsk, RowsPage};
use firn_postgres::PostgresSource;
use firn_testbed::Cluster;
use sqlx::postgres::PgPool;

async fn list(pool: &PgPool, table: &str, filters: Vec<RowFilter>, most: u64) -> Result<Box<dyn RowList>> {
    let ask = RowsAsk { table: TableName::new("public", table), filters, most };
    PostgresSource::new(pool.clone()).rows(&ask).await
}

fn filter(column: &str, test: RowTest, value: &str) -> RowFilter {
    RowFilter { column: column.to_owned(), test, value: value.to_owned() }
}

fn texts(page: &RowsPage, column: usize) -> Vec<Option<String>> {
    let texts = page.values.column(column).as_string::<i32>();
    (0..texts.len()).map(|row| (!texts.is_null(row)).then(|| texts.value(row).to_owned())).collect()
}

async fn ids(rows: &dyn RowList, each: u32) -> Vec<u32> {
    let mut ids = Vec::new();
    for first in (0..rows.rows()).step_by(each as usize) {
        let page = rows.page(first, each, &[0], None).await.unwrap();
        assert!(page.gone.iter().all(|gone| !gone));
        ids.extend(texts(&page, 0).into_iter().map(|id| id.unwrap().parse::<u32>().unwrap()));
    }
    ids.sort_unstable();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_on_one_page() {
    let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE people (id int PRIMARY KEY, \"full name\" text, score numeric, doc json, place point, at timestamptz);
         INSERT INTO people SELECT n, 'Person ' || n, n * 0.5, '{\"n\":1}', point(n, 0), NULL FROM generate_series(0, 29999) n;
         DELETE FROM people WHERE id % 3 = 1;
         UPDATE people SET score = 'NaN', \"full name\" = '' WHERE id = 3;
         UPDATE people SET at = '2026-11-21 10:00:00+00' WHERE id = 6;
         UPDATE people SET \"full name\" = repeat('ö', 2000) WHERE id = 9;
         CREATE VIEW best AS SELECT id, score FROM people WHERE id > 28000 ORDER BY id;
         CREATE TABLE visits (id int, day date) PARTITION BY RANGE (day);
         CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
         CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
         INSERT INTO visits SELECT n, date '2026-01-01' + n % 59 FROM generate_series(0, 4999) n",
    )
    .execute(&pool)
    .await
    .unwrap();

    let rows = list(&pool, "people", Vec::new(), 1_000_000).await.unwrap();
    assert_eq!((rows.rows(), rows.complete()), (20_000, true));
    let columns: Vec<_> = rows.columns().iter().map(|c| (c.name.as_str(), c.ty.as_str(), c.numeric)).collect();
    assert_eq!(columns[2], ("score", "numeric", true));
    assert!(ids(rows.as_ref(), 999).await.into_iter().eq((0..30_000).filter(|id| id % 3 != 1)));

    // Partitions have places of their own, and the same ones.
    let rows = list(&pool, "visits", Vec::new(), 10_000).await.unwrap();
    assert!(ids(rows.as_ref(), 700).await.into_iter().eq(0..5_000));

    // Views have none: their first rows are shown.
    let rows = list(&pool, "best", Vec::new(), 100).await.unwrap();
    assert_eq!((rows.rows(), rows.complete()), (100, false));
    let page = rows.page(98, 50, &[0], None).await.unwrap();
    assert_eq!(texts(&page, 0), [Some("28148".to_owned()), Some("28149".to_owned())]);

    // Values as the server prints them, also those that no sync would take, long ones cut.
    let rows = list(&pool, "people", vec![filter("id", RowTest::Below, "10")], 100).await.unwrap();
    let page = rows.page(0, 100, &[0, 1, 2, 3, 4, 5], Some(10)).await.unwrap();
    let at = |id: &str| texts(&page, 0).iter().position(|text| text.as_deref() == Some(id)).unwrap();
    assert_eq!(texts(&page, 1)[at("3")].as_deref(), Some(""));
    assert_eq!(texts(&page, 2)[at("3")].as_deref(), Some("NaN"));
    assert_eq!(texts(&page, 1)[at("9")].as_deref(), Some("ö".repeat(11).as_str()));
    assert_eq!(texts(&page, 4)[at("6")].as_deref(), Some("(6,0)"));
    assert_eq!((texts(&page, 5)[at("3")].clone(), texts(&page, 5)[at("6")].is_some()), (None, true));
    let whole = rows.page(at("9") as u64, 1, &[1], None).await.unwrap();
    assert_eq!(texts(&whole, 0)[0].as_ref().unwrap().chars().count(), 2_000);

    // Conditions hold together, and their values have the types of their columns.
    let found = [
        (vec![filter("full name", RowTest::Contains, "ERSON 2999")], 8),
        (vec![filter("score", RowTest::Equals, "6.0")], 1),
        (vec![filter("at", RowTest::NotNull, "")], 1),
        (vec![filter("at", RowTest::IsNull, ""), filter("id", RowTest::Below, "30")], 19),
        (vec![filter("doc", RowTest::Equals, "{\"n\":1}"), filter("id", RowTest::Above, "29990")], 6),
        (vec![filter("full name", RowTest::Equals, "' OR 1 = 1 --")], 0),
        (vec![filter("place", RowTest::Contains, "(29999,")], 1),
    ];
    for (filters, expected) in found {
        let rows = list(&pool, "people", filters.clone(), 100_000).await.unwrap();
        assert_eq!(rows.rows(), expected, "{filters:?}");
    }
    let error = list(&pool, "people", vec![filter("id", RowTest::Above, "many")], 10).await.err().unwrap();
    assert_eq!(error.table.as_deref(), Some("public.people"), "{error}");
    assert_eq!(list(&pool, "nobody", Vec::new(), 10).await.err().unwrap().kind, ErrorKind::NotFound);

    // What was deleted or changed meanwhile is gone from its place; nothing is held that would keep it.
    let rows = list(&pool, "people", vec![filter("id", RowTest::Below, "100")], 50).await.unwrap();
    assert_eq!((rows.rows(), rows.complete()), (50, false));
    until(
        &pool,
        "NOT EXISTS (SELECT FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend')",
    )
    .await;
    sqlx::raw_sql("DELETE FROM people WHERE id = 5").execute(&pool).await.unwrap();
    let page = rows.page(0, 50, &[0, 1], None).await.unwrap();
    assert_eq!(page.gone.iter().filter(|gone| **gone).count(), 1);
    assert!(!texts(&page, 0).contains(&Some("5".to_owned())));
}
