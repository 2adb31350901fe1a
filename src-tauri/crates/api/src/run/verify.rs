//! Comparing tables with their sources: a long job with events like a run's. The history keeps its last verdicts only.

use super::progress::Progress;
use super::{Active, FLUSH};
use crate::Firn;
use crate::view;
use crate::wire::{ErrorView, FindingView, LevelView, RunEvent, VerifiedTable, VerifyRequest, VerifyView};
use chrono::Utc;
use firn_connector::{Error, Side};
use firn_store::Comparison;
use firn_sync::{
    Counters, ProgressSink, RunOutcome, TableOutcome, TableResult, TableVerdict, VerifyOptions, VerifyOutcome,
};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

impl Firn {
    /// Compares tables with their sources until done or `cancel` is. Events go to the host meanwhile, as those of a
    /// run; `sync_cancel` stops it, too.
    ///
    /// # Errors
    /// Where no comparison could begin: `untrusted`, `configuration`, or `busy` while a run of the workspace is going
    /// on in this process. What keeps a table from being compared is part of its verdict.
    pub async fn verify_to_end(
        &self,
        request: VerifyRequest,
        cancel: CancellationToken,
    ) -> Result<VerifyView, ErrorView> {
        let usable = self.usable(&request.folder).await?;
        let tables = usable.tables(&request.tables)?;
        Self::check_kinds(&usable)?;
        let run_id = uuid::Uuid::new_v4().to_string();
        let (events, received) = mpsc::unbounded_channel();
        let progress = Arc::new(Progress::begin(&run_id, &usable.folder.name, &tables, events));
        let (done, ended) = watch::channel(false);
        let active = Arc::new(Active {
            run_id: run_id.clone(),
            folder: usable.folder.name.clone(),
            scheduled: false,
            progress: Arc::clone(&progress),
            cancel: cancel.clone(),
            ended,
        });
        self.inner.runs.add(active)?;
        let options =
            VerifyOptions { repair: request.repair, listed: usize::try_from(request.limit).unwrap_or(usize::MAX) };
        let firn = self.clone();
        let folder = usable.folder.name.clone();
        // A task of its own: a caller that goes away leaves neither a lease nor a comparison that is never over.
        let whole = tokio::spawn(async move {
            let forwarder = tokio::spawn(forward(firn.clone(), received, Arc::clone(&progress)));
            let kept = firn.clone();
            let sink: Arc<dyn ProgressSink> = Arc::clone(&progress) as Arc<dyn ProgressSink>;
            // And one more: a panic below ends it as a failure.
            let engine = tokio::spawn(async move {
                let drivers = tokio::select! {
                    drivers = firn.drivers(&usable) => drivers?,
                    () = cancel.cancelled() => return Err(ErrorView::from(Error::cancelled(Side::Engine))),
                };
                let advice = drivers.advice.clone();
                let outcome = drivers.engine.verify(&run_id, &tables, options, sink, cancel).await;
                drivers.close().await?;
                Ok((outcome, advice))
            });
            let result = match engine.await {
                Ok(Ok((outcome, advice))) => {
                    let mut verdicts = view::verified(&outcome, &advice);
                    kept.keep_comparisons(&folder, &mut verdicts).await;
                    progress.finish(&as_run(&outcome));
                    Ok(verdicts)
                }
                Ok(Err(error)) => {
                    progress.fail(error.clone());
                    Err(error)
                }
                Err(panic) => {
                    let error = ErrorView::other(format!("Firn failed in the middle of the comparison ({panic})"));
                    progress.fail(error.clone());
                    Err(error.with_hint("compare again, and report the failure"))
                }
            };
            if let Err(panic) = forwarder.await {
                tracing::error!(%panic, "the events of a comparison were not passed on to their end");
            }
            // Nobody waits for this comparison any more where the receiver is gone.
            let _gone = done.send(true);
            result
        });
        whole.await.unwrap_or_else(|panic| Err(ErrorView::other(format!("the comparison did not end ({panic})"))))
    }
}

impl Firn {
    /// Keeps what the tables that were compared to their end came to. A history that cannot be written is told in their
    /// findings; the verdicts stand.
    async fn keep_comparisons(&self, folder: &str, verdicts: &mut VerifyView) {
        let compared_at = Utc::now();
        let ended = |table: &VerifiedTable| matches!(table.status.as_str(), "equal" | "different");
        let comparisons: Vec<Comparison> = verdicts
            .tables
            .iter()
            .filter(|table| ended(table))
            .map(|table| Comparison {
                source: table.source.clone(),
                target: table.target.clone(),
                compared_at,
                rows_source: table.rows_source,
                rows_target: table.rows_target,
                differing_keys: table.differing_keys,
                waiting: table.waiting,
                seconds: table.seconds,
            })
            .collect();
        if comparisons.is_empty() {
            return;
        }
        let written =
            async { Ok::<_, ErrorView>(self.store().await?.record_comparisons(folder, &comparisons).await?) }.await;
        let Err(error) = written else { return };
        for table in verdicts.tables.iter_mut().filter(|table| ended(table)) {
            table.findings.push(FindingView {
                level: LevelView::Warning,
                code: "history".to_owned(),
                message: format!("this comparison is not in the history of this machine: {}", error.message),
                fix: None,
            });
        }
    }
}

/// Passes events on in their order until the last.
async fn forward(firn: Firn, mut events: mpsc::UnboundedReceiver<RunEvent>, progress: Arc<Progress>) {
    let mut flush = tokio::time::interval(FLUSH);
    flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => firn.inner.options.host.emit(event),
                None => return,
            },
            _ = flush.tick() => progress.flush(),
        }
    }
}

/// Returns what a comparison is as a run, for whoever follows its events.
fn as_run(outcome: &VerifyOutcome) -> RunOutcome {
    let table = |verdict: &TableVerdict| {
        Arc::new(TableOutcome {
            source: verdict.source.clone(),
            target: verdict.target.clone(),
            result: match &verdict.failure {
                _ if verdict.held => TableResult::Held,
                Some(_) if verdict.is_cancelled() => TableResult::Cancelled,
                Some(_) => TableResult::Failed,
                None if verdict.is_equal() => TableResult::Success,
                None => TableResult::Partial,
            },
            counters: Counters {
                rows_read: verdict.rows_source,
                rows_merged: verdict.repaired.unwrap_or_default().written,
                rows_deleted: verdict.repaired.unwrap_or_default().deleted,
                ..Counters::default()
            },
            watermark: None,
            elapsed: verdict.elapsed,
            failure: verdict.failure.clone(),
            findings: verdict.findings.clone(),
        })
    };
    RunOutcome { tables: outcome.tables.iter().map(table).collect(), failure: outcome.failure.clone() }
}
