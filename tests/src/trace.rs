//! Everything that any crate in the process traces, with every field, on standard error: what a person would see who
//! turned the log up as far as it goes.

use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Traces to standard error from now on, where the variable `FIRN_TEST_TRACE` is set.
pub fn to_stderr_if_asked() {
    if std::env::var_os("FIRN_TEST_TRACE").is_some() {
        // Whoever has set another one first sees as much.
        let _first = tracing::subscriber::set_global_default(Everything(AtomicU64::new(1)));
    }
}

struct Everything(AtomicU64);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _infallible = write!(self.0, " {field}={value:?}");
    }
}

fn tell(what: &str, metadata: Option<&Metadata<'_>>, record: impl FnOnce(&mut Fields)) {
    let mut fields = Fields(format!("TRACE {what} {}", metadata.map_or("", |m| m.target())));
    record(&mut fields);
    fields.0.push('\n');
    // Nobody reads where the pipe is closed.
    let _unread = std::io::stderr().write_all(fields.0.as_bytes());
}

impl Subscriber for Everything {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        tell("span", Some(span.metadata()), |fields| span.record(fields));
        Id::from_u64(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        tell("record", None, |fields| values.record(fields));
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        tell("event", Some(event.metadata()), |fields| event.record(fields));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}
