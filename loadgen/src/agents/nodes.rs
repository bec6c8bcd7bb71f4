//! What several agents saw of the same node becomes one.
use super::merge::{is_like, is_sane as counts};
use loadpath_core::run::{NodeRun, Outcomes};
use loadpath_core::wire::NodeInterval;

/// More waits than these nobody saw in a run: a request is counted by the trillion at most, and waits a few times.
const MOST_WAITS: u64 = 1 << 44;

/// Adds what another saw of it in the same second.
pub(super) fn add(all: &mut NodeInterval, of: &NodeInterval) {
    all.hit_ratio = hit_ratio((&all.outcomes, all.hit_ratio), (&of.outcomes, of.hit_ratio));
    all.outcomes.merge(&of.outcomes);
    all.response.merge(&of.response);
    all.wait.merge(&of.wait);
}

/// Adds what another saw of it in a run.
pub(super) fn add_run(all: &mut NodeRun, of: &NodeRun) {
    all.hit_ratio = hit_ratio((&all.outcomes, all.hit_ratio), (&of.outcomes, of.hit_ratio));
    all.outcomes.merge(&of.outcomes);
    all.response.merge(&of.response);
    all.wait.merge(&of.wait);
}

/// Each counts by its calls: how many of them looked something up is not told, and is the same part of every share.
fn hit_ratio((calls, a): (&Outcomes, Option<f64>), (others, b): (&Outcomes, Option<f64>)) -> Option<f64> {
    let (Some(one), Some(other)) = (a, b) else { return a.or(b) };
    let (calls, others) = (calls.total() as f64, others.total() as f64);
    if calls + others > 0.0 { Some((one * calls + other * others) / (calls + others)) } else { a }
}

/// Whether an agent could have seen this of a node in a second.
pub(super) fn is_sane(node: &NodeInterval) -> bool {
    counts(&node.outcomes)
        && is_like(&node.response, &node.outcomes)
        && node.wait.count() <= MOST_WAITS
        && is_share(node.hit_ratio)
        && node.utilization.is_none()
        && node.up.is_empty()
}

/// Whether an agent could have seen this of a node in a run.
pub(super) fn is_sane_run(node: &NodeRun) -> bool {
    counts(&node.outcomes)
        && is_like(&node.response, &node.outcomes)
        && node.wait.count() <= MOST_WAITS
        && is_share(node.hit_ratio)
        && node.utilization.is_none()
        && node.counters.is_empty()
        && node.figures.is_empty()
}

fn is_share(share: Option<f64>) -> bool {
    share.is_none_or(|share| (0.0..=1.0).contains(&share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::stats::{Histogram, Precision};
    use loadpath_core::time::Span;
    use std::collections::BTreeMap;

    fn seen(ms: u64, calls: u64, hit_ratio: Option<f64>) -> NodeRun {
        let mut node = NodeRun::named("cache");
        node.outcomes.ok = calls;
        node.response.record_n(Span::from_millis(ms), calls);
        node.wait.record_n(Span::from_millis(ms / 2), calls);
        NodeRun { hit_ratio, ..node }
    }

    #[test]
    fn histograms_lose_nothing_and_a_hit_ratio_counts_by_calls() {
        let mut all = NodeRun::named("cache");
        for of in [seen(2, 300, Some(0.9)), seen(8, 100, Some(0.5)), seen(4, 0, None)] {
            add_run(&mut all, &of);
        }
        let mut union = Histogram::new(Precision::Coarse);
        union.record_n(Span::from_millis(2), 300);
        union.record_n(Span::from_millis(8), 100);
        assert!(all.response.buckets().eq(union.buckets()));
        assert_eq!((all.outcomes.ok, all.wait.count()), (400, 400));
        assert!((all.hit_ratio.unwrap() - 0.8).abs() < 1e-12, "{:?}", all.hit_ratio);
    }

    #[test]
    fn what_no_agent_can_know_of_a_node_is_refused() {
        assert!(is_sane_run(&seen(2, 3, Some(1.0))));
        let knows = |change: fn(&mut NodeRun)| {
            let mut node = seen(2, 3, None);
            change(&mut node);
            !is_sane_run(&node)
        };
        assert!(knows(|node| node.utilization = Some(0.5)));
        assert!(knows(|node| node.hit_ratio = Some(f64::NAN)));
        assert!(knows(|node| node.hit_ratio = Some(1.5)));
        assert!(knows(|node| node.outcomes.ok = 2));
        assert!(knows(|node| node.outcomes.failed = u64::MAX));
        assert!(knows(|node| node.counters = BTreeMap::from([("lost_writes".to_owned(), 1)])));
    }
}
