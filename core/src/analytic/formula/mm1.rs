//! M/M/1: Poisson arrivals, exponential service, one server, FCFS (Kendall 1953; Gross, Shortle, Thompson, Harris 2008, §2.2).
use crate::math::{ln, pow};

/// A stable M/M/1 queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mm1 {
    /// λ in 1/s, > 0 and below `service_rate`.
    arrival_rate: f64,
    /// μ in 1/s.
    service_rate: f64,
}

impl Mm1 {
    /// `None` unless 0 < λ < μ.
    pub fn new(arrival_rate: f64, service_rate: f64) -> Option<Self> {
        (arrival_rate > 0.0 && arrival_rate < service_rate).then_some(Self { arrival_rate, service_rate })
    }

    /// ρ in (0, 1).
    pub fn utilization(&self) -> f64 {
        self.arrival_rate / self.service_rate
    }

    /// Mean time in the system, in seconds.
    pub fn response(&self) -> f64 {
        1.0 / (self.service_rate - self.arrival_rate)
    }

    /// Mean time in the queue, in seconds.
    pub fn wait(&self) -> f64 {
        self.utilization() * self.response()
    }

    /// The quantile `q` in [0, 1) of the response: exponential.
    pub fn response_quantile(&self, q: f64) -> f64 {
        -ln(1.0 - q) * self.response()
    }

    /// The quantile `q` in [0, 1) of the wait, which is zero with probability 1 - ρ.
    pub fn wait_quantile(&self, q: f64) -> f64 {
        (ln(self.utilization() / (1.0 - q)) * self.response()).max(0.0)
    }

    /// The probability of `n` or more in the system: ρⁿ.
    pub fn at_least(&self, n: u32) -> f64 {
        pow(self.utilization(), f64::from(n))
    }

    /// Mean number in the system.
    pub fn in_flight(&self) -> f64 {
        self.arrival_rate * self.response()
    }

    /// Mean number in the queue.
    pub fn backlog(&self) -> f64 {
        self.arrival_rate * self.wait()
    }
}

/// n · Var of the mean wait over n successive customers, for large n, in units of 1/μ²: how long a simulation must be
/// (Daley 1968; Whitt 1989). `None` unless ρ is in (0, 1).
pub fn variance_of_mean_wait(utilization: f64) -> Option<f64> {
    let r = utilization;
    let idle = 1.0 - r;
    (r > 0.0 && r < 1.0).then(|| r * (2.0 + 5.0 * r - 4.0 * r * r + r * r * r) / (idle * idle * idle * idle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_the_textbook_figures() {
        // Computed with 30 digits: utilization 0.95.
        let queue = Mm1::new(0.95, 1.0).unwrap();
        assert!((queue.response() - 20.0).abs() < 1e-12 && (queue.wait() - 19.0).abs() < 1e-12);
        assert!((queue.response_quantile(0.99) - 92.103_403_7).abs() < 1e-7);
        assert!((queue.wait_quantile(0.99) - 91.077_537_8).abs() < 1e-7);
        assert!((queue.at_least(10) - 0.598_736_939).abs() < 1e-9);
        assert_eq!(Mm1::new(1.0, 1.0), None);
    }

    #[test]
    fn half_wait_not_at_all_at_a_utilization_of_one_half() {
        assert_eq!(Mm1::new(0.5, 1.0).unwrap().wait_quantile(0.5), 0.0);
        assert!((variance_of_mean_wait(0.9).unwrap() - 35_901.0).abs() < 1e-6);
    }
}
