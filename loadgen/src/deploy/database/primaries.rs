//! Where every server of a shard takes writes: each has a log of its own, and merges those of the others into what it shows. Which of
//! two writes wins, and which are in conflict, is decided as in the simulator.
use super::super::control::Place;
use super::group::Shipment;
use super::store::{Entry, Store};
use crate::clock::unix_nanos;
use loadpath_core::component::replication::{Conflicts, Stamp};
use loadpath_core::time::Time;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// One of several servers that take writes.
pub(super) struct Primaries {
    own: u16,
    /// What was counted here since the process was started: of the writes that were taken here.
    pub(super) conflicts: Cell<Conflicts>,
    others: RefCell<Vec<Other>>,
    /// The last write that it was told of and does not show yet, by key.
    awaited: RefCell<HashMap<u64, Stamp>>,
}

/// How far another's log is known here.
#[derive(Clone, Copy, Default)]
struct Other {
    /// Up to which place it was told of writes.
    told: u64,
    /// Up to which place it has merged them.
    merged: u64,
}

impl Primaries {
    /// The member `own` of so many, as far as its file says.
    pub(super) fn open(store: &Store, own: u16, copies: u16) -> rusqlite::Result<Self> {
        let other = |member| store.merged(member).map(|merged| Other { told: merged, merged });
        let others: Vec<Other> = (0..copies).map(other).collect::<Result<_, _>>()?;
        Ok(Self { own, conflicts: Cell::default(), others: others.into(), awaited: RefCell::default() })
    }

    /// A write is taken here, for a user, at a place of the own log; by what it wins.
    pub(super) fn take(&self, store: &Store, place: u64, (key, user): (u64, u32)) -> rusqlite::Result<Stamp> {
        let mut conflicts = self.conflicts.get();
        // The machine's date is the clock that all of them share.
        let now = Time(unix_nanos());
        let stamp = store.at_once(|| {
            let mut held = store.held(key)?;
            let update = held.write(now, self.own, key, &mut conflicts);
            // No other write has this value.
            let value = format!("{:0>100}", format!("{place}.{}", self.own));
            if held.stamp() == Some(update.stamp()) {
                store.show(key, update.at.0, &value)?;
            }
            store.hold(key, &held)?;
            store.log(&Entry { place, term: 0, key, user, value, update: Some(update) })?;
            self.forget_older(key, held.stamp());
            Ok(update.stamp())
        })?;
        self.conflicts.set(conflicts);
        Ok(stamp)
    }

    /// Another member tells what it has taken. How far its log is known here; none when that makes no sense, or cannot be kept.
    pub(super) fn receive(&self, store: &Store, shipment: &Shipment) -> Option<Place> {
        let from = shipment.primary;
        let mut other = *self.others.borrow().get(usize::from(from)).filter(|_| from != self.own)?;
        for (place, told) in (shipment.after + 1..).zip(&shipment.told) {
            if place == other.told + 1 {
                other.told = place;
                self.await_one(store, told.key, told.stamp?);
            }
        }
        other.merged = self.merge(store, from, other.merged, &shipment.entries)?;
        other.told = other.told.max(other.merged);
        self.others.borrow_mut()[usize::from(from)] = other;
        Some(Place { term: 0, head: other.told, applied: other.merged })
    }

    /// Merges what follows on the place up to which it has merged a log; gives the place up to which it has then.
    fn merge(&self, store: &Store, from: u16, merged: u64, entries: &[Entry]) -> Option<u64> {
        let fresh: Vec<&Entry> = entries.iter().filter(|entry| entry.place > merged).collect();
        if fresh.first().is_none_or(|first| first.place != merged + 1) {
            return Some(merged);
        }
        let mut conflicts = self.conflicts.get();
        let last = fresh[fresh.len() - 1].place;
        let done = store.at_once(|| {
            for entry in fresh {
                let update = entry.update.filter(|update| update.primary == from && update.key == entry.key);
                let update = update.ok_or(rusqlite::Error::InvalidQuery)?;
                let mut held = store.held(entry.key)?;
                if held.receive(self.own, &update, &mut conflicts).is_shown() {
                    store.show(entry.key, update.at.0, &entry.value)?;
                }
                store.hold(entry.key, &held)?;
                self.forget_older(entry.key, held.stamp());
            }
            store.note_merged(from, last)
        });
        done.ok()?;
        self.conflicts.set(conflicts);
        Some(last)
    }

    /// Whether another one has taken a later write of a key than is shown here.
    pub(super) fn is_stale(&self, key: u64) -> bool {
        self.awaited.borrow().contains_key(&key)
    }

    /// A write will be here in a while: reads miss it until then, unless a later one is here.
    fn await_one(&self, store: &Store, key: u64, stamp: Stamp) {
        // What cannot be read now fails where it is merged.
        let is_later = store.held(key).is_ok_and(|held| held.stamp() < Some(stamp));
        if is_later {
            let mut awaited = self.awaited.borrow_mut();
            let last = awaited.entry(key).or_insert(stamp);
            *last = stamp.max(*last);
        }
    }

    fn forget_older(&self, key: u64, shown: Option<Stamp>) {
        let mut awaited = self.awaited.borrow_mut();
        if awaited.get(&key).is_some_and(|&stamp| Some(stamp) <= shown) {
            awaited.remove(&key);
        }
    }
}
