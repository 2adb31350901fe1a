//! The way back: what was read is copied into a table of the same type, and the server compares it with its own.

use super::plain::Column;
use super::{assert_none, execute};
use crate::reading::{plan, read_once};
use arrow::compute::concat_batches;
use firn_catalog::{PgType, TableName};
use firn_connector::{ReadBatch, ReadScope, Side};
use firn_postgres::load::{OnUnfit, PostgresLoad};
use firn_postgres::transaction::PgTransaction;
use sqlx::postgres::PgPool;

/// Copies the batches of `held` into a table like it.
pub async fn check(pool: &PgPool, column: &Column, batches: &[ReadBatch]) {
    let sql = column.sql;
    execute(pool, "DROP TABLE IF EXISTS copied; CREATE TABLE copied (LIKE held INCLUDING ALL)").await;
    let mut transaction = PgTransaction::begin(pool, Side::Target).await.unwrap();
    let columns = ["id".to_owned(), "v".to_owned()];
    let load = PostgresLoad::open(&mut transaction, &TableName::new("public", "copied"), &columns).await.unwrap();
    let stream = futures::stream::iter(batches.iter().map(|batch| Ok(batch.batch.clone())));
    let loaded = load.run(&mut transaction, stream, OnUnfit::Stop).await;
    let loaded = loaded.unwrap_or_else(|error| panic!("{sql}: {}", error.chain()));
    transaction.commit().await.unwrap();
    let rows: usize = batches.iter().map(|batch| batch.batch.num_rows()).sum();
    assert_eq!(loaded.rows, rows as u64, "{sql}");

    // The type stands in the text, as a session keeps the plan of a text it knows.
    let differing = format!(
        "SELECT left(format('%s', held.v), 200), left(format('%s', copied.v), 200) -- {sql}
         FROM held FULL JOIN copied USING (id)
         WHERE num_nulls(held.v) <> num_nulls(copied.v) OR format('%s', held.v) IS DISTINCT FROM format('%s', copied.v)"
    );
    assert_none(pool, sql, &differing).await;

    let again = plan("copied", &[("id", PgType::Int4), ("v", column.ty.clone())]);
    let again = read_once(pool, &again, ReadScope::Whole).await.unwrap();
    let Some(first) = batches.first() else { return };
    let whole = |batches: &[ReadBatch]| {
        concat_batches(&first.batch.schema(), batches.iter().map(|batch| &batch.batch)).unwrap()
    };
    assert!(whole(batches) == whole(&again), "{sql}: what was copied is read in another way");
}
