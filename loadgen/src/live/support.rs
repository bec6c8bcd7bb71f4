//! What the processes can do so far. A design that asks for more is refused by name, so that no live run measures less than
//! what is drawn.
use loadpath_core::topology::catalog::{self, Param};
use loadpath_core::topology::{Node, Params, Topology};

/// For each kind that comes up: the parameters that its process acts on.
const KINDS: &[(&str, &[&str])] = &[
    ("clients", &["share", "timeout", "browser_cache", "resolvers", "least_ttl", "serve_stale"]),
    ("dns", &["policy", "ttl", "lookup_time", "check_interval", "fall", "rise"]),
    (
        "load_balancer",
        &[
            "engine",
            "policy",
            "choices",
            "repeats",
            "instances",
            "cores",
            "service_time",
            "queue",
            "check_interval",
            "fall",
            "rise",
            "slow_start",
            "sticky",
            "eject_after",
            "rate_limit",
            "burst",
            "mtbf",
            "mttr",
            "repairers",
        ],
    ),
    (
        "service",
        &[
            "instances",
            "workers",
            "service_time",
            "pause",
            "cores",
            "speed",
            "queue",
            "queue_order",
            "patience",
            "shedding",
            "deadlines",
            "limit",
            "limit_most",
            "limit_late",
            "error_share",
            "start_time",
            "sessions",
            "autoscale",
            "max_instances",
            "scale_target",
            "cooldown",
            "mtbf",
            "mttr",
            "repairers",
        ],
    ),
    (
        "cdn",
        &[
            "engine",
            "instances",
            "capacity",
            "eviction",
            "ttl",
            "ttl_jitter",
            "keeps",
            "coalesce",
            "workers",
            "service_time",
            "queue",
        ],
    ),
    // The agent looks as often as it says.
    ("monitoring", &["interval"]),
    ("object_store", &["concurrency", "service_time", "error_share"]),
    ("external", &["concurrency", "service_time", "error_share", "rate_limit"]),
    (
        "queue",
        &[
            "engine",
            "mode",
            "partitions",
            "capacity",
            "overflow",
            "deliveries",
            "workers",
            "service_time",
            "queue",
        ],
    ),
    (
        "workers",
        &[
            "instances",
            "workers",
            "service_time",
            "pause",
            "cores",
            "speed",
            "error_share",
            "start_time",
            "mtbf",
            "mttr",
            "repairers",
            "autoscale",
            "max_instances",
            "scale_target",
            "cooldown",
        ],
    ),
    (
        "cache",
        &[
            "engine",
            "instances",
            "capacity",
            "eviction",
            "ttl",
            "ttl_jitter",
            "ttl_from",
            "writes",
            "flush_interval",
            "coalesce",
            "workers",
            "service_time",
            "queue",
        ],
    ),
    (
        "database",
        &[
            "engine",
            "model",
            "shards",
            "sharding",
            "isolated_keys",
            "joins",
            "connections",
            "read_time",
            "write_time",
            "queue",
            "replicas",
            "replication",
            "write_quorum",
            "ship_interval",
            "replica_lag",
            "reads",
            "session",
            "failover",
            "primaries",
            "mtbf",
            "mttr",
            "repairers",
        ],
    ),
];

/// The other parameters that a live run acts on.
const EDGE: &[&str] = &[
    "latency",
    "classes",
    "calls",
    "mode",
    "connections",
    "timeout",
    "retries",
    "backoff",
    "jitter",
    "retry_budget",
    "breaker",
    "breaker_open",
    "hedge_after",
    "hedge_at",
    "hedge_budget",
    "weight",
];
/// What a queue does on the edges by which it hands messages over: each is one call, and comes back when that fails.
const QUEUE_EDGE: &[&str] = &["latency", "binding", "connections"];
const CLASS: &[&str] = &["operation", "weight", "keys", "skew", "size", "topic", "priority", "session"];
const ARRIVALS: &[&str] = &["arrivals", "rate", "burstiness", "users", "think_time"];

