//! The nodes at work: one file for each kind, with what a node of that kind does when something happens to it.
mod cache;
mod cdn;
mod clients;
mod database;
mod dns;
mod external;
mod load_balancer;
mod monitoring;
mod object_store;
mod queue;
mod service;
mod workers;

use super::call::{Ask, Origin, Slot};
use super::counter::{Counter, Counters};
use super::failing::Failing;
use super::lanes::Lane;
use super::line::Line;
use super::meter::NodeMeter;
use super::processors::SharedProcessor;
use super::scaling::{Scaling, scaling_of};
use super::simulation::Simulation;
use super::station::Station;
use crate::component::HashRing;
use crate::component::queue::Discipline;
use crate::component::resilience::Deadline;
use crate::dist::Sampler;
use crate::id::{EdgeIndex, NodeIndex};
use crate::rng::Seed;
use crate::run::Outcome;
use crate::stats::Levels;
use crate::time::{Span, Time};
use crate::topology::{NodeKind, Plan};

/// A node at work.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) state: State,
    /// Its instances; none for what nobody calls.
    pub(super) stations: Vec<Station>,
    pub(super) meter: NodeMeter,
    pub(super) counters: Counters,
    /// Calls that were sent to it and not answered yet.
    pub(super) in_flight: u64,
    /// How long its instances have had how many of them since the reset, up to the last change of each.
    levels: Levels,
    /// How many instances serve, since when, and how long how many have since the reset up to then.
    up: u32,
    up_since: Time,
    up_levels: Levels,
    /// How long its own work takes, where that is always the same, and where calls stand in line that are worked on.
    pub(super) constant_work: Option<(Span, Lane)>,
    /// Somebody looks at requests before they may queue.
    pub(super) guarded: bool,
    /// What its own work ends with is always a good answer.
    pub(super) only_answers: bool,
    pub(super) scaling: Option<Scaling>,
    pub(super) failing: Option<Box<Failing>>,
}

/// What a node of each kind knows.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "nodes are few, and every event would follow a pointer")]
pub(super) enum State {
    Clients(clients::Clients),
    Dns(dns::Dns),
    Cdn(cdn::Cdn),
    LoadBalancer(load_balancer::LoadBalancer),
    Service(service::Service),
    Workers(service::Service),
    Queue(queue::Queue),
    Cache(cache::Cache),
    Database(database::Database),
    Remote(external::Remote),
    Monitoring,
}

impl State {
    /// Whether a worker is free as soon as the node's own work on a call is done, and nothing but that work is waited for.
    fn holds_workers_for_its_own_work_only(&self) -> bool {
        match self {
            Self::LoadBalancer(_) | Self::Cache(_) | Self::Cdn(_) | Self::Queue(_) => true,
            Self::Database(database) => !database.commits(),
            Self::Service(service) => service.is_plain(),
            _ => false,
        }
    }

    /// How long a worker is taken by the node's own work on what is asked.
    #[inline]
    pub(super) fn law(&self, ask: Ask) -> &Sampler {
        match self {
            Self::LoadBalancer(balancer) => &balancer.service_time,
            Self::Service(service) | Self::Workers(service) => &service.service_time,
            Self::Cache(cache) => &cache.service_time,
            Self::Cdn(cdn) => &cdn.service_time,
            Self::Queue(queue) => &queue.service_time,
            Self::Database(database) => database.time_of(ask),
            Self::Remote(remote) => &remote.service_time,
            Self::Clients(_) | Self::Dns(_) | Self::Monitoring => {
                unreachable!("such a node has no workers")
            }
        }
    }

    /// How long the node's own work takes, where that is always the same, whatever is asked.
    pub(super) const fn constant_work(&self) -> Option<Span> {
        match self {
            Self::LoadBalancer(balancer) => balancer.service_time.constant(),
            Self::Cache(cache) => cache.service_time.constant(),
            Self::Cdn(cdn) => cdn.service_time.constant(),
            Self::Queue(queue) => queue.service_time.constant(),
            _ => None,
        }
    }

