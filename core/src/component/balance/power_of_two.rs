//! The least busy of a few targets at random, mostly two (Mitzenmacher 2001): nearly as good as the least busy of all, without
//! looking at all.
use super::Targets;
use crate::rng::Rng;
use crate::time::Time;

/// The power of d choices. O(d²) a pick.
#[derive(Clone, Debug)]
pub(super) struct PowerOfTwo {
    /// How many are looked at, ≥ 1.
    choices: u16,
    /// Whether one may be looked at twice: the draws are independent.
    repeats: bool,
    /// Places that were drawn, kept for its memory.
    drawn: Vec<u64>,
}

impl PowerOfTwo {
    pub(super) fn new(choices: u16, repeats: bool) -> Self {
        assert!(choices > 0, "somebody must be looked at");
        Self { choices, repeats, drawn: Vec::with_capacity(usize::from(choices)) }
    }

    /// The least busy of the choices; of equals the first drawn.
    pub(super) fn pick(&mut self, now: Time, targets: &Targets, rng: &mut Rng) -> Option<u16> {
        if self.choices != 2 || self.repeats {
            return self.pick_of_many(now, targets, rng);
        }
        let (a, b) = two(targets, rng)?;
        Some(if is_busier(now, targets, a, b) { b } else { a })
    }

    fn pick_of_many(&mut self, now: Time, targets: &Targets, rng: &mut Rng) -> Option<u16> {
        let usable = targets.usable();
        if usable.is_empty() {
            return None;
        }
        self.draw(usable.len() as u64, rng);
        let each = self.drawn.iter().map(|&place| usable[place as usize]);
        each.reduce(|best, target| if is_busier(now, targets, best, target) { target } else { best })
    }

    /// Draws places among `n`: different ones, all sets equally likely and in any order, unless they may repeat.
    fn draw(&mut self, n: u64, rng: &mut Rng) {
        self.drawn.clear();
        let count = if self.repeats { u64::from(self.choices) } else { u64::from(self.choices).min(n) };
        while (self.drawn.len() as u64) < count {
            let place = rng.below(n);
            if self.repeats || !self.drawn.contains(&place) {
                self.drawn.push(place);
            }
        }
    }
}

/// Whether `a` has more to do than `b`, for its weight.
fn is_busier(now: Time, targets: &Targets, a: u16, b: u16) -> bool {
    if targets.are_even(now) {
        return targets.in_flight(b) < targets.in_flight(a);
    }
    let load = |target| (f64::from(targets.in_flight(target)) + 1.0) / targets.weight(now, target);
    load(b) < load(a)
}

/// Two different usable targets at random; twice the same when there is but one.
pub(super) fn two(targets: &Targets, rng: &mut Rng) -> Option<(u16, u16)> {
    let usable = targets.usable();
    let n = usable.len() as u64;
    if n < 2 {
        return usable.first().map(|&target| (target, target));
    }
    let first = rng.below(n);
    // Evenly among the others.
    let second = (first + 1 + rng.below(n - 1)) % n;
    Some((usable[first as usize], usable[second as usize]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::time::Span;

    /// How often each of four targets is picked in 30,000, when the third is busier than the others.
    fn picks(choices: u16, repeats: bool) -> [u32; 4] {
        let mut targets = Targets::new(vec![1; 4], Span::ZERO);
        targets.begin(2);
        let (mut policy, mut rng) = (PowerOfTwo::new(choices, repeats), Seed(9).stream("test"));
        let mut counts = [0; 4];
        for _ in 0..30_000 {
            counts[usize::from(policy.pick(Time::ZERO, &targets, &mut rng).unwrap())] += 1;
        }
        counts
    }

    #[test]
    fn it_never_picks_the_single_busiest() {
        for choices in [2, 3, 4, 9] {
            let counts = picks(choices, false);
            assert_eq!(counts[2], 0);
            // The other three evenly: 10,000 each with a standard deviation of 82.
            let even = [counts[0], counts[1], counts[3]].iter().all(|c| (9_590..=10_410).contains(c));
            assert!(even, "{choices}: {counts:?}");
        }
    }

    #[test]
    fn the_busiest_is_picked_when_it_is_drawn_alone() {
        // Drawn twice in one of sixteen cases: 1,875 with a deviation of 42. A single choice is any: 7,500, deviation 75.
        assert!((1_665..=2_085).contains(&picks(2, true)[2]));
        assert!((7_125..=7_875).contains(&picks(1, false)[2]));
    }
}
