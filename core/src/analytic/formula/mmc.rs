//! M/M/c: Poisson arrivals, exponential service, `c` servers, one queue, FCFS (Erlang 1917; Gross, Shortle, Thompson,
//! Harris 2008, §2.3).
use super::root::quantile;
use crate::math::{exp, ln};

/// Erlang's loss formula B(c, a): the share of calls that find all `servers` busy when nobody waits; `load` a = λ/μ ≥ 0.
/// By the recursion B(k) = a·B(k-1) / (k + a·B(k-1)), which never overflows. O(servers).
pub fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |b, k| load * b / (f64::from(k) + load * b))
}

/// Erlang's delay formula C(c, a): the share that waits; `None` unless 0 ≤ a < c. O(servers).
pub fn erlang_c(servers: u32, load: f64) -> Option<f64> {
    let c = f64::from(servers);
    if !(load >= 0.0 && load < c) {
        return None;
    }
    let b = erlang_b(servers, load);
    Some(c * b / (c - load * (1.0 - b)))
}

/// A stable M/M/c queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmc {
    arrival_rate: f64,
    service_rate: f64,
    servers: u32,
    /// Erlang C of the three: worked out once.
    waits: f64,
}

impl Mmc {
    /// `None` unless 0 < λ < c·μ. O(servers).
    pub fn new(arrival_rate: f64, service_rate: f64, servers: u32) -> Option<Self> {
        if !(arrival_rate > 0.0 && service_rate > 0.0) {
            return None;
        }
        let waits = erlang_c(servers, arrival_rate / service_rate)?;
        Some(Self { arrival_rate, service_rate, servers, waits })
    }

    /// λ/μ: how many servers would be busy.
    pub fn load(&self) -> f64 {
        self.arrival_rate / self.service_rate
    }

    /// ρ in (0, 1).
    pub fn utilization(&self) -> f64 {
        self.load() / f64::from(self.servers)
    }

    /// The share that waits, in (0, 1).
    pub const fn probability_of_wait(&self) -> f64 {
        self.waits
    }

    /// The rate of the wait's exponential tail, cμ - λ, in 1/s.
    fn slack(&self) -> f64 {
        f64::from(self.servers) * self.service_rate - self.arrival_rate
    }

    /// Mean time in the queue, in seconds.
    pub fn wait(&self) -> f64 {
        self.waits / self.slack()
    }

    /// Mean time in the system, in seconds.
    pub fn response(&self) -> f64 {
        self.wait() + 1.0 / self.service_rate
    }

    /// Mean number in the system.
    pub fn in_flight(&self) -> f64 {
        self.arrival_rate * self.response()
    }

    /// Mean number in the queue.
    pub fn backlog(&self) -> f64 {
        self.arrival_rate * self.wait()
    }

    /// The quantile `q` in [0, 1) of the wait: zero, or exponential.
    pub fn wait_quantile(&self, q: f64) -> f64 {
        (ln(self.waits / (1.0 - q)) / self.slack()).max(0.0)
    }

    /// The share of responses longer than `t` seconds: wait and service are independent.
    pub fn response_above(&self, t: f64) -> f64 {
        let (mu, slack) = (self.service_rate, self.slack());
        let alone = exp(-mu * t);
        let both = if (slack - mu).abs() < 1e-9 * mu {
            // The limit of the difference quotient below.
            (1.0 + mu * t) * alone
        } else {
            (slack * alone - mu * exp(-slack * t)) / (slack - mu)
        };
        (1.0 - self.waits) * alone + self.waits * both
    }

    /// The quantile `q` in [0, 1) of the response.
    pub fn response_quantile(&self, q: f64) -> f64 {
        quantile(q, self.response(), |t| 1.0 - self.response_above(t))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// λ, μ, c, Erlang C, W, Wq p99, W p99; computed with 30 digits.
    const TABLE: [(f64, f64, u32, f64, f64, f64, f64); 5] = [
        (1.6, 1.0, 2, 0.711_111_111, 2.777_777_78, 10.660_609, 11.937_370_2),
        (1.0, 0.3125, 4, 0.596_432_472, 5.585_729_89, 16.353_523_7, 22.058_252),
        (60.8, 1.0, 64, 0.588_010_932, 1.183_753_42, 1.273_175_14, 4.842_036_25),
        (1000.0, 200.0, 8, 0.167_266_507, 0.005_278_777_51, 0.004_695_005_49, 0.023_427_415_7),
        (14.4, 1.0, 16, 0.591_343_394, 1.369_589_62, 2.549_882_37, 5.269_834_6),
    ];

    #[test]
    fn it_gives_the_exact_figures() {
        for (lambda, mu, c, waits, response, wait_p99, response_p99) in TABLE {
            let queue = Mmc::new(lambda, mu, c).unwrap();
            let got = [
                queue.probability_of_wait(),
                queue.response(),
                queue.wait_quantile(0.99),
                queue.response_quantile(0.99),
            ];
            for (got, exact) in got.into_iter().zip([waits, response, wait_p99, response_p99]) {
                // The figures have nine digits.
                assert!((got / exact - 1.0).abs() < 1e-8, "c = {c}: {got}, exactly {exact}");
            }
        }
    }

    #[test]
    fn erlang_b_is_stable_for_a_thousand_servers_and_the_single_server_is_mm1() {
        // Jagerman's square-root staffing: about 1 / sqrt(pi c / 2) at a = c.
        let b = erlang_b(10_000, 10_000.0);
        assert!((b / (2.0 / (std::f64::consts::PI * 10_000.0)).sqrt() - 1.0).abs() < 0.01);
        let (one, other) = (Mmc::new(0.9, 1.0, 1).unwrap(), super::super::Mm1::new(0.9, 1.0).unwrap());
        assert!((one.response() - other.response()).abs() < 1e-9);
        assert!((one.response_quantile(0.99) - other.response_quantile(0.99)).abs() < 1e-9);
        assert_eq!(Mmc::new(4.0, 1.0, 4), None);
    }
}
