//! Designs made of what other tools know of a system: docker-compose, isotope, OpenTelemetry's service graph, Jaeger's dependencies.
//!
//! Each reader makes a sketch of parts and links; one builder makes a document of it that `check` accepts. Line by line it is said what
//! was understood, what was assumed, and what was left out. A file is a stranger's: its size, depth, aliases and counts are bounded.
mod build;
mod compose;
mod guess;
mod isotope;
mod jaeger;
mod loose;
mod service_graph;
mod sketch;
#[cfg(test)]
mod tests;

use super::NotRead;
use loadpath_core::topology::Topology;
use serde::Serialize;

/// The tools whose files become designs.
pub const DESIGNS: &str = "docker-compose (YAML), isotope (YAML), OpenTelemetry's service graph (Prometheus text or API, OTLP metrics as JSON), \
                           Jaeger's dependencies (JSON)";

/// A larger file is not read as a design.
const MAX_TEXT: usize = 8 << 20;

/// A design, and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The document. It passes `check`.
    pub document: Topology,
    /// What kind of file it was.
    pub tool: &'static str,
    /// How each part of it came about, in order.
    pub lines: Vec<Line>,
}

/// How something came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The file says so.
    Understood(String),
    /// The file does not say; it was taken to be so.
    Assumed(String),
    /// The file says so, and the design does not.
    LeftOut(String),
}

/// Reads a file as a design; none when it looks like none of [`DESIGNS`].
///
/// # Errors
/// When it looks like one of them and cannot be read as such.
pub fn read(text: &str) -> Option<Result<Drawn, NotRead>> {
    let reader = reader(text)?;
    if text.len() > MAX_TEXT {
        let mib = MAX_TEXT >> 20;
        return Some(Err(NotRead(format!("it is larger than {mib} MiB: a description of a system is not"))));
    }
    Some(reader(text))
}

type Reader = fn(&str) -> Result<Drawn, NotRead>;

fn reader(text: &str) -> Option<Reader> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    // A design of ours, or a run.
    if is_json && (text.contains("\"loadpath\"") || text.contains("\"loadpath_run\"")) {
        return None;
    }
    if is_json && text.contains("\"callCount\"") && text.contains("\"parent\"") {
        return Some(jaeger::read);
    }
    if text.contains(service_graph::PREFIX) {
        return Some(service_graph::read);
    }
    let has_services =
        text.lines().any(|line| line.starts_with("services:") || line.starts_with("\"services\":"));
    (has_services || is_json && text.contains("\"services\"")).then_some(of_services)
}

/// A YAML file with services: a list of isotope, or a map of docker-compose.
fn of_services(text: &str) -> Result<Drawn, NotRead> {
    let file = loose::yaml(text)?;
    match file.get("services") {
        Some(services) if services.is_array() => isotope::read(&file),
        Some(services) if services.is_object() => compose::read(&file),
        _ => Err(NotRead("its services are neither a map (docker-compose) nor a list (isotope)".to_owned())),
    }
}
