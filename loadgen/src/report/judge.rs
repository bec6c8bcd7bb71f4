//! Two runs, judged: what is better, worse, or cannot be told, each figure with its 95 % interval.
//!
//! Where a run has its seconds, intervals count with them as stretches that depend on one another; a run of which only the whole is known is taken
//! as independent requests, which makes its intervals too narrow, and a note says so. Shapes are compared by the statistic of
//! Kolmogorov and Smirnov, which assumes none, and the chance that a request of B takes longer than one of A (Mann & Whitney 1947).
use crate::report::Table;
use crate::store::Story;
use loadpath_core::compare::{QUANTILES, Verdict};
use loadpath_core::stats::{Histogram, Interval, quantile_interval, share, share_interval};
use loadpath_core::time::Span;
use serde::Serialize;

const CONFIDENCE: f64 = 0.95;

/// A figure of two runs.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// What it is of: "all", or a class.
    pub of: String,
    /// Which: "p99", "errors".
    pub figure: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// In the first run.
    pub a: f64,
    /// Its 95 % interval; none when the run is too short for one.
    pub a_interval: Option<Interval>,
    /// In the second run.
    pub b: f64,
    /// Its 95 % interval.
    pub b_interval: Option<Interval>,
    /// Whether the second is better.
    pub verdict: Verdict,
}

/// How different the responses of two runs are, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shape {
    /// The greatest distance between the two distributions, in [0, 1].
    pub distance: f64,
    /// What chance alone keeps it below, in 95 of 100 cases, were requests independent.
    pub critical: f64,
    /// How likely a request of B takes longer than one of A, ties halved: a half when neither is slower.
    pub slower: f64,
}

/// Judges every figure that both runs have.
pub fn judge(a: &Story, b: &Story) -> Vec<Judged> {
    let mut rows = Vec::new();
    let response = |story: &Story, class: Option<&str>| seen(story, class);
    let mut classes = vec![None];
    if a.run.classes.len() > 1 {
        let both =
            a.run.classes.iter().filter(|class| b.run.classes.iter().any(|other| other.name == class.name));
        classes.extend(both.map(|class| Some(class.name.as_str())));
    }
    for class in classes {
        let (x, y) = (response(a, class), response(b, class));
        let of = class.unwrap_or("all");
        if !x.all.is_empty() && !y.all.is_empty() {
            rows.extend(QUANTILES.iter().map(|&(name, q)| latency_row(of, name, q, &x, &y)));
        }
        rows.push(error_row(of, &x, &y));
    }
    rows
}

/// Compares the responses as wholes; none when either is empty. Costs what the histograms have buckets.
pub fn shape(a: &Histogram, b: &Histogram) -> Option<Shape> {
    let (n, m) = (a.count() as f64, b.count() as f64);
    if n == 0.0 || m == 0.0 {
        return None;
    }
    let mut values: Vec<(Span, u64, u64)> = a.buckets().map(|(value, count)| (value, count, 0)).collect();
    values.extend(b.buckets().map(|(value, count)| (value, 0, count)));
    values.sort_unstable_by_key(|(value, ..)| *value);
    let (mut below_a, mut below_b, mut distance, mut wins) = (0.0, 0.0, 0.0f64, 0.0);
    for tied in values.chunk_by(|x, y| x.0 == y.0) {
        let here = tied.iter().fold((0.0, 0.0), |sum, (_, x, y)| (sum.0 + *x as f64, sum.1 + *y as f64));
        wins += here.1 * (below_a + here.0 / 2.0);
        below_a += here.0;
        below_b += here.1;
        distance = distance.max((below_a / n - below_b / m).abs());
    }
    // 1.358: the 95 % point of Kolmogorov's law (Smirnov 1948).
    Some(Shape { distance, critical: 1.358 * ((n + m) / (n * m)).sqrt(), slower: wins / (n * m) })
}

/// What was seen of all requests or of a class: together, and second by second where that is known.
struct Seen {
    all: Histogram,
    errors: (u64, u64),
    seconds: Vec<(Histogram, u64, u64)>,
}

