//! A database at work: each server of each shard is a station whose workers are connections; replicas follow a log.
mod failover;
mod primaries;
mod reshard;

use super::super::call::{Ask, Origin, Slot};
use super::super::counter::Counter;
use super::super::event::Event;
use super::super::simulation::Simulation;
use super::State;
use crate::component::Shards;
use crate::component::replication::{Acknowledge, Guarantees, Log, Position, Session, Standing};
use crate::component::shard::{KeyMove, Migration};
use crate::dist::Sampler;
use crate::rng::{Rng, Seed};
use crate::run::Outcome;
use crate::time::{Span, Time};
use crate::topology::{DatabaseNode, Plan, PlanNode, Reads, Replication};
use primaries::Many;
use std::collections::VecDeque;

/// What a database knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Database {
    /// Which shard has which keys; while keys move, the migration knows.
    shards: Shards,
    migration: Option<Migration>,
    /// How many keys there are.
    keys: u64,
    read_time: Sampler,
    write_time: Sampler,
    replica_lag: Sampler,
    ship_interval: Span,
    /// The chance of lags.
    rng: Rng,
    /// Servers of a shard.
    copies: u16,
    replication: Replication,
    reads: Reads,
    failover: Span,
    /// Each shard's log, where there are replicas.
    groups: Vec<Group>,
    /// What each user wrote, by shard and user, where users are promised to read it.
    own_writes: bool,
    connections: u32,
    queue: u32,
    seed: Seed,
    id: String,
}

/// A shard's servers.
#[derive(Clone, Debug)]
struct Group {
    log: Log,
    /// What is on its way to each member, first first.
    under_way: Vec<VecDeque<(Time, Position)>>,
    /// Whose turn it is to be read from.
    turn: u16,
    /// Writes that wait for replicas: when they will be acknowledged. Nobody has been told that they are kept.
    unacknowledged: VecDeque<(Time, Position)>,
    /// When the primary died, while there is none.
    died: Time,
    /// What each user has written, by number.
    sessions: Vec<Session>,
    /// Where every member takes writes: the values, and updates on their way to each.
    multi: Option<Many>,
}

impl Database {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.groups.iter().map(|group| group.log.size() + group.sessions.len() * size_of::<Session>()).sum()
    }
}

impl Group {
    fn new(spec: &DatabaseNode, users: u32) -> Self {
        let copies = usize::from(spec.copies());
        Self {
            log: Log::new(spec.copies(), Acknowledge::Async),
            under_way: vec![VecDeque::new(); copies],
            turn: 0,
            unacknowledged: VecDeque::new(),
            died: Time::ZERO,
            sessions: if spec.own_writes { vec![Session::default(); users as usize] } else { Vec::new() },
            multi: spec.multi_primary.then(|| Many::new(spec.copies())),
        }
    }

    /// What was under way up to now has arrived; gives how many writes turned out to be in conflict.
    fn settle(&mut self, now: Time) -> u64 {
        for (member, line) in self.under_way.iter_mut().enumerate() {
            while let Some(&(at, position)) = line.front()
                && at <= now
            {
                line.pop_front();
                self.log.deliver(member as u16, position);
            }
        }
        self.multi.as_mut().map_or(0, |many| many.settle(now))
    }

    /// The server that takes writes, alive or dead; where all do, the user's own, or the next that is up.
    fn writer(&self, user: u32, up: impl Fn(u16) -> bool) -> u16 {
        let copies = self.under_way.len() as u16;
        let own = (user % u32::from(copies)) as u16;
        match &self.multi {
            Some(_) => (0..copies).map(|i| (own + i) % copies).find(|&member| up(member)).unwrap_or(own),
            None => self.log.primary().unwrap_or(self.log.last_primary()),
        }
    }
}

impl Database {
    pub(super) fn new(plan: &Plan, node: &PlanNode, spec: &DatabaseNode, seed: Seed) -> Self {
        let keys = plan.classes.iter().map(|class| class.keys).max().unwrap_or(1);
        let mut shards = Shards::over(spec.sharding, spec.shards, keys);
        for key in 0..u64::from(spec.isolated_keys) {
            shards.place(key, (key % u64::from(spec.shards)) as u16);
        }
        let grouped = spec.replicas > 0;
        Self {
            shards,
            migration: None,
            keys,
            read_time: spec.read_time.sampler(),
            write_time: spec.write_time.sampler(),
            replica_lag: spec.replica_lag.sampler(),
            ship_interval: spec.ship_interval,
            rng: seed.stream(&format!("{}/lag", node.id)),
            copies: spec.copies(),
            replication: spec.replication,
            reads: spec.reads,
            failover: spec.failover,
            groups: (0..spec.shards).filter(|_| grouped).map(|_| Group::new(spec, plan.users)).collect(),
            own_writes: spec.own_writes,
            connections: spec.connections,
            queue: spec.queue,
            seed,
            id: node.id.clone(),
        }
    }

