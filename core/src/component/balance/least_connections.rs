//! The usable target with the fewest requests in flight; of equals, the one that has had so few for longest.
//!
//! Targets with the same number in flight stand in one list, so that a pick looks at one and not at all. Where weights differ
//! or a target ramps, all are compared: the fewest in flight for its weight, counting the request to come.
use super::Targets;
use crate::time::Time;

const NONE: u16 = u16::MAX;

/// The policy. O(1) over equals, amortised; O(n) over weights.
#[derive(Clone, Debug)]
pub(super) struct LeastConnections {
    /// The first and the last target with so many in flight. The lists hold the usable targets and no others.
    levels: Vec<(u16, u16)>,
    /// Each target's list, and who is before and after it there.
    places: Vec<Place>,
    /// No level below has a target.
    least: usize,
    /// Where the comparison of all starts, so that equals take turns.
    start: u16,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    level: Option<u32>,
    before: u16,
    after: u16,
}

impl LeastConnections {
    /// Over idle targets.
    pub(super) fn new(targets: u16) -> Self {
        let nowhere = Place { level: None, before: NONE, after: NONE };
        let mut policy =
            Self { levels: Vec::new(), places: vec![nowhere; usize::from(targets)], least: 0, start: 0 };
        (0..targets).for_each(|target| policy.moved(target, Some(0)));
        policy
    }

    /// The least busy usable target.
    pub(super) fn pick(&mut self, now: Time, targets: &Targets) -> Option<u16> {
        if targets.are_even(now) {
            return self.levels.get(self.least).map(|&(first, _)| first).filter(|&first| first != NONE);
        }
        let usable = targets.usable();
        let (before, after) = usable.split_at(usable.partition_point(|&target| target < self.start));
        let load = |&target: &u16| (f64::from(targets.in_flight(target)) + 1.0) / targets.weight(now, target);
        let target = *after.iter().chain(before).min_by(|a, b| load(a).total_cmp(&load(b)))?;
        self.start = target + 1;
        Some(target)
    }

    /// `target` now has `in_flight` requests, or is not usable. It goes to the end of its list.
    pub(super) fn moved(&mut self, target: u16, in_flight: Option<u32>) {
        self.leave(target);
        if let Some(level) = in_flight {
            self.enter(target, level);
            self.least = self.least.min(level as usize);
        }
        while self.least < self.levels.len() && self.levels[self.least].0 == NONE {
            self.least += 1;
        }
    }

    fn leave(&mut self, target: u16) {
        let Place { level, before, after } = self.places[usize::from(target)];
        let Some(level) = level else { return };
        let ends = &mut self.levels[level as usize];
        match before {
            NONE => ends.0 = after,
            _ => self.places[usize::from(before)].after = after,
        }
        match after {
            NONE => ends.1 = before,
            _ => self.places[usize::from(after)].before = before,
        }
        self.places[usize::from(target)].level = None;
    }

    fn enter(&mut self, target: u16, level: u32) {
        let index = level as usize;
        if self.levels.len() <= index {
            self.levels.resize(index + 1, (NONE, NONE));
        }
        let last = std::mem::replace(&mut self.levels[index].1, target);
        match last {
            NONE => self.levels[index].0 = target,
            _ => self.places[usize::from(last)].after = target,
        }
        self.places[usize::from(target)] = Place { level: Some(level), before: last, after: NONE };
    }

    /// Panics where the structure contradicts itself or the targets.
    pub(super) fn check(&self, targets: &Targets) {
        let mut listed = 0;
        for (level, &(first, last)) in self.levels.iter().enumerate() {
            assert!(first == NONE || level >= self.least, "a target is below the least");
            let (mut target, mut before) = (first, NONE);
            while target != NONE {
                let place = self.places[usize::from(target)];
                assert!(
                    targets.is_usable(target) && targets.in_flight(target) as usize == level,
                    "a wrong list"
                );
                assert!(place.before == before, "the links disagree");
                (before, target, listed) = (target, place.after, listed + 1);
            }
            assert!(last == before, "a list ends elsewhere");
        }
        assert!(listed == targets.usable().len(), "a usable target is in no list");
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Balancer, Policy, Request, Settings};
    use crate::rng::Seed;
    use crate::time::{Span, Time};

    #[test]
    fn it_joins_the_shortest_and_equals_take_turns() {
        let mut rng = Seed(1).stream("test");
        let mut balancer = Balancer::new(Policy::LeastConnections.into(), 3);
        let mut pick = |balancer: &mut Balancer| balancer.pick(Time(0), &Request::default(), &mut rng);
        assert_eq!([(); 5].map(|()| pick(&mut balancer).unwrap()), [0, 1, 2, 0, 1]);
        assert_eq!(pick(&mut balancer), Some(2));
        balancer.ended(Time(0), 1, Span(1), true);
        assert_eq!(pick(&mut balancer), Some(1), "one in flight");
        balancer.ended(Time(0), 2, Span(1), true);
        balancer.ended(Time(0), 0, Span(1), true);
        assert_eq!([(); 2].map(|()| pick(&mut balancer).unwrap()), [2, 0], "who became so idle first");
    }

    #[test]
    fn it_does_what_a_search_for_the_fewest_does() {
        let mut rng = Seed(2).stream("test");
        for weights in [vec![], vec![3, 1, 1, 2, 1, 5, 1]] {
            let settings = Settings { weights, ..Policy::LeastConnections.into() };
            let mut balancer = Balancer::new(settings, 7);
            let mut under_way: Vec<u16> = Vec::new();
            for step in 0..20_000 {
                match rng.below(8) {
                    0 => {
                        let (target, healthy) = (rng.below(7) as u16, rng.below(3) > 0);
                        balancer.set_healthy(Time(step), target, healthy);
                    }
                    1..=3 if !under_way.is_empty() => {
                        let target = under_way.swap_remove(rng.below(under_way.len() as u64) as usize);
                        balancer.ended(Time(step), target, Span(1), true);
                    }
                    _ => {
                        let targets = &balancer.targets;
                        let load = |target: u16| {
                            (f64::from(targets.in_flight(target)) + 1.0) / targets.weight(Time(step), target)
                        };
                        let loads: Vec<f64> = (0..7).map(load).collect();
                        let least =
                            targets.usable().iter().map(|&target| load(target)).min_by(f64::total_cmp);
                        let picked = balancer.pick(Time(step), &Request::default(), &mut rng);
                        assert_eq!(picked.map(|target| loads[usize::from(target)]), least);
                        under_way.extend(picked);
                    }
                }
                balancer.check();
            }
        }
    }
}
