//! From a document to a [`Plan`], or to every [`Fault`] at once.
use super::catalog::{self, Kind};
use super::fault::{Fault, Place};
use super::plan::{
    CacheNode, ClientsNode, DatabaseNode, LoadBalancerNode, NodeKind, Plan, PlanEdge, PlanNode, ServiceNode,
};
use super::reader::Reader;
use super::spec::{Edge, Node, Params, Topology};
use crate::component::Sharding;
use crate::component::balance::Policy;
use crate::id::{EdgeIndex, NodeIndex};
use crate::workload::{Arrivals, Class, Operation, Spacing};
use std::collections::{BTreeMap, BTreeSet};

/// How large a document may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nodes.
    pub nodes: usize,
    /// Edges.
    pub edges: usize,
    /// Classes of requests.
    pub classes: usize,
    /// Instances of all nodes together.
    pub instances: usize,
    /// Entries of all caches together.
    pub cache_entries: u64,
    /// Characters of a name or label.
    pub name: usize,
}

/// The limits that [`check`] holds documents to.
pub const LIMITS: Limits = Limits {
    nodes: 5_000,
    edges: 20_000,
    classes: 64,
    instances: 10_000,
    cache_entries: 50_000_000,
    name: 200,
};

/// Checks a document.
///
/// # Errors
/// Every fault that was found, in the document's order: sizes, ids, kinds, parameters, wiring, the workload.
pub fn check(document: &Topology) -> Result<Plan, Vec<Fault>> {
    let mut faults = sizes(document);
    if !faults.is_empty() {
        return Err(faults);
    }
    let kinds: Vec<Option<&'static Kind>> =
        document.nodes.iter().map(|node| catalog::kind(&node.kind)).collect();
    let places = ids(document, &mut faults);
    let mut nodes: Vec<Option<PlanNode>> =
        (0..document.nodes.len()).map(|i| node(&document.nodes[i], i, kinds[i], &mut faults)).collect();
    let edges: Vec<Option<PlanEdge>> =
        (0..document.edges.len()).map(|i| edge(document, i, &places, &kinds, &mut faults)).collect();
    let classes = classes(document, &mut faults);
    let arrivals = arrivals(document, &mut faults);
    if faults.is_empty() {
        wiring(document, &edges, &kinds, &mut faults);
        totals(&nodes, &mut faults);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    share_out(&mut nodes);
    let mut nodes: Vec<PlanNode> = nodes.into_iter().flatten().collect();
    let edges: Vec<PlanEdge> = edges.into_iter().flatten().collect();
    for (i, edge) in edges.iter().enumerate() {
        nodes[edge.from.index()].out.push(EdgeIndex(i as u16));
    }
    Ok(Plan { name: document.name.clone(), nodes, edges, classes, arrivals })
}

fn sizes(document: &Topology) -> Vec<Fault> {
    let counts = [
        ("nodes", document.nodes.len(), LIMITS.nodes),
        ("edges", document.edges.len(), LIMITS.edges),
        ("classes", document.workload.classes.len(), LIMITS.classes),
        ("characters in its name", document.name.chars().count(), LIMITS.name),
    ];
    let too_many = counts.iter().filter(|(_, count, most)| count > most);
    too_many
        .map(|(what, count, most)| of_document(format!("{count} {what}; at most {most} can be handled")))
        .collect()
}

fn of_document(what: String) -> Fault {
    Fault { place: Place::Document, called: "the design".to_owned(), field: None, what }
}

fn node_called(node: &Node) -> String {
    format!("node \"{}\"", node.id)
}

fn edge_called(edge: &Edge) -> String {
    format!("edge \"{}\" to \"{}\"", edge.from, edge.to)
}

fn at(place: Place, called: String, field: Option<&str>, what: String) -> Fault {
    Fault { place, called, field: field.map(str::to_owned), what }
}

/// Whether `id` can name a node: it goes into addresses, headers and file names.
fn is_id(id: &str) -> bool {
    let rest = id.as_bytes().iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-');
    rest && id.len() <= 31 && id.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
}

/// Where each id stands; faults for ids that are doubled or ill-formed.
fn ids<'d>(document: &'d Topology, faults: &mut Vec<Fault>) -> BTreeMap<&'d str, usize> {
    let mut places = BTreeMap::new();
    for (i, node) in document.nodes.iter().enumerate() {
        if !is_id(&node.id) {
            let what =
                "an id is a small letter, then small letters, digits and hyphens, 31 at most".to_owned();
            faults.push(at(Place::Node(i), node_called(node), Some("id"), what));
        }
        if let Some(first) = places.insert(node.id.as_str(), i) {
            places.insert(node.id.as_str(), first);
            let what = "another node has this id already; give it one of its own".to_owned();
            faults.push(at(Place::Node(i), node_called(node), Some("id"), what));
        }
    }
    places
}

