//! Erlang A, M/M/c+M: as M/M/c, but who waits gives up after an exponential patience (Palm 1957; Garnett, Mandelbaum,
//! Reiman 2002). Stable at any load.
use super::markov::{expect, stationary};

/// A queue that people leave.
#[derive(Clone, Debug, PartialEq)]
pub struct ErlangA {
    arrival_rate: f64,
    service_rate: f64,
    servers: u32,
    /// θ: each one waiting gives up at this rate, in 1/s.
    patience_rate: f64,
    states: Vec<f64>,
}

impl ErlangA {
    /// `None` unless all rates are > 0 and there is a server. O(the longest queue that can matter).
    pub fn new(arrival_rate: f64, service_rate: f64, servers: u32, patience_rate: f64) -> Option<Self> {
        if !(arrival_rate > 0.0 && service_rate > 0.0 && patience_rate > 0.0 && servers > 0) {
            return None;
        }
        let c = servers as usize;
        let death = |n: usize| n.min(c) as f64 * service_rate + n.saturating_sub(c) as f64 * patience_rate;
        // Beyond the middle of the queue it falls off like a Poisson law: twelve deviations further is nothing.
        let middle = (arrival_rate / patience_rate).max(arrival_rate / service_rate);
        let states = c + (middle + 12.0 * middle.sqrt() + 64.0).min(4e6) as usize;
        let states = stationary(states, |_| arrival_rate, death);
        Some(Self { arrival_rate, service_rate, servers, patience_rate, states })
    }

    /// The share that finds all servers busy.
    pub fn probability_of_wait(&self) -> f64 {
        self.states[self.servers as usize..].iter().sum()
    }

    /// Mean number in the queue.
    pub fn backlog(&self) -> f64 {
        expect(&self.states, |n| n.saturating_sub(self.servers as usize) as f64)
    }

    /// The share that gives up: θ·Lq/λ.
    pub fn abandonment(&self) -> f64 {
        self.patience_rate * self.backlog() / self.arrival_rate
    }

    /// Mean wait of all, those who give up included, in seconds.
    pub fn wait(&self) -> f64 {
        self.backlog() / self.arrival_rate
    }

    /// Served per second.
    pub fn throughput(&self) -> f64 {
        self.service_rate * expect(&self.states, |n| n.min(self.servers as usize) as f64)
    }

    /// The share of the servers' time that is taken.
    pub fn utilization(&self) -> f64 {
        self.throughput() / self.service_rate / f64::from(self.servers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_the_exact_figures_even_far_above_capacity() {
        // Computed with 30 digits: λ, c, θ, P(wait), P(abandon), throughput.
        for (lambda, c, theta, waits, abandons, throughput) in [
            (90.0, 100, 0.5, 0.176_867_608, 0.005_686_083_02, 89.488_252_5),
            (8.0, 8, 0.2, 0.718_370_041, 0.086_788_411_7, 7.305_692_71),
            (120.0, 100, 0.1, 0.999_999_999, 0.166_666_667, 100.0),
        ] {
            let queue = ErlangA::new(lambda, 1.0, c, theta).unwrap();
            let got = [queue.probability_of_wait(), queue.abandonment(), queue.throughput()];
            for (got, exact) in got.into_iter().zip([waits, abandons, throughput]) {
                assert!((got / exact - 1.0).abs() < 1e-8, "{lambda}: {got}, exactly {exact}");
            }
        }
    }
}
