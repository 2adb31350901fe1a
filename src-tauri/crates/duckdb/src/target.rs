//! DuckDB as a target of a sync.

use crate::connect::{DuckdbSettings, Lease, WaitNotice, catalog_of};
use crate::introspect;
use crate::read::DuckdbView;
use crate::schema;
use crate::session::{self, Session};
use crate::state;
use crate::survey;
use crate::tidy;
use crate::writer::DuckdbWriter;
use async_trait::async_trait;
use firn_catalog::{Dialect, RowMark, TableName};
use firn_connector::{
    Error, ErrorKind, Finding, Result, Side, TableState, Target, TargetIdentity, TargetRead, TargetSurvey, TargetTable,
    TargetView, WriteColumn, WritePlan, Writer,
};
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;

/// A warehouse in one DuckDB file.
///
/// The file is opened at the first call that needs it and stays open until [`Target::close`] or the drop of the last
/// target and writer on it. Targets on one path share the open file within a process; other processes wait.
pub struct DuckdbTarget {
    settings: DuckdbSettings,
    lease: Mutex<Option<Lease>>,
    catalog: OnceLock<String>,
    notice: Option<WaitNotice>,
}

impl DuckdbTarget {
    /// Makes a target; nothing is opened yet.
    #[must_use]
    pub fn new(settings: DuckdbSettings) -> Self {
        Self { settings, lease: Mutex::new(None), catalog: OnceLock::new(), notice: None }
    }

    /// Has somebody told when the file is waited for longer than a second: once a wait, with who holds it.
    #[must_use]
    pub fn with_notice(mut self, notice: WaitNotice) -> Self {
        self.notice = Some(notice);
        self
    }

    /// Returns the settings the target was made with.
    #[must_use]
    pub fn settings(&self) -> &DuckdbSettings {
        &self.settings
    }

    /// Opens the file where it is not open, and makes a connection of its own for one call.
    async fn session(&self) -> Result<Session> {
        let mut held = self.lease.lock().await;
        if held.as_ref().is_some_and(Lease::is_broken) {
            *held = None;
        }
        let lease = match held.take() {
            Some(lease) => held.insert(lease),
            None => held.insert(Lease::open(&self.settings, self.notice.as_ref()).await?),
        };
        self.catalog.get_or_init(|| lease.catalog().to_owned());
        lease.session()
    }

    /// Returns whether the file is still to be made. A look into it would make it, and a look changes nothing.
    pub(crate) async fn is_missing(&self) -> bool {
        self.lease.lock().await.is_none() && !self.settings.path.exists()
    }

    /// Returns the name by which DuckDB knows the file.
    fn catalog_name(&self) -> String {
        self.catalog.get().cloned().unwrap_or_else(|| catalog_of(&self.settings.path))
    }

    /// Runs blocking work on a connection of its own.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Session) -> Result<T> + Send + 'static,
    {
        session::run(self.session().await?, work).await
    }
}

#[async_trait]
impl Target for DuckdbTarget {
    fn dialect(&self) -> Dialect {
        Dialect::Duckdb
    }

    async fn identity(&self) -> Result<TargetIdentity> {
        let location = std::path::absolute(&self.settings.path).unwrap_or_else(|_| self.settings.path.clone());
        self.run(move |s| state::identity(s, &location)).await
    }

    async fn state(&self, source: &str) -> Result<Option<(TableState, i64)>> {
        if self.is_missing().await {
            return Ok(None);
        }
        let source = source.to_owned();
        self.run(move |s| state::state(s, &source)).await
    }

    async fn seen(&self, source: &str) -> Result<Vec<RowMark>> {
        if self.is_missing().await {
            return Ok(Vec::new());
        }
        let source = source.to_owned();
        self.run(move |s| state::seen(s, &source)).await
    }