    /// How long a query of this kind takes.
    pub(super) const fn time_of(&self, ask: Ask) -> &Sampler {
        match ask {
            Ask::Read => &self.read_time,
            _ => &self.write_time,
        }
    }

    /// Whether a write may have to wait for replicas, with its connection held.
    pub(super) fn commits(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Whether a shard has replicas that could be promoted: where all take writes, there is nothing that one could become.
    pub(in crate::sim) fn can_promote(&self, shard: u16) -> bool {
        self.groups.get(usize::from(shard)).is_some_and(|group| group.multi.is_none())
    }

    /// How many writes each server has not received yet, in the order of the instances; empty without replicas.
    pub(in crate::sim) fn behind(&self, now: Time) -> Vec<u64> {
        let late =
            |line: &VecDeque<(Time, Position)>| line.iter().rev().take_while(|(at, _)| *at > now).count();
        let group = |group: &Group| match &group.multi {
            Some(many) => many.behind(now),
            None => {
                let each = group.under_way.iter().enumerate();
                let member = |(i, line): (usize, &VecDeque<(Time, Position)>)| {
                    let is_live = group.log.standing(i as u16) == Standing::Live;
                    if is_live { late(line) as u64 } else { group.log.behind(i as u16) }
                };
                each.map(member).collect()
            }
        };
        self.groups.iter().flat_map(group).collect()
    }

    fn shard(&self, key: u64) -> u16 {
        self.migration.as_ref().map_or_else(|| self.shards.shard(key), |migration| migration.shard(key))
    }

    /// Moves the keys that are due into `moved`; gives when the next is.
    fn migrate(&mut self, now: Time, moved: &mut Vec<KeyMove>) -> Option<Time> {
        let migration = self.migration.as_mut()?;
        migration.advance(now, |step| moved.push(step));
        if !migration.is_done() {
            return Some(migration.next_at());
        }
        if let Some(migration) = self.migration.take() {
            self.shards = migration.into_after();
        }
        None
    }
}

/// When a write is at the replicas that are up: at most one less than a shard has copies.
#[derive(Default)]
struct Arrivals {
    /// In order, as far as there are any.
    times: [Time; 16],
    count: usize,
}

impl Arrivals {
    fn add(&mut self, at: Time) {
        let place = self.times[..self.count].partition_point(|&other| other <= at);
        self.times[place..=self.count].rotate_right(1);
        self.times[place] = at;
        self.count += 1;
    }

    /// When the first `k` of them have it, or all where there are fewer; `now` when nobody need have it.
    fn at(&self, k: usize, now: Time) -> Time {
        self.times[..k.min(self.count)].last().copied().unwrap_or(now)
    }
}

/// When a log that is sent every so often leaves with what is written now.
fn next_shipment(now: Time, interval: Span) -> Time {
    if interval == Span::ZERO { now } else { Time(now.0.next_multiple_of(interval.0)) }
}

impl Simulation {
    fn database(&mut self, node: usize) -> &mut Database {
        match &mut self.nodes[node].state {
            State::Database(database) => database,
            _ => unreachable!("the node is a database"),
        }
    }

    /// The server of a database that a query about a key goes to.
    pub(super) fn database_server(&mut self, node: usize, ask: Ask, origin: &Origin) -> u16 {
        let shard = self.database(node).shard(origin.key);
        self.server_of(node, shard, ask, origin)
    }

    /// One server of each shard, for a query that needs all.
    pub(super) fn shard_servers(&mut self, node: usize, ask: Ask, origin: &Origin) -> Vec<u16> {
        let database = self.database(node);
        let growing = u16::from(database.migration.is_some());
        let count = database.shards.count() + growing;
        (0..count).map(|shard| self.server_of(node, shard, ask, origin)).collect()
    }

    fn server_of(&mut self, node: usize, shard: u16, ask: Ask, origin: &Origin) -> u16 {
        let database = self.database(node);
        let copies = database.copies;
        if database.groups.is_empty() {
            return shard;
        }
        if let (Ask::Read, Reads::Replicas | Reads::All) = (ask, database.reads) {
            return shard * copies + self.reader(node, shard, origin);
        }
        let place = &self.nodes[node];
        let State::Database(database) = &place.state else { unreachable!("the node is a database") };
        let base = shard * copies;
        let up = |member: u16| place.stations[usize::from(base + member)].up;
        base + database.groups[usize::from(shard)].writer(origin.user, up)
    }

