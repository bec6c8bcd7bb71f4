//! From a sketch to a document that passes `check`: names, kinds, users before it all, and no link that cannot be.
use super::sketch::{Part, Sketch};
use super::{Drawn, Line, NotRead};
use loadpath_core::topology::catalog::{self, Form};
use loadpath_core::topology::{self, Class, Edge, Node, Params, Place, Topology, Workload};
use std::collections::BTreeSet;

pub(super) fn build(mut sketch: Sketch) -> Result<Drawn, NotRead> {
    if sketch.parts.is_empty() {
        return Err(NotRead(format!("this file of {} names no part of a system", sketch.tool)));
    }
    who_takes_from_queues(&mut sketch);
    open_rings(&mut sketch);
    let ids = ids(&sketch.parts);
    let mut document = Topology::new(&sketch.name);
    let mut lines = Vec::new();
    for (part, id) in sketch.parts.iter().zip(&ids) {
        lines.push(told(part));
        document.nodes.push(node(part, id));
    }
    edges(&mut sketch, &ids, &mut document);
    users(&mut sketch, &ids, &mut document);
    workload(&mut sketch, &mut document);
    mend(&mut sketch, &mut document)?;
    lines.extend(sketch.lines);
    Ok(Drawn { document, tool: sketch.tool, lines })
}

fn told(part: &Part) -> Line {
    let title = catalog::kind(part.guess.kind).map_or(part.guess.kind, |kind| kind.title);
    match part.guess.by {
        Some(word) => {
            Line::Understood(format!("\"{}\" is a {} (\"{word}\")", part.name, title.to_lowercase()))
        }
        None => Line::Assumed(format!("\"{}\" is a {}", part.name, title.to_lowercase())),
    }
}

/// An id for each part, made of its name; the name itself becomes the label.
fn ids(parts: &[Part]) -> Vec<String> {
    let mut taken = BTreeSet::from(["visitors".to_owned(), "addresses".to_owned()]);
    let id = |part: &Part| {
        let stem: String = super::super::slug(&part.name, "part").chars().take(25).collect();
        let stem = stem.trim_end_matches('-').to_owned();
        let mut id = stem.clone();
        for number in 2.. {
            if taken.insert(id.clone()) {
                break;
            }
            id = format!("{stem}-{number}");
        }
        id
    };
    parts.iter().map(id).collect()
}

fn node(part: &Part, id: &str) -> Node {
    let kind = catalog::kind(part.guess.kind).expect("guesses are kinds of the catalog");
    let mut params = Params::new();
    for (name, value) in &part.params {
        // What a kind cannot say of itself is told by its lines alone.
        if let Some(row) = catalog::param(kind.params, name) {
            params.insert(name.clone(), bounded(row.form, value.clone()));
        }
    }
    let label = if part.name == id { String::new() } else { part.name.chars().take(100).collect() };
    Node { id: id.to_owned(), kind: kind.name.to_owned(), label, params, ..Node::default() }
}

fn bounded(form: Form, value: topology::Value) -> topology::Value {
    match (form, value) {
        (Form::Count { min, max }, topology::Value::Number(n)) => n.clamp(min as f64, max as f64).into(),
        (Form::Number { min, max }, topology::Value::Number(n)) => n.clamp(min, max).into(),
        (_, value) => value,
    }
}

/// Who depends on a queue and is called a worker takes messages from it; the link goes the other way.
fn who_takes_from_queues(sketch: &mut Sketch) {
    let kind = |sketch: &Sketch, part: usize| sketch.parts[part].guess.kind;
    for i in 0..sketch.links.len() {
        let (from, to) = (sketch.links[i].from, sketch.links[i].to);
        if kind(sketch, from) == "workers" && kind(sketch, to) == "queue" {
            (sketch.links[i].from, sketch.links[i].to) = (to, from);
            let (worker, queue) = (sketch.parts[from].name.clone(), sketch.parts[to].name.clone());
            sketch.assumed(format!("\"{worker}\" takes messages from \"{queue}\""));
        }
    }
    for part in 0..sketch.parts.len() {
        let from_queue =
            sketch.links.iter().any(|link| link.to == part && kind(sketch, link.from) == "queue");
        let name = sketch.parts[part].name.clone();
        if kind(sketch, part) == "workers" && !from_queue {
            sketch.parts[part].guess = super::guess::Guess::SERVICE;
            sketch.assumed(format!("\"{name}\" takes from no queue that is known, and so is a service"));
        } else if kind(sketch, part) == "service" && from_queue {
            sketch.parts[part].guess.kind = "workers";
            sketch.assumed(format!("\"{name}\" takes messages from a queue"));
        }
    }
}

