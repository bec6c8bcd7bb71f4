//! Che's approximation (Che, Tung, Wang 2002; Fricker, Robert, Roberts 2012; Martina, Garetto, Leonardi 2014): an entry
//! stays for one and the same characteristic time T after it was last used, where T is such that the cache is just full.
//!
//! Requests must be independent of one another. At a million keys the error is below 1e-3 of the hit ratio; at ten keys 1 %.
use super::super::popularity::Popularity;
use super::super::root::root;
use crate::math::{exp, exp_m1};

/// What the approximation gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CheSolution {
    /// The characteristic time, in requests (or seconds where the popularity is in requests per second).
    pub time: f64,
    /// The share of requests answered from memory.
    pub hit_ratio: f64,
}

/// LRU: a key of share p is in the cache with probability 1 - e^(-pT). `None` when the cache is not smaller than the key
/// space, where everything is a hit but each key's first request. O(points), some ten rounds of Newton's method.
pub fn lru_hit(popularity: &Popularity, capacity: f64) -> Option<CheSolution> {
    if capacity <= 0.0 || capacity >= popularity.keys() {
        return None;
    }
    let mut time = capacity;
    for _ in 0..100 {
        let (mut full, mut slope) = (-capacity, 0.0);
        for &(keys, share) in &popularity.points {
            let gone = exp(-share * time);
            full += keys * (1.0 - gone);
            slope += keys * share * gone;
        }
        // The filling is concave in T: from the left of the root Newton stays there, and rises to it.
        let step = -full / slope;
        time += step;
        if step.abs() <= 1e-13 * time {
            break;
        }
    }
    let hit_ratio = popularity.sum(|share| -share * exp_m1(-share * time));
    Some(CheSolution { time, hit_ratio })
}

/// FIFO and RANDOM, which are alike: a key of share p is in the cache with probability pT/(1+pT) (Fricker, Robert, Roberts
/// 2012; Gelenbe 1973). `None` as for [`lru_hit`].
pub fn fifo_hit(popularity: &Popularity, capacity: f64) -> Option<CheSolution> {
    if capacity <= 0.0 || capacity >= popularity.keys() {
        return None;
    }
    let within = |time: f64| move |share: f64| share * time / (1.0 + share * time);
    let mut high = capacity;
    while popularity.sum(within(high)) < capacity {
        high *= 2.0;
    }
    let time = root(0.0, high, |time| popularity.sum(within(time)) - capacity);
    Some(CheSolution { time, hit_ratio: popularity.sum(|share| share * within(time)(share)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_caches_have_the_figures_of_the_full_sums() {
        // Computed with 30 digits over all the keys: keys, skew, capacity, time, LRU, FIFO.
        for (keys, skew, capacity, time, lru, fifo) in [
            (1_000_000, 0.99, 100_000.0, 327_858.126, 0.766_342_05, 0.734_831_974),
            (1_000_000, 0.8, 10_000.0, 12_106.143_3, 0.231_905_346, 0.207_305_45),
            (10_000, 1.0, 1_000.0, 2_352.178_42, 0.675_601_794, 0.630_906_004),
            (10_000_000, 0.9, 100_000.0, 157_488.806, 0.431_208_851, 0.399_981_515),
        ] {
            let popularity = Popularity::zipf(keys, skew);
            let che = lru_hit(&popularity, capacity).unwrap();
            assert!((che.time / time - 1.0).abs() < 1e-7, "{keys} {skew}: {}", che.time);
            assert!((che.hit_ratio / lru - 1.0).abs() < 1e-7, "{keys} {skew}: {}", che.hit_ratio);
            let random = fifo_hit(&popularity, capacity).unwrap();
            assert!((random.hit_ratio / fifo - 1.0).abs() < 1e-7, "{keys} {skew}: {}", random.hit_ratio);
        }
        assert_eq!(lru_hit(&Popularity::zipf(100, 1.0), 100.0), None);
    }
}
