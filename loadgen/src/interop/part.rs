//! What the readers share: points of a distribution become a histogram, texts become spans.
use super::NotRead;
use loadpath_core::run::{ClassRun, Outcomes, Run, Source};
use loadpath_core::stats::Histogram;
use loadpath_core::time::Span;

/// More requests than this nobody has sent.
const MOST: u64 = 1 << 50;
/// A histogram ends here.
const LONGEST: f64 = 600.0;

/// What a tool tells.
#[derive(Default)]
pub(super) struct Told {
    pub(super) tool: &'static str,
    pub(super) name: String,
    pub(super) target: String,
    pub(super) started_unix: u64,
    pub(super) offered_rate: f64,
    pub(super) seconds: f64,
    pub(super) outcomes: Outcomes,
    pub(super) latency: Histogram,
    /// Whether the latency counts from the planned send.
    pub(super) planned: bool,
    pub(super) notes: Vec<String>,
}

impl Told {
    /// As a run. A latency from the actual send stands for both clocks, and the first note says so.
    pub(super) fn run(self) -> Result<Run, NotRead> {
        if self.outcomes.total() == 0 && self.latency.is_empty() {
            return Err(NotRead(format!("this result of {} tells of no request", self.tool)));
        }
        let source = Source::Measured { target: self.target, by: self.tool.to_owned() };
        let name = if self.name.is_empty() { self.tool } else { &self.name };
        let mut run = Run::new(name, source, finite(self.offered_rate)?);
        run.started_unix = self.started_unix;
        run.duration = span(self.seconds.min(30.0 * 86_400.0), f64::INFINITY)?;
        run.notes = self.notes;
        run.classes.push(ClassRun {
            outcomes: self.outcomes,
            service: if self.planned { Histogram::default() } else { self.latency.clone() },
            response: self.latency,
            ..ClassRun::named("all")
        });
        Ok(run)
    }
}

/// Seconds as a span; what is longer than a histogram holds is its longest.
pub(super) fn latency(seconds: f64) -> Result<Span, NotRead> {
    span(seconds, LONGEST)
}

fn span(seconds: f64, longest: f64) -> Result<Span, NotRead> {
    if finite(seconds)? < 0.0 {
        return Err(NotRead(format!("{seconds} s is not a length of time")));
    }
    Ok(Span::from_secs(seconds.min(longest)))
}

pub(super) fn finite(number: f64) -> Result<f64, NotRead> {
    if number.is_finite() {
        Ok(number)
    } else {
        Err(NotRead(format!("{number} is not a number that can be counted")))
    }
}

pub(super) fn counted(count: u64) -> Result<u64, NotRead> {
    if count <= MOST {
        Ok(count)
    } else {
        Err(NotRead(format!("{count} requests are more than anyone has sent")))
    }
}

/// A histogram of `count` values of which quantiles are known, as shares and seconds. Each value is taken as long as the next known
/// quantile, so that what is told is right and what lies between is not too good. Above the last known quantile all are `max`.
pub(super) fn of_points(
    count: u64,
    mut points: Vec<(f64, f64)>,
    max: Option<f64>,
) -> Result<Histogram, NotRead> {
    let count = counted(count)?;
    points.retain(|(share, _)| (0.0..=1.0).contains(share));
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let last = max.or_else(|| points.last().map(|point| point.1));
    points.extend(last.map(|seconds| (1.0, seconds)));
    let (mut histogram, mut below) = (Histogram::default(), 0);
    for (share, seconds) in points {
        // The rank of a quantile, as the histogram finds it.
        let upto = ((share * count as f64).ceil() as u64).min(count);
        histogram.record_n(latency(seconds)?, upto.saturating_sub(below));
        below = below.max(upto);
    }
    Ok(histogram)
}

/// What a table of quantiles cannot tell.
pub(super) fn points_note(highest: &str) -> String {
    format!(
        "only some percentiles are known, up to {highest}: between them each figure is the next known one above, and beyond them the maximum"
    )
}

/// What a latency from the actual send cannot tell.
pub(super) fn actual_note(tool: &str, why: &str) -> String {
    format!(
        "{tool} counts from the actual send ({why}): while the target stalls it sends less, and what was not sent is not in the percentiles; \
         the response time here is the service time"
    )
}

