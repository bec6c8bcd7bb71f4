//! A queue on sockets: takes messages in, keeps them in memory, hands them to workers who are free, and again when they fail.
//!
//! A message is handed over by a call, whose answer acknowledges it; a bad one, or none, brings it back.
mod store;

use super::assignment::Assignment;
use super::edge::Edge;
use super::node::{Answer, Ask, Instance};
use super::origin::Origin;
use super::timing::Timing;
use super::work::{Timekeeper, Work};
use loadpath_core::id::{EdgeIndex, NodeIndex};
use loadpath_core::run::Outcome;
use loadpath_core::time::Time;
use loadpath_core::topology::{NodeKind, Plan, QueueNode};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
pub(super) use store::Message;
use store::{Delivery, Settled, Store};

/// How often workers that are not there are tried again, and how long they may take to answer then.
const AGAIN: Duration = Duration::from_millis(50);

/// A queue.
pub(super) struct Queue {
    pub(super) instance: Instance,
    work: Work,
    hub: Rc<Hub>,
}

/// What it keeps, and who takes from it.
struct Hub {
    store: RefCell<Store>,
    tiers: Vec<Tier>,
    /// Name and topic of each class.
    classes: Vec<(String, String)>,
    time: Rc<Timekeeper>,
    counts: RefCell<Counts>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    published: u64,
    redelivered: u64,
    dead_letters: u64,
    overflowed: u64,
}

/// A workers node that takes messages from a queue.
pub(super) struct Tier {
    /// Its id.
    pub(super) node: String,
    pub(super) edge: Rc<Edge>,
    /// How many messages each of its instances works on at once.
    workers: u32,
    /// How many messages may be under way to it.
    connections: u32,
    /// How many are, by instance.
    under_way: RefCell<Vec<u32>>,
    /// Which instances answer.
    up: RefCell<Vec<bool>>,
    is_probing: Cell<bool>,
}

impl Queue {
    /// Empty. Must be called in a local set.
    pub(super) fn new(
        plan: &Plan,
        index: NodeIndex,
        spec: &QueueNode,
        assignment: &Assignment,
        instance: Instance,
    ) -> Self {
        let out = &plan.node(index).out;
        let tier = |&edge: &_| Tier::new(plan, edge, assignment, &instance.time);
        let hub = Hub {
            store: RefCell::new(Store::new(plan, index, spec)),
            tiers: out.iter().map(tier).collect(),
            classes: plan.classes.iter().map(|c| (c.name.clone(), c.topic.clone())).collect(),
            time: instance.time.clone(),
            counts: RefCell::default(),
        };
        Self { instance, work: Work::new(&spec.service_time), hub: Rc::new(hub) }
    }

    /// A message is looked at and kept, and the publisher may go on.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let mut timing = Timing::default();
        let Some(core) = self.instance.admit(&mut timing).await else { return Answer::refused() };
        let now = self.work.spend(&self.instance, |now| now).await;
        drop(core);
        let Origin { class, user, .. } = ask.origin;
        let outcome =
            self.hub.publish(now.max(self.hub.time.clock.now()), Message { class, user, key: ask.key });
        self.hub.hand_out_all();
        self.edges().for_each(|edge| edge.report(&mut timing));
        Answer::of(outcome, timing)
    }

    /// The edges that leave it.
    pub(super) fn edges(&self) -> impl Iterator<Item = &Rc<Edge>> {
        self.hub.tiers.iter().map(|tier| &tier.edge)
    }

    /// How many messages wait.
    pub(super) fn waiting(&self) -> u64 {
        self.hub.store.borrow().waiting()
    }

    /// How many messages wait for each node of workers.
    pub(super) fn waiting_for(&self) -> BTreeMap<String, u64> {
        let store = self.hub.store.borrow();
        let tiers = self.hub.tiers.iter().enumerate();
        tiers.map(|(place, tier)| (tier.node.clone(), store.waiting_for(place))).collect()
    }

    /// Instances of workers have come or gone, as the edges know by now.
    pub(super) fn follow_workers(&self) {
        for (place, tier) in self.hub.tiers.iter().enumerate() {
            for instance in 0..tier.edge.instances() {
                self.hub.set_up(place, instance, tier.edge.is_there(instance));
            }
        }
        self.hub.hand_out_all();
    }

    /// Messages go to workers that can be reached again.
    pub(super) fn hand_out(&self) {
        self.hub.hand_out_all();
    }

    /// What was counted of it.
    pub(super) fn count(&self, counters: &mut BTreeMap<String, u64>) {
        let Counts { published, redelivered, dead_letters, overflowed } = *self.hub.counts.borrow();
        let each = [
            ("published", published),
            ("redelivered", redelivered),
            ("dead_letters", dead_letters),
            ("overflowed", overflowed),
        ];
        counters.extend(each.map(|(name, count)| (name.to_owned(), count)));
    }
}

