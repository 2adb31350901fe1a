//! A read without a server: its plan, and its stream decoded from memory.

use firn_catalog::{Dialect, PgType, TableName, WatermarkKind, plan_column};
use firn_connector::{ReadBatch, ReadColumn, ReadPlan};
use firn_postgres::decode::{DecodeError, Decoder};

/// A read of columns of these types, named c0, c1, …; the first is the key, the first after it that can be is the
/// watermark.
pub fn plan(types: &[PgType]) -> ReadPlan {
    let column = |(at, ty): (usize, &PgType)| ReadColumn {
        name: format!("c{at}"),
        expression: None,
        ty: ty.clone(),
        plan: plan_column(ty, Dialect::Duckdb),
    };
    ReadPlan {
        table: TableName::new("public", "t"),
        columns: types.iter().enumerate().map(column).collect(),
        key: vec![0],
        watermark: types.iter().enumerate().skip(1).find_map(|(at, ty)| Some((at, WatermarkKind::of(ty)?))),
        filter: None,
        row_versions: false,
        batch_rows: 1_000_000,
        batch_bytes: 1 << 30,
    }
}

/// Decodes a stream pushed in pieces of `piece` bytes.
pub fn decode(plan: &ReadPlan, stream: &[u8], piece: usize) -> Result<Vec<ReadBatch>, DecodeError> {
    let mut decoder = Decoder::new(plan)?;
    let mut batches = Vec::new();
    for bytes in stream.chunks(piece) {
        decoder.push(bytes)?;
        batches.extend(std::iter::from_fn(|| decoder.next_batch()));
    }
    decoder.finish()?;
    batches.extend(std::iter::from_fn(|| decoder.next_batch()));
    Ok(batches)
}