fn edges(sketch: &mut Sketch, ids: &[String], document: &mut Topology) {
    let mut left_out = Vec::new();
    for link in &sketch.links {
        let (from, to) = (&sketch.parts[link.from], &sketch.parts[link.to]);
        let kinds = catalog::kind(from.guess.kind).zip(catalog::kind(to.guess.kind));
        if kinds.is_some_and(|(from, to)| from.may_call(to)) {
            let (from, to) = (ids[link.from].clone(), ids[link.to].clone());
            document.edges.push(Edge { from, to, params: link.params.clone() });
        } else {
            let title =
                |part: &Part| catalog::kind(part.guess.kind).map_or("", |kind| kind.title).to_lowercase();
            left_out.push(format!(
                "\"{}\" calls \"{}\": a {} calls no {} here",
                from.name,
                to.name,
                title(from),
                title(to)
            ));
        }
    }
    left_out.into_iter().for_each(|line| sketch.left_out(line));
}

/// Users before what they call: what the file opens to the world, or else what nobody calls. Several addresses are told by DNS.
fn users(sketch: &mut Sketch, ids: &[String], document: &mut Topology) {
    if let Some(place) = sketch.parts.iter().position(|part| part.guess.kind == "clients") {
        return one_address(sketch, &ids[place], document);
    }
    let may_be_called =
        |part: usize| matches!(sketch.parts[part].guess.kind, "load_balancer" | "cdn" | "service");
    let is_called = |part: usize| document.edges.iter().any(|edge| edge.to == ids[part]);
    let all = || (0..ids.len()).filter(|&part| may_be_called(part));
    let mut entries: Vec<usize> =
        all().filter(|&part| sketch.parts[part].entry && !is_called(part)).collect();
    let mut why = "its port is open";
    if entries.is_empty() {
        entries = all().filter(|&part| sketch.parts[part].entry).take(1).collect();
    }
    if entries.is_empty() {
        why = "nobody else calls it";
        entries = all().filter(|&part| !is_called(part)).collect();
    }
    let calls =
        |to: &str, from: &str| Edge { from: from.to_owned(), to: to.to_owned(), params: Params::new() };
    document.nodes.insert(
        0,
        Node {
            id: "visitors".to_owned(),
            kind: "clients".to_owned(),
            label: "Users".to_owned(),
            ..Node::default()
        },
    );
    let first = if entries.len() > 1 { "addresses" } else { "visitors" };
    if entries.len() > 1 {
        document
            .nodes
            .insert(1, Node { id: "addresses".to_owned(), kind: "dns".to_owned(), ..Node::default() });
        document.edges.insert(0, calls("addresses", "visitors"));
    }
    for &part in &entries {
        document.edges.push(calls(&ids[part], first));
    }
    let names: Vec<String> =
        entries.iter().take(20).map(|&part| format!("\"{}\"", sketch.parts[part].name)).collect();
    sketch.assumed(format!(
        "users call {}: {why}",
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    ));
}

/// Clients call one address: where a file says that they call several, DNS tells these.
fn one_address(sketch: &mut Sketch, clients: &str, document: &mut Topology) {
    let called: Vec<usize> =
        (0..document.edges.len()).filter(|&i| document.edges[i].from == clients).collect();
    if called.len() < 2 {
        return;
    }
    called.iter().for_each(|&i| {
        document.edges[i] =
            Edge { from: "addresses".to_owned(), to: document.edges[i].to.clone(), params: Params::new() }
    });
    document.nodes.push(Node { id: "addresses".to_owned(), kind: "dns".to_owned(), ..Node::default() });
    document.edges.push(Edge { from: clients.to_owned(), to: "addresses".to_owned(), params: Params::new() });
    sketch.assumed(format!(
        "\"{clients}\" calls {} addresses in turn: who asks for what is not told",
        called.len()
    ));
}