fn seen(story: &Story, class: Option<&str>) -> Seen {
    let is_wanted = |name: &str| class.is_none_or(|class| class == name);
    let run = &story.run;
    let mut all = Histogram::default();
    let (mut errors, mut total) = (0, 0);
    for class in run.classes.iter().filter(|class| is_wanted(&class.name)) {
        all.merge(&class.response);
        errors += class.outcomes.errors();
        total += class.outcomes.total();
    }
    let counted =
        story.intervals.iter().filter(|interval| interval.start + Span::from_millis(100) >= run.warm_up);
    let second = |interval: &loadpath_core::wire::Interval| {
        let (mut response, mut errors, mut total) = (Histogram::default(), 0, 0);
        for class in interval.classes.iter().filter(|class| is_wanted(&class.name)) {
            response.merge(&class.response);
            errors += class.outcomes.errors();
            total += class.outcomes.total();
        }
        (response, errors, total)
    };
    Seen { all, errors: (errors, total), seconds: counted.map(second).collect() }
}

fn latency_row(of: &str, figure: &'static str, q: f64, a: &Seen, b: &Seen) -> Judged {
    let (x, y) = (percentile(a, q), percentile(b, q));
    let ms = |interval: Option<Interval>| interval.map(|i| Interval { low: i.low * 1e3, high: i.high * 1e3 });
    let verdict = verdict((x.0, x.1), (y.0, y.1));
    Judged {
        of: of.to_owned(),
        figure,
        unit: "ms",
        a: x.0 * 1e3,
        a_interval: ms(x.1),
        b: y.0 * 1e3,
        b_interval: ms(y.1),
        verdict,
    }
}

/// A percentile in seconds, with its interval.
fn percentile(seen: &Seen, q: f64) -> (f64, Option<Interval>) {
    let mark = seen.all.quantile(q);
    let stretches = seen.seconds.iter().map(|(h, ..)| (h.count_within(mark), h.count()));
    let interval = if seen.seconds.is_empty() {
        order_statistics(&seen.all, q)
    } else {
        quantile_interval(&seen.all, q, stretches, CONFIDENCE)
    };
    (mark.as_secs(), interval)
}

/// The order statistics between which a quantile of independent values lies (David & Nagaraja 2003, §7.1); none when they would lie
/// beyond what was seen.
fn order_statistics(all: &Histogram, q: f64) -> Option<Interval> {
    let n = all.count() as f64;
    let spread = 1.96 * (n * q * (1.0 - q)).sqrt();
    let (low, high) = ((n * q - spread) / n, (n * q + spread + 1.0) / n);
    (low > 0.0 && high < 1.0)
        .then(|| Interval { low: all.quantile(low).as_secs(), high: all.quantile(high).as_secs() })
}

fn error_row(of: &str, a: &Seen, b: &Seen) -> Judged {
    let told = |seen: &Seen| {
        let (errors, total) = seen.errors;
        let value = if total == 0 { 0.0 } else { errors as f64 / total as f64 };
        let interval = if seen.seconds.is_empty() {
            Some(share_interval(errors, total, CONFIDENCE))
        } else {
            share(seen.seconds.iter().map(|(_, errors, total)| (*errors, *total)), CONFIDENCE)
                .map(|told| told.1)
        };
        (value * 100.0, interval.map(|i| Interval { low: i.low * 100.0, high: i.high * 100.0 }))
    };
    let (x, y) = (told(a), told(b));
    Judged {
        of: of.to_owned(),
        figure: "errors",
        unit: "%",
        a: x.0,
        a_interval: x.1,
        b: y.0,
        b_interval: y.1,
        verdict: verdict(x, y),
    }
}

/// Less is better, and what two intervals share cannot be told apart. That errs towards not telling (Schenker & Gentleman 2001).
fn verdict((a, x): (f64, Option<Interval>), (b, y): (f64, Option<Interval>)) -> Verdict {
    match (x, y) {
        (Some(x), Some(y)) if y.high < x.low => Verdict::Better,
        (Some(x), Some(y)) if y.low > x.high => Verdict::Worse,
        _ if a.to_bits() == b.to_bits() && x == y => Verdict::Same,
        _ => Verdict::CannotTell,
    }
}

