//! OpenTelemetry's service graph: edges with requests, failures, and both ends' durations, from the collector's connector or Tempo.
//!
//! The metrics come as Prometheus text, as an answer of Prometheus' API, or as OTLP in JSON. They count since some start: rates are
//! known only of answers to `rate(...)`, so that counts become ratios of calls.
use super::guess;
use super::jaeger::{Counts, ratios};
use super::sketch::Sketch;
use super::{Drawn, NotRead, build, loose};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the names of all its metrics begin with.
pub(super) const PREFIX: &str = "traces_service_graph";
/// More samples than this are no graph that anyone draws.
const MOST_SAMPLES: usize = 200_000;

/// What was told of an edge, summed over all its series.
#[derive(Default)]
struct Told {
    requests: f64,
    failed: f64,
    /// The server's side: seconds, and how many.
    seconds: f64,
    timed: f64,
    messaging: bool,
}

type Graph = BTreeMap<(String, String), Told>;

pub(super) fn read(text: &str) -> Result<Drawn, NotRead> {
    let mut graph = Graph::new();
    let mut samples = 0;
    let mut add = |name: &str, labels: &dyn Fn(&str) -> Option<String>, value: f64| {
        samples += 1;
        if samples > MOST_SAMPLES {
            return Err(NotRead(format!("it has more than {MOST_SAMPLES} samples")));
        }
        take(&mut graph, name, labels, value);
        Ok(())
    };
    if text.trim_start().starts_with(['{', '[']) {
        let bad =
            |why: serde_json::Error| NotRead(format!("it is not JSON: {}", loose::short(&why.to_string())));
        // The collector's file exporter writes a document on each line.
        let documents = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        for document in documents {
            let document = document.map_err(bad)?;
            of_prometheus_api(&document, &mut add)?;
            of_otlp(&document, &mut add)?;
        }
    } else {
        of_prometheus_text(text, &mut add)?;
    }
    draw(&graph)
}

type Add<'a> = dyn FnMut(&str, &dyn Fn(&str) -> Option<String>, f64) -> Result<(), NotRead> + 'a;

/// Takes a sample into account, whichever of the graph's metrics it is of.
fn take(graph: &mut Graph, name: &str, labels: &dyn Fn(&str) -> Option<String>, value: f64) {
    let Some(metric) = name.strip_prefix(PREFIX).filter(|_| value.is_finite() && value >= 0.0) else {
        return;
    };
    let (Some(client), Some(server)) = (labels("client"), labels("server")) else { return };
    let told = graph.entry((client, server)).or_default();
    told.messaging |= labels("connection_type").is_some_and(|kind| kind == "messaging_system");
    match metric.trim_start_matches('_') {
        "request" | "request_total" => told.requests += value,
        "request_failed" | "request_failed_total" => told.failed += value,
        "request_server_seconds_sum" => told.seconds += value,
        "request_server_seconds_count" => told.timed += value,
        _ => {}
    }
}

/// Lines like `NAME{label="value",...} 12.5`.
fn of_prometheus_text(text: &str, add: &mut Add) -> Result<(), NotRead> {
    for line in text.lines().map(str::trim).filter(|line| line.starts_with(PREFIX)) {
        let Some(sample) = super::super::prometheus::sample(line) else { continue };
        add(sample.name, &|label| sample.label(label), sample.value)?;
    }
    Ok(())
}

/// `{"data": {"result": [{"metric": {"__name__": ..., "client": ...}, "value": [time, "12.5"]}]}}`.
fn of_prometheus_api(document: &Value, add: &mut Add) -> Result<(), NotRead> {
    let results = document.pointer("/data/result").and_then(Value::as_array);
    for result in results.into_iter().flatten() {
        let Some(metric) = result.get("metric").and_then(Value::as_object) else { continue };
        // What a function like rate() was applied to has no name any more: then they are requests.
        let name = metric.get("__name__").and_then(Value::as_str);
        let name = name.map_or_else(|| format!("{PREFIX}_request_total"), str::to_owned);
        let Some(value) = result.pointer("/value/1").and_then(loose::number) else { continue };
        add(&name, &|label| metric.get(label).and_then(loose::text), value)?;
    }
    Ok(())
}