fn node(node: &Node, i: usize, kind: Option<&'static Kind>, faults: &mut Vec<Fault>) -> Option<PlanNode> {
    let place = Place::Node(i);
    let Some(kind) = kind else {
        let names: Vec<&str> = catalog::KINDS.iter().map(|kind| kind.name).collect();
        let what = format!("there is no kind \"{}\"; there are {}", node.kind, names.join(", "));
        faults.push(at(place, node_called(node), Some("kind"), what));
        return None;
    };
    if node.label.chars().count() > LIMITS.name {
        let what = format!("a label has at most {} characters", LIMITS.name);
        faults.push(at(place.clone(), node_called(node), Some("label"), what));
    }
    if node.at.is_some_and(|at| at.iter().any(|x| !x.is_finite() || x.abs() > 1e6)) {
        let what = "it lies outside the canvas, which reaches a million each way".to_owned();
        faults.push(at(place.clone(), node_called(node), Some("at"), what));
    }
    let called = node_called(node);
    let mut reader = Reader { params: &node.params, rows: kind.params, place, called, faults };
    reader.refuse_strangers();
    let label = if node.label.is_empty() { kind.title.to_owned() } else { node.label.clone() };
    Some(PlanNode { id: node.id.clone(), label, kind: node_kind(kind.name, &mut reader), out: Vec::new() })
}

fn node_kind(name: &str, r: &mut Reader) -> NodeKind {
    match name {
        "clients" => NodeKind::Clients(ClientsNode { share: r.number("share"), timeout: r.span("timeout") }),
        "load_balancer" => NodeKind::LoadBalancer(LoadBalancerNode {
            policy: r.choice(
                "policy",
                &[Policy::RoundRobin, Policy::LeastConnections, Policy::PowerOfTwo, Policy::HashRing],
            ),
            instances: r.count("instances") as u16,
            cores: r.count("cores"),
            service_time: r.law("service_time"),
            queue: r.count("queue"),
            check_interval: r.span("check_interval"),
            fall: r.count("fall"),
            rise: r.count("rise"),
        }),
        "service" => NodeKind::Service(ServiceNode {
            instances: r.count("instances") as u16,
            workers: r.count("workers"),
            service_time: r.law("service_time"),
            queue: r.count("queue"),
        }),
        "cache" => NodeKind::Cache(CacheNode {
            instances: r.count("instances") as u16,
            capacity: r.count("capacity"),
            ttl: r.span("ttl"),
            workers: r.count("workers"),
            service_time: r.law("service_time"),
            queue: r.count("queue"),
        }),
        "database" => NodeKind::Database(DatabaseNode {
            shards: r.count("shards") as u16,
            sharding: r.choice("sharding", &[Sharding::Modulo, Sharding::Ring]),
            connections: r.count("connections"),
            read_time: r.law("read_time"),
            write_time: r.law("write_time"),
            queue: r.count("queue"),
        }),
        other => unreachable!("{other} is in the catalog but not in check"),
    }
}

