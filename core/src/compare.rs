//! Two runs side by side, or two designs; simulation, formulas and measurement of one.
mod designs;
mod fidelity;
mod saturation;

pub use designs::{Comparison, Difference, Quantity, Trials, Verdict, compared, designs};
pub use fidelity::{ALL, Agreement, Aspect, Fidelity, Value, fidelity, score};
pub use saturation::{RunPlan, Saturation, saturation};

use crate::run::Run;
use crate::stats::Histogram;
use serde::{Deserialize, Serialize};

/// The quantiles that are compared, with their names.
pub const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

/// One figure of two runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it is of: "all", a class, or a node's id.
    pub of: String,
    /// Which figure: "p99", "rate", "errors".
    pub figure: String,
    /// Its unit: "ms", "1/s", "%".
    pub unit: String,
    /// In the first run.
    pub a: f64,
    /// In the second run.
    pub b: f64,
}

impl Row {
    /// How much larger the second is, relative to the first; `None` when the first is zero.
    pub fn change(&self) -> Option<f64> {
        (self.a != 0.0).then(|| self.b / self.a - 1.0)
    }
}

/// All figures that both runs have: all requests, then the classes, then the nodes, matched by name.
pub fn compare(a: &Run, b: &Run) -> Vec<Row> {
    let mut rows = quantiles("all", &a.response(), &b.response());
    rows.push(row("all", "rate", "1/s", a.achieved_rate(), b.achieved_rate()));
    rows.push(row(
        "all",
        "errors",
        "%",
        a.outcomes().error_share() * 100.0,
        b.outcomes().error_share() * 100.0,
    ));
    for class in &a.classes {
        if let Some(other) = b.classes.iter().find(|other| other.name == class.name) {
            rows.extend(quantiles(&class.name, &class.response, &other.response));
        }
    }
    for node in &a.nodes {
        let Some(other) = b.nodes.iter().find(|other| other.id == node.id) else { continue };
        rows.extend(quantiles(&node.id, &node.response, &other.response));
        if let (Some(x), Some(y)) = (node.utilization, other.utilization) {
            rows.push(row(&node.id, "utilization", "%", x * 100.0, y * 100.0));
        }
        if let (Some(x), Some(y)) = (node.hit_ratio, other.hit_ratio) {
            rows.push(row(&node.id, "hit ratio", "%", x * 100.0, y * 100.0));
        }
    }
    rows
}

fn row(of: &str, figure: &str, unit: &str, a: f64, b: f64) -> Row {
    Row { of: of.to_owned(), figure: figure.to_owned(), unit: unit.to_owned(), a, b }
}

/// The quantiles of two histograms; none when either is empty.
fn quantiles(of: &str, a: &Histogram, b: &Histogram) -> Vec<Row> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let at = |(name, q)| row(of, name, "ms", a.quantile(q).as_millis(), b.quantile(q).as_millis());
    QUANTILES.map(at).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Source;

    #[test]
    fn empty_runs_compare_without_a_division_by_zero() {
        let run = Run::new("a", Source::Simulated { seed: 1 }, 10.0);
        let rows = compare(&run, &run);
        assert!(rows.iter().all(|row| row.change().is_none()), "{rows:?}");
    }
}
