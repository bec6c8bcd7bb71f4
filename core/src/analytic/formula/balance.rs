//! Balancing over many servers: the limit of power of d choices, and what lies between it and one shared queue.
use super::root::root;
use crate::math::{exp, ln, pow};

/// Smaller shares of stations are none.
const TINY: f64 = 1e-250;

/// Power of d choices over very many stations of `servers` servers each (mean field: Mitzenmacher 1996 and Vvedenskaya,
/// Dobrushin, Karpelevich 1996 for one server). The share s_i of stations with i or more requests satisfies
/// a·s_{i-1}^d = i·s_i + s_{i+1} + ... + s_c up to i = c, and a·s_{i-1}^d = c·s_i beyond; it is found from the middle out,
/// where every step is a root and so forgets errors.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerOfChoices {
    load: f64,
    /// s_1, s_2, ... as far as they matter.
    pub tails: Vec<f64>,
}

impl PowerOfChoices {
    /// `load` a = λ/μ of one station; `choices` ≥ 2. `None` unless 0 < a < servers. O(servers).
    pub fn new(load: f64, servers: u32, choices: u32) -> Option<Self> {
        if !(load > 0.0 && load < f64::from(servers) && choices >= 2) {
            return None;
        }
        // The shares fall off doubly exponentially: start at the highest level whose share a float can hold.
        let holds = |&level: &u32| below(load, level, choices, TINY).0 < 1.0;
        let level = (1..=servers).rev().find(holds).unwrap_or(1);
        let top = exp(root(ln(TINY), 0.0, |top| below(load, level, choices, exp(top)).0 - 1.0));
        let (_, mut tails) = below(load, level, choices, top);
        let (mut last, c) = (top, f64::from(servers));
        while level == servers && last > TINY && tails.len() < 100_000 {
            last = load / c * pow(last, f64::from(choices));
            tails.push(last);
        }
        Some(Self { load, tails })
    }

    /// Mean response over mean service time.
    pub fn response(&self) -> f64 {
        self.tails.iter().sum::<f64>() / self.load
    }

    /// Mean wait over mean service time.
    pub fn wait(&self) -> f64 {
        self.response() - 1.0
    }
}

/// s_0 and s_1..=s_level, if s_level were `top` and what is above it nothing, or decided by it.
fn below(load: f64, level: u32, choices: u32, top: f64) -> (f64, Vec<f64>) {
    let mut tails = vec![top];
    let (mut above, mut at) = (0.0, top);
    for i in (1..=level).rev() {
        let raised = (f64::from(i) * at + above) / load;
        let under = if choices == 2 { raised.sqrt() } else { pow(raised, 1.0 / f64::from(choices)) };
        above += at;
        at = under;
        tails.push(at);
    }
    let zero = tails.pop().expect("there is at least one level");
    tails.reverse();
    (zero, tails)
}

/// The mean wait, over the mean service time, of power of `choices` choices among `stations` stations, from the wait of one
/// shared queue over all their servers (`pooled`, the lower bound) and that of the mean-field limit: the limit counts the
/// more, the fewer of the stations a choice looks at. An interpolation, for two choices within 12 % of the exact Markov chains
/// of two to four single servers at utilizations of 0.8 and 0.9, and exact as the stations grow many.
pub fn power_of_choices_wait(stations: u16, choices: u16, pooled: f64, limit: f64) -> f64 {
    pooled + limit * (1.0 - f64::from(choices) / f64::from(stations.max(choices)))
}

#[cfg(test)]
mod tests {
    use super::super::Mmc;
    use super::*;

    #[test]
    fn the_limit_has_the_figures_of_the_closed_form() {
        for (lambda, d, response) in
            [(0.9, 2, 2.614_057_38), (0.9, 3, 2.027_855_97), (0.5, 2, 1.265_686_04), (0.9, 5, 1.632_881_24)]
        {
            let got = PowerOfChoices::new(lambda, 1, d).unwrap();
            assert!((got.response() / response - 1.0).abs() < 1e-8, "{lambda} {d}: {}", got.response());
        }
        let tails = PowerOfChoices::new(0.9, 1, 2).unwrap().tails;
        assert!((tails[1] - 0.729).abs() < 1e-12 && (tails[4] - 0.038_152_042_4).abs() < 1e-9);
    }

    #[test]
    fn with_several_servers_work_is_conserved() {
        for (load, servers) in [(3.6, 4), (14.0, 16), (0.3, 8)] {
            let many = PowerOfChoices::new(load, servers, 2).unwrap();
            // What is served is what arrives: Σ_{i ≤ c} s_i = a.
            let busy: f64 = many.tails.iter().take(servers as usize).sum();
            assert!((busy - load).abs() < 1e-9, "{load} {servers}: {busy}");
            // Better than picking at random, which is M/M/c at each.
            assert!(many.wait() < Mmc::new(load, 1.0, servers).unwrap().wait());
        }
    }

    #[test]
    fn the_interpolation_is_near_the_exact_chains() {
        // Exact: power of two different ones among n single servers, mean response over mean service time.
        for (n, rho, exact) in [
            (2, 0.8, 2.955_736_62),
            (3, 0.8, 2.509_999_67),
            (4, 0.8, 2.330_117_76),
            (2, 0.9, 5.474_912_82),
            (3, 0.9, 4.274_086_54),
            (4, 0.9, 3.752_718),
        ] {
            let pooled = Mmc::new(rho * f64::from(n), 1.0, n).unwrap().wait();
            let limit = PowerOfChoices::new(rho, 1, 2).unwrap().wait();
            let near = power_of_choices_wait(n as u16, 2, pooled, limit);
            assert!((near / (exact - 1.0) - 1.0).abs() < 0.12, "{n} {rho}: {near}, exactly {}", exact - 1.0);
        }
    }
}
