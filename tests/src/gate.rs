//! A source that waits where a scenario wants it to: things happen on the server meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use firn_catalog::TableName;
use firn_connector::{
    BatchStream, Cursor, Horizon, HorizonRequest, PageOrigin, PageRange, ReadPlan, ReadScope, Result, Snapshot, Source,
    SourceTable, TableAdvice,
};
use tokio::sync::watch;

/// Holds the first one who comes, until it is opened.
#[derive(Debug)]
pub struct Gate {
    taken: AtomicBool,
    reached: watch::Sender<bool>,
    open: watch::Sender<bool>,
}

impl Gate {
    /// Makes a closed gate.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            taken: AtomicBool::new(false),
            reached: watch::Sender::new(false),
            open: watch::Sender::new(false),
        })
    }

    /// Waits until somebody stands before the gate.
    pub async fn reached(&self) {
        // The sender lives in `self`, so the wait cannot fail.
        let mut reached = self.reached.subscribe();
        let _arrived = reached.wait_for(|reached| *reached).await;
    }

    /// Lets him pass.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    async fn pass(&self) {
        if self.taken.swap(true, Ordering::SeqCst) {
            return;
        }
        self.reached.send_replace(true);
        let mut open = self.open.subscribe();
        let _opened = open.wait_for(|open| *open).await;
    }
}

/// A source with gates: before the first snapshot is opened, before the first scope of a snapshot is read, and before
/// the keys of a whole table are read.
pub struct GatedSource {
    inner: Arc<dyn Source>,
    before_snapshot: Option<Arc<Gate>>,
    before_read: Option<Arc<Gate>>,
    before_keys: Option<Arc<Gate>>,
}

impl GatedSource {
    fn open(inner: impl Source + 'static) -> Self {
        Self { inner: Arc::new(inner), before_snapshot: None, before_read: None, before_keys: None }
    }

    /// Puts a gate between the horizon and the first snapshot.
    pub fn before_snapshot(inner: impl Source + 'static, gate: &Arc<Gate>) -> Arc<dyn Source> {
        Arc::new(Self { before_snapshot: Some(Arc::clone(gate)), ..Self::open(inner) })
    }

    /// Puts a gate between the first snapshot and its first read.
    pub fn before_read(inner: impl Source + 'static, gate: &Arc<Gate>) -> Arc<dyn Source> {
        Arc::new(Self { before_read: Some(Arc::clone(gate)), ..Self::open(inner) })
    }

    /// Puts a gate between the view in which the keys of the whole table are seen and their first read.
    pub fn before_keys(inner: impl Source + 'static, gate: &Arc<Gate>) -> Arc<dyn Source> {
        Arc::new(Self { before_keys: Some(Arc::clone(gate)), ..Self::open(inner) })
    }
}

#[async_trait]
impl Source for GatedSource {
    async fn inspect(
        &self,
        table: &TableName,
        expressions: &BTreeMap<String, String>,
        filter: Option<&str>,
    ) -> Result<SourceTable> {
        self.inner.inspect(table, expressions, filter).await
    }

    async fn advise(&self, table: &TableName) -> Result<TableAdvice> {
        self.inner.advise(table).await
    }

    async fn horizon(&self, plan: &ReadPlan, request: &HorizonRequest) -> Result<Horizon> {
        self.inner.horizon(plan, request).await
    }

    async fn inspect_many(&self, tables: &[TableName]) -> Result<Vec<Option<SourceTable>>> {
        self.inner.inspect_many(tables).await
    }

    async fn horizons(&self, requests: &[(Arc<ReadPlan>, HorizonRequest)]) -> Result<Vec<Option<Horizon>>> {
        self.inner.horizons(requests).await
    }

    async fn any_after(&self, plan: &ReadPlan, after: &Cursor, nulls: bool) -> Result<bool> {
        self.inner.any_after(plan, after, nulls).await
    }

    async fn snapshot(&self, plan: Arc<ReadPlan>, readers: usize) -> Result<Box<dyn Snapshot>> {
        if let Some(gate) = &self.before_snapshot {
            gate.pass().await;
        }
        let inner = self.inner.snapshot(plan, readers).await?;
        Ok(Box::new(GatedSnapshot { inner, gate: self.before_read.clone() }))
    }

    async fn updates(&self, table: &TableName) -> Result<Option<u64>> {
        self.inner.updates(table).await
    }

    async fn name_of(&self, relation: u32) -> Result<Option<TableName>> {
        self.inner.name_of(relation).await
    }

    fn quoted(&self, table: &TableName) -> String {
        self.inner.quoted(table)
    }

    fn quoted_column(&self, column: &str) -> String {
        self.inner.quoted_column(column)
    }

    fn text_of(&self, column: &str) -> String {
        self.inner.text_of(column)
    }

    async fn complete_snapshot(&self, plan: Arc<ReadPlan>, readers: usize) -> Result<Box<dyn Snapshot>> {
        let inner = self.inner.complete_snapshot(plan, readers).await?;
        Ok(Box::new(GatedSnapshot { inner, gate: self.before_keys.clone() }))
    }

    fn statement(&self, plan: &ReadPlan, scope: &ReadScope) -> String {
        self.inner.statement(plan, scope)
    }

    async fn waiting(&self, plan: &ReadPlan, after: Option<&Cursor>, most: u64) -> Result<u64> {
        self.inner.waiting(plan, after, most).await
    }
}

struct GatedSnapshot {
    inner: Box<dyn Snapshot>,
    gate: Option<Arc<Gate>>,
}

#[async_trait]
impl Snapshot for GatedSnapshot {
    fn columns(&self) -> &[(i16, String)] {
        self.inner.columns()
    }

    async fn ranges(&self, bytes: u64) -> Result<Vec<PageRange>> {
        self.inner.ranges(bytes).await
    }

    async fn origin(&self) -> Result<PageOrigin> {
        self.inner.origin().await
    }

    async fn read(&self, scope: ReadScope) -> Result<BatchStream> {
        if let Some(gate) = &self.gate {
            gate.pass().await;
        }
        self.inner.read(scope).await
    }
}
