//! A queue that is a broker, as its desk sees it: what publishers give goes in, and what comes out goes to workers who are free.
use super::lines::Lines;
use super::parcel::Parcel;
use super::{ACKNOWLEDGED_WITHIN, Arrival, Broker, News, Published, Receipt, Verdict};
use crate::clock::unix_nanos;
use crate::deploy::assignment::Assignment;
use crate::deploy::edge::Edge;
use crate::deploy::node::{Answer, Ask, Instance};
use crate::deploy::queue::{Message, Tier};
use crate::deploy::timing::Timing;
use crate::deploy::work::Timekeeper;
use loadpath_core::component::queue::{Assignment as Shares, ConsumerGroup, PartitionedLog};
use loadpath_core::id::NodeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::topology::{Plan, QueueMode, QueueNode};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the broker is asked how many messages wait.
const LOOKED_EVERY: Duration = Duration::from_millis(200);

/// A queue that is a broker.
pub(in crate::deploy) struct Relay {
    hub: Rc<Hub>,
}

struct Hub {
    broker: Broker,
    lines: Lines,
    tiers: Vec<Tier>,
    /// Says where each key is, of a log; it keeps nothing.
    log: Option<PartitionedLog<()>>,
    /// Who reads which partition of a log, for each of the tiers.
    groups: RefCell<Vec<ConsumerGroup>>,
    /// By line: what has come and has no worker yet, the oldest first.
    held: RefCell<Vec<VecDeque<Arrival>>>,
    /// By lane: how many messages were published.
    numbers: RefCell<Vec<u64>>,
    names: Vec<String>,
    time: Rc<Timekeeper>,
    /// When this desk was started, and its clock read nothing.
    life: u64,
    /// By line: how many messages wait, as the broker said last.
    waiting: RefCell<Vec<u64>>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    published: Cell<u64>,
    redelivered: Cell<u64>,
    dead_letters: Cell<u64>,
    overflowed: Cell<u64>,
}

fn add(count: &Cell<u64>, more: u64) {
    count.set(count.get() + more);
}

impl Relay {
    /// Connects to the broker at this address, and begins to hand out. Must be called in a local set.
    ///
    /// # Errors
    /// What the broker refuses.
    pub(in crate::deploy) async fn open(
        plan: &Plan,
        index: NodeIndex,
        spec: &QueueNode,
        assignment: &Assignment,
        time: &Rc<Timekeeper>,
        at: SocketAddr,
    ) -> Result<Self, String> {
        let lines = Lines::new(plan, index, spec);
        let out = &plan.node(index).out;
        let tiers: Vec<Tier> = out.iter().map(|&edge| Tier::new(plan, edge, assignment, time)).collect();
        let group = |tier: &Tier| {
            let mut group = ConsumerGroup::new(Shares::Range, lines.partitions);
            tier.present().into_iter().for_each(|instance| drop(group.join(instance)));
            group
        };
        let (told, news) = mpsc::unbounded_channel();
        let life = unix_nanos().saturating_sub(time.clock.now().0);
        let broker = Broker::open(spec.engine, (at, &assignment.secret), &lines, life, told).await?;
        let lanes = lines.classes.len().max(usize::from(lines.partitions));
        let hub = Rc::new(Hub {
            broker,
            log: (spec.mode == QueueMode::Log).then(|| PartitionedLog::new(lines.partitions, 0)),
            groups: RefCell::new(tiers.iter().map(group).collect()),
            held: RefCell::new(lines.lines.iter().map(|_| VecDeque::new()).collect()),
            numbers: RefCell::new(vec![0; lanes]),
            names: plan.classes.iter().map(|class| class.name.clone()).collect(),
            time: time.clone(),
            life,
            waiting: RefCell::default(),
            counts: Counts::default(),
            tiers,
            lines,
        });
        tokio::task::spawn_local(hub.clone().hear(news));
        tokio::task::spawn_local(hub.clone().look());
        tokio::task::spawn_local(hub.clone().keep_hold());
        Ok(Self { hub })
    }

