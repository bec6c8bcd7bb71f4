//! The servers of a shard: one takes writes, puts them into its log and sends them to the others, which show them when they
//! have them.
//!
//! ```text
//! primary ──told (key, user, at once)──▶ replica     so that it knows what it misses: stale reads, own writes
//!         ──entries (after the lag)────▶ replica     the values themselves; its answer acknowledges
//! ```
//!
//! Where all take writes, each is the primary of a log of its own, and merges what the others send.
//!
//! What a single primary has not sent yet is lost with it. A member that hears of a later term gives up what its log has beyond
//! where that term began (as in Raft; Ongaro, Ousterhout 2014, section 5.3), and follows.
mod ship;

use super::super::call::Peer;
use super::super::control::Place;
use super::super::work::Timekeeper;
use super::primaries::Primaries;
use super::store::{Entry, Store};
use loadpath_core::component::replication::{
    Acknowledge, Conflicts, Guarantees, Log, Position, Session, Stamp,
};
use loadpath_core::dist::Sampler;
use loadpath_core::rng::Rng;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{DatabaseNode, Replication};
use serde::{Deserialize, Serialize};
use ship::BATCH;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::sync::Notify;

const OWN: Guarantees = Guarantees { read_your_writes: true, ..Guarantees::NONE };

/// What a primary tells another member.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shipment {
    /// The member that sends it.
    pub(super) primary: u16,
    /// The last places that each term took over from the one before; as many as there were promotions.
    forks: Vec<u64>,
    /// The place before the first of `told`.
    pub(super) after: u64,
    /// Writes that the primary has taken.
    pub(super) told: Vec<Told>,
    /// Writes that are to be shown.
    pub(super) entries: Vec<Entry>,
}

/// What is told of a write before its value comes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    pub(super) key: u64,
    user: u32,
    /// By what it wins, where several take writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stamp: Option<Stamp>,
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
    /// Where all take writes.
    primaries: Option<Primaries>,
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
    /// The writes from the one after `kept_after` on, for who is to be told.
    recent: VecDeque<Told>,
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
    /// The member `own` of a shard, as its file says; it leads if it is `primary`, as all are where all take writes.
    pub(super) fn open(
        spec: &DatabaseNode,
        (own, primary): (u16, u16),
        time: Rc<Timekeeper>,
        rng: Rng,
    ) -> rusqlite::Result<Self> {
        let store = Store::open()?;
        let (forks, head) = (store.forks()?, store.head()?);
        let copies = spec.copies();
        let primaries = spec.multi_primary.then(|| Primaries::open(&store, own, copies)).transpose()?;
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
            primaries,
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
        let stale = match &self.primaries {
            Some(primaries) => primaries.is_stale(key),
            None => self.state.borrow().log.is_stale(self.own, key),
        };
        self.stale_reads.set(self.stale_reads.get() + u64::from(stale));
    }

    /// What became of writes that contradicted one another; none where one primary takes them all.
    pub(super) fn conflicts(&self) -> Option<Conflicts> {
        self.primaries.as_ref().map(|primaries| primaries.conflicts.get())
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
        let stamp = match &self.primaries {
            Some(primaries) => Some(primaries.take(&self.store, place, (key, user))?),
            None => {
                let value = format!("{place:0>100}");
                self.store.append(&[Entry { place, term, key, user, value, update: None }])?;
                None
            }
        };
        state.hear(position, Told { key, user, stamp });
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

    /// A replica hears from its primary. None when the sender's term is over, or the file cannot be written.
    pub(super) fn receive(&self, shipment: &Shipment) -> Option<Place> {
        if let Some(primaries) = &self.primaries {
            return primaries.receive(&self.store, shipment);
        }
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
        for (place, told) in (shipment.after + 1..).zip(&shipment.told) {
            state.hear_of(now, place, told.key, told.user);
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
    fn hear(&mut self, position: Position, write: Told) {
        self.sessions.entry(write.user).or_default().has_written(position);
        self.recent.push_back(write);
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
    fn news(&self, told: u64) -> (u64, Vec<Told>) {
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