fn edge(
    document: &Topology,
    i: usize,
    places: &BTreeMap<&str, usize>,
    kinds: &[Option<&'static Kind>],
    faults: &mut Vec<Fault>,
) -> Option<PlanEdge> {
    let edge = &document.edges[i];
    let mut reader = Reader {
        params: &edge.params,
        rows: catalog::EDGE,
        place: Place::Edge(i),
        called: edge_called(edge),
        faults,
    };
    reader.refuse_strangers();
    let latency = reader.span("latency");
    let mut end = |field, id: &str| {
        let place = places.get(id).copied();
        if place.is_none() {
            reader.fault(
                Some(field),
                format!("there is no node \"{id}\"; draw it to one that is there, or delete it"),
            );
        }
        place
    };
    let (from, to) = (end("from", &edge.from), end("to", &edge.to));
    let (from, to) = (from?, to?);
    if from == to {
        reader.fault(None, "a node cannot call itself; delete this edge".to_owned());
        return None;
    }
    let doubled = document.edges[..i].iter().any(|other| other.from == edge.from && other.to == edge.to);
    if doubled {
        reader.fault(None, "these two are connected already; delete this edge".to_owned());
        return None;
    }
    if let (Some(from), Some(to)) = (kinds[from], kinds[to])
        && !from.may_call(to)
    {
        reader.fault(None, wrong_wiring(from, to));
        return None;
    }
    Some(PlanEdge { from: NodeIndex(from as u16), to: NodeIndex(to as u16), latency })
}

/// The sentence for a wiring that means nothing.
pub(crate) fn wrong_wiring(from: &Kind, to: &Kind) -> String {
    let can: Vec<String> =
        from.calls.iter().filter_map(|name| catalog::kind(name)).map(|k| k.title.to_lowercase()).collect();
    let (from, to) = (from.title.to_lowercase(), to.title.to_lowercase());
    if can.is_empty() {
        format!("a {from} calls nothing; draw the edge the other way, or delete it")
    } else {
        format!("a {from} cannot call a {to}; it can call a {}", can.join(", a "))
    }
}

fn classes(document: &Topology, faults: &mut Vec<Fault>) -> Vec<Class> {
    let mut names = BTreeSet::new();
    let classes = document.workload.classes.iter().enumerate().map(|(i, class)| {
        let called = format!("class \"{}\"", class.name);
        let mut reader =
            Reader { params: &class.params, rows: catalog::CLASS, place: Place::Class(i), called, faults };
        reader.refuse_strangers();
        if !is_id(&class.name) {
            let what = "a class's name is a small letter, then small letters, digits and hyphens, 31 at most";
            reader.fault(Some("name"), what.to_owned());
        } else if !names.insert(class.name.as_str()) {
            reader.fault(Some("name"), "another class has this name already".to_owned());
        }
        Class {
            name: class.name.clone(),
            operation: reader.choice("operation", &[Operation::Read, Operation::Write]),
            weight: reader.number("weight"),
            keys: u64::from(reader.count("keys")),
            skew: reader.number("skew"),
        }
    });
    let classes: Vec<Class> = classes.collect();
    if classes.is_empty() {
        let what = "there is no class of requests; add one, like {\"name\": \"read\"}".to_owned();
        faults.push(at(Place::Workload, "the workload".to_owned(), Some("classes"), what));
    }
    classes
}

fn arrivals(document: &Topology, faults: &mut Vec<Fault>) -> Arrivals {
    let params: &Params = &document.workload.params;
    let called = "the workload".to_owned();
    let mut reader = Reader { params, rows: catalog::ARRIVALS, place: Place::Workload, called, faults };
    reader.refuse_strangers();
    Arrivals {
        spacing: reader.choice("arrivals", &[Spacing::Poisson, Spacing::Constant]),
        rate: reader.number("rate"),
    }
}

/// Faults of the graph as a whole: nothing asks, a client or a reached balancer leads nowhere, calls that never end.
fn wiring(
    document: &Topology,
    edges: &[Option<PlanEdge>],
    kinds: &[Option<&'static Kind>],
    faults: &mut Vec<Fault>,
) {
    let mut out = vec![Vec::new(); document.nodes.len()];
    edges.iter().flatten().for_each(|edge| out[edge.from.index()].push(edge.to.index()));
    let is = |i: usize, name: &str| kinds[i].is_some_and(|kind| kind.name == name);
    let clients: Vec<usize> = (0..out.len()).filter(|&i| is(i, "clients")).collect();
    if clients.is_empty() {
        faults.push(of_document("nothing sends requests; add clients and connect them".to_owned()));
    }
    let reached = reached(&clients, &out);
    for i in 0..out.len() {
        let node = &document.nodes[i];
        if is(i, "clients") && out[i].is_empty() {
            let what = "its requests go nowhere; connect it to a load balancer or a service".to_owned();
            faults.push(at(Place::Node(i), node_called(node), None, what));
        } else if is(i, "clients") && out[i].len() > 1 {
            let what = "clients call one address; put a load balancer before the others".to_owned();
            faults.push(at(Place::Node(i), node_called(node), None, what));
        } else if is(i, "load_balancer") && out[i].is_empty() && reached[i] {
            let what = "it has nothing to spread requests over; connect it to a service".to_owned();
            faults.push(at(Place::Node(i), node_called(node), None, what));
        } else if is(i, "cache") && out[i].len() > 1 {
            let what = "a cache reads through to one database; delete the other edges".to_owned();
            faults.push(at(Place::Node(i), node_called(node), None, what));
        }
    }
    if let Some(cycle) = find_cycle(&out) {
        let ids: Vec<&str> = cycle.iter().map(|&i| document.nodes[i].id.as_str()).collect();
        let last = document
            .edges
            .iter()
            .position(|edge| Some(&edge.from.as_str()) == ids.last() && edge.to == ids[0])
            .map_or(Place::Document, Place::Edge);
        let what = format!(
            "a request would go round for ever: {} calls {} again; delete one of these edges",
            ids.join(" calls "),
            ids[0]
        );
        faults.push(at(last, format!("edge \"{}\" to \"{}\"", ids[ids.len() - 1], ids[0]), None, what));
    }
}

fn reached(from: &[usize], out: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; out.len()];
    let mut open = from.to_vec();
    while let Some(i) = open.pop() {
        if !std::mem::replace(&mut reached[i], true) {
            open.extend(&out[i]);
        }
    }
    reached
}

/// The nodes of a cycle in calling order, if there is one. Depth first with a stack of our own: documents may be deep.
fn find_cycle(out: &[Vec<usize>]) -> Option<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; out.len()];
    for start in 0..out.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.last_mut() {
            let Some(&callee) = out[*node].get(*next) else {
                marks[*node] = Mark::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match marks[callee] {
                Mark::New => {
                    marks[callee] = Mark::Open;
                    path.push((callee, 0));
                }
                Mark::Open => {
                    let nodes: Vec<usize> = path.iter().map(|&(node, _)| node).collect();
                    let first =
                        nodes.iter().position(|&node| node == callee).expect("an open node is on the path");
                    return Some(nodes[first..].to_vec());
                }
                Mark::Done => {}
            }
        }
    }
    None
}

