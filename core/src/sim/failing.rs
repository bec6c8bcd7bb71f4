//! Instances that fail by themselves and are mended: exponential times, as the theory of reliability has them (Barlow,
//! Proschan 1975), so that a node's instances are a Markov chain.
use super::counter::Counter;
use super::rare::Rare;
use super::simulation::Simulation;
use crate::dist::{Law, Sampler};
use crate::rng::{Rng, Seed};
use crate::time::Span;
use crate::topology::Reliability;
use std::collections::VecDeque;

/// What makes a node's instances fail, and who mends them.
#[derive(Clone, Debug)]
pub(super) struct Failing {
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
    pub(super) fn new(spec: &Reliability, id: &str, seed: Seed) -> Box<Self> {
        let law = |mean: Span| Law::Exponential(mean).sampler();
        Box::new(Self {
            mtbf: law(spec.mtbf),
            mttr: law(spec.mttr),
            repairers: if spec.repairers == 0 { usize::MAX } else { usize::from(spec.repairers) },
            at_repair: 0,
            broken: VecDeque::new(),
            rng: seed.stream(&format!("{id}/failures")),
        })
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
        let after = failing.mtbf.sample(&mut failing.rng);
        self.plan_rarely(self.now + after, Rare::Fail { node, instance });
    }

    /// An instance fails. What is down anyway does not: an exponential time has no memory, and so the next is drawn at once,
    /// whatever becomes of this one.
    pub(super) fn fail(&mut self, node: usize, instance: u16) {
        self.plan_failure(node, instance);
        if !self.nodes[node].stations[usize::from(instance)].up {
            return;
        }
        self.kill(node, instance);
        self.count(node, Counter::Failures);
        if let Some(failing) = &mut self.nodes[node].failing {
            failing.broken.push_back(instance);
        }
        self.repair_next(node);
    }

    /// Whoever is free to mend takes the next that is broken.
    fn repair_next(&mut self, node: usize) {
        while let Some(failing) = &mut self.nodes[node].failing
            && failing.at_repair < failing.repairers
            && let Some(instance) = failing.broken.pop_front()
        {
            failing.at_repair += 1;
            let takes = failing.mttr.sample(&mut failing.rng);
            self.plan_rarely(self.now + takes, Rare::Mended { node, instance });
        }
    }

    /// An instance is mended, and starts again.
    pub(super) fn mended(&mut self, node: usize, instance: u16) {
        if let Some(failing) = &mut self.nodes[node].failing {
            failing.at_repair -= 1;
        }
        // Whom autoscaling has taken out of service meanwhile nobody starts.
        if self.nodes[node].stations[usize::from(instance)].in_service {
            self.restore(node, instance);
        }
        self.repair_next(node);
    }
}
