//! How nodes were doing in the last seconds: one snapshot of each simulated second, for charts over time.
use loadpath_core::sim::{EdgeSnapshot, NodeSnapshot, Snapshot};
use loadpath_core::stats::Moments;
use std::collections::VecDeque;

/// How many seconds are kept,
const SECONDS: usize = 120;
/// and how many snapshots of nodes at most.
const NODES: usize = 24_000;
/// A snapshot is of the last two to three seconds, so every third has seen what no other has.
const APART: u64 = 3;
/// An interval needs so many of them.
const ENOUGH: u64 = 8;

/// A second.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Its number.
    pub second: u64,
    /// Requests that were answered, per second.
    pub rate: f64,
    /// The nodes.
    pub nodes: Vec<NodeSnapshot>,
    /// The edges.
    pub edges: Vec<EdgeSnapshot>,
}

/// The last seconds, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// The seconds.
    pub moments: VecDeque<std::rc::Rc<Moment>>,
}

impl Past {
    /// Takes a snapshot in, if its second is a new one; whether it was.
    pub fn take(&mut self, snapshot: &Snapshot) -> bool {
        let second = snapshot.now_ns / 1_000_000_000;
        if self.moments.back().is_some_and(|last| last.second >= second) {
            return false;
        }
        self.moments.push_back(std::rc::Rc::new(Moment {
            second,
            rate: snapshot.achieved_rate,
            nodes: snapshot.nodes.clone(),
            edges: snapshot.edges.clone(),
        }));
        let most = (NODES / snapshot.nodes.len().max(1)).clamp(2, SECONDS);
        while self.moments.len() > most {
            self.moments.pop_front();
        }
        true
    }

    /// A node's value in each second in which it has one.
    pub fn of_node(&self, id: &str, value: impl Fn(&NodeSnapshot) -> Option<f64>) -> Vec<(u64, f64)> {
        let each = self.moments.iter().filter_map(|moment| {
            let node = moment.nodes.iter().find(|node| node.id == id)?;
            Some((moment.second, value(node)?))
        });
        each.collect()
    }

    /// The mean and its half-width at 95 %, by batches that do not overlap; none when there are too few.
    pub fn interval(values: &[(u64, f64)]) -> Option<(f64, f64)> {
        let mut moments = Moments::default();
        let mut next = 0;
        for (second, value) in values {
            if *second >= next {
                moments.add(*value);
                next = second + APART;
            }
        }
        let estimate = moments.interval(0.95).filter(|_| moments.count >= ENOUGH)?;
        Some((estimate.value, estimate.half_width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64, utilization: f64) -> Snapshot {
        let node =
            NodeSnapshot { id: "web".to_owned(), utilization: Some(utilization), ..NodeSnapshot::default() };
        Snapshot { now_ns: second * 1_000_000_000 + 5, nodes: vec![node], ..Snapshot::default() }
    }

    #[test]
    fn each_second_is_taken_once_and_old_ones_are_forgotten() {
        let mut past = Past::default();
        for second in 0..300 {
            assert!(past.take(&at(second, 0.5)) && !past.take(&at(second, 0.9)));
        }
        let values = past.of_node("web", |node| node.utilization);
        assert_eq!((values.len(), values[0]), (SECONDS, (180, 0.5)));
        assert!(past.of_node("web", |node| node.hit_ratio).is_empty());
        assert!(past.of_node("db", |node| node.utilization).is_empty());
    }

    #[test]
    fn an_interval_rests_on_seconds_that_do_not_overlap() {
        let values: Vec<(u64, f64)> = (0..24).map(|second| (second, (second % 3) as f64)).collect();
        // Every third second has the same value.
        assert_eq!(Past::interval(&values), Some((0.0, 0.0)));
        assert_eq!(Past::interval(&values[..20]), None);
    }
}
