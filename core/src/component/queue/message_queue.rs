//! A queue of messages, each for one consumer, and kept until that one has acknowledged it.
use super::Full;
use crate::time::Time;
use std::collections::{BTreeMap, VecDeque};

/// What happens to a message for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// The publisher is refused, and knows (RabbitMQ: `reject-publish` with confirms).
    Reject,
    /// The oldest message that waits makes room and becomes a dead letter (`drop-head`).
    DropHead,
    /// The new message becomes a dead letter (`reject-publish-dlx`).
    DropNew,
}

/// The bounds of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many messages may wait; those at consumers do not count.
    pub length: usize,
    /// What happens to one more.
    pub overflow: Overflow,
    /// How often a message is delivered at most, ≥ 1, before it becomes a dead letter.
    pub deliveries: u16,
}

/// Why a message became a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There was no room.
    Overflow,
    /// It was delivered as often as it may be and not acknowledged.
    Deliveries,
    /// A consumer refused it for good.
    Refused,
}

/// A message that nobody will get from this queue any more; the caller publishes it to where dead letters go, or drops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetter<T> {
    /// The message.
    pub message: T,
    /// Why.
    pub reason: Reason,
    /// How often it was delivered.
    pub deliveries: u16,
}

/// Names one delivery, so that a late acknowledgement of another is not taken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    place: u32,
    /// How often the place had been used before.
    turn: u32,
}

/// A message on its way to a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery<T> {
    /// What to acknowledge.
    pub tag: Tag,
    /// To whom.
    pub consumer: u16,
    /// The message.
    pub message: T,
    /// When it was published.
    pub published: Time,
    /// How often it has been delivered, this time included: above one it may have been worked on before.
    pub deliveries: u16,
}

/// A queue and its consumers, numbered from zero in the order in which they were added.
///
/// Delivery is at least once: a message leaves when it is acknowledged or becomes a dead letter. Order is first in, first out;
/// what comes back from a consumer goes to where it was.
#[derive(Clone, Debug)]
pub struct MessageQueue<T> {
    limits: Limits,
    /// Published and never delivered; in order of `sequence`.
    fresh: VecDeque<Stored<T>>,
    /// Delivered and come back, by sequence: each is older than all that are fresh.
    returned: BTreeMap<u64, Stored<T>>,
    /// At consumers, by the place in their tag.
    places: Vec<Place<T>>,
    /// Places without a message.
    free: Vec<u32>,
    consumers: Vec<Consumer>,
    /// Whose turn it is.
    turn: usize,
    sequence: u64,
}

#[derive(Clone, Copy, Debug)]
struct Stored<T> {
    message: T,
    sequence: u64,
    published: Time,
    deliveries: u16,
}

#[derive(Clone, Debug)]
struct Place<T> {
    turn: u32,
    held: Option<(u16, Stored<T>)>,
}

#[derive(Clone, Copy, Debug)]
struct Consumer {
    prefetch: u32,
    /// How many messages it holds; at most `prefetch`.
    held: u32,
    alive: bool,
}

impl<T: Copy> MessageQueue<T> {
    /// An empty queue without consumers.
    ///
    /// # Panics
    /// If no delivery is allowed.
    pub fn new(limits: Limits) -> Self {
        assert!(limits.deliveries > 0, "a message must be delivered once to be of use");
        Self {
            limits,
            fresh: VecDeque::new(),
            returned: BTreeMap::new(),
            places: Vec::new(),
            free: Vec::new(),
            consumers: Vec::new(),
            turn: 0,
            sequence: 0,
        }
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.fresh.len() + self.returned.len()
    }

    /// Whether no message waits; consumers may still hold some.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages consumers hold and have not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// When the oldest message that waits was published: its age is the lag of the consumers.
    pub fn oldest(&self) -> Option<Time> {
        self.returned.first_key_value().map(|(_, stored)| stored).or(self.fresh.front()).map(|s| s.published)
    }

