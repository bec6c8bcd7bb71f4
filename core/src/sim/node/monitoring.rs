//! Monitoring at work: it looks at each tier that scales, as often as its interval says.
use super::super::rare::Rare;
use super::super::simulation::Simulation;
use super::State;
use crate::component::scaling::Observed;
use crate::time::Span;

impl Simulation {
    pub(in crate::sim) fn plan_look(&mut self, node: usize) {
        let interval = self.plan.monitoring.expect("check asks for monitoring where a tier scales");
        self.plan_rarely(self.now + interval, Rare::Scale { node });
    }

    /// Monitoring looks at a tier, and it may grow or shrink.
    pub(in crate::sim) fn scale(&mut self, node: usize) {
        self.plan_look(node);
        let observed = self.observe(node);
        let now = self.now;
        let scaling = self.nodes[node].scaling.as_mut().expect("only tiers that scale are looked at");
        let desired = usize::from(scaling.autoscaler.decide(now, observed).desired);
        self.scale_to(node, desired);
    }

    /// What autoscaling sees: the mean of the time since it last looked.
    fn observe(&mut self, node: usize) -> Observed {
        let (now, interval) = (self.now, self.plan.monitoring.unwrap_or(Span::SECOND));
        let backlog = self.backlog_of(node);
        let place = &mut self.nodes[node];
        let serving = place.stations.iter().filter(|station| station.serves());
        let workers: u32 = serving.clone().map(|station| station.workers).sum();
        let taken: u64 = place.stations.iter().map(|station| station.taken_ever(now)).sum();
        let scaling = place.scaling.as_mut().expect("only tiers that scale are looked at");
        let used = (taken - std::mem::replace(&mut scaling.taken, taken)) as f64;
        let utilization = used / interval.0 as f64 / f64::from(workers.max(1));
        let instances = place.stations.iter().filter(|station| station.in_service).count() as u16;
        let value = if scaling.by_backlog { backlog as f64 } else { utilization };
        Observed { instances, value }
    }

    /// What waits for a tier: in its own queues, and in those that its workers take from.
    fn backlog_of(&self, node: usize) -> u64 {
        let own: usize = self.nodes[node].stations.iter().map(|station| station.waiting(self.now)).sum();
        let from = self.edges.iter().filter(|edge| edge.to.index() == node).map(|edge| edge.from.index());
        let queued: u64 = from
            .filter_map(|from| match &self.nodes[from].state {
                State::Queue(queue) => Some(queue.waiting_for(node)),
                _ => None,
            })
            .sum();
        own as u64 + queued
    }
}
