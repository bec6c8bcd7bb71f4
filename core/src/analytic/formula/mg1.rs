//! M/G/1: Poisson arrivals, any service time, one server. FCFS by Pollaczek (1930) and Khinchine (1932), higher moments by
//! Takács (1962); processor sharing by Kleinrock (1967); no queue at all (M/G/∞) by Takács (1962).
use super::ServiceTime;
use super::root::quantile;
use super::special::poisson_cdf;
use crate::math::exp;

/// A stable M/G/1 queue, FCFS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mg1 {
    arrival_rate: f64,
    service: ServiceTime,
}

impl Mg1 {
    /// `None` unless λ > 0 and λ·E\[S\] < 1.
    pub fn new(arrival_rate: f64, service: ServiceTime) -> Option<Self> {
        (arrival_rate > 0.0 && arrival_rate * service.mean < 1.0).then_some(Self { arrival_rate, service })
    }

    /// ρ in \[0, 1).
    pub fn utilization(&self) -> f64 {
        self.arrival_rate * self.service.mean
    }

    /// Mean time in the queue: λE\[S²\] / 2(1-ρ), in seconds.
    pub fn wait(&self) -> f64 {
        self.arrival_rate * self.service.second / (2.0 * (1.0 - self.utilization()))
    }

    /// Variance of the time in the queue: Wq² + λE\[S³\] / 3(1-ρ), in s².
    pub fn wait_variance(&self) -> f64 {
        let wait = self.wait();
        wait * wait + self.arrival_rate * self.service.third / (3.0 * (1.0 - self.utilization()))
    }

    /// Mean time in the system, in seconds.
    pub fn response(&self) -> f64 {
        self.wait() + self.service.mean
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

/// M/G/1 with a hyperexponential service time of two branches: its wait is again of two exponentials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mh21 {
    /// Mean and variance.
    pub queue: Mg1,
    /// P(Wq > t) = Σ weight·e^(-rate·t).
    tails: [(f64, f64); 2],
}

impl Mh21 {
    /// With probability `p` in (0, 1) a service of rate `rates[0]`, else of `rates[1]`; `None` unless stable.
    pub fn new(arrival_rate: f64, p: f64, rates: [f64; 2]) -> Option<Self> {
        let queue = Mg1::new(arrival_rate, ServiceTime::hyperexponential(p, rates))?;
        let [a, b] = rates;
        // The transform (1-ρ) / (1 - λ Σ p_i/(μ_i+s)) by partial fractions: its poles are the roots of a quadratic.
        let sum = a + b - arrival_rate;
        let product = a * b - arrival_rate * (p * b + (1.0 - p) * a);
        let apart = (sum * sum - 4.0 * product).max(0.0).sqrt();
        // The larger root first: the other from the product, which does not cancel.
        let high = f64::midpoint(sum, apart);
        let low = product / high;
        let weight = |pole: f64, other: f64| {
            let residue = p * (b - pole) + (1.0 - p) * (a - pole);
            (1.0 - queue.utilization()) * arrival_rate * residue / (other - pole) / pole
        };
        Some(Self { queue, tails: [(weight(low, high), low), (weight(high, low), high)] })
    }

    /// The share of waits longer than `t` seconds.
    pub fn wait_above(&self, t: f64) -> f64 {
        self.tails.iter().map(|(weight, rate)| weight * exp(-rate * t)).sum()
    }

    /// The quantile `q` in \[0, 1) of the wait.
    pub fn wait_quantile(&self, q: f64) -> f64 {
        quantile(q, self.queue.wait(), |t| 1.0 - self.wait_above(t))
    }
}

/// M/G/1 under processor sharing: the mean response E\[S\] / (1-ρ) whatever the law of S, in seconds; `None` unless ρ < 1.
pub fn processor_sharing_response(arrival_rate: f64, mean: f64) -> Option<f64> {
    let utilization = arrival_rate * mean;
    (0.0..1.0).contains(&utilization).then(|| mean / (1.0 - utilization))
}

/// Requests in flight where none ever waits, M/G/∞: Poisson with mean λE\[S\], whatever the law of S.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InFlight {
    /// The mean, ≥ 0; the variance is the same.
    pub mean: f64,
}

impl InFlight {
    /// P(nothing in flight).
    pub fn none(&self) -> f64 {
        exp(-self.mean)
    }

    /// The smallest n with P(N ≤ n) ≥ `q`, q in \[0, 1). O(n).
    pub fn quantile(&self, q: f64) -> u32 {
        (0..)
            .find(|&n| poisson_cdf(self.mean, n) >= q)
            .expect("a distribution function reaches any q below one")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_variance_of_the_wait_are_exact() {
        // Computed with 30 digits: lognormal, Erlang and deterministic service of mean 1.
        for (lambda, service, wait, variance) in [
            (0.5, ServiceTime::lognormal(1.0, 4.0), 2.5, 47.916_666_7),
            (0.9, ServiceTime::lognormal(1.0, 0.25), 5.625, 37.5),
            (0.9, ServiceTime::erlang(4, 1.0), 5.625, 37.265_625),
            (0.5, ServiceTime::constant(1.0), 0.5, 0.583_333_333),
        ] {
            let queue = Mg1::new(lambda, service).unwrap();
            assert!((queue.wait() / wait - 1.0).abs() < 1e-9);
            assert!((queue.wait_variance() / variance - 1.0).abs() < 1e-9);
        }
        assert_eq!(Mg1::new(1.0, ServiceTime::constant(1.0)), None);
    }

    #[test]
    fn the_hyperexponential_wait_has_the_exact_tail() {
        // Computed with 30 digits: p, rates, mean wait, p90, p99, p999.
        let queue = Mh21::new(0.8, 0.887_298_334_620_741_6, [1.774_596_669_241_483, 0.225_403_330_758_516_6])
            .unwrap();
        assert!((queue.queue.wait() - 10.0).abs() < 1e-9);
        for (q, exact) in [(0.9, 27.513_050_2), (0.99, 60.012_607_2), (0.999, 92.512_164_2)] {
            assert!((queue.wait_quantile(q) / exact - 1.0).abs() < 1e-8, "{q}");
        }
        // No wait with probability 1 - ρ.
        assert!((queue.wait_above(0.0) - 0.8).abs() < 1e-12);
    }

    #[test]
    fn sharing_and_endless_servers_need_only_the_mean() {
        assert!((processor_sharing_response(0.8, 1.0).unwrap() - 5.0).abs() < 1e-12);
        let flight = InFlight { mean: 10.0 };
        assert_eq!(flight.quantile(0.99), 18);
        assert!((flight.none() - 4.539_992_98e-5).abs() < 1e-13);
    }
}