/// Counts answers by status: 2xx and 3xx are good, 503 is a refusal, none (0 or negative) and others failed.
pub(super) fn status(outcomes: &mut Outcomes, status: i64, count: u64) -> Result<(), NotRead> {
    let count = counted(count)?;
    match status {
        200..=399 => outcomes.ok += count,
        503 => outcomes.refused += count,
        _ => outcomes.failed += count,
    }
    counted(outcomes.ok.max(outcomes.refused).max(outcomes.failed)).map(|_| ())
}

/// Seconds since 1970 of a date like "2026-01-02T03:04:05.5+02:00"; zero when it is none.
pub(super) fn unix(date: &str) -> f64 {
    parse_date(date).unwrap_or(0.0)
}

fn parse_date(date: &str) -> Option<f64> {
    let part = |from: usize, to: usize| date.get(from..to)?.parse::<u32>().ok();
    let (year, month, day) = (i64::from(part(0, 4)?), i64::from(part(5, 7)?), i64::from(part(8, 10)?));
    let time =
        f64::from(part(11, 13)?) * 3_600.0 + f64::from(part(14, 16)?) * 60.0 + f64::from(part(17, 19)?);
    let rest = date.get(19..)?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()).len();
    let fraction = if digits > 1 { format!("0{}", &rest[..digits]).parse().ok()? } else { 0.0 };
    let zone = rest.get(digits..)?;
    let offset = match zone.as_bytes().first()? {
        b'Z' => 0.0,
        sign @ (b'+' | b'-') => {
            let hours: f64 = zone.get(1..3)?.parse().ok()?;
            let minutes: f64 = zone.get(4..6)?.parse().ok()?;
            (hours * 3_600.0 + minutes * 60.0) * if *sign == b'-' { -1.0 } else { 1.0 }
        }
        _ => return None,
    };
    // Days of the civil calendar since 1970 (Hinnant 2013, "chrono-compatible low-level date algorithms").
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let days =
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some((days as f64 * 86_400.0 + time + fraction - offset).max(0.0))
}

/// Seconds of a length like "1.64ms", "635.00us", "1.2s", "2.00m", "+Inf".
pub(super) fn seconds(text: &str) -> Result<f64, NotRead> {
    let bad =
        || NotRead(format!("\"{}\" is not a length of time", text.chars().take(40).collect::<String>()));
    let split = text.find(|c: char| c.is_alphabetic() || c == 'µ').ok_or_else(bad)?;
    let number: f64 = text[..split].parse().map_err(|_| bad())?;
    let unit = match &text[split..] {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" | "secs" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(bad()),
    };
    finite(number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_lengths_are_read() {
        assert_eq!(unix("1970-01-02T00:00:00Z"), 86_400.0);
        assert_eq!(unix("2026-01-01T00:00:00.5Z"), 1_767_225_600.5);
        assert_eq!(unix("2026-01-01T02:00:00+02:00"), 1_767_225_600.0);
        for bad in ["", "hello", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+0é"] {
            assert_eq!(unix(bad), 0.0, "{bad}");
        }
        assert!((seconds("635.00us").unwrap() - 635e-6).abs() < 1e-12);
        assert!(seconds("fast").is_err() && seconds("12").is_err() && seconds("1parsec").is_err());
    }

    #[test]
    fn points_are_told_exactly_and_nothing_between_is_too_good() {
        let histogram = of_points(1_000, vec![(0.99, 0.2), (0.5, 0.1)], Some(1.0)).unwrap();
        let at = |q| histogram.quantile(q).as_secs();
        for (q, seconds) in [(0.5, 0.1), (0.51, 0.2), (0.99, 0.2), (0.999, 1.0)] {
            assert!((at(q) / seconds - 1.0).abs() < 0.001, "{q}: {}", at(q));
        }
        assert_eq!(histogram.count(), 1_000);
        assert!(of_points(10, vec![(0.5, -1.0)], None).is_err());
        assert!(of_points(u64::MAX, vec![(0.5, 1.0)], None).is_err());
        assert!(of_points(10, vec![(0.5, f64::NAN)], None).is_err());
    }
}
