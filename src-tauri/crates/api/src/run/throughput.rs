//! How the rows of a run came over time: few enough samples to keep, and to draw.

use firn_chart::{ChartError, Look, Mark, MarkKind, Sample, Throughput};
use serde::{Deserialize, Serialize};

/// Most samples kept; beyond that every second one goes, and the next ones come half as often.
const MOST_SAMPLES: usize = 480;
/// Most marks kept; the first ones stay.
const MOST_MARKS: usize = 200;
/// Seconds between two samples at first.
const STEP: f64 = 0.25;

/// Samples and marks of one run, in seconds since it began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Track {
    samples: Vec<(f64, u64)>,
    marks: Vec<(f64, TrackMark)>,
    step: f64,
    seconds: f64,
}

/// What is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TrackMark {
    Retry,
    Failed,
    Done,
}

impl Default for Track {
    fn default() -> Self {
        Self { samples: vec![(0.0, 0)], marks: Vec::new(), step: STEP, seconds: 0.0 }
    }
}

impl Track {
    /// Takes the total of rows at a moment, where the last sample is old enough; the last moment of all always counts.
    pub(super) fn sample(&mut self, seconds: f64, rows: u64, last: bool) {
        self.seconds = self.seconds.max(seconds);
        let before = self.samples.last().map_or(0.0, |(at, _)| *at);
        if seconds <= before || (!last && seconds - before < self.step) {
            return;
        }
        self.samples.push((seconds, rows));
        if self.samples.len() >= MOST_SAMPLES {
            let mut place = 0;
            let end = self.samples.len() - 1;
            self.samples.retain(|_| {
                place += 1;
                (place - 1) % 2 == 0 || place - 1 == end
            });
            self.step *= 2.0;
        }
    }

    pub(super) fn mark(&mut self, seconds: f64, mark: TrackMark) {
        if self.marks.len() < MOST_MARKS {
            self.marks.push((seconds, mark));
        }
    }

    /// Draws the run for the window.
    pub(crate) fn draw(&self, look: Look) -> Result<String, ChartError> {
        self.as_chart(|run| firn_chart::throughput(run, look, None))
    }

    /// Draws the run as an SVG document that stands for itself.
    pub(crate) fn document(&self, look: Look, caption: &str) -> Result<String, ChartError> {
        self.as_chart(|run| firn_chart::throughput(run, look, Some(caption)))
    }

    /// Draws the run as a PNG file.
    pub(crate) fn picture(&self, look: Look, caption: &str) -> Result<Vec<u8>, ChartError> {
        self.as_chart(|run| firn_chart::throughput_png(run, look, caption))
    }

    fn as_chart<T>(&self, draw: impl FnOnce(&Throughput<'_>) -> T) -> T {
        let samples: Vec<Sample> = self.samples.iter().map(|&(seconds, rows)| Sample { seconds, rows }).collect();
        let kind = |mark| match mark {
            TrackMark::Retry => MarkKind::Retry,
            TrackMark::Failed => MarkKind::Failed,
            TrackMark::Done => MarkKind::Done,
        };
        let marks: Vec<Mark> = self.marks.iter().map(|&(seconds, mark)| Mark { seconds, kind: kind(mark) }).collect();
        draw(&Throughput { samples: &samples, marks: &marks, seconds: self.seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_keeps_its_shape_in_a_bounded_number_of_samples() {
        let mut track = Track::default();
        for tick in 0..400_000u32 {
            track.sample(f64::from(tick) / 10.0, u64::from(tick) * 7, false);
        }
        track.sample(40_000.0, 2_800_000, true);
        assert!(track.samples.len() <= MOST_SAMPLES && track.samples.len() > MOST_SAMPLES / 4);
        assert_eq!((track.samples[0], *track.samples.last().unwrap()), ((0.0, 0), (40_000.0, 2_800_000)));
        assert!(track.samples.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
        assert!(serde_json::to_string(&track).unwrap().len() < firn_store::MAX_EVENT_BYTES);
    }
}
