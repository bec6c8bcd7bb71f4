//! How busy the nodes were: from what their processes say at two moments.
use crate::clock::Clock;
use crate::deploy::{Deployment, Stats};
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Time;
use std::collections::BTreeMap;

/// Asks the processes again and again, and adds up.
pub(super) struct Usage {
    clock: Clock,
    asked: Time,
    /// What each process said last; none when it did not answer.
    last: Vec<Option<Stats>>,
    /// Each node since the counting began: worker-nanoseconds that were taken, and that there were.
    totals: Vec<Share>,
    /// What else was counted of each node since then, by name.
    counters: Vec<BTreeMap<String, u64>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Share {
    taken_ns: f64,
    offered_ns: f64,
}

impl Share {
    /// In [0, 1]; none when there were no workers.
    fn utilization(self) -> Option<f64> {
        // The processes are asked one after the other, so a busy node can seem busy for a little more than the time.
        (self.offered_ns > 0.0).then(|| (self.taken_ns / self.offered_ns).min(1.0))
    }
}

impl Usage {
    /// For a design of so many nodes.
    pub(super) async fn start(deployment: &Deployment, nodes: usize) -> Self {
        let clock = Clock::start();
        let last = deployment.stats().await.into_iter().map(|(_, stats)| stats).collect();
        Self {
            clock,
            asked: clock.now(),
            last,
            totals: vec![Share::default(); nodes],
            counters: vec![BTreeMap::new(); nodes],
        }
    }

    /// Each node's utilization since it was asked last; none for nodes without processes.
    pub(super) async fn ask(&mut self, deployment: &Deployment) -> Vec<Option<f64>> {
        let stats = deployment.stats().await;
        let now = self.clock.now();
        let shares = self.shares(&stats, now.since(self.asked).0 as f64);
        self.asked = now;
        self.count(&stats);
        // What a dead instance said last is kept: it still has its workers.
        let last = std::mem::take(&mut self.last).into_iter().zip(stats);
        self.last = last.map(|(before, (_, now))| now.or(before)).collect();
        for (total, share) in self.totals.iter_mut().zip(&shares) {
            total.taken_ns += share.taken_ns;
            total.offered_ns += share.offered_ns;
        }
        shares.into_iter().map(Share::utilization).collect()
    }

    /// Forgets what was added up: what came before was warm-up.
    pub(super) fn reset(&mut self) {
        self.totals.fill(Share::default());
        self.counters.fill(BTreeMap::new());
    }

    /// Each node's utilization since the reset.
    pub(super) fn total(&self) -> Vec<Option<f64>> {
        self.totals.iter().map(|total| total.utilization()).collect()
    }

    /// What else was counted of each node since the reset.
    pub(super) fn take_counters(&mut self) -> Vec<BTreeMap<String, u64>> {
        std::mem::take(&mut self.counters)
    }

    fn count(&mut self, stats: &[(NodeIndex, Option<Stats>)]) {
        for ((node, now), before) in stats.iter().zip(&self.last) {
            let Some(now) = now else { continue };
            for (name, &count) in &now.counters {
                let before = before.as_ref().and_then(|before| before.counters.get(name)).copied();
                // One that was restored in between began to count anew.
                let more = before.filter(|&before| before <= count).map_or(count, |before| count - before);
                if more > 0 {
                    *self.counters[node.index()].entry(name.clone()).or_default() += more;
                }
            }
        }
    }

    fn shares(&self, stats: &[(NodeIndex, Option<Stats>)], elapsed_ns: f64) -> Vec<Share> {
        let mut shares = vec![Share::default(); self.totals.len()];
        for ((node, now), before) in stats.iter().zip(&self.last) {
            let share = &mut shares[node.index()];
            // A dead instance takes part with all its workers, idle: as in the simulator.
            let Some(workers) = now.as_ref().or(before.as_ref()).map(|stats| stats.workers) else { continue };
            share.offered_ns += f64::from(workers) * elapsed_ns;
            if let Some(now) = now {
                // One that was restored in between began to count anew.
                let before = before.as_ref().filter(|before| before.busy_ns <= now.busy_ns);
                share.taken_ns += (now.busy_ns - before.map_or(0, |before| before.busy_ns)) as f64;
            }
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(busy_ns: u64) -> Option<Stats> {
        Some(Stats { busy_ns, workers: 2, ..Stats::default() })
    }

    #[test]
    fn instances_are_averaged_and_a_restored_one_counts_anew() {
        let clock = Clock::start();
        let last = vec![said(1_000), said(5_000), None];
        let usage = Usage {
            clock,
            asked: clock.now(),
            last,
            totals: vec![Share::default(); 3],
            counters: vec![BTreeMap::new(); 3],
        };
        let (web, db) = (NodeIndex(1), NodeIndex(2));
        let shares = usage.shares(&[(web, said(1_500)), (web, said(300)), (db, None)], 1_000.0);
        let utilization: Vec<_> = shares.into_iter().map(Share::utilization).collect();
        // (500 + 300) of 2 instances with 2 workers for 1,000 ns.
        assert_eq!(utilization, [None, Some(0.2), None]);
    }
}
