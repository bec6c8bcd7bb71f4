//! Who may call whom, and edges that come, go and change their ends.
use super::add_node;
use crate::geometry::WorldPoint;
use loadpath_core::order;
use loadpath_core::topology::catalog::{self, KINDS, Kind};
use loadpath_core::topology::{Edge, Params, Place, Topology, check};
use std::collections::BTreeSet;

/// More pairs than this are not looked at when deleted nodes are bridged.
const MOST_BRIDGES: usize = 64;

/// An edge with one loose end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// The node at its fast end.
    pub anchor: usize,
    /// Whether that node calls; else it is called.
    pub forward: bool,
    /// The edge whose end is loose; none for a new one.
    pub edge: Option<usize>,
}

impl Wire {
    /// A new edge from this node.
    pub const fn from(anchor: usize) -> Self {
        Self { anchor, forward: true, edge: None }
    }

    /// Who calls and who is called, with the loose end at this node.
    pub const fn ends(self, node: usize) -> (usize, usize) {
        if self.forward { (self.anchor, node) } else { (node, self.anchor) }
    }
}

/// Why the loose end may not be made fast at this node; none when it may.
pub fn refusal_at(document: &Topology, wire: Wire, node: usize) -> Option<String> {
    let (from, to) = wire.ends(node);
    refusal(&without(document, wire.edge), from, to)
}

fn without(document: &Topology, edge: Option<usize>) -> Topology {
    let mut document = document.clone();
    if let Some(edge) = edge.filter(|&edge| edge < document.edges.len()) {
        document.edges.remove(edge);
    }
    document
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

/// Makes the loose end of an edge fast at a node. The edge keeps its place and its parameters.
///
/// # Errors
/// The sentence that says why it may not be.
pub fn reconnect(document: &mut Topology, wire: Wire, node: usize) -> Result<usize, String> {
    let Some(edge) = wire.edge else { return connect(document, wire.anchor, node) };
    if let Some(why) = refusal_at(document, wire, node) {
        return Err(why);
    }
    let (from, to) = wire.ends(node);
    let id = |i: usize| document.nodes[i].id.clone();
    (document.edges[edge].from, document.edges[edge].to) = (id(from), id(to));
    Ok(edge)
}

/// The kinds that a node could call if one of them were there, each with the sentence why not where there is one.
pub fn offers(document: &Topology, from: usize) -> Vec<(&'static Kind, Option<String>)> {
    let Some(kind) = document.nodes.get(from).and_then(|node| catalog::kind(&node.kind)) else {
        return Vec::new();
    };
    let callable = KINDS.iter().filter(|to| kind.may_call(to));
    let offer = |to: &'static Kind| {
        let mut changed = document.clone();
        let new = add_node(&mut changed, to, WorldPoint::default());
        (to, refusal(&changed, from, new))
    };
    callable.map(offer).collect()
}

/// Adds a node that another calls, and the edge between them; gives the node's place.
///
/// # Errors
/// The sentence that says why there may be no such edge; then nothing is added.
pub fn add_linked(
    document: &mut Topology,
    from: usize,
    kind: &Kind,
    at: WorldPoint,
) -> Result<usize, String> {
    let mut changed = document.clone();
    let node = add_node(&mut changed, kind, at);
    connect(&mut changed, from, node)?;
    *document = changed;
    Ok(node)
}

/// Joins the callers of nodes that were deleted to whom those called, where the rules allow it; gives who now calls whom.
///
/// The new edge has the parameters of the caller's old one: its timeouts and retries are the caller's.
pub fn bridge(before: &Topology, after: &mut Topology, deleted: &BTreeSet<usize>) -> Vec<(usize, usize)> {
    let gone: BTreeSet<&str> =
        order::gather(deleted.iter().filter_map(|&i| before.nodes.get(i)).map(|n| n.id.as_str()));
    let place = |document: &Topology, id: &str| document.nodes.iter().position(|node| node.id == id);
    let entering =
        before.edges.iter().filter(|e| gone.contains(e.to.as_str()) && !gone.contains(e.from.as_str()));
    let pairs =
        entering.flat_map(|edge| beyond(before, &gone, &edge.to).into_iter().map(move |to| (edge, to)));
    let mut joined = Vec::new();
    for (edge, to) in pairs.take(MOST_BRIDGES) {
        let Some((from, to)) = place(after, &edge.from).zip(place(after, to)) else { continue };
        if let Ok(new) = connect(after, from, to) {
            after.edges[new].params = edge.params.clone();
            joined.push((from, to));
        }
    }
    joined
}