    /// Takes a message, and gives the one that became a dead letter for it, if any. O(1).
    ///
    /// # Errors
    /// When the queue is full and its overflow is [`Overflow::Reject`]; it stays as it was.
    pub fn publish(&mut self, now: Time, message: T) -> Result<Option<DeadLetter<T>>, Full<T>> {
        let mut dead = None;
        if self.len() >= self.limits.length {
            let new = DeadLetter { message, reason: Reason::Overflow, deliveries: 0 };
            match self.limits.overflow {
                Overflow::Reject => return Err(Full(message)),
                Overflow::DropNew => return Ok(Some(new)),
                Overflow::DropHead => match self.pop() {
                    Some(oldest) => dead = Some(oldest.into_dead(Reason::Overflow)),
                    None => return Ok(Some(new)),
                },
            }
        }
        self.fresh.push_back(Stored { message, sequence: self.sequence, published: now, deliveries: 0 });
        self.sequence += 1;
        Ok(dead)
    }

    /// Adds a consumer that holds at most `prefetch` ≥ 1 messages at a time; gives its number.
    pub fn add_consumer(&mut self, prefetch: u32) -> u16 {
        self.consumers.push(Consumer { prefetch, held: 0, alive: true });
        (self.consumers.len() - 1) as u16
    }

    /// The next message for the next consumer with room, each in turn; `None` when there is no message or no room. O(consumers)
    /// at worst.
    pub fn dispatch(&mut self) -> Option<Delivery<T>> {
        let count = self.consumers.len();
        let consumer = (0..count).map(|i| (self.turn + i) % count).find(|&c| self.has_room(c))?;
        let delivery = self.deliver(consumer as u16)?;
        self.turn = consumer + 1;
        Some(delivery)
    }

    /// The next message for this consumer; `None` when there is none, it holds as many as it may, or it is dead. O(1), and
    /// O(log r) among r that came back.
    pub fn deliver(&mut self, consumer: u16) -> Option<Delivery<T>> {
        if !self.has_room(usize::from(consumer)) {
            return None;
        }
        let mut stored = self.pop()?;
        stored.deliveries += 1;
        self.consumers[usize::from(consumer)].held += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { turn: 0, held: None });
            (self.places.len() - 1) as u32
        });
        let slot = &mut self.places[place as usize];
        slot.held = Some((consumer, stored));
        let tag = Tag { place, turn: slot.turn };
        let Stored { message, published, deliveries, .. } = stored;
        Some(Delivery { tag, consumer, message, published, deliveries })
    }

    /// The message is done with. Whether this was still to be said: not after its consumer died, since another may have it.
    pub fn ack(&mut self, tag: Tag) -> bool {
        self.release(tag).is_some()
    }

    /// The consumer could not work on the message: it is delivered again, before all that were published after it, or becomes a
    /// dead letter if it may not be or `again` is false. A tag that is no longer held changes nothing.
    pub fn nack(&mut self, tag: Tag, again: bool) -> Option<DeadLetter<T>> {
        let stored = self.release(tag)?;
        if again { self.put_back(stored) } else { Some(stored.into_dead(Reason::Refused)) }
    }

    /// The consumer died, or lost its connection: what it held is delivered again, or is added to `dead` in the order in
    /// which it was published. Gives how many messages come back. O(h log h) in the messages at consumers.
    pub fn fail(&mut self, consumer: u16, dead: &mut Vec<DeadLetter<T>>) -> usize {
        self.consumers[usize::from(consumer)].alive = false;
        let mut held: Vec<_> = (0..self.places.len() as u32)
            .filter_map(|place| {
                let slot = &self.places[place as usize];
                let its = slot.held.as_ref().is_some_and(|&(holder, _)| holder == consumer);
                its.then_some(Tag { place, turn: slot.turn }).and_then(|tag| self.release(tag))
            })
            .collect();
        held.sort_unstable_by_key(|stored| stored.sequence);
        let letters = dead.len();
        let count = held.len();
        dead.extend(held.into_iter().filter_map(|stored| self.put_back(stored)));
        count - (dead.len() - letters)
    }

    /// A consumer that had failed is back, and holds nothing.
    pub fn restore(&mut self, consumer: u16) {
        self.consumers[usize::from(consumer)].alive = true;
    }

    fn has_room(&self, consumer: usize) -> bool {
        self.consumers.get(consumer).is_some_and(|c| c.alive && c.held < c.prefetch)
    }

    fn pop(&mut self) -> Option<Stored<T>> {
        self.returned.pop_first().map(|(_, stored)| stored).or_else(|| self.fresh.pop_front())
    }

    fn put_back(&mut self, stored: Stored<T>) -> Option<DeadLetter<T>> {
        if stored.deliveries >= self.limits.deliveries {
            return Some(stored.into_dead(Reason::Deliveries));
        }
        self.returned.insert(stored.sequence, stored);
        None
    }

    /// Takes the message of a delivery from its consumer; `None` if the delivery is over.
    fn release(&mut self, tag: Tag) -> Option<Stored<T>> {
        let slot = self.places.get_mut(tag.place as usize).filter(|slot| slot.turn == tag.turn)?;
        let (consumer, stored) = slot.held.take()?;
        slot.turn = slot.turn.wrapping_add(1);
        self.free.push(tag.place);
        self.consumers[usize::from(consumer)].held -= 1;
        Some(stored)
    }

    /// Panics where the structure contradicts itself.
    pub fn check(&self) {
        let oldest = self.fresh.front().map_or(u64::MAX, |stored| stored.sequence);
        assert!(self.fresh.iter().is_sorted_by(|a, b| a.sequence < b.sequence), "fresh ones are in order");
        assert!(self.returned.keys().all(|&sequence| sequence < oldest), "what came back is older");
        for (number, consumer) in self.consumers.iter().enumerate() {
            let holds = |p: &&Place<T>| p.held.is_some_and(|(holder, _)| usize::from(holder) == number);
            assert!(
                self.places.iter().filter(holds).count() == consumer.held as usize,
                "held and not counted"
            );
            assert!(consumer.held <= consumer.prefetch, "a consumer holds more than it may");
        }
        let held = self.places.iter().filter(|place| place.held.is_some()).count();
        assert!(held == self.unacknowledged(), "a place is neither free nor in use");
    }
}

