//! The edges: what each connects, and how a call by it goes.
use super::super::catalog::{self, EDGE, Kind};
use super::super::fault::{Fault, Place};
use super::super::plan::{Mode, PlanEdge};
use super::super::reader::Reader;
use super::super::spec::Topology;
use super::edge_called;
use super::names::Names;
use crate::component::resilience::Jitter;
use crate::id::NodeIndex;
use crate::time::Span;

pub(super) fn edge(
    document: &Topology,
    i: usize,
    names: &Names,
    kinds: &[Option<&'static Kind>],
    faults: &mut Vec<Fault>,
) -> Option<PlanEdge> {
    let edge = &document.edges[i];
    let (place, called) = (Place::Edge(i), edge_called(edge));
    let mut reader = Reader { params: &edge.params, rows: EDGE, place, called, faults };
    reader.refuse_strangers();
    let mut end = |field, id: &str| {
        let place = names.nodes.get(id).copied();
        if place.is_none() {
            let what = format!("there is no node \"{id}\"; draw it to one that is there, or delete it");
            reader.fault(Some(field), what);
        }
        place
    };
    let (from, to) = (end("from", &edge.from), end("to", &edge.to));
    let ends = from.zip(to).and_then(|(from, to)| joined(document, i, (from, to), kinds, &mut reader));
    let read = read(document, &mut reader);
    let (from, to) = ends?;
    Some(PlanEdge { from: NodeIndex(from as u16), to: NodeIndex(to as u16), ..read })
}

/// The two ends, if they may be connected and are not yet.
fn joined(
    document: &Topology,
    i: usize,
    (from, to): (usize, usize),
    kinds: &[Option<&'static Kind>],
    reader: &mut Reader,
) -> Option<(usize, usize)> {
    let edge = &document.edges[i];
    if from == to {
        reader.fault(None, "a node cannot call itself; delete this edge".to_owned());
        return None;
    }
    if document.edges[..i].iter().any(|other| other.from == edge.from && other.to == edge.to) {
        reader.fault(None, "these two are connected already; delete this edge".to_owned());
        return None;
    }
    if let (Some(from), Some(to)) = (kinds[from], kinds[to])
        && !from.may_call(to)
    {
        reader.fault(None, wrong_wiring(from, to));
        return None;
    }
    Some((from, to))
}

/// Its parameters; the ends are still to be filled in.
fn read(document: &Topology, r: &mut Reader) -> PlanEdge {
    let positive = |span: Span| (span.0 > 0).then_some(span);
    let (breaker, open) = (r.number("breaker"), r.span("breaker_open"));
    let (connections, budget) = (r.count("connections"), r.number("retry_budget"));
    PlanEdge {
        from: NodeIndex(0),
        to: NodeIndex(0),
        latency: r.span("latency"),
        classes: classes(document, r),
        calls: r.number("calls"),
        mode: r.choice("mode", &[Mode::Sequential, Mode::Parallel, Mode::Asynchronous]),
        connections: (connections > 0).then_some(connections),
        timeout: positive(r.span("timeout")),
        retries: r.count("retries"),
        backoff: r.span("backoff"),
        jitter: r.choice("jitter", &[Jitter::None, Jitter::Full, Jitter::Equal]),
        retry_budget: (budget < 10.0).then_some(budget),
        breaker: (breaker > 0.0).then_some((breaker, open)),
        hedge_after: positive(r.span("hedge_after")),
        hedge_at: Some(r.number("hedge_at")).filter(|&quantile| quantile > 0.0),
        hedge_budget: r.number("hedge_budget"),
        weight: r.count("weight"),
        binding: r.text("binding").to_owned(),
    }
}

/// The classes that are named, as bits.
fn classes(document: &Topology, r: &mut Reader) -> u64 {
    let text = r.text("classes").trim().to_owned();
    if text == "all" || text.is_empty() {
        return u64::MAX;
    }
    let mut bits = 0;
    for name in text.split(',').map(str::trim) {
        match document.workload.classes.iter().position(|class| class.name == name) {
            // The limits keep classes below 64.
            Some(place) => bits |= 1 << place,
            None => r.fault(
                Some("classes"),
                format!("there is no class \"{name}\"; name those of the workload, or all"),
            ),
        }
    }
    bits
}

/// The sentence for a wiring that means nothing.
fn wrong_wiring(from: &Kind, to: &Kind) -> String {
    let can: Vec<String> = from.calls.iter().filter_map(|name| catalog::kind(name)).map(one).collect();
    let they = if matches!(from.name, "clients" | "workers") { "they" } else { "it" };
    let (from, to) = (one(from), one(to));
    if can.is_empty() {
        format!("{from} calls nothing; draw the edge the other way, or delete it")
    } else {
        format!("{from} cannot call {to}; {they} can call {}", can.join(", "))
    }
}

/// A node of a kind, in the middle of a sentence: "a cache", "an object store", "clients", "a CDN".
fn one(kind: &Kind) -> String {
    let is_short = |word: &str| word.chars().all(char::is_uppercase);
    let title = if is_short(kind.title) { kind.title.to_owned() } else { kind.title.to_lowercase() };
    match kind.name {
        "clients" | "workers" | "dns" | "monitoring" => title,
        _ if title.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {title}"),
        _ => format!("a {title}"),
    }
}
