//! Events of a run at the command line: JSON lines, bars on a terminal, or nothing.

use crate::output::Output;
use crate::text;
use firn_api::Host;
use firn_api::wire::{RunEvent, RunEventKind, Stage, TableProgress};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Takes the events of runs.
pub(crate) struct Follower {
    output: Output,
    bars: Mutex<Bars>,
}

impl Follower {
    pub(crate) fn new(output: Output) -> Self {
        Self { output, bars: Mutex::new(Bars::default()) }
    }
}

/// Takes the events of runs whose results are told in another way.
pub(crate) struct Silent {
    pub(crate) output: Output,
}

impl Host for Silent {
    fn emit(&self, event: RunEvent) {
        let _told_otherwise = event;
    }

    fn waiting(&self, message: &str) {
        self.output.waiting(message);
    }
}

impl Host for Follower {
    fn waiting(&self, message: &str) {
        self.output.waiting(message);
    }

    fn emit(&self, event: RunEvent) {
        if let (RunEventKind::Finding { source, finding }, false) = (&event.what, self.output.is_json())
            && source.is_empty()
        {
            // What is about a table is in its result; this is about the run and nowhere else.
            self.output.finding("this run", finding);
        }
        if self.output.is_json() {
            // The last line is the result itself, printed by the command.
            if !matches!(event.what, RunEventKind::Finished { .. }) {
                self.output.json_line(&event);
            }
        } else if self.output.draws_progress() {
            self.bars.lock().unwrap_or_else(PoisonError::into_inner).take(event.what);
        }
    }
}

/// A bar for every table that is going on, and a line for the run.
#[derive(Default)]
struct Bars {
    drawn: MultiProgress,
    run: Option<ProgressBar>,
    tables: HashMap<String, ProgressBar>,
    total: usize,
    ended: usize,
}

impl Bars {
    fn take(&mut self, what: RunEventKind) {
        match what {
            RunEventKind::Started { tables } => self.start(tables.len()),
            RunEventKind::Progress { table } => self.progress(&table),
            RunEventKind::Retry { source, attempt, error, .. } => {
                if let Some(bar) = self.tables.get(&source) {
                    bar.set_message(format!("waits after failure {attempt}: {}", error.message));
                }
            }
            RunEventKind::Finished { .. } => self.clear(),
            RunEventKind::Status { .. } => {
                if let Some(run) = &self.run {
                    run.set_message("stopping");
                }
            }
            RunEventKind::Planned { .. } | RunEventKind::Finding { .. } => {}
        }
    }

    fn start(&mut self, tables: usize) {
        self.clear();
        self.total = tables;
        self.ended = 0;
        let run = self.drawn.add(ProgressBar::new_spinner().with_style(style("{elapsed:>5}  {msg}")));
        run.enable_steady_tick(Duration::from_millis(100));
        self.run = Some(run);
        self.describe_run();
    }

    fn describe_run(&self) {
        if let Some(run) = &self.run {
            run.set_message(format!("{} of {} tables done", self.ended, self.total));
        }
    }

    fn progress(&mut self, table: &TableProgress) {
        if table.result.is_some() {
            self.ended += 1;
            if let Some(bar) = self.tables.remove(&table.source) {
                bar.finish_and_clear();
                self.drawn.remove(&bar);
            }
            self.describe_run();
            return;
        }
        if table.stage == Stage::Queued {
            return;
        }
        let drawn = &self.drawn;
        let bar = self.tables.entry(table.source.clone()).or_insert_with(|| {
            drawn
                .add(ProgressBar::new_spinner().with_style(style("       {prefix}  {wide_msg}")))
                .with_prefix(table.source.clone())
        });
        bar.set_message(message(table));
        bar.tick();
    }

    fn clear(&mut self) {
        for (_, bar) in self.tables.drain() {
            bar.finish_and_clear();
        }
        if let Some(run) = self.run.take() {
            run.finish_and_clear();
        }
    }
}

fn message(table: &TableProgress) -> String {
    let stage = stage_word(table.stage);
    match (table.stage, &table.error, table.rows_expected) {
        (Stage::Waiting, Some(error), _) => format!("{stage} to try again: {}", error.message),
        (Stage::Inspecting, _, _) if table.rows_read == 0 => stage.to_owned(),
        (_, _, Some(expected)) if table.rows_read < expected => {
            let (read, expected) = (text::count(table.rows_read), text::count(expected));
            format!("{stage}  {read} of about {expected} rows, {}", text::bytes(table.bytes))
        }
        _ => format!("{stage}  {} rows, {}", text::count(table.rows_read), text::bytes(table.bytes)),
    }
}

fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued => "queued",
        Stage::Inspecting => "inspecting",
        Stage::Reading => "reading",
        Stage::Merging => "merging",
        Stage::Waiting => "waiting",
        Stage::Done => "done",
        Stage::Failed => "failed",
        Stage::Cancelled => "cancelled",
        Stage::Held => "held",
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
