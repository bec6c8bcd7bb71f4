//! A line for each quantity: exact, simulated with its interval, by formula.

use loadpath_core::stats::Estimate;
use serde_json::{Value, json};

use super::case::Case;
use super::measure::{Effort, Measured};
use super::reason::{Reason, reason, tolerance};

/// What became of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The exact value lies inside an interval that is narrow enough.
    Inside,
    /// It is a bound, and what is simulated keeps it.
    Kept,
    /// It is no random experiment, or too rare for one; the formula gives it.
    Formula,
    /// It is no property of a system.
    Aside,
    /// It lies outside its interval, or what it bounds goes beyond it, or the formula gives something else.
    Outside,
    /// The interval is too wide to say.
    Wide,
    /// The case cannot be drawn.
    Cannot,
}

impl Verdict {
    /// Whether something is wrong, or not shown to be right. A quick look may be too rough.
    pub(crate) const fn is_failure(self, quick: bool) -> bool {
        matches!(self, Self::Outside | Self::Cannot) || !quick && matches!(self, Self::Wide)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Kept => "bound kept",
            Self::Formula => "formula",
            Self::Aside => "aside",
            Self::Outside => "OUTSIDE",
            Self::Wide => "TOO WIDE",
            Self::Cannot => "CANNOT",
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
    /// Why there is no interval; empty where there is one.
    pub(crate) reason: String,
}

/// The rows of a case, from what was simulated (or why it could not be) and what the formulas say.
pub(crate) fn rows(
    case: &Case,
    measured: Result<&Measured, &str>,
    analytic: Option<&[(String, f64)]>,
    effort: &Effort,
) -> Vec<Row> {
    let row = |(name, &exact): (&String, &f64)| {
        let found = analytic.and_then(|values| values.iter().find(|(known, _)| known == name));
        let analytic = found.map(|(_, value)| *value);
        let estimate = measured.ok().and_then(|measured| measured.get(name));
        let (verdict, why) = match (reason(case, name), estimate, measured) {
            (Some(Reason::Aside(why)), ..) => (Verdict::Aside, why.to_owned()),
            (Some(Reason::Formula(why)), ..) => (by_formula(analytic, exact), why),
            (_, _, Err(why)) => (Verdict::Cannot, why.to_owned()),
            (_, None, _) => (Verdict::Cannot, "nothing simulates it".to_owned()),
            (Some(Reason::Bound), Some(estimate), _) => (keeps(estimate, exact), String::new()),
            (None, Some(estimate), _) => (judge(case, name, exact, estimate, effort), String::new()),
        };
        Row {
            id: case.id.clone(),
            quantity: name.clone(),
            exact,
            simulated: estimate.map(|estimate| (estimate.value, estimate.half_width)),
            analytic,
            verdict,
            reason: why,
        }
    };
    case.expect.iter().map(row).collect()
}

fn judge(case: &Case, name: &str, exact: f64, estimate: &Estimate, effort: &Effort) -> Verdict {
    let off = (estimate.value - exact).abs();
    // What is no number lies nowhere.
    if off.is_nan() || off > estimate.half_width + tolerance(case, name) * exact.abs() {
        Verdict::Outside
    } else if estimate.half_width > effort.limit(name) * estimate.value.abs() {
        Verdict::Wide
    } else {
        Verdict::Inside
    }
}

fn keeps(estimate: &Estimate, bound: f64) -> Verdict {
    if estimate.value - estimate.half_width <= bound { Verdict::Kept } else { Verdict::Outside }
}

/// The figures of the cases have nine digits; parameters rounded to nine make the rest.
fn by_formula(analytic: Option<f64>, exact: f64) -> Verdict {
    match analytic {
        Some(value) if (value - exact).abs() <= 2e-6 * exact.abs() + 1e-30 => Verdict::Formula,
        Some(_) => Verdict::Outside,
        None => Verdict::Cannot,
    }
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
    let why = if row.reason.is_empty() { String::new() } else { format!(": {}", row.reason) };
    println!(
        "{:<30} {:<28} {:>14} {simulated:>14} {half:>10} {:>14}  {}{why}",
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
        "reason": row.reason,
    })
}

#[cfg(test)]
mod tests {
    use loadpath_core::rng::Seed;

    use super::*;

    #[test]
    fn each_verdict_has_its_reason() {
        let text = r#"{"cases": [{"id": "a", "family": "M/M/1", "params": {}, "expect": {"W": 5.0, "Wq": 4.0, "rho": 0.8,
            "L": 4.0, "P0": 1e-9, "X_bound": 2.0, "max_lost": 3.0, "N_star": 7.0, "truncation_mass": 0.1}}]}"#;
        let case = &Case::read_all(text).unwrap()[0];
        let effort = Effort { seed: Seed(1), mean: 0.01, percentile: 0.02, most: 1.0 };
        let estimate = |value, half_width| Estimate { value, half_width };
        let measured: Measured = [
            ("W", 5.01, 0.02),
            ("Wq", 4.1, 0.02),
            ("rho", 0.8, 0.02),
            ("X_bound", 1.9, 0.01),
            ("max_lost", 3.1, 0.0),
        ]
        .map(|(name, value, half)| (name.to_owned(), estimate(value, half)))
        .into();
        let analytic = [("P0".to_owned(), 1e-9), ("N_star".to_owned(), 8.0)];
        let judged = rows(case, Ok(&measured), Some(&analytic), &effort);
        let of = |name: &str| judged.iter().find(|row| row.quantity == name).unwrap();
        for (name, verdict) in [
            ("W", Verdict::Inside),
            ("Wq", Verdict::Outside),
            ("rho", Verdict::Wide),
            ("L", Verdict::Cannot),
            ("P0", Verdict::Formula),
            ("X_bound", Verdict::Kept),
            ("max_lost", Verdict::Outside),
            ("N_star", Verdict::Outside),
            ("truncation_mass", Verdict::Aside),
        ] {
            assert_eq!(of(name).verdict, verdict, "{name}");
        }
        assert!(of("P0").reason.contains("so rare"), "{}", of("P0").reason);
        let cannot = rows(case, Err("no drawing"), None, &effort);
        assert!(cannot.iter().any(|row| row.verdict == Verdict::Cannot && row.reason == "no drawing"));
        assert!(Verdict::Wide.is_failure(false) && !Verdict::Wide.is_failure(true));
    }
}