impl Hub {
    fn publish(&self, now: Time, message: Message) -> Outcome {
        let topic = self.classes.get(usize::from(message.class)).map_or("", |(_, topic)| topic.as_str());
        let kept = self.store.borrow_mut().publish(now, topic, message);
        let mut counts = self.counts.borrow_mut();
        match kept {
            Ok(lost) => {
                counts.published += 1;
                counts.overflowed += lost;
                Outcome::Ok
            }
            Err(_) => {
                counts.overflowed += 1;
                Outcome::Refused
            }
        }
    }

    /// Messages go to whoever is free.
    fn hand_out_all(self: &Rc<Self>) {
        (0..self.tiers.len()).for_each(|tier| self.hand_out(tier));
    }

    fn hand_out(self: &Rc<Self>, tier: usize) {
        let place = &self.tiers[tier];
        if place.edge.is_cut() {
            return;
        }
        if self.store.borrow().is_log() {
            // A partition belongs to one instance: each that is free asks for itself.
            let count = place.under_way.borrow().len() as u16;
            for instance in 0..count {
                while place.is_free(instance) && self.hand_to(tier, instance) {}
            }
        } else {
            while let Some(instance) = place.freest()
                && self.hand_to(tier, instance)
            {}
        }
    }

    /// The next message goes to an instance; false when there is none.
    fn hand_to(self: &Rc<Self>, tier: usize, instance: u16) -> bool {
        let Some(delivery) = self.store.borrow_mut().next_for(tier, instance) else { return false };
        self.tiers[tier].take_place(instance);
        tokio::task::spawn_local(self.clone().see_through(tier, instance, delivery));
        true
    }

    /// Hands a message over until it is done with, or comes back.
    async fn see_through(self: Rc<Self>, tier: usize, instance: u16, delivery: Delivery) {
        let place = &self.tiers[tier];
        let class = delivery.message.class;
        let ask = delivery.message.ask(&self.classes[usize::from(class)].0);
        let mut next = Some(delivery);
        while let Some(delivery) = next {
            let mut timing = Timing::default();
            // What the workers are measured by is the time since the message was published.
            let called = place.edge.call_since(delivery.published, instance, &ask, &mut timing).await;
            place.edge.note(timing);
            if called.absent {
                self.lose(tier, instance);
            }
            let settled = self.store.borrow_mut().settle(&delivery, called.outcome == Outcome::Ok);
            let mut counts = self.counts.borrow_mut();
            next = None;
            match settled {
                Settled::Done => {}
                Settled::ComesBack => counts.redelivered += 1,
                Settled::Dead => counts.dead_letters += 1,
                Settled::Again(again) => {
                    counts.redelivered += 1;
                    next = Some(again);
                }
            }
        }
        place.give_back(instance);
        self.hand_out_all();
    }

    /// An instance is not there: it gets nothing until it answers again.
    fn lose(self: &Rc<Self>, tier: usize, instance: u16) {
        self.set_up(tier, instance, false);
        tokio::task::spawn_local(self.clone().find_again(tier));
    }

