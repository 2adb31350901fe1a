//! Both sides of a comparison and the passes over them: read at once, digested as they come, nothing kept but what a
//! pass is for.

use super::standing::Standing;
use crate::event::{Event, ProgressSink};
use crate::outcome::Counters;
use arrow::array::{Array, ArrayRef, RecordBatch};
use firn_catalog::{Form, RowDigest, row_digests};
use firn_connector::{
    Error, ErrorKind, ReadBatch, ReadPlan, ReadScope, Result, Side, Snapshot, TargetScope, TargetView,
};
use futures::StreamExt as _;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// What is compared, and in which form.
#[derive(Debug)]
pub(super) struct Comparison {
    /// What is read of the source: the columns that are compared.
    pub(super) plan: Arc<ReadPlan>,
    /// The form of each column.
    pub(super) forms: Vec<Form>,
    /// The columns that name a row: the key, or all of them where there is none.
    pub(super) key: Vec<usize>,
    /// Which rows of the source are due.
    pub(super) standing: Standing,
}

impl Comparison {
    /// Digests the keys and the whole rows of a batch of either side.
    pub(super) fn digests(&self, columns: &[ArrayRef], rows: usize) -> Result<(Vec<RowDigest>, Vec<RowDigest>)> {
        let pair = |at: usize| -> (&dyn Array, &Form) { (columns[at].as_ref(), &self.forms[at]) };
        let key: Vec<_> = self.key.iter().map(|&at| pair(at)).collect();
        let whole: Vec<_> = (0..columns.len()).map(pair).collect();
        let digests = |columns: &[(&dyn Array, &Form)]| {
            row_digests(columns, rows).map_err(|error| {
                Error::new(Side::Engine, ErrorKind::Other, "the two sides cannot be compared").caused_by(error)
            })
        };
        Ok((digests(&key)?, digests(&whole)?))
    }

    /// Returns the names of the columns that name a row.
    pub(super) fn key_names(&self) -> Vec<String> {
        self.key.iter().map(|&at| self.plan.columns[at].name.clone()).collect()
    }
}

/// Tells how far the reading has come.
pub(super) struct Reporter {
    pub(super) sink: Arc<dyn ProgressSink>,
    pub(super) source: String,
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Reporter {
    pub(super) fn new(sink: Arc<dyn ProgressSink>, source: String) -> Self {
        Self { sink, source, rows: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    fn read(&self, batch: &ReadBatch) {
        let rows = (batch.batch.num_rows() + batch.refused.len()) as u64;
        let counters = Counters {
            rows_read: self.rows.fetch_add(rows, Ordering::Relaxed) + rows,
            bytes: self.bytes.fetch_add(batch.bytes, Ordering::Relaxed) + batch.bytes,
            ..Counters::default()
        };
        self.sink.emit(Event::Progress { source: self.source.clone(), counters, watermark: None });
    }
}

/// Both sides, each at one moment.
pub(super) struct Sides {
    pub(super) comparison: Arc<Comparison>,
    pub(super) snapshot: Arc<dyn Snapshot>,
    pub(super) view: Box<dyn TargetView>,
    /// What is read of the source, in pieces that readers share.
    pub(super) scopes: Vec<ReadScope>,
    /// What is read of the target.
    pub(super) scope: TargetScope,
    pub(super) readers: usize,
    pub(super) reporter: Arc<Reporter>,
}

impl Sides {
    /// Goes once over both sides at the same time. Each reader of the source has an accumulator of its own; the last
    /// one returned is the target's.
    pub(super) async fn pass<A, N, S, T>(&self, new: N, source: S, target: T) -> Result<(Vec<A>, A)>
    where
        A: Send + 'static,
        N: Fn() -> A,
        S: Fn(&mut A, &Comparison, ReadBatch) -> Result<()> + Send + Sync + 'static,
        T: Fn(&mut A, &Comparison, &RecordBatch) -> Result<()> + Send + Sync + 'static,
    {
        let scopes = self.scopes.clone();
        let (sources, target) =
            futures::try_join!(self.source(scopes, &new, source), self.target(self.scope.clone(), new(), target))?;
        Ok((sources, target))
    }

    /// Reads scopes of the source.
    pub(super) async fn source<A, N, S>(&self, scopes: Vec<ReadScope>, new: N, take: S) -> Result<Vec<A>>
    where
        A: Send + 'static,
        N: Fn() -> A,
        S: Fn(&mut A, &Comparison, ReadBatch) -> Result<()> + Send + Sync + 'static,
    {
        let readers = self.readers.clamp(1, scopes.len().max(1));
        let queue = Arc::new(Mutex::new(VecDeque::from(scopes)));
        let take = Arc::new(take);
        // Dropping the set stops the readers.
        let mut tasks = JoinSet::new();
        for _ in 0..readers {
            let (snapshot, queue, take) = (Arc::clone(&self.snapshot), Arc::clone(&queue), Arc::clone(&take));
            let (comparison, reporter) = (Arc::clone(&self.comparison), Arc::clone(&self.reporter));
            let mut kept = new();
            tasks.spawn(async move {
                loop {
                    let Some(scope) = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front() else {
                        return Ok(kept);
                    };
                    let mut stream = snapshot.read(scope).await?;
                    while let Some(batch) = stream.next().await {
                        let batch = batch?;
                        reporter.read(&batch);
                        take(&mut kept, &comparison, batch)?;
                    }
                }
            });
        }
        let mut all = Vec::with_capacity(readers);
        while let Some(done) = tasks.join_next().await {
            all.push(done.map_err(ended)??);
        }
        Ok(all)
    }

    /// Reads a scope of the target.
    pub(super) async fn target<A, T>(&self, scope: TargetScope, mut kept: A, take: T) -> Result<A>
    where
        A: Send + 'static,
        T: Fn(&mut A, &Comparison, &RecordBatch) -> Result<()> + Send + Sync + 'static,
    {
        let mut stream = self.view.read(scope).await?;
        let comparison = Arc::clone(&self.comparison);
        // A task of its own, so that it does not wait for the source's.
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Some(batch) = stream.next().await {
                take(&mut kept, &comparison, &batch?)?;
            }
            Ok(kept)
        });
        match task.join_next().await {
            Some(done) => done.map_err(ended)?,
            None => Err(Error::new(Side::Engine, ErrorKind::Other, "a pass over the target was not begun")),
        }
    }
}

fn ended(error: tokio::task::JoinError) -> Error {
    Error::new(Side::Engine, ErrorKind::Other, "a pass over one side did not come to an end").caused_by(error)
}