/// `{"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": ..., "sum": {"dataPoints": [...]}}]}]}]}`.
fn of_otlp(document: &Value, add: &mut Add) -> Result<(), NotRead> {
    let list =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let resources = list(document, "resourceMetrics");
    let scopes = resources.iter().flat_map(|resource| list(resource, "scopeMetrics"));
    for metric in scopes.flat_map(|scope| list(&scope, "metrics")) {
        let name = metric.get("name").and_then(Value::as_str).unwrap_or_default().replace('.', "_");
        for point in metric.get("sum").map(|sum| list(sum, "dataPoints")).unwrap_or_default() {
            let value = point.get("asDouble").or_else(|| point.get("asInt")).and_then(loose::number);
            add(&name, &|label| attribute(&point, label), value.unwrap_or(0.0))?;
        }
        for point in metric.get("histogram").map(|of| list(of, "dataPoints")).unwrap_or_default() {
            for (part, key) in [("_sum", "sum"), ("_count", "count")] {
                let value = point.get(key).and_then(loose::number).unwrap_or(0.0);
                add(&format!("{name}{part}"), &|label| attribute(&point, label), value)?;
            }
        }
    }
    Ok(())
}

fn attribute(point: &Value, name: &str) -> Option<String> {
    let attributes = point.get("attributes")?.as_array()?;
    let one = attributes.iter().find(|one| one.get("key").and_then(Value::as_str) == Some(name))?;
    one.get("value")?.as_object()?.values().next().and_then(loose::text)
}

fn draw(graph: &Graph) -> Result<Drawn, NotRead> {
    let mut sketch = Sketch::new("OpenTelemetry's service graph", "service graph");
    let mut counts = Counts::new();
    for ((client, server), told) in graph {
        let from = sketch.part(client, || guess::by_name(client))?;
        let to = sketch.part(server, || guess::by_name(server))?;
        if from == to {
            sketch.left_out(format!("calls of \"{client}\" to itself"));
            continue;
        }
        let link = sketch.link(from, to)?;
        if told.messaging {
            link.params.insert("mode".to_owned(), "asynchronous".into());
        }
        *counts.entry((from, to)).or_default() += told.requests;
    }
    times_and_errors(&mut sketch, graph);
    ratios(&mut sketch, &counts);
    sketch.assumed("the counts have no start: no rate is told, and requests come at 100/s".to_owned());
    build::build(sketch)
}

/// How long each part takes by its callees' callers, and how often it fails.
fn times_and_errors(sketch: &mut Sketch, graph: &Graph) {
    for place in 0..sketch.parts.len() {
        let name = sketch.parts[place].name.clone();
        let into = || graph.iter().filter(|((_, server), _)| *server == name).map(|(_, told)| told);
        let of = |what: fn(&Told) -> f64| into().map(what).sum::<f64>();
        let (requests, failed) = (of(|told| told.requests), of(|told| told.failed));
        let (seconds, timed) = (of(|told| told.seconds), of(|told| told.timed));
        let kind = sketch.parts[place].guess.kind;
        if timed > 0.0 && seconds > 0.0 {
            let mean = seconds / timed;
            // What a call from it takes is in its own time, too.
            let calls = graph.iter().filter(|((client, _), told)| *client == name && !told.messaging);
            let waited: f64 = calls.map(|(_, told)| told.seconds).sum::<f64>() / timed;
            let own = if mean > waited { mean - waited } else { mean };
            let span = loadpath_core::time::Span::from_secs(own.clamp(1e-6, 600.0));
            let key = if kind == "database" { "read_time" } else { "service_time" };
            if matches!(kind, "service" | "workers" | "database" | "cache" | "external") {
                sketch.parts[place].params.insert(key.to_owned(), format!("exp {span}").as_str().into());
                sketch.understood(format!("\"{name}\" took {span} itself on average, its calls taken off; its law is taken as exponential"));
            }
        }
        if failed > 0.0 && requests > 0.0 && matches!(kind, "service" | "workers" | "external") {
            let share = (failed / requests).min(1.0);
            sketch.parts[place].params.insert("error_share".to_owned(), ((share * 1e6).round() / 1e6).into());
            sketch.understood(format!("\"{name}\" failed {:.3} % of its requests", share * 100.0));
        }
    }
}
