//! What happens rarely: the timeline, restarts, failovers, scaling. Each waits in a list for its event.
use super::call::Slot;
use super::event::Event;
use super::simulation::Simulation;
use crate::time::{Span, Time};

/// Something rare that is due.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rare {
    /// The next thing on the plan's timeline.
    Timeline(usize),
    /// An instance has started and serves from now on.
    Started { node: usize, instance: u16 },
    /// Monitoring looks at a tier that scales.
    Scale { node: usize },
    /// A rolling deployment takes an instance away, and the next.
    Deploy { node: usize, instance: u16, pause: Span },
    /// An instance that left its balancers is stopped for a restart when it is idle, or at `until`.
    Stop { node: usize, instance: u16, pause: Span, until: Time },
    /// Instances that scaling took out of service stop when they are idle.
    StopIdle { node: usize },
    /// A shard's primary has been dead for so long that a replica is promoted.
    Failover { node: usize, shard: u16 },
    /// A key, or several, of a database that is resharded are due to move.
    MoveKeys { node: usize },
    /// A cache writes back what it has only in memory.
    WriteBack { node: usize, instance: u16 },
    /// An instance fails by itself.
    Fail { node: usize, instance: u16 },
    /// An instance is mended.
    Mended { node: usize, instance: u16 },
    /// Somebody who waits in a queue has waited long enough.
    Leave { slot: Slot, generation: u32 },
    /// Whoever was to fetch a key has had the time for it.
    Lease { node: usize, instance: u16, key: u64, fetch: u64 },
}

impl Simulation {
    /// Puts something rare on the agenda.
    pub(super) fn plan_rarely(&mut self, at: Time, rare: Rare) {
        let place = self.rare_free.pop().unwrap_or_else(|| {
            self.rare.push(None);
            (self.rare.len() - 1) as u32
        });
        self.rare[place as usize] = Some(rare);
        self.agenda.push(at, Event::Rare(place));
    }

    /// Something rare is due.
    pub(super) fn do_rarely(&mut self, place: u32) {
        let Some(rare) = self.rare[place as usize].take() else { return };
        self.rare_free.push(place);
        match rare {
            Rare::Timeline(place) => self.happen(place),
            Rare::Started { node, instance } => self.started(node, instance),
            Rare::Scale { node } => self.scale(node),
            Rare::Deploy { node, instance, pause } => self.deploy_next(node, instance, pause),
            Rare::Stop { node, instance, pause, until } => self.drain(node, instance, pause, until),
            Rare::StopIdle { node } => self.stop_idle(node),
            Rare::Failover { node, shard } => self.failover_due(node, shard),
            Rare::MoveKeys { node } => self.move_keys(node),
            Rare::WriteBack { node, instance } => self.write_back(node, instance),
            Rare::Fail { node, instance } => self.fail(node, instance),
            Rare::Mended { node, instance } => self.mended(node, instance),
            Rare::Leave { slot, generation } => self.leave_queue(slot, generation),
            Rare::Lease { node, instance, key, fetch } => self.lease_over(node, instance, key, fetch),
        }
    }
}
