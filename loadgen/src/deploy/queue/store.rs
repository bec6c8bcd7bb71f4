//! What a queue keeps: lines with an exchange before them, or a log in partitions with a group of consumers for each tier.
use super::super::cookies::Cookies;
use super::super::node::Ask;
use super::super::origin::Origin;
use hyper::Method;
use loadpath_core::component::queue::{
    Assignment, ConsumerGroup, Exchange, MessageQueue, PartitionedLog, Tag,
};
use loadpath_core::id::NodeIndex;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Plan, QueueMode, QueueNode};
use loadpath_core::workload::Operation;

/// A message: what is to be done, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Message {
    pub(in super::super) class: u16,
    pub(in super::super) user: u32,
    pub(in super::super) key: u64,
}

impl Message {
    /// What workers are asked for by a message of a class of this name.
    pub(in super::super) fn ask(&self, class: &str) -> Ask {
        let Self { class: number, user, key } = *self;
        // Nobody waits for what is done later.
        let origin = Origin { class: number, user, deadline: Time::NEVER, way: Span::ZERO };
        let (method, path) = (Method::PUT, format!("/c/{class}/{key}?u={user}"));
        Ask { method, path, key, operation: Operation::Job, origin, cookies: Cookies::default() }
    }
}

/// A message on its way to workers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivery {
    pub(super) message: Message,
    /// Since when it waits.
    pub(super) published: Time,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Line { line: usize, tag: Tag },
    Log { tier: usize, instance: u16, partition: u16, offset: u64, deliveries: u16, turn: u64 },
}

/// What has become of a delivery.
#[derive(Clone, Copy, Debug)]
pub(super) enum Settled {
    /// It is done.
    Done,
    /// It will be delivered again, in its turn.
    ComesBack,
    /// It is given up.
    Dead,
    /// It is to be delivered again now, so that the order holds.
    Again(Delivery),
}

/// There was no room.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoRoom;

/// The messages.
pub(super) struct Store {
    kept: Kept,
    /// Which line each tier takes from.
    lines: Vec<usize>,
    /// The number of each tier's first instance among its line's consumers.
    firsts: Vec<u16>,
    /// Of a log: which delivery to each tier is under way from each partition, zero for none. The next waits for its end.
    reading: Vec<Vec<u64>>,
    deliveries: u16,
    turns: u64,
}

enum Kept {
    Lines(Exchange, Vec<MessageQueue<Message>>),
    Log(PartitionedLog<Message>, Vec<ConsumerGroup>),
}

