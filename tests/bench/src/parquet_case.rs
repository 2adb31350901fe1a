//! The table as one zstd Parquet file: each reader encodes its own row groups, and they are appended as they come.

use crate::read::{each_range, open};
use anyhow::{Context as _, Result};
use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use firn_connector::{BatchStream, PageRange, ReadScope};
use futures::StreamExt as _;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use std::collections::HashSet;
use std::fs::File;
use std::sync::{Arc, Mutex};

type Out = Arc<Mutex<Option<SerializedFileWriter<File>>>>;

/// Writes a table into `file`.
pub(crate) async fn parquet(dsn: &str, table: &str, file: &str) -> Result<()> {
    // What is dropped in the middle of a stream is the session, and with it the view that others share: so the sample
    // is read in a view of its own.
    let (sampled, plan) = open(dsn, table).await?;
    let schema = storage_schema(&plan.schema());
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    // A dictionary pays where values repeat; on keys and free text it is built, found too large and thrown away. The
    // first rows tell.
    let mut first = sampled.read(ReadScope::Pages(PageRange { from: 0, to: None })).await?;
    if let Some(sample) = first.next().await {
        let sample = sample?.batch;
        for (field, column) in schema.fields().iter().zip(sample.columns()) {
            let path = ColumnPath::from(field.name().as_str());
            properties = properties.set_column_dictionary_enabled(path, repeats(column));
        }
    }
    drop((first, sampled));
    let (snapshot, _) = open(dsn, table).await?;
    let parquet_schema = ArrowSchemaConverter::new().convert(&schema)?;
    let writer =
        SerializedFileWriter::new(File::create(file)?, parquet_schema.root_schema_ptr(), Arc::new(properties.build()))?;
    let factory = Arc::new(ArrowRowGroupWriterFactory::new(&writer, Arc::clone(&schema)));
    let out: Out = Arc::new(Mutex::new(Some(writer)));
    let (shared, groups) = (Arc::clone(&out), Arc::clone(&factory));
    each_range(snapshot, move |stream| encode(stream, Arc::clone(&groups), Arc::clone(&schema), Arc::clone(&shared)))
        .await?;
    let mut out = out.lock().map_err(|_| anyhow::anyhow!("a reader panicked"))?;
    let metadata = out.take().context("the file was closed twice")?.close()?;
    println!("{} rows in {} row groups", metadata.file_metadata().num_rows(), metadata.num_row_groups());
    Ok(())
}

/// Whether most values of a column come more than once among its first rows.
fn repeats(column: &ArrayRef) -> bool {
    const LOOKED_AT: usize = 2_000;
    let column = column.slice(0, column.len().min(LOOKED_AT));
    let data = column.to_data();
    let valid = (0..column.len()).filter(|row| column.is_valid(*row));
    let distinct: HashSet<&[u8]> = match (data.data_type(), data.data_type().primitive_width()) {
        (_, Some(width)) => {
            let bytes = data.buffers()[0].as_slice();
            valid.map(|row| &bytes[(data.offset() + row) * width..][..width]).collect()
        }
        (DataType::Utf8, _) => {
            let texts = column.as_string::<i32>();
            valid.map(|row| texts.value(row).as_bytes()).collect::<HashSet<_>>()
        }
        _ => return false,
    };
    distinct.len() * 2 < column.len() - column.null_count()
}

/// The writer wants plain storage types: the name of an extension stays out of its schema.
fn storage_schema(schema: &SchemaRef) -> SchemaRef {
    let plain = |f: &Arc<Field>| match f.data_type() {
        DataType::FixedSizeBinary(_) => Field::new(f.name(), f.data_type().clone(), true),
        _ => f.as_ref().clone(),
    };
    Arc::new(Schema::new(schema.fields().iter().map(plain).collect::<Vec<_>>()))
}

/// Encodes one page range as one row group and appends it to the file.
async fn encode(
    mut stream: BatchStream,
    factory: Arc<ArrowRowGroupWriterFactory>,
    schema: SchemaRef,
    out: Out,
) -> Result<()> {
    let mut columns = factory.create_column_writers(0)?;
    while let Some(batch) = stream.next().await {
        let batch: RecordBatch = batch?.batch;
        let mut writers = columns.iter_mut();
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, column)? {
                writers.next().context("fewer writers than columns")?.write(&leaf)?;
            }
        }
    }
    let chunks: Vec<ArrowColumnChunk> = columns.into_iter().map(|w| w.close()).collect::<Result<_, _>>()?;
    let mut out = out.lock().map_err(|_| anyhow::anyhow!("a reader panicked"))?;
    let mut group = out.as_mut().context("the file is closed")?.next_row_group()?;
    for chunk in chunks {
        chunk.append_to_row_group(&mut group)?;
    }
    group.close()?;
    Ok(())
}
