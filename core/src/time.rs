//! Time in whole nanoseconds: an instant ([`Time`]) and a length of time ([`Span`]).
//!
//! Integers, because sums of floats depend on their order and a run must be the same on every machine. A `u64` of
//! nanoseconds reaches 584 years.
//!
//! ```
//! use loadpath_core::time::{Span, Time};
//! let start = Time::ZERO + "1.5ms".parse::<Span>().unwrap();
//! assert_eq!(start.since(Time::ZERO).to_string(), "1.5ms");
//! ```
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

/// An instant: nanoseconds since the start of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

/// A length of time in nanoseconds. Written "250us", "12ms", "1.5s", "2m", "1h".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Time {
    /// The start of a run.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const NEVER: Self = Self(u64::MAX);

    /// How long after `earlier` this is; zero if it is not after.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Seconds since the start of the run.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);

    /// `n` milliseconds.
    pub const fn from_millis(n: u64) -> Self {
        Self(n * 1_000_000)
    }

    /// `n` microseconds.
    pub const fn from_micros(n: u64) -> Self {
        Self(n * 1_000)
    }

    /// `s` seconds, rounded to the nanosecond; negative and not-a-number give zero, too large gives the maximum.
    pub fn from_secs(s: f64) -> Self {
        // `as` saturates, and takes not-a-number to zero.
        Self((s * 1e9 + 0.5) as u64)
    }

    /// In seconds.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// In milliseconds.
    pub fn as_millis(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// This span less `other`, or zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub<Span> for Time {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// Why a text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASpan(pub String);

impl fmt::Display for NotASpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}\" is not a length of time: write a number and a unit, like 250us, 12ms, 1.5s, 2m or 1h",
            self.0
        )
    }
}

impl std::error::Error for NotASpan {}

const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl FromStr for Span {
    type Err = NotASpan;

    /// # Errors
    /// When the text is not a non-negative number with one of the units ns, us, ms, s, m, h, or is over 100 years.
    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let fault = || NotASpan(text.to_owned());
        let trimmed = text.trim();
        let split = trimmed.find(|c: char| c.is_alphabetic()).ok_or_else(fault)?;
        let (number, unit) = trimmed.split_at(split);
        let number: f64 = number.trim().parse().map_err(|_| fault())?;
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(fault)?;
        let nanos = number * *scale as f64;
        if !(0.0..=3.156e18).contains(&nanos) {
            return Err(fault());
        }
        Ok(Self((nanos + 0.5) as u64))
    }
}

impl fmt::Display for Span {
    /// Exact: reading it back gives the same span.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.0 {
            0 => return f.write_str("0s"),
            n if n < 1_000 => "ns",
            n if n < 1_000_000 => "us",
            n if n < 1_000_000_000 => "ms",
            n if n % 3_600_000_000_000 == 0 => "h",
            n if n % 60_000_000_000 == 0 => "m",
            _ => "s",
        };
        let scale = UNITS.iter().find(|(name, _)| *name == unit).map_or(1, |(_, scale)| *scale);
        let (whole, rest) = (self.0 / scale, self.0 % scale);
        if rest == 0 {
            return write!(f, "{whole}{unit}");
        }
        let width = scale.ilog10() as usize;
        let digits = format!("{rest:0width$}");
        write!(f, "{whole}.{}{unit}", digits.trim_end_matches('0'))
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "A length of time with its unit, like 250us, 1.5s or 10m." })
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Time {
    /// The time since the start of the run, as a [`Span`] is written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_the_same() {
        for nanos in [
            0,
            1,
            999,
            1_000,
            1_500,
            12_000_000,
            1_234_567_891,
            60_000_000_000,
            90_000_000_000,
            7_200_000_000_000,
        ] {
            let span = Span(nanos);
            assert_eq!(span.to_string().parse::<Span>(), Ok(span), "{span}");
        }
    }

    #[test]
    fn a_bare_number_a_negative_and_an_unknown_unit_are_refused() {
        for text in ["12", "", "-1ms", "NaNs", "infs", "1e300h", "5 parsecs", "ms"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
