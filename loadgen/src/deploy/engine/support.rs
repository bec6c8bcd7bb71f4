//! What engines cannot be or do, named before anything is started.
use super::{broker, find, haproxy, nginx, nginx_cache, postgresql, store};
use loadpath_core::id::NodeIndex;
use loadpath_core::topology::{Action, Engine, NodeKind, Plan, PlanEdge, PlanNode};

/// What of the plan an engine in it cannot be: the first such thing, in a sentence.
pub fn beyond(plan: &Plan) -> Option<String> {
    let engines = plan.nodes.iter().filter(|node| node.kind.engine() != Engine::Embedded);
    engines.into_iter().find_map(|node| {
        let engine = node.kind.engine();
        let what = of_node(plan, engine, node).or_else(|| of_edges(plan, node))?;
        Some(format!(
            "node \"{}\" is {}, which cannot be all that is drawn; {what}. Change that, or set the engine to embedded",
            node.id,
            engine.title()
        ))
    })
}

/// Which engine of the plan is not on this machine, in a sentence that says what brings it.
pub fn absent(plan: &Plan) -> Option<String> {
    let engines = plan.nodes.iter().filter(|node| node.kind.engine() != Engine::Embedded);
    engines.into_iter().find_map(|node| {
        let why = find::path_of(node.kind.engine()).err()?;
        Some(format!("node \"{}\" cannot be brought up: {why}", node.id))
    })
}

fn of_node(plan: &Plan, engine: Engine, node: &PlanNode) -> Option<String> {
    match (engine, &node.kind) {
        (Engine::Haproxy, NodeKind::LoadBalancer(spec)) => haproxy::missing(spec),
        (Engine::Nginx, NodeKind::LoadBalancer(spec)) => nginx::missing(spec),
        (Engine::Nginx, NodeKind::Cdn(spec)) => {
            nginx_cache::missing(spec).or_else(|| no_origin(node)).map(str::to_owned)
        }
        (Engine::Redis, NodeKind::Cache(spec)) => {
            through(node).or_else(|| store::redis_missing(spec)).map(str::to_owned)
        }
        (Engine::Memcached, NodeKind::Cache(spec)) => {
            through(node).or_else(|| store::memcached_missing(spec)).map(str::to_owned)
        }
        (Engine::Postgresql, NodeKind::Database(spec)) => postgresql::missing(spec).map(str::to_owned),
        (Engine::Nats | Engine::Rabbitmq, NodeKind::Queue(spec)) => broker::missing(engine, plan, node, spec),
        (_, kind) => Some(format!("as a {} it is not brought up so far", kind.name().replace('_', " "))),
    }
}

/// A cache that is wired to a database reads through to it.
fn through(node: &PlanNode) -> Option<&'static str> {
    (!node.out.is_empty()).then_some("it reads through to nothing: wire its callers to the database too")
}

/// A point of presence answers nothing of its own.
fn no_origin(node: &PlanNode) -> Option<&'static str> {
    node.out.is_empty().then_some("it has no origin: wire it to one")
}

/// What an edge that leaves an engine asks for that only our own callers do.
fn of_edges(plan: &Plan, node: &PlanNode) -> Option<String> {
    node.out.iter().map(|&edge| plan.edge(edge)).find_map(|edge| {
        let to = plan.node(edge.to);
        if to.kind.engine() != Engine::Embedded {
            return Some(format!(
                "it calls \"{}\", an engine too, and hops between two engines cannot be measured",
                to.id
            ));
        }
        // A queue's desk hands its messages over in our own way.
        let asked = if matches!(node.kind, NodeKind::Queue(_)) { None } else { of_edge(edge) };
        asked.map(|name| format!("{name} on its edge to \"{}\" is only for callers of our own", to.id))
    })
}

fn of_edge(edge: &PlanEdge) -> Option<&'static str> {
    [
        (edge.retries > 0, "retries"),
        (edge.connections.is_some(), "connections"),
        (edge.breaker.is_some(), "breaker"),
        (edge.hedge_after.is_some(), "hedge_after"),
        (edge.hedge_at.is_some(), "hedge_at"),
    ]
    .into_iter()
    .find_map(|(is_asked, name)| is_asked.then_some(name))
}

/// Why something cannot be done to a plan's processes because an engine would have to do it; none when it can.
pub fn unable(plan: &Plan, action: &Action) -> Option<String> {
    let engine = |node: NodeIndex| {
        let node = plan.node(node);
        Some((node.kind.engine(), node.id.as_str())).filter(|(engine, _)| *engine != Engine::Embedded)
    };
    // A queue's desk makes its calls.
    let calls =
        |node: NodeIndex| engine(node).filter(|_| !matches!(plan.node(node).kind, NodeKind::Queue(_)));
    let between = |zone: u16, other: Option<u16>| {
        plan.edges.iter().find_map(|edge| {
            let zones = (plan.node(edge.from).zone?, plan.node(edge.to).zone?);
            let is = |(a, b): (u16, u16)| a == zone && b != zone && other.is_none_or(|other| b == other);
            calls(edge.from).filter(|_| is(zones) || is((zones.1, zones.0)))
        })
    };
    let (found, what) = match action {
        Action::Slow(node, ..) => (engine(*node), "cannot be slowed"),
        Action::Cut(edge) | Action::Join(edge) => {
            (calls(plan.edge(*edge).from), "cannot be made to lose packets that it sends")
        }
        Action::Partition(zone, other) | Action::Heal(zone, other) => {
            (between(*zone, *other), "cannot be made to lose packets that it sends")
        }
        _ => return None,
    };
    found.map(|(engine, id)| format!("node \"{id}\" is {}, which {what}", engine.title()))
}