/// Faults for what is too much only when added up.
fn totals(nodes: &[Option<PlanNode>], faults: &mut Vec<Fault>) {
    let kinds = || nodes.iter().flatten().map(|node| &node.kind);
    let instances: usize = kinds().map(|kind| usize::from(kind.instances())).sum();
    if instances > LIMITS.instances {
        let most = LIMITS.instances;
        faults.push(of_document(format!("{instances} instances in all; at most {most} can be simulated")));
    }
    let entries: u64 = kinds()
        .map(|kind| match kind {
            NodeKind::Cache(cache) => u64::from(cache.capacity) * u64::from(cache.instances),
            _ => 0,
        })
        .sum();
    if entries > LIMITS.cache_entries {
        let most = LIMITS.cache_entries;
        faults.push(of_document(format!("{entries} cache entries in all; at most {most} fit into memory")));
    }
}

/// Makes the clients' shares sum to one.
fn share_out(nodes: &mut [Option<PlanNode>]) {
    let share =
        |node: &PlanNode| if let NodeKind::Clients(clients) = &node.kind { clients.share } else { 0.0 };
    let total: f64 = nodes.iter().flatten().map(share).sum();
    for node in nodes.iter_mut().flatten() {
        if let NodeKind::Clients(clients) = &mut node.kind {
            clients.share /= total;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::three_tier;
    use super::*;

    fn faults(change: impl FnOnce(&mut Topology)) -> Vec<String> {
        let mut document = three_tier();
        change(&mut document);
        check(&document)
            .map_or_else(|faults| faults.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    #[test]
    fn the_example_is_a_plan() {
        assert_eq!(faults(|_| ()), Vec::<String>::new());
    }

    #[test]
    fn each_kind_of_fault_is_named_at_its_place() {
        let set = |id: &str, name: &str, value: &str| {
            let (id, name, value) = (id.to_owned(), name.to_owned(), value.to_owned());
            move |t: &mut Topology| {
                let node = t.nodes.iter_mut().find(|node| node.id == id).unwrap();
                node.params.insert(name, value.as_str().into());
            }
        };
        let edge = |from: &str, to: &str| {
            let edge = Edge { from: from.to_owned(), to: to.to_owned(), params: Params::new() };
            move |t: &mut Topology| t.edges.push(edge)
        };
        let cases: Vec<(Vec<String>, &str)> = vec![
            (faults(set("web", "workers", "0")), "node \"web\", workers: 0 is not a whole number"),
            (faults(set("web", "service_time", "8")), "node \"web\", service_time: \"8\" is not a law"),
            (faults(set("web", "wrokers", "8")), "node \"web\", wrokers: there is no such parameter"),
            (faults(set("lb", "policy", "magic")), "node \"lb\", policy: \"magic\" is none of round_robin"),
            (faults(|t| t.nodes[0].kind = "quantum".to_owned()), "there is no kind \"quantum\""),
            (faults(|t| t.nodes[1].id = "Web 1".to_owned()), "an id is a small letter"),
            (faults(|t| t.nodes[2].id = "lb".to_owned()), "another node has this id"),
            (faults(edge("web", "nowhere")), "there is no node \"nowhere\""),
            (faults(edge("web", "web")), "cannot call itself"),
            (faults(edge("lb", "web")), "connected already"),
            (faults(edge("cache", "lb")), "a cache cannot call a load balancer; it can call a database"),
            (faults(edge("db", "web")), "a database calls nothing"),
            (faults(edge("web", "lb")), "round for ever: lb calls web calls lb again"),
            (faults(|t| t.edges.clear()), "its requests go nowhere"),
            (faults(|t| t.edges.retain(|e| e.from != "lb")), "nothing to spread requests over"),
            (faults(|t| t.nodes.clear()), "there is no node \"users\""),
            (faults(|t| t.workload.classes.clear()), "there is no class of requests"),
            (
                faults(|t| {
                    t.workload.params.insert("rate".to_owned(), "-5/s".into());
                }),
                "\"-5/s\" is not a rate",
            ),
        ];
        for (told, expected) in cases {
            assert!(told.iter().any(|fault| fault.contains(expected)), "{expected}: {told:#?}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let told = faults(|t| {
            t.nodes[2].params.insert("workers".to_owned(), (-1.0).into());
            t.nodes[3].params.insert("ttl".to_owned(), 5.0.into());
            t.edges[0].to = "moon".to_owned();
        });
        assert_eq!(told.len(), 3, "{told:#?}");
    }
}
