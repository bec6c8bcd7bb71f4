//! Monitoring on sockets, which is the agent itself: it looks at each tier that scales, as often as its interval says, and starts or stops
//! instances as the simulator's autoscaler decides. Callers learn where instances are as they come and go.
use super::control::Control;
use super::deployment::{DeployError, Deployment};
use super::layout::called_by;
use super::order::{Order, ProcessNumber};
use super::stats::Stats;
use crate::clock::Clock;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use loadpath_core::component::scaling::{Autoscaler, Observed};
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::{Autoscaling, NodeKind, Plan, PlanNode, ScaleBy};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often an instance that gets nothing new is asked whether it has ended what it had.
const LOOK: Duration = Duration::from_millis(100);

/// A tier that scales.
struct Tier {
    node: NodeIndex,
    autoscaler: Autoscaler,
    by_backlog: bool,
    /// Worker-nanoseconds that each process had taken when monitoring last looked.
    taken: Vec<(ProcessNumber, u64)>,
}

/// What scales of a plan's node, and how long its instances take to start.
fn scaling_of(kind: &NodeKind) -> Option<(&Autoscaling, Span)> {
    match kind {
        NodeKind::Service(service) => Some((service.autoscaling.as_ref()?, service.work.start_time)),
        NodeKind::Workers(workers) => Some((workers.autoscaling.as_ref()?, workers.work.start_time)),
        _ => None,
    }
}

fn tiers(plan: &Plan) -> Vec<Tier> {
    let tier = |(place, node): (usize, &PlanNode)| {
        let (spec, start_time) = scaling_of(&node.kind)?;
        Some(Tier {
            node: NodeIndex(place as u16),
            autoscaler: spec.autoscaler(start_time),
            by_backlog: spec.by == ScaleBy::Backlog,
            taken: Vec::new(),
        })
    };
    plan.nodes.iter().enumerate().filter_map(tier).collect()
}

impl Tier {
    /// What monitoring sees: the mean of the time since it last looked.
    fn observe(
        &mut self,
        (stats, queued): &(Vec<(ProcessNumber, Stats)>, u64),
        elapsed: Span,
        in_service: usize,
    ) -> Observed {
        let workers: u32 = stats.iter().map(|(_, stats)| stats.hands).sum();
        let before =
            |process| self.taken.iter().find(|(of, _)| *of == process).map_or(0, |&(_, taken)| taken);
        // One that was started in between began to count anew.
        let used: u64 = stats
            .iter()
            .map(|&(process, ref stats)| {
                stats.taken_ns.checked_sub(before(process)).unwrap_or(stats.taken_ns)
            })
            .sum();
        // What waits in its own queues, and in those that its workers take from.
        let backlog = queued + stats.iter().map(|(_, stats)| stats.backlog).sum::<u64>();
        self.taken = stats.iter().map(|&(process, ref stats)| (process, stats.taken_ns)).collect();
        let utilization = used as f64 / elapsed.0.max(1) as f64 / f64::from(workers.max(1));
        let value = if self.by_backlog { backlog as f64 } else { utilization };
        Observed { instances: in_service as u16, value }
    }
}

