//! Two runs side by side.
use super::{Judged, Shape, Table};
use loadpath_core::compare::{Comparison, Difference, Quantity, Row, Verdict};
use loadpath_core::stats::Estimate;
use serde::Serialize;

/// What `--json` prints of a comparison.
#[derive(Debug, Serialize)]
pub struct ComparisonReport<'a> {
    /// What the first run is called and where it comes from.
    pub a: String,
    /// The second.
    pub b: String,
    /// Every figure that both have.
    pub rows: Vec<RowReport<'a>>,
    /// The figures that are judged, with their intervals.
    pub judged: Vec<Judged>,
    /// How different the responses are as wholes.
    pub shape: Option<Shape>,
}

/// A figure in a [`ComparisonReport`].
#[derive(Debug, Serialize)]
pub struct RowReport<'a> {
    #[serde(flatten)]
    row: &'a Row,
    /// How much larger the second is, relative to the first; none when the first is zero.
    change: Option<f64>,
}

impl<'a> ComparisonReport<'a> {
    /// Of these rows.
    pub fn new(a: String, b: String, rows: &'a [Row], (judged, shape): (Vec<Judged>, Option<Shape>)) -> Self {
        let rows = rows.iter().map(|row| RowReport { row, change: row.change() }).collect();
        Self { a, b, rows, judged, shape }
    }
}

/// The comparison for people.
pub fn comparison_text(a: &str, b: &str, rows: &[Row]) -> String {
    let mut table = Table::new(2, &["of", "figure", "A", "B", "unit", "change"]);
    for row in rows {
        let change =
            row.change().map_or_else(|| "-".to_owned(), |change| format!("{:+.1} %", change * 100.0));
        table.row(vec![
            row.of.clone(),
            row.figure.clone(),
            figure(row.a),
            figure(row.b),
            row.unit.clone(),
            change,
        ]);
    }
    format!("  A  {a}\n  B  {b}\n\n{}", table.text())
}

/// The comparison of two designs for people.
pub fn designs_text(a: &str, b: &str, comparison: &Comparison) -> String {
    let mut table = Table::new(2, &["of", "figure", "A", "B", "unit", "B - A", "B is"]);
    for row in &comparison.rows {
        let (factor, unit) = scale(row.quantity);
        table.row(vec![
            row.of.clone(),
            row.quantity.title().to_owned(),
            estimate(row.a, factor),
            estimate(row.b, factor),
            unit.to_owned(),
            signed(row.difference, factor),
            verdict(row).to_owned(),
        ]);
    }
    let notes: String = comparison.notes.iter().map(|note| format!("\n  note: {note}\n")).collect();
    format!(
        "  A  {a}\n  B  {b}\n\n  {} pairs of runs under the same arrivals, {:.1} s each after {:.1} s of warm-up; 95 % intervals\n\n{}{notes}",
        comparison.replications,
        comparison.duration.as_secs(),
        comparison.warm_up.as_secs(),
        table.text()
    )
}

fn verdict(row: &Difference) -> &'static str {
    match row.verdict {
        Some(Verdict::Better) => "better",
        Some(Verdict::Worse) => "worse",
        Some(Verdict::Same) => "the same",
        Some(Verdict::CannotTell) => "cannot tell",
        None => "",
    }
}

/// By what a quantity is multiplied to be shown, and its unit then.
const fn scale(quantity: Quantity) -> (f64, &'static str) {
    match quantity {
        Quantity::Mean | Quantity::P50 | Quantity::P90 | Quantity::P99 => (1e3, "ms"),
        Quantity::Throughput | Quantity::Rate => (1.0, "1/s"),
        Quantity::ErrorShare | Quantity::Utilization | Quantity::HitRatio => (100.0, "%"),
        Quantity::Cost => (1.0, "$/month"),
        Quantity::Backlog => (1.0, ""),
    }
}

fn estimate(e: Estimate, factor: f64) -> String {
    format!("{} ± {}", figure(e.value * factor), figure(e.half_width * factor))
}

fn signed(e: Estimate, factor: f64) -> String {
    let sign = if e.value > 0.0 { "+" } else { "" };
    format!("{sign}{}", estimate(e, factor))
}

fn figure(value: f64) -> String {
    if value.abs() < 9.9995 { format!("{value:.3}") } else { format!("{value:.1}") }
}
