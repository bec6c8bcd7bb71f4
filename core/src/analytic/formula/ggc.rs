//! G/G/c: any renewal arrivals, any service time. There is no exact form; these need two moments of each.
use super::erlang_c;
use crate::math::exp;

/// Kingman's (1961) mean wait of G/G/1 in seconds: ρ/(1-ρ) · (ca²+cs²)/2 · E\[S\]; exact for M/M/1 and M/G/1. `ca2` and
/// `cs2` are squared coefficients of variation, ≥ 0. `None` unless 0 ≤ ρ < 1.
pub fn kingman(utilization: f64, ca2: f64, cs2: f64, mean_service: f64) -> Option<f64> {
    stable(utilization).then(|| utilization / (1.0 - utilization) * f64::midpoint(ca2, cs2) * mean_service)
}

/// Kingman's (1962) upper bound of the mean wait of G/G/1 in seconds: λ(Var A + Var S) / 2(1-ρ); `None` unless 0 < ρ < 1.
pub fn kingman_bound(utilization: f64, ca2: f64, cs2: f64, mean_service: f64) -> Option<f64> {
    let rate = utilization / mean_service;
    (utilization > 0.0 && stable(utilization)).then(|| {
        let variances = ca2 / (rate * rate) + cs2 * mean_service * mean_service;
        rate * variances / (2.0 * (1.0 - utilization))
    })
}

/// Allen and Cunneen's (1978) mean wait of G/G/c in seconds: the wait of M/M/c times (ca²+cs²)/2, with the correction of
/// Krämer and Langenbach-Belz (1976) for arrivals that are smoother than Poisson. Exact for M/M/c and M/G/1; off by some
/// 10 % at c of ten or more. `None` unless 0 ≤ load/servers < 1. O(servers).
pub fn allen_cunneen(servers: u32, load: f64, ca2: f64, cs2: f64, mean_service: f64) -> Option<f64> {
    let waits = erlang_c(servers, load)?;
    let utilization = load / f64::from(servers);
    let markov = waits * mean_service / (f64::from(servers) * (1.0 - utilization));
    Some(markov * f64::midpoint(ca2, cs2) * smoothness(utilization, ca2, cs2))
}

/// Krämer and Langenbach-Belz's factor in (0, 1]; one for Poisson arrivals.
fn smoothness(utilization: f64, ca2: f64, cs2: f64) -> f64 {
    if ca2 >= 1.0 || utilization <= 0.0 || ca2 + cs2 <= 0.0 {
        return 1.0;
    }
    let regular = 1.0 - ca2;
    exp(-2.0 * (1.0 - utilization) * regular * regular / (3.0 * utilization * (ca2 + cs2)))
}

fn stable(utilization: f64) -> bool {
    (0.0..1.0).contains(&utilization)
}

#[cfg(test)]
mod tests {
    use super::super::{Gim1, Mmc};
    use super::*;

    #[test]
    fn kingman_gives_the_figures_of_the_formula() {
        assert!((kingman(0.8, 1.0, 4.0, 1.0).unwrap() - 10.0).abs() < 1e-12);
        assert!((kingman_bound(0.8, 1.0, 4.0, 1.0).unwrap() - 11.125).abs() < 1e-12);
        assert!((kingman_bound(0.8, 0.0, 4.0, 1.0).unwrap() - 8.0).abs() < 1e-12);
        assert_eq!(kingman(1.0, 1.0, 1.0, 1.0), None);
    }

    #[test]
    fn allen_cunneen_is_exact_for_mmc_and_near_for_even_arrivals() {
        let exact = Mmc::new(3.2, 1.0, 4).unwrap().wait();
        assert!((allen_cunneen(4, 3.2, 1.0, 1.0, 1.0).unwrap() - exact).abs() < 1e-12);
        for rho in [0.5, 0.8, 0.9, 0.95] {
            let exact = Gim1::deterministic(1.0 / rho, 1.0).unwrap().wait();
            let near = allen_cunneen(1, rho, 0.0, 1.0, 1.0).unwrap();
            // Krämer and Langenbach-Belz state errors of some per cent where the wait matters.
            assert!((near / exact - 1.0).abs() < 0.05, "{rho}: {near}, exactly {exact}");
        }
    }
}
