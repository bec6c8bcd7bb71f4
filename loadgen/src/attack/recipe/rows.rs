//! Rows of values from a CSV file or from JSON lines.
use super::KEY;

/// More is not read.
const MOST_ROWS: usize = 1_000_000;

/// Rows that all have the same columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// What the columns are called.
    pub columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// Reads JSON lines when the text begins with a brace, and CSV with a head otherwise.
    ///
    /// # Errors
    /// A sentence with the line, when a row cannot be read or has other columns than the first.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rows = if text.trim_start().starts_with('{') { json_lines(text)? } else { csv(text)? };
        if rows.rows.is_empty() {
            return Err("there is no row in it".to_owned());
        }
        if rows.columns.iter().any(|column| column == KEY) {
            return Err(format!(
                "a column cannot be called {KEY}: that is the key of --keys; call it something else"
            ));
        }
        Ok(rows)
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The values of a row; none of one that is not there.
    pub(super) fn row(&self, number: usize) -> &[String] {
        self.rows.get(number).map_or(&[], Vec::as_slice)
    }

    /// The names that templates may use: the key, and the columns.
    pub fn names(&self) -> Vec<String> {
        std::iter::once(KEY.to_owned()).chain(self.columns.iter().cloned()).collect()
    }

    fn push(&mut self, row: Vec<String>) -> Result<(), String> {
        if self.rows.len() == MOST_ROWS {
            return Err(format!("it has more than {MOST_ROWS} rows"));
        }
        self.rows.push(row);
        Ok(())
    }
}

fn csv(text: &str) -> Result<Rows, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|fault| fault.to_string())?.iter().map(str::to_owned).collect();
    let mut rows = Rows { columns, rows: Vec::new() };
    for record in reader.records() {
        let record = record.map_err(|fault| fault.to_string())?;
        rows.push(record.iter().map(str::to_owned).collect())?;
    }
    Ok(rows)
}

/// Each line an object with the columns of the first; texts as they are, the rest as JSON writes it.
fn json_lines(text: &str) -> Result<Rows, String> {
    let mut rows = Rows::default();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line)
            .map_err(|fault| format!("line {number}: this is not a JSON object: {fault}"))?;
        if rows.rows.is_empty() {
            rows.columns = object.keys().cloned().collect();
        }
        let value = |column: &String| {
            let value = object.get(column).ok_or_else(|| format!("line {number}: it has no \"{column}\""))?;
            Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let row = rows.columns.iter().map(value).collect::<Result<_, String>>()?;
        rows.push(row)?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_and_json_lines_give_the_same_rows_and_faults_have_their_line() {
        let csv = Rows::parse("id, name\n1,\"a, b\"\n2,c\n").unwrap();
        let json =
            Rows::parse("{\"id\": 1, \"name\": \"a, b\"}\n{\"name\": \"c\", \"id\": 2, \"more\": 0}\n")
                .unwrap();
        assert_eq!(csv, json);
        assert_eq!(
            (csv.names(), csv.row(1)),
            (["key", "id", "name"].map(str::to_owned).to_vec(), &["2".to_owned(), "c".to_owned()][..])
        );
        for (text, says) in [
            ("id,name\n1\n", "line: 2"),
            ("{\"id\": 1}\n{}\n", "line 2: it has no \"id\""),
            ("{\"id\": 1}\n[]\n", "line 2: this is not a JSON object"),
            ("id\n", "no row"),
            ("key\n1\n", "cannot be called key"),
        ] {
            let fault = Rows::parse(text).unwrap_err();
            assert!(fault.contains(says), "{fault}");
        }
    }
}
