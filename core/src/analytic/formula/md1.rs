//! M/D/1: Poisson arrivals, constant service, one server, FCFS (Erlang 1909).
//!
//! Erlang's series for the wait alternates and loses all digits from about ρ·t/D = 30 on. Franx (2001) writes it with
//! positive terms only, from the distribution of the number in the system, which is itself found by a recursion over
//! positive terms (level crossings); so the quantiles here are stable at any utilization.
use super::root::quantile;
use super::{Mg1, ServiceTime};
use crate::math::exp;

/// A stable M/D/1 queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Md1 {
    /// Mean, variance, numbers in the system.
    pub queue: Mg1,
    arrival_rate: f64,
    service_time: f64,
}

impl Md1 {
    /// `None` unless λ, D > 0 and λD < 1.
    pub fn new(arrival_rate: f64, service_time: f64) -> Option<Self> {
        let queue = Mg1::new(arrival_rate, ServiceTime::constant(service_time))?;
        (service_time > 0.0).then_some(Self { queue, arrival_rate, service_time })
    }

    /// P(n or fewer in the system) for n = 0..`count`. O(count²).
    fn cumulated_states(&self, count: usize) -> Vec<f64> {
        let load = self.queue.utilization();
        // The number that arrive during a service: P(A = k), then P(A > k).
        let mut arrivals = vec![exp(-load)];
        (1..=count).for_each(|k| arrivals.push(arrivals[k - 1] * load / k as f64));
        let more = tails(&arrivals, load);
        let mut states = vec![1.0 - load];
        for n in 0..count {
            let up = states[0] * more[n] + (1..=n).map(|i| states[i] * more[n + 1 - i]).sum::<f64>();
            states.push(up / arrivals[0]);
        }
        let mut sum = 0.0;
        let cumulate = |p: &f64| {
            sum += p;
            sum
        };
        states.iter().map(cumulate).collect()
    }

    /// The share of waits of at most `t` ≥ 0 seconds: Franx 2001, "A simple solution for the M/D/c waiting time
    /// distribution", for c = 1. O((t/D)²).
    pub fn wait_within(&self, t: f64) -> f64 {
        self.within(t, &self.cumulated_states(self.services(t)))
    }

    /// How many services fit into `t`, and the one that does not.
    fn services(&self, t: f64) -> usize {
        (t / self.service_time) as usize + 1
    }

    fn within(&self, t: f64, states: &[f64]) -> f64 {
        let k = self.services(t);
        let load = self.arrival_rate * (k as f64 * self.service_time - t);
        let (mut term, mut sum) = (exp(-load), 0.0);
        for j in 0..k {
            sum += term * states[k - j];
            term *= load / (j + 1) as f64;
        }
        sum
    }

    /// The quantile `q` in \[0, 1) of the wait, in seconds.
    pub fn wait_quantile(&self, q: f64) -> f64 {
        let mut high = self.queue.wait();
        while self.wait_within(high) < q && high < 1e6 * self.service_time {
            high *= 2.0;
        }
        let states = self.cumulated_states(self.services(high));
        quantile(q, high, |t| self.within(t.min(high), &states))
    }
}

/// P(A > k) of a Poisson number from its P(A = k), without the cancellation of 1 - Σ.
fn tails(arrivals: &[f64], mean: f64) -> Vec<f64> {
    let last = arrivals.len() - 1;
    let (mut term, mut beyond, mut k) = (arrivals[last], 0.0, last);
    loop {
        k += 1;
        term *= mean / k as f64;
        beyond += term;
        if term <= beyond * 1e-17 {
            break;
        }
    }
    let mut more = vec![beyond; arrivals.len()];
    (0..last).rev().for_each(|k| more[k] = more[k + 1] + arrivals[k + 1]);
    more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{exp_m1, ln};

    #[test]
    fn quantiles_are_exact() {
        // Computed with 30 digits by Erlang's series.
        for (lambda, q, exact) in [
            (0.5, 0.9, 1.515_744_84),
            (0.5, 0.99, 3.336_255_96),
            (0.9, 0.9, 10.782_505),
            (0.9, 0.99, 21.898_237_3),
        ] {
            let got = Md1::new(lambda, 1.0).unwrap().wait_quantile(q);
            assert!((got / exact - 1.0).abs() < 1e-8, "{lambda} {q}: {got}, exactly {exact}");
        }
    }

    #[test]
    fn it_is_stable_where_erlangs_series_is_not() {
        let queue = Md1::new(0.99, 1.0).unwrap();
        // Far out the tail is exponential (Tijms 2003, §9.4.2): each further unit of time takes the same share.
        let above = |t: f64| 1.0 - queue.wait_within(t);
        let ratios = [above(301.0) / above(300.0), above(401.0) / above(400.0)];
        assert!((ratios[0] - ratios[1]).abs() < 1e-9, "{ratios:?}");
        // Its decay e^-θ is the root of θ = λ(e^θ - 1).
        let theta = -ln(ratios[0]);
        assert!((theta - 0.99 * exp_m1(theta)).abs() < 1e-9);
    }
}
