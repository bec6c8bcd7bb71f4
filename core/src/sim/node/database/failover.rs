//! Servers of a database die, come back, and take over.
use super::super::super::counter::Counter;
use super::super::super::rare::Rare;
use super::super::super::simulation::Simulation;
use crate::time::Span;
use std::collections::VecDeque;

impl Simulation {
    /// A server has died. What the primary had sent is lost on its way; after a while a replica may take its place.
    pub(in crate::sim) fn database_died(&mut self, node: usize, instance: u16) {
        let now = self.now;
        let database = self.database(node);
        let (shard, member) = (instance / database.copies, instance % database.copies);
        let failover = database.failover;
        let Some(group) = database.groups.get_mut(usize::from(shard)) else { return };
        let conflicts = group.settle(now);
        if let Some(many) = &mut group.multi {
            many.fail(member);
            return self.nodes[node].counters.add(Counter::Conflicts, conflicts);
        }
        let was_primary = group.log.primary() == Some(member);
        group.under_way[usize::from(member)].clear();
        if was_primary {
            group.under_way.iter_mut().for_each(VecDeque::clear);
        }
        group.log.fail(member);
        if !was_primary {
            return;
        }
        group.died = now;
        group.unacknowledged.retain(|&(at, _)| at > now);
        if failover > Span::ZERO {
            self.plan_rarely(now + failover, Rare::Failover { node, shard });
        }
    }

    /// A server is back: it catches up with the log.
    pub(in crate::sim) fn database_returned(&mut self, node: usize, instance: u16) {
        let now = self.now;
        let database = self.database(node);
        let (shard, member) = (instance / database.copies, instance % database.copies);
        let failover = database.failover;
        let Some(group) = database.groups.get_mut(usize::from(shard)) else { return };
        let conflicts = group.settle(now);
        let arrives = now + database.replica_lag.sample(&mut database.rng);
        if let Some(many) = &mut group.multi {
            many.restore(member, arrives);
            return self.nodes[node].counters.add(Counter::Conflicts, conflicts);
        }
        group.log.restore(member);
        if group.log.primary() != Some(member) {
            let head = group.log.head();
            group.under_way[usize::from(member)].push_back((arrives, head));
        }
        let due = group.died + failover;
        if group.log.primary().is_none() && failover > Span::ZERO && due <= now {
            // There was nobody to promote when it was time.
            self.fail_over(node, shard);
        }
    }

    /// A primary had died so long ago that a replica takes its place, unless it is back, or had been meanwhile.
    pub(in crate::sim) fn failover_due(&mut self, node: usize, shard: u16) {
        let now = self.now;
        let database = self.database(node);
        if database.groups[usize::from(shard)].died + database.failover <= now {
            self.fail_over(node, shard);
        }
    }

    /// The most advanced replica takes the place of a primary that is gone.
    fn fail_over(&mut self, node: usize, shard: u16) {
        let now = self.now;
        let group = &mut self.database(node).groups[usize::from(shard)];
        group.settle(now);
        let Some(promotion) = group.log.promote() else { return };
        // Positions rise in both; a write that nobody was told of is no broken promise.
        let untold = |position| group.unacknowledged.binary_search_by_key(&position, |&(_, p)| p).is_ok();
        let lost = promotion.lost.iter().filter(|write| !untold(write.position)).count() as u64;
        group.unacknowledged.clear();
        group.under_way.iter_mut().for_each(VecDeque::clear);
        self.follow_all(node, shard);
        let counters = &mut self.nodes[node].counters;
        counters.add(Counter::Promotions, 1);
        counters.add(Counter::LostWrites, lost);
    }

    /// The replicas of a new primary get what they miss.
    fn follow_all(&mut self, node: usize, shard: u16) {
        let now = self.now;
        let database = self.database(node);
        let group = &mut database.groups[usize::from(shard)];
        let (head, primary) = (group.log.head(), group.log.primary());
        for member in (0..database.copies).filter(|&member| Some(member) != primary) {
            let at = now + database.replica_lag.sample(&mut database.rng);
            group.under_way[usize::from(member)].push_back((at, head));
        }
    }

    /// A replica takes the primary's place although that may be alive; it follows from then on.
    pub(in crate::sim) fn promote(&mut self, node: usize, shard: u16) {
        let copies = self.database(node).copies;
        let Some(group) = self.database(node).groups.get_mut(usize::from(shard)) else { return };
        let before = group.log.primary();
        if let Some(primary) = before {
            group.log.fail(primary);
            // It lives, and will acknowledge what it lost.
            group.unacknowledged.clear();
        }
        self.fail_over(node, shard);
        if let Some(primary) = before {
            self.database_returned(node, shard * copies + primary);
        }
    }
}
