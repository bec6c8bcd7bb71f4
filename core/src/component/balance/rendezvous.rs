//! Highest random weight, or rendezvous (Thaler & Ravishankar 1998): each target scores by key and target, the highest wins.
//!
//! A target that goes gives up its own keys and no others, and spreads them over all. With weights the score is
//! -w / ln(u) (Schindelhauer & Schomaker 2005), which gives each its share exactly.
use super::Targets;
use crate::{hash, math};

/// The policy. O(n), no memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rendezvous;

impl Rendezvous {
    /// The target of `key`.
    pub(super) fn pick(self, key: u64, targets: &Targets) -> Option<u16> {
        let usable = targets.usable().iter().copied();
        let bits = |target: u16| hash::pair(key, u64::from(target));
        if targets.are_equal() {
            return usable.max_by_key(|&target| bits(target));
        }
        let score = |target: u16| {
            // In (0, 1), so that its logarithm is finite and not zero.
            let u = ((bits(target) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            -f64::from(targets.weights()[usize::from(target)]) / math::ln(u)
        };
        usable
            .map(|target| (score(target), target))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, target)| target)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reason;
    use super::*;
    use crate::time::{Span, Time};

    const KEYS: u64 = 100_000;

    #[test]
    fn each_gets_its_share_and_only_a_lost_targets_keys_move() {
        for weights in [vec![1; 5], vec![1, 2, 3, 4, 10]] {
            let mut targets = Targets::new(weights.clone(), Span::ZERO);
            let before: Vec<u16> = (0..KEYS).map(|key| Rendezvous.pick(key, &targets).unwrap()).collect();
            let sum: u32 = weights.iter().sum();
            let chi: f64 = (0..5u16)
                .map(|target| {
                    let count = before.iter().filter(|&&other| other == target).count() as f64;
                    let mean = KEYS as f64 * f64::from(weights[usize::from(target)]) / f64::from(sum);
                    (count - mean) * (count - mean) / mean
                })
                .sum();
            // Chi-squared with 4 degrees of freedom: 18.5 is its 99.9 % quantile.
            assert!(chi < 18.5, "{chi}");
            targets.set(Time::ZERO, 3, Reason::Unhealthy, true);
            for key in 0..KEYS {
                let (old, new) = (before[key as usize], Rendezvous.pick(key, &targets).unwrap());
                assert!(new != 3 && (old == 3 || old == new));
            }
        }
    }
}
