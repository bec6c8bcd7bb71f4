//! The servers of a shard: one takes writes, puts them into its log and sends them to the others, which show them when they
//! have them.
//!
//! ```text
//! primary ──told (key, user, at once)──▶ replica     so that it knows what it misses: stale reads, own writes
//!         ──entries (after the lag)────▶ replica     the values themselves; its answer acknowledges
//! ```
//!
//! What the primary has not sent yet is lost with it. A member that hears of a later term gives up what its log has beyond
//! where that term began (as in Raft; Ongaro, Ousterhout 2014, section 5.3), and follows.
use super::super::call::Peer;
use super::super::control::{LOG, Place};
use super::super::work::Timekeeper;
use super::store::{Entry, Store};
use bytes::Bytes;
use loadpath_core::component::replication::{Acknowledge, Guarantees, Log, Position, Session};
use loadpath_core::dist::Sampler;
use loadpath_core::rng::Rng;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{DatabaseNode, Replication};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;

/// How often a replica that does not answer is tried again.
const AGAIN: Duration = Duration::from_millis(20);
/// How long it may take to answer before it counts as gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// How many writes go into one message at most.
const BATCH: usize = 512;
const OWN: Guarantees = Guarantees { read_your_writes: true, ..Guarantees::NONE };

/// What a primary tells a replica.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shipment {
    /// The member that sends it.
    primary: u16,
    /// The last places that each term took over from the one before; as many as there were promotions.
    forks: Vec<u64>,
    /// The place before the first of `told`.
    after: u64,
    /// Key and user of writes that the primary has taken.
    told: Vec<(u64, u32)>,
    /// Writes that are to be shown.
    entries: Vec<Entry>,
}

/// A member of a shard.
pub(super) struct Group {
    pub(super) store: Store,
    time: Rc<Timekeeper>,
    own: u16,
    copies: u16,
    replication: Replication,
    ship_interval: Span,
    lag: Sampler,
    own_writes: bool,
    /// The chance of lags.
    rng: RefCell<Rng>,
    state: RefCell<State>,
    /// Something has changed that writes, or the tasks that ship them, wait for.
    changed: Notify,
    pub(super) stale_reads: Cell<u64>,
}

struct State {
    log: Log,
    forks: Vec<u64>,
    leads: bool,
    /// How often it has begun to lead, or ceased to: tasks of an earlier time end.
    reign: u64,
    members: Vec<Option<Rc<Peer>>>,
    /// What the primary knows of each member.
    followers: Vec<Follower>,
    sessions: HashMap<u32, Session>,
    /// Key and user of the writes from the one after `kept_after` on, for who is to be told.
    recent: VecDeque<(u64, u32)>,
    kept_after: u64,
}

#[derive(Clone, Default)]
struct Follower {
    up: bool,
    /// Up to where it was told of writes, and has them.
    told: u64,
    has: u64,
    /// When what is under way to it arrives, first first.
    under_way: VecDeque<(Time, u64)>,
}

impl Group {
    /// The member `own` of a shard, as its file says; it leads if it is `primary`.
    pub(super) fn open(
        spec: &DatabaseNode,
        (own, primary): (u16, u16),
        time: Rc<Timekeeper>,
        rng: Rng,
    ) -> rusqlite::Result<Self> {
        let store = Store::open()?;
        let (forks, head) = (store.forks()?, store.head()?);
        let copies = spec.copies();
        let state = State {
            log: log_of(copies, own, primary, &forks, head.index()),
            forks,
            leads: false,
            reign: 0,
            members: vec![None; usize::from(copies)],
            followers: vec![Follower::default(); usize::from(copies)],
            sessions: HashMap::new(),
            recent: VecDeque::new(),
            kept_after: head.index(),
        };
        let group = Self {
            store,
            time,
            own,
            copies,
            replication: spec.replication,
            ship_interval: spec.ship_interval,
            lag: spec.replica_lag.sampler(),
            own_writes: spec.own_writes,
            rng: RefCell::new(rng),
            state: RefCell::new(state),
            changed: Notify::new(),
            stale_reads: Cell::new(0),
        };
        group.state.borrow_mut().leads = own == primary;
        Ok(group)
    }

    /// Where the members are. A primary begins to send to them.
    pub(super) fn know(self: &Rc<Self>, addresses: &[SocketAddr]) {
        let peer = |&address: &SocketAddr| Some(Peer::new(self.time.clock, address));
        self.state.borrow_mut().members = addresses.iter().map(peer).collect();
        if self.state.borrow().leads {
            self.lead();
        }
    }

