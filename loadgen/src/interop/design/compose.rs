//! docker-compose: services are parts by their images; who calls whom is seen from depends_on, links and addresses in the environment.
use super::guess::{self, Guess};
use super::sketch::Sketch;
use super::{Drawn, Line, NotRead, build, loose};
use loadpath_core::topology::{self, Topology};
use serde_json::{Map, Value};

/// Where the kind of a service may stand, for whom the guess is wrong.
const KIND_LABEL: &str = "loadpath.kind";

pub(super) fn read(file: &Value) -> Result<Drawn, NotRead> {
    if let Some(own) = file.get("x-loadpath") {
        return exported(own);
    }
    let name = file.get("name").and_then(loose::text).unwrap_or_else(|| "docker-compose".to_owned());
    let mut sketch = Sketch::new("docker-compose", &name);
    let services = file.get("services").and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, service) in &services {
        part(&mut sketch, name, service)?;
    }
    for (name, service) in &services {
        calls(&mut sketch, name, service)?;
    }
    build::build(sketch)
}

/// The design that a file was made of.
fn exported(own: &Value) -> Result<Drawn, NotRead> {
    let document: Topology = serde_json::from_value(undoubled(own.clone()))
        .map_err(|why| NotRead(format!("its x-loadpath is no design: {}", loose::short(&why.to_string()))))?;
    if let Err(faults) = topology::check(&document) {
        let first = faults.first().map(ToString::to_string).unwrap_or_default();
        return Err(NotRead(format!("the design in its x-loadpath is faulty: {first}")));
    }
    let lines = vec![
        Line::Understood("x-loadpath holds the design that the file was made of".to_owned()),
        Line::LeftOut(
            "what was changed in the services since: take x-loadpath away to have them read".to_owned(),
        ),
    ];
    Ok(Drawn { document, tool: "docker-compose", lines })
}

/// Texts as docker-compose reads them: of two dollars one is left.
fn undoubled(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("$$", "$")),
        Value::Array(list) => list.into_iter().map(undoubled).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, undoubled(value))).collect(),
        other => other,
    }
}

fn part(sketch: &mut Sketch, name: &str, service: &Value) -> Result<(), NotRead> {
    let image = service.get("image").and_then(loose::text).map(|image| filled(&image));
    let place = sketch.part(name, || guess(name, image.as_deref(), service))?;
    let part = &mut sketch.parts[place];
    let replicas =
        service.pointer("/deploy/replicas").or_else(|| service.get("scale")).and_then(loose::count);
    if let Some(replicas) = replicas.filter(|&replicas| replicas > 1) {
        part.params.insert("instances".to_owned(), f64::from(replicas).into());
    }
    let cores = service.pointer("/deploy/resources/limits/cpus").or_else(|| service.get("cpus"));
    if let Some(cores) =
        cores.and_then(loose::number).filter(|_| matches!(part.guess.kind, "service" | "workers"))
    {
        part.params.insert("cores".to_owned(), cores.ceil().clamp(1.0, 256.0).into());
    }
    part.entry = is_published(service);
    if service.get("profiles").is_some() {
        sketch.assumed(format!("\"{}\" is started, whatever its profiles say", loose::short(name)));
    }
    Ok(())
}

fn guess(name: &str, image: Option<&str>, service: &Value) -> Guess {
    let labels = pairs(service.get("labels"));
    let label = labels.iter().find(|(key, _)| key == KIND_LABEL);
    let told = label.and_then(|(_, kind)| topology::catalog::kind(kind));
    if let Some(kind) = told {
        return Guess::known(kind.name);
    }
    let command = service.get("command").and_then(loose::text).unwrap_or_default();
    let by_name = guess::by_name(name);
    // The same image runs as server and as worker: then the name or the command tells which.
    match image.and_then(guess::by_image) {
        Some(guess) => guess,
        None if by_name.kind == "workers"
            || by_name.kind == "service" && guess::by_name(&command).kind == "workers" =>
        {
            Guess { kind: "workers", by: Some("worker") }
        }
        // An image of one's own is a program of one's own, whatever it is called; without any, the name is all there is.
        None if image.is_some() || service.get("build").is_some() => match by_name.kind {
            "load_balancer" | "service" => by_name,
            _ => Guess::SERVICE,
        },
        None => by_name,
    }
}

/// Ports that are open to the world, or at least to this machine.
fn is_published(service: &Value) -> bool {
    let ports = service.get("ports").and_then(Value::as_array);
    let is_open = |port: &Value| match port {
        Value::Object(port) => port.get("published").is_some(),
        // Without a colon it is a port of the container, published anywhere.
        other => loose::text(other).is_some(),
    };
    ports.is_some_and(|ports| ports.iter().any(is_open))
}

fn calls(sketch: &mut Sketch, name: &str, service: &Value) -> Result<(), NotRead> {
    let Some(from) = sketch.find(&loose::short(name)) else { return Ok(()) };
    let mut called: Vec<(String, &str)> = Vec::new();
    called.extend(names(service.get("depends_on")).into_iter().map(|name| (name, "depends_on")));
    called.extend(names(service.get("links")).into_iter().map(|link| (before(&link, ':'), "links")));
    for (_, value) in pairs(service.get("environment")) {
        called.extend(hosts(&filled(&value)).into_iter().map(|host| (host, "its environment")));
    }
    for (name, by) in called {
        match sketch.find(&name) {
            Some(to) if to != from => {
                let is_new = !sketch.is_linked(from, to);
                sketch.link(from, to)?;
                if is_new {
                    let (from, to) = (&sketch.parts[from].name, &sketch.parts[to].name);
                    sketch.understood(format!("\"{from}\" calls \"{to}\", by {by}"));
                }
            }
            None if by == "depends_on" => {
                sketch.left_out(format!(
                    "\"{}\" depends on \"{}\", which is not there",
                    loose::short(&sketch.parts[from].name),
                    loose::short(&name)
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn before(text: &str, separator: char) -> String {
    text.split(separator).next().unwrap_or_default().to_owned()
}

/// The names in a list, or the keys of a map.
fn names(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(loose::text).collect(),
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// The pairs of a map, or of a list of "KEY=VALUE".
fn pairs(value: Option<&Value>) -> Vec<(String, String)> {
    let of_map = |map: &Map<String, Value>| {
        map.iter().filter_map(|(key, value)| Some((key.clone(), loose::text(value)?))).collect()
    };
    match value {
        Some(Value::Object(map)) => of_map(map),
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(loose::text)
            .filter_map(|text| text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())))
            .collect(),
        _ => Vec::new(),
    }
}

/// A text with the defaults of its variables: `${IMAGE:-postgres:16}` is postgres:16.
fn filled(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let (inside, after) = after.split_once('}').unwrap_or((after, ""));
        let default = inside.split_once(":-").or_else(|| inside.split_once('-'));
        filled.push_str(default.map_or("", |(_, default)| default));
        rest = after;
    }
    filled + rest
}

/// What could be hosts in an address, or in a list of them: `redis://cache:6379/0`, `kafka:9092,kafka2:9092`, `db`.
fn hosts(value: &str) -> Vec<String> {
    let of_one = |one: &str| {
        let authority = one.split_once("://").map_or(one, |(_, rest)| rest);
        let authority = authority.split(['/', '?']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        before(host, ':').trim().to_owned()
    };
    value.split([',', ';', ' ']).map(of_one).filter(|host| !host.is_empty()).collect()
}
