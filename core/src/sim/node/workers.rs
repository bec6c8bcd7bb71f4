//! Workers at work: whenever one is free it takes the next message from the queues that are wired to its tier.
use super::super::simulation::Simulation;
use super::State;

impl Simulation {
    /// The instances that are there at the start take part in reading logs.
    pub(in crate::sim) fn start_workers(&mut self, node: usize) {
        for instance in 0..self.nodes[node].stations.len() {
            if self.nodes[node].stations[instance].up {
                self.workers_changed(node, instance as u16, true);
            }
        }
    }

    /// A worker of this tier may be free: the queues before it hand out what waits.
    pub(in crate::sim) fn workers_free(&mut self, node: usize) {
        for i in 0..self.nodes.len() {
            if let State::Queue(queue) = &self.nodes[i].state
                && queue.feeds(node)
            {
                self.hand_out(i, node);
            }
        }
    }

    /// An instance of the tier that could take a message now: of those in service and alive, the one with the most free
    /// workers, the first among equals. Messages on their way count as taken.
    pub(super) fn free_worker(&self, node: usize) -> Option<u16> {
        let stations = self.nodes[node].stations.iter().enumerate();
        let free = stations.filter(|(_, s)| s.serves() && s.in_flight < s.workers);
        let best = free.max_by_key(|&(i, s)| (s.workers - s.in_flight, std::cmp::Reverse(i)))?;
        Some(best.0 as u16)
    }
}
