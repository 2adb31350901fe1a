//! Attempts after a failure that may pass, and the pauses before them: exponential, with jitter, bounded.

use crate::config::EngineSettings;
use crate::event::{Event, ProgressSink, Stage};
use crate::outcome::Failure;
use firn_catalog::TableName;
use firn_connector::switches::{Protection, on};
use firn_connector::{Error, Result, Side};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Attempts at a call so short that a failure of it is hardly worth a word.
const BRIEFLY: u32 = 4;

/// Returns why attempt `attempt` (from 1) failed, where another one follows.
///
/// # Errors
/// The failure, where it is the last word.
pub(crate) fn due(settings: &EngineSettings, attempt: u32, error: Error) -> Result<Error> {
    let due = error.is_transient() && attempt <= settings.max_retries && on(Protection::Retry);
    if due { Ok(error) } else { Err(error.given_up(attempt)) }
}

/// Calls a few times while the failure may pass, and tells nobody of it.
///
/// # Errors
/// The last failure.
pub(crate) async fn briefly<T, F>(settings: &EngineSettings, mut call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut attempt = 0;
    loop {
        attempt += 1;
        match call().await {
            Err(error) if error.is_transient() && attempt < BRIEFLY => {
                tokio::time::sleep(pause(settings, attempt)).await;
            }
            done => return done,
        }
    }
}

/// A table that waits before its next attempt.
pub(crate) struct Waiting<'a> {
    pub(crate) sink: &'a dyn ProgressSink,
    pub(crate) table: &'a TableName,
    pub(crate) cancel: &'a CancellationToken,
}

impl Waiting<'_> {
    /// Tells why attempt `attempt` failed and lets the pause after it pass.
    ///
    /// # Errors
    /// [`firn_connector::ErrorKind::Cancelled`] where the caller asks to stop meanwhile.
    pub(crate) async fn pause(self, settings: &EngineSettings, attempt: u32, error: Error) -> Result<()> {
        let source = self.table.to_string();
        let wait = pause(settings, attempt);
        let failure = Failure::from(&error.on_table(self.table).tries_again());
        self.sink.emit(Event::Retry { source: source.clone(), attempt, wait, failure });
        self.sink.emit(Event::Stage { source: source.clone(), stage: Stage::Waiting });
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.cancel.cancelled() => return Err(Error::cancelled(Side::Engine)),
        }
        self.sink.emit(Event::Stage { source, stage: Stage::Inspecting });
        Ok(())
    }
}

/// Returns the pause after failed attempt `attempt` (from 1): the base doubled each time, of which a random half to
/// whole is taken so that runners that failed together do not come back together.
#[must_use]
pub(crate) fn pause(settings: &EngineSettings, attempt: u32) -> Duration {
    let full = settings.backoff.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    full.min(settings.backoff_most).mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_stay_bounded_and_differ() {
        let settings = EngineSettings::default();
        for attempt in 1..=40 {
            let most = settings.backoff.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(settings.backoff_most);
            let one = pause(&settings, attempt);
            assert!(one <= most && one >= most / 2, "attempt {attempt}: {one:?} of {most:?}");
        }
        let many: std::collections::HashSet<Duration> = (0..16).map(|_| pause(&settings, 3)).collect();
        assert!(many.len() > 1);
    }
}
