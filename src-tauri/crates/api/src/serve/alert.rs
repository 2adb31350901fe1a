//! What a person should hear of while nobody looks on: tables that begin to fail, lose rows to rejection, or are well
//! again. Told when it changes, not at each run, and together where it happens together.

use crate::run::iso;
use crate::wire::{ErrorView, TableResult};
use chrono::Utc;
use futures::future::BoxFuture;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long more is waited for after something happened: a server that goes away takes all its tables along.
const TOGETHER: Duration = Duration::from_secs(1);
/// Most changes that are told at once.
const MOST: usize = 500;
/// How long the end of the service waits for the last word to get through.
const LAST_WORD: Duration = Duration::from_secs(10);

/// What happened to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It failed, and did not before.
    Failed,
    /// Rows of this run were rejected.
    Rejected,
    /// It failed before and has succeeded.
    Recovered,
}

/// A change of one table.
#[derive(Debug, Clone)]
pub(crate) struct Alert {
    /// ISO 8601, UTC.
    pub(crate) at: String,
    /// What happened.
    pub(crate) change: Change,
    /// Source table.
    pub(crate) source: String,
    /// Target table.
    pub(crate) target: String,
    /// The run.
    pub(crate) run_id: String,
    /// Code of the failure.
    pub(crate) code: Option<String>,
    /// Which side failed.
    pub(crate) side: Option<String>,
    /// Rows rejected in the run.
    pub(crate) rows_rejected: u64,
}

impl Alert {
    /// Says what happened without a value of any row: not even a server's own message, which may quote one.
    pub(crate) fn sentence(&self) -> String {
        let table = &self.source;
        match self.change {
            Change::Recovered => format!("{table} is well again"),
            Change::Rejected => format!("{table}: {} rows were rejected", self.rows_rejected),
            Change::Failed => format!("{table} failed: {}", self.reason()),
        }
    }

    fn reason(&self) -> String {
        let side = self.side.as_deref().map_or_else(|| "a server".to_owned(), |side| format!("the {side}"));
        match self.code.as_deref() {
            Some("transient") => format!("{side} could not be reached, or broke off"),
            Some("sign_in") => format!("{side} turned the sign-in down"),
            Some("permission") => format!("a right is missing at {side}"),
            Some("not_found") => "something it needs is not there".to_owned(),
            Some("configuration") => "its configuration does not fit".to_owned(),
            Some("busy" | "fenced") => "another process has what it needs".to_owned(),
            Some("disk_full") => format!("the disk of {side} is full"),
            _ => "its run says why".to_owned(),
        }
    }
}

/// Takes changes to whoever wants to hear of them.
pub(crate) trait Messenger: Send + Sync {
    /// Tells changes, oldest first. The next ones wait until this is done.
    fn tell<'a>(&'a self, alerts: &'a [Alert]) -> BoxFuture<'a, ()>;
}

/// Finds changes in results, and hands them to a messenger in the background.
pub(super) struct Alerts {
    failing: BTreeSet<String>,
    sender: mpsc::UnboundedSender<Alert>,
    courier: JoinHandle<()>,
}

impl Alerts {
    pub(super) fn new(messenger: Arc<dyn Messenger>) -> Self {
        let (sender, received) = mpsc::unbounded_channel();
        Self { failing: BTreeSet::new(), sender, courier: tokio::spawn(carry(messenger, received)) }
    }

    /// Takes a table's result.
    pub(super) fn take(&mut self, run_id: &str, result: &TableResult) {
        let change = match result.status.as_str() {
            "failed" => self.failing.insert(result.source.clone()).then_some(Change::Failed),
            "success" | "idle" => self.failing.remove(&result.source).then_some(Change::Recovered),
            "partial" => {
                self.failing.remove(&result.source);
                Some(Change::Rejected)
            }
            _ => None,
        };
        let Some(change) = change else { return };
        let about = |part: fn(&ErrorView) -> Option<String>| result.error.as_ref().and_then(part);
        let alert = Alert {
            at: iso(Utc::now()),
            change,
            source: result.source.clone(),
            target: result.target.clone(),
            run_id: run_id.to_owned(),
            code: about(|error| Some(error.code.clone())),
            side: about(|error| error.side.clone()),
            rows_rejected: result.rows_rejected,
        };
        // The courier listens as long as this sender is there.
        let _gone = self.sender.send(alert);
    }

