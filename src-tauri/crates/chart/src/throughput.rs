//! Rows a second over a run, with what happened to its tables marked on the time axis.

use crate::pixels::{Pixels, SIZE_OF_PIXEL, png, smaller};
use crate::{ChartError, Look, axis};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The total of a counter at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Seconds since the run began; grows from sample to sample.
    pub seconds: f64,
    /// Rows so far; never falls.
    pub rows: u64,
}

/// What happened at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// A table was done.
    Done,
    /// A table tries again after a transient failure.
    Retry,
    /// A table failed.
    Failed,
}

/// Something marked on the time axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// Seconds since the run began.
    pub seconds: f64,
    /// What happened.
    pub kind: MarkKind,
}

/// A run as a chart sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throughput<'a> {
    /// The counter, in the order of time.
    pub samples: &'a [Sample],
    /// What happened.
    pub marks: &'a [Mark],
    /// How long the run has taken, in seconds.
    pub seconds: f64,
}

/// Seconds over which a rate is taken, as that of the figures beside the chart is (`ui/src/data/run.ts`).
const WINDOW: f64 = 5.0;
/// Pixels of a label's letters, of the width of one of them, and of a mark.
const LETTER: f64 = 11.0;
const LETTER_WIDTH: f64 = 6.6;
const MARK: i32 = 8;
/// How much larger than its look a PNG is, for screens of many dots, and how much larger than that it is drawn.
const PNG_SCALE: u32 = 2;
const SMOOTH: u32 = 2;

/// Draws rows a second as an SVG document. One with a caption stands for itself: it has a ground of its own, too.
///
/// # Errors
/// Where the drawing library refuses, which none of its inputs here should bring about.
pub fn throughput(run: &Throughput<'_>, look: Look, caption: Option<&str>) -> Result<String, ChartError> {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, look.size()).into_drawing_area();
    if caption.is_some() {
        area.fill(&look.colours().surface).map_err(refused)?;
    }
    draw(&area, run, look, 1, caption)?;
    area.present().map_err(refused)?;
    drop(area);
    Ok(svg)
}

/// Draws rows a second as a PNG file with a caption, twice as large as the look for screens of many dots.
///
/// # Errors
/// Where the drawing library or the encoder refuses, which none of their inputs here should bring about.
pub fn throughput_png(run: &Throughput<'_>, look: Look, caption: &str) -> Result<Vec<u8>, ChartError> {
    let (width, height) = look.size();
    let size = (width * PNG_SCALE, height * PNG_SCALE);
    let drawn = (size.0 * SMOOTH, size.1 * SMOOTH);
    let mut bytes = vec![0; drawn.0 as usize * drawn.1 as usize * 3];
    let area = Pixels::over(&mut bytes, drawn, look.colours().surface)?.into_drawing_area();
    draw(&area, run, look, PNG_SCALE * SMOOTH, Some(caption))?;
    area.present().map_err(refused)?;
    drop(area);
    png(&smaller(&bytes, size, SMOOTH), size)
}

/// Draws on an area of the look's size, times `unit` in each direction.
fn draw<B>(
    area: &DrawingArea<B, Shift>,
    run: &Throughput<'_>,
    look: Look,
    unit: u32,
    caption: Option<&str>,
) -> Result<(), ChartError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let colours = look.colours();
    let (width, height) = look.size();
    let rates = rates(run.samples);
    let largest = rates.iter().map(|(_, rate)| *rate).fold(1.0, f64::max);
    let values = axis::rates(largest, (height / 34).clamp(1, 8));
    let labels: Vec<String> = values.iter().map(|value| axis::short(*value)).collect();
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    // Few characters: exact.
    let left = longest as f64 * LETTER_WIDTH + 10.0;
    let top = if caption.is_some() { 38.0 } else { 16.0 };
    let end = run.seconds.max(rates.last().map_or(0.0, |(at, _)| *at)).max(1.0);
    let plot = Plot {
        unit: f64::from(unit),
        left,
        right: (f64::from(width) - 14.0).max(left + 1.0),
        top,
        bottom: (f64::from(height) - 22.0).max(top + 1.0),
        end,
        largest: values.last().copied().unwrap_or(largest),
    };
    let stroke = |colour: RGBColor, pixels: f64| {
        let style: ShapeStyle = colour.into();
        // A line is a few pixels wide at the most.
        style.stroke_width((pixels * plot.unit).round().max(1.0) as u32)
    };
    let letters = |at: HPos, under: VPos| {
        let font = ("JetBrains Mono Variable, monospace", LETTER * SIZE_OF_PIXEL * plot.unit).into_font();
        TextStyle::from(font).color(&colours.text).pos(Pos::new(at, under))
    };

    if let Some(caption) = caption {
        let place = plot.at(plot.left, 9.0);
        area.draw_text(caption, &letters(HPos::Left, VPos::Top), place).map_err(refused)?;
    }
    for (value, label) in values.iter().zip(&labels) {
        let y = plot.y(*value);
        let line = PathElement::new([plot.at(plot.left, y), plot.at(plot.right, y)], stroke(colours.grid, 1.0));
        area.draw(&line).map_err(refused)?;
        area.draw_text(label, &letters(HPos::Right, VPos::Center), plot.at(plot.left - 8.0, y)).map_err(refused)?;
    }
    for moment in axis::moments(end, (width / 90).clamp(1, 14)) {
        let x = plot.x(moment);
        let text = axis::clock(moment);
        // The first and the last one stay within the picture.
        let half = text.len() as f64 * LETTER_WIDTH / 2.0;
        let x = x.min(f64::from(width) - half - 2.0);
        area.draw_text(&text, &letters(HPos::Center, VPos::Top), plot.at(x, plot.bottom + 7.0)).map_err(refused)?;
    }
    if let (Some(first), Some(last)) = (rates.first(), rates.last()) {
        let line: Vec<(i32, i32)> = rates.iter().map(|(at, rate)| plot.at(plot.x(*at), plot.y(*rate))).collect();
        let foot = [plot.at(plot.x(last.0), plot.bottom), plot.at(plot.x(first.0), plot.bottom)];
        let outline: Vec<(i32, i32)> = line.iter().copied().chain(foot).collect();
        area.draw(&Polygon::new(outline, colours.area.filled())).map_err(refused)?;
        area.draw(&PathElement::new(line, stroke(colours.line, 1.5))).map_err(refused)?;
    }
    for (x, kind) in plot.room_for(run.marks) {
        let colour = match kind {
            MarkKind::Done => colours.ok,
            MarkKind::Retry => colours.warn,
            MarkKind::Failed => colours.failed,
        };
        if kind != MarkKind::Done {
            let line = PathElement::new([plot.at(x, plot.top), plot.at(x, plot.bottom)], stroke(colour, 1.0));
            area.draw(&line).map_err(refused)?;
        }
        // A sign of its own for each, so that the colour is never the only carrier.
        for path in sign(kind) {
            let path: Vec<(i32, i32)> =
                path.iter().map(|(right, down)| plot.at(x + right, plot.top - 12.0 + down)).collect();
            area.draw(&PathElement::new(path, stroke(colour, 1.5))).map_err(refused)?;
        }
    }
    Ok(())
}

