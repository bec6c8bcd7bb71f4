//! Which shard of a database a key is on, also while keys move because there is one more.
use loadpath_core::component::Shards;
use loadpath_core::component::shard::{KeyMove, Migration};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{DatabaseNode, Plan};
use serde::{Deserialize, Serialize};

/// A shard more, as a process is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Growth {
    /// How many keys move each second, > 0.
    pub(super) rate: f64,
    /// How long ago they began to move.
    pub(super) ago: Span,
}

/// The map of a database's keys. Everybody who has one is told of growth at about the same time, and keys move by the clock.
pub(super) struct KeyMap {
    shards: Shards,
    keys: u64,
    /// With what is to be added to this process's time for the migration's, and what to be taken away.
    migration: Option<(Migration, Span, Time)>,
}

impl KeyMap {
    /// As the design says.
    pub(super) fn new(plan: &Plan, spec: &DatabaseNode) -> Self {
        let keys = plan.classes.iter().map(|class| class.keys).max().unwrap_or(1);
        let mut shards = Shards::over(spec.sharding, spec.shards, keys);
        for key in 0..u64::from(spec.isolated_keys) {
            shards.place(key, (key % u64::from(spec.shards)) as u16);
        }
        Self { shards, keys, migration: None }
    }

    /// How many shards there are.
    pub(super) fn count(&self) -> u16 {
        self.shards.count() + u16::from(self.migration.is_some())
    }

    /// There is a shard more, and keys begin to move there: how many were still on the way to an earlier one, and are taken as moved.
    pub(super) fn grow(&mut self, now: Time, growth: Growth) -> u64 {
        let mut rest = 0;
        if let Some((before, ..)) = self.migration.take() {
            let (moved, moving) = before.progress();
            rest = moving - moved;
            self.shards = before.into_after();
        }
        let mut after = self.shards.clone();
        after.grow();
        let migration = Migration::begin(self.shards.clone(), after, self.keys, Time::ZERO, growth.rate);
        self.migration = Some((migration, growth.ago, now));
        rest
    }

    /// The shard of a key. Each key that is due has moved.
    pub(super) fn shard(&mut self, now: Time, key: u64) -> u16 {
        self.advance(now, drop);
        self.migration.as_ref().map_or_else(|| self.shards.shard(key), |(moving, ..)| moving.shard(key))
    }

    /// Moves the keys that are due, and tells of each.
    pub(super) fn advance(&mut self, now: Time, moved: impl FnMut(KeyMove)) {
        let Some((migration, ago, told)) = &mut self.migration else { return };
        migration.advance(Time::ZERO + *ago + now.since(*told), moved);
        if migration.is_done()
            && let Some((done, ..)) = self.migration.take()
        {
            self.shards = done.into_after();
        }
    }

    /// When the next key moves; never when none does.
    pub(super) fn next_at(&self) -> Time {
        let next = |(migration, ago, told): &(Migration, Span, Time)| {
            *told + migration.next_at().since(Time::ZERO + *ago)
        };
        self.migration.as_ref().map_or(Time::NEVER, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{NodeKind, check, three_tier};

    #[test]
    fn who_is_told_later_knows_where_keys_are_by_then() {
        let mut document = three_tier();
        let place = document.nodes.iter().position(|node| node.kind == "database").unwrap();
        document.nodes[place].params.insert("shards".into(), 2.0.into());
        let plan = check(&document).unwrap();
        let NodeKind::Database(spec) = &plan.nodes[place].kind else { panic!() };
        let (mut early, mut late) = (KeyMap::new(&plan, spec), KeyMap::new(&plan, spec));
        assert_eq!(early.next_at(), Time::NEVER);
        let second = Span::SECOND;
        early.grow(Time(second.0), Growth { rate: 100.0, ago: Span::ZERO });
        // Its process was started again three seconds later, and its clock with it.
        late.grow(Time(5), Growth { rate: 100.0, ago: Span(3 * second.0) });
        assert_eq!(early.next_at(), Time(second.0) + Span::from_millis(10));
        let mut moved = 0;
        early.advance(Time(4 * second.0), |step| {
            assert!(step.from != step.to);
            moved += 1;
        });
        assert_eq!((moved, early.count()), (300, 3));
        for key in 0..2_000 {
            assert_eq!(early.shard(Time(4 * second.0), key), late.shard(Time(5), key), "{key}");
        }
        assert_eq!(late.next_at(), Time(5) + Span::from_millis(10));
        let rest = early.grow(Time(4 * second.0), Growth { rate: 100.0, ago: Span::ZERO });
        assert!(rest > 0 && early.count() == 4, "{rest}");
    }
}
