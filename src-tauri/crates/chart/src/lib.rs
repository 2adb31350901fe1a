//! Charts, drawn as SVG by plotters. They know numbers and a look, and nothing of what the numbers are about.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod look;
mod throughput;

pub use look::{Look, Theme};
pub use throughput::{Mark, MarkKind, Sample, Throughput, throughput};

/// Why a chart could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {0}")]
pub struct ChartError(pub(crate) String);
