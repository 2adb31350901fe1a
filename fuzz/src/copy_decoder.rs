//! The COPY decoder: any bytes give batches or an error, the same however they are cut.

use super::column_types::{column_types, length_of};
use super::input::Input;
use super::reading::{decode, plan};
use arrow::array::Array as _;
use firn_catalog::text::{row_json, value_text};
use firn_connector::{ReadBatch, ReadPlan};

/// The input's first byte chooses the columns (0: all), the second the length of the pieces, the third is flags:
/// 1 the stream is made of rows below, 2 row versions, 4 and 8 the rows of a batch, 16 small batches by bytes.
///
/// Without the first flag the rest is the stream itself. With it the rest is values, each behind a byte: 255 is NULL,
/// below 128 the type's own length (if it has one), else as many bytes as its lower bits say.
pub fn check(data: &[u8]) {
    let mut input = Input(data);
    let (choice, piece, flags) = (input.byte(), input.byte(), input.byte());
    let types = column_types();
    let chosen = match usize::from(choice).checked_sub(1) {
        Some(at) => vec![types[at % types.len()].clone()],
        None => types,
    };
    let mut plan = plan(&chosen);
    plan.row_versions = flags & 2 != 0;
    plan.batch_rows = [1_000_000, 1, 7, 300][usize::from(flags >> 2 & 3)];
    plan.batch_bytes = if flags & 16 != 0 { 100 } else { 1 << 30 };
    let stream = if flags & 1 != 0 { rows(&plan, input) } else { input.0.to_vec() };

    let whole = decode(&plan, &stream, usize::MAX);
    let pieces = decode(&plan, &stream, usize::from(piece).max(1));
    if let Ok(batches) = &whole {
        batches.iter().for_each(|batch| check_batch(&plan, batch));
    }
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => assert_same(&whole, &pieces),
        // Which of two faults is met first may depend on the pieces.
        (Err(_), Err(_)) => {}
        (whole, pieces) => panic!("whole {:?}, in pieces {:?}", whole.err(), pieces.err()),
    }
}

/// Makes a stream of values.
fn rows(plan: &ReadPlan, mut input: Input<'_>) -> Vec<u8> {
    let mut stream = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    let fields = plan.columns.len() + usize::from(plan.row_versions);
    while !input.is_empty() {
        stream.extend((fields as i16).to_be_bytes());
        for at in 0..fields {
            let own = plan.columns.get(at).map_or(Some(4), |column| length_of(&column.ty));
            let value = match (input.byte(), own) {
                (255, _) => {
                    stream.extend((-1_i32).to_be_bytes());
                    continue;
                }
                (control, Some(own)) if control < 128 => input.slice(own),
                (control, _) => input.slice(usize::from(control & 127)),
            };
            stream.extend((value.len() as i32).to_be_bytes());
            stream.extend(value);
        }
    }
    stream.extend((-1_i16).to_be_bytes());
    stream
}

fn check_batch(plan: &ReadPlan, batch: &ReadBatch) {
    let rows = batch.batch.num_rows();
    assert!(rows + batch.refused.len() <= plan.batch_rows, "{rows} rows in a batch");
    assert_eq!(batch.xmin.as_ref().map(|xmin| xmin.len()), plan.row_versions.then_some(rows));
    assert!(batch.refused.is_sorted_by_key(|refusal| refusal.position));
    assert!(batch.refused.iter().all(|refusal| refusal.position <= rows));
    for column in batch.batch.columns() {
        if let Err(error) = column.to_data().validate_full() {
            panic!("an invalid array: {error}");
        }
    }
    for row in 0..rows {
        let _printed = row_json(&batch.batch, row);
        for column in batch.batch.columns() {
            assert_eq!(value_text(column, row).is_none(), column.is_null(row));
        }
    }
}

fn assert_same(whole: &[ReadBatch], pieces: &[ReadBatch]) {
    assert_eq!(whole.len(), pieces.len(), "batches");
    for (whole, pieces) in whole.iter().zip(pieces) {
        assert!(whole.batch == pieces.batch, "the batches differ");
        assert_eq!(whole.xmin, pieces.xmin);
        assert_eq!(whole.bytes, pieces.bytes);
        assert_eq!(format!("{:?}", whole.refused), format!("{:?}", pieces.refused));
    }
}
