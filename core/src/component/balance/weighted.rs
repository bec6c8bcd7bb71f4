//! Each usable target in turn, as often as its weight says, and smoothly: 5, 1, 1 gives a a b a c a a, not a a a a a b c.
//!
//! The smooth weighted round robin of nginx (Sysoev & Dounin 2012): each target earns its weight; the richest is picked and
//! pays what all have earned.
use super::Targets;
use crate::time::Time;

/// The policy. O(n) a pick.
#[derive(Clone, Debug)]
pub(super) struct Weighted {
    earned: Vec<f64>,
}

impl Weighted {
    pub(super) fn new(targets: u16) -> Self {
        Self { earned: vec![0.0; usize::from(targets)] }
    }

    /// The richest usable target; the first of equals.
    pub(super) fn pick(&mut self, now: Time, targets: &Targets) -> Option<u16> {
        let mut total = 0.0;
        let mut richest: Option<u16> = None;
        for &target in targets.usable() {
            let weight = targets.weight(now, target);
            total += weight;
            let earned = self.earned[usize::from(target)] + weight;
            self.earned[usize::from(target)] = earned;
            if richest.is_none_or(|other| earned > self.earned[usize::from(other)]) {
                richest = Some(target);
            }
        }
        let target = richest?;
        self.earned[usize::from(target)] -= total;
        Some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn picks(weights: &[u32], n: usize) -> Vec<u16> {
        let targets = Targets::new(weights.to_vec(), Span::ZERO);
        let mut policy = Weighted::new(weights.len() as u16);
        (0..n).map(|_| policy.pick(Time::ZERO, &targets).unwrap()).collect()
    }

    #[test]
    fn it_gives_the_sequence_of_nginx() {
        // From the message of nginx's commit 52327e0627f4, "Upstream: smooth weighted round-robin balancing".
        assert_eq!(picks(&[5, 1, 1], 7), [0, 0, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn a_period_gives_each_target_exactly_its_weight() {
        let weights = [7, 1, 3, 5];
        let picks = picks(&weights, 16 * 10);
        for (target, weight) in (0..).zip(weights) {
            assert_eq!(picks.iter().filter(|&&pick| pick == target).count(), weight as usize * 10);
        }
    }
}
