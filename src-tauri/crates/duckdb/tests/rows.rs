//! Rows of the warehouse to look at.
#![allow(clippy::unwrap_used)]

mod fixture;

use arrow::array::{Array as _, AsArray as _};
use firn_catalog::TableName;
use firn_connector::{ErrorKind, RowFilter, RowList, RowTest, RowsAsk, RowsPage, Target};
use firn_duckdb::{DuckdbSettings, DuckdbTarget};
use fixture::Warehouse;
use std::sync::Arc;

struct Shop {
    warehouse: Warehouse,
    target: Arc<DuckdbTarget>,
}

impl Shop {
    /// 30,000 rows of which each third is deleted again, and some odd values.
    async fn open() -> Self {
        let warehouse = Warehouse::new();
        warehouse
            .by_hand(
                "CREATE SCHEMA raw;
                 CREATE TABLE raw.people AS SELECT n AS id, 'Person ' || n AS \"full name\", n * 0.5 AS score, NULL::TIMESTAMPTZ AS seen, [n, NULL] AS tags
                   FROM range(30000) t(n);
                 DELETE FROM raw.people WHERE id % 3 = 1;
                 UPDATE raw.people SET \"full name\" = '' WHERE id = 3;
                 UPDATE raw.people SET seen = '2026-11-21 10:00:00+00' WHERE id = 6;
                 UPDATE raw.people SET \"full name\" = repeat('ö', 2000) WHERE id = 9;
                 CREATE VIEW raw.best AS SELECT id, score FROM raw.people WHERE score > 14000 ORDER BY id",
            )
            .await;
        let target = Arc::new(DuckdbTarget::new(DuckdbSettings::new(warehouse.path())));
        Self { warehouse, target }
    }

    async fn rows(&self, table: &str, filters: Vec<RowFilter>, most: u64) -> firn_connector::Result<Box<dyn RowList>> {
        let ask = RowsAsk { table: TableName::new("raw", table), filters, most };
        Arc::clone(&self.target).rows(&ask).await
    }
}

fn filter(column: &str, test: RowTest, value: &str) -> RowFilter {
    RowFilter { column: column.to_owned(), test, value: value.to_owned() }
}

