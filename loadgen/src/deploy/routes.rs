//! Which server of a database a caller asks: the shard by the key, and of the shard the primary, or one of the replicas, or, where all
//! take writes, the user's own.
use super::assignment::Assignment;
use super::key_map::{Growth, KeyMap};
use loadpath_core::time::Time;
use loadpath_core::topology::{DatabaseNode, Plan, PlanNode, Reads};
use std::cell::RefCell;

/// The ways to the servers of a database.
pub(super) struct Routes {
    map: RefCell<KeyMap>,
    copies: u16,
    reads: Reads,
    /// Every copy takes writes.
    is_many: bool,
    /// Which member of each shard takes writes.
    primaries: RefCell<Vec<u16>>,
    /// Whose turn it was to be read from, shard by shard.
    turns: RefCell<Vec<u16>>,
}

impl Routes {
    /// As the design says, with the primaries that the assignment knows of.
    pub(super) fn new(plan: &Plan, node: &PlanNode, spec: &DatabaseNode, assignment: &Assignment) -> Self {
        let map = RefCell::new(KeyMap::new(plan, spec));
        let none = vec![0; usize::from(spec.shards)];
        let primaries = assignment.primaries.get(&node.id).unwrap_or(&none).clone();
        let (copies, reads, is_many) = (spec.copies(), spec.reads, spec.multi_primary);
        Self { map, copies, reads, is_many, primaries: primaries.into(), turns: none.into() }
    }

    /// The instance that is asked about a user's key first.
    pub(super) fn server(&self, now: Time, reads: bool, key: u64, user: u32) -> u16 {
        let shard = self.map.borrow_mut().shard(now, key);
        if reads { self.reader(shard, user) } else { self.writer(shard, user) }
    }

    /// Who else may answer where this server of a shard cannot, one after the other.
    pub(super) fn others(&self, server: u16, reads: bool) -> Vec<u16> {
        let (shard, member) = (server / self.copies, server % self.copies);
        let next = (1..self.copies).map(|i| shard * self.copies + (member + i) % self.copies);
        let of_one = !reads || self.reads == Reads::Primary;
        if of_one || self.copies == 1 {
            return if self.is_many { next.collect() } else { Vec::new() };
        }
        let primary = self.primary(shard);
        let mut others: Vec<u16> = next.filter(|&other| other != primary).collect();
        // Nobody is fresher than the primary.
        others.extend((server != primary).then_some(primary));
        others
    }

    /// A server of each shard, for a query that needs all.
    pub(super) fn everywhere(&self, user: u32) -> impl Iterator<Item = u16> + '_ {
        (0..self.map.borrow().count()).map(move |shard| self.reader(shard, user))
    }

    /// The server of a shard whose turn it is: each caller has turns of its own.
    fn reader(&self, shard: u16, user: u32) -> u16 {
        let (primary, base) = (self.primary(shard), shard * self.copies);
        if self.reads == Reads::Primary || self.copies == 1 {
            return self.writer(shard, user);
        }
        let mut turns = self.turns.borrow_mut();
        let turn = &mut turns[usize::from(shard)];
        *turn = (*turn + 1) % self.copies;
        if self.reads == Reads::Replicas && base + *turn == primary {
            *turn = (*turn + 1) % self.copies;
        }
        base + *turn
    }

    /// Who takes a user's writes.
    fn writer(&self, shard: u16, user: u32) -> u16 {
        if self.is_many {
            shard * self.copies + (user % u32::from(self.copies)) as u16
        } else {
            self.primary(shard)
        }
    }

    fn primary(&self, shard: u16) -> u16 {
        shard * self.copies + self.primaries.borrow()[usize::from(shard)]
    }

    /// There is a shard more, whose first member leads it.
    pub(super) fn grow(&self, now: Time, growth: Growth) {
        self.map.borrow_mut().grow(now, growth);
        let count = usize::from(self.map.borrow().count());
        self.turns.borrow_mut().resize(count, 0);
        if self.primaries.borrow().len() < count {
            self.primaries.borrow_mut().resize(count, 0);
        }
    }

    /// Another member takes the writes of a shard.
    pub(super) fn learn_primary(&self, shard: u16, member: u16) {
        if let Some(primary) = self.primaries.borrow_mut().get_mut(usize::from(shard)) {
            *primary = member;
        }
    }
}
