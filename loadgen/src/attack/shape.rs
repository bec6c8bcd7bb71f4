//! How the planned rate changes over time, with its integral and the inverse of that.
//!
//! The integral Λ(t) is how many requests are due until t in the mean. A schedule of one request per second, put through the
//! inverse of Λ, is one with the wanted rate: evenly spaced requests are due exactly when Λ passes a whole number, and
//! a Poisson process stays one (Çinlar 1975, chapter 4.7: the change of time scale).
use loadpath_core::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

/// How the planned rate changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Shape {
    /// Not at all: it is that of the arrivals.
    #[default]
    Flat,
    /// Piece after piece; nothing is due after the last.
    Pieces(Vec<Piece>),
    /// At these instants it becomes so much, per second, > 0; before the first it is that of the arrivals.
    Changes(Vec<(Time, f64)>),
    /// It was recorded: what is due, and when, in order.
    Trace(Arc<[Span]>),
}

/// A stretch of time with one law of the rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// How long it is.
    pub length: Span,
    /// How the rate goes.
    pub curve: Curve,
}

/// How the rate goes within a piece; all rates per second, ≥ 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Curve {
    /// Straight from one rate to another, which may be the same.
    Line {
        /// At its start.
        from: f64,
        /// At its end.
        to: f64,
    },
    /// Up and down, beginning with the low.
    Sine {
        /// The lowest.
        low: f64,
        /// The highest.
        high: f64,
        /// How long it takes to be at the low again, > 0.
        period: Span,
    },
}

impl Curve {
    /// The rate after `t` seconds, in a piece of `length` seconds.
    fn rate(self, t: f64, length: f64) -> f64 {
        match self {
            Self::Line { from, to } => from + (to - from) * t / length,
            Self::Sine { low, high, period } => {
                (low + high) / 2.0 - (high - low) / 2.0 * (TAU * t / period.as_secs()).cos()
            }
        }
    }

    /// How many are due in the first `t` seconds, in the mean.
    fn integral(self, t: f64, length: f64) -> f64 {
        match self {
            Self::Line { from, to } => t * (from + (to - from) * t / length / 2.0),
            Self::Sine { low, high, period } => {
                let turns = TAU / period.as_secs();
                t * (low + high) / 2.0 - (high - low) / 2.0 * (turns * t).sin() / turns
            }
        }
    }

    /// After how many seconds `count` are due; `count` is at most the integral over the whole piece.
    fn when(self, count: f64, length: f64) -> f64 {
        match self {
            Self::Line { from, to } => {
                let growth = (to - from) / length;
                // The root that does not cancel: Press et al., Numerical Recipes, 5.6.
                2.0 * count / (from + (from * from + 2.0 * growth * count).max(0.0).sqrt())
            }
            Self::Sine { .. } => {
                // The integral never falls, and 60 halvings of an hour are below a nanosecond.
                let (mut early, mut late) = (0.0, length);
                for _ in 0..60 {
                    let middle = f64::midpoint(early, late);
                    if self.integral(middle, length) < count { early = middle } else { late = middle }
                }
                late
            }
        }
        .clamp(0.0, length)
    }

    /// The highest rate.
    const fn peak(self) -> f64 {
        match self {
            Self::Line { from, to } => from.max(to),
            Self::Sine { high, .. } => high,
        }
    }
}

impl Piece {
    /// Straight from one rate to another.
    pub const fn line(length: Span, from: f64, to: f64) -> Self {
        Self { length, curve: Curve::Line { from, to } }
    }

    /// How many are due in it, in the mean.
    pub fn count(&self) -> f64 {
        self.curve.integral(self.length.as_secs(), self.length.as_secs())
    }
}

impl Shape {
    /// The rate at its start; that of the arrivals, `flat`, when nothing else is said.
    pub fn first(&self, flat: f64) -> f64 {
        match self {
            Self::Pieces(pieces) => {
                pieces.first().map_or(0.0, |piece| piece.curve.rate(0.0, piece.length.as_secs()))
            }
            Self::Flat | Self::Changes(_) | Self::Trace(_) => flat,
        }
    }

    /// The highest rate that is planned, where `flat` is that of the arrivals.
    pub fn peak(&self, flat: f64) -> f64 {
        match self {
            Self::Flat | Self::Trace(_) => flat,
            Self::Pieces(pieces) => pieces.iter().map(|piece| piece.curve.peak()).fold(0.0, f64::max),
            Self::Changes(changes) => changes.iter().map(|&(_, rate)| rate).fold(flat, f64::max),
        }
    }

    /// The same after so long at its first rate.
    #[must_use]
    pub fn after(self, warm_up: Span) -> Self {
        match self {
            Self::Pieces(mut pieces) if warm_up > Span::ZERO => {
                let first = Self::Pieces(pieces.clone()).first(0.0);
                pieces.insert(0, Piece::line(warm_up, first, first));
                Self::Pieces(pieces)
            }
            other => other,
        }
    }

