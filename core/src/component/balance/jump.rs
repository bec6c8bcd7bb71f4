//! Jump consistent hash (Lamping & Veach 2014): a key's bucket among n without any table.
//!
//! A bucket more takes 1/(n+1) of the keys and moves no others; but buckets come and go at the end only. So the keys of a
//! target in the middle that is not usable jump once more, among the usable.
use super::Targets;
use crate::hash;

/// The bucket of `key` among `buckets` ≥ 1. O(log buckets).
pub fn jump(mut key: u64, buckets: u16) -> u16 {
    let (mut bucket, mut next) = (0, 0.0);
    while next < f64::from(buckets) {
        bucket = next as u16;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((f64::from(bucket) + 1.0) * ((1u64 << 31) as f64 / ((key >> 33) + 1) as f64)).floor();
    }
    bucket
}

/// The policy. O(log n).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Jump;

impl Jump {
    /// The target of `key`.
    pub(super) fn pick(self, key: u64, targets: &Targets) -> Option<u16> {
        let usable = targets.usable();
        if usable.is_empty() {
            return None;
        }
        let target = jump(hash::mix(key), targets.len() as u16);
        if targets.is_usable(target) {
            return Some(target);
        }
        Some(usable[usize::from(jump(hash::pair(key, 1), usable.len() as u16))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_the_buckets_of_other_implementations() {
        // The test vectors of github.com/dgryski/go-jump.
        for (key, buckets, bucket) in [(1, 1, 0), (42, 57, 43), (0xDEAD_10CC, 1, 0), (0xDEAD_10CC, 666, 361)]
        {
            assert_eq!(jump(key, buckets), bucket);
        }
        assert_eq!(jump(256, 1_024), 520);
    }

    #[test]
    fn buckets_are_even_and_one_more_moves_only_what_it_takes() {
        const KEYS: u64 = 200_000;
        for n in [10, 100u16] {
            let before: Vec<u16> = (0..KEYS).map(|key| jump(hash::mix(key), n)).collect();
            let mut counts = vec![0.0; usize::from(n)];
            before.iter().for_each(|&bucket| counts[usize::from(bucket)] += 1.0);
            let mean = KEYS as f64 / f64::from(n);
            let chi: f64 = counts.iter().map(|count| (count - mean) * (count - mean) / mean).sum();
            // Chi-squared with n - 1 degrees of freedom lies within 4 sqrt(2 (n - 1)) of n - 1, but for once in 2,000.
            assert!(chi < f64::from(n - 1) + 4.0 * (2.0 * f64::from(n - 1)).sqrt(), "{chi}");
            let moved = (0..KEYS).filter(|&key| {
                let after = jump(hash::mix(key), n + 1);
                assert!(after == before[key as usize] || after == n);
                after == n
            });
            let (moved, share) = (moved.count() as f64, 1.0 / f64::from(n + 1));
            let deviation = (KEYS as f64 * share * (1.0 - share)).sqrt();
            assert!((moved - KEYS as f64 * share).abs() < 4.0 * deviation, "{moved}");
        }
    }
}