impl<T> Stored<T> {
    fn into_dead(self, reason: Reason) -> DeadLetter<T> {
        DeadLetter { message: self.message, reason, deliveries: self.deliveries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Seed};

    fn limits(length: usize, overflow: Overflow, deliveries: u16) -> Limits {
        Limits { length, overflow, deliveries }
    }

    #[test]
    fn a_full_queue_refuses_or_drops_as_it_is_told() {
        let publish = |overflow| {
            let mut queue = MessageQueue::new(limits(2, overflow, 1));
            let answers = [1, 2, 3].map(|message| queue.publish(Time::ZERO, message));
            queue.add_consumer(2);
            let left = std::iter::from_fn(|| queue.dispatch()).map(|d| d.message).collect::<Vec<_>>();
            (answers[2], left)
        };
        let dead = |message| Ok(Some(DeadLetter { message, reason: Reason::Overflow, deliveries: 0 }));
        assert_eq!(publish(Overflow::Reject), (Err(Full(3)), vec![1, 2]));
        assert_eq!(publish(Overflow::DropHead), (dead(1), vec![2, 3]));
        assert_eq!(publish(Overflow::DropNew), (dead(3), vec![1, 2]));
    }

    #[test]
    fn what_a_dead_consumer_held_comes_back_in_order_and_its_late_acknowledgement_counts_for_nothing() {
        let mut queue = MessageQueue::new(limits(10, Overflow::Reject, 2));
        (0..5).for_each(|message| assert_eq!(queue.publish(Time(message), message), Ok(None)));
        let (first, second) = (queue.add_consumer(3), queue.add_consumer(3));
        let held = [0, 1, 2].map(|_| queue.deliver(first).unwrap());
        assert!(queue.deliver(first).is_none() && queue.ack(held[1].tag) && !queue.ack(held[1].tag));
        let mut dead = Vec::new();
        assert_eq!(queue.fail(first, &mut dead), 2);
        let again = [0, 1].map(|_| queue.dispatch().unwrap());
        assert_eq!(again.map(|d| (d.message, d.deliveries, d.consumer)), [(0, 2, second), (2, 2, second)]);
        assert!(!queue.ack(held[0].tag) && queue.deliver(first).is_none());
        // A second failure is one delivery too many.
        assert_eq!(queue.fail(second, &mut dead), 0);
        assert_eq!(
            dead.iter().map(|d| (d.message, d.reason)).collect::<Vec<_>>(),
            [(0, Reason::Deliveries), (2, Reason::Deliveries)]
        );
        queue.restore(second);
        assert_eq!(queue.dispatch().map(|d| d.message), Some(3));
        assert_eq!(queue.oldest(), Some(Time(4)));
    }

    #[test]
    fn consumers_take_turns_and_a_refused_message_is_a_dead_letter() {
        let mut queue = MessageQueue::new(limits(10, Overflow::Reject, 5));
        (0..4).for_each(|message| assert_eq!(queue.publish(Time::ZERO, message), Ok(None)));
        for prefetch in [1, 9, 9] {
            queue.add_consumer(prefetch);
        }
        let turns: Vec<_> = std::iter::from_fn(|| queue.dispatch()).collect();
        assert_eq!(turns.iter().map(|d| d.consumer).collect::<Vec<_>>(), [0, 1, 2, 1]);
        let dead = queue.nack(turns[0].tag, false).unwrap();
        assert_eq!((dead.message, dead.reason, queue.len()), (0, Reason::Refused, 0));
    }

    /// What has become of a message.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Fate {
        Waits,
        At(u16),
        Done,
        Dead,
    }

