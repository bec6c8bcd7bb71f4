//! The JSON Schema of the document: made of the catalog's rows, so that an editor knows each kind's parameters.
use loadpath_core::topology::TOPOLOGY_VERSION;
use loadpath_core::topology::catalog::{self, Form, Param};
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of a design. What spans nodes (ids that exist, who may call whom) is `loadgen check`'s.
pub fn schema() -> Value {
    let list = |of: Value| json!({ "type": "array", "items": of });
    let id = json!({ "type": "string", "pattern": "^[a-z][a-z0-9-]{0,30}$" });
    let area = json!({ "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4 });
    let place = |rows| {
        bag(
            rows,
            &[("id", id.clone()), ("label", json!({ "type": "string" })), ("area", area.clone())],
            &["id"],
        )
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Loadpath design",
        "type": "object",
        "required": ["loadpath"],
        "additionalProperties": false,
        "properties": {
            "loadpath": { "const": TOPOLOGY_VERSION },
            "name": { "type": "string" },
            "zones": list(place(catalog::ZONE)),
            "hosts": list(place(catalog::HOST)),
            "round_trips": list(bag(catalog::ROUND_TRIP, &[("from", id.clone()), ("to", id.clone())], &["from", "to"])),
            "nodes": list(json!({ "oneOf": catalog::KINDS.iter().map(|kind| node(kind, &id)).collect::<Vec<_>>() })),
            "edges": list(bag(catalog::EDGE, &[("from", id.clone()), ("to", id.clone())], &["from", "to"])),
            "workload": workload(),
            "timeline": list(json!({ "oneOf": catalog::ACTIONS.iter().map(action).collect::<Vec<_>>() })),
            "objectives": bag(catalog::OBJECTIVES, &[], &[]),
            "prices": bag(catalog::PRICES, &[], &[]),
        },
    })
}

fn node(kind: &'static catalog::Kind, id: &Value) -> Value {
    let text = json!({ "type": "string" });
    let at = json!({ "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 });
    let own = [
        ("id", id.clone()),
        ("kind", json!({ "const": kind.name })),
        ("label", text.clone()),
        ("zone", text.clone()),
        ("host", text),
        ("at", at),
    ];
    let mut node = bag(kind.params, &own, &["id", "kind"]);
    node["title"] = json!(kind.title);
    node["description"] = json!(kind.about);
    node
}

fn workload() -> Value {
    let class = bag(catalog::CLASS, &[("name", json!({ "type": "string" }))], &["name"]);
    bag(catalog::ARRIVALS, &[("classes", json!({ "type": "array", "items": class }))], &[])
}

fn action(action: &catalog::ActionKind) -> Value {
    let own =
        [("at", json!({ "type": "string", "pattern": SPAN })), ("action", json!({ "const": action.name }))];
    let mut described = bag(action.params, &own, &["at", "action"]);
    described["description"] = json!(action.about);
    described
}

/// An object with the rows' parameters and some of its own, and no others.
fn bag(rows: &'static [Param], own: &[(&str, Value)], required: &[&str]) -> Value {
    let mut properties: Map<String, Value> =
        rows.iter().map(|row| (row.name.to_owned(), parameter(row))).collect();
    properties.extend(own.iter().map(|(name, of)| ((*name).to_owned(), of.clone())));
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

const SPAN: &str = r"^\s*[0-9.eE+]+\s*(ns|us|µs|ms|s|m|h)\s*$";
const RATE: &str = r"^\s*[0-9.eE+-]+\s*[kM]?\s*/\s*[smh]\s*$";
const BYTES: &str = r"^\s*[0-9.]+\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)?\s*$";

fn parameter(row: &Param) -> Value {
    let mut schema = match row.form {
        // A number may stand in quotes, too.
        Form::Count { min, max } => {
            json!({ "anyOf": [{ "type": "integer", "minimum": min, "maximum": max }, { "type": "string", "pattern": r"^\s*[0-9]+(\.0*)?\s*$" }] })
        }
        Form::Number { min, max } => {
            json!({ "anyOf": [{ "type": "number", "minimum": min, "maximum": max }, { "type": "string", "pattern": r"^\s*-?[0-9.eE+-]+\s*$" }] })
        }
        Form::Span { .. } => json!({ "type": "string", "pattern": SPAN }),
        Form::Rate => json!({ "type": "string", "pattern": RATE }),
        Form::Limit => json!({ "anyOf": [{ "type": "string", "pattern": RATE }, { "const": "none" }] }),
        Form::Bytes { min, max } => {
            json!({ "anyOf": [{ "type": "number", "minimum": min, "maximum": max }, { "type": "string", "pattern": BYTES }] })
        }
        Form::Classes | Form::Id | Form::Pattern | Form::Law => json!({ "type": "string" }),
        Form::Choice(choices) => json!({ "enum": choices.iter().map(|(name, _)| *name).collect::<Vec<_>>() }),
    };
    schema["title"] = json!(row.title);
    schema["description"] = json!(row.about);
    schema["default"] = match row.form {
        Form::Count { .. } | Form::Number { .. } => {
            row.default.parse::<f64>().map_or(json!(row.default), whole)
        }
        _ => json!(row.default),
    };
    schema
}

/// A whole number without ".0".
fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { json!(number as i64) } else { json!(number) }
}