/// Where things are within a picture, in pixels of the look.
struct Plot {
    unit: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// What the right end stands for, in seconds.
    end: f64,
    /// What the upper end stands for, in rows a second.
    largest: f64,
}

impl Plot {
    fn x(&self, seconds: f64) -> f64 {
        self.left + (self.right - self.left) * (seconds / self.end).clamp(0.0, 1.0)
    }

    fn y(&self, rate: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * (rate / self.largest).clamp(0.0, 1.0)
    }

    /// Returns a place on the drawing.
    fn at(&self, x: f64, y: f64) -> (i32, i32) {
        // Within the picture, whose sides are small numbers.
        ((x * self.unit).round() as i32, (y * self.unit).round() as i32)
    }

    /// Returns where marks stand. What would cover another one of its kind is left out, and what was done makes room
    /// for what went wrong.
    fn room_for(&self, marks: &[Mark]) -> Vec<(f64, MarkKind)> {
        let mut sorted: Vec<(f64, MarkKind)> = marks
            .iter()
            .filter(|mark| mark.seconds.is_finite())
            .map(|mark| (self.x(mark.seconds), mark.kind))
            .collect();
        sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.total_cmp(&b.0)));
        let mut placed: Vec<(f64, MarkKind)> = Vec::new();
        for mark in sorted {
            if placed.iter().all(|other| (other.0 - mark.0).abs() >= f64::from(MARK) + 3.0) {
                placed.push(mark);
            }
        }
        placed.reverse();
        placed
    }
}

/// Returns the lines of a mark's sign, to the right and down from the middle of its upper edge.
fn sign(kind: MarkKind) -> &'static [&'static [(f64, f64)]] {
    match kind {
        MarkKind::Done => &[&[(-4.0, 5.0), (-1.0, 8.0), (4.0, 1.0)]],
        MarkKind::Retry => &[&[(0.0, 0.5), (4.5, 8.0), (-4.5, 8.0), (0.0, 0.5)]],
        MarkKind::Failed => &[&[(-3.5, 1.0), (3.5, 8.0)], &[(3.5, 1.0), (-3.5, 8.0)]],
    }
}

fn refused<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> ChartError {
    ChartError(error.to_string())
}

/// Returns the rate at each sample but the first: over the last five seconds, or since the sample before it where that
/// is older. The first rate stands at the beginning, too.
fn rates(samples: &[Sample]) -> Vec<(f64, f64)> {
    let mut rates = Vec::with_capacity(samples.len());
    let mut from = 0;
    for (at, now) in samples.iter().enumerate().skip(1) {
        while from + 1 < at && samples[from].seconds < now.seconds - WINDOW {
            from += 1;
        }
        let before = samples[from];
        let span = now.seconds - before.seconds;
        if span <= 0.0 || !span.is_finite() {
            continue;
        }
        // Exact below 2^53 rows between two samples.
        let rate = now.rows.saturating_sub(before.rows) as f64 / span;
        if rates.is_empty() {
            rates.push((before.seconds.max(0.0), rate));
        }
        rates.push((now.seconds, rate));
    }
    rates
}

#[cfg(test)]
#[path = "throughput_tests.rs"]
mod tests;
