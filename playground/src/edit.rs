//! Changes to a document: each takes one and leaves it changed, whole. The reducer decides when; undo keeps the old one.
use crate::geometry::{WorldPoint, layers, snap};
use loadpath_core::topology::catalog::{self, Kind};
use loadpath_core::topology::{Class, Edge, LIMITS, Node, Params, Place, Topology, Value, check};
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
    let taken: BTreeSet<&str> = document.nodes.iter().map(|node| node.id.as_str()).collect();
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

/// Why there may be no edge from one node to another, in a sentence; none when there may.
pub fn refusal(document: &Topology, from: usize, to: usize) -> Option<String> {
    let (a, b) = (document.nodes.get(from)?, document.nodes.get(to)?);
    let mut changed = document.clone();
    changed.edges.push(Edge { from: a.id.clone(), to: b.id.clone(), params: Params::new() });
    let new = changed.edges.len() - 1;
    let concerns = |place: &Place| *place == Place::Edge(new) || *place == Place::Node(from);
    let known: Vec<String> =
        check(document).err().unwrap_or_default().iter().map(|f| f.what.clone()).collect();
    let faults = check(&changed).err().unwrap_or_default();
    let fault = faults.iter().find(|f| concerns(&f.place) && f.field.is_none() && !known.contains(&f.what));
    fault.map(|fault| fault.what.clone()).or_else(|| goes_round(document, from, to))
}

/// The sentence for an edge that would close a circle. `check` says it too, but only of a document without other faults.
fn goes_round(document: &Topology, from: usize, to: usize) -> Option<String> {
    let (from, to) = (document.nodes[from].id.as_str(), document.nodes[to].id.as_str());
    let mut open = vec![to];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if id == from {
            return Some(format!("a request would go round for ever: \"{to}\" calls \"{from}\" already"));
        }
        if seen.insert(id) {
            open.extend(document.edges.iter().filter(|edge| edge.from == id).map(|edge| edge.to.as_str()));
        }
    }
    None
}

/// Whether the catalog and the wiring so far leave room for this edge, without the cost of a whole check.
pub fn may_connect(document: &Topology, from: usize, to: usize) -> bool {
    let (a, b) = (&document.nodes[from], &document.nodes[to]);
    let kinds = catalog::kind(&a.kind).zip(catalog::kind(&b.kind));
    from != to
        && kinds.is_some_and(|(a, b)| a.may_call(b))
        && !document.edges.iter().any(|edge| edge.from == a.id && edge.to == b.id)
        && goes_round(document, from, to).is_none()
}

/// Adds an edge and gives its place.
///
/// # Errors
/// The sentence that says why there may be none.
pub fn connect(document: &mut Topology, from: usize, to: usize) -> Result<usize, String> {
    if let Some(why) = refusal(document, from, to) {
        return Err(why);
    }
    let id = |i: usize| document.nodes[i].id.clone();
    let edge = Edge { from: id(from), to: id(to), params: Params::new() };
    document.edges.push(edge);
    Ok(document.edges.len() - 1)
}

/// Takes nodes and edges away, and with a node the edges that end at it.
pub fn remove(document: &mut Topology, nodes: &BTreeSet<usize>, edges: &BTreeSet<usize>) {
    let gone: BTreeSet<String> =
        nodes.iter().filter_map(|&i| document.nodes.get(i)).map(|n| n.id.clone()).collect();
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

/// Copies nodes, with the edges between them, a little to the lower right; gives the places of the copies.
pub fn duplicate(document: &mut Topology, nodes: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut renamed = Vec::new();
    let mut copies = BTreeSet::new();
    for &i in nodes {
        let Some(mut copy) = document.nodes.get(i).cloned() else { continue };
        let base = copy.id.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-').to_owned();
        let id = free_id(document, &base);
        renamed.push((std::mem::replace(&mut copy.id, id.clone()), id));
        let [x, y] = copy.at.unwrap_or_default();
        copy.at = Some([x + 30.0, y + 90.0]);
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
    let taken: BTreeSet<&str> = classes.iter().map(|class| class.name.as_str()).collect();
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

/// Gives a place to every node that has none, so that a document written by hand can be shown.
pub fn place_all(document: &mut Topology) {
    let settled = |node: &Node| node.at.is_some_and(|at| at.iter().all(|x| x.is_finite() && x.abs() <= 1e6));
    if document.nodes.iter().all(settled) || document.nodes.len() > LIMITS.nodes {
        return;
    }
    let place = |id: &str| document.nodes.iter().position(|node| node.id == id);
    let edges: Vec<(usize, usize)> =
        document.edges.iter().filter_map(|edge| place(&edge.from).zip(place(&edge.to))).collect();
    let places = layers(document.nodes.len(), &edges);
    let some = document.nodes.iter().any(settled);
    // Below what has a place, when only some have.
    let below =
        document.nodes.iter().filter(|n| settled(n)).filter_map(|n| n.at).map(|at| at[1]).fold(0.0, f64::max);
    let down = if some { below + 140.0 } else { 0.0 };
    for (node, at) in document.nodes.iter_mut().zip(places) {
        if !settled(node) {
            node.at = Some([at.x, at.y + down]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::three_tier;

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
        duplicate(&mut document, &all);
        duplicate(&mut document, &all);
        let ids: BTreeSet<&str> = document.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids.len(), document.nodes.len());
        let faults = check(&document).err().unwrap_or_default();
        assert!(faults.iter().all(|fault| fault.field.as_deref() != Some("id")), "{faults:?}");
    }

    #[test]
    fn an_edge_that_means_nothing_is_refused_with_the_sentence_why() {
        let document = three_tier();
        let why = |from: &str, to: &str| refusal(&document, place(&document, from), place(&document, to));
        for (from, to, says) in [
            ("cache", "lb", "a cache cannot call a load balancer"),
            ("db", "web", "a database calls nothing"),
            ("web", "web", "cannot call itself"),
            ("lb", "web", "connected already"),
            ("web", "lb", "round for ever"),
            ("users", "web", "clients call one address"),
        ] {
            assert!(
                why(from, to).is_some_and(|told| told.contains(says)),
                "{from} {to}: {:?}",
                why(from, to)
            );
        }
        assert_eq!(why("cache", "db"), None);
        assert!(may_connect(&document, place(&document, "cache"), place(&document, "db")));
        assert!(!may_connect(&document, place(&document, "web"), place(&document, "lb")));
    }

    #[test]
    fn a_circle_is_refused_in_a_document_that_has_other_faults() {
        let mut document = three_tier();
        document.nodes[2].params.insert("workers".to_owned(), "many".into());
        let (web, lb) = (place(&document, "web"), place(&document, "lb"));
        assert!(refusal(&document, web, lb).unwrap().contains("round for ever"));
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
        let copies = duplicate(&mut document, &originals);
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

    #[test]
    fn nodes_without_a_place_get_one_and_the_others_keep_theirs() {
        let mut document = three_tier();
        document.nodes[0].at = None;
        document.nodes[1].at = Some([f64::INFINITY, 0.0]);
        let kept = document.nodes[2].at;
        place_all(&mut document);
        assert!(document.nodes.iter().all(|node| node.at.is_some_and(|at| at[0].is_finite())));
        assert_eq!(document.nodes[2].at, kept);
    }
}
