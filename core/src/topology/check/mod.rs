//! From a document to a [`Plan`], or to every [`Fault`] at once.
mod edges;
mod names;
mod places;
mod policies;
mod timeline;
mod totals;
mod traffic;
mod wiring;

use super::catalog::{self, Kind, OBJECTIVES, PRICES};
use super::fault::{Fault, Place};
use super::kind::{NodeKind, Reliability};
use super::plan::{Objectives, Plan, PlanEdge, PlanNode, Prices};
use super::reader::Reader;
use super::spec::{Edge, Node, Topology};
use crate::id::EdgeIndex;
use names::Names;

/// How large a document may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nodes.
    pub nodes: usize,
    /// Edges.
    pub edges: usize,
    /// Classes of requests.
    pub classes: usize,
    /// Zones.
    pub zones: usize,
    /// Hosts.
    pub hosts: usize,
    /// Happenings on the timeline.
    pub timeline: usize,
    /// Instances of all nodes together.
    pub instances: usize,
    /// Entries of all caches together.
    pub cache_entries: u64,
    /// Sessions that services and databases remember: users times whoever remembers them.
    pub sessions: u64,
    /// Keys that are looked at for the shards that the timeline adds: keys times shards.
    pub resharded_keys: u64,
    /// Characters of a name or label.
    pub name: usize,
}

/// The limits that [`check`] holds documents to.
pub const LIMITS: Limits = Limits {
    nodes: 5_000,
    edges: 20_000,
    classes: 64,
    zones: 64,
    hosts: 1_000,
    timeline: 1_000,
    instances: 10_000,
    cache_entries: 50_000_000,
    sessions: 20_000_000,
    resharded_keys: 50_000_000,
    name: 200,
};

/// Checks a document.
///
/// # Errors
/// Every fault that was found, in the document's order: sizes, names, parameters, wiring, the workload, the timeline.
pub fn check(document: &Topology) -> Result<Plan, Vec<Fault>> {
    let mut faults = sizes(document);
    if !faults.is_empty() {
        return Err(faults);
    }
    let kinds: Vec<Option<&'static Kind>> =
        document.nodes.iter().map(|node| catalog::kind(&node.kind)).collect();
    let names = Names::of(document, &mut faults);
    let (zones, one_way) = places::zones(document, &names, &mut faults);
    let hosts = places::hosts(document, &mut faults);
    let mut nodes: Vec<Option<PlanNode>> =
        (0..document.nodes.len()).map(|i| node(document, i, kinds[i], &names, &mut faults)).collect();
    let classes = traffic::classes(document, &mut faults);
    let edges: Vec<Option<PlanEdge>> =
        (0..document.edges.len()).map(|i| edges::edge(document, i, &names, &kinds, &mut faults)).collect();
    let traffic = traffic::traffic(document, &mut faults);
    let timeline = timeline::timeline(document, &names, &nodes, &mut faults);
    let (objectives, prices) = (objectives(document, &mut faults), prices(document, &mut faults));
    let monitoring = nodes.iter().flatten().find_map(|node| match &node.kind {
        NodeKind::Monitoring(monitoring) => Some(monitoring.interval),
        _ => None,
    });
    if faults.is_empty() {
        wiring::check(document, &edges, &kinds, &mut faults);
        policies::check(document, &nodes, &edges, &mut faults);
        let asked = totals::Asked { users: traffic.users, classes: &classes, timeline: &timeline };
        totals::check(document, &nodes, &edges, &asked, monitoring.is_some(), &mut faults);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    totals::share_out(&mut nodes);
    let mut plan = Plan {
        name: document.name.clone(),
        zones,
        one_way,
        hosts,
        nodes: nodes.into_iter().flatten().collect(),
        edges: edges.into_iter().flatten().collect(),
        classes,
        arrivals: traffic.arrivals,
        users: traffic.users,
        think_time: traffic.think_time,
        timeline,
        objectives,
        prices,
        monitoring,
    };
    for i in 0..plan.edges.len() {
        let (from, to) = (plan.edges[i].from, plan.edges[i].to);
        plan.nodes[from.index()].out.push(EdgeIndex(i as u16));
        plan.edges[i].latency =
            plan.edges[i].latency + plan.one_way(plan.node(from).zone, plan.node(to).zone);
    }
    Ok(plan)
}

fn sizes(document: &Topology) -> Vec<Fault> {
    let counts = [
        ("nodes", document.nodes.len(), LIMITS.nodes),
        ("edges", document.edges.len(), LIMITS.edges),
        ("classes", document.workload.classes.len(), LIMITS.classes),
        ("zones", document.zones.len(), LIMITS.zones),
        ("stated round trips", document.round_trips.len(), LIMITS.zones * LIMITS.zones),
        ("hosts", document.hosts.len(), LIMITS.hosts),
        ("happenings on the timeline", document.timeline.len(), LIMITS.timeline),
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

fn node(
    document: &Topology,
    i: usize,
    kind: Option<&'static Kind>,
    names: &Names,
    faults: &mut Vec<Fault>,
) -> Option<PlanNode> {
    let (node, place) = (&document.nodes[i], Place::Node(i));
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
    let zone = names.zone_of(&node.zone, "zone", &mut reader);
    let host = names.host_of(&node.host, "host", &mut reader);
    let kind_read = NodeKind::read(kind.name, &mut reader);
    let reliability = Reliability::read(&mut reader);
    if host.is_some()
        && !matches!(
            kind_read,
            NodeKind::Service(_)
                | NodeKind::Workers(_)
                | NodeKind::Database(_)
                | NodeKind::Cache(_)
                | NodeKind::LoadBalancer(_)
        )
    {
        let what = format!("a {} runs on no host of yours; leave it empty", kind.title.to_lowercase());
        reader.fault(Some("host"), what);
    }
    let label = if node.label.is_empty() { kind.title.to_owned() } else { node.label.clone() };
    Some(PlanNode { id: node.id.clone(), label, kind: kind_read, reliability, zone, host, out: Vec::new() })
}

fn objectives(document: &Topology, faults: &mut Vec<Fault>) -> Objectives {
    let called = "the objectives".to_owned();
    let mut r =
        Reader { params: &document.objectives, rows: OBJECTIVES, place: Place::Objectives, called, faults };
    r.refuse_strangers();
    let (p99, error_share) = (r.span("p99"), r.number("error_share"));
    let (availability, cost) = (r.number("availability"), r.number("cost"));
    Objectives {
        p99: (p99.0 > 0).then_some(p99),
        error_share: (error_share < 1.0).then_some(error_share),
        availability: (availability > 0.0).then_some(availability),
        cost: (cost > 0.0).then_some(cost),
    }
}

fn prices(document: &Topology, faults: &mut Vec<Fault>) -> Prices {
    let called = "the prices".to_owned();
    let mut r = Reader { params: &document.prices, rows: PRICES, place: Place::Prices, called, faults };
    r.refuse_strangers();
    Prices {
        core_hour: r.number("core_hour"),
        cache_gib_hour: r.number("cache_gib_hour"),
        database_core_hour: r.number("database_core_hour"),
        storage_gib_month: r.number("storage_gib_month"),
        egress_gib: r.number("egress_gib"),
        cdn_gib: r.number("cdn_gib"),
        zone_gib: r.number("zone_gib"),
        million_requests: r.number("million_requests"),
        balancer_hour: r.number("balancer_hour"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::three_tier;
    use super::super::spec::Params;
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
            (
                faults(edge("users", "db")),
                "clients cannot call a database; they can call DNS, a CDN, a load balancer, a service, an object store",
            ),
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
