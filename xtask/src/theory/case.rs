//! A case of `theory.json`: parameters, and the exact values of some quantities.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) family: String,
    params: Value,
    /// By name; what stands in a group is called `group.name`.
    pub(crate) expect: BTreeMap<String, f64>,
}

impl Case {
    /// All cases of a file.
    pub(crate) fn read_all(text: &str) -> Result<Vec<Self>> {
        let document: Value = serde_json::from_str(text).context("the cases are not JSON")?;
        let cases = document["cases"].as_array().context("there is no list of \"cases\"")?;
        cases.iter().map(Self::read).collect()
    }

    fn read(value: &Value) -> Result<Self> {
        let text = |name: &str| {
            value[name].as_str().map(str::to_owned).with_context(|| format!("a case has no {name}: {value}"))
        };
        let mut expect = BTreeMap::new();
        let fields =
            value["expect"].as_object().with_context(|| format!("{} expects nothing", value["id"]))?;
        for (name, value) in fields {
            match value {
                Value::Number(number) => {
                    expect.insert(name.clone(), number.as_f64().unwrap_or(f64::NAN));
                }
                Value::Object(group) => expect.extend(
                    group
                        .iter()
                        .filter_map(|(part, value)| Some((format!("{name}.{part}"), value.as_f64()?))),
                ),
                _ => {}
            }
        }
        if expect.is_empty() {
            bail!("{} expects no number", value["id"]);
        }
        Ok(Self { id: text("id")?, family: text("family")?, params: value["params"].clone(), expect })
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
