//! The chart of a run as text and as a picture.

use super::*;
use crate::Theme;

const LOOK: Look = Look { width: 900, height: 140, theme: Theme::Light };

fn sample(seconds: f64, rows: u64) -> Sample {
    Sample { seconds, rows }
}

fn steady(seconds: u32, rows: u64) -> Vec<Sample> {
    (0..=seconds).map(|at| sample(f64::from(at), u64::from(at) * rows)).collect()
}

#[test]
fn a_rate_is_what_came_in_the_last_five_seconds() {
    assert!(rates(&[]).is_empty() && rates(&[sample(0.0, 5)]).is_empty());
    assert_eq!(rates(&[sample(0.0, 0), sample(2.0, 100), sample(4.0, 100)]), [(0.0, 50.0), (2.0, 50.0), (4.0, 25.0)]);
    let lumps: Vec<Sample> = (0..=40_u32).map(|at| sample(f64::from(at) / 4.0, u64::from(at / 8) * 1000)).collect();
    assert_eq!(rates(&lumps).last(), Some(&(10.0, (5000.0 - 2000.0) / 5.0)));
    // Of a long run the samples are further apart than that.
    assert_eq!(rates(&[sample(0.0, 0), sample(60.0, 600), sample(120.0, 600)])[1..], [(60.0, 10.0), (120.0, 0.0)]);
    // A clock that stood still says nothing about a rate, and a counter does not fall.
    assert_eq!(rates(&[sample(1.0, 9), sample(1.0, 20), sample(2.0, 5)]), [(1.0, 0.0), (2.0, 0.0)]);
}

#[test]
fn a_chart_has_its_line_its_labels_and_a_sign_for_each_mark() {
    let samples = steady(600, 1000);
    let plain = throughput(&Throughput { samples: &samples, marks: &[], seconds: 600.0 }, LOOK, None).unwrap();
    let marks = [
        Mark { seconds: 10.0, kind: MarkKind::Retry },
        Mark { seconds: 200.0, kind: MarkKind::Failed },
        Mark { seconds: 9e9, kind: MarkKind::Done },
    ];
    let svg = throughput(&Throughput { samples: &samples, marks: &marks, seconds: 600.0 }, LOOK, None).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("width=\"900\"") && svg.trim_end().ends_with("</svg>"));
    for part in ["1,000", "5:00", "10:00", "<polygon", "<polyline"] {
        assert!(svg.contains(part), "{part} is missing");
    }
    let lines = |svg: &str| svg.matches("<polyline").count() + svg.matches("<line").count();
    // A triangle, a cross of two lines, a tick; and a line down from each of what went wrong.
    assert_eq!(lines(&svg) - lines(&plain), 1 + 2 + 1 + 2, "{svg}");
    // What goes into a page holds no script, no reference and no style of its own.
    for part in ["<script", "href", "<style", "url(", "onload"] {
        assert!(!svg.contains(part), "{part}");
    }
    assert!(svg.contains("font-size=\"11\""), "labels are as large as the window's small text");
}

#[test]
fn marks_that_would_cover_each_other_leave_the_one_that_went_wrong() {
    let plot = Plot { unit: 1.0, left: 0.0, right: 1000.0, top: 0.0, bottom: 100.0, end: 1000.0, largest: 1.0 };
    let mark = |seconds, kind| Mark { seconds, kind };
    let many: Vec<Mark> = (0..200).map(|at| mark(f64::from(at), MarkKind::Done)).collect();
    assert!(plot.room_for(&many).len() <= 19);
    let close = [mark(10.0, MarkKind::Done), mark(12.0, MarkKind::Failed), mark(500.0, MarkKind::Retry)];
    let mut kinds: Vec<MarkKind> = plot.room_for(&close).into_iter().map(|(_, kind)| kind).collect();
    kinds.sort();
    assert_eq!(kinds, [MarkKind::Retry, MarkKind::Failed]);
    assert!(plot.room_for(&[mark(f64::NAN, MarkKind::Failed)]).is_empty());
}

#[test]
fn an_empty_run_and_odd_sizes_are_drawn_too() {
    for (width, height) in [(0, 0), (120, 60), (u32::MAX, u32::MAX)] {
        let look = Look { width, height, theme: Theme::Dark };
        let empty = Throughput { samples: &[], marks: &[], seconds: 0.0 };
        assert!(throughput(&empty, look, None).unwrap().contains("<svg"));
    }
    let empty = Throughput { samples: &[], marks: &[], seconds: 0.0 };
    let look = Look { width: 0, height: 0, theme: Theme::Dark };
    assert!(throughput_png(&empty, look, "nothing").unwrap().starts_with(b"\x89PNG"));
}

/// Decodes a file that is written to be kept.
fn decoded(file: &[u8]) -> ((u32, u32), Vec<[u8; 3]>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    let pixels = bytes[..info.buffer_size()].chunks_exact(3).map(|one| [one[0], one[1], one[2]]).collect();
    ((info.width, info.height), pixels)
}

#[test]
fn the_picture_is_drawn_by_the_same_code_as_the_document() {
    let samples = steady(60, 1000);
    let marks = [Mark { seconds: 30.0, kind: MarkKind::Failed }];
    let run = Throughput { samples: &samples, marks: &marks, seconds: 60.0 };
    for theme in [Theme::Light, Theme::Dark] {
        let look = Look { width: 400, height: 120, theme };
        let ((width, height), pixels) = decoded(&throughput_png(&run, look, "run 12345678, 60,000 rows").unwrap());
        assert_eq!((width, height), (800, 240));
        let colours = look.colours();
        let is = |colour: RGBColor| move |pixel: &&[u8; 3]| **pixel == [colour.0, colour.1, colour.2];
        let number = |colour: RGBColor| pixels.iter().filter(is(colour)).count();
        assert_eq!(pixels[0], [colours.surface.0, colours.surface.1, colours.surface.2], "the ground is the window's");
        // The rate is the top of its axis all the time: most of the plot is its area.
        assert!(number(colours.area) > 40_000, "{}", number(colours.area));
        assert!(number(colours.line) > 1000 && number(colours.failed) > 200, "line and mark");
        // The caption's letters stand above the plot, and only there.
        let row = |y: u32| &pixels[(y * width) as usize..((y + 1) * width) as usize];
        let inked = |rows: std::ops::Range<u32>| {
            rows.flat_map(row)
                .filter(|pixel| **pixel != [colours.surface.0, colours.surface.1, colours.surface.2])
                .count()
        };
        assert!(inked(16..44) > 500, "{theme:?}: {}", inked(16..44));
        assert_eq!(inked(0..12), 0, "{theme:?}");
        let svg = throughput(&run, look, Some("run 12345678, 60,000 rows")).unwrap();
        assert!(svg.contains("run 12345678, 60,000 rows") && svg.contains("<rect"));
    }
}
