//! Calls that an engine makes: it measures no hops and waits for no latency, so its callee does both in its place.
use super::edge::outcome_of;
use super::entrance::Entrance;
use super::timing::Timing;
use hyper::header::HeaderName;
use hyper::{Request, StatusCode};
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::{Engine, NodeKind, Plan, PlanEdge};
use std::collections::BTreeMap;
use std::ops::Index;

/// In which header an engine says which node it is.
pub(super) const BY: HeaderName = HeaderName::from_static("loadpath-by");

/// The engines that may call a node, by id.
#[derive(Default)]
pub(super) struct Engines(BTreeMap<String, Caller>);

/// An engine that may call.
pub(super) struct Caller {
    /// Who its callers are, when they do not say so themselves.
    pub(super) entrance: Entrance,
    /// The network's time, there and back, between it and this node.
    way: Span,
    /// The same between clients and it.
    clients_way: Span,
    /// The id of the node that it calls.
    callee: String,
}

impl Engines {
    /// Those that call a node of the plan.
    pub(super) fn of(plan: &Plan, index: NodeIndex) -> Self {
        let calls = plan.edges.iter().filter(|edge| edge.to == index);
        let engines = calls.filter(|edge| plan.node(edge.from).kind.engine() != Engine::Embedded);
        let caller = engines.map(|edge| {
            let of_clients = |way: &&PlanEdge| {
                way.to == edge.from && matches!(plan.node(way.from).kind, NodeKind::Clients(_))
            };
            let clients = plan.edges.iter().filter(of_clients).map(|way| way.latency + way.latency);
            let caller = Caller {
                entrance: Entrance::new(plan, edge.from),
                way: edge.latency + edge.latency,
                clients_way: clients.max().unwrap_or(Span::ZERO),
                callee: plan.node(index).id.clone(),
            };
            (plan.node(edge.from).id.clone(), caller)
        });
        Self(caller.collect())
    }

    /// The name of the engine that made a call, if one did.
    pub(super) fn name_of<B>(&self, request: &Request<B>) -> Option<String> {
        let name = request.headers().get(BY)?.to_str().ok()?;
        self.0.contains_key(name).then(|| name.to_owned())
    }
}

impl Index<&String> for Engines {
    type Output = Caller;

    fn index(&self, name: &String) -> &Caller {
        &self.0[name]
    }
}

impl Caller {
    /// How long the answer is kept back: what the network takes between it and this node and, where nobody else can add it,
    /// between clients and it.
    pub(super) fn hold_back(&self, is_from_clients: bool) -> Span {
        if is_from_clients { self.way + self.clients_way } else { self.way }
    }

    /// What the call was like for the engine, as far as this node can see: the engine's own share, and what it waited for a
    /// connection, are not in it.
    pub(super) fn note(&self, took: Span, status: StatusCode, own: &Timing) -> Timing {
        let mut timing = Timing::default();
        timing.call(&self.callee, took, outcome_of(status), own.as_str());
        timing.cookies.merge(&own.cookies);
        timing
    }
}
