//! The arguments that say how the rate changes over the run.
use super::{Failure, args};
use crate::attack::{Curve, Piece, Shape};
use loadpath_core::time::Span;
use std::path::{Path, PathBuf};

/// A longer trace is not taken.
const MOST_OFFSETS: usize = 20_000_000;
const MAX_FILE: u64 = 512 << 20;
/// How long a run counts unless something else is said.
const DURATION: Span = Span(10 * Span::SECOND.0);

/// How the rate changes.
#[derive(Debug, clap::Args)]
pub(super) struct ShapeArgs {
    /// How a rate LOW..HIGH is run through [default: ramp]:
    /// ramp, steps[:COUNT], spike[:LENGTH] in the middle, sine[:PERIOD]
    #[arg(long, value_parser = form)]
    shape: Option<Form>,
    /// One after the other instead of --rate and --duration, like 100/s:10s,100/s..2k/s:30s,2k/s:1m
    #[arg(long, value_parser = stages, conflicts_with_all = ["rate", "shape", "duration"])]
    stages: Option<Stages>,
    /// Send when this file says: one offset from the start a line, like 0.0125 (seconds) or 12.5ms
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "shape", "stages"])]
    trace: Option<PathBuf>,
}

/// A rate, or two with "..": the same where it does not change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rates {
    pub(super) low: f64,
    pub(super) high: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Ramp,
    Steps(u32),
    Spike(Option<Span>),
    Sine(Option<Span>),
}

#[derive(Clone, Debug)]
struct Stages(Vec<Piece>);

/// What the arguments come to.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) shape: Shape,
    /// The mean rate over the time that counts.
    pub(super) rate: f64,
    pub(super) warm_up: Span,
    pub(super) duration: Span,
}

impl ShapeArgs {
    /// The shape over `duration` after `warm_up`, which runs at the shape's first rate. A trace is sent as it is:
    /// a warm-up then only says how much of its start does not count.
    pub(super) fn plan(
        &self,
        rates: Option<Rates>,
        warm_up: Option<Span>,
        duration: Option<Span>,
        default_warm_up: Span,
    ) -> Result<Planned, Failure> {
        if let Some(file) = &self.trace {
            return recorded(file, warm_up.unwrap_or(Span::ZERO), duration);
        }
        let warm_up = warm_up.unwrap_or(default_warm_up);
        let flat =
            |rate| Planned { shape: Shape::Flat, rate, warm_up, duration: duration.unwrap_or(DURATION) };
        let (pieces, duration) = match (&self.stages, rates) {
            (Some(Stages(pieces)), _) => {
                let whole = pieces.iter().fold(Span::ZERO, |sum, piece| sum + piece.length);
                (pieces.clone(), whole)
            }
            (None, Some(rates)) if rates.low == rates.high => {
                if self.shape.is_some() {
                    let why =
                        "--shape needs two rates to go between: write --rate LOW..HIGH, like 100/s..2k/s";
                    return Err(Failure::Input(why.to_owned()));
                }
                return Ok(flat(rates.low));
            }
            (None, Some(rates)) => {
                let duration = duration.unwrap_or(DURATION);
                (self.shape.unwrap_or(Form::Ramp).pieces(rates, duration)?, duration)
            }
            (None, None) => {
                let why = "how much is to be sent? give --rate, --stages or --trace";
                return Err(Failure::Input(why.to_owned()));
            }
        };
        let rate = pieces.iter().map(Piece::count).sum::<f64>() / duration.as_secs();
        if rate <= 0.0 {
            return Err(Failure::Input(
                "--stages: nothing would be sent: one of them needs a rate".to_owned(),
            ));
        }
        Ok(Planned { shape: Shape::Pieces(pieces).after(warm_up), rate, warm_up, duration })
    }
}

