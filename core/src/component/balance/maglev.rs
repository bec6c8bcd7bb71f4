//! Maglev (Eisenbud et al. 2016, §3.4): a table of prime size in which all targets have the same number of places, give or
//! take one; a key's hash picks a place.
//!
//! Each target has its own order of preference over the table; in turns, each takes the first free place of its order. A
//! target that goes gives up its places, and few others change hands.
use super::Targets;
use crate::hash;

/// Primes next below powers of two. The paper asks for a hundred places a target, and more to be more even.
const PRIMES: [u32; 13] =
    [251, 509, 1_021, 2_039, 4_093, 8_191, 16_381, 32_749, 65_521, 131_071, 262_139, 524_287, 1_048_573];
const PLACES: u32 = 100;
const NONE: u16 = u16::MAX;

/// The policy. O(1) a pick; the table is made again, in O(table log table), when the usable targets are others.
#[derive(Clone, Debug)]
pub(super) struct Maglev {
    table: Vec<u16>,
    /// For which usable targets the table was made.
    generation: Option<u64>,
}

impl Maglev {
    pub(super) fn new(targets: u16) -> Self {
        let wanted = u32::from(targets) * PLACES;
        let size = PRIMES.into_iter().find(|&prime| prime >= wanted).unwrap_or(PRIMES[PRIMES.len() - 1]);
        Self { table: vec![NONE; size as usize], generation: None }
    }

    /// The target of `key`.
    pub(super) fn pick(&mut self, key: u64, targets: &Targets) -> Option<u16> {
        if targets.usable().is_empty() {
            return None;
        }
        if self.generation != Some(targets.generation()) {
            self.fill(targets);
            self.generation = Some(targets.generation());
        }
        let size = self.table.len() as u64;
        Some(self.table[(hash::mix(key) % size) as usize])
    }

    /// In turns each takes its next free place; a target with half the weight has every other turn.
    fn fill(&mut self, targets: &Targets) {
        let size = self.table.len() as u64;
        let usable = targets.usable();
        let weight = |&target: &u16| u64::from(targets.weights()[usize::from(target)]);
        let most = usable.iter().map(weight).max().unwrap_or(1);
        let order = |&target: &u16| {
            let (a, b) = (hash::pair(u64::from(target), 0), hash::pair(u64::from(target), 1));
            (a % size, b % (size - 1) + 1)
        };
        let mut orders: Vec<(u64, u64)> = usable.iter().map(order).collect();
        let mut earned = vec![0; usable.len()];
        self.table.fill(NONE);
        let mut left = size;
        loop {
            for (i, target) in usable.iter().enumerate() {
                earned[i] += weight(target);
                if earned[i] < most {
                    continue;
                }
                earned[i] -= most;
                let (place, step) = &mut orders[i];
                // The size is prime, so that steps of any length come by every place.
                while self.table[*place as usize] != NONE {
                    *place = (*place + *step) % size;
                }
                self.table[*place as usize] = *target;
                left -= 1;
                if left == 0 {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reason;
    use super::*;
    use crate::time::{Span, Time};

    fn counts(table: &[u16], targets: usize) -> Vec<usize> {
        let mut counts = vec![0; targets];
        table.iter().for_each(|&target| counts[usize::from(target)] += 1);
        counts
    }

    #[test]
    fn the_table_is_shared_to_within_one_place() {
        for n in [1, 3, 7, 100] {
            let targets = Targets::new(vec![1; usize::from(n)], Span::ZERO);
            let mut policy = Maglev::new(n);
            policy.pick(0, &targets);
            let counts = counts(&policy.table, usize::from(n));
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
        let targets = Targets::new(vec![1, 3], Span::ZERO);
        let mut policy = Maglev::new(2);
        policy.pick(0, &targets);
        // A period of three rounds gives four places; the last is cut off.
        assert!(counts(&policy.table, 2)[0].abs_diff(251 / 4) <= 1);
    }

    #[test]
    fn a_lost_targets_places_go_to_the_others_and_few_more_change_hands() {
        let mut targets = Targets::new(vec![1; 50], Span::ZERO);
        let mut policy = Maglev::new(50);
        policy.pick(0, &targets);
        let before = policy.table.clone();
        targets.set(Time::ZERO, 7, Reason::Unhealthy, true);
        policy.pick(0, &targets);
        let changed = before.iter().zip(&policy.table).filter(|(b, a)| **b != 7 && a != b).count();
        // A hundred places a target are to keep the disruption of the order of the loss (§5.3); a modulo changes 98 %.
        let lost = before.iter().filter(|&&target| target == 7).count();
        assert!(changed < 2 * lost, "{changed} besides {lost} of {}", before.len());
        assert!(!policy.table.contains(&7));
        targets.set(Time::ZERO, 7, Reason::Unhealthy, false);
        policy.pick(0, &targets);
        assert_eq!(policy.table, before, "the table depends on who is usable, not on how it came to be");
    }
}
