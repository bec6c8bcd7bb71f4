//! The API for programs: an OpenAPI 3.1 description, made from the routes and from the types that go in and out.
use super::routes::ROUTES;
use loadpath_core::run::Run;
use loadpath_core::sim::Command;
use loadpath_core::wire::{
    CodeExchange, Event, KillInstance, Refusal, RunSummary, Session, StartRun, Started, Status,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Where the types stand in the description.
const TYPES: &str = "/components/schemas";

/// What a route takes and gives.
struct Operation {
    summary: &'static str,
    body: Option<Value>,
    /// The status of success, and of what kind its body is.
    status: u16,
    answer: Option<(&'static str, Value)>,
}

/// The description of every route.
pub fn description() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = TYPES.into());
    let mut types = settings.into_generator();
    let mut paths = Map::new();
    for (method, path) in ROUTES {
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method.to_ascii_lowercase()] = described(path, &operation(method, path, &mut types), &mut types);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Loadpath's agent",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "On loopback only. The Host must be the address that the agent printed, a body must be JSON, and what acts \
                needs the token: POST the code of the printed address to /api/session.",
        },
        "paths": paths,
        "components": {
            "schemas": types.take_definitions(true),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
        "security": [{ "token": [] }],
    })
}

fn operation(method: &str, path: &str, types: &mut SchemaGenerator) -> Operation {
    let give = |summary, answer| Operation {
        summary,
        body: None,
        status: 200,
        answer: Some(("application/json", answer)),
    };
    let act = |summary, body| Operation { summary, body, status: 204, answer: None };
    match (method, path) {
        ("GET", "/api/openapi.json") => give("This description.", json!({ "type": "object" })),
        ("GET", "/api/status") => give("What the agent is and does.", of::<Status>(types)),
        ("POST", "/api/session") => Operation {
            body: Some(of::<CodeExchange>(types)),
            ..give("Exchange the one-time code for a token.", of::<Session>(types))
        },
        ("GET", "/api/runs") => give("The runs that are kept, newest first.", of::<Vec<RunSummary>>(types)),
        ("POST", "/api/runs") => Operation {
            body: Some(of::<StartRun>(types)),
            status: 202,
            ..give(
                "Bring a design up, drive it, measure it, take it down. 409 while another runs.",
                of::<Started>(types),
            )
        },
        ("GET", "/api/runs/{id}") => give("A run that is kept.", of::<Run>(types)),
        ("POST", "/api/runs/{id}/stop") => {
            act("End the run early; what was measured is kept. For anyone.", None)
        }
        ("POST", "/api/runs/{id}/kill") => {
            act("Kill an instance. For the page that controls the run.", Some(of::<KillInstance>(types)))
        }
        ("POST", "/api/runs/{id}/restore") => act(
            "Start a killed instance again. For the page that controls the run.",
            Some(of::<KillInstance>(types)),
        ),
        ("POST", "/api/runs/{id}/command") => act(
            "Do to the processes what the timeline can. For the page that controls the run.",
            Some(of::<Command>(types)),
        ),
        ("POST", "/api/runs/{id}/control") => act("Take control of the run; the others watch.", None),
        ("GET", "/api/runs/{id}/events") => Operation {
            answer: Some(("text/event-stream", of::<Event>(types))),
            ..give(
                "What happens in the run, an event a line of data; resumes after Last-Event-ID.",
                Value::Null,
            )
        },
        ("GET", "/metrics") => Operation {
            answer: Some(("text/plain; version=0.0.4", json!({ "type": "string" }))),
            ..give("The run under way, or the last one, as Prometheus reads it.", Value::Null)
        },
        _ => unreachable!("{method} {path} is not described"),
    }
}

fn of<T: JsonSchema>(types: &mut SchemaGenerator) -> Value {
    types.subschema_for::<T>().to_value()
}

fn described(path: &str, operation: &Operation, types: &mut SchemaGenerator) -> Value {
    let content = |kind: &str, schema: &Value| json!({ kind: { "schema": schema } });
    let mut success = json!({ "description": "It was done." });
    if let Some((kind, schema)) = &operation.answer {
        success["content"] = content(kind, schema);
    }
    let refusal = content("application/json", &of::<Refusal>(types));
    let refused = json!({ "description": "What is wrong and what to do.", "content": refusal });
    let mut described = json!({
        "summary": operation.summary,
        "responses": { operation.status.to_string(): success, "default": refused },
    });
    if let Some(body) = &operation.body {
        described["requestBody"] = json!({ "required": true, "content": content("application/json", body) });
    }
    if path.contains("{id}") {
        let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } });
        described["parameters"] = json!([id]);
    }
    described
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_described_and_every_type_that_is_named_is_there() {
        let description = description();
        for (method, path) in ROUTES {
            let operation = &description["paths"][path][method.to_ascii_lowercase()];
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert_eq!(operation["parameters"].is_array(), path.contains('{'), "{method} {path}");
        }
        let operations = description["paths"].as_object().unwrap().values();
        assert_eq!(operations.map(|path| path.as_object().unwrap().len()).sum::<usize>(), ROUTES.len());
        let mut named = Vec::new();
        references(&description, &mut named);
        assert!(named.len() > 30, "{named:?}");
        for name in named {
            assert!(description.pointer(&name[1..]).is_some(), "{name} is not there");
        }
    }

    #[test]
    fn the_types_are_described_as_they_are_written() {
        let description = description();
        let types = &description["components"]["schemas"];
        assert_eq!(types["Span"]["type"], "string");
        assert_eq!(types["Histogram"]["type"], "string");
        let body = &description["paths"]["/api/runs"]["post"]["requestBody"]["content"]["application/json"];
        assert_eq!(body["schema"]["$ref"], "#/components/schemas/StartRun");
        let required = types["StartRun"]["required"].as_array().unwrap();
        assert!(["document", "duration", "seed"].iter().all(|name| required.contains(&json!(name))));
        assert_eq!(types["StartRun"]["additionalProperties"], false, "what is unknown is refused");
    }
}
