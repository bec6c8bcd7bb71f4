//! Changes to a document: each takes one and leaves it changed, whole. The reducer decides when; undo keeps the old one.
mod layout;
mod regions;
mod wiring;

pub use layout::{lay_out, place_all};
pub use regions::{
    add_host, add_zone, join, move_group, name_of, nudge, regions, remove_group, rename_group, runs_on_hosts,
    settle,
};
pub use wiring::{Wire, add_linked, bridge, connect, may_connect, offers, reconnect, refusal, refusal_at};

use crate::geometry::{WorldPoint, snap};
use loadpath_core::order;
use loadpath_core::topology::catalog::Kind;
use loadpath_core::topology::{Class, Edge, Node, Params, Topology, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A bag of parameters in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bag {
    /// Of a node, by its place.
    Node(usize),
    /// Of an edge, by its place.
    Edge(usize),
    /// Of the arrivals.
    Workload,
    /// Of a class of requests, by its place.
    Class(usize),
    /// Of an event of the timeline, by its place.
    Event(usize),
    /// Of a zone, by its place.
    Zone(usize),
    /// Of a host, by its place.
    Host(usize),
    /// The objectives.
    Objectives,
    /// The prices.
    Prices,
}

/// An empty design that asks for something, so that what is drawn next gets requests.
pub fn blank() -> Topology {
    let mut document = Topology::new("Untitled design");
    document.workload.classes.push(Class { name: "read".to_owned(), params: Params::new() });
    document
}

/// Adds a node and gives its place.
pub fn add_node(document: &mut Topology, kind: &Kind, at: WorldPoint) -> usize {
    let id = free_id(document, &kind.name.replace('_', "-"));
    let at = snap(at);
    document.nodes.push(Node {
        id,
        kind: kind.name.to_owned(),
        label: String::new(),
        at: Some([at.x, at.y]),
        ..Node::default()
    });
    document.nodes.len() - 1
}

/// An id that no node has: `base`, or `base` with the first free number.
fn free_id(document: &Topology, base: &str) -> String {
    let taken: BTreeSet<&str> = order::gather(document.nodes.iter().map(|node| node.id.as_str()));
    let numbered = (2u32..).map(|n| format!("{}-{n}", &base[..base.len().min(26)]));
    std::iter::once(base.to_owned())
        .chain(numbered)
        .find(|id| !taken.contains(id.as_str()))
        .expect("there are more numbers than nodes")
}

/// The id itself while it is free, else its base with the next number that is. `tried` remembers from one id to the next
/// which numbers are taken, so that many ids cost no more than their count.
pub fn free_among(taken: &BTreeSet<String>, tried: &mut BTreeMap<String, u32>, id: &str) -> String {
    if !taken.contains(id) {
        return id.to_owned();
    }
    let base = id.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
    let end = base.char_indices().nth(24).map_or(base.len(), |(end, _)| end);
    let next = tried.entry(base[..end].to_owned()).or_insert(1);
    loop {
        *next += 1;
        let id = format!("{}-{next}", &base[..end]);
        if !taken.contains(&id) {
            return id;
        }
    }
}

/// Takes nodes and edges away, and with a node the edges that end at it.
pub fn remove(document: &mut Topology, nodes: &BTreeSet<usize>, edges: &BTreeSet<usize>) {
    let gone: BTreeSet<String> =
        order::gather(nodes.iter().filter_map(|&i| document.nodes.get(i)).map(|n| n.id.clone()));
    keep(&mut document.edges, |i, edge: &Edge| {
        !edges.contains(&i) && !gone.contains(&edge.from) && !gone.contains(&edge.to)
    });
    keep(&mut document.nodes, |i, _| !nodes.contains(&i));
}

fn keep<T>(list: &mut Vec<T>, mut keeps: impl FnMut(usize, &T) -> bool) {
    let mut i = 0;
    list.retain(|item| {
        i += 1;
        keeps(i - 1, item)
    });
}

/// Moves nodes.
pub fn move_by(document: &mut Topology, nodes: &BTreeSet<usize>, dx: f64, dy: f64) {
    for &i in nodes {
        if let Some(node) = document.nodes.get_mut(i) {
            let [x, y] = node.at.unwrap_or_default();
            node.at = Some([x + dx, y + dy]);
        }
    }
}

/// Copies nodes, with the edges between them, so far away; gives the places of the copies.
pub fn duplicate(document: &mut Topology, nodes: &BTreeSet<usize>, dx: f64, dy: f64) -> BTreeSet<usize> {
    let mut renamed = Vec::new();
    let mut copies = BTreeSet::new();
    for &i in nodes {
        let Some(mut copy) = document.nodes.get(i).cloned() else { continue };
        let base = copy.id.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-').to_owned();
        let id = free_id(document, &base);
        renamed.push((std::mem::replace(&mut copy.id, id.clone()), id));
        let [x, y] = copy.at.unwrap_or_default();
        copy.at = Some([x + dx, y + dy]);
        copies.insert(document.nodes.len());
        document.nodes.push(copy);
    }
    let new_id = |old: &str| renamed.iter().find(|(from, _)| from == old).map(|(_, to)| to.clone());
    let inner = document.edges.iter().filter_map(|edge| {
        Some(Edge { from: new_id(&edge.from)?, to: new_id(&edge.to)?, params: edge.params.clone() })
    });
    let inner: Vec<Edge> = inner.collect();
    document.edges.extend(inner);
    copies
}

/// Writes a parameter, or takes it away so that the default holds.
pub fn set(document: &mut Topology, bag: &Bag, name: &str, value: Option<Value>) {
    let Some(params) = bag.params_mut(document) else { return };
    match value {
        Some(value) => params.insert(name.to_owned(), value),
        None => params.remove(name),
    };
}

/// Adds a class of requests and gives its place.
pub fn add_class(document: &mut Topology) -> usize {
    let classes = &mut document.workload.classes;
    let taken: BTreeSet<&str> = order::gather(classes.iter().map(|class| class.name.as_str()));
    let names =
        ["read", "write"].map(str::to_owned).into_iter().chain((1u32..).map(|n| format!("class-{n}")));
    let name =
        names.into_iter().find(|n| !taken.contains(n.as_str())).expect("there are more numbers than classes");
    let mut params = Params::new();
    if name == "write" {
        params.insert("operation".to_owned(), "write".into());
    }
    classes.push(Class { name, params });
    classes.len() - 1
}

/// Gives a node another id, in the edges too.
pub fn rename_node(document: &mut Topology, node: usize, id: &str) {
    let Some(node) = document.nodes.get_mut(node) else { return };
    let old = std::mem::replace(&mut node.id, id.to_owned());
    if document.nodes.iter().any(|other| other.id == old) {
        // The old id was doubled; which of the two an edge meant cannot be known, so it stays with the other.
        return;
    }
    for edge in &mut document.edges {
        for end in [&mut edge.from, &mut edge.to] {
            if *end == old {
                id.clone_into(end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{catalog, check, three_tier};

    fn place(document: &Topology, id: &str) -> usize {
        document.nodes.iter().position(|node| node.id == id).unwrap()
    }

    #[test]
    fn a_design_drawn_from_nothing_is_a_plan() {
        let mut document = blank();
        let kind = |name| catalog::kind(name).unwrap();
        let users = add_node(&mut document, kind("clients"), WorldPoint::new(3.0, 8.0));
        let web = add_node(&mut document, kind("service"), WorldPoint::new(300.0, 0.0));
        connect(&mut document, users, web).unwrap();
        assert!(check(&document).is_ok(), "{:?}", check(&document));
        assert_eq!(document.nodes[users].at, Some([0.0, 10.0]));
    }

    #[test]
    fn ids_stay_unique_and_valid_however_often_a_node_is_added_or_copied() {
        let mut document = three_tier();
        for kind in catalog::KINDS.iter().chain(catalog::KINDS) {
            add_node(&mut document, kind, WorldPoint::default());
        }
        let all: BTreeSet<usize> = (0..document.nodes.len()).collect();
        duplicate(&mut document, &all, 30.0, 90.0);
        duplicate(&mut document, &all, 30.0, 90.0);
        let ids: BTreeSet<&str> = document.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids.len(), document.nodes.len());
        let faults = check(&document).err().unwrap_or_default();
        assert!(faults.iter().all(|fault| fault.field.as_deref() != Some("id")), "{faults:?}");
    }

    #[test]
    fn removing_a_node_takes_its_edges_and_leaves_a_whole_document() {
        let mut document = three_tier();
        let web = place(&document, "web");
        remove(&mut document, &BTreeSet::from([web]), &BTreeSet::new());
        assert_eq!((document.nodes.len(), document.edges.len()), (4, 1));
        remove(&mut document, &BTreeSet::new(), &BTreeSet::from([0]));
        assert_eq!((document.nodes.len(), document.edges.len()), (4, 0));
    }

    #[test]
    fn copies_are_wired_among_themselves_as_the_originals_are() {
        let mut document = three_tier();
        let originals = BTreeSet::from([place(&document, "web"), place(&document, "cache")]);
        let copies = duplicate(&mut document, &originals, 30.0, 90.0);
        assert_eq!(copies, BTreeSet::from([5, 6]));
        let last = document.edges.last().unwrap();
        assert_eq!((last.from.as_str(), last.to.as_str()), ("web-2", "cache-2"));
    }

    #[test]
    fn a_renamed_node_keeps_its_edges() {
        let mut document = three_tier();
        let web = place(&document, "web");
        rename_node(&mut document, web, "front");
        assert!(check(&document).is_ok());
        assert!(document.edges.iter().any(|edge| edge.from == "lb" && edge.to == "front"));
    }
}
