//! Text tables: the first columns to the left, figures to the right.
use loadpath_core::time::Span;

/// A table with a head.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
    /// How many columns are words.
    words: usize,
}

impl Table {
    /// With this head, of which the first `words` columns are words and stand to the left.
    pub fn new(words: usize, head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|&cell| cell.to_owned()).collect()], words }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Whether it has nothing but its head.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    /// Each row on a line, indented by two.
    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::from(" ");
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                line.push_str(&if column < self.words {
                    format!(" {cell:<width$}  ")
                } else {
                    format!("{cell:>width$}  ")
                });
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A latency with its unit and three digits or more: "85.2 us", "1.24 ms", "2.001 s"; below a microsecond "< 1 us".
pub fn latency(span: Span) -> String {
    let (value, unit) = match span.0 {
        // A histogram does not tell these apart.
        0..1_000 => return "< 1 us".to_owned(),
        1_000..1_000_000 => (span.0 as f64 / 1e3, "us"),
        1_000_000..1_000_000_000 => (span.as_millis(), "ms"),
        _ => return format!("{:.3} s", span.as_secs()),
    };
    let digits = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_have_three_digits_at_every_size() {
        for (nanos, text) in [
            (512, "< 1 us"),
            (9_994, "9.99 us"),
            (85_249, "85.2 us"),
            (1_240_000, "1.24 ms"),
            (943_000_000, "943 ms"),
            (2_001_000_000, "2.001 s"),
        ] {
            assert_eq!(latency(Span(nanos)), text);
        }
    }

    #[test]
    fn columns_stand_under_their_heads() {
        let mut table = Table::new(1, &["node", "p50"]);
        table.row(vec!["web".to_owned(), "12 ms".to_owned()]);
        assert_eq!(table.text(), "  node    p50\n  web   12 ms\n");
    }
}
