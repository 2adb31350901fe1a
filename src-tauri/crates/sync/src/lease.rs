//! Leases: taken before a table is touched, renewed while it runs, taken over from the dead.

use crate::config::TableConfig;
use crate::engine::Engine;
use firn_connector::switches::{Protection, on};
use firn_connector::{Error, ErrorKind, Holder, LeaseOutcome, Result, Side};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// The answer to a table's request to run.
pub(crate) enum Grant {
    /// It may run under this epoch.
    Epoch(i64),
    /// Somebody else runs it.
    Held(Error),
}

/// Asks for the lease of a table. A holder on this host whose process is gone is taken over at once.
pub(crate) async fn acquire(engine: &Engine, config: &TableConfig, run_id: &str, floor: i64) -> Result<Grant> {
    let source = config.state_name();
    let ask = |dead: Option<Holder>| {
        let source = source.clone();
        async move {
            let ttl = engine.settings.lease_ttl;
            engine.state.acquire(&source, run_id, &engine.holder, ttl, floor, dead.as_ref()).await
        }
    };
    let mut outcome = ask(None).await?;
    if let LeaseOutcome::Held { holder, .. } = &outcome
        && (engine.is_alive)(holder) == Some(false)
    {
        outcome = ask(Some(holder.clone())).await?;
    }
    Ok(match outcome {
        LeaseOutcome::Granted(grant) => Grant::Epoch(grant.epoch),
        LeaseOutcome::Held { .. } if !on(Protection::Lease) => Grant::Epoch(floor + 1),
        LeaseOutcome::Held { holder, since, expires_in } => {
            let message = format!("{holder} has been running this table since {since}");
            let hint = format!(
                "wait until it has ended; if it died, its lease ends by itself in {} s",
                expires_in.as_secs().max(1)
            );
            Grant::Held(Error::new(Side::State, ErrorKind::Busy, message).on_table(&config.source).with_hint(hint))
        }
    })
}

/// Makes the error of work whose lease somebody else holds by now.
pub(crate) fn lost(epoch: i64) -> Error {
    let message = format!("the lease (epoch {epoch}) was lost to another runner");
    Error::new(Side::State, ErrorKind::Fenced, message)
}

/// Renews the leases of a run. Dropping it stops the renewal.
pub(crate) struct Keeper {
    leases: Arc<Mutex<HashMap<String, (i64, CancellationToken)>>>,
    renewal: tokio::task::JoinHandle<()>,
}

impl Keeper {
    /// Starts to renew at a third of the lease's length.
    pub(crate) fn start(engine: &Arc<Engine>) -> Self {
        let leases: Arc<Mutex<HashMap<String, (i64, CancellationToken)>>> = Arc::default();
        let renewal = tokio::spawn(renew(Arc::clone(engine), Arc::clone(&leases)));
        Self { leases, renewal }
    }

    /// Renews this lease from now on. The token returned is cancelled when the lease is lost.
    pub(crate) fn keep(&self, source: String, epoch: i64) -> CancellationToken {
        let lost = CancellationToken::new();
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        leases.insert(source, (epoch, lost.clone()));
        lost
    }

    /// Stops renewing this lease.
    pub(crate) fn forget(&self, source: &str) {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

async fn renew(engine: Arc<Engine>, leases: Arc<Mutex<HashMap<String, (i64, CancellationToken)>>>) {
    let mut ticks = tokio::time::interval(engine.settings.lease_ttl / 3);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let held: Vec<(String, i64)> = {
            let leases = leases.lock().unwrap_or_else(PoisonError::into_inner);
            leases.iter().map(|(source, (epoch, _))| (source.clone(), *epoch)).collect()
        };
        if held.is_empty() {
            continue;
        }
        match engine.state.renew(&held, &engine.holder, engine.settings.lease_ttl).await {
            Ok(lost) => {
                let leases = leases.lock().unwrap_or_else(PoisonError::into_inner);
                for source in lost {
                    if let Some((_, token)) = leases.get(&source) {
                        token.cancel();
                    }
                }
            }
            // The lease may run out meanwhile; the fence in the target stands against what would follow.
            Err(error) => tracing::warn!(error = %error.chain(), "leases could not be renewed"),
        }
    }
}