fn texts(page: &RowsPage, column: usize) -> Vec<Option<String>> {
    let texts = page.values.column(column).as_string::<i32>();
    (0..texts.len()).map(|row| (!texts.is_null(row)).then(|| texts.value(row).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_on_one_page_whatever_was_deleted_between_them() {
    let shop = Shop::open().await;
    let rows = shop.rows("people", Vec::new(), 1_000_000).await.unwrap();
    assert_eq!((rows.rows(), rows.complete()), (20_000, true));
    let names: Vec<_> = rows.columns().iter().map(|column| (column.name.as_str(), column.numeric)).collect();
    assert_eq!(names, [("id", true), ("full name", false), ("score", true), ("seen", false), ("tags", false)]);
    let mut ids = Vec::new();
    for first in (0..20_000).step_by(999) {
        let page = rows.page(first, 999, &[0], None).await.unwrap();
        assert!(page.gone.iter().all(|gone| !gone));
        ids.extend(texts(&page, 0).into_iter().map(|id| id.unwrap().parse::<u32>().unwrap()));
    }
    ids.sort_unstable();
    assert!(ids.into_iter().eq((0..30_000).filter(|id| id % 3 != 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_written_as_everywhere_and_long_ones_are_cut() {
    let shop = Shop::open().await;
    let rows = shop.rows("people", vec![filter("id", RowTest::Below, "10")], 100).await.unwrap();
    assert_eq!(rows.rows(), 7);
    let page = rows.page(0, 100, &[4, 0, 1, 3], Some(30)).await.unwrap();
    let at = |id: &str| texts(&page, 1).iter().position(|text| text.as_deref() == Some(id)).unwrap();
    assert_eq!(texts(&page, 2)[at("3")].as_deref(), Some(""));
    assert_eq!(texts(&page, 2)[at("9")].as_deref(), Some("ö".repeat(31).as_str()));
    assert_eq!(texts(&page, 3)[at("6")].as_deref(), Some("2026-11-21 10:00:00+00"));
    assert_eq!(texts(&page, 3)[at("3")], None);
    assert_eq!(texts(&page, 0)[at("6")].as_deref(), Some(r#"["6",null]"#));
    let whole = rows.page(at("9") as u64, 1, &[1], None).await.unwrap();
    assert_eq!(texts(&whole, 0)[0].as_ref().unwrap().chars().count(), 2_000);
    assert_eq!(rows.page(7, 10, &[0], None).await.unwrap().gone.len(), 0);
    assert_eq!(rows.page(0, 1, &[5], None).await.unwrap_err().kind, ErrorKind::Configuration);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_hold_together_and_take_values_of_their_columns_type() {
    let shop = Shop::open().await;
    let count = async |filters| shop.rows("people", filters, 100_000).await.map(|rows| rows.rows());
    let found = [
        (vec![filter("full name", RowTest::Contains, "ERSON 2999")], 8),
        (vec![filter("score", RowTest::Equals, "4.50")], 1),
        (vec![filter("seen", RowTest::NotNull, "")], 1),
        (vec![filter("seen", RowTest::IsNull, ""), filter("id", RowTest::Below, "30")], 19),
        (vec![filter("id", RowTest::Differs, "0"), filter("score", RowTest::Above, "14990.25")], 13),
        (vec![filter("full name", RowTest::Equals, "")], 1),
        (vec![filter("full name", RowTest::Equals, "' OR 1 = 1 --")], 0),
        (vec![filter("tags", RowTest::Contains, "29999")], 1),
    ];
    for (filters, expected) in found {
        assert_eq!(count(filters.clone()).await.unwrap(), expected, "{filters:?}");
    }
    let error = count(vec![filter("id", RowTest::Above, "many")]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration, "{error}");
    assert_eq!(count(vec![filter("none", RowTest::IsNull, "")]).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_shows_its_first_rows() {
    let shop = Shop::open().await;
    let rows = shop.rows("best", Vec::new(), 100).await.unwrap();
    assert_eq!((rows.rows(), rows.complete()), (100, false));
    let page = rows.page(98, 50, &[0], None).await.unwrap();
    assert_eq!(texts(&page, 0), [Some("28148".to_owned()), Some("28149".to_owned())]);
    let few = shop.rows("best", vec![filter("id", RowTest::Above, "29990")], 100).await.unwrap();
    assert_eq!((few.rows(), few.complete()), (6, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_cut_short_says_so_and_a_row_that_has_gone_is_gone() {
    let shop = Shop::open().await;
    let rows = shop.rows("people", Vec::new(), 50).await.unwrap();
    assert_eq!((rows.rows(), rows.complete()), (50, false));
    let stamp = shop.target.stamp();
    shop.target.close().await.unwrap();
    assert_eq!(shop.target.stamp(), stamp, "looking at rows leaves the file as it is");
    shop.warehouse.by_hand("DELETE FROM raw.people WHERE id = 5").await;
    assert_ne!(shop.target.stamp(), stamp);
    let page = rows.page(0, 50, &[0], None).await.unwrap();
    assert_eq!(page.gone.iter().filter(|gone| **gone).count(), 1);
    assert_eq!(texts(&page, 0).iter().flatten().count(), 49);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_not_there_is_named_and_no_file_is_made_to_look_for_it() {
    let shop = Shop::open().await;
    let error = shop.rows("nobody", Vec::new(), 10).await.err().unwrap();
    assert_eq!((error.kind, error.table.as_deref()), (ErrorKind::NotFound, Some("raw.nobody")));
    let path = shop.warehouse.path().with_file_name("none.duckdb");
    let nowhere = Arc::new(DuckdbTarget::new(DuckdbSettings::new(&path)));
    let ask = RowsAsk { table: TableName::new("raw", "people"), filters: Vec::new(), most: 10 };
    assert_eq!(nowhere.rows(&ask).await.err().unwrap().kind, ErrorKind::NotFound);
    assert!(!path.exists());
}
