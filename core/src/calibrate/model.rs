//! What is fitted: a factor on each node's times, their shape, its workers, the network to it, and the skew of keys. A model
//! put on a document gives the document that it means.
use super::moments::{servers, servers_param};
use super::shape::{Form, rounded};
use crate::dist::Law;
use crate::topology::{NodeKind, Plan, Topology, Value};

/// The parameters of a design that are fitted, beside what its document says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    /// In the plan's order.
    pub(super) nodes: Vec<NodeModel>,
    /// In the plan's order: open calls of each caller at most, where the document has a bound.
    pub(super) pools: Vec<Option<u32>>,
    /// What is added to the skew of every class that has one.
    pub(super) skew: f64,
}

/// Of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NodeModel {
    /// How many times longer its own times are than the document says, > 0.
    pub(super) factor: f64,
    /// The form and variation of its times; none keeps the document's.
    pub(super) shape: Option<(Form, f64)>,
    /// Workers of each instance.
    pub(super) servers: u32,
    /// How much longer the network to it takes one way, in seconds; the sum stays ≥ 0.
    pub(super) network: f64,
}

impl Model {
    /// As the document says.
    pub(super) fn of(plan: &Plan) -> Self {
        let node = |kind: &NodeKind| NodeModel {
            factor: 1.0,
            shape: None,
            servers: servers(kind).unwrap_or(1),
            network: 0.0,
        };
        Self {
            nodes: plan.nodes.iter().map(|at| node(&at.kind)).collect(),
            pools: plan.edges.iter().map(|edge| edge.connections).collect(),
            skew: 0.0,
        }
    }

    /// The document of `base` with this model's parameters in it. Only what differs is written. What `base` does not have is
    /// passed over: so a model fitted to one design says what it knows of another, by ids.
    pub(super) fn on(&self, plan: &Plan, base: &Topology) -> Topology {
        let mut document = base.clone();
        let unchanged = Self::of(plan);
        for ((place, model), before) in self.nodes.iter().enumerate().zip(&unchanged.nodes) {
            let node = &plan.nodes[place];
            let Some(written) = document.nodes.iter_mut().find(|written| written.id == node.id) else {
                continue;
            };
            if model.factor != before.factor || model.shape.is_some() {
                for (name, law) in laws(&node.kind) {
                    written.params.insert(name.to_owned(), Value::Text(model.law(&law).to_string()));
                }
            }
            if model.servers != before.servers {
                written.params.insert(servers_param(&node.kind).to_owned(), f64::from(model.servers).into());
            }
        }
        self.write_edges(plan, &mut document);
        if self.skew != 0.0 {
            for (class, written) in plan.classes.iter().zip(&mut document.workload.classes) {
                if class.keys > 1 {
                    let skew = ((class.skew + self.skew).clamp(0.0, 5.0) * 1e3).round() / 1e3;
                    written.params.insert("skew".to_owned(), skew.into());
                }
            }
        }
        document
    }

    fn write_edges(&self, plan: &Plan, document: &mut Topology) {
        for (edge, pool) in plan.edges.iter().zip(&self.pools) {
            let (from, to) = (plan.node(edge.from), plan.node(edge.to));
            let written = document.edges.iter_mut().find(|w| w.from == from.id && w.to == to.id);
            let Some(written) = written else { continue };
            let network = self.nodes[edge.to.index()].network;
            if network != 0.0 {
                let own = edge.latency.as_secs() - plan.one_way(from.zone, to.zone).as_secs();
                let latency = rounded((own + network).max(0.0));
                written.params.insert("latency".to_owned(), Value::Text(latency.to_string()));
            }
            if *pool != edge.connections
                && let Some(pool) = pool
            {
                written.params.insert("connections".to_owned(), f64::from(*pool).into());
            }
        }
    }
}

impl NodeModel {
    /// One of the node's laws under this model.
    pub(super) fn law(&self, law: &Law) -> Law {
        let mean = law.mean().as_secs() * self.factor;
        match self.shape {
            Some((form, cv2)) => form.law(mean, cv2),
            None => Form::of(law).law(mean, law.cv2()),
        }
    }
}

/// A node's own times by the names of their parameters; none for what has none.
pub(super) fn laws(kind: &NodeKind) -> Vec<(&'static str, Law)> {
    let one = |law: Law| vec![("service_time", law)];
    match kind {
        NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::Monitoring(_) => Vec::new(),
        NodeKind::Cdn(spec) => one(spec.service_time),
        NodeKind::LoadBalancer(spec) => one(spec.service_time),
        NodeKind::Cache(spec) => one(spec.service_time),
        NodeKind::Queue(spec) => one(spec.service_time),
        NodeKind::ObjectStore(spec) => one(spec.service_time),
        NodeKind::External(spec) => one(spec.service_time),
        NodeKind::Service(spec) => one(spec.work.service_time),
        NodeKind::Workers(spec) => one(spec.work.service_time),
        NodeKind::Database(spec) => vec![("read_time", spec.read_time), ("write_time", spec.write_time)],
    }
}