/// Who is reached from a deleted node over nothing but deleted nodes.
fn beyond<'a>(before: &'a Topology, gone: &BTreeSet<&str>, start: &'a str) -> Vec<&'a str> {
    let (mut open, mut seen, mut found) = (vec![start], BTreeSet::new(), Vec::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for edge in before.edges.iter().filter(|edge| edge.from == id) {
            if gone.contains(edge.to.as_str()) {
                open.push(&edge.to);
            } else if !found.contains(&edge.to.as_str()) {
                found.push(&edge.to);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::{blank, remove};
    use super::*;
    use loadpath_core::topology::three_tier;

    fn place(document: &Topology, id: &str) -> usize {
        document.nodes.iter().position(|node| node.id == id).unwrap()
    }

    /// Clients, two balancers and a service in a row.
    fn chain() -> Topology {
        let mut document = blank();
        let kind = |name| catalog::kind(name).unwrap();
        for name in ["clients", "load_balancer", "load_balancer", "service"] {
            let node = add_node(&mut document, kind(name), WorldPoint::default());
            if node > 0 {
                connect(&mut document, node - 1, node).unwrap();
            }
        }
        document
    }

    #[test]
    fn a_node_taken_out_of_a_chain_leaves_its_neighbours_joined_with_the_callers_policy() {
        let mut document = chain();
        document.edges[0].params.insert("timeout".to_owned(), "2s".into());
        let before = document.clone();
        let gone = BTreeSet::from([1, 2]);
        remove(&mut document, &gone, &BTreeSet::new());
        assert_eq!(bridge(&before, &mut document, &gone), [(0, 1)]);
        assert_eq!((document.edges[0].from.as_str(), document.edges[0].to.as_str()), ("clients", "service"));
        assert_eq!(document.edges[0].params["timeout"], "2s".into());
        assert!(check(&document).is_ok());
    }

    #[test]
    fn what_may_not_call_one_another_is_not_joined() {
        let mut document = three_tier();
        let gone = BTreeSet::from([place(&document, "web")]);
        let before = document.clone();
        remove(&mut document, &gone, &BTreeSet::new());
        // A balancer calls neither caches nor databases.
        assert!(bridge(&before, &mut document, &gone).is_empty());
    }

    #[test]
    fn an_edge_that_is_reconnected_keeps_what_was_set_on_it() {
        let mut document = chain();
        document.edges[0].params.insert("retries".to_owned(), 2.0.into());
        let wire = Wire { anchor: 0, forward: true, edge: Some(0) };
        assert_eq!(reconnect(&mut document, wire, 3), Ok(0));
        assert_eq!((document.edges[0].to.as_str(), document.edges[0].params.len()), ("service", 1));
        // The other end: whoever may call a service may take it over, and a service may not call clients.
        let wire = Wire { anchor: 3, forward: false, edge: Some(0) };
        assert_eq!(refusal_at(&document, wire, 0), None);
        let backwards = Wire { anchor: 0, forward: false, edge: Some(2) };
        assert!(reconnect(&mut document, backwards, 3).unwrap_err().contains("cannot call clients"));
    }

    #[test]
    fn what_is_offered_can_be_added_and_what_cannot_says_why() {
        let mut document = chain();
        let service = 3;
        let kinds: Vec<&str> = offers(&document, service).iter().map(|(kind, _)| kind.name).collect();
        assert!(kinds.contains(&"cache") && kinds.contains(&"database") && !kinds.contains(&"clients"));
        for (kind, why) in offers(&document.clone(), service) {
            assert_eq!(why, None, "{}", kind.name);
            add_linked(&mut document, service, kind, WorldPoint::new(900.0, 0.0)).unwrap();
        }
        let before = document.clone();
        let refused = offers(&document, 0);
        assert!(refused.iter().all(|(_, why)| why.as_ref().is_some_and(|why| why.contains("one address"))));
        assert!(add_linked(&mut document, 0, refused[0].0, WorldPoint::default()).is_err());
        assert_eq!(document, before, "nothing is left behind");
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
}
