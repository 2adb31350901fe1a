//! Pauses before a retry: exponential, with jitter, bounded.

use crate::config::EngineSettings;
use std::time::Duration;

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