    /// Whether the node's own work is always followed by a good answer, and by nothing else.
    fn only_answers(&self) -> bool {
        match self {
            Self::Database(database) => !database.commits(),
            Self::Service(service) => service.is_plain() && service.never_fails(),
            _ => false,
        }
    }
}

/// How the instances of a node are stations: how many, workers, queue, who is next.
struct Stations(u16, u32, u32, Discipline);

/// What a node's two records of levels take, in bytes.
const LEVELS: usize = 2 * 256 * 8;

impl Node {
    pub(super) fn new(plan: &Plan, index: NodeIndex, seed: Seed) -> Self {
        let node = plan.node(index);
        let (state, stations) = at_work(plan, index, seed);
        let Stations(count, workers, queue, order) = stations;
        let station =
            |i| Station::new(workers, queue, order, seed.stream(&format!("{}#{}/service", node.id, i + 1)));
        let mut stations: Vec<Station> = (0..count).map(station).collect();
        if order == Discipline::Fifo && state.holds_workers_for_its_own_work_only() {
            stations.iter_mut().for_each(|station| station.line = Some(Line::new(workers, queue)));
        }
        let up = stations.iter().filter(|station| station.serves()).count() as u32;
        Self {
            id: node.id.clone(),
            guarded: match &state {
                State::Service(service) => service.guarded,
                State::Remote(remote) => remote.is_limited(),
                State::LoadBalancer(balancer) => balancer.is_limited(),
                _ => false,
            },
            constant_work: None,
            // A way that may be cut is looked at when the answer leaves.
            only_answers: state.only_answers() && plan.zones.is_empty(),
            state,
            stations,
            meter: NodeMeter::new(),
            counters: Counters::default(),
            in_flight: 0,
            levels: Levels::new(),
            up,
            up_since: Time::ZERO,
            up_levels: Levels::new(),
            scaling: scaling_of(&node.kind),
            failing: node.reliability.as_ref().map(|spec| Box::new(Failing::new(spec, &node.id, seed))),
        }
    }

    /// A call is on its way to an instance.
    pub(super) fn enter(&mut self, now: Time, instance: u16) {
        self.in_flight += 1;
        let station = &mut self.stations[usize::from(instance)];
        self.levels.add(station.in_flight, now.since(station.in_flight_since));
        (station.in_flight, station.in_flight_since) = (station.in_flight + 1, now);
    }

    /// A call to an instance has been answered.
    pub(super) fn leave(&mut self, now: Time, instance: u16) {
        self.in_flight -= 1;
        let station = &mut self.stations[usize::from(instance)];
        self.levels.add(station.in_flight, now.since(station.in_flight_since));
        (station.in_flight, station.in_flight_since) = (station.in_flight - 1, now);
    }

    /// An instance has perhaps begun or ceased to serve. O(instances).
    pub(super) fn note_up(&mut self, now: Time) {
        let up = self.stations.iter().filter(|station| station.serves()).count() as u32;
        if up != self.up {
            self.up_levels.add(self.up, now.since(self.up_since));
            (self.up, self.up_since) = (up, now);
        }
    }

    /// How many instances serve.
    pub(super) const fn up(&self) -> u32 {
        self.up
    }

    /// How long since the reset an instance in service had how many calls, and how many instances served.
    pub(super) fn levels(&self, now: Time) -> (Levels, Levels) {
        let (mut in_flight, mut up) = (self.levels.clone(), self.up_levels.clone());
        for station in self.stations.iter().filter(|station| station.in_service) {
            in_flight.add(station.in_flight, now.since(station.in_flight_since));
        }
        if !self.stations.is_empty() {
            up.add(self.up, now.since(self.up_since));
        }
        (in_flight, up)
    }

    /// Starts counting anew.
    pub(super) fn reset_statistics(&mut self, now: Time) {
        self.meter.reset();
        self.counters = Counters::default();
        self.levels.clear();
        self.up_levels.clear();
        self.up_since = now;
        if let Some(scaling) = &mut self.scaling {
            scaling.reset_statistics(now);
        }
        for station in &mut self.stations {
            station.reset_statistics(now);
            station.in_flight_since = now;
        }
    }