    /// Whether an instance may get messages from now on.
    fn set_up(&self, tier: usize, instance: u16, up: bool) {
        if self.tiers[tier].set_up(instance, up) {
            self.store.borrow_mut().set_member(tier, instance, up);
        }
    }

    async fn find_again(self: Rc<Self>, tier: usize) {
        let found = |instance| {
            self.set_up(tier, instance, true);
            self.hand_out(tier);
        };
        self.tiers[tier].find_again(found).await;
    }
}

impl Tier {
    /// With nothing under way.
    pub(super) fn new(plan: &Plan, index: EdgeIndex, assignment: &Assignment, time: &Rc<Timekeeper>) -> Self {
        let link = plan.edge(index);
        let NodeKind::Workers(workers) = &plan.node(link.to).kind else {
            unreachable!("a queue calls only workers")
        };
        let edge = Edge::new(plan, index, assignment, time);
        // Those that autoscaling may start are not there yet.
        let up: Vec<bool> = (0..edge.instances()).map(|instance| edge.is_there(instance)).collect();
        Self {
            node: plan.node(link.to).id.clone(),
            edge,
            workers: workers.work.workers,
            connections: link.connections.unwrap_or(u32::MAX),
            under_way: RefCell::new(vec![0; up.len()]),
            up: RefCell::new(up),
            is_probing: Cell::new(false),
        }
    }

    /// The instances that may get messages.
    pub(super) fn present(&self) -> Vec<u16> {
        let up = self.up.borrow();
        (0..up.len() as u16).filter(|&instance| up[usize::from(instance)]).collect()
    }

    /// A message is under way to an instance.
    pub(super) fn take_place(&self, instance: u16) {
        self.under_way.borrow_mut()[usize::from(instance)] += 1;
    }

    /// It is no longer.
    pub(super) fn give_back(&self, instance: u16) {
        self.under_way.borrow_mut()[usize::from(instance)] -= 1;
    }

    fn has_enough(&self) -> bool {
        self.under_way.borrow().iter().sum::<u32>() >= self.connections
    }

    /// Whether an instance could take a message now.
    pub(super) fn is_free(&self, instance: u16) -> bool {
        let place = usize::from(instance);
        self.up.borrow()[place] && self.under_way.borrow()[place] < self.workers && !self.has_enough()
    }

    /// Of the instances that could take a message now the one with the most free workers, the first among equals.
    pub(super) fn freest(&self) -> Option<u16> {
        let under_way = self.under_way.borrow();
        let free = (0..under_way.len() as u16).filter(|&instance| self.is_free(instance));
        free.min_by_key(|&instance| under_way[usize::from(instance)])
    }

    /// Whether an instance gets messages from now on; whether that is news.
    pub(super) fn set_up(&self, instance: u16, up: bool) -> bool {
        std::mem::replace(&mut self.up.borrow_mut()[usize::from(instance)], up) != up
    }

    /// Tries those that do not answer until all do, and tells of each that does; unless somebody else does that already.
    pub(super) async fn find_again(&self, mut found: impl FnMut(u16)) {
        if self.is_probing.replace(true) {
            return;
        }
        while let Some(lost) = self.lost() {
            tokio::time::sleep(AGAIN).await;
            for instance in lost {
                if self.edge.probe(instance, AGAIN).await {
                    found(instance);
                }
            }
        }
        self.is_probing.set(false);
    }

    /// The instances that should answer and do not; none when all do.
    fn lost(&self) -> Option<Vec<u16>> {
        let up = self.up.borrow();
        let is_lost = |&instance: &u16| !up[usize::from(instance)] && self.edge.is_there(instance);
        let lost: Vec<u16> = (0..up.len() as u16).filter(is_lost).collect();
        (!lost.is_empty()).then_some(lost)
    }
}
