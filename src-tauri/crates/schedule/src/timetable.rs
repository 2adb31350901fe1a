//! What is due now, of everything that runs by a schedule.

use crate::Rule;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::time::Duration;

/// Pause after a first passing failure; doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// Longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A clock that is set back by less than this was only corrected.
const CORRECTION: TimeDelta = TimeDelta::minutes(1);

/// One moment on two clocks: the one on the wall, which people set, and one that only ever goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of day.
    pub wall: DateTime<Utc>,
    /// Time since some fixed moment of this process. It may stand still while the machine sleeps.
    pub steady: Duration,
}

/// How a run ended, as far as the next one is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It did its work, or found none, or somebody else does it.
    Well,
    /// It failed for a reason that may pass by itself: it is tried again after a pause, without waiting for its time.
    Passing,
    /// It failed for a reason that a person has to look at: it waits for its time, and for the pause.
    Standing,
    /// It was stopped from outside, and is due again at once.
    Stopped,
}

#[derive(Debug)]
struct Entry {
    rule: Rule,
    /// When the last run began; `None` before the first.
    began: Option<Moment>,
    /// For cron lines: the time that is waited for.
    next: Option<DateTime<Utc>>,
    running: bool,
    failures: u32,
    /// Not before this moment of the steady clock.
    not_before: Duration,
    /// Due as soon as the pause is over, whatever the rule says.
    again: bool,
    /// Gone from the workspace while it ran.
    removed: bool,
}

/// Everything that runs by a schedule, by name.
///
/// A name is due once however many of its times have passed, and never while it runs. Spans are counted from start to
/// start on whichever clock has gone further, so that neither sleep nor a clock set back holds a run up. Times of cron
/// lines that passed while the machine slept, or while nothing served the workspace, come once, at once.
#[derive(Debug, Default)]
pub struct Timetable {
    entries: BTreeMap<String, Entry>,
    seen: Option<Moment>,
}

impl Timetable {
    /// Sets what runs and when. Names with the rule they had keep their place; names that are gone run to their end and
    /// no more. A new span is due at once; a new cron line waits for the first of its times after `last`, the start of
    /// its last run as far as one is known, else after now.
    pub fn set(
        &mut self,
        rules: impl IntoIterator<Item = (String, Rule)>,
        now: Moment,
        last: impl Fn(&str) -> Option<DateTime<Utc>>,
    ) {
        let mut old = std::mem::take(&mut self.entries);
        for (name, rule) in rules {
            let kept = old.remove(&name);
            let entry = match kept {
                Some(entry) if entry.rule == rule && !entry.removed => entry,
                kept => {
                    let from = last(&name).filter(|last| *last <= now.wall).unwrap_or(now.wall);
                    let (running, began) = kept.map_or((false, None), |entry| (entry.running, entry.began));
                    let next = if matches!(rule, Rule::Cron { .. }) { rule.after(from) } else { None };
                    let (failures, not_before, again) = (0, Duration::ZERO, false);
                    Entry { rule, began, next, running, failures, not_before, again, removed: false }
                }
            };
            self.entries.insert(name, entry);
        }
        for (name, mut entry) in old {
            if entry.running {
                entry.removed = true;
                self.entries.insert(name, entry);
            }
        }
    }

    /// Returns what is due, longest waiting first, and counts it as running from now on.
    pub fn start_due(&mut self, now: Moment) -> Vec<String> {
        self.look_at_the_clock(now);
        let mut due: Vec<(Duration, &String)> = Vec::new();
        for (name, entry) in &self.entries {
            if entry.wait(now) == Some(Duration::ZERO) && !entry.running && !entry.removed {
                due.push((entry.began.map_or(Duration::ZERO, |began| began.steady), name));
            }
        }
        due.sort();
        let due: Vec<String> = due.into_iter().map(|(_, name)| name.clone()).collect();
        for name in &due {
            if let Some(entry) = self.entries.get_mut(name) {
                entry.running = true;
                entry.again = false;
                entry.began = Some(now);
                if matches!(entry.rule, Rule::Cron { .. }) {
                    entry.next = entry.rule.after(now.wall);
                }
            }
        }
        due
    }