    /// Takes writes from now on, in the term after `term`, unless it has done so.
    pub(super) fn promote(self: &Rc<Self>, term: u64) -> rusqlite::Result<()> {
        let head = self.store.head()?.index();
        {
            let mut state = self.state.borrow_mut();
            if state.forks.len() as u64 > term {
                return Ok(());
            }
            while state.forks.len() as u64 <= term {
                state.forks.push(head);
            }
            self.store.cut(&state.forks, head)?;
            state.log = log_of(self.copies, self.own, self.own, &state.forks, head);
            (state.recent, state.kept_after) = (VecDeque::new(), head);
            state.leads = true;
        }
        self.lead();
        Ok(())
    }

    /// Takes no more writes.
    pub(super) fn step_down(&self) {
        let mut state = self.state.borrow_mut();
        state.leads = false;
        state.reign += 1;
        self.changed.notify_waiters();
    }

    /// How far it has come.
    pub(super) fn place(&self) -> Place {
        let state = self.state.borrow();
        let (term, head) = (state.forks.len() as u64, state.log.head().index());
        Place { term, head, applied: state.log.applied(self.own).index() }
    }

    /// How many servers the shard has.
    pub(super) const fn copies(&self) -> u16 {
        self.copies
    }

    /// Whether a read by this user may be answered here.
    pub(super) fn may_read(&self, user: u32) -> bool {
        let state = self.state.borrow();
        let session = state.sessions.get(&user);
        !self.own_writes || session.is_none_or(|session| session.may_read_from(&state.log, self.own, OWN))
    }

    /// Counts a read of a key here, if it has missed the key's last write.
    pub(super) fn notice_staleness(&self, key: u64) {
        let stale = self.state.borrow().log.is_stale(self.own, key);
        self.stale_reads.set(self.stale_reads.get() + u64::from(stale));
    }

    /// Puts a write into the log and waits for whom it must. False when it does not count as done.
    pub(super) async fn write(&self, key: u64, user: u32) -> bool {
        let Ok(Some(place)) = self.take(key, user) else { return false };
        let reign = self.state.borrow().reign;
        loop {
            let changed = self.changed.notified();
            if self.state.borrow().reign != reign {
                return false;
            }
            if self.is_done(place) {
                // What cannot be noted was kept all the same.
                let _ = self.store.acknowledge(place);
                return true;
            }
            changed.await;
        }
    }

    /// The place of a write in the log; none when this is not the primary, or too few are up.
    fn take(&self, key: u64, user: u32) -> rusqlite::Result<Option<u64>> {
        let now = self.time.clock.now();
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let too_few =
            matches!(self.replication, Replication::Quorum(quorum) if state.live() < usize::from(quorum));
        if !state.leads || too_few {
            return Ok(None);
        }
        let Some(position) = state.log.append(now, key, user) else { return Ok(None) };
        let (place, term) = (position.index(), position.term());
        let value = format!("{place:0>100}");
        self.store.append(&[Entry { place, term, key, user, value }])?;
        state.hear(position, key, user);
        let leaves = if self.ship_interval == Span::ZERO {
            now
        } else {
            Time(now.0.next_multiple_of(self.ship_interval.0))
        };
        for follower in state.followers.iter_mut().filter(|follower| follower.up) {
            let sent = leaves + self.lag.sample(&mut self.rng.borrow_mut());
            let at = follower.under_way.back().map_or(sent, |&(before, _)| sent.max(before));
            follower.under_way.push_back((at, place));
        }
        self.changed.notify_waiters();
        Ok(Some(place))
    }

    /// Whether so many have a write as must.
    fn is_done(&self, place: u64) -> bool {
        let state = self.state.borrow();
        let up = || state.followers.iter().filter(|follower| follower.up);
        let needed = match self.replication {
            Replication::Async => 0,
            Replication::SemiSync => 1,
            Replication::Sync => usize::MAX,
            // The primary has it already.
            Replication::Quorum(quorum) => usize::from(quorum) - 1,
        };
        up().filter(|follower| follower.has >= place).count() >= needed.min(up().count())
    }