    /// Whether callers without a balancer take turns among its instances, and no key or user says which of them is asked.
    pub(super) const fn is_asked_in_turn(&self) -> bool {
        !matches!(self.state, State::Cache(_) | State::Cdn(_) | State::Database(_))
    }

    /// An instance has died: what it remembered is gone.
    pub(super) fn forget(&mut self, instance: u16) {
        match &mut self.state {
            State::LoadBalancer(balancer) => balancer.forget(instance),
            State::Cache(cache) => {
                let lost = cache.forget(instance);
                self.counters.add(Counter::LostWrites, lost);
            }
            State::Cdn(cdn) => cdn.forget(instance),
            State::Service(service) => service.forget(instance),
            // What databases and queues keep is on disk.
            _ => {}
        }
    }

    /// The memory of a cache's instance is cleared; who waits for a fetch goes on waiting.
    pub(super) fn flush(&mut self, instance: u16) {
        match &mut self.state {
            State::Cache(cache) => {
                let lost = cache.flush(instance);
                self.counters.add(Counter::LostWrites, lost);
            }
            State::Cdn(cdn) => cdn.flush(instance),
            _ => {}
        }
    }

    /// What was taken of its instances in the last whole second, and what there was: shares of workers, or of the cores they share.
    pub(super) fn taken_in_last_second(&self, processors: &[SharedProcessor]) -> (f64, f64) {
        let mut sum = (0.0, 0.0);
        for station in self.stations.iter().filter(|station| station.in_service) {
            sum.0 += match station.processor {
                Some(place) => processors[place as usize].utilization_in_last_second(),
                None => station.taken_in_last_second() / f64::from(station.workers.max(1)),
            };
            sum.1 += 1.0;
        }
        sum
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let state = match &self.state {
            State::Clients(clients) => clients.size(),
            State::Cdn(cdn) => cdn.size(),
            State::Service(service) | State::Workers(service) => service.size(),
            State::Queue(queue) => queue.size(),
            State::Cache(cache) => cache.size(),
            State::Database(database) => database.size(),
            State::Dns(_) | State::LoadBalancer(_) | State::Remote(_) | State::Monitoring => 0,
        };
        size_of::<Self>() + self.stations.len() * size_of::<Station>() + self.meter.size() + LEVELS + state
    }

    /// The messages that it keeps for later.
    pub(super) fn kept(&self) -> u64 {
        if let State::Queue(queue) = &self.state { queue.waiting() } else { 0 }
    }

    /// How long an instance takes from its start until it serves.
    pub(super) const fn start_time(&self) -> Span {
        match &self.state {
            State::Service(service) | State::Workers(service) => service.start_time,
            _ => Span::ZERO,
        }
    }
}

fn at_work(plan: &Plan, index: NodeIndex, seed: Seed) -> (State, Stations) {
    use Discipline::Fifo;
    let node = plan.node(index);
    match &node.kind {
        NodeKind::Clients(spec) => {
            (State::Clients(clients::Clients::new(plan, index, spec, seed)), Stations(0, 0, 0, Fifo))
        }
        NodeKind::Dns(spec) => (State::Dns(dns::Dns::new(plan, index, spec, seed)), Stations(0, 0, 0, Fifo)),
        NodeKind::Monitoring(_) => (State::Monitoring, Stations(0, 0, 0, Fifo)),
        NodeKind::LoadBalancer(spec) => (
            State::LoadBalancer(load_balancer::LoadBalancer::new(plan, index, spec)),
            Stations(spec.instances, spec.cores, spec.queue, Fifo),
        ),
        NodeKind::Service(spec) => (
            State::Service(service::Service::of_service(plan, index, spec)),
            Stations(node.kind.most_instances(), spec.work.workers, spec.work.queue, spec.work.order),
        ),
        NodeKind::Workers(spec) => (
            State::Workers(service::Service::of_workers(plan, index, spec)),
            Stations(node.kind.most_instances(), spec.work.workers, 0, Fifo),
        ),
        NodeKind::Cache(spec) => (
            State::Cache(cache::Cache::new(plan, node, spec, seed)),
            Stations(spec.instances, spec.workers, spec.queue, Fifo),
        ),
        NodeKind::Cdn(spec) => (
            State::Cdn(cdn::Cdn::new(node, spec, seed)),
            Stations(spec.instances, spec.workers, spec.queue, Fifo),
        ),
        NodeKind::Queue(spec) => {
            (State::Queue(queue::Queue::new(plan, index, spec)), Stations(1, spec.workers, spec.queue, Fifo))
        }
        NodeKind::Database(spec) => (
            State::Database(database::Database::new(plan, node, spec, seed)),
            Stations(node.kind.instances(), spec.connections, spec.queue, Fifo),
        ),
        NodeKind::ObjectStore(spec) => {
            (State::Remote(object_store::new(spec)), Stations(1, spec.concurrency, 0, Fifo))
        }
        NodeKind::External(spec) => {
            (State::Remote(external::new(spec)), Stations(1, spec.concurrency, 0, Fifo))
        }
    }
}

