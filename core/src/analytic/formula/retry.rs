//! Retries: what they mend, and what load they make.
use super::Mmck;
use super::root::root;
use crate::math::pow;

/// The share of requests that end well with up to `retries` more attempts, each failing on its own with probability `p`.
pub fn success(p: f64, retries: u32) -> f64 {
    1.0 - pow(p, f64::from(retries) + 1.0)
}

/// Mean attempts per request, and so the factor on the load: 1 + p + ... + p^retries.
pub fn attempts(p: f64, retries: u32) -> f64 {
    (0..retries).fold(1.0, |sum, _| 1.0 + p * sum)
}

/// Attempts at the deepest layer per request when it is down and each of `layers` tries `attempts_per_layer` times: they
/// multiply (Beyer et al., Site Reliability Engineering, 2016, ch. 22).
pub fn amplification(layers: u32, attempts_per_layer: u32) -> f64 {
    pow(f64::from(attempts_per_layer), f64::from(layers))
}

/// Where retries against a full queue settle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetriedLoss {
    /// First attempts and retries, per second.
    pub offered_rate: f64,
    /// The share of attempts that finds the queue full.
    pub loss: f64,
    /// The share of requests that end well.
    pub success: f64,
    /// Requests that end well, per second.
    pub goodput: f64,
}

/// M/M/c/K whose refused requests come again up to `retries` times: the fixed point λ' = λ·(1 + b(λ') + ... + b(λ')^r)
/// (cf. Cohen 1957). It takes the retries as Poisson, which becomes true as they come later; soon ones meet the queue that
/// refused them, and fare worse. `None` as for [`Mmck::new`].
pub fn retried_loss(
    rate: f64,
    service_rate: f64,
    servers: u32,
    most: u32,
    retries: u32,
) -> Option<RetriedLoss> {
    let loss = |offered: f64| Mmck::new(offered, service_rate, servers, most).map(|queue| queue.loss());
    loss(rate)?;
    let again = |offered: f64| rate * attempts(loss(offered).unwrap_or(1.0), retries);
    // Loss rises with the load, so the excess changes its sign once between no and all retries.
    let offered_rate = root(rate, rate * (f64::from(retries) + 1.0), |offered| again(offered) - offered);
    let loss = loss(offered_rate)?;
    let success = success(loss, retries);
    Some(RetriedLoss { offered_rate, loss, success, goodput: rate * success })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_a_geometric_sum_and_layers_multiply() {
        assert!((success(0.5, 3) - 0.9375).abs() < 1e-15 && (attempts(0.5, 3) - 1.875).abs() < 1e-15);
        assert_eq!((attempts(1.0, 3), success(1.0, 3), amplification(3, 4)), (4.0, 0.0, 64.0));
    }

    #[test]
    fn retries_against_a_full_queue_settle_where_the_chain_says() {
        // Computed with 30 digits: λ, retries, offered, loss, success.
        for (rate, retries, offered, loss, success) in [
            (6.0, 3, 16.657_366_3, 0.759_918_102, 0.666_522_023),
            (4.4, 3, 8.956_411_29, 0.555_516_94, 0.904_766_614),
            (3.2, 0, 3.2, 0.060_728_456_4, 0.939_271_544),
        ] {
            let got = retried_loss(rate, 1.0, 4, 8, retries).unwrap();
            assert!((got.offered_rate / offered - 1.0).abs() < 1e-8, "{got:?}");
            assert!((got.loss / loss - 1.0).abs() < 1e-8 && (got.success / success - 1.0).abs() < 1e-8);
        }
    }
}
