//! A design as a docker-compose file: each part a service, generated configurations as the file's own `configs`.
use super::part::{Health, Image, Part, Setting, Site, variable};
use super::parts::{TooMany, parts};
use super::yaml::{head, yaml};
use super::{Exported, Images};
use loadpath_core::topology::{Plan, Topology};
use serde_json::{Map, Value, json};

/// The first port of this machine that an entry gets.
const FIRST_PORT: u16 = 8080;

/// The design as docker-compose reads it. The design itself stands in the file too, under `x-loadpath`, so that it can be read back.
///
/// # Errors
/// When it has too many parts for one file.
pub fn compose(document: &Topology, plan: &Plan, images: &Images) -> Result<Exported, TooMany> {
    let all = parts(document, plan, images, Site::Compose)?;
    let mut ports = FIRST_PORT;
    let services: Map<String, Value> = all
        .parts
        .iter()
        .map(|part| (part.name.clone(), service(part, document, plan, &all.parts, &mut ports)))
        .collect();
    let configs: Map<String, Value> = all.parts.iter().flat_map(configs).collect();
    let volumes: Map<String, Value> = all
        .parts
        .iter()
        .filter(|part| part.data.is_some())
        .map(|part| (part.name.clone(), json!({})))
        .collect();
    let mut text = head("docker-compose", &plan.name, &all.supply, &all.lost);
    for (key, section) in [
        ("name", json!(super::super::slug(&plan.name, "design"))),
        ("services", Value::Object(services)),
        ("configs", Value::Object(configs)),
        ("volumes", Value::Object(volumes)),
        ("x-loadpath", escaped(serde_json::to_value(document).expect("a document is JSON"))),
    ] {
        let is_nothing = section.as_object().is_some_and(Map::is_empty);
        if !is_nothing || key == "services" {
            text.push_str(&yaml(&Map::from_iter([(key.to_owned(), section)])));
        }
    }
    Ok(Exported { text, supply: all.supply, lost: all.lost })
}

/// Every text as docker-compose reads it after filling in variables: a dollar is said twice.
fn escaped(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(dollars(&text)),
        Value::Array(list) => list.into_iter().map(escaped).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, escaped(value))).collect(),
        other => other,
    }
}

fn dollars(text: &str) -> String {
    text.replace('$', "$$")
}

fn service(part: &Part, document: &Topology, plan: &Plan, all: &[Part], next_port: &mut u16) -> Value {
    let id = &plan.nodes[part.node].id;
    let mut service = Map::new();
    let mut put = |key: &str, value: Value| drop(service.insert(key.to_owned(), value));
    put("image", json!(image(&part.image, id)));
    put(
        "labels",
        json!({ "loadpath.node": id, "loadpath.label": dollars(&loadpath_core::export::label(&document.nodes[part.node])) }),
    );
    put("restart", json!("unless-stopped"));
    if !part.command.is_empty() {
        put("command", part.command.iter().map(|word| dollars(word)).collect());
    }
    if let Some((user, _)) = part.user {
        put("user", json!(user));
    }
    let environment: Map<String, Value> = part
        .environment
        .iter()
        .map(|(name, setting)| (name.clone(), Value::String(value(setting))))
        .collect();
    if !environment.is_empty() {
        put("environment", Value::Object(environment));
    }
    if let Some(port) = part.port.filter(|_| part.entry) {
        put("ports", json!([published(next_port, port, part.instances)]));
    }
    if let Some(health) = &part.health {
        put(
            "healthcheck",
            json!({ "test": test(health), "interval": "5s", "timeout": "3s", "retries": 12, "start_period": "10s" }),
        );
    }
    if !part.files.is_empty() {
        let mounted = part
            .files
            .iter()
            .map(|file| json!({ "source": config_name(part, file.name), "target": file.path }));
        put("configs", mounted.collect());
    }
    if let Some(path) = part.data {
        put("volumes", json!([format!("{}:{path}", part.name)]));
    }
    let after: Map<String, Value> =
        part.after.iter().map(|name| (name.clone(), waits_for(name, all))).collect();
    if !after.is_empty() {
        put("depends_on", Value::Object(after));
    }
    put("deploy", deploy(part));
    Value::Object(service)
}

fn waits_for(name: &str, all: &[Part]) -> Value {
    let is_seen = all.iter().any(|part| part.name == name && part.health.is_some());
    json!({ "condition": if is_seen { "service_healthy" } else { "service_started" } })
}

fn deploy(part: &Part) -> Value {
    let mut limits = Map::new();
    limits.extend(part.cores.map(|cores| ("cpus".to_owned(), json!(cores.to_string()))));
    limits.extend(part.memory_mib.map(|mib| ("memory".to_owned(), json!(format!("{mib}M")))));
    let mut deploy = Map::from_iter([("replicas".to_owned(), json!(part.instances))]);
    if !limits.is_empty() {
        deploy.insert("resources".to_owned(), json!({ "limits": limits }));
    }
    Value::Object(deploy)
}

fn image(image: &Image, id: &str) -> String {
    match image {
        Image::Of(name) => dollars(name),
        Image::Missing => format!("${{{}:?the image of {id}}}", variable(id, "_IMAGE")),
    }
}

fn value(setting: &Setting) -> String {
    match setting {
        Setting::Text(text) => dollars(text),
        Setting::Secret(name) => format!("${{{name}:?a secret}}"),
        Setting::Supplied(name) => format!("${{{name}:?where it is}}"),
    }
}

/// A port of this machine alone; as many as there are instances.
fn published(next: &mut u16, port: u16, instances: u16) -> String {
    let first = *next;
    *next = first.saturating_add(instances);
    let host = if instances == 1 { first.to_string() } else { format!("{first}-{}", *next - 1) };
    format!("127.0.0.1:{host}:{port}")
}

fn test(health: &Health) -> Value {
    match health {
        Health::Http(port) => {
            json!(["CMD", "wget", "-q", "-O", "/dev/null", format!("http://127.0.0.1:{port}/healthz")])
        }
        Health::Runs(command) => [&["CMD"], command.as_slice()].concat().into_iter().collect(),
    }
}

fn config_name(part: &Part, file: &str) -> String {
    format!("{}.{file}", part.name)
}

fn configs(part: &Part) -> Vec<(String, Value)> {
    let file = |file: &super::part::File| {
        (config_name(part, file.name), json!({ "content": dollars(&file.content) }))
    };
    part.files.iter().map(file).collect()
}