fn workload(sketch: &mut Sketch, document: &mut Topology) {
    let class = |name: &str, operation: &str| Class {
        name: name.to_owned(),
        params: Params::from([("operation".to_owned(), operation.into())]),
    };
    let mut classes = vec![class("request", "read")];
    if sketch.parts.iter().any(|part| part.guess.kind == "queue") {
        classes.push(class("job", "job"));
        sketch.assumed("half of the requests ask for work that a queue takes".to_owned());
    }
    let rate = sketch.rate.unwrap_or(100.0);
    let params = Params::from([("rate".to_owned(), format!("{rate}/s").as_str().into())]);
    document.workload = Workload { classes, params };
    if sketch.parts.iter().any(|part| part.guess.kind == "monitoring") {
        let watchers: Vec<String> = document
            .nodes
            .iter()
            .filter(|node| node.kind == "monitoring")
            .skip(1)
            .map(|node| node.id.clone())
            .collect();
        // One that watches is enough.
        document.nodes.retain(|node| !watchers.contains(&node.id));
    }
}

/// Takes out what `check` refuses: callers of more than they may call, and what is left of wrong wiring.
fn mend(sketch: &mut Sketch, document: &mut Topology) -> Result<(), NotRead> {
    // What is taken out can show another fault, but not for long: a way through the kinds is short.
    for _ in 0..64 {
        let Err(faults) = topology::check(document) else { return Ok(()) };
        let mut wrong = BTreeSet::new();
        for fault in &faults {
            match fault.place {
                Place::Edge(i) => drop(wrong.insert(i)),
                Place::Node(i) => wrong.extend(surplus(sketch, document, i, &fault.what)?),
                _ => return Err(NotRead(format!("no design can be made of it: {fault}"))),
            }
        }
        for &i in wrong.iter().rev() {
            let edge = document.edges.remove(i);
            sketch.left_out(format!("\"{}\" calls \"{}\": the two cannot be joined so", edge.from, edge.to));
        }
    }
    Err(NotRead("no design can be made of it".to_owned()))
}

/// The edges that a node has beyond its first; what leads nowhere is taken for a service.
fn surplus(
    sketch: &mut Sketch,
    document: &mut Topology,
    node: usize,
    why: &str,
) -> Result<Vec<usize>, NotRead> {
    let id = document.nodes[node].id.clone();
    let out: Vec<usize> = (0..document.edges.len()).filter(|&i| document.edges[i].from == id).collect();
    if out.len() > 1 {
        return Ok(out[1..].to_vec());
    }
    if !matches!(document.nodes[node].kind.as_str(), "load_balancer" | "cdn" | "dns") {
        return Err(NotRead(format!("no design can be made of it: \"{id}\": {why}")));
    }
    document.nodes[node].kind = "service".to_owned();
    document.nodes[node].params.retain(|name, _| name == "instances");
    sketch.assumed(format!("\"{id}\" is a service: it spreads requests over nothing that is known"));
    Ok(Vec::new())
}

/// Leaves out the links that close a ring: a request would go round for ever.
fn open_rings(sketch: &mut Sketch) {
    let mut out = vec![Vec::new(); sketch.parts.len()];
    sketch.links.iter().enumerate().for_each(|(i, link)| out[link.from].push(i));
    let mut state = vec![0u8; sketch.parts.len()];
    let mut closing = BTreeSet::new();
    for start in 0..sketch.parts.len() {
        if state[start] != 0 {
            continue;
        }
        state[start] = 1;
        let mut open = vec![(start, 0)];
        while let Some((part, next)) = open.last_mut() {
            let Some(&link) = out[*part].get(*next) else {
                state[*part] = 2;
                open.pop();
                continue;
            };
            *next += 1;
            let to = sketch.links[link].to;
            match state[to] {
                0 => {
                    state[to] = 1;
                    open.push((to, 0));
                }
                1 => drop(closing.insert(link)),
                _ => {}
            }
        }
    }
    for &link in closing.iter().rev() {
        let link = sketch.links.remove(link);
        let (from, to) = (&sketch.parts[link.from].name, &sketch.parts[link.to].name);
        let line = format!(
            "\"{from}\" calls \"{to}\": it closes a ring, in which a request would go round for ever"
        );
        sketch.left_out(line);
    }
}