    /// A message goes to the broker, and the publisher may go on when that has it.
    pub(in crate::deploy) async fn answer(&self, instance: &Instance, ask: &Ask) -> Answer {
        let mut timing = Timing::default();
        let Some(place) = instance.admit(&mut timing).await else { return Answer::refused() };
        let message = Message { class: ask.origin.class, user: ask.origin.user, key: ask.key };
        let outcome = self.hub.publish(message).await;
        drop(place);
        self.edges().for_each(|edge| edge.report(&mut timing));
        Answer::of(outcome, timing)
    }

    /// The edges that leave it.
    pub(in crate::deploy) fn edges(&self) -> impl Iterator<Item = &Rc<Edge>> {
        self.hub.tiers.iter().map(|tier| &tier.edge)
    }

    /// How many messages wait.
    pub(in crate::deploy) fn waiting(&self) -> u64 {
        let held = self.hub.held.borrow().iter().map(VecDeque::len).sum::<usize>() as u64;
        self.hub.waiting.borrow().iter().sum::<u64>() + held
    }

    /// How many messages wait for each node of workers; a line that several share waits for each.
    pub(in crate::deploy) fn waiting_for(&self) -> BTreeMap<String, u64> {
        let (waiting, held) = (self.hub.waiting.borrow(), self.hub.held.borrow());
        let lines = self.hub.lines.lines.iter().enumerate();
        let mut all = BTreeMap::new();
        for (number, line) in lines {
            let here = waiting.get(number).copied().unwrap_or(0) + held[number].len() as u64;
            for &tier in &line.tiers {
                *all.entry(self.hub.tiers[tier].node.clone()).or_default() += here;
            }
        }
        all
    }

    /// Instances of workers have come or gone, as the edges know by now.
    pub(in crate::deploy) fn follow_workers(&self) {
        for (place, tier) in self.hub.tiers.iter().enumerate() {
            for instance in 0..tier.edge.instances() {
                self.hub.set_up(place, instance, tier.edge.is_there(instance));
            }
        }
        self.hub.hand_out_all();
    }

    /// Messages go to workers that can be reached again.
    pub(in crate::deploy) fn hand_out(&self) {
        self.hub.hand_out_all();
    }

    /// What was counted of it.
    pub(in crate::deploy) fn count(&self, counters: &mut BTreeMap<String, u64>) {
        let Counts { published, redelivered, dead_letters, overflowed } = &self.hub.counts;
        let each = [
            ("published", published),
            ("redelivered", redelivered),
            ("dead_letters", dead_letters),
            ("overflowed", overflowed),
        ];
        counters.extend(each.map(|(name, count)| (name.to_owned(), count.get())));
    }
}

impl Hub {
    async fn publish(&self, message: Message) -> Outcome {
        let partition = self.log.as_ref().map(|log| log.partition(message.key));
        let lane = partition.unwrap_or(message.class);
        let number = self.next_number(lane);
        let parcel = Parcel { life: self.life, lane, number, published: self.time.clock.now(), message };
        match self.broker.publish(message.class, partition, &parcel).await {
            Published::Kept => {
                add(&self.counts.published, 1);
                Outcome::Ok
            }
            Published::Full => {
                add(&self.counts.overflowed, 1);
                Outcome::Refused
            }
            Published::Unknown => Outcome::Failed,
        }
    }

    fn next_number(&self, lane: u16) -> u64 {
        let mut numbers = self.numbers.borrow_mut();
        let Some(next) = numbers.get_mut(usize::from(lane)) else { return 0 };
        *next += 1;
        *next - 1
    }

    /// Takes what the broker delivers, and tells, for ever.
    async fn hear(self: Rc<Self>, mut news: mpsc::UnboundedReceiver<News>) {
        while let Some(one) = news.recv().await {
            match one {
                News::Arrived(arrival) => {
                    let line = arrival.line;
                    add(&self.counts.redelivered, u64::from(arrival.deliveries > 1));
                    self.held.borrow_mut()[line].push_back(arrival);
                    self.hand_out(line);
                }
                News::Dead => add(&self.counts.dead_letters, 1),
                News::Overflowed(lost) => add(&self.counts.overflowed, lost),
            }
        }
    }