/// What a verdict is called.
pub const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Same => "the same",
        Verdict::CannotTell => "cannot tell",
    }
}

/// The verdicts for people.
pub fn judged_text(rows: &[Judged], shape: Option<Shape>, known_seconds: bool) -> String {
    let mut table = Table::new(2, &["of", "figure", "A", "95 %", "B", "95 %", "unit", "B is"]);
    let within = |interval: Option<Interval>| {
        interval.map_or_else(|| "too short to know".to_owned(), |i| format!("{:.3} to {:.3}", i.low, i.high))
    };
    for row in rows {
        table.row(vec![
            row.of.clone(),
            row.figure.to_owned(),
            format!("{:.3}", row.a),
            within(row.a_interval),
            format!("{:.3}", row.b),
            within(row.b_interval),
            row.unit.to_owned(),
            verdict_word(row.verdict).to_owned(),
        ]);
    }
    let mut text = table.text();
    if let Some(Shape { distance, critical, slower }) = shape {
        let than = if distance > critical { "more" } else { "not more" };
        text.push_str(&format!(
            "\n  shape: the distributions are {distance:.4} apart (Kolmogorov-Smirnov), {than} than chance explains ({critical:.4}); a request of B \
             takes longer than one of A with probability {slower:.3}\n"
        ));
    }
    if !known_seconds {
        text.push_str(
            "\n  note: of at least one run only the whole is known and not its seconds: its requests are taken as independent, and the intervals \
             are too narrow\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::story;
    use loadpath_core::rng::Seed;

    fn drawn(seed: u64, mean_ms: f64) -> Story {
        let mut story = story();
        let mut rng = Seed(seed).stream("judge");
        let mut response = Histogram::default();
        for _ in 0..20_000 {
            // Exponential, by the inverse of its law.
            let uniform = (rng.below(1 << 40) as f64 + 0.5) / (1u64 << 40) as f64;
            response.record(Span::from_secs(-uniform.ln() * mean_ms / 1e3));
        }
        story.run.classes[0].response = response;
        story
    }

    #[test]
    fn what_is_alike_cannot_be_told_and_what_is_slower_is_worse() {
        let (a, alike, slower) = (drawn(1, 10.0), drawn(2, 10.0), drawn(3, 12.0));
        let of =
            |rows: &[Judged], figure: &str| rows.iter().find(|row| row.figure == figure).unwrap().verdict;
        for figure in ["p50", "p90", "p99"] {
            assert_eq!(of(&judge(&a, &alike), figure), Verdict::CannotTell, "{figure}");
            assert_eq!(of(&judge(&a, &slower), figure), Verdict::Worse, "{figure}");
            assert_eq!(of(&judge(&slower, &a), figure), Verdict::Better, "{figure}");
            assert_eq!(of(&judge(&a, &a), figure), Verdict::Same, "{figure}");
        }
        // The median of an exponential law is its mean times ln 2.
        let rows = judge(&a, &a);
        assert!(rows[0].a_interval.unwrap().holds(10.0 * std::f64::consts::LN_2), "{:?}", rows[0]);
    }

    #[test]
    fn the_shape_of_two_exponential_laws_differs_as_theory_says() {
        let told = shape(&drawn(1, 10.0).run.response(), &drawn(3, 12.0).run.response()).unwrap();
        // Of means 10 and 12, the chance that the second is longer is 12 / 22; its deviation for 20,000 each is about 0.003.
        assert!((told.slower - 12.0 / 22.0).abs() < 0.01, "{told:?}");
        // The laws are furthest apart at t = 60 ln 1.2 = 10.94 ms: exp(-t/12) - exp(-t/10) = 0.067; chance adds up to 0.0136.
        assert!((told.distance - 0.067).abs() < 0.0136 && told.distance > told.critical, "{told:?}");
        let alike = shape(&drawn(1, 10.0).run.response(), &drawn(2, 10.0).run.response()).unwrap();
        assert!(alike.distance < alike.critical, "{alike:?}");
        assert_eq!(shape(&Histogram::default(), &Histogram::default()), None);
    }
}
