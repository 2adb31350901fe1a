//! A Parquet file into a table: read in a thread of its own, written by Firn's loader in one transaction.

use anyhow::{Context as _, Result};
use arrow::array::RecordBatch;
use firn_catalog::TableName;
use firn_connector::{Error, ErrorKind, Side};
use firn_postgres::load::{OnUnfit, PostgresLoad};
use firn_postgres::transaction::PgTransaction;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;

/// Batches read ahead of the loader.
const READ_AHEAD: usize = 2;

/// Loads `file` into `table`.
pub(crate) async fn load(dsn: &str, table: &str, file: &str) -> Result<()> {
    let pool = firn_postgres::connect::open(&crate::cases::settings(dsn)?, Side::Target, 2).await?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file)?)?.with_batch_size(8192);
    let names: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    let reader = reader.build()?;
    let (sender, receiver) = tokio::sync::mpsc::channel::<firn_connector::Result<RecordBatch>>(READ_AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        for batch in reader {
            let batch = batch.map_err(|error| {
                Error::new(Side::Source, ErrorKind::Other, "the file could not be read").caused_by(error)
            });
            if sender.blocking_send(batch).is_err() {
                return;
            }
        }
    });
    let batches = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|batch| (batch, receiver))
    });
    let mut transaction = PgTransaction::begin(&pool, Side::Target).await?;
    let load = PostgresLoad::open(&mut transaction, &TableName::new("public", table), &names).await?;
    let loaded = load.run(&mut transaction, batches, OnUnfit::Stop).await?;
    transaction.commit().await?;
    reading.await.context("the reader panicked")?;
    println!("{} rows", loaded.rows);
    Ok(())
}