impl Form {
    fn pieces(self, Rates { low, high }: Rates, duration: Span) -> Result<Vec<Piece>, Failure> {
        let part = |length: Span, name: &str| {
            if length < duration {
                return Ok(length);
            }
            Err(Failure::Input(format!("--shape {name}: {length} must be shorter than the run's {duration}")))
        };
        Ok(match self {
            Self::Ramp => vec![Piece::line(duration, low, high)],
            Self::Steps(count) => {
                let each = Span(duration.0 / u64::from(count));
                let rate = |n: u32| low + (high - low) * f64::from(n) / f64::from((count - 1).max(1));
                (0..count).map(|n| Piece::line(each, rate(n), rate(n))).collect()
            }
            Self::Spike(length) => {
                let length = part(length.unwrap_or(Span(duration.0 / 10)), "spike")?;
                let before = Span((duration.0 - length.0) / 2);
                let after = Span(duration.0 - length.0 - before.0);
                vec![
                    Piece::line(before, low, low),
                    Piece::line(length, high, high),
                    Piece::line(after, low, low),
                ]
            }
            Self::Sine(period) => {
                let curve = Curve::Sine { low, high, period: period.unwrap_or(duration) };
                vec![Piece { length: duration, curve }]
            }
        })
    }
}

fn recorded(file: &Path, warm_up: Span, duration: Option<Span>) -> Result<Planned, Failure> {
    let bad = |why: String| Failure::Input(format!("--trace {}: {why}", file.display()));
    let text = crate::store::read_text(file, MAX_FILE).map_err(|fault| bad(fault.to_string()))?;
    let offsets = offsets(&text).map_err(bad)?;
    // The last one is due within the run.
    let whole = *offsets.last().expect("an empty trace was refused") + Span(1);
    let duration = duration.unwrap_or(whole.saturating_sub(warm_up));
    if duration == Span::ZERO || offsets.partition_point(|&at| at < warm_up) == offsets.len() {
        return Err(bad(format!("it is over before the warm-up of {warm_up} is")));
    }
    let shape = Shape::Trace(offsets.into());
    let count = shape.integral(warm_up + duration, 0.0) - shape.integral(warm_up, 0.0);
    Ok(Planned { rate: (count / duration.as_secs()).max(f64::MIN_POSITIVE), shape, warm_up, duration })
}

/// The offsets in a text, sorted.
fn offsets(text: &str) -> Result<Vec<Span>, String> {
    let mut offsets = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let seconds = line.parse::<f64>().ok().filter(|secs| (0.0..=3_600.0).contains(secs));
        let offset = seconds.map(Span::from_secs).or_else(|| args::span_within_an_hour(line).ok());
        offsets.push(offset.ok_or_else(|| {
            format!("line {number}: \"{line}\" is not an offset within an hour, like 0.0125 or 12.5ms")
        })?);
        if offsets.len() > MOST_OFFSETS {
            return Err(format!("it has more than {MOST_OFFSETS} offsets"));
        }
    }
    offsets.sort_unstable();
    if offsets.is_empty() { Err("there is no offset in it".to_owned()) } else { Ok(offsets) }
}

/// Reads "500/s" or "100/s..2k/s"; the low one may be 0.
pub(super) fn rates(text: &str) -> Result<Rates, String> {
    let Some((low, high)) = text.split_once("..") else {
        let rate = args::rate(text)?;
        return Ok(Rates { low: rate, high: rate });
    };
    let zero_or = |text: &str| if matches!(text.trim(), "0" | "0/s") { Ok(0.0) } else { args::rate(text) };
    let rates = Rates { low: zero_or(low)?, high: zero_or(high)? };
    if rates.low.max(rates.high) > 0.0 {
        Ok(rates)
    } else {
        Err("one of the rates must be above zero".to_owned())
    }
}

fn form(text: &str) -> Result<Form, String> {
    let (name, rest) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
    let span = || rest.map(args::duration).transpose();
    match (name, rest) {
        ("ramp", None) => Ok(Form::Ramp),
        ("steps", rest) => match rest.map_or(Ok(5), str::parse) {
            Ok(count @ 2..=1_000) => Ok(Form::Steps(count)),
            _ => Err("the number of steps is from 2 to 1000, like steps:5".to_owned()),
        },
        ("spike", _) => span().map(Form::Spike),
        ("sine", _) => span().map(Form::Sine),
        _ => Err("it is one of ramp, steps:COUNT, spike:LENGTH and sine:PERIOD".to_owned()),
    }
}

