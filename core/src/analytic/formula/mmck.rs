//! M/M/c/K: as M/M/c, but at most `K` in the system; who comes then is lost (Erlang 1917 for c = K; Gross, Shortle,
//! Thompson, Harris 2008, §2.4).
use super::markov::{expect, stationary};

/// A queue with a bound. Stable at any load.
#[derive(Clone, Debug, PartialEq)]
pub struct Mmck {
    arrival_rate: f64,
    service_rate: f64,
    servers: u32,
    /// P(n in the system), n = 0..=K.
    states: Vec<f64>,
}

impl Mmck {
    /// `most` ≥ `servers` ≥ 1 counts those in service too; `None` unless so and both rates are > 0. O(most).
    pub fn new(arrival_rate: f64, service_rate: f64, servers: u32, most: u32) -> Option<Self> {
        if !(arrival_rate > 0.0 && service_rate > 0.0 && servers >= 1 && most >= servers) {
            return None;
        }
        let death = |n: usize| n.min(servers as usize) as f64 * service_rate;
        let states = stationary(most as usize + 1, |_| arrival_rate, death);
        Some(Self { arrival_rate, service_rate, servers, states })
    }

    /// The share that is refused.
    pub fn loss(&self) -> f64 {
        self.states[self.states.len() - 1]
    }

    /// Accepted and so completed, per second.
    pub fn throughput(&self) -> f64 {
        self.arrival_rate * (1.0 - self.loss())
    }

    /// P(n in the system).
    pub fn states(&self) -> &[f64] {
        &self.states
    }

    /// Mean number in the system.
    pub fn in_flight(&self) -> f64 {
        expect(&self.states, |n| n as f64)
    }

    /// Mean number in the queue.
    pub fn backlog(&self) -> f64 {
        expect(&self.states, |n| n.saturating_sub(self.servers as usize) as f64)
    }

    /// Mean time in the system of those accepted, in seconds.
    pub fn response(&self) -> f64 {
        self.in_flight() / self.throughput()
    }

    /// Mean time in the queue of those accepted, in seconds.
    pub fn wait(&self) -> f64 {
        self.backlog() / self.throughput()
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
    fn it_gives_the_exact_figures_below_and_above_saturation() {
        // Computed with 30 digits: (λ, c, K, loss, W of the accepted).
        for (lambda, c, most, loss, response) in [
            (8.0, 10, 10, 0.121_661_064, 1.0),
            (18.0, 16, 64, 0.111_317_342, 3.506_977_55),
            (0.9, 1, 10, 0.050_813_731_3, 4.646_600_67),
        ] {
            let queue = Mmck::new(lambda, 1.0, c, most).unwrap();
            assert!((queue.loss() / loss - 1.0).abs() < 1e-8, "{lambda} {}", queue.loss());
            assert!((queue.response() / response - 1.0).abs() < 1e-8, "{lambda} {}", queue.response());
        }
        let loss = super::super::erlang_b(10, 8.0);
        assert!((Mmck::new(8.0, 1.0, 10, 10).unwrap().loss() - loss).abs() < 1e-12);
        assert_eq!(Mmck::new(1.0, 1.0, 4, 3), None);
    }
}
