//! Rows a second over a run, with what happened to its tables marked on the time axis.

use crate::{ChartError, Look};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// A table tries again after a transient failure.
    Retry,
    /// A table failed.
    Failed,
    /// A table was done.
    Done,
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

/// Draws rows a second as an SVG document.
///
/// # Errors
/// Where the drawing library refuses, which none of its inputs here should bring about.
pub fn throughput(run: &Throughput<'_>, look: Look) -> Result<String, ChartError> {
    let size = look.size();
    let colours = look.colours();
    let rates = rates(run.samples);
    let end = run.seconds.max(rates.last().map_or(0.0, |(at, _)| *at)).max(1.0);
    let top = nice(rates.iter().map(|(_, rate)| *rate).fold(1.0, f64::max));
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(12)
            .margin_right(12)
            .x_label_area_size(20)
            .y_label_area_size(58)
            .build_cartesian_2d(0.0..end, 0.0..top)
            .map_err(refused)?;
        let font = ("JetBrains Mono Variable, monospace", 11).into_font().color(&colours.text);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(colours.grid)
            .axis_style(colours.grid)
            .label_style(font.clone())
            .x_labels((size.0 / 90).clamp(2, 12) as usize)
            .y_labels((size.1 / 40).clamp(2, 6) as usize)
            .x_label_formatter(&|seconds| clock(*seconds))
            .y_label_formatter(&|rate| short(*rate))
            .draw()
            .map_err(refused)?;
        chart
            .draw_series(AreaSeries::new(rates.iter().copied(), 0.0, colours.area).border_style(colours.line))
            .map_err(refused)?;
        for mark in run.marks.iter().filter(|mark| mark.seconds.is_finite()) {
            let at = mark.seconds.clamp(0.0, end);
            // A glyph stands with the colour, so that the colour is never the only carrier.
            let (glyph, colour) = match mark.kind {
                MarkKind::Retry => ("△", colours.warn),
                MarkKind::Failed => ("✕", colours.failed),
                MarkKind::Done => ("✓", colours.ok),
            };
            if mark.kind != MarkKind::Done {
                let line = PathElement::new(vec![(at, 0.0), (at, top)], colour.mix(0.6));
                chart.draw_series(std::iter::once(line)).map_err(refused)?;
            }
            let style = ("sans-serif", 11).into_font().color(&colour).pos(Pos::new(HPos::Center, VPos::Top));
            chart.draw_series(std::iter::once(Text::new(glyph, (at, top), style))).map_err(refused)?;
        }
        root.present().map_err(refused)?;
    }
    Ok(svg)
}

fn refused<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> ChartError {
    ChartError(error.to_string())
}

/// Returns the rate between each two samples, at the later one's moment; the first stands at the beginning.
fn rates(samples: &[Sample]) -> Vec<(f64, f64)> {
    let mut rates = Vec::with_capacity(samples.len());
    for pair in samples.windows(2) {
        let span = pair[1].seconds - pair[0].seconds;
        if span <= 0.0 || !span.is_finite() {
            continue;
        }
        // Exact below 2^53 rows between two samples.
        let rate = pair[1].rows.saturating_sub(pair[0].rows) as f64 / span;
        if rates.is_empty() {
            rates.push((pair[0].seconds.max(0.0), rate));
        }
        rates.push((pair[1].seconds, rate));
    }
    rates
}

/// Returns the next of 1, 2 or 5 times a power of ten: axes end at round numbers.
fn nice(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(value)
}

/// Writes a rate in at most four digits.
fn short(rate: f64) -> String {
    match rate {
        rate if rate >= 1e6 => format!("{} M/s", trimmed(rate / 1e6)),
        rate if rate >= 1e3 => format!("{} k/s", trimmed(rate / 1e3)),
        rate => format!("{}/s", trimmed(rate)),
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Writes seconds as a clock.
fn clock(seconds: f64) -> String {
    // Negative seconds do not come out of the axis; a cast of them would be 0.
    let whole = seconds.round() as u64;
    if whole >= 3600 {
        format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
    } else {
        format!("{}:{:02}", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Theme;

    const LOOK: Look = Look { width: 900, height: 140, theme: Theme::Light };

    fn sample(seconds: f64, rows: u64) -> Sample {
        Sample { seconds, rows }
    }

    #[test]
    fn a_rate_is_what_came_between_two_samples() {
        assert!(rates(&[]).is_empty() && rates(&[sample(0.0, 5)]).is_empty());
        assert_eq!(
            rates(&[sample(0.0, 0), sample(2.0, 100), sample(3.0, 100)]),
            [(0.0, 50.0), (2.0, 50.0), (3.0, 0.0)]
        );
        // A clock that stood still says nothing about a rate, and a counter does not fall.
        assert_eq!(rates(&[sample(1.0, 9), sample(1.0, 20), sample(2.0, 5)]), [(1.0, 0.0), (2.0, 0.0)]);
    }

    #[test]
    fn axes_end_at_round_numbers_and_labels_are_short() {
        assert_eq!([0.0, 1.0, 1.1, 230_000.0, f64::NAN].map(nice), [1.0, 1.0, 2.0, 500_000.0, 1.0]);
        assert_eq!([0.0, 999.0, 1500.0, 2e6].map(short), ["0/s", "999/s", "1.5 k/s", "2 M/s"]);
        assert_eq!([0.0, 65.0, 3725.0].map(clock), ["0:00", "1:05", "1:02:05"]);
    }

    #[test]
    fn a_chart_has_its_line_its_axes_and_a_glyph_for_each_mark() {
        let samples: Vec<Sample> = (0..600u32).map(|at| sample(f64::from(at), u64::from(at) * 1000)).collect();
        let marks = [
            Mark { seconds: 10.0, kind: MarkKind::Retry },
            Mark { seconds: 20.0, kind: MarkKind::Failed },
            Mark { seconds: 9e9, kind: MarkKind::Done },
        ];
        let svg = throughput(&Throughput { samples: &samples, marks: &marks, seconds: 600.0 }, LOOK).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("width=\"900\"") && svg.trim_end().ends_with("</svg>"));
        for part in ["△", "✕", "✓", "1 k/s", "<polygon", "<polyline"] {
            assert!(svg.contains(part), "{part} is missing");
        }
        // What goes into a page holds no script, no reference and no style of its own.
        for part in ["<script", "href", "<style", "url(", "onload"] {
            assert!(!svg.contains(part), "{part}");
        }
    }

    #[test]
    fn an_empty_run_and_odd_sizes_are_drawn_too() {
        for (width, height) in [(0, 0), (120, 60), (u32::MAX, u32::MAX)] {
            let look = Look { width, height, theme: Theme::Dark };
            let empty = Throughput { samples: &[], marks: &[], seconds: 0.0 };
            assert!(throughput(&empty, look).unwrap().contains("<svg"));
        }
    }
}
