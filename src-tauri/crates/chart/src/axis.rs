//! Where an axis has its lines, and how its labels read.

/// Steps between two labels of a time axis, in seconds; beyond the last one whole multiples of a day.
const SPANS: [f64; 17] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 43_200.0,
    86_400.0,
];

/// Returns the moments on a time axis that ends at `end`, at most `most` steps of it.
pub(crate) fn moments(end: f64, most: u32) -> Vec<f64> {
    let least = end / f64::from(most.max(1));
    let day = SPANS[SPANS.len() - 1];
    let step = SPANS.into_iter().find(|step| *step >= least).unwrap_or_else(|| (least / day).ceil() * day);
    every(step, end)
}

/// Returns the values on an axis of rates that has room for `value`, at most about `most` steps of it; the last one is
/// the axis's end.
pub(crate) fn rates(value: f64, most: u32) -> Vec<f64> {
    let value = if value.is_finite() { value.max(1.0) } else { 1.0 };
    let step = nice(value / f64::from(most.max(1)));
    every(step, (value / step).ceil() * step)
}

/// Returns the multiples of a step up to an end.
fn every(step: f64, end: f64) -> Vec<f64> {
    // At most a few labels fit on an axis; a cast of more would stop at the largest number.
    let steps = (end / step + 1e-9).floor().clamp(0.0, 1000.0) as u32;
    (0..=steps).map(|at| f64::from(at) * step).collect()
}

/// Returns the next of 1, 2 or 5 times a power of ten.
fn nice(value: f64) -> f64 {
    let power = 10f64.powf(value.max(1e-9).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(value)
}

/// Writes a rate in few characters.
pub(crate) fn short(rate: f64) -> String {
    match rate {
        rate if rate >= 1e6 => format!("{} M", trimmed(rate / 1e6)),
        rate if rate >= 1e4 => format!("{} k", trimmed(rate / 1e3)),
        rate if rate >= 1e3 => format!("{},{:03}", (rate / 1e3).floor(), (rate % 1e3).floor()),
        rate => trimmed(rate),
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Writes seconds as a clock.
pub(crate) fn clock(seconds: f64) -> String {
    // Negative seconds do not come out of an axis; a cast of them would be 0.
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

    #[test]
    fn a_time_axis_has_round_moments_whatever_its_length() {
        assert_eq!(moments(9.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(moments(100.0, 8), [0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0]);
        assert_eq!(moments(7200.0, 4), [0.0, 1800.0, 3600.0, 5400.0, 7200.0]);
        assert_eq!(moments(400_000.0, 2), [0.0, 259_200.0]);
        assert_eq!(moments(0.4, 8), [0.0]);
    }

    #[test]
    fn an_axis_of_rates_has_room_for_the_largest_and_ends_at_a_round_number() {
        assert_eq!(rates(5_300.0, 3), [0.0, 2000.0, 4000.0, 6000.0]);
        assert_eq!(rates(230_000.0, 3), [0.0, 100_000.0, 200_000.0, 300_000.0]);
        assert_eq!(rates(0.0, 3).last(), Some(&1.0));
        for value in [1.0, 7.5, 99.0, 123_456.0, 9e12, f64::NAN, f64::INFINITY] {
            let axis = rates(value, 4);
            assert!(axis.len() >= 2 && axis.len() <= 6, "{value}: {axis:?}");
            assert!(!value.is_finite() || *axis.last().unwrap() >= value, "{value}: {axis:?}");
        }
    }

    #[test]
    fn labels_are_short() {
        assert_eq!(
            [0.0, 0.5, 999.0, 1500.0, 20_000.0, 2.5e6].map(short),
            ["0", "0.5", "999", "1,500", "20 k", "2.5 M"]
        );
        assert_eq!([0.0, 65.0, 3725.0].map(clock), ["0:00", "1:05", "1:02:05"]);
    }
}
