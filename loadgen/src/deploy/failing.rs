//! Instances that fail by themselves and are mended, for real: SIGKILL and a new process, at the instants at which the simulator
//! draws them.
use super::deployment::{DeployError, Deployment};
use crate::clock::Clock;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use loadpath_core::id::NodeIndex;
use loadpath_core::rng::Seed;
use loadpath_core::sim::Failing;
use loadpath_core::time::Time;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// What becomes of an instance of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Fails(u16, u16),
    IsMended(u16, u16),
}

/// What is due, and whom it befalls.
struct Fates {
    failing: BTreeMap<u16, Failing>,
    /// By the time since the load began.
    due: BinaryHeap<Reverse<(Time, Fate)>>,
}

impl Fates {
    /// Each instance of a node that fails by itself has its first failure ahead.
    fn new(deployment: &Deployment, seed: Seed) -> Self {
        let mut fates = Self { failing: BTreeMap::new(), due: BinaryHeap::new() };
        for (place, node) in (0_u16..).zip(&deployment.plan.nodes) {
            let Some(spec) = &node.reliability else { continue };
            fates.failing.insert(place, Failing::new(spec, &node.id, seed));
            let count = deployment.numbers_of(NodeIndex(place)).count() as u16;
            (0..count).for_each(|instance| fates.plan_failure(Time::ZERO, place, instance));
        }
        fates
    }

    fn plan_failure(&mut self, now: Time, node: u16, instance: u16) {
        if let Some(failing) = self.failing.get_mut(&node) {
            self.due.push(Reverse((now + failing.next_failure(), Fate::Fails(node, instance))));
        }
    }

    fn failed(&mut self, now: Time, node: u16, instance: u16) {
        if let Some(failing) = self.failing.get_mut(&node) {
            failing.failed(instance);
        }
        self.repair(now, node);
    }

    fn mended(&mut self, now: Time, node: u16) {
        if let Some(failing) = self.failing.get_mut(&node) {
            failing.mended();
        }
        self.repair(now, node);
    }

    fn repair(&mut self, now: Time, node: u16) {
        while let Some((instance, takes)) = self.failing.get_mut(&node).and_then(Failing::next_repair) {
            self.due.push(Reverse((now + takes, Fate::IsMended(node, instance))));
        }
    }

    fn next(&self) -> Option<Time> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }
}

impl Deployment {
    /// Lets instances fail by themselves and mends them, for ever, under a load that began at `begun` of this clock; `trouble` is
    /// told what went wrong.
    pub async fn fail(&self, seed: Seed, clock: Clock, begun: Time, mut trouble: impl FnMut(String)) {
        let mut fates = Fates::new(self, seed);
        let mut mending: FuturesUnordered<BoxFuture<'_, Result<(), DeployError>>> = FuturesUnordered::new();
        while let Some(at) = fates.next() {
            tokio::select! {
                () = tokio::time::sleep_until(clock.instant(begun + at.since(Time::ZERO))) => {}
                Some(done) = mending.next() => {
                    if let Err(fault) = done {
                        trouble(format!("an instance that had failed was not mended: {fault}"));
                    }
                    continue;
                }
            }
            let Some(Reverse((_, fate))) = fates.due.pop() else { continue };
            match fate {
                Fate::Fails(node, instance) => {
                    fates.plan_failure(at, node, instance);
                    match self.break_down(NodeIndex(node), instance).await {
                        Ok(true) => fates.failed(at, node, instance),
                        Ok(false) => {}
                        Err(fault) => trouble(format!("an instance did not fail: {fault}")),
                    }
                }
                Fate::IsMended(node, instance) => {
                    fates.mended(at, node);
                    mending.push(self.mend(NodeIndex(node), instance).boxed());
                }
            }
        }
        std::future::pending::<()>().await;
    }

    /// Whether the instance worked, and does no more.
    async fn break_down(&self, node: NodeIndex, instance: u16) -> Result<bool, DeployError> {
        let process = self.number_of(&self.plan.node(node).id, instance)?;
        if !self.is_up(process) {
            return Ok(false);
        }
        self.note(node, "failures", 1);
        self.kill_number(process).await?;
        Ok(true)
    }

    async fn mend(&self, node: NodeIndex, instance: u16) -> Result<(), DeployError> {
        let process = self.number_of(&self.plan.node(node).id, instance)?;
        // Whom autoscaling has taken out of service meanwhile nobody starts.
        if self.roster()[process as usize].in_service {
            self.restore_number(process).await?;
        }
        Ok(())
    }
}