impl Deployment {
    /// Watches the tiers that scale, and starts and stops their instances, for ever; `trouble` is told what went wrong.
    pub async fn scale(&self, mut trouble: impl FnMut(String)) {
        let mut tiers = tiers(&self.plan);
        let Some(every) = self.plan.monitoring.filter(|_| !tiers.is_empty()) else {
            return std::future::pending().await;
        };
        let clock = Clock::start();
        let mut looked = clock.now();
        let mut tick = interval(Duration::from_nanos(every.0));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.tick().await;
        let mut under_way: FuturesUnordered<BoxFuture<'_, Result<(), DeployError>>> = FuturesUnordered::new();
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                Some(done) = under_way.next() => {
                    if let Err(fault) = done {
                        trouble(format!("scaling: {fault}"));
                    }
                    continue;
                }
            }
            let now = clock.now();
            for tier in &mut tiers {
                let stats = self.stats_of(tier.node).await;
                let in_service = self.in_service(tier.node);
                let observed = tier.observe(&stats, now.since(looked), in_service.len());
                let desired = usize::from(tier.autoscaler.decide(now, observed).desired);
                for process in self.spares(tier.node, desired.saturating_sub(in_service.len())) {
                    under_way.push(self.join(process).boxed());
                }
                for &process in in_service.iter().skip(desired) {
                    under_way.push(self.leave(process).boxed());
                }
            }
            looked = now;
        }
    }

    /// What the instances of a node say of themselves, and how many messages wait for it in queues.
    async fn stats_of(&self, node: NodeIndex) -> (Vec<(ProcessNumber, Stats)>, u64) {
        let stats = self.stats().await;
        let numbers: Vec<ProcessNumber> = self.numbers_of(node).collect();
        let id = &self.plan.node(node).id;
        let queues = stats.iter().filter_map(|(_, stats)| stats.as_ref()?.waiting_for.get(id));
        let queued = queues.sum();
        let own = stats.into_iter().filter(|(of, _)| *of == node).map(|(_, stats)| stats);
        let own = numbers.into_iter().zip(own).filter_map(|(number, stats)| Some((number, stats?)));
        (own.collect(), queued)
    }

    /// The instances of a node that are meant to be there.
    pub(super) fn in_service(&self, node: NodeIndex) -> Vec<ProcessNumber> {
        let roster = self.roster();
        self.numbers_of(node).filter(|&process| roster[process as usize].in_service).collect()
    }

    /// So many instances that can be started; fewer where there are not so many.
    pub(super) fn spares(&self, node: NodeIndex, wanted: usize) -> Vec<ProcessNumber> {
        let free =
            |&process: &ProcessNumber| !self.roster()[process as usize].in_service && !self.is_up(process);
        self.numbers_of(node).filter(free).take(wanted).collect()
    }

    /// Starts an instance, and tells its callers when it is there.
    async fn join(&self, process: ProcessNumber) -> Result<(), DeployError> {
        let node = self.instances[process as usize].node;
        self.roster()[process as usize].in_service = true;
        self.note(node, "started", 1);
        self.restore_number(process).await?;
        self.roster()[process as usize].listed = true;
        self.tell_moved(node).await;
        Ok(())
    }

    /// Takes an instance out of service: it gets nothing new, ends what it has, and is stopped.
    async fn leave(&self, process: ProcessNumber) -> Result<(), DeployError> {
        let node = self.instances[process as usize].node;
        {
            let place = &mut self.roster()[process as usize];
            (place.in_service, place.listed) = (false, false);
        }
        self.note(node, "stopped", 1);
        self.tell_moved(node).await;
        // What is on its way must have arrived before it can be seen to have nothing.
        loop {
            tokio::time::sleep(LOOK).await;
            if !self.is_up(process) || self.in_flight(process).await == 0 {
                break;
            }
        }
        self.order(&Order::Kill { process }).await
    }

    /// Where a node's instances are, for its callers; none for those that get nothing new.
    fn moved(&self, node: NodeIndex) -> Control {
        let roster = self.roster();
        let address = |process: ProcessNumber| {
            roster[process as usize].listed.then(|| self.last_address(process)).flatten()
        };
        let addresses = self.numbers_of(node).map(address).collect();
        Control::Moved { node: self.plan.node(node).id.clone(), addresses }
    }

    async fn tell_moved(&self, node: NodeIndex) {
        let moved = self.moved(node);
        self.tell_all(|caller| called_by(&self.plan, caller).contains(&node), &moved).await;
    }

    /// Tells a process that was started where those instances are that come and go.
    pub(super) async fn tell_roster(&self, process: ProcessNumber) -> Result<(), DeployError> {
        for callee in called_by(&self.plan, self.instances[process as usize].node) {
            if scaling_of(&self.plan.node(callee).kind).is_some() {
                self.tell(process, &self.moved(callee)).await?;
            }
        }
        Ok(())
    }
}