    /// Begins to send to all others.
    fn lead(self: &Rc<Self>) {
        let reign = {
            let mut state = self.state.borrow_mut();
            state.reign += 1;
            state.followers.fill(Follower::default());
            state.reign
        };
        self.changed.notify_waiters();
        for member in (0..self.copies).filter(|&member| member != self.own) {
            tokio::task::spawn_local(self.clone().ship(member, reign));
            tokio::task::spawn_local(self.clone().announce(member, reign));
        }
    }

    fn reigns(&self, reign: u64) -> bool {
        self.state.borrow().reign == reign
    }

    /// Sends values to a member when their time has come, as long as this reign lasts.
    async fn ship(self: Rc<Self>, member: u16, reign: u64) {
        while self.reigns(reign) {
            if !self.state.borrow().followers[usize::from(member)].up {
                if !self.greet(member).await {
                    tokio::time::sleep(AGAIN).await;
                }
                continue;
            }
            let changed = self.changed.notified();
            let first = self.state.borrow().followers[usize::from(member)].under_way.front().copied();
            let Some((at, _)) = first else {
                changed.await;
                continue;
            };
            self.time.until(at).await;
            if self.reigns(reign) {
                self.send_due(member).await;
            }
        }
    }

    /// Sends what is due to a member, which says that it has it.
    async fn send_due(&self, member: u16) {
        let now = self.time.clock.now();
        let (mut up_to, has) = {
            let mut state = self.state.borrow_mut();
            let follower = &mut state.followers[usize::from(member)];
            let mut up_to = 0;
            while let Some((_, place)) = follower.under_way.pop_front_if(|(at, _)| *at <= now) {
                up_to = place;
            }
            (up_to, follower.has)
        };
        up_to = up_to.max(has);
        let mut from = has;
        while from < up_to {
            let Ok(entries) = self.store.after(from, up_to, BATCH) else { return };
            let Some(last) = entries.last().map(|entry| entry.place) else { return };
            if !self.tell(member, |shipment| shipment.entries = entries).await {
                return;
            }
            from = last;
        }
    }

    /// Tells a member at once which keys were written, as long as this reign lasts.
    async fn announce(self: Rc<Self>, member: u16, reign: u64) {
        while self.reigns(reign) {
            let changed = self.changed.notified();
            let news = {
                let state = self.state.borrow();
                let follower = &state.followers[usize::from(member)];
                let unheard = state.kept_after..state.log.head().index();
                (follower.up && unheard.contains(&follower.told)).then(|| state.news(follower.told))
            };
            match news {
                Some((after, told)) => {
                    self.tell(member, |shipment| (shipment.after, shipment.told) = (after, told)).await;
                }
                None => changed.await,
            }
        }
    }

    /// Asks a member that was not there how far it is, and puts what it misses on its way. False when it does not answer.
    async fn greet(&self, member: u16) -> bool {
        let Some(place) = self.send(member, |_| ()).await else { return false };
        let lag = self.lag.sample(&mut self.rng.borrow_mut());
        let mut state = self.state.borrow_mut();
        let head = state.log.head();
        state.log.restore(member);
        let arrives = self.time.clock.now() + lag;
        state.followers[usize::from(member)] = Follower {
            up: true,
            told: place.head.min(head.index()),
            has: place.applied.min(head.index()),
            under_way: VecDeque::from([(arrives, head.index())]),
        };
        state.learn(member, place);
        self.changed.notify_waiters();
        true
    }

    /// Sends something to a member and learns from its answer, or that it is gone.
    async fn tell(&self, member: u16, fill: impl FnOnce(&mut Shipment)) -> bool {
        let reign = self.state.borrow().reign;
        let answer = self.send(member, fill).await;
        let mut state = self.state.borrow_mut();
        if state.reign != reign {
            return false;
        }
        match answer {
            Some(place) => state.learn(member, place),
            None => {
                state.log.fail(member);
                state.followers[usize::from(member)] = Follower::default();
            }
        }
        drop(state);
        self.changed.notify_waiters();
        answer.is_some()
    }

    async fn send(&self, member: u16, fill: impl FnOnce(&mut Shipment)) -> Option<Place> {
        let (peer, forks) = {
            let state = self.state.borrow();
            (state.members[usize::from(member)].clone()?, state.forks.clone())
        };
        let mut shipment =
            Shipment { primary: self.own, forks, after: 0, told: Vec::new(), entries: Vec::new() };
        fill(&mut shipment);
        let body = serde_json::to_vec(&shipment).expect("a shipment holds only what JSON can say");
        let answer = tokio::time::timeout(ANSWER_WITHIN, peer.tell(LOG, Bytes::from(body))).await;
        serde_json::from_slice(&answer.ok()??).ok()
    }