impl Store {
    /// Empty, with every instance of every tier as a consumer; those that are not drawn wait until they are started.
    pub(super) fn new(plan: &Plan, index: NodeIndex, spec: &QueueNode) -> Self {
        let out = &plan.node(index).out;
        let shared = spec.mode == QueueMode::Direct;
        let count = if shared { 1 } else { out.len().max(1) };
        let mut queues = vec![MessageQueue::new(spec.limits()); count];
        let mut exchange = spec.exchange();
        let partitions = spec.partitions as u16;
        let (mut lines, mut firsts, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for (i, &edge) in out.iter().enumerate() {
            let (link, line) = (plan.edge(edge), if shared { 0 } else { i });
            let mut group = ConsumerGroup::new(Assignment::Range, partitions);
            // How many messages an instance takes is decided by its free workers, when it has some.
            let kind = &plan.node(link.to).kind;
            for instance in 0..kind.instances() {
                group.join(instance);
            }
            let numbers: Vec<u16> =
                (0..kind.most_instances()).map(|_| queues[line].add_consumer(u32::MAX)).collect();
            lines.push(line);
            firsts.push(numbers[0]);
            groups.push(group);
            if !shared {
                exchange.bind(&link.binding, line as u16);
            }
        }
        if shared || out.is_empty() {
            exchange.bind("#", 0);
        }
        let kept = match spec.mode {
            QueueMode::Log => Kept::Log(spec.log(), groups),
            _ => Kept::Lines(exchange, queues),
        };
        let reading = vec![vec![0; usize::from(partitions)]; out.len()];
        Self { kept, lines, firsts, reading, deliveries: spec.deliveries as u16, turns: 0 }
    }

    /// Whether the order of each partition holds.
    pub(super) const fn is_log(&self) -> bool {
        matches!(self.kept, Kept::Log(..))
    }

    /// How many messages wait in all.
    pub(super) fn waiting(&self) -> u64 {
        match &self.kept {
            Kept::Lines(_, lines) => lines.iter().map(|line| line.len() as u64).sum(),
            Kept::Log(log, groups) => groups.iter().map(|group| group.lag(log) - group.missed(log)).sum(),
        }
    }

    /// How many messages wait for a tier; a line that several share waits for each.
    pub(super) fn waiting_for(&self, tier: usize) -> u64 {
        match &self.kept {
            Kept::Lines(_, lines) => lines[self.lines[tier]].len() as u64,
            Kept::Log(log, groups) => groups[tier].lag(log) - groups[tier].missed(log),
        }
    }

    /// Takes a message in; how many had to go for it.
    ///
    /// # Errors
    /// When there is no room.
    pub(super) fn publish(&mut self, now: Time, topic: &str, message: Message) -> Result<u64, NoRoom> {
        match &mut self.kept {
            Kept::Log(log, groups) => {
                let oldest = log.first(log.partition(message.key));
                let (partition, _) = log.publish(now, message.key, message);
                let reading = &self.reading;
                let unread = |(tier, group): &(usize, &ConsumerGroup)| {
                    group.committed(partition) <= oldest && reading[*tier][usize::from(partition)] == 0
                };
                let forgot = log.first(partition) > oldest;
                Ok(if forgot { groups.iter().enumerate().filter(unread).count() as u64 } else { 0 })
            }
            Kept::Lines(exchange, lines) => {
                let (mut routed, mut lost) = (Vec::new(), 0);
                exchange.route(topic, &mut routed);
                for line in routed {
                    match lines[usize::from(line)].publish(now, message) {
                        Ok(dead) => lost += u64::from(dead.is_some()),
                        Err(_) => return Err(NoRoom),
                    }
                }
                Ok(lost)
            }
        }
    }

    /// The next delivery for an instance of a tier.
    pub(super) fn next_for(&mut self, tier: usize, instance: u16) -> Option<Delivery> {
        match &mut self.kept {
            Kept::Lines(_, lines) => {
                let line = self.lines[tier];
                let delivery = lines[line].deliver(self.firsts[tier] + instance)?;
                let place = Place::Line { line, tag: delivery.tag };
                Some(Delivery { message: delivery.message, published: delivery.published, place })
            }
            Kept::Log(log, groups) => {
                let reading = &mut self.reading[tier];
                let record = groups[tier].poll_from(log, instance, |p| reading[usize::from(p)] == 0)?;
                let (partition, offset) = (record.partition, record.offset);
                self.turns += 1;
                let turn = self.turns;
                reading[usize::from(partition)] = turn;
                let place = Place::Log { tier, instance, partition, offset, deliveries: 1, turn };
                Some(Delivery { message: record.entry.message, published: record.entry.published, place })
            }
        }
    }

    /// Workers have acknowledged a message, or have not been able to.
    pub(super) fn settle(&mut self, delivery: &Delivery, well: bool) -> Settled {
        match (delivery.place, &mut self.kept) {
            (Place::Line { line, tag }, Kept::Lines(_, lines)) => {
                if well {
                    lines[line].ack(tag);
                    return Settled::Done;
                }
                if lines[line].nack(tag, true).is_some() { Settled::Dead } else { Settled::ComesBack }
            }
            (Place::Log { tier, instance, partition, offset, deliveries, turn }, Kept::Log(_, groups)) => {
                let reading = &mut self.reading[tier][usize::from(partition)];
                if *reading != turn {
                    // The partition has changed hands: whoever has it now reads this record again.
                    return Settled::ComesBack;
                }
                if well || deliveries >= self.deliveries {
                    *reading = 0;
                    groups[tier].commit(instance, partition, offset + 1);
                    return if well { Settled::Done } else { Settled::Dead };
                }
                let deliveries = deliveries + 1;
                let place = Place::Log { tier, instance, partition, offset, deliveries, turn };
                Settled::Again(Delivery { place, ..*delivery })
            }
            _ => unreachable!("a store does not change its kind"),
        }
    }

    /// An instance of the workers may read the log, or may no longer.
    pub(super) fn set_member(&mut self, tier: usize, instance: u16, present: bool) {
        if let Kept::Log(_, groups) = &mut self.kept {
            let group = &mut groups[tier];
            // Whoever takes a partition reads on from what was committed, whatever is under way.
            for handover in if present { group.join(instance) } else { group.leave(instance) } {
                self.reading[tier][usize::from(handover.partition)] = 0;
            }
        }
    }
}