    async fn survey(&self, tables: &[(String, TableName)]) -> Result<Vec<TargetSurvey>> {
        if self.is_missing().await {
            return Ok(vec![TargetSurvey { state: None, marked: false, table: None }; tables.len()]);
        }
        let tables = tables.to_vec();
        self.run(move |s| survey::survey(s, &tables)).await
    }

    fn stamp(&self) -> Option<String> {
        survey::stamp(&self.settings.path)
    }

    async fn inspect(&self, table: &TableName) -> Result<Option<TargetTable>> {
        if self.is_missing().await {
            return Ok(None);
        }
        let table = table.clone();
        self.run(move |s| introspect::inspect(s, &table)).await
    }

    fn plan_ddl(
        &self,
        table: &TableName,
        existing: Option<&TargetTable>,
        columns: &[WriteColumn],
    ) -> Result<(Vec<String>, Vec<Finding>)> {
        schema::plan_ddl(&self.catalog_name(), table, existing, columns)
    }

    fn rename_column(&self, table: &TableName, from: &str, to: &str) -> String {
        schema::rename_column(&self.catalog_name(), table, from, to)
    }

    async fn fence(&self, source: &str, epoch: i64) -> Result<()> {
        let source = source.to_owned();
        self.run(move |s| state::fence(s, &source, epoch)).await
    }

    async fn view(&self, read: TargetRead) -> Result<Box<dyn TargetView>> {
        Ok(Box::new(DuckdbView::open(self.session().await?, read).await?))
    }

    async fn writer(&self, plan: Arc<WritePlan>, epoch: i64) -> Result<Box<dyn Writer>> {
        let session = self.session().await?;
        let started = tokio::task::spawn_blocking(move || DuckdbWriter::start(session, plan, epoch)).await;
        let started =
            started.map_err(|e| Error::new(Side::Target, ErrorKind::Other, "the writer did not start").caused_by(e))?;
        Ok(Box::new(started?))
    }

    async fn reset(&self, source: &str, state: Option<TableState>, epoch: i64) -> Result<()> {
        let source = source.to_owned();
        self.run(move |s| state::reset(s, &source, state.as_ref(), epoch)).await
    }

    async fn close(&self) -> Result<()> {
        let Some(lease) = self.lease.lock().await.take() else { return Ok(()) };
        let closed = tokio::task::spawn_blocking(move || {
            if let Err(error) = tidy::compact(&lease) {
                // What was committed is in the file all the same; the next close tries again.
                tracing::warn!(error = %error.chain(), "the space of deleted rows was not given back");
            }
            drop(lease);
        })
        .await;
        closed.map_err(|e| Error::new(Side::Target, ErrorKind::Other, "the file did not close").caused_by(e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error;

    #[tokio::test]
    async fn after_a_fatal_error_the_file_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let target = DuckdbTarget::new(DuckdbSettings::new(folder.path().join("w.duckdb")));
        target.fence("public.t", 7).await.unwrap();
        let fatal = target
            .run(|s| {
                s.execute("testing", "SET GLOBAL debug_checkpoint_abort = 'before_truncate'")?;
                s.execute("testing", "CREATE TABLE t AS SELECT 1; CHECKPOINT")
            })
            .await
            .unwrap_err();
        assert!(error::is_fatal(&fatal), "{}", fatal.chain());
        assert_eq!(target.state("public.t").await.unwrap().unwrap().1, 7);
        target.fence("public.t", 8).await.unwrap();
    }

    #[tokio::test]
    async fn memory_that_ran_out_is_doubled_up_to_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let settings = DuckdbSettings { memory_limit: 64 << 20, ..DuckdbSettings::new(folder.path().join("w.duckdb")) };
        let lease = Lease::open(&settings, None).await.unwrap();
        let mut raised = 0;
        while lease.allow_more_memory().unwrap() {
            raised += 1;
        }
        assert_eq!(raised, 4);
        let session = lease.session().unwrap();
        let limit: String =
            session.connection().query_row("SELECT current_setting('memory_limit')", [], |r| r.get(0)).unwrap();
        assert_eq!(limit, "1.0 GiB");
    }
}