    /// Waits for the last word, within reason.
    pub(super) async fn finish(self) {
        drop(self.sender);
        let courier = self.courier;
        let abort = courier.abort_handle();
        if tokio::time::timeout(LAST_WORD, courier).await.is_err() {
            tracing::warn!("the last changes were not told to the end");
            abort.abort();
        }
    }
}

async fn carry(messenger: Arc<dyn Messenger>, mut received: mpsc::UnboundedReceiver<Alert>) {
    while let Some(first) = received.recv().await {
        let mut alerts = vec![first];
        let more = async {
            while let Some(alert) = received.recv().await {
                alerts.push(alert);
            }
        };
        // Either way out, what has come is told: the time is over, or the service is.
        let _time_over = tokio::time::timeout(TOGETHER, more).await;
        let surplus = alerts.len().saturating_sub(MOST);
        if surplus > 0 {
            tracing::warn!(surplus, "the oldest of many changes are not told");
            alerts.drain(..surplus);
        }
        messenger.tell(&alerts).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Heard(Mutex<Vec<Vec<(Change, String)>>>);

    impl Messenger for Heard {
        fn tell<'a>(&'a self, alerts: &'a [Alert]) -> BoxFuture<'a, ()> {
            let heard = alerts.iter().map(|alert| (alert.change, alert.source.clone())).collect();
            self.0.lock().unwrap().push(heard);
            Box::pin(std::future::ready(()))
        }
    }

    fn result(source: &str, status: &str) -> TableResult {
        TableResult {
            source: source.to_owned(),
            target: source.to_owned(),
            status: status.to_owned(),
            rows_read: 0,
            rows_merged: 0,
            rows_rejected: 3,
            rows_deleted: 0,
            rows_duplicate: 0,
            rows_null_watermark: 0,
            watermark: None,
            seconds: 0.0,
            error: (status == "failed").then(|| ErrorView {
                code: "transient".to_owned(),
                side: Some("source".to_owned()),
                ..ErrorView::other("column \"email\" holds kim@example.org")
            }),
            findings: Vec::new(),
        }
    }

    #[tokio::test]
    async fn changes_are_told_once_and_together() {
        let heard = Arc::new(Heard::default());
        let mut alerts = Alerts::new(Arc::clone(&heard) as Arc<dyn Messenger>);
        for table in ["a", "b"] {
            alerts.take("r1", &result(table, "failed"));
        }
        while heard.0.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for status in ["failed", "held", "cancelled", "failed"] {
            alerts.take("r2", &result("a", status));
        }
        alerts.take("r3", &result("a", "idle"));
        alerts.take("r3", &result("b", "partial"));
        alerts.take("r4", &result("b", "partial"));
        alerts.take("r4", &result("a", "success"));
        alerts.finish().await;
        let of = |pairs: &[(Change, &str)]| pairs.iter().map(|(c, t)| (*c, (*t).to_owned())).collect::<Vec<_>>();
        let expected = vec![
            of(&[(Change::Failed, "a"), (Change::Failed, "b")]),
            of(&[(Change::Recovered, "a"), (Change::Rejected, "b"), (Change::Rejected, "b")]),
        ];
        assert_eq!(*heard.0.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn a_sentence_holds_nothing_that_a_server_said() {
        struct Sentences(Mutex<Vec<String>>);
        impl Messenger for Sentences {
            fn tell<'a>(&'a self, alerts: &'a [Alert]) -> BoxFuture<'a, ()> {
                self.0.lock().unwrap().extend(alerts.iter().map(Alert::sentence));
                Box::pin(std::future::ready(()))
            }
        }
        let heard = Arc::new(Sentences(Mutex::default()));
        let mut alerts = Alerts::new(Arc::clone(&heard) as Arc<dyn Messenger>);
        alerts.take("r", &result("public.users", "failed"));
        alerts.finish().await;
        assert_eq!(*heard.0.lock().unwrap(), ["public.users failed: the source could not be reached, or broke off"]);
    }
}