fn stages(text: &str) -> Result<Stages, String> {
    let mut pieces = Vec::new();
    for stage in text.split(',') {
        let (rate, length) = stage
            .rsplit_once(':')
            .ok_or_else(|| format!("\"{stage}\" is not a stage: write RATE:LENGTH, like 100/s..2k/s:30s"))?;
        let Rates { low, high } = match rate.trim() {
            "0" | "0/s" => Rates { low: 0.0, high: 0.0 },
            rate => rates(rate)?,
        };
        pieces.push(Piece::line(args::duration(length.trim())?, low, high));
    }
    let whole = pieces.iter().fold(Span::ZERO, |sum, piece| sum + piece.length);
    args::duration(&whole.to_string()).map(|_| Stages(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Words {
        #[arg(long, value_parser = rates)]
        rate: Option<Rates>,
        #[arg(long, value_parser = args::duration)]
        duration: Option<Span>,
        #[command(flatten)]
        shape: ShapeArgs,
    }

    fn planned(line: &str) -> Result<Planned, String> {
        let words = Words::try_parse_from(std::iter::once("run").chain(line.split(' ')));
        let words = words.map_err(|fault| fault.to_string())?;
        let warm_up = Some(Span::SECOND);
        words.shape.plan(words.rate, warm_up, words.duration, Span::ZERO).map_err(|fault| fault.to_string())
    }

    #[test]
    fn what_is_written_is_what_is_planned_with_the_warm_up_before_it() {
        for (line, text, rate) in [
            ("--rate 100/s..2k/s", "100/s for 1s, 100/s..2000/s in 10s", 1_050.0),
            ("--rate 0..10/s --duration 4s", "0/s for 1s, 0/s..10/s in 4s", 5.0),
            (
                "--rate 1/s..3/s --shape steps:3 --duration 3s",
                "1/s for 1s, 1/s for 1s, 2/s for 1s, 3/s for 1s",
                2.0,
            ),
            (
                "--rate 1/s..9/s --shape spike:2s --duration 4s",
                "1/s for 1s, 1/s for 1s, 9/s for 2s, 1/s for 1s",
                5.0,
            ),
            ("--rate 1/s..9/s --shape sine:5s", "1/s for 1s, 1/s..9/s and back every 5s for 10s", 5.0),
            ("--stages 2/s:1s,2/s..4/s:2s", "2/s for 1s, 2/s for 1s, 2/s..4/s in 2s", 8.0 / 3.0),
        ] {
            let planned = planned(line).unwrap();
            assert_eq!(planned.shape.to_string(), text, "{line}");
            assert!((planned.rate - rate).abs() < 1e-9, "{line}: {}", planned.rate);
        }
        assert_eq!(planned("--rate 100/s").unwrap().shape, Shape::Flat);
    }

    #[test]
    fn what_makes_no_plan_gets_a_sentence() {
        for (line, says) in [
            ("--rate 100/s --shape ramp", "needs two rates"),
            ("--rate 1/s..2/s --shape hill", "one of ramp"),
            ("--rate 1/s..2/s --shape steps:1", "from 2 to 1000"),
            ("--rate 1/s..2/s --shape spike:20s", "must be shorter"),
            ("--rate 1/s..900k/s", "more than 200k/s"),
            ("--stages 100/s", "RATE:LENGTH"),
            ("--stages 0:5s", "nothing would be sent"),
            ("--stages 5/s:50m,5/s:50m", "more than 1h"),
            ("--duration 5s", "--rate, --stages or --trace"),
            ("--trace no-such-file", "No such file"),
        ] {
            let fault = planned(line).unwrap_err();
            assert!(fault.contains(says), "{line}: {fault}");
        }
    }

    #[test]
    fn a_trace_is_read_in_any_order_with_comments_and_its_faults_are_placed() {
        assert_eq!(offsets("# recorded\n0.5\n\n12ms\n").unwrap(), [12, 500].map(Span::from_millis));
        assert!(offsets("0.1\nsoon\n").unwrap_err().starts_with("line 2: \"soon\""));
        assert!(offsets("-1\n").is_err() && offsets("\n").is_err() && offsets("nan\n").is_err());
    }
}