    /// The member of a shard that a read goes to: the next in turn that is up and may serve this user; else the primary.
    fn reader(&mut self, node: usize, shard: u16, origin: &Origin) -> u16 {
        let (now, base) = (self.now, usize::from(shard) * usize::from(self.database(node).copies));
        let place = &mut self.nodes[node];
        let State::Database(database) = &mut place.state else { unreachable!("the node is a database") };
        let (reads, own_writes, copies) = (database.reads, database.own_writes, database.copies);
        let group = &mut database.groups[usize::from(shard)];
        let conflicts = group.settle(now);
        place.counters.add(Counter::Conflicts, conflicts);
        for _ in 0..copies {
            group.turn = (group.turn + 1) % copies;
            let member = group.turn;
            let is_primary = group.log.primary() == Some(member);
            if !place.stations[base + usize::from(member)].up || is_primary && reads == Reads::Replicas {
                continue;
            }
            let session = group.sessions.get(origin.user as usize);
            let own = Guarantees { read_your_writes: true, ..Guarantees::NONE };
            if !own_writes || session.is_none_or(|session| session.may_read_from(&group.log, member, own)) {
                return member;
            }
        }
        group.writer(origin.user, |member| place.stations[base + usize::from(member)].up)
    }

    /// A query is done: a read is perhaps of an old value, a write goes into the log and waits for whom it must.
    pub(in crate::sim) fn database_finish(&mut self, slot: Slot) {
        let call = &self.calls[slot];
        let committed = call.step > 0;
        let (node, instance, ask) = (call.node.index(), call.instance, call.ask);
        if !committed && !self.database(node).groups.is_empty() {
            if ask == Ask::Read {
                self.notice_staleness(slot);
            } else {
                let Some(until) = self.replicate(node, instance, slot) else {
                    self.release(slot);
                    return self.answer(slot, Outcome::Failed);
                };
                if until > self.now {
                    self.calls[slot].step = 1;
                    return self.schedule(until, Event::Finish(slot));
                }
            }
        }
        self.release(slot);
        self.answer(slot, Outcome::Ok);
    }

    fn notice_staleness(&mut self, slot: Slot) {
        let (now, call) = (self.now, self.calls[slot]);
        let place = &mut self.nodes[call.node.index()];
        let State::Database(database) = &mut place.state else { unreachable!("the node is a database") };
        let (shard, member) = (call.instance / database.copies, call.instance % database.copies);
        let group = &mut database.groups[usize::from(shard)];
        let conflicts = group.settle(now);
        place.counters.add(Counter::Conflicts, conflicts);
        let stale = match &group.multi {
            Some(many) => many.values.is_behind(member, call.origin.key),
            None => group.log.is_stale(member, call.origin.key),
        };
        place.counters.add(Counter::StaleReads, u64::from(stale));
    }

    /// A write goes into the log and on its way to the replicas; gives when it counts as done. `None` when the server may not
    /// write: it was the primary when it was asked, and is no longer.
    fn replicate(&mut self, node: usize, instance: u16, slot: Slot) -> Option<Time> {
        let (now, origin) = (self.now, self.calls[slot].origin);
        let place = &mut self.nodes[node];
        let State::Database(database) = &mut place.state else { unreachable!("the node is a database") };
        let (shard, writer) = (instance / database.copies, instance % database.copies);
        let base = usize::from(shard * database.copies);
        let group = &mut database.groups[usize::from(shard)];
        let conflicts = group.settle(now);
        place.counters.add(Counter::Conflicts, conflicts);
        let up = |member: u16| place.stations[base + usize::from(member)].up;
        let live = (0..database.copies).filter(|&member| up(member)).count();
        if matches!(database.replication, Replication::Quorum(quorum) if live < usize::from(quorum)) {
            return None;
        }
        let update = group.multi.as_mut().map(|many| many.values.write(now, writer, origin.key));
        let position = match &update {
            Some(_) => Position::START,
            None if group.log.primary() == Some(writer) => group.log.append(now, origin.key, origin.user)?,
            None => return None,
        };
        if let Some(session) = group.sessions.get_mut(origin.user as usize) {
            session.has_written(position);
        }
        let mut arrivals = Arrivals::default();
        let leaves = next_shipment(now, database.ship_interval);
        for member in (0..database.copies).filter(|&member| member != writer) {
            let sent = leaves + database.replica_lag.sample(&mut database.rng);
            let at = match (update, &mut group.multi) {
                (Some(update), Some(many)) => many.send(sent, member, update),
                _ => {
                    let line = &mut group.under_way[usize::from(member)];
                    let at = line.back().map_or(sent, |&(before, _)| sent.max(before));
                    if up(member) {
                        line.push_back((at, position));
                    }
                    at
                }
            };
            if up(member) {
                arrivals.add(at);
            }
        }
        let until = match database.replication {
            Replication::Async => now,
            Replication::SemiSync => arrivals.at(1, now),
            Replication::Sync => arrivals.at(arrivals.count, now),
            // The primary has it already.
            Replication::Quorum(quorum) => arrivals.at(usize::from(quorum) - 1, now),
        };
        while group.unacknowledged.pop_front_if(|(at, _)| *at <= now).is_some() {}
        if until > now {
            group.unacknowledged.push_back((until, position));
        }
        Some(until)
    }
}
