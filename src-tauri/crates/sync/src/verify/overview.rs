//! The first pass: every row of both sides, kept as counts and sums by bucket.

use super::buckets::{Buckets, bucket_count};
use super::sides::{Comparison, Sides};
use firn_connector::{ReadBatch, Result};

/// Most rows of the source that cannot be decoded whose keys are kept.
const MOST_REFUSED: usize = 100_000;

/// A row of the source that could not be turned into Arrow.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    /// The texts of its key, where it could be read.
    pub(super) key: Option<Vec<Option<String>>>,
    /// Whether the next run is to meet it.
    pub(super) waiting: bool,
    /// Why.
    pub(super) code: String,
}

/// What the first pass over both sides found.
pub(super) struct Overview {
    pub(super) source: Buckets,
    pub(super) target: Buckets,
    pub(super) refused: Vec<Refused>,
    /// All rows that could not be decoded, also those beyond the ones kept.
    pub(super) refused_rows: u64,
}

struct Pass {
    buckets: Buckets,
    refused: Vec<Refused>,
    refused_rows: u64,
}

/// Goes over both sides.
pub(super) async fn look(sides: &Sides, rows: u64) -> Result<Overview> {
    let count = bucket_count(rows);
    let new = || Pass { buckets: Buckets::new(count), refused: Vec::new(), refused_rows: 0 };
    let (sources, target) = sides
        .pass(new, take_source, |pass, comparison, batch| take(pass, comparison, batch.columns(), batch.num_rows()))
        .await?;
    let mut overview =
        Overview { source: Buckets::new(count), target: target.buckets, refused: Vec::new(), refused_rows: 0 };
    for pass in sources {
        overview.source.merge(&pass.buckets);
        overview.refused.extend(pass.refused);
        overview.refused_rows += pass.refused_rows;
    }
    Ok(overview)
}

fn take_source(pass: &mut Pass, comparison: &Comparison, read: ReadBatch) -> Result<()> {
    take(pass, comparison, read.batch.columns(), read.batch.num_rows())?;
    for row in read.refused {
        pass.refused_rows += 1;
        if pass.refused.len() < MOST_REFUSED {
            let waiting = row
                .key
                .as_ref()
                .is_some_and(|key| comparison.standing.is_waiting(&comparison.plan, key, row.watermark, row.xmin));
            pass.refused.push(Refused { key: row.key, waiting, code: row.code });
        }
    }
    Ok(())
}

fn take(pass: &mut Pass, comparison: &Comparison, columns: &[arrow::array::ArrayRef], rows: usize) -> Result<()> {
    let (keys, digests) = comparison.digests(columns, rows)?;
    keys.into_iter().zip(digests).for_each(|(key, row)| pass.buckets.add(key, row));
    Ok(())
}