    /// How many requests are due within the first `span`, in the mean, where `flat` is the rate of the arrivals.
    pub fn integral(&self, span: Span, flat: f64) -> f64 {
        match self {
            Self::Flat => flat * span.as_secs(),
            Self::Pieces(pieces) => {
                let mut left = span;
                let mut count = 0.0;
                for piece in pieces {
                    let within = left.min(piece.length);
                    count += piece.curve.integral(within.as_secs(), piece.length.as_secs());
                    left = left.saturating_sub(within);
                }
                count
            }
            Self::Changes(changes) => {
                let end = Time::ZERO + span;
                let (mut at, mut rate, mut count) = (Time::ZERO, flat, 0.0);
                for &(change, next) in changes.iter().filter(|(change, _)| *change < end) {
                    count += rate * change.since(at).as_secs();
                    (at, rate) = (change, next);
                }
                count + rate * end.since(at).as_secs()
            }
            Self::Trace(offsets) => offsets.partition_point(|&offset| offset < span) as f64,
        }
    }
}

/// Finds when a count is due; counts must not fall from call to call.
#[derive(Clone, Debug)]
pub(super) struct Inverse {
    pieces: std::vec::IntoIter<Piece>,
    piece: Option<Piece>,
    /// When the piece begins.
    begins: Time,
    /// How many are due before it.
    before: f64,
}

impl Inverse {
    pub(super) fn new(pieces: Vec<Piece>) -> Self {
        let mut pieces = pieces.into_iter();
        Self { piece: pieces.next(), pieces, begins: Time::ZERO, before: 0.0 }
    }

    /// When `count` requests are due; none when the pieces hold fewer.
    pub(super) fn when(&mut self, count: f64) -> Option<Time> {
        loop {
            let piece = self.piece?;
            let left = count - self.before;
            // A whole number that a sum of rounded numbers misses by a hair is meant to be reached.
            if left <= piece.count() + 1e-6 {
                let after = piece.curve.when(left.max(0.0), piece.length.as_secs());
                return Some(self.begins + Span::from_secs(after));
            }
            self.before += piece.count();
            self.begins = self.begins + piece.length;
            self.piece = self.pieces.next();
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat => f.write_str("an even rate"),
            Self::Changes(changes) => write!(f, "a rate that changes {} times", changes.len()),
            Self::Trace(offsets) => write!(f, "a recorded trace of {} requests", offsets.len()),
            Self::Pieces(pieces) => {
                for (place, piece) in pieces.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { ", " })?;
                    match piece.curve {
                        Curve::Line { from, to } if from == to => write!(f, "{from}/s for {}", piece.length)?,
                        Curve::Line { from, to } => write!(f, "{from}/s..{to}/s in {}", piece.length)?,
                        Curve::Sine { low, high, period } => {
                            write!(f, "{low}/s..{high}/s and back every {period} for {}", piece.length)?;
                        }
                    }
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Span {
        Span(n * Span::SECOND.0)
    }

    #[test]
    fn the_inverse_undoes_the_integral_on_every_curve() {
        let sine = Curve::Sine { low: 10.0, high: 200.0, period: secs(7) };
        let pieces = vec![
            Piece::line(secs(3), 0.0, 50.0),
            Piece { length: secs(20), curve: sine },
            Piece::line(secs(5), 50.0, 0.0),
            Piece::line(secs(2), 0.0, 0.0),
            Piece::line(secs(4), 30.0, 30.0),
        ];
        let shape = Shape::Pieces(pieces.clone());
        let total = shape.integral(secs(34), 0.0);
        let mut inverse = Inverse::new(pieces);
        for step in 1..=1_000 {
            let count = total * f64::from(step) / 1_000.0;
            let at = inverse.when(count).unwrap();
            // A nanosecond at 200/s is 2e-7 of a request.
            assert!((shape.integral(at.since(Time::ZERO), 0.0) - count).abs() < 1e-5, "{count} at {at:?}");
        }
        assert_eq!(inverse.when(total + 1.0), None);
    }

    #[test]
    fn integrals_are_those_of_the_textbook() {
        // A trapezium, whole periods of a sine, and steps.
        assert!((Piece::line(secs(10), 100.0, 300.0).count() - 2_000.0).abs() < 1e-9);
        let sine =
            Piece { length: secs(30), curve: Curve::Sine { low: 50.0, high: 150.0, period: secs(10) } };
        assert!((sine.count() - 3_000.0).abs() < 1e-6);
        let changes = Shape::Changes(vec![(Time(secs(2).0), 10.0), (Time(secs(4).0), 1.0)]);
        assert_eq!(changes.integral(secs(10), 5.0), 2.0 * 5.0 + 2.0 * 10.0 + 6.0);
        assert_eq!(changes.peak(5.0), 10.0);
    }
}
