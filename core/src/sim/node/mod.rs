//! The nodes at work: one file for each kind, with what a node of that kind does when something happens to it.
mod cache;
mod clients;
mod database;
mod load_balancer;
mod service;

use super::call::Ask;
use super::meter::NodeMeter;
use super::simulation::Simulation;
use super::station::Station;
use crate::component::HashRing;
use crate::dist::Sampler;
use crate::id::{EdgeIndex, NodeIndex};
use crate::rng::Seed;
use crate::time::Span;
use crate::topology::{NodeKind, Plan};

/// A node at work.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) state: State,
    /// Its instances; none for clients.
    pub(super) stations: Vec<Station>,
    pub(super) meter: NodeMeter,
    /// Calls that were sent to it and not answered yet.
    pub(super) in_flight: u64,
}

/// What a node of each kind knows.
#[derive(Clone, Debug)]
pub(super) enum State {
    Clients(clients::Clients),
    LoadBalancer(load_balancer::LoadBalancer),
    Service(service::Service),
    Cache(cache::Cache),
    Database(database::Database),
}

impl Node {
    pub(super) fn new(plan: &Plan, index: NodeIndex, seed: Seed) -> Self {
        let node = plan.node(index);
        let (state, workers, queue) = match &node.kind {
            NodeKind::Clients(spec) => (State::Clients(clients::Clients::new(plan, index, spec, seed)), 0, 0),
            NodeKind::LoadBalancer(spec) => (
                State::LoadBalancer(load_balancer::LoadBalancer::new(plan, index, spec)),
                spec.cores,
                spec.queue,
            ),
            NodeKind::Service(spec) => {
                (State::Service(service::Service::new(plan, index, spec)), spec.workers, spec.queue)
            }
            NodeKind::Cache(spec) => (State::Cache(cache::Cache::new(node, spec)), spec.workers, spec.queue),
            NodeKind::Database(spec) => {
                (State::Database(database::Database::new(spec)), spec.connections, spec.queue)
            }
        };
        let instances = if matches!(state, State::Clients(_)) { 0 } else { node.kind.instances() };
        let station =
            |i| Station::new(workers, queue, seed.stream(&format!("{}#{}/service", node.id, i + 1)));
        Self {
            id: node.id.clone(),
            state,
            stations: (0..instances).map(station).collect(),
            meter: NodeMeter::new(),
            in_flight: 0,
        }
    }

    /// How long a worker of this instance is taken by the node's own work on a call.
    pub(super) fn own_time(&mut self, instance: usize, ask: Ask) -> Span {
        let law: &Sampler = match &self.state {
            State::Clients(_) => unreachable!("clients have no workers"),
            State::LoadBalancer(balancer) => &balancer.service_time,
            State::Service(service) => &service.service_time,
            State::Cache(cache) => &cache.service_time,
            State::Database(database) => database.time_of(ask),
        };
        law.sample(&mut self.stations[instance].rng)
    }

    /// An instance has died: what it remembered is gone.
    pub(super) fn forget(&mut self, instance: u16) {
        match &mut self.state {
            State::LoadBalancer(balancer) => balancer.forget(instance),
            State::Cache(cache) => cache.forget(instance),
            // What a database keeps is on disk; a service of this kind keeps nothing.
            State::Clients(_) | State::Service(_) | State::Database(_) => {}
        }
    }
}

impl Simulation {
    /// The instance that a call about `key` by this edge goes to, where no balancer picks: caches by a ring, databases by
    /// shard, others in turn, dead or alive, as a resolver's answers would have it.
    pub(super) fn instance_for(&mut self, edge: EdgeIndex, key: u64) -> u16 {
        let link = &mut self.edges[edge.index()];
        let callee = &self.nodes[link.to.index()];
        match &callee.state {
            State::Cache(cache) => ring_place(&cache.ring, key),
            State::Database(database) => database.shards.shard(key),
            _ => {
                let turn = link.turn;
                link.turn = (turn + 1) % callee.stations.len() as u16;
                turn
            }
        }
    }
}

fn ring_place(ring: &HashRing, key: u64) -> u16 {
    ring.pick(key, |_| true).expect("a node has at least one instance")
}
