//! Two runs side by side.
use super::Table;
use loadpath_core::compare::Row;
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
    pub fn new(a: String, b: String, rows: &'a [Row]) -> Self {
        Self { a, b, rows: rows.iter().map(|row| RowReport { row, change: row.change() }).collect() }
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

fn figure(value: f64) -> String {
    if value.abs() < 9.9995 { format!("{value:.3}") } else { format!("{value:.1}") }
}