    /// One random step, in the queue and in the twin: a list of all messages and their fates.
    fn step(
        rng: &mut Rng,
        queue: &mut MessageQueue<usize>,
        fates: &mut Vec<(Fate, u16)>,
        held: &mut Vec<Delivery<usize>>,
    ) {
        match rng.below(8) {
            0..=2 => {
                let waiting = fates.iter().filter(|f| f.0 == Fate::Waits).count();
                let dead = queue.publish(Time::ZERO, fates.len()).unwrap();
                assert_eq!(dead.is_some(), waiting >= 30);
                fates.push((Fate::Waits, 0));
                dead.into_iter().for_each(|d| fates[d.message].0 = Fate::Dead);
            }
            3 | 4 => {
                let oldest = fates.iter().position(|f| f.0 == Fate::Waits);
                let Some(delivery) = queue.dispatch() else { return };
                let fate = &mut fates[delivery.message];
                *fate = (Fate::At(delivery.consumer), fate.1 + 1);
                assert_eq!((Some(delivery.message), delivery.deliveries), (oldest, fate.1));
                held.push(delivery);
            }
            5 | 6 if !held.is_empty() => {
                // Sometimes one that died long ago: tags are never forgotten here.
                let delivery = held[rng.below(held.len() as u64) as usize];
                let fate = &mut fates[delivery.message];
                let current = *fate == (Fate::At(delivery.consumer), delivery.deliveries);
                if rng.below(2) == 0 {
                    assert_eq!(queue.ack(delivery.tag), current);
                    fate.0 = if current { Fate::Done } else { fate.0 };
                } else {
                    let dead = queue.nack(delivery.tag, true);
                    assert_eq!(dead.is_some(), current && delivery.deliveries == 3);
                    let next = if dead.is_some() { Fate::Dead } else { Fate::Waits };
                    fate.0 = if current { next } else { fate.0 };
                }
            }
            7 if rng.below(4) == 0 => {
                let consumer = rng.below(3) as u16;
                let mut dead = Vec::new();
                let back = queue.fail(consumer, &mut dead);
                let lost = fates.iter().filter(|f| f.0 == Fate::At(consumer)).count();
                assert_eq!(back + dead.len(), lost);
                fates.iter_mut().filter(|f| f.0 == Fate::At(consumer)).for_each(|f| f.0 = Fate::Waits);
                dead.iter().for_each(|d| fates[d.message].0 = Fate::Dead);
                queue.restore(consumer);
            }
            _ => {}
        }
    }

    #[test]
    fn every_message_is_acknowledged_once_or_dead_and_never_delivered_after() {
        for seed in 0..8 {
            let mut rng = Seed(seed).stream("test");
            let mut queue = MessageQueue::new(limits(30, Overflow::DropHead, 3));
            (1..4).for_each(|prefetch| assert_eq!(u32::from(queue.add_consumer(prefetch * 2)), prefetch - 1));
            let (mut fates, mut held) = (Vec::new(), Vec::new());
            for _ in 0..3_000 {
                step(&mut rng, &mut queue, &mut fates, &mut held);
                queue.check();
                assert_eq!(queue.len(), fates.iter().filter(|f| f.0 == Fate::Waits).count());
            }
            // The others may hold as many as they may.
            queue.add_consumer(1);
            while let Some(delivery) = queue.dispatch() {
                fates[delivery.message].0 = Fate::Done;
                assert!(queue.ack(delivery.tag));
            }
            // At least once: none is left waiting, and what is at a consumer is still there.
            assert!(fates.iter().all(|f| f.0 != Fate::Waits));
            assert_eq!(queue.unacknowledged(), fates.iter().filter(|f| matches!(f.0, Fate::At(_))).count());
        }
    }
}