    /// Notes that a run has ended.
    pub fn ended(&mut self, name: &str, how: Ended, now: Moment) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.running = false;
        match how {
            Ended::Well => (entry.failures, entry.not_before) = (0, Duration::ZERO),
            Ended::Passing | Ended::Standing => {
                entry.failures = entry.failures.saturating_add(1);
                entry.not_before = now.steady + pause(entry.failures);
                entry.again = how == Ended::Passing;
            }
            Ended::Stopped => entry.again = true,
        }
        if entry.removed {
            self.entries.remove(name);
        }
    }

    /// Returns how long nothing will be due; `None` where nothing ever will be, as long as nothing ends.
    #[must_use]
    pub fn idle_for(&self, now: Moment) -> Option<Duration> {
        self.entries.values().filter(|entry| !entry.running && !entry.removed).filter_map(|entry| entry.wait(now)).min()
    }

    /// Returns when a name is due, as the clock on the wall will show it; now while it runs.
    #[must_use]
    pub fn next_time(&self, name: &str, now: Moment) -> Option<DateTime<Utc>> {
        let entry = self.entries.get(name)?;
        if entry.running {
            return Some(now.wall);
        }
        now.wall.checked_add_signed(TimeDelta::from_std(entry.wait(now)?).ok()?)
    }

    /// Returns how often a name has failed in a row.
    #[must_use]
    pub fn failures(&self, name: &str) -> u32 {
        self.entries.get(name).map_or(0, |entry| entry.failures)
    }

    /// Returns whether any run is going on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.entries.values().any(|entry| entry.running)
    }

    /// Reckons the times of cron lines anew where the clock on the wall was set back: a time that comes a second time is
    /// better run twice than left out.
    fn look_at_the_clock(&mut self, now: Moment) {
        if self.seen.is_some_and(|seen| seen.wall - now.wall > CORRECTION) {
            for entry in self.entries.values_mut().filter(|entry| matches!(entry.rule, Rule::Cron { .. })) {
                entry.next = entry.rule.after(now.wall);
            }
        }
        self.seen = Some(now);
    }
}

impl Entry {
    /// Returns how long it has to wait, running or not; `None` for ever.
    fn wait(&self, now: Moment) -> Option<Duration> {
        let pause = self.not_before.saturating_sub(now.steady);
        if self.again {
            return Some(pause);
        }
        let regular = match (&self.rule, self.began) {
            (Rule::Every(_), None) => Duration::ZERO,
            (Rule::Every(span), Some(began)) => {
                let on_the_wall = (now.wall - began.wall).to_std().unwrap_or_default();
                let steady = now.steady.saturating_sub(began.steady);
                span.saturating_sub(on_the_wall.max(steady))
            }
            (Rule::Cron { .. }, _) => (self.next? - now.wall).to_std().unwrap_or_default(),
        };
        Some(regular.max(pause))
    }
}

fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Tz;

    /// A clock whose hands a test moves.
    struct Clock(Moment);

    impl Clock {
        fn at(wall: &str) -> Self {
            Self(Moment { wall: wall.parse().unwrap(), steady: Duration::from_secs(1000) })
        }
        fn passes(&mut self, seconds: u64) -> Moment {
            self.0.wall += TimeDelta::seconds(i64::try_from(seconds).unwrap());
            self.0.steady += Duration::from_secs(seconds);
            self.0
        }
        /// The machine sleeps: the steady clock stands still.
        fn sleeps(&mut self, seconds: i64) -> Moment {
            self.0.wall += TimeDelta::seconds(seconds);
            self.0
        }
    }

    fn every(seconds: u64) -> Rule {
        Rule::Every(Duration::from_secs(seconds))
    }
    fn cron(fields: &str) -> Rule {
        Rule::cron(fields, Tz::UTC).unwrap()
    }
    fn table(rules: &[(&str, Rule)], now: Moment) -> Timetable {
        let mut table = Timetable::default();
        table.set(rules.iter().map(|(name, rule)| ((*name).to_owned(), rule.clone())), now, |_| None);
        table
    }
    /// Starts what is due and ends it at once.
    fn run(table: &mut Timetable, now: Moment) -> Vec<String> {
        let due = table.start_due(now);
        due.iter().for_each(|name| table.ended(name, Ended::Well, now));
        due
    }

    #[test]
    fn spans_begin_at_once_and_count_from_start_to_start() {
        let mut clock = Clock::at("2026-01-01T00:00:00Z");
        let mut table = table(&[("a", every(60)), ("b", every(90))], clock.0);
        assert_eq!(run(&mut table, clock.0), ["a", "b"]);
        assert_eq!(table.idle_for(clock.0), Some(Duration::from_secs(60)));
        assert_eq!(run(&mut table, clock.passes(59)), [""; 0]);
        assert_eq!(run(&mut table, clock.passes(1)), ["a"]);
        assert_eq!(run(&mut table, clock.passes(30)), ["b"]);
        // Ten spans missed are one run.
        assert_eq!(run(&mut table, clock.passes(900)), ["a", "b"]);
        assert_eq!(run(&mut table, clock.0), [""; 0]);
    }

    #[test]
    fn what_runs_is_not_started_again_and_follows_once_where_its_time_has_passed() {
        let mut clock = Clock::at("2026-01-01T00:00:00Z");
        let mut table = table(&[("a", every(10))], clock.0);
        assert_eq!(table.start_due(clock.0), ["a"]);
        assert_eq!(table.start_due(clock.passes(55)), [""; 0]);
        assert_eq!(table.idle_for(clock.0), None);
        table.ended("a", Ended::Well, clock.0);
        assert_eq!(run(&mut table, clock.0), ["a"]);
        assert_eq!(table.idle_for(clock.0), Some(Duration::from_secs(10)));
    }

    #[test]
    fn times_missed_in_sleep_come_once() {
        let mut clock = Clock::at("2026-01-01T03:50:00Z");
        let mut table = table(&[("daily", cron("0 4 * * *")), ("often", every(120)), ("slow", every(7200))], clock.0);
        assert_eq!(run(&mut table, clock.0), ["often", "slow"]);
        // Three days with the lid closed.
        assert_eq!(run(&mut table, clock.sleeps(3 * 86_400)), ["daily", "often", "slow"]);
        assert_eq!(run(&mut table, clock.passes(1)), [""; 0]);
        assert_eq!(table.next_time("daily", clock.0), Some("2026-01-04T04:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_clock_set_back_holds_nothing_up() {
        let mut clock = Clock::at("2026-01-01T04:30:00Z");
        let mut table = table(&[("daily", cron("0 4 * * *")), ("often", every(120))], clock.0);
        assert_eq!(run(&mut table, clock.0), ["often"]);
        assert_eq!(table.next_time("daily", clock.0), Some("2026-01-02T04:00:00Z".parse().unwrap()));
        // An hour back: four o'clock comes again, and the span goes on by the other clock.
        clock.sleeps(-3600);
        assert_eq!(run(&mut table, clock.passes(119)), [""; 0]);
        assert_eq!(run(&mut table, clock.passes(1)), ["often"]);
        assert_eq!(table.next_time("daily", clock.0), Some("2026-01-01T04:00:00Z".parse().unwrap()));
        // A correction by seconds does not make a time come twice.
        assert_eq!(run(&mut table, clock.passes(28 * 60)), ["daily", "often"]);
        clock.sleeps(-5);
        assert_eq!(run(&mut table, clock.passes(10)), [""; 0]);
        // A clock that was wrong by years does not wait for them to pass.
        clock.sleeps(3 * 365 * 86_400);
        assert_eq!(run(&mut table, clock.0), ["daily", "often"]);
        clock.sleeps(-3 * 365 * 86_400);
        assert_eq!(run(&mut table, clock.passes(60)), [""; 0]);
        assert!(table.next_time("daily", clock.0).unwrap() <= clock.0.wall + TimeDelta::days(1));
    }

    #[test]
    fn a_time_missed_while_nothing_served_comes_at_once() {
        let clock = Clock::at("2026-01-05T09:00:00Z");
        let mut table = Timetable::default();
        let rules = ["ran", "missed", "new"].map(|name| (name.to_owned(), cron("0 4 * * *")));
        let last = |name: &str| match name {
            "ran" => Some("2026-01-05T04:00:03Z".parse().unwrap()),
            "missed" => Some("2026-01-04T04:00:03Z".parse().unwrap()),
            _ => None,
        };
        table.set(rules, clock.0, last);
        assert_eq!(run(&mut table, clock.0), ["missed"]);
    }

    #[test]
    fn failures_pause_their_table_alone_and_longer_each_time() {
        let mut clock = Clock::at("2026-01-01T00:00:00Z");
        let mut table = table(&[("bad", every(1)), ("good", every(1))], clock.0);
        let mut attempts = Vec::new();
        for second in 0..200 {
            for name in table.start_due(clock.0) {
                if name == "bad" {
                    attempts.push(second);
                }
                table.ended(&name, if name == "bad" { Ended::Passing } else { Ended::Well }, clock.0);
            }
            if second > 0 {
                assert_eq!(table.failures("good"), 0);
            }
            clock.passes(1);
        }
        assert_eq!(attempts, [0, 5, 15, 35, 75, 155]);
        let mut pauses = (1..50).map(pause);
        assert!(pauses.all(|pause| pause <= LONGEST_PAUSE));
    }

    #[test]
    fn a_passing_failure_of_a_daily_run_is_tried_again_today_and_a_standing_one_tomorrow() {
        let mut clock = Clock::at("2026-01-01T03:59:00Z");
        let mut table = table(&[("passing", cron("0 4 * * *")), ("standing", cron("0 4 * * *"))], clock.0);
        let due = table.start_due(clock.passes(60));
        assert_eq!(due, ["passing", "standing"]);
        table.ended("passing", Ended::Passing, clock.0);
        table.ended("standing", Ended::Standing, clock.0);
        assert_eq!(run(&mut table, clock.passes(4)), [""; 0]);
        assert_eq!(run(&mut table, clock.passes(1)), ["passing"]);
        assert_eq!(table.next_time("passing", clock.0), Some("2026-01-02T04:00:00Z".parse().unwrap()));
        assert_eq!(table.next_time("standing", clock.0), Some("2026-01-02T04:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_changed_document_keeps_the_places_of_what_it_leaves_alone() {
        let mut clock = Clock::at("2026-01-01T00:00:00Z");
        let mut table = table(&[("same", every(60)), ("other", every(60)), ("gone", every(60))], clock.0);
        assert_eq!(table.start_due(clock.0).len(), 3);
        table.ended("same", Ended::Well, clock.0);
        let rules = [("same".to_owned(), every(60)), ("other".to_owned(), every(30)), ("new".to_owned(), every(60))];
        table.set(rules, clock.passes(10), |_| None);
        assert_eq!(run(&mut table, clock.0), ["new"]);
        assert!(table.is_running());
        // What is gone runs to its end; what has another schedule does not overlap with itself.
        table.ended("gone", Ended::Well, clock.0);
        assert_eq!(run(&mut table, clock.passes(25)), [""; 0]);
        table.ended("other", Ended::Well, clock.0);
        assert_eq!(run(&mut table, clock.0), ["other"]);
        assert_eq!(run(&mut table, clock.passes(25)), ["same"]);
        assert_eq!(table.next_time("gone", clock.0), None);
    }

    #[test]
    fn what_was_stopped_is_due_again() {
        let clock = Clock::at("2026-01-01T04:00:00Z");
        let mut table = table(&[("a", every(3600))], clock.0);
        assert_eq!(table.start_due(clock.0), ["a"]);
        table.ended("a", Ended::Stopped, clock.0);
        assert_eq!(run(&mut table, clock.0), ["a"]);
    }
}
