//! Exact hit ratios under independent requests, for key spaces of a few hundred.
use crate::math::{exp, exp_m1, pow};

/// LRU, exactly (Flajolet, Gardy, Thimonier 1992): a request for key i hits when fewer than `capacity` other keys were asked
/// for since the last one: Σ p_i ∫ p_i e^(-p_i t) P(fewer than C others in t) dt. O(points · keys · capacity) in most cases.
pub fn lru_hit_exact(shares: &[f64], capacity: usize) -> f64 {
    if capacity == 0 {
        return 0.0;
    }
    // With t = e^x / p_max every bend of the integrand has the same width. Trapezium: converges faster than any power.
    let most = shares.iter().copied().fold(0.0, f64::max);
    let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
    const STEP: f64 = 0.05;
    let (low, high) = (-36.0, crate::math::ln(most / least) + 6.0);
    let steps = ((high - low) / STEP) as u32;
    let at = |i: u32| {
        let time = exp(low + f64::from(i) * STEP) / most;
        time * hit_density(shares, capacity, time) * STEP
    };
    (0..=steps).map(at).sum()
}

/// Σ p_i² e^(-p_i t) P(fewer than `capacity` of the other keys in t).
fn hit_density(shares: &[f64], capacity: usize, time: f64) -> f64 {
    let seen: Vec<f64> = shares.iter().map(|share| -exp_m1(-share * time)).collect();
    // P(exactly k different keys), k < capacity.
    let mut count = vec![0.0; capacity];
    count[0] = 1.0;
    seen.iter().for_each(|&p| add(&mut count, p));
    let of = |i: usize| {
        let fewer: f64 = if seen[i] < 0.5 {
            without(&count, seen[i])
        } else {
            // Taking a likely key out again would cancel: count the others anew.
            let mut others = vec![0.0; capacity];
            others[0] = 1.0;
            seen.iter().enumerate().filter(|&(j, _)| j != i).for_each(|(_, &p)| add(&mut others, p));
            others.iter().sum()
        };
        shares[i] * shares[i] * exp(-shares[i] * time) * fewer
    };
    (0..shares.len()).map(of).sum()
}

fn add(count: &mut [f64], p: f64) {
    for k in (1..count.len()).rev() {
        count[k] = count[k] * (1.0 - p) + count[k - 1] * p;
    }
    count[0] *= 1.0 - p;
}

/// P(fewer than `count.len()`) without one key of probability `p` < 1/2.
fn without(count: &[f64], p: f64) -> f64 {
    let (mut sum, mut before) = (0.0, 0.0);
    for at in count {
        before = (at - p * before) / (1.0 - p);
        sum += before;
    }
    sum
}

/// FIFO and RANDOM, exactly (King 1971, Gelenbe 1973): a set of keys is in the cache in proportion to the product of their
/// shares. O(keys² · capacity).
pub fn fifo_hit_exact(shares: &[f64], capacity: usize) -> f64 {
    // In units of a typical share, so that the products of many neither over- nor underflow.
    let unit = pow(shares.iter().product::<f64>().max(1e-300), 1.0 / shares.len() as f64);
    let products = |skip: Option<usize>, size: usize| {
        let mut sums = vec![0.0; size + 1];
        sums[0] = 1.0;
        for (_, share) in shares.iter().enumerate().filter(|&(i, _)| Some(i) != skip) {
            (1..=size).rev().for_each(|k| sums[k] += sums[k - 1] * share / unit);
        }
        sums[size]
    };
    let all = products(None, capacity);
    let with = |i: usize| shares[i] * shares[i] / unit * products(Some(i), capacity - 1) / all;
    if capacity == 0 { 0.0 } else { (0..shares.len()).map(with).sum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zipf(keys: u32, skew: f64) -> Vec<f64> {
        let total: f64 = (1..=keys).map(|k| pow(f64::from(k), -skew)).sum();
        (1..=keys).map(|k| pow(f64::from(k), -skew) / total).collect()
    }

    #[test]
    fn small_caches_have_the_exact_figures() {
        // Computed with 30 digits: keys, skew, capacity, LRU, FIFO.
        for (keys, skew, capacity, lru, fifo) in [
            (5, 1.0, 2, 0.518_884_564, 0.503_649_635),
            (8, 0.8, 3, 0.478_768_426, 0.461_421_323),
            (10, 1.0, 4, 0.584_505_245, 0.549_336_613),
            (100, 1.0, 10, 0.397_802_437, 0.350_043_716),
        ] {
            let shares = zipf(keys, skew);
            let got = lru_hit_exact(&shares, capacity);
            assert!((got / lru - 1.0).abs() < 1e-8, "{keys}: {got}, exactly {lru}");
            let got = fifo_hit_exact(&shares, capacity);
            assert!((got / fifo - 1.0).abs() < 1e-8, "{keys}: {got}, exactly {fifo}");
        }
    }
}
