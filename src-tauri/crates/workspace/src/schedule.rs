//! When something runs: spans of time and cron lines.

use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds, Year};
use std::fmt;
use std::time::Duration;

/// When a table or job runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Again and again, this long from one start to the next.
    Every(Duration),
    /// At the times of a cron line.
    Cron(CronLine),
}

/// A cron line of five fields with the time zone that it is read in.
#[derive(Clone, Debug, PartialEq)]
pub struct CronLine {
    /// The five fields, or a nickname such as `@daily`.
    pub fields: String,
    /// The time zone; UTC unless the line names one.
    pub zone: Tz,
}

impl Schedule {
    /// Parses `120s`, `5m`, `2h`, `1d`, or a cron line such as `0 4 * * * America/Los_Angeles`.
    ///
    /// # Errors
    /// Fails with a sentence that says what is wrong and gives an example.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            [] => Err(ScheduleError("it is empty".to_owned())),
            [word] if !word.starts_with('@') => parse_span(word).map(Self::Every),
            words => parse_cron(words).map(Self::Cron),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(span) => formatter.write_str(&write_span(*span)),
            Self::Cron(line) if line.zone == Tz::UTC => formatter.write_str(&line.fields),
            Self::Cron(line) => write!(formatter, "{} {}", line.fields, line.zone.name()),
        }
    }
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; write a span such as `120s`, `5m`, `2h`, `1d`, or a cron line such as `0 4 * * * America/Los_Angeles`")]
pub struct ScheduleError(String);

/// Parses a span of time: a whole number with the unit `s`, `m`, `h` or `d`, of at least a second and at most a year.
///
/// # Errors
/// Fails with a sentence that says what is wrong and gives an example.
pub fn parse_span(text: &str) -> Result<Duration, ScheduleError> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "" => return Err(ScheduleError(format!("`{}` has no unit", shown(text)))),
        _ => return Err(ScheduleError(format!("`{}` is not a span of time", shown(text)))),
    };
    let count: u64 = digits.parse().map_err(|_| ScheduleError(format!("`{}` is not a span of time", shown(text))))?;
    match count.checked_mul(unit) {
        Some(0) => Err(ScheduleError("a span of zero would run without end".to_owned())),
        Some(seconds) if seconds <= 366 * 86_400 => Ok(Duration::from_secs(seconds)),
        _ => Err(ScheduleError(format!("`{}` is longer than a year", shown(text)))),
    }
}

fn write_span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        _ if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

fn parse_cron(words: &[&str]) -> Result<CronLine, ScheduleError> {
    let wanted = if words.first().is_some_and(|word| word.starts_with('@')) { 1 } else { 5 };
    let (fields, zone) = match words.len() {
        length if length == wanted => (words, None),
        length if length == wanted + 1 => (&words[..wanted], words.last()),
        length => {
            return Err(ScheduleError(format!("a cron line has five fields and a time zone, this has {length} words")));
        }
    };
    let zone = match zone {
        None => Tz::UTC,
        Some(name) => name
            .parse::<Tz>()
            .map_err(|_| ScheduleError(format!("`{}` is not a time zone of the IANA list", shown(name))))?,
    };
    let fields = fields.join(" ");
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build()
        .parse(&fields)
        .map_err(|error| ScheduleError(format!("`{}` is not a cron line: {error}", shown(&fields))))?;
    Ok(CronLine { fields, zone })
}

fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit() {
        for (text, seconds) in [("1s", 1), ("120s", 120), ("5m", 300), ("2h", 7200), ("1d", 86_400)] {
            let schedule = Schedule::parse(text).unwrap();
            assert_eq!(schedule, Schedule::Every(Duration::from_secs(seconds)));
            assert_eq!(Schedule::parse(&schedule.to_string()).unwrap(), schedule);
        }
        for text in ["", " ", "120", "0s", "s", "-5m", "1.5h", "5 m", "999999999999999999999s", "367d", "5ß", "５s"] {
            assert!(Schedule::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn cron_lines_have_five_fields_and_a_zone_that_exists() {
        let Schedule::Cron(line) = Schedule::parse("0 4 * * * America/Los_Angeles").unwrap() else { panic!() };
        assert_eq!(line.zone, Tz::America__Los_Angeles);
        assert_eq!(line.fields, "0 4 * * *");
        let Schedule::Cron(line) = Schedule::parse("*/5 8-18 * * MON-FRI").unwrap() else { panic!() };
        assert_eq!(line.zone, Tz::UTC);
        assert!(Schedule::parse("@daily Europe/Berlin").is_ok());
        for text in ["0 4 * *", "61 4 * * *", "0 4 * * * Mars/Olympus", "0 0 4 * * * UTC", "0 4 31 FOO *", "@sometimes"]
        {
            assert!(Schedule::parse(text).is_err(), "{text:?}");
        }
    }
}
