//! One schedule: again and again after a span, or at the times of a cron line in its zone.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use std::time::Duration;

/// When something runs.
///
/// Cron lines are read in their zone. A time that daylight saving skips comes at the first moment after the gap; a time
/// that comes twice runs at its first coming. A line that names no single time (`*/15 * * * *`) follows the clock on the
/// wall: it leaves the skipped hour out and runs in both of the repeated ones.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Again and again, this long from one start to the next.
    Every(Duration),
    /// At the times of a cron line.
    Cron {
        /// The line.
        line: Box<Cron>,
        /// The zone that it is read in.
        zone: Tz,
    },
}

/// Why a text is no cron line.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{fields}` is not a cron line: {reason}")]
pub struct CronError {
    fields: String,
    reason: String,
}

impl Rule {
    /// Makes a rule of five cron fields, or of a nickname such as `@daily`, in a zone.
    ///
    /// # Errors
    /// Where the fields are no cron line.
    pub fn cron(fields: &str, zone: Tz) -> Result<Self, CronError> {
        let parsed = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build().parse(fields);
        let line = parsed.map_err(|error| CronError { fields: fields.to_owned(), reason: error.to_string() })?;
        Ok(Self::Cron { line: Box::new(line), zone })
    }

    /// Returns the first time after this one; `None` for a line that names no day that ever comes.
    #[must_use]
    pub fn after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Every(span) => time.checked_add_signed(TimeDelta::from_std(*span).ok()?),
            Self::Cron { line, zone } => {
                let next = line.find_next_occurrence(&time.with_timezone(zone), false).ok()?;
                Some(next.with_timezone(&Utc)).filter(|next| *next > time)
            }
        }
    }

    /// Returns the usual time between two runs: the span, or the distance of the next two times of a cron line.
    #[must_use]
    pub fn usual_gap(&self, now: DateTime<Utc>) -> Option<Duration> {
        match self {
            Self::Every(span) => Some(*span),
            Self::Cron { .. } => {
                let first = self.after(now)?;
                (self.after(first)? - first).to_std().ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(fields: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let rule = Rule::cron(fields, zone.parse().unwrap()).unwrap();
        let mut at: DateTime<Utc> = from.parse().unwrap();
        let next = || {
            at = rule.after(at)?;
            Some(at.format("%m-%dT%H:%MZ").to_string())
        };
        std::iter::from_fn(next).take(count).collect()
    }

    #[test]
    fn cron_lines_follow_their_zone_through_changes_of_the_clock() {
        let (angeles, berlin) = ("America/Los_Angeles", "Europe/Berlin");
        let cases: [(&str, &str, &str, &[&str]); 10] = [
            // Four in the morning in Los Angeles is another hour in UTC after the change.
            ("0 4 * * *", angeles, "2026-03-06T20:00:00Z", &["03-07T12:00Z", "03-08T11:00Z", "03-09T11:00Z"]),
            ("0 4 * * *", angeles, "2026-10-30T20:00:00Z", &["10-31T11:00Z", "11-01T12:00Z", "11-02T12:00Z"]),
            // 02:30 is skipped on 29 March: the first moment after the gap stands in, once.
            ("30 2 * * *", berlin, "2026-03-28T00:00:00Z", &["03-28T01:30Z", "03-29T01:00Z", "03-30T00:30Z"]),
            // 02:30 comes twice on 25 October: the first of them counts.
            ("30 2 * * *", berlin, "2026-10-24T00:00:00Z", &["10-24T00:30Z", "10-25T00:30Z", "10-26T01:30Z"]),
            // A line without a single time follows the clock on the wall.
            ("*/30 * * * *", berlin, "2026-03-29T00:10:00Z", &["03-29T00:30Z", "03-29T01:00Z", "03-29T01:30Z"]),
            ("*/30 * * * *", berlin, "2026-10-25T00:10:00Z", &["10-25T00:30Z", "10-25T01:00Z", "10-25T01:30Z"]),
            // A zone of half hours, and one that skipped no hour but changes by half of one.
            ("0 0 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", &["01-01T18:30Z", "01-02T18:30Z"]),
            ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", &["10-03T15:30Z", "10-04T15:15Z"]),
            ("0 12 29 2 *", "UTC", "2026-01-01T00:00:00Z", &["02-29T12:00Z"]),
            // The thirty-first of February never comes.
            ("0 0 31 2 *", "UTC", "2026-01-01T00:00:00Z", &[]),
        ];
        for (fields, zone, from, expected) in cases {
            assert_eq!(times(fields, zone, from, expected.len().max(1)), expected, "{fields} {zone} from {from}");
        }
    }

    #[test]
    fn no_hour_of_two_years_stops_a_line_or_makes_it_go_back() {
        for zone in ["Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu"] {
            for fields in ["30 2 * * *", "*/15 1-3 * * *", "0 0 * * 0", "59 23 L * *"] {
                let rule = Rule::cron(fields, zone.parse().unwrap()).unwrap();
                let mut at: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
                let end = at + TimeDelta::days(731);
                let mut longest = TimeDelta::zero();
                while at < end {
                    let next = rule.after(at).unwrap();
                    assert!(next > at);
                    longest = longest.max(next - at);
                    at = next;
                }
                let most = if fields.contains('L') { 32 } else { 8 };
                assert!(longest <= TimeDelta::days(most), "{fields} {zone}: {longest}");
            }
        }
    }

    #[test]
    fn a_span_is_its_own_gap() {
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let span = Rule::Every(Duration::from_secs(90));
        assert_eq!(span.usual_gap(now), Some(Duration::from_secs(90)));
        assert_eq!(span.after(now), Some(now + TimeDelta::seconds(90)));
        let daily = Rule::cron("@daily", Tz::UTC).unwrap();
        assert_eq!(daily.usual_gap(now), Some(Duration::from_secs(86_400)));
        assert!(Rule::cron("61 * * * *", Tz::UTC).unwrap_err().to_string().contains("61 * * * *"));
    }
}