/// What of a design the processes cannot do: the first such thing, in a sentence.
pub(super) fn missing(document: &Topology) -> Option<String> {
    let nodes = document.nodes.iter().find_map(|node| {
        let Some((_, known)) = KINDS.iter().find(|(kind, _)| *kind == node.kind) else {
            let title = catalog::kind(&node.kind).map_or(node.kind.as_str(), |kind| kind.title);
            return Some(format!(
                "node \"{}\" is a kind that is only simulated so far ({title}): take it out for a live run",
                node.id
            ));
        };
        let rows = catalog::kind(&node.kind).map_or(&[][..], |kind| kind.params);
        if let Some(engine) = engine_of(node).filter(|_| !node.host.is_empty()) {
            return Some(format!(
                "node \"{}\", host: {engine} works on this machine's own cores, and not on those of a host that others share: take one of them away for a live run",
                node.id
            ));
        }
        beyond(&node.params, rows, known).map(|name| sentence(&format!("node \"{}\"", node.id), name))
    });
    let edges = || {
        document.edges.iter().find_map(|edge| {
            let is_queues = document.node(&edge.from).is_some_and(|node| node.kind == "queue");
            let name = beyond(&edge.params, catalog::EDGE, if is_queues { QUEUE_EDGE } else { EDGE })?;
            Some(sentence(&format!("edge \"{}\" to \"{}\"", edge.from, edge.to), name))
        })
    };
    let classes = || {
        document.workload.classes.iter().find_map(|class| {
            let name = beyond(&class.params, catalog::CLASS, CLASS)?;
            Some(sentence(&format!("class \"{}\"", class.name), name))
        })
    };
    let workload = || {
        beyond(&document.workload.params, catalog::ARRIVALS, ARRIVALS)
            .map(|name| sentence("the workload", name))
    };
    nodes.or_else(edges).or_else(classes).or_else(workload)
}

/// The engine of a node, where it is not ours.
fn engine_of(node: &Node) -> Option<String> {
    node.params.get("engine").map(ToString::to_string).filter(|engine| engine != "embedded")
}

/// The first parameter that is set to something that is not acted on.
fn beyond<'p>(params: &'p Params, rows: &'static [Param], known: &[&str]) -> Option<&'p str> {
    let set = params.iter().find(|(name, value)| {
        let value = value.to_string();
        let is_default = rows.iter().any(|row| row.name == name.as_str() && row.default == value);
        !is_default && !known.contains(&name.as_str())
    });
    set.map(|(name, _)| name.as_str())
}

fn sentence(called: &str, name: &str) -> String {
    format!("{called}, {name}: this is only simulated so far; set it back to its default for a live run")
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{Edge, Happening, three_tier};

    #[test]
    fn what_is_only_simulated_is_named_and_the_rest_comes_up() {
        assert_eq!(missing(&three_tier()), None);
        let with = |change: fn(&mut Topology)| {
            let mut document = three_tier();
            change(&mut document);
            missing(&document).unwrap()
        };
        let said = with(|d| {
            d.nodes[1].host = "box".into();
            d.nodes[1].params.insert("engine".into(), "haproxy".into());
        });
        assert!(said.starts_with("node \"lb\", host: haproxy works on this machine"), "{said}");
        let said = with(|d: &mut Topology| drop(d.edges[0].params.insert("binding".into(), "a.*".into())));
        assert!(said.starts_with("edge \"users\" to \"lb\", binding"), "{said}");
        let happens = |action: &str| Happening {
            at: "2s".to_owned(),
            action: action.to_owned(),
            params: Params::new(),
        };
        let mut document = three_tier();
        document.timeline.push(happens("set_rate"));
        assert_eq!(missing(&document), None, "the load does change live");
        document.timeline.push(happens("kill"));
        assert_eq!(missing(&document), None, "processes can be killed");
        document.timeline.push(happens("add_shard"));
        document.timeline[2].params.insert("node".into(), "db".into());
        assert_eq!(missing(&document), None, "our own databases grow");
        let db = document.nodes.iter_mut().find(|node| node.id == "db").unwrap();
        db.params.insert("engine".into(), "postgresql".into());
        assert_eq!(missing(&document), None, "and PostgreSQL's");
        // The default, written out, asks for nothing.
        let mut document = three_tier();
        document.edges.push(Edge { from: "lb".into(), to: "db".into(), ..Edge::default() });
        document.edges[0].params.insert("timeout".into(), "0s".into());
        assert_eq!(missing(&document), None);
    }
}
