//! Hit ratios of the cache policies, beside what theory says, and nanoseconds a request of each.
//!
//! `cargo bench --bench hit_ratios`: a million keys and room for a tenth or a hundredth of them, asked for by Zipf's law of
//! four skews; then with scans in between, of which only the Zipf requests count, since a scanned key is asked for once. A
//! request is a lookup and, on a miss, an insert. Keys are drawn beforehand, so that their cost is not in the time.
use loadpath_core::component::cache::{Cache, Capacity, Eviction, Ttl};
use loadpath_core::dist::Zipf;
use loadpath_core::rng::Seed;
use loadpath_core::time::Time;
use std::time::Instant;

const KEYS: u64 = 1_000_000;
/// The first half warms the cache up.
const REQUESTS: usize = 6_000_000;
/// After so many Zipf requests comes a scan over so many fresh keys.
const BETWEEN_SCANS: usize = 200_000;
const SCAN: u32 = 50_000;

/// Whether a key is one of a scan's.
fn is_scanned(key: u32) -> bool {
    u64::from(key) >= KEYS
}

fn keys(zipf: &Zipf, with_scans: bool) -> Vec<u32> {
    let mut rng = Seed(1).stream("keys");
    let mut keys = Vec::with_capacity(REQUESTS);
    let mut fresh = KEYS as u32;
    while keys.len() < REQUESTS {
        // The keys of a million fit.
        keys.extend((0..BETWEEN_SCANS).map(|_| zipf.sample(&mut rng) as u32));
        if with_scans {
            keys.extend(fresh..fresh + SCAN);
            fresh += SCAN;
        }
    }
    keys.truncate(REQUESTS);
    keys
}

/// The hit ratio of the Zipf requests of the second half, how many those were, and nanoseconds a request.
fn run(eviction: Eviction, capacity: u32, keys: &[u32]) -> (f64, f64, f64) {
    let mut rng = Seed(2).stream("cache");
    let mut cache = Cache::new(eviction, Capacity::Entries(capacity), Ttl::FOREVER);
    let mut ask = |key: u32| {
        let hit = cache.get(Time::ZERO, u64::from(key));
        if !hit {
            cache.insert(Time::ZERO, u64::from(key), 1, &mut rng);
        }
        u64::from(hit)
    };
    let (warm_up, measured) = keys.split_at(keys.len() / 2);
    for &key in warm_up {
        ask(key);
    }
    let start = Instant::now();
    let hits: u64 = measured.iter().map(|&key| ask(key)).sum();
    let seconds = start.elapsed().as_secs_f64();
    let counted = measured.iter().filter(|&&key| !is_scanned(key)).count() as f64;
    (hits as f64 / counted, counted, seconds * 1e9 / measured.len() as f64)
}

/// Che's approximation for LRU (Che, Tung, Wang 2002): a key stays for the time in which as many different keys are asked for
/// as the cache holds.
fn che(shares: &[f64], capacity: u32) -> f64 {
    let held = |time: f64| shares.iter().map(|share| 1.0 - (-share * time).exp()).sum::<f64>();
    let (mut low, mut high) = (0.0, 100.0 * shares.len() as f64);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        *if held(middle) < f64::from(capacity) { &mut low } else { &mut high } = middle;
    }
    shares.iter().map(|share| share * (1.0 - (-share * low).exp())).sum()
}

fn row(skew: f64, capacity: u32, with_scans: bool) {
    let zipf = Zipf::new(KEYS, skew);
    let keys = keys(&zipf, with_scans);
    let runs = Eviction::ALL.map(|eviction| run(eviction, capacity, &keys));
    let name = if with_scans { "Zipf and scans" } else { "Zipf" };
    print!("{name:<15}{skew:>5} {capacity:>8}");
    runs.iter().for_each(|(ratio, ..)| print!(" {ratio:>8.4}"));
    if with_scans {
        print!(" {:>8} {:>8}", "", "");
    } else {
        let shares: Vec<f64> = (0..KEYS).map(|key| zipf.share(key)).collect();
        // The most that is possible without knowing the future: the most popular keys are always there.
        let ideal: f64 = shares[..capacity as usize].iter().sum();
        let (che, (lru, counted, _)) = (che(&shares, capacity), runs[0]);
        // Four standard deviations of a binomial share, and the approximation's own error at such sizes.
        let bound = 4.0 * (che * (1.0 - che) / counted).sqrt() + 1e-4;
        let verdict = if (lru - che).abs() <= bound { "inside" } else { "OUTSIDE" };
        print!(" {che:>8.4} {ideal:>8.4}   LRU is off Che by {:+.5}, {verdict} ±{bound:.5}", lru - che);
    }
    print!("\n{:>29}", "ns a request");
    runs.iter().for_each(|(_, _, nanos)| print!(" {nanos:>8.0}"));
    println!();
}

fn main() {
    print!("{:<15}{:>5} {:>8}", "keys", "skew", "capacity");
    Eviction::ALL.iter().for_each(|eviction| print!(" {:>8}", format!("{eviction:?}")));
    println!(" {:>8} {:>8}", "Che", "ideal");
    for (skew, capacity) in [(0.7, 100_000), (0.9, 100_000), (0.99, 100_000), (1.1, 100_000), (0.99, 10_000)]
    {
        row(skew, capacity, false);
    }
    for capacity in [100_000, 10_000] {
        row(0.99, capacity, true);
    }
}