impl Simulation {
    /// The instance that a call by this edge goes to, where no balancer picks: caches by a ring, databases by shard, a CDN
    /// by the user, others in turn, dead or alive, as a resolver's answers would have it.
    #[inline]
    pub(super) fn instance_for(&mut self, edge: EdgeIndex, ask: Ask, origin: &Origin) -> u16 {
        let callee = self.edges[edge.index()].to.index();
        match self.nodes[callee].stations.len() as u16 {
            1 => 0,
            count => self.instance_of(callee, count, edge, ask, origin),
        }
    }

    /// As [`Self::instance_for`], of a node with several.
    fn instance_of(&mut self, callee: usize, count: u16, edge: EdgeIndex, ask: Ask, origin: &Origin) -> u16 {
        match &mut self.nodes[callee].state {
            State::Cache(cache) => ring_place(&cache.ring, origin.key),
            State::Cdn(_) => (origin.user % u32::from(count)) as u16,
            State::Database(_) => self.database_server(callee, ask, origin),
            _ => self.in_turn(edge),
        }
    }

    /// The next instance that is listed, dead or alive; the first when none is.
    fn in_turn(&mut self, edge: EdgeIndex) -> u16 {
        let link = &mut self.edges[edge.index()];
        let stations = &self.nodes[link.to.index()].stations;
        let count = stations.len() as u16;
        for _ in 0..count {
            let turn = link.turn;
            link.turn = (turn + 1) % count;
            if stations[usize::from(turn)].is_listed() {
                return turn;
            }
        }
        0
    }

    /// Whether a request may queue at an instance that guards itself. If not it has been answered.
    pub(super) fn admits(&mut self, slot: Slot, class: u16) -> bool {
        let class = &self.classes[usize::from(class)];
        let (priority, session) = (class.priority, class.session);
        let node = self.calls[slot].node.index();
        let refused = match self.nodes[node].state {
            State::Service(_) => self.service_refuses(slot, priority, session),
            State::Remote(_) => self.remote_refuses(slot),
            State::LoadBalancer(_) => self.balancer_refuses(slot),
            _ => None,
        };
        let Some((counter, outcome)) = refused else { return true };
        self.count(node, counter);
        self.answer(slot, outcome);
        false
    }

    /// Whether nobody waits any more for a call that a worker could take now, and the node looks at that.
    pub(super) fn is_too_late(&self, node: usize, slot: Slot) -> bool {
        if !matches!(&self.nodes[node].state, State::Service(service) if service.deadlines) {
            return false;
        }
        // The answer has its way to go.
        let call = &self.calls[slot];
        let way = self.edges[call.edge.index()].latency;
        Deadline(call.origin.deadline).admit(self.now, way).is_err()
    }
}

/// Why a request was not admitted.
type Refusal = Option<(Counter, Outcome)>;

fn ring_place(ring: &HashRing, key: u64) -> u16 {
    ring.pick(key, |_| true).expect("a node has at least one instance")
}