    /// A replica hears from its primary. None when the sender's term is over, or the file cannot be written.
    pub(super) fn receive(&self, shipment: &Shipment) -> Option<Place> {
        let (term, own_term) = (shipment.forks.len(), self.state.borrow().forks.len());
        let leads = self.state.borrow().leads;
        if term < own_term || leads && term == own_term {
            return None;
        }
        let known = self.state.borrow().log.primary() == Some(shipment.primary);
        if term > own_term || !known {
            self.follow(shipment).ok()?;
        }
        let now = self.time.clock.now();
        let mut state = self.state.borrow_mut();
        for (place, &(key, user)) in (shipment.after + 1..).zip(&shipment.told) {
            state.hear_of(now, place, key, user);
        }
        let has = state.log.applied(self.own).index();
        let fresh: Vec<Entry> = shipment.entries.iter().filter(|entry| entry.place > has).cloned().collect();
        if fresh.first().is_some_and(|first| first.place == has + 1) {
            self.store.append(&fresh).ok()?;
            for entry in &fresh {
                state.hear_of(now, entry.place, entry.key, entry.user);
            }
            let last = Position::new(term as u64, fresh[fresh.len() - 1].place);
            state.log.deliver(self.own, last);
        }
        drop(state);
        Some(self.place())
    }

    /// A member follows another: what that one's history does not have is given up.
    fn follow(&self, shipment: &Shipment) -> rusqlite::Result<()> {
        self.step_down();
        let head = self.store.head()?;
        let later = shipment.forks.iter().skip(head.term() as usize);
        let kept = later.fold(head.index(), |kept, &fork| kept.min(fork));
        self.store.cut(&shipment.forks, kept)?;
        let mut state = self.state.borrow_mut();
        state.forks.clone_from(&shipment.forks);
        state.log = log_of(self.copies, self.own, shipment.primary, &shipment.forks, kept);
        (state.recent, state.kept_after) = (VecDeque::new(), kept);
        Ok(())
    }
}

impl State {
    /// How many members are up, itself included.
    fn live(&self) -> usize {
        1 + self.followers.iter().filter(|follower| follower.up).count()
    }

    /// Remembers who wrote what, for sessions here and for who is told later.
    fn hear(&mut self, position: Position, key: u64, user: u32) {
        self.sessions.entry(user).or_default().has_written(position);
        self.recent.push_back((key, user));
        let told = self.followers.iter().filter(|f| f.up).map(|f| f.told).min();
        let told = told.unwrap_or(position.index());
        while self.kept_after < told && self.recent.pop_front().is_some() {
            self.kept_after += 1;
        }
    }

    /// A replica is told of a write that its primary has taken; it may know.
    fn hear_of(&mut self, now: Time, place: u64, key: u64, user: u32) {
        if place == self.log.head().index() + 1
            && let Some(position) = self.log.append(now, key, user)
        {
            self.sessions.entry(user).or_default().has_written(position);
        }
    }

    /// The writes that who was told of those up to `told` has not heard of. What is no longer kept comes with the values.
    fn news(&self, told: u64) -> (u64, Vec<(u64, u32)>) {
        let skip = (told - self.kept_after) as usize;
        (told, self.recent.iter().skip(skip).take(BATCH).copied().collect())
    }

    /// A member has said how far it is.
    fn learn(&mut self, member: u16, place: Place) {
        let (term, head) = (self.forks.len() as u64, self.log.head().index());
        let follower = &mut self.followers[usize::from(member)];
        follower.told = follower.told.max(place.head.min(head));
        follower.has = follower.has.max(place.applied.min(head));
        let has = Position::new(term, follower.has);
        // A place that lies before this term has the position of the term in which it was written; the later is as good.
        self.log.deliver(member, has);
    }
}

/// The log of a member that has all up to `head` and knows of nothing more.
fn log_of(copies: u16, own: u16, primary: u16, forks: &[u64], head: u64) -> Log {
    let term = |term: usize| Position::new(term as u64, forks[term]);
    let terms = (0..forks.len()).map(term).collect();
    let head = Position::new(forks.len() as u64, head);
    Log::resume((copies, own, primary), Acknowledge::Async, terms, head)
}
