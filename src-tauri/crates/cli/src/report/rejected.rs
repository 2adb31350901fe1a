//! Rejected rows as text: listed, tried with a transform, tried again, discarded.

use super::Align::{Left, Right};
use crate::text::{TextTable, count, seconds};
use firn_api::wire::{DiscardView, ErrorsView, RetryView, TryView};
use serde_json::{Map, Value};
use std::fmt::Write as _;

pub(crate) fn errors(view: &ErrorsView) -> String {
    let mut text = String::new();
    for row in &view.errors {
        line!(text, "#{}  {}  {}  {}", row.id, row.occurred_at, row.source, key(&row.pk));
        let times = if row.attempts == 1 { "once".to_owned() } else { format!("{} times", row.attempts) };
        line!(text, "  {}: {} (met {times})", row.code, row.error);
        if let Some(at) = &row.resolved_at {
            let by = row.resolved_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            let note = row.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            line!(text, "  resolved {at}{by}{note}");
        }
        if !row.payload.is_null() {
            line!(text, "  {}", row.payload);
        }
    }
    if text.is_empty() { "no rejected rows\n".to_owned() } else { text }
}

pub(crate) fn retried(view: &RetryView) -> String {
    let mut table = TextTable::new(&[
        ("TABLE", Left),
        ("TARGET", Left),
        ("STATUS", Left),
        ("MERGED", Right),
        ("GONE", Right),
        ("REJECTED", Right),
        ("NO KEY", Right),
        ("TIME", Right),
    ]);
    for done in &view.tables {
        table.row([
            done.source.clone(),
            done.target.clone(),
            done.status.clone(),
            count(done.rows_merged),
            count(done.rows_gone),
            count(done.rows_rejected),
            count(done.rows_without_key),
            seconds(done.seconds),
        ]);
    }
    if table.is_empty() { "no rejected rows\n".to_owned() } else { table.to_string() }
}

pub(crate) fn discarded(view: &DiscardView) -> String {
    let rows = |ids: &[String]| {
        if ids.len() == 1 { "1 rejected row".to_owned() } else { format!("{} rejected rows", ids.len()) }
    };
    let mut text = format!("{} discarded: {}\n", rows(&view.discarded), view.note);
    if !view.not_open.is_empty() {
        let ids: Vec<String> = view.not_open.iter().map(|id| format!("#{id}")).collect();
        line!(text, "not open: {}", ids.join(", "));
    }
    text
}

/// Failing rows that are printed.
const SHOWN: usize = 20;

pub(crate) fn tried(view: &TryView) -> String {
    if view.rows == 0 {
        return format!("no open rejected row of {} whose value in {} was refused\n", view.source, view.column);
    }
    let mut text = {
        let verb = if view.rows == 1 { "passes" } else { "pass" };
        format!("{} of {} {verb}, as {}\n", count(view.passed), count(view.rows), view.target_type)
    };
    let rows = |number: u64| if number == 1 { "1 row".to_owned() } else { format!("{} rows", count(number)) };
    let counts = [
        (view.nulls, "in which the value becomes NULL in the target"),
        (view.changed - view.nulls, "in which it becomes another one"),
        (view.failed, "that would be rejected still"),
        (view.gone, "that are not read any more: gone from the source, or outside of the condition"),
        (view.without_key, "without a key, which cannot be read"),
        (view.untried, "left untried: the transform fails on too many others"),
    ];
    for (number, what) in counts.into_iter().filter(|(number, _)| *number > 0) {
        line!(text, "  {} {what}", rows(number));
    }
    for failure in view.failures.iter().take(SHOWN) {
        line!(text, "  {}: column {}: {} ({})", key(&failure.pk), failure.column, failure.message, failure.code);
    }
    if view.failed > SHOWN as u64 {
        line!(text, "  and {} more", count(view.failed - SHOWN as u64));
    }
    for statement in &view.ddl {
        line!(text, "  the next run: {statement}");
    }
    text
}

/// Writes a key as `column = value`, the columns in their order.
fn key(pk: &Map<String, Value>) -> String {
    let parts: Vec<String> =
        pk.iter().map(|(column, value)| format!("{column} = {}", value.as_str().unwrap_or("NULL"))).collect();
    if parts.is_empty() { "no key".to_owned() } else { parts.join(", ") }
}
