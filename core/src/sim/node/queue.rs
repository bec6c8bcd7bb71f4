//! A queue at work: takes messages in, keeps them, hands them to workers who are free, and again when they fail.
use super::super::call::{Ask, Call, NO_CALL, NO_TARGET, Origin, Slot};
use super::super::counter::Counter;
use super::super::event::Event;
use super::super::simulation::Simulation;
use super::super::transport::Way;
use super::State;
use crate::component::queue::{Assignment, ConsumerGroup, Exchange, MessageQueue, PartitionedLog, Tag};
use crate::dist::Sampler;
use crate::id::{EdgeIndex, NodeIndex};
use crate::run::Outcome;
use crate::time::{Span, Time};
use crate::topology::{Plan, QueueMode, QueueNode};

/// What a queue knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Queue {
    pub(super) service_time: Sampler,
    tiers: Vec<Tier>,
    store: Store,
    deliveries: u16,
    /// Deliveries under way; free places are used again.
    flights: Vec<Flight>,
    free: Vec<u32>,
    /// The lines that a message goes to, kept for its memory.
    routed: Vec<u16>,
}

/// A workers node that takes messages from here.
#[derive(Clone, Debug)]
struct Tier {
    edge: EdgeIndex,
    node: NodeIndex,
    /// Which line it takes from.
    line: usize,
    /// The number of its first instance among the line's consumers.
    first: u16,
    /// Of a log: which delivery is under way from each partition. The next waits for its end, so that the order holds.
    reading: Vec<u32>,
}

/// Stands for "nothing is under way".
const NOTHING: u32 = u32::MAX;

#[derive(Clone, Debug)]
enum Store {
    /// Lines, and who decides which of them get a message.
    Lines(Exchange, Vec<MessageQueue<Origin>>),
    /// A log, and what each tier has read of it.
    Log(PartitionedLog<Origin>, Vec<ConsumerGroup>),
}

/// A delivery under way.
#[derive(Clone, Copy, Debug)]
enum Flight {
    Message {
        line: usize,
        tag: Tag,
    },
    Record {
        tier: usize,
        instance: u16,
        partition: u16,
        offset: u64,
        origin: Origin,
        published: Time,
        deliveries: u16,
    },
}

impl Queue {
    pub(super) fn new(plan: &Plan, index: NodeIndex, spec: &QueueNode) -> Self {
        let out = &plan.node(index).out;
        let shared = spec.mode == QueueMode::Direct;
        let count = if shared { 1 } else { out.len().max(1) };
        let mut lines = vec![MessageQueue::new(spec.limits()); count];
        let mut exchange = spec.exchange();
        let mut tiers = Vec::new();
        for (i, &edge) in out.iter().enumerate() {
            let (link, line) = (plan.edge(edge), if shared { 0 } else { i });
            let node = &plan.node(link.to).kind;
            // How many messages an instance takes is decided by its free workers, when it has some.
            let numbers: Vec<u16> =
                (0..node.most_instances()).map(|_| lines[line].add_consumer(u32::MAX)).collect();
            let first = numbers[0];
            let reading = vec![NOTHING; spec.partitions as usize];
            tiers.push(Tier { edge, node: link.to, line, first, reading });
            if !shared {
                exchange.bind(&link.binding, line as u16);
            }
        }
        if shared || out.is_empty() {
            exchange.bind("#", 0);
        }
        let group = |_| ConsumerGroup::new(Assignment::Range, spec.partitions as u16);
        Self {
            service_time: spec.service_time.sampler(),
            store: match spec.mode {
                QueueMode::Log => Store::Log(spec.log(), out.iter().map(group).collect()),
                _ => Store::Lines(exchange, lines),
            },
            tiers,
            deliveries: spec.deliveries as u16,
            flights: Vec::new(),
            free: Vec::new(),
            routed: Vec::new(),
        }
    }

    /// About how many bytes it takes: its messages, whose places are used again, so as many as there were at once.
    pub(super) fn size(&self) -> usize {
        const MESSAGE: usize = size_of::<Origin>() + 32;
        self.waiting() as usize * MESSAGE + self.flights.len() * size_of::<Flight>()
    }

    /// Whether these workers take messages from here.
    pub(super) fn feeds(&self, node: usize) -> bool {
        self.tiers.iter().any(|tier| tier.node.index() == node)
    }

    /// How many messages wait for these workers.
    pub(in crate::sim) fn waiting_for(&self, node: usize) -> u64 {
        let Some(place) = self.tiers.iter().position(|tier| tier.node.index() == node) else { return 0 };
        match &self.store {
            Store::Lines(_, lines) => lines[self.tiers[place].line].len() as u64,
            Store::Log(log, groups) => groups[place].lag(log) - groups[place].missed(log),
        }
    }

    /// How many messages wait in all.
    pub(in crate::sim) fn waiting(&self) -> u64 {
        match &self.store {
            Store::Lines(_, lines) => lines.iter().map(|line| line.len() as u64).sum(),
            Store::Log(log, groups) => groups.iter().map(|group| group.lag(log) - group.missed(log)).sum(),
        }
    }

