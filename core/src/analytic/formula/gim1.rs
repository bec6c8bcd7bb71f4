//! GI/M/1: any renewal arrivals, exponential service, one server (Kendall 1953; Gross, Shortle, Thompson, Harris 2008,
//! §5.3). An arrival finds n before it with probability (1-σ)σⁿ, where σ is the root in (0, 1) of σ = A*(μ(1-σ)), A* being
//! the Laplace transform of the gap between arrivals.
use super::root::root;
use crate::math::{exp, ln, pow};

/// A stable GI/M/1 queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gim1 {
    /// The share of arrivals that wait, in (0, 1).
    pub sigma: f64,
    service_rate: f64,
}

impl Gim1 {
    /// From the transform of the gap, its mean in seconds, and μ in 1/s; `None` unless 1/mean < μ.
    pub fn new(transform: impl Fn(f64) -> f64, mean_gap: f64, service_rate: f64) -> Option<Self> {
        if !(mean_gap > 0.0 && mean_gap * service_rate > 1.0) {
            return None;
        }
        // One is a root too: look to its left, where the function is below zero when ρ < 1.
        let sigma = root(0.0, 1.0 - 1e-9, |sigma| transform(service_rate * (1.0 - sigma)) - sigma);
        Some(Self { sigma, service_rate })
    }

    /// D/M/1: arrivals evenly spaced by `gap` seconds.
    pub fn deterministic(gap: f64, service_rate: f64) -> Option<Self> {
        Self::new(|s| exp(-s * gap), gap, service_rate)
    }

    /// E_n/M/1: every n-th of Poisson arrivals, as round robin over n servers gives each of them.
    pub fn erlang(stages: u32, mean_gap: f64, service_rate: f64) -> Option<Self> {
        let n = f64::from(stages);
        // As a logarithm: (1 + s·mean/n)^-n of hundreds of stages.
        Self::new(|s| pow(1.0 + s * mean_gap / n, -n), mean_gap, service_rate)
    }

    /// Mean time in the system, in seconds; it is exponential.
    pub fn response(&self) -> f64 {
        1.0 / (self.service_rate * (1.0 - self.sigma))
    }

    /// Mean time in the queue, in seconds.
    pub fn wait(&self) -> f64 {
        self.sigma * self.response()
    }

    /// The quantile `q` in \[0, 1) of the response, in seconds.
    pub fn response_quantile(&self, q: f64) -> f64 {
        -ln(1.0 - q) * self.response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_arrivals_and_round_robin_have_the_exact_figures() {
        // Computed with 30 digits.
        for (rho, sigma, response) in [(0.5, 0.203_187_87, 1.255_000_98), (0.9, 0.806_899_833, 5.178_659_42)]
        {
            let queue = Gim1::deterministic(1.0 / rho, 1.0).unwrap();
            assert!(
                (queue.sigma / sigma - 1.0).abs() < 1e-8 && (queue.response() / response - 1.0).abs() < 1e-8
            );
        }
        for (n, rho, response) in [(8, 0.95, 11.400_592_1), (64, 0.8, 2.728_560_89), (2, 0.5, 1.618_033_99)] {
            let queue = Gim1::erlang(n, 1.0 / rho, 1.0).unwrap();
            assert!((queue.response() / response - 1.0).abs() < 1e-8, "{n}: {}", queue.response());
        }
        // Poisson arrivals make it M/M/1.
        assert!((Gim1::erlang(1, 1.25, 1.0).unwrap().response() - 5.0).abs() < 1e-9);
        assert_eq!(Gim1::deterministic(1.0, 1.0), None);
    }
}
