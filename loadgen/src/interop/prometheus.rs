//! Samples of Prometheus' text format (OpenMetrics 1.0 §4; Prometheus' exposition format 0.0.4).

/// A sample: `NAME{label="value",...} VALUE [TIMESTAMP]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<'t> {
    /// The metric's name.
    pub name: &'t str,
    labels: &'t str,
    /// Its value.
    pub value: f64,
}

/// The sample on a line; none for a comment and for what is no sample.
pub fn sample(line: &str) -> Option<Sample<'_>> {
    let line = line.trim();
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))?;
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => {
            let end = closing(inside)?;
            (&inside[..end], &inside[end + 1..])
        }
        None => ("", rest),
    };
    let value = rest.split_whitespace().next()?;
    let value = match value {
        "+Inf" => f64::INFINITY,
        other => other.parse().ok()?,
    };
    Some(Sample { name, labels, value })
}

/// Where the brace is that no quote holds.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

impl Sample<'_> {
    /// The value of a label, its escapes undone.
    pub fn label(&self, name: &str) -> Option<String> {
        let mut rest = self.labels;
        loop {
            rest = rest.trim_start_matches([',', ' ']);
            let (key, after) = rest.split_once('=')?;
            let after = after.trim_start().strip_prefix('"')?;
            let (value, end) = quoted(after)?;
            if key.trim() == name {
                return Some(value);
            }
            rest = &after[end..];
        }
    }
}

/// A text up to its closing quote, and where that ends.
fn quoted(text: &str) -> Option<(String, usize)> {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match c {
            'n' if escaped => value.push('\n'),
            _ if escaped => value.push(c),
            '\\' => {
                escaped = true;
                continue;
            }
            '"' => return Some((value, at + 1)),
            _ => value.push(c),
        }
        escaped = false;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_a_name_labels_and_a_value() {
        let read = sample(r#"requests_total{job="a \"b\" }",le="+Inf"} 12.5 1700000000"#).unwrap();
        assert_eq!((read.name, read.value), ("requests_total", 12.5));
        assert_eq!(read.label("job").as_deref(), Some("a \"b\" }"));
        assert_eq!(read.label("le").as_deref(), Some("+Inf"));
        assert_eq!(read.label("none"), None);
        assert_eq!(sample("up 1").unwrap().value, 1.0);
        for bad in ["# HELP x", "", "x{", "x{a=\"b\"", "x{} y", "{} 1", "9x 1"] {
            assert_eq!(sample(bad), None, "{bad}");
        }
    }
}
