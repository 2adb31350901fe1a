//! Charts, drawn by plotters: as SVG for the window, as PNG to keep. Both come from the same lines of drawing code, which
//! know numbers and a look, and nothing of what the numbers are about.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod axis;
mod look;
mod pixels;
mod throughput;

pub use look::{Look, Theme};
pub use throughput::{Mark, MarkKind, Sample, Throughput, throughput, throughput_png};

/// Why a chart could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {0}")]
pub struct ChartError(pub(crate) String);
