//! Lines of charts: values in, SVG paths out.
use std::fmt::Write as _;

/// The percentile axis's marks: a quantile and its name. Each step to the right is ten times rarer.
pub const PERCENTILES: [(f64, &str); 5] =
    [(0.0, "0"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %")];

/// The farthest place on the percentile axis: 99.99 %.
const LAST_DECADE: f64 = 4.0;

/// Where a quantile stands on the percentile axis, in [0, 1]; past 99.99 % it stays at the end.
pub fn percentile_place(quantile: f64) -> f64 {
    let rarity = (1.0 - quantile.clamp(0.0, 1.0)).max(1e-9);
    (-rarity.log10() / LAST_DECADE).clamp(0.0, 1.0)
}

/// Values from `low` to `high`, laid between two pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The value at `start`.
    pub low: f64,
    /// The value at `end`.
    pub high: f64,
    /// The pixel of the low value.
    pub start: f64,
    /// The pixel of the high value.
    pub end: f64,
}

impl Axis {
    /// Where a value is shown; a value beyond an end is shown at that end.
    pub fn place(&self, value: f64) -> f64 {
        let width = self.high - self.low;
        let share = if width > 0.0 { ((value - self.low) / width).clamp(0.0, 1.0) } else { 0.0 };
        self.start + share * (self.end - self.start)
    }
}

/// A chart's two axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// To the right.
    pub x: Axis,
    /// Upwards: its start is the lower pixel.
    pub y: Axis,
}

/// The `d` of a line through these values, in order; empty for fewer than two.
pub fn line(frame: &Frame, values: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    let mut count = 0;
    for (x, y) in values.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
        let command = if count == 0 { 'M' } else { 'L' };
        write!(path, "{command}{:.1} {:.1}", frame.x.place(x), frame.y.place(y))
            .expect("a string takes every character");
        count += 1;
    }
    if count < 2 { String::new() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_of_the_percentile_axis_is_one_step_further() {
        for (i, (quantile, _)) in PERCENTILES.iter().enumerate() {
            assert!((percentile_place(*quantile) - i as f64 / 4.0).abs() < 1e-9, "{quantile}");
        }
        assert_eq!(percentile_place(1.0), 1.0);
    }

    #[test]
    fn a_line_stays_inside_its_frame() {
        let frame = Frame {
            x: Axis { low: 0.0, high: 10.0, start: 40.0, end: 140.0 },
            y: Axis { low: 0.0, high: 1.0, start: 100.0, end: 0.0 },
        };
        assert_eq!(line(&frame, [(0.0, 0.0), (5.0, 0.5), (20.0, 7.0)]), "M40.0 100.0L90.0 50.0L140.0 0.0");
        assert_eq!(line(&frame, [(1.0, 1.0)]), "");
        assert_eq!(line(&frame, [(1.0, f64::NAN), (2.0, 0.0)]), "");
    }
}
