//! Reads YAML and JSON of strangers within bounds, and what stands in it however it is written.
use super::NotRead;
use serde_json::Value;

/// YAML as a tree: at most so many nodes (aliases followed), so deep, so many aliases.
pub(super) fn yaml(text: &str) -> Result<Value, NotRead> {
    let budget = serde_saphyr::budget! {
        max_depth: 48,
        max_nodes: 100_000,
        max_events: 300_000,
        max_aliases: 2_000,
        max_anchors: 2_000,
        max_documents: 1,
        max_merge_keys: 2_000,
        max_total_scalar_bytes: 8 << 20,
    };
    let options = serde_saphyr::options! { budget: budget, with_snippet: false };
    let limits = serde_saphyr::from_str_with_options(text, options);
    limits.map_err(|why| NotRead(format!("it is not YAML of a bearable size: {}", short(&why.to_string()))))
}

/// The first line of a sentence of a stranger's file, cut.
pub(super) fn short(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(160).collect()
}

/// A text, or a number as text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(short(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A finite number, or a text that is one, perhaps with a percent sign.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().trim_end_matches('%').parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A small whole number.
pub(super) fn count(value: &Value) -> Option<u16> {
    number(value).filter(|n| n.fract() == 0.0 && (0.0..=60_000.0).contains(n)).map(|n| n as u16)
}
