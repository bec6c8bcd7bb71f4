//! Instances that fail by themselves and are mended, in virtual time here and for real by the agent: exponential times, as the theory of reliability has them (Barlow,
//! Proschan 1975), so that a node's instances are a Markov chain.
use super::counter::Counter;
use super::rare::Rare;
use super::simulation::Simulation;
use crate::dist::{Law, Sampler};
use crate::rng::{Rng, Seed};
use crate::time::Span;
use crate::topology::Reliability;
use std::collections::VecDeque;

/// What makes a node's instances fail, and who mends them. It draws when, and its caller lets it happen.
#[derive(Clone, Debug)]
pub struct Failing {
    mtbf: Sampler,
    mttr: Sampler,
    /// How many can be mended at the same time.
    repairers: usize,
    /// How many are.
    at_repair: usize,
    /// Who waits to be mended, first first.
    broken: VecDeque<u16>,
    rng: Rng,
}

impl Failing {
    /// All instances of the node of this id work.
    pub fn new(spec: &Reliability, id: &str, seed: Seed) -> Self {
        let law = |mean: Span| Law::Exponential(mean).sampler();
        Self {
            mtbf: law(spec.mtbf),
            mttr: law(spec.mttr),
            repairers: if spec.repairers == 0 { usize::MAX } else { usize::from(spec.repairers) },
            at_repair: 0,
            broken: VecDeque::new(),
            rng: seed.stream(&format!("{id}/failures")),
        }
    }

    /// How long an instance works until it fails next. It is drawn for each at the start, by number, and for one that is due to fail
    /// at once, whatever becomes of it: an exponential time has no memory.
    pub fn next_failure(&mut self) -> Span {
        self.mtbf.sample(&mut self.rng)
    }

    /// An instance that worked has failed; it waits to be mended.
    pub fn failed(&mut self, instance: u16) {
        self.broken.push_back(instance);
    }

    /// Whom the next free repairer takes, and how long mending takes; none when nobody is free or nobody waits. To be asked until then
    /// after each failure and each mending.
    pub fn next_repair(&mut self) -> Option<(u16, Span)> {
        if self.at_repair >= self.repairers {
            return None;
        }
        let instance = self.broken.pop_front()?;
        self.at_repair += 1;
        Some((instance, self.mttr.sample(&mut self.rng)))
    }

    /// An instance is mended, and its repairer is free.
    pub fn mended(&mut self) {
        self.at_repair -= 1;
    }
}

impl Simulation {
    /// Every instance of a node that fails by itself has its first failure ahead.
    pub(super) fn start_failing(&mut self, node: usize) {
        if self.nodes[node].failing.is_some() {
            let count = self.nodes[node].stations.len() as u16;
            (0..count).for_each(|instance| self.plan_failure(node, instance));
        }
    }

    fn plan_failure(&mut self, node: usize, instance: u16) {
        let Some(failing) = &mut self.nodes[node].failing else { return };
        let after = failing.next_failure();
        self.plan_rarely(self.now + after, Rare::Fail { node, instance });
    }

    /// An instance fails. What is down anyway does not.
    pub(super) fn fail(&mut self, node: usize, instance: u16) {
        self.plan_failure(node, instance);
        if !self.nodes[node].stations[usize::from(instance)].up {
            return;
        }
        self.kill(node, instance);
        self.count(node, Counter::Failures);
        if let Some(failing) = &mut self.nodes[node].failing {
            failing.failed(instance);
        }
        self.repair_next(node);
    }

    /// Whoever is free to mend takes the next that is broken.
    fn repair_next(&mut self, node: usize) {
        while let Some(failing) = &mut self.nodes[node].failing
            && let Some((instance, takes)) = failing.next_repair()
        {
            self.plan_rarely(self.now + takes, Rare::Mended { node, instance });
        }
    }

    /// An instance is mended, and starts again.
    pub(super) fn mended(&mut self, node: usize, instance: u16) {
        if let Some(failing) = &mut self.nodes[node].failing {
            failing.mended();
        }
        // Whom autoscaling has taken out of service meanwhile nobody starts.
        if self.nodes[node].stations[usize::from(instance)].in_service {
            self.restore(node, instance);
        }
        self.repair_next(node);
    }
}
