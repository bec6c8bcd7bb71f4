//! What happens rarely: the timeline, restarts, failovers, scaling. Each waits in a list for its event.
use super::agenda::Event;
use super::call::Slot;
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
    /// An instance that left its balancers is stopped for a restart.
    Stop { node: usize, instance: u16, pause: Span },
    /// A shard's primary has been dead for so long that a replica is promoted.
    Failover { node: usize, shard: u16 },
    /// A cache writes back what it has only in memory.
    WriteBack { node: usize, instance: u16 },
    /// A lookup that waits for another's fetch has waited long enough.
    Unpark { slot: Slot, generation: u32 },
}

impl Simulation {
    /// Puts something rare on the agenda.
    pub(super) fn plan_rarely(&mut self, at: Time, rare: Rare) {
        let place = match self.rare.iter().position(Option::is_none) {
            Some(place) => place,
            None => {
                self.rare.push(None);
                self.rare.len() - 1
            }
        };
        self.rare[place] = Some(rare);
        self.agenda.push(at, Event::Rare(place as u32));
    }

    /// Something rare is due.
    pub(super) fn do_rarely(&mut self, place: u32) {
        let Some(rare) = self.rare[place as usize].take() else { return };
        match rare {
            Rare::Timeline(place) => self.happen(place),
            Rare::Started { node, instance } => self.started(node, instance),
            Rare::Scale { node } => self.scale(node),
            Rare::Deploy { node, instance, pause } => self.deploy_next(node, instance, pause),
            Rare::Stop { node, instance, pause } => self.stop_for_restart(node, instance, pause),
            Rare::Failover { node, shard } => self.fail_over(node, shard),
            Rare::WriteBack { node, instance } => self.write_back(node, instance),
            Rare::Unpark { slot, generation } => self.unpark(slot, generation),
        }
    }
}