    /// Takes a message in; how many had to go for it, or whether there was no room.
    fn publish(&mut self, now: Time, topic: &str, origin: Origin) -> Result<u64, ()> {
        match &mut self.store {
            Store::Log(log, groups) => {
                let oldest = log.first(log.partition(origin.key));
                let (partition, _) = log.publish(now, origin.key, origin);
                let forgot = log.first(partition) > oldest;
                let at_work =
                    |tier: &Tier| match self.flights.get(tier.reading[usize::from(partition)] as usize) {
                        Some(Flight::Record { offset, .. }) => *offset == oldest,
                        _ => false,
                    };
                let unread = |(group, tier): &(&ConsumerGroup, &Tier)| {
                    group.committed(partition) <= oldest && !at_work(tier)
                };
                let lost = groups.iter().zip(&self.tiers).filter(unread).count();
                Ok(if forgot { lost as u64 } else { 0 })
            }
            Store::Lines(exchange, lines) => {
                self.routed.clear();
                exchange.route(topic, &mut self.routed);
                let mut lost = 0;
                for &line in &self.routed {
                    match lines[usize::from(line)].publish(now, origin) {
                        Ok(None) => {}
                        Ok(Some(_)) => lost += 1,
                        Err(_) => return Err(()),
                    }
                }
                Ok(lost)
            }
        }
    }

    /// The next delivery for an instance of a tier: what, since when it waits, and its number here.
    fn next_for(&mut self, tier: usize, instance: u16) -> Option<(Origin, Time, u32)> {
        let (origin, published, flight) = match &mut self.store {
            Store::Lines(_, lines) => {
                let Tier { line, first, .. } = self.tiers[tier];
                let delivery = lines[line].deliver(first + instance)?;
                (delivery.message, delivery.published, Flight::Message { line, tag: delivery.tag })
            }
            Store::Log(log, groups) => {
                let reading = &self.tiers[tier].reading;
                let record = groups[tier].poll_from(log, instance, |p| reading[usize::from(p)] == NOTHING)?;
                let (origin, published) = (record.entry.message, record.entry.published);
                let (partition, offset) = (record.partition, record.offset);
                (
                    origin,
                    published,
                    Flight::Record { tier, instance, partition, offset, origin, published, deliveries: 1 },
                )
            }
        };
        Some((origin, published, self.keep(flight)))
    }

    fn keep(&mut self, flight: Flight) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.flights.push(flight);
            (self.flights.len() - 1) as u32
        });
        self.flights[place as usize] = flight;
        if let Flight::Record { tier, partition, .. } = flight {
            self.tiers[tier].reading[usize::from(partition)] = place;
        }
        place
    }

    /// An instance of the workers may read the log, or may no longer.
    fn set_member(&mut self, node: usize, instance: u16, present: bool) {
        let Some(place) = self.tiers.iter().position(|tier| tier.node.index() == node) else { return };
        if let Store::Log(_, groups) = &mut self.store {
            let group = &mut groups[place];
            // Whoever takes a partition reads on from what was committed, whatever is under way.
            for handover in if present { group.join(instance) } else { group.leave(instance) } {
                self.tiers[place].reading[usize::from(handover.partition)] = NOTHING;
            }
        }
    }
}

impl Simulation {
    fn queue(&mut self, node: usize) -> &mut Queue {
        match &mut self.nodes[node].state {
            State::Queue(queue) => queue,
            _ => unreachable!("the node is a queue"),
        }
    }

    /// A message has been looked at: it is kept, and the publisher may go on.
    pub(in crate::sim) fn queue_finish(&mut self, slot: Slot) {
        self.release(slot);
        let (now, call) = (self.now, self.calls[slot]);
        let node = call.node.index();
        let plan = self.plan.clone();
        let topic = &plan.classes[usize::from(call.origin.class)].topic;
        // Nobody waits for what is done later.
        let origin = Origin { deadline: Time::NEVER, ..call.origin };
        let kept = self.queue(node).publish(now, topic, origin);
        match kept {
            Err(()) => {
                self.count(node, Counter::Overflowed);
                return self.answer(slot, Outcome::Refused);
            }
            Ok(lost) => self.nodes[node].counters.add(Counter::Overflowed, lost),
        }
        self.count(node, Counter::Published);
        self.answer(slot, Outcome::Ok);
        self.hand_out_all(node);
    }

    /// Messages go to whoever is free.
    pub(in crate::sim) fn hand_out_all(&mut self, node: usize) {
        for tier in 0..self.queue(node).tiers.len() {
            let workers = self.queue(node).tiers[tier].node.index();
            self.hand_out(node, workers);
        }
    }