    /// Messages go to whoever is free.
    fn hand_out_all(self: &Rc<Self>) {
        (0..self.lines.lines.len()).for_each(|line| self.hand_out(line));
    }

    fn hand_out(self: &Rc<Self>, line: usize) {
        let is_empty = || self.held.borrow()[line].is_empty();
        while !is_empty()
            && let Some((tier, instance)) = self.free_for(line)
        {
            let arrival = self.held.borrow_mut()[line].pop_front().expect("it is not empty");
            self.tiers[tier].take_place(instance);
            tokio::task::spawn_local(self.clone().see_through(tier, instance, arrival));
        }
    }

    /// Whose workers could take a message of a line now.
    fn free_for(&self, line: usize) -> Option<(usize, u16)> {
        let line = &self.lines.lines[line];
        line.tiers.iter().find_map(|&number| {
            let tier = &self.tiers[number];
            if tier.edge.is_cut() {
                return None;
            }
            let instance = match line.partition {
                // A partition belongs to one instance.
                Some(partition) => {
                    self.groups.borrow()[number].owner(partition).filter(|&owner| tier.is_free(owner))
                }
                None => tier.freest(),
            };
            Some((number, instance?))
        })
    }

    /// Hands a message over, and tells the broker what has become of it.
    async fn see_through(self: Rc<Self>, tier: usize, instance: u16, arrival: Arrival) {
        let place = &self.tiers[tier];
        let Arrival { parcel, deliveries, receipt, .. } = arrival;
        let name = self.names.get(usize::from(parcel.message.class)).map_or("", String::as_str);
        let (ask, mut timing) = (parcel.message.ask(name), Timing::default());
        // What the workers are measured by is the time since the message was published.
        let published = parcel.published_for(self.life);
        let called = {
            let call = place.edge.call_since(published, instance, &ask, &mut timing);
            tokio::pin!(call);
            loop {
                tokio::select! {
                    called = &mut call => break called,
                    () = tokio::time::sleep(ACKNOWLEDGED_WITHIN / 3) => receipt.still().await,
                }
            }
        };
        place.edge.note(timing);
        if called.absent {
            self.lose(tier, instance);
        }
        let verdict = match called.outcome {
            Outcome::Ok => Verdict::Done,
            _ if u32::from(deliveries) < self.lines.spec.deliveries => Verdict::Again,
            _ => Verdict::Dead,
        };
        self.broker.settle(&receipt, verdict).await;
        place.give_back(instance);
        self.hand_out_all();
    }

    /// An instance is not there: it gets nothing until it answers again, and others read its partitions.
    fn lose(self: &Rc<Self>, tier: usize, instance: u16) {
        self.set_up(tier, instance, false);
        tokio::task::spawn_local(self.clone().find_again(tier));
    }

    /// Whether an instance may get messages from now on.
    fn set_up(&self, tier: usize, instance: u16, up: bool) {
        if self.tiers[tier].set_up(instance, up) {
            let group = &mut self.groups.borrow_mut()[tier];
            if up {
                group.join(instance)
            } else {
                group.leave(instance)
            };
        }
    }

    async fn find_again(self: Rc<Self>, tier: usize) {
        let found = |instance| {
            self.set_up(tier, instance, true);
            self.hand_out_all();
        };
        self.tiers[tier].find_again(found).await;
    }

    /// Asks how many messages wait, for ever.
    async fn look(self: Rc<Self>) {
        loop {
            if let Some(waiting) = self.broker.waiting().await {
                *self.waiting.borrow_mut() = waiting;
            }
            tokio::time::sleep(LOOKED_EVERY).await;
        }
    }

    /// Tells the broker that what has no worker yet is not forgotten, for ever.
    async fn keep_hold(self: Rc<Self>) {
        loop {
            tokio::time::sleep(ACKNOWLEDGED_WITHIN / 3).await;
            let receipts: Vec<Arc<Receipt>> =
                self.held.borrow().iter().flatten().map(|arrival| arrival.receipt.clone()).collect();
            for receipt in receipts {
                receipt.still().await;
            }
        }
    }
}
