//! How much memory a simulation takes: what grows with the design and its load is counted, allocators' overhead is not.
use super::node::Node;
use super::simulation::{Link, Simulation};
use crate::run::Second;

/// An event on the agenda.
const EVENT: usize = 16;

impl Simulation {
    /// About how many bytes it takes, and so what a clone costs. O(nodes).
    pub fn size(&self) -> usize {
        let nodes: usize = self.nodes.iter().map(Node::size).sum();
        let meters: usize = self
            .meters
            .iter()
            .map(|meter| meter.response.size() + meter.breakdown.size() + meter.batches.size())
            .sum();
        size_of::<Self>()
            + nodes
            + meters
            + self.calls.size()
            + self.agenda.len() * EVENT
            + self.series.len() * size_of::<Second>()
            + self.edges.len() * size_of::<Link>()
    }
}
