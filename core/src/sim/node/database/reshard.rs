//! A database gets another shard while it works: keys move there at a rate, and moving them is work.
use super::super::super::call::{Ask, NO_CALL, NO_TARGET, Origin};
use super::super::super::counter::Counter;
use super::super::super::rare::Rare;
use super::super::super::simulation::Simulation;
use super::super::super::station::Station;
use super::super::super::transport::Way;
use super::Group;
use crate::component::queue::Discipline;
use crate::component::shard::Migration;
use crate::id::NodeIndex;
use crate::time::{Span, Time};
use crate::topology::{NodeKind, Plan};

impl Simulation {
    /// A database gets another shard, and keys begin to move there.
    pub(in crate::sim) fn add_shard(&mut self, node: usize, rate: f64) {
        let (now, plan) = (self.now, self.plan.clone());
        let NodeKind::Database(spec) = &plan.nodes[node].kind else { return };
        let database = self.database(node);
        // One migration at a time: what still moves is taken as moved.
        let mut rest = 0;
        if let Some(migration) = database.migration.take() {
            let (moved, moving) = migration.progress();
            rest = moving - moved;
            database.shards = migration.into_after();
        }
        let mut after = database.shards.clone();
        after.grow();
        let (before, keys) = (database.shards.clone(), database.keys);
        let migration = Migration::begin(before, after, keys, now, rate);
        let first = migration.next_at();
        database.migration = Some(migration);
        if !database.groups.is_empty() {
            database.groups.push(Group::new(spec, plan.users));
        }
        let (copies, connections, queue, seed) =
            (database.copies, database.connections, database.queue, database.seed);
        let id = database.id.clone();
        let stations = &mut self.nodes[node].stations;
        for _ in 0..copies {
            let stream = seed.stream(&format!("{id}#{}/service", stations.len() + 1));
            let mut station = Station::new(connections, queue, Discipline::Fifo, stream);
            // On a host, the new server stands there too.
            station.processor = stations[0].processor;
            stations.push(station);
        }
        self.nodes[node].counters.add(Counter::MovedKeys, rest);
        self.plan_rarely(first, Rare::MoveKeys { node });
    }

    /// Keys that are due move: each is read where it was and written where it goes, which nobody waits for.
    pub(in crate::sim) fn move_keys(&mut self, node: usize) {
        let (now, mut moved) = (self.now, Vec::new());
        let next = self.database(node).migrate(now, &mut moved);
        self.nodes[node].counters.add(Counter::MovedKeys, moved.len() as u64);
        let by = Plan::into(&self.plan, NodeIndex(node as u16)).next();
        for (step, edge) in moved.into_iter().zip(by.iter().cycle()) {
            for (ask, shard) in [(Ask::Read, step.from), (Ask::Write, step.to)] {
                // Of no user.
                let (key, deadline) = (step.key, Time::NEVER);
                let origin = Origin { class: 0, user: u32::MAX, key, deadline, traced: false };
                let instance = self.server_of(node, shard, Ask::Write, &origin);
                let way = Way { edge: *edge, instance, target: NO_TARGET };
                self.put(NO_CALL, way, ask, origin, Span::ZERO);
            }
        }
        if let Some(next) = next {
            self.plan_rarely(next, Rare::MoveKeys { node });
        }
    }
}
