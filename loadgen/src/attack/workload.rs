//! The attack that a design's workload asks for.
use super::{Attack, ClosedLoop, Manner, Shape, Target};
use loadpath_core::id::NodeIndex;
use loadpath_core::rng::Seed;
use loadpath_core::time::Span;
use loadpath_core::topology::{Action, NodeKind, Plan};

/// The most connections that one machine carries well.
const MOST_CONNECTIONS: usize = 512;

impl Attack {
    /// What the clients of this plan send, on a target: from the plan come the requests, their arrivals or users, and the nodes; from
    /// `source` the names of the streams of chance. How long, how patiently, and where it is measured is the caller's to put in.
    pub fn of_plan(plan: &Plan, target: Target, source: &str) -> Self {
        Self {
            name: plan.name.clone(),
            target,
            manner: Manner::default(),
            arrivals: plan.arrivals,
            shape: shape(plan),
            closed: closed_loop(plan),
            classes: plan.classes.clone(),
            users: plan.users,
            source: source.to_owned(),
            seed: Seed(1),
            warm_up: Span::ZERO,
            duration: Span::SECOND,
            timeout: Span::SECOND,
            connections: connections(plan),
            nodes: plan.nodes.iter().map(|node| node.id.clone()).collect(),
            entry: None,
        }
    }
}

/// The users of a plan who think and wait, in a closed loop; none in an open one.
fn closed_loop(plan: &Plan) -> Option<ClosedLoop> {
    let think = plan.think_time?;
    let nodes = (0..plan.nodes.len()).map(|place| NodeIndex(place as u16));
    let clients = nodes.filter(|&index| matches!(plan.node(index).kind, NodeKind::Clients(_)));
    let groups = clients.map(|index| (plan.node(index).id.clone(), plan.users_of(index))).collect();
    Some(ClosedLoop { think, groups })
}

/// The changes of load on the plan's timeline; a closed loop finds its own rate.
pub(crate) fn shape(plan: &Plan) -> Shape {
    if plan.think_time.is_some() {
        return Shape::Flat;
    }
    let rate = |action: &Action| if let Action::SetRate(rate) = action { Some(*rate) } else { None };
    let changes: Vec<_> =
        plan.timeline.iter().filter_map(|(at, action)| Some((*at, rate(action)?))).collect();
    if changes.is_empty() { Shape::Flat } else { Shape::Changes(changes) }
}

/// How many requests may be in flight: those of half a second, or of all users of a closed loop, within what one machine carries well.
fn connections(plan: &Plan) -> usize {
    match plan.think_time {
        Some(_) => (plan.users as usize).min(MOST_CONNECTIONS),
        None => ((shape(plan).peak(plan.arrivals.rate) / 2.0).ceil() as usize).clamp(64, MOST_CONNECTIONS),
    }
}
