//! Hit ratios against the theory. Tolerances are standard errors over independent repetitions.
use super::{Cache, Capacity, Eviction, Ttl};
use crate::math;
use crate::rng::{Rng, Seed};
use crate::time::{Span, Time};

/// Four standard errors of a mean over this many repetitions: exceeded by chance once in some 900 comparisons (Student's t
/// with 19 degrees of freedom), and the seeds are fixed.
const REPETITIONS: u64 = 20;

/// Zipf's law by bisection over the cumulated shares.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(keys: u64, skew: f64) -> Self {
        let mut total = 0.0;
        let cumulated = (1..=keys).map(|rank| {
            total += math::pow(rank as f64, -skew);
            total
        });
        Self(cumulated.collect())
    }

    fn sample(&self, rng: &mut Rng) -> u64 {
        let u = rng.unit() * self.0[self.0.len() - 1];
        self.0.partition_point(|&share| share <= u) as u64
    }
}

/// Runs `once` in repetitions of their own streams; mean and standard error.
fn repeat(once: impl Fn(&mut Rng) -> f64) -> (f64, f64) {
    let ratios: Vec<f64> = (0..REPETITIONS).map(|seed| once(&mut Seed(seed).stream("theory"))).collect();
    let n = REPETITIONS as f64;
    let mean = ratios.iter().sum::<f64>() / n;
    let variance = ratios.iter().map(|ratio| (ratio - mean) * (ratio - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// The hit ratio under independent references: requests by Zipf's law, each miss filled.
fn hit_ratio(eviction: Eviction, keys: u64, skew: f64, capacity: u32, requests: u32) -> (f64, f64) {
    let zipf = Zipf::new(keys, skew);
    repeat(|rng| {
        let mut cache = Cache::new(eviction, Capacity::Entries(capacity), Ttl::FOREVER);
        let mut ask = |rng: &mut Rng| {
            let key = zipf.sample(rng);
            let hit = cache.get(Time::ZERO, key);
            if !hit {
                cache.insert(Time::ZERO, key, 1, rng);
            }
            hit
        };
        (0..20 * capacity).for_each(|_| {
            ask(rng);
        });
        let hits = (0..requests).filter(|_| ask(rng)).count();
        hits as f64 / f64::from(requests)
    })
}

#[track_caller]
fn assert_near((mean, error): (f64, f64), exact: f64, bias: f64) {
    let bound = 4.0 * error + bias;
    assert!((mean - exact).abs() <= bound, "{mean:.5} is not {exact:.5} within {bound:.5}");
}

/// King 1971 and Flajolet, Gardy, Thimonier 1992 for LRU, Gelenbe 1973 for FIFO: keys, skew, capacity, LRU, FIFO, the most that
/// any policy reaches that does not know the future (the most popular keys always there).
const EXACT: [(u64, f64, u32, f64, f64, f64); 6] = [
    (8, 0.8, 3, 0.478768426, 0.461421323, 0.615173116),
    (10, 1.0, 4, 0.584505245, 0.549336613, 0.711285734),
    (5, 1.0, 2, 0.518884564, 0.503649635, 0.656934307),
    (100, 1.0, 10, 0.397802437, 0.350043716, 0.564633718),
    (100, 1.0, 50, 0.809886865, 0.762751509, 0.86733717),
    (200, 0.8, 40, 0.466108684, 0.417742423, 0.6046925),
];

#[test]
fn lru_and_fifo_hit_as_often_as_they_exactly_should() {
    for (keys, skew, capacity, lru, fifo, _) in EXACT {
        assert_near(hit_ratio(Eviction::Lru, keys, skew, capacity, 20_000), lru, 0.0);
        assert_near(hit_ratio(Eviction::Fifo, keys, skew, capacity, 20_000), fifo, 0.0);
    }
}

#[test]
fn lru_hits_as_often_as_che_says_where_there_are_many_keys() {
    // Che, Tung, Wang 2002: off by less than 1e-4 at this size.
    assert_near(hit_ratio(Eviction::Lru, 10_000, 1.0, 1_000, 30_000), 0.675601794, 1e-4);
}

#[test]
fn no_policy_beats_the_ideal_and_those_that_claim_to_beat_lru_do() {
    for (keys, skew, capacity, lru, _, ideal) in &EXACT[3..] {
        for eviction in Eviction::ALL {
            let (mean, error) = hit_ratio(eviction, *keys, *skew, *capacity, 20_000);
            assert!(mean <= ideal + 4.0 * error, "{eviction:?}: {mean} over {ideal}");
            if !matches!(eviction, Eviction::Lru | Eviction::Fifo) {
                assert!(mean - 4.0 * error > *lru, "{eviction:?}: {mean} is not above LRU's {lru}");
            }
        }
    }
}

#[test]
fn a_scan_washes_lru_out_but_not_those_that_resist() {
    // Half of the requests go once over ever new keys. What such a key takes from the others is what a policy must limit.
    let zipf = Zipf::new(10_000, 1.0);
    let ratio = |eviction| {
        let mut rng = Seed(1).stream("scan");
        let mut cache = Cache::new(eviction, Capacity::Entries(500), Ttl::FOREVER);
        let (mut hits, mut fresh) = (0, 1 << 32);
        for _ in 0..200_000 {
            for key in [zipf.sample(&mut rng), fresh] {
                if cache.get(Time::ZERO, key) {
                    hits += 1;
                } else {
                    cache.insert(Time::ZERO, key, 1, &mut rng);
                }
            }
            fresh += 1;
        }
        f64::from(hits) / 200_000.0
    };
    // A binomial share of 200,000 has a standard error of 0.0011 at most; correlation at these sizes does not triple it.
    let lru = ratio(Eviction::Lru);
    for eviction in [Eviction::S3Fifo, Eviction::TinyLfu] {
        assert!(ratio(eviction) > lru + 0.01, "{eviction:?} {} and LRU {lru}", ratio(eviction));
    }
}

/// The hit ratio of keys that live for `ttl` seconds and are asked for in Poisson streams of `rate` a second in all.
fn ttl_hit_ratio(keys: u64, skew: f64, rate: f64, ttl: f64, requests: u32) -> (f64, f64) {
    let zipf = Zipf::new(keys, skew);
    repeat(|rng| {
        let ttl = Ttl::fixed(Span::from_secs(ttl));
        let mut cache = Cache::new(Eviction::Lru, Capacity::Entries(keys as u32), ttl);
        let (mut hits, mut now) = (0, Time::ZERO);
        let warm_up = requests / 2;
        for request in 0..warm_up + requests {
            now = now + Span::from_secs(-math::ln(rng.unit_positive()) / rate);
            let key = zipf.sample(rng);
            if cache.get(now, key) {
                hits += u32::from(request >= warm_up);
            } else {
                cache.insert(now, key, 1, rng);
            }
        }
        f64::from(hits) / f64::from(requests)
    })
}

#[test]
fn a_ttl_gives_the_hits_of_the_renewal_formula() {
    // λT / (1 + λT): Jung, Berger, Balakrishnan 2003; Fofack et al. 2012.
    for (rate, ttl) in [(0.1, 10.0), (5.0, 1.0), (0.02, 60.0)] {
        assert_near(ttl_hit_ratio(1, 0.0, rate, ttl, 10_000), rate * ttl / (1.0 + rate * ttl), 0.0);
    }
    // The same, summed over 1,000 Zipf keys.
    assert_near(ttl_hit_ratio(1_000, 0.9, 100.0, 30.0, 20_000), 0.813356216, 0.0);
}

#[test]
fn periodic_requests_hit_as_often_as_fit_into_a_ttl() {
    // n / (1 + n), with n requests after the first within the time to live.
    for (interval, ttl, n) in [(3, 10, 3), (2, 9, 4)] {
        let mut rng = Seed(1).stream("theory");
        let mut cache = Cache::new(Eviction::Lru, Capacity::Entries(1), Ttl::fixed(Span(ttl)));
        let mut hits = 0;
        for request in 0..(n + 1) * 100 {
            if cache.get(Time(request * interval), 1) {
                hits += 1;
            } else {
                cache.insert(Time(request * interval), 1, 1, &mut rng);
            }
        }
        assert_eq!(hits, n * 100);
    }
}
