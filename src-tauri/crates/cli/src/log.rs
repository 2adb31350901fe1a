//! The log of `serve` as text: a line an event, moment first, then a word and `name=value` pairs.

use firn_api::wire::{ErrorView, ServeEvent};
use std::fmt::Write as _;

/// Writes one event as a line.
pub(crate) fn line(event: &ServeEvent) -> String {
    match event {
        ServeEvent::Listening { at, address } => Line::begin(at, "listening").pair("address", address).end(),
        ServeEvent::Serving { at, folder, tables } => {
            let mut text =
                Line::begin(at, "serving").pair("folder", folder).pair("tables", &tables.len().to_string()).end();
            for table in tables {
                let line = Line::begin(at, "schedule").pair("table", &table.source).pair("target", &table.target);
                text.push_str(&line.pair("schedule", &table.schedule).end());
            }
            text
        }
        ServeEvent::Refused { at, error } => Line::begin(at, "refused").error(error).end(),
        ServeEvent::Warning { at, error } => Line::begin(at, "warning").error(error).end(),
        ServeEvent::Table { at, next, result, .. } => {
            let line = Line::begin(at, &result.status)
                .pair("table", &result.source)
                .pair("read", &result.rows_read.to_string())
                .pair("merged", &result.rows_merged.to_string())
                .pair("rejected", &result.rows_rejected.to_string())
                .pair("deleted", &result.rows_deleted.to_string())
                .pair("seconds", &format!("{:.3}", result.seconds));
            let line = line.optional("watermark", result.watermark.as_deref()).optional("next", next.as_deref());
            match &result.error {
                Some(error) => line.error(error),
                None => line,
            }
            .end()
        }
        ServeEvent::Stopping { at } => Line::begin(at, "stopping").end(),
        ServeEvent::Finished { at, status } => Line::begin(at, status).end(),
    }
}

struct Line(String);

impl Line {
    fn begin(at: &str, word: &str) -> Self {
        Self(format!("{at} {word}"))
    }

    fn pair(mut self, name: &str, value: &str) -> Self {
        let plain = |c: char| c.is_alphanumeric() || "-_.:/+,@*".contains(c);
        // Writing into a `String` cannot fail.
        let _infallible = if !value.is_empty() && value.chars().all(plain) {
            write!(self.0, " {name}={value}")
        } else {
            write!(self.0, " {name}={value:?}")
        };
        self
    }

    fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.pair(name, value),
            None => self,
        }
    }

    fn error(self, error: &ErrorView) -> Self {
        let line = self.pair("code", &error.code).pair("error", &error.message);
        line.optional("hint", error.hint.as_deref())
    }

    fn end(self) -> String {
        self.0 + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_its_values_hold() {
        let error = ErrorView::other("line one\nline \"two\"").with_hint("mend it");
        let text = line(&ServeEvent::Refused { at: "2026-01-01T00:00:00.000Z".into(), error });
        assert_eq!(
            text,
            "2026-01-01T00:00:00.000Z refused code=other error=\"line one\\nline \\\"two\\\"\" hint=\"mend it\"\n"
        );
    }
}