    /// Messages go to workers of a tier that are free, while there are both.
    pub(super) fn hand_out(&mut self, node: usize, workers: usize) {
        let Some(tier) = self.queue(node).tiers.iter().position(|tier| tier.node.index() == workers) else {
            return;
        };
        // A dead queue hands out nothing, and none reaches workers behind a cut.
        let edge = self.queue(node).tiers[tier].edge;
        if !self.nodes[node].stations[0].up || self.edges[edge.index()].cut {
            return;
        }
        match self.queue(node).store {
            Store::Lines(..) => {
                while !self.has_enough_under_way(edge)
                    && let Some(instance) = self.free_worker(workers)
                {
                    let Some(next) = self.queue(node).next_for(tier, instance) else { return };
                    self.deliver_message(node, tier, instance, next);
                }
            }
            // A partition belongs to one instance: each that is free asks for itself.
            Store::Log(..) => {
                for instance in 0..self.nodes[workers].stations.len() as u16 {
                    while self.is_free(workers, instance)
                        && !self.has_enough_under_way(edge)
                        && let Some(next) = self.queue(node).next_for(tier, instance)
                    {
                        self.deliver_message(node, tier, instance, next);
                    }
                }
            }
        }
    }

    /// Whether as many messages are under way to a tier as its edge has connections.
    fn has_enough_under_way(&self, edge: EdgeIndex) -> bool {
        self.edges[edge.index()].policy.as_ref().is_some_and(|policy| policy.is_full())
    }

    fn is_free(&self, workers: usize, instance: u16) -> bool {
        let station = &self.nodes[workers].stations[usize::from(instance)];
        station.serves() && station.in_flight < station.workers
    }

    fn deliver_message(
        &mut self,
        node: usize,
        tier: usize,
        instance: u16,
        (origin, published, flight): (Origin, Time, u32),
    ) {
        let edge = self.queue(node).tiers[tier].edge;
        let way = Way { edge, instance, target: NO_TARGET };
        let slot = self.send(NO_CALL, way, Ask::Job, origin, Span::ZERO);
        let call = &mut self.calls[slot];
        // What the workers are measured by is the time since the message was published.
        call.sent = published;
        call.parent_generation = flight;
        let (now, generation) = (self.now, call.generation);
        let Some(policy) = &mut self.edges[edge.index()].policy else { return };
        if let Some(due) = policy.delivered(now, slot, generation) {
            self.agenda.push(due, Event::Timeout(u32::from(edge.0)));
        }
    }

    /// Workers have acknowledged a message, or have not been able to.
    pub(in crate::sim) fn message_done(&mut self, call: &Call) {
        let node = self.caller(call.edge).index();
        if let Some(policy) = &mut self.edges[call.edge.index()].policy {
            policy.settled();
        }
        let place = call.parent_generation;
        let flight = self.queue(node).flights[place as usize];
        let well = call.outcome == Outcome::Ok;
        match flight {
            Flight::Message { line, tag } => self.settle_message(node, line, tag, well),
            Flight::Record { .. } => {
                if self.settle_record(node, call, flight, well) {
                    return;
                }
            }
        }
        self.queue(node).free.push(place);
        self.workers_free(call.node.index());
    }

    fn settle_message(&mut self, node: usize, line: usize, tag: Tag, well: bool) {
        let Store::Lines(_, lines) = &mut self.queue(node).store else { return };
        if well {
            lines[line].ack(tag);
            return;
        }
        let dead = lines[line].nack(tag, true).is_some();
        self.count(node, if dead { Counter::DeadLetters } else { Counter::Redelivered });
    }

    /// A record is committed, or sent again in its place so that the order holds; whether it was sent again.
    fn settle_record(&mut self, node: usize, call: &Call, flight: Flight, well: bool) -> bool {
        let Flight::Record { tier, instance, partition, offset, origin, published, deliveries } = flight
        else {
            return false;
        };
        let queue = self.queue(node);
        let most = queue.deliveries;
        let reading = &mut queue.tiers[tier].reading[usize::from(partition)];
        if *reading != call.parent_generation {
            // The partition has changed hands: whoever has it now reads this record again.
            self.count(node, Counter::Redelivered);
            return false;
        }
        *reading = NOTHING;
        let Store::Log(_, groups) = &mut queue.store else { return false };
        if well || deliveries >= most {
            groups[tier].commit(instance, partition, offset + 1);
            if !well {
                self.count(node, Counter::DeadLetters);
            }
            return false;
        }
        self.count(node, Counter::Redelivered);
        let queue = self.queue(node);
        let again = Flight::Record {
            tier,
            instance,
            partition,
            offset,
            origin,
            published,
            deliveries: deliveries + 1,
        };
        queue.free.push(call.parent_generation);
        let place = queue.keep(again);
        self.deliver_message(node, tier, instance, (origin, published, place));
        true
    }

    /// An instance of workers has come, or has gone: logs share out their partitions anew.
    pub(in crate::sim) fn workers_changed(&mut self, workers: usize, instance: u16, present: bool) {
        for i in 0..self.nodes.len() {
            if let State::Queue(queue) = &mut self.nodes[i].state {
                queue.set_member(workers, instance, present);
            }
        }
    }
}
