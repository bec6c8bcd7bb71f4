//! A case of `theory.json`: parameters, and the exact values of some quantities.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use serde_json::value::RawValue;

/// A case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) family: String,
    params: Value,
    /// By name; what stands in a group is called `group.name`, in a list `list[0]`.
    pub(crate) expect: BTreeMap<String, f64>,
    /// Where it begins in its file.
    pub(crate) line: usize,
}

/// A file of cases; what else stands there is for its readers.
#[derive(serde::Deserialize)]
struct Cases<'text> {
    #[serde(borrow)]
    cases: Vec<&'text RawValue>,
}

impl Case {
    /// All cases of a file.
    ///
    /// # Errors
    /// The line and the field of what is wrong.
    pub(crate) fn read_all(text: &str) -> Result<Vec<Self>> {
        let file: Cases<'_> = serde_json::from_str(text).map_err(|fault| anyhow!("{fault}")).context(
            "it is no JSON of the form {\"cases\": [{\"id\", \"family\", \"params\", \"expect\"}]}",
        )?;
        let read = |raw: &&RawValue| {
            let begins = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            let line = 1 + text[..begins].matches('\n').count();
            Self::read(raw.get(), line).with_context(|| format!("line {line}"))
        };
        file.cases.iter().map(read).collect()
    }

    fn read(text: &str, line: usize) -> Result<Self> {
        let value: Value = serde_json::from_str(text)?;
        let id = value["id"].as_str().context("a case has no \"id\" that is a text")?.to_owned();
        let family =
            value["family"].as_str().with_context(|| format!("case {id}: \"family\" is no text"))?.to_owned();
        let params = value["params"].clone();
        if !params.is_object() {
            bail!("case {id}: \"params\" is no object");
        }
        let fields =
            value["expect"].as_object().with_context(|| format!("case {id}: \"expect\" is no object"))?;
        let mut expect = BTreeMap::new();
        for (name, value) in fields {
            flatten(name, value, &mut expect)
                .with_context(|| format!("case {id}: \"expect\", field \"{name}\""))?;
        }
        if expect.is_empty() {
            bail!("case {id}: \"expect\" is empty");
        }
        Ok(Self { id, family, params, expect, line })
    }

    /// Whether there is such a parameter, a number or a list.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.params[name].is_number() || self.params[name].is_array()
    }

    /// A parameter; not a number where there is none, which spoils whatever rests on it.
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.params[name].as_f64().unwrap_or(f64::NAN)
    }

    /// A parameter that counts.
    pub(crate) fn count(&self, name: &str) -> u32 {
        self.number(name) as u32
    }

    /// A list of numbers.
    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        let list = self.params[name].as_array();
        list.into_iter().flatten().filter_map(Value::as_f64).collect()
    }

    /// A list of lists of numbers.
    pub(crate) fn rows(&self, name: &str) -> Vec<Vec<f64>> {
        let list = self.params[name].as_array().into_iter().flatten().filter_map(Value::as_array);
        list.map(|row| row.iter().filter_map(Value::as_f64).collect()).collect()
    }
}

/// Numbers as they are, lists and groups number by number.
fn flatten(name: &str, value: &Value, into: &mut BTreeMap<String, f64>) -> Result<()> {
    match value {
        Value::Number(number) => {
            into.insert(name.to_owned(), number.as_f64().context("it is too large")?);
            Ok(())
        }
        Value::Array(list) => {
            list.iter().enumerate().try_for_each(|(i, value)| flatten(&format!("{name}[{i}]"), value, into))
        }
        Value::Object(group) => {
            group.iter().try_for_each(|(part, value)| flatten(&format!("{name}.{part}"), value, into))
        }
        other => bail!("{other} is no number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_malformed_is_told_with_line_and_field() {
        for (text, says) in [
            ("{\"cases\": [\n{\"id\": 1}]}", "line 2: a case has no \"id\""),
            ("{\"cases\": [\n\n{\"id\": \"a\"}]}", "line 3: case a: \"family\""),
            ("{\"cases\": [{\"id\": \"a\", \"family\": \"f\"}]}", "line 1: case a: \"params\""),
            (
                "{\"cases\": [{\"id\": \"a\", \"family\": \"f\", \"params\": {}}]}",
                "case a: \"expect\" is no object",
            ),
            (
                "{\"cases\": [{\"id\": \"a\", \"family\": \"f\", \"params\": {}, \"expect\": {\"W\": \"x\"}}]}",
                "field \"W\": \"x\" is no number",
            ),
            ("{\"cases\": [\n{\"id\": \"a\",}]}", "line 2"),
            ("{}", "missing field `cases`"),
        ] {
            let fault = format!("{:#}", Case::read_all(text).unwrap_err());
            assert!(fault.contains(says), "{text}: {fault}");
        }
    }

    #[test]
    fn lists_and_groups_are_quantities_of_their_own() {
        let text = r#"{"cases": [{"id": "a", "family": "f", "params": {"x": 2},
            "expect": {"W": 1, "rho": [0.1, 0.2], "station0": {"L": 3}}}]}"#;
        let case = &Case::read_all(text).unwrap()[0];
        let names: Vec<&str> = case.expect.keys().map(String::as_str).collect();
        assert_eq!(names, ["W", "rho[0]", "rho[1]", "station0.L"]);
        assert!(case.has("x") && !case.has("y"));
    }
}
