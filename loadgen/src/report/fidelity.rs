//! Simulation, formulas and measurement side by side, for people.
use super::{Table, latency};
use loadpath_core::compare::{Aspect, Fidelity, Value};
use loadpath_core::time::Span;

/// The table of one load, and its scores.
pub fn fidelity_text(fidelity: &Fidelity) -> String {
    let mut table =
        Table::new(2, &["of", "figure", "simulated", "formulas", "measured", "simulated is", "formulas are"]);
    for row in &fidelity.rows {
        let of =
            |value: Option<Value>| value.map_or_else(|| "-".to_owned(), |value| shown(row.figure, value));
        let formulas = row.analytic.map_or_else(|| "-".to_owned(), |value| one(row.figure, value));
        table.row(vec![
            row.of.clone(),
            row.figure.title().to_owned(),
            of(row.simulated),
            formulas,
            of(Some(row.measured)),
            error(row.figure, row.simulated_error),
            error(row.figure, row.analytic_error),
        ]);
    }
    format!("{}\n{}", table.text(), scores_text(fidelity))
}

/// The scores in a line.
pub(super) fn scores_text(fidelity: &Fidelity) -> String {
    let score = |score: Option<f64>| score.map_or_else(|| "-".to_owned(), |score| format!("{score:.0}"));
    format!(
        "  fidelity: simulation {}, formulas {} of 100; 50 is every figure at its tolerance, half of it by what users see\n",
        score(fidelity.simulated_score),
        score(fidelity.analytic_score)
    )
}

/// "8.4 ms (8.1 ms..8.9 ms)"; the value alone where its interval is not known.
fn shown(figure: Aspect, value: Value) -> String {
    let Some(interval) = value.interval else { return one(figure, value.value) };
    format!("{} ({}..{})", one(figure, value.value), one(figure, interval.low), one(figure, interval.high))
}

fn one(figure: Aspect, value: f64) -> String {
    match figure {
        Aspect::Throughput => format!("{value:.1}/s"),
        Aspect::HitRatio | Aspect::Utilization => format!("{:.1} %", value * 100.0),
        _ => latency(Span::from_secs(value)),
    }
}

/// "+3.1 %", with a mark where it is beyond the figure's tolerance; points of percent for shares.
pub(super) fn error(figure: Aspect, error: Option<f64>) -> String {
    let Some(error) = error else { return "-".to_owned() };
    let mark = if error.abs() > figure.tolerance() { " !" } else { "" };
    let unit = if figure.is_share() { "pp" } else { "%" };
    format!("{:+.1} {unit}{mark}", error * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_beyond_its_tolerance_is_marked_and_shares_differ_by_points() {
        assert_eq!(error(Aspect::P50, Some(0.031)), "+3.1 %");
        assert_eq!(error(Aspect::P50, Some(-0.2)), "-20.0 % !");
        assert_eq!(error(Aspect::HitRatio, Some(0.01)), "+1.0 pp");
        assert_eq!(error(Aspect::P99, None), "-");
    }
}
