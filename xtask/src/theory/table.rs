//! A line for each quantity: exact, simulated with its interval, by formula.

use serde_json::{Value, json};

use super::case::Case;
use super::measure::{Effort, Measured};

/// What became of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The exact value lies inside an interval that is narrow enough.
    Inside,
    /// It lies outside.
    Outside,
    /// The interval is too wide to say.
    Wide,
    /// The run does not show this quantity; other quantities of the case speak for it.
    NotShown,
    /// Nothing here simulates this family yet.
    NotYet,
}

impl Verdict {
    pub(crate) const fn is_failure(self) -> bool {
        matches!(self, Self::Outside | Self::Wide | Self::NotYet)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Outside => "OUTSIDE",
            Self::Wide => "TOO WIDE",
            Self::NotShown => "-",
            Self::NotYet => "NOT YET",
        }
    }
}

/// A quantity of a case.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) quantity: String,
    pub(crate) exact: f64,
    /// Value and half-width of the 99 % interval.
    pub(crate) simulated: Option<(f64, f64)>,
    pub(crate) analytic: Option<f64>,
    pub(crate) verdict: Verdict,
}

/// The rows of a case, from what was simulated (none where nothing can yet) and what the formulas say.
pub(crate) fn rows(
    case: &Case,
    measured: Option<&Measured>,
    analytic: Option<&[(String, f64)]>,
    effort: &Effort,
) -> Vec<Row> {
    let row = |(name, &exact): (&String, &f64)| {
        let estimate = measured.and_then(|measured| measured.get(name));
        let verdict = match (measured, estimate) {
            (None, _) => Verdict::NotYet,
            (_, None) => Verdict::NotShown,
            (_, Some(estimate))
                if (estimate.value - exact).abs() > estimate.half_width + resolution(name, exact) =>
            {
                Verdict::Outside
            }
            (_, Some(estimate)) if estimate.half_width > effort.limit(name) * exact.abs() => Verdict::Wide,
            _ => Verdict::Inside,
        };
        let value = analytic.and_then(|values| values.iter().find(|(known, _)| known == name));
        Row {
            id: case.id.clone(),
            quantity: name.clone(),
            exact,
            simulated: estimate.map(|estimate| (estimate.value, estimate.half_width)),
            analytic: value.map(|(_, value)| *value),
            verdict,
        }
    };
    case.expect.iter().map(row).collect()
}

/// How far off a value may be by the way it is kept: percentiles by their bucket of the histogram (two digits for waits, three
/// for responses), everything by a nanosecond in a unit of a millisecond.
fn resolution(name: &str, exact: f64) -> f64 {
    let bucket = match name {
        _ if name.starts_with("Wq_p") => 1.0 / 128.0,
        _ if name.contains("p9") || name.contains("p5") => 1.0 / 1_024.0,
        _ => 1e-6,
    };
    bucket * exact.abs()
}

pub(crate) fn print_head() {
    println!(
        "{:<30} {:<28} {:>14} {:>14} {:>10} {:>14}  verdict",
        "case", "quantity", "exact", "simulated", "± 99 %", "analytic"
    );
}

pub(crate) fn print(row: &Row) {
    let number = |value: f64| {
        let size = value.abs();
        if size != 0.0 && !(1e-4..1e9).contains(&size) {
            format!("{value:.6e}")
        } else {
            format!("{value:.6}")
        }
    };
    let (simulated, half) = row.simulated.map_or(("-".to_owned(), "-".to_owned()), |(value, half)| {
        let relative = if value == 0.0 { 0.0 } else { 100.0 * half / value.abs() };
        (number(value), format!("{relative:.2} %"))
    });
    println!(
        "{:<30} {:<28} {:>14} {simulated:>14} {half:>10} {:>14}  {}",
        row.id,
        row.quantity,
        number(row.exact),
        row.analytic.map_or("-".to_owned(), number),
        row.verdict.word()
    );
}

pub(crate) fn to_json(row: &Row) -> Value {
    json!({
        "id": row.id,
        "quantity": row.quantity,
        "exact": row.exact,
        "simulated": row.simulated.map(|(value, _)| value),
        "half_width": row.simulated.map(|(_, half)| half),
        "analytic": row.analytic,
        "verdict": row.verdict.word().to_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use loadpath_core::rng::Seed;
    use loadpath_core::stats::Estimate;

    use super::*;

    #[test]
    fn each_verdict_has_its_reason() {
        let text = r#"{"cases": [{"id": "a", "family": "M/M/1", "kind": "exact", "params": {},
            "expect": {"W": 5.0, "Wq": 4.0, "rho": 0.8, "P0": 0.2}}]}"#;
        let case = &Case::read_all(text).unwrap()[0];
        let effort = Effort { seed: Seed(1), mean: 0.01, percentile: 0.02, most: 1.0 };
        let estimate = |value, half_width| Estimate { value, half_width };
        let measured: Measured = [("W", 5.01, 0.02), ("Wq", 4.1, 0.02), ("rho", 0.8, 0.02)]
            .map(|(name, value, half)| (name.to_owned(), estimate(value, half)))
            .into();
        let verdict =
            |rows: &[Row], name: &str| rows.iter().find(|row| row.quantity == name).unwrap().verdict;
        let judged = rows(case, Some(&measured), None, &effort);
        assert_eq!(verdict(&judged, "W"), Verdict::Inside);
        assert_eq!(verdict(&judged, "Wq"), Verdict::Outside);
        assert_eq!(verdict(&judged, "rho"), Verdict::Wide);
        assert_eq!(verdict(&judged, "P0"), Verdict::NotShown);
        assert!(rows(case, None, None, &effort).iter().all(|row| row.verdict == Verdict::NotYet));
    }
}
