//! The balancer: a policy, and what it knows of its targets.
use super::bounded_load::BoundedLoad;
use super::ip_hash::IpHash;
use super::jump::Jump;
use super::least_connections::LeastConnections;
use super::maglev::Maglev;
use super::outlier::Ejector;
use super::peak_ewma::PeakEwma;
use super::power_of_two::PowerOfTwo;
use super::random::Random;
use super::rendezvous::Rendezvous;
use super::round_robin::RoundRobin;
use super::weighted::Weighted;
use super::{Policy, Reason, Request, Settings, Sticky, Targets};
use crate::component::HashRing;
use crate::rng::Rng;
use crate::time::{Span, Time};

/// A balancer over targets 0..n.
#[derive(Clone, Debug)]
pub struct Balancer {
    /// What is known of the targets.
    pub targets: Targets,
    /// The sessions, if they are sticky.
    pub sticky: Option<Sticky>,
    settings: Settings,
    picker: Picker,
    ejector: Option<Ejector>,
}

#[derive(Clone, Debug)]
enum Picker {
    RoundRobin(RoundRobin),
    Weighted(Weighted),
    Random(Random),
    LeastConnections(LeastConnections),
    PowerOfTwo(PowerOfTwo),
    PeakEwma(PeakEwma),
    IpHash(IpHash),
    HashRing(HashRing),
    BoundedLoad(BoundedLoad),
    Maglev(Maglev),
    Rendezvous(Rendezvous),
    Jump(Jump),
}

impl Picker {
    fn new(settings: &Settings, weights: &[u32]) -> Self {
        let count = weights.len() as u16;
        match settings.policy {
            Policy::RoundRobin => Self::RoundRobin(RoundRobin::default()),
            Policy::Weighted => Self::Weighted(Weighted::new(count)),
            Policy::Random => Self::Random(Random),
            Policy::LeastConnections => Self::LeastConnections(LeastConnections::new(count)),
            Policy::PowerOfTwo => Self::PowerOfTwo(PowerOfTwo::new(settings.choices, settings.repeats)),
            Policy::PeakEwma => Self::PeakEwma(PeakEwma::new(count)),
            Policy::IpHash => Self::IpHash(IpHash::new(weights)),
            Policy::HashRing => Self::HashRing(HashRing::weighted(weights)),
            Policy::BoundedLoad => Self::BoundedLoad(BoundedLoad::new(weights, settings.bounded_load)),
            Policy::Maglev => Self::Maglev(Maglev::new(count)),
            Policy::Rendezvous => Self::Rendezvous(Rendezvous),
            Policy::Jump => Self::Jump(Jump),
        }
    }

    fn pick(&mut self, now: Time, request: &Request, targets: &Targets, rng: &mut Rng) -> Option<u16> {
        let key = request.key;
        match self {
            Self::RoundRobin(policy) => policy.pick(now, targets, rng),
            Self::Weighted(policy) => policy.pick(now, targets),
            Self::Random(policy) => policy.pick(now, targets, rng),
            Self::LeastConnections(policy) => policy.pick(now, targets),
            Self::PowerOfTwo(policy) => policy.pick(now, targets, rng),
            Self::PeakEwma(policy) => policy.pick(now, targets, rng),
            Self::IpHash(policy) => policy.pick(request.client, targets),
            Self::HashRing(ring) => ring.pick(key, |target| targets.is_usable(target)),
            Self::BoundedLoad(policy) => policy.pick(key, targets),
            Self::Maglev(policy) => policy.pick(key, targets),
            Self::Rendezvous(policy) => policy.pick(key, targets),
            Self::Jump(policy) => policy.pick(key, targets),
        }
    }
}

impl Balancer {
    /// Over `targets` < 65,535 healthy and idle targets.
    ///
    /// # Panics
    /// If there are weights, but not one ≥ 1 for each target; or if the load is to be bounded at no more than the mean.
    pub fn new(settings: Settings, targets: u16) -> Self {
        assert!(targets < u16::MAX, "the last number stands for none");
        let weights = match settings.weights.as_slice() {
            [] => vec![1; usize::from(targets)],
            weights => weights.to_vec(),
        };
        assert!(weights.len() == usize::from(targets), "each target has a weight, or none has");
        assert!(weights.iter().all(|&weight| weight > 0), "a weight is at least one");
        Self {
            picker: Picker::new(&settings, &weights),
            targets: Targets::new(weights, settings.slow_start),
            sticky: settings.sticky.then(Sticky::default),
            ejector: settings.outlier.map(|outlier| Ejector::new(outlier, targets)),
            settings,
        }
    }

    /// Picks a usable target for a request and counts it as in flight there; `None` when none is usable. The caller says
    /// [`Self::ended`] when the request has ended.
    pub fn pick(&mut self, now: Time, request: &Request, rng: &mut Rng) -> Option<u16> {
        self.readmit(now);
        let session = request.session.filter(|_| self.sticky.is_some());
        let known = session.and_then(|session| self.sticky.as_ref()?.target(session));
        let target = match known.filter(|&target| self.targets.is_usable(target)) {
            Some(target) => target,
            None => {
                let target = self.picker.pick(now, request, &self.targets, rng)?;
                if let (Some(sticky), Some(session)) = (&mut self.sticky, session) {
                    sticky.stick(session, target);
                }
                target
            }
        };
        self.targets.begin(target);
        self.moved(target);
        Some(target)
    }

    /// A request to `target` has ended, after `took` since it was sent; `ok` unless the target failed at it.
    pub fn ended(&mut self, now: Time, target: u16, took: Span, ok: bool) {
        self.targets.end(target);
        self.moved(target);
        if let Picker::PeakEwma(policy) = &mut self.picker {
            policy.ended(now, target, took, ok);
        }
        if self.ejector.as_mut().is_some_and(|ejector| ejector.ended(now, target, ok)) {
            self.set(now, target, Reason::Ejected, true);
        }
    }

    /// Says what the probes say of `target`. One that returns ramps, if the settings say so. O(n).
    pub fn set_healthy(&mut self, now: Time, target: u16, healthy: bool) {
        self.set(now, target, Reason::Unhealthy, !healthy);
    }

    /// The balancer itself was restarted: it knows what the probes say, and nothing else.
    pub fn forget(&mut self) {
        let count = self.targets.len() as u16;
        let mut fresh = Self::new(std::mem::take(&mut self.settings), count);
        for target in (0..count).filter(|&target| self.targets.has(target, Reason::Unhealthy)) {
            fresh.set_healthy(Time::ZERO, target, false);
        }
        if let (Some(old), Some(new)) = (&self.sticky, &mut fresh.sticky) {
            new.moved = old.moved;
        }
        *self = fresh;
    }

    /// Panics where the structure contradicts itself.
    pub fn check(&self) {
        self.targets.check();
        if let Picker::LeastConnections(policy) = &self.picker {
            policy.check(&self.targets);
        }
    }

    /// Those whose ejection is over are used again.
    fn readmit(&mut self, now: Time) {
        while let Some(target) = self.ejector.as_mut().and_then(|ejector| ejector.returning(now)) {
            self.set(now, target, Reason::Ejected, false);
        }
    }

    fn set(&mut self, now: Time, target: u16, reason: Reason, holds: bool) {
        if self.targets.set(now, target, reason, holds) {
            self.moved(target);
        }
    }

    /// Tells the policy that looks at it what `target` has in flight.
    fn moved(&mut self, target: u16) {
        if let Picker::LeastConnections(policy) = &mut self.picker {
            let usable = self.targets.is_usable(target);
            policy.moved(target, usable.then(|| self.targets.in_flight(target)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outlier;
    use super::*;
    use crate::rng::Seed;

    fn about(key: u64) -> Request {
        Request { key, client: key, session: None }
    }

    #[test]
    fn no_policy_ever_picks_an_unhealthy_target_and_all_say_so_when_none_is_left() {
        let mut rng = Seed(1).stream("test");
        for policy in Policy::ALL {
            for weights in [vec![], vec![5, 1, 2, 1, 9]] {
                let mut balancer = Balancer::new(Settings { weights, ..policy.into() }, 5);
                balancer.set_healthy(Time(0), 1, false);
                balancer.set_healthy(Time(0), 4, false);
                let mut picked = [0; 5];
                for key in 0..1_000 {
                    picked[usize::from(balancer.pick(Time(0), &about(key), &mut rng).unwrap())] += 1;
                    balancer.check();
                }
                assert!(picked[1] == 0 && picked[4] == 0, "{policy:?}");
                assert!([0, 2, 3].iter().all(|&target| picked[target] > 0), "{policy:?}: {picked:?}");
                (0..5).for_each(|target| balancer.set_healthy(Time(0), target, false));
                assert_eq!(balancer.pick(Time(0), &about(0), &mut rng), None, "{policy:?}");
                balancer.set_healthy(Time(0), 4, true);
                assert_eq!(balancer.pick(Time(0), &about(0), &mut rng), Some(4), "{policy:?}");
                balancer.forget();
                assert_eq!((balancer.targets.usable(), balancer.targets.load()), (&[4u16][..], 0));
                assert_eq!(balancer.pick(Time(0), &about(0), &mut rng), Some(4), "{policy:?}");
            }
        }
        assert_eq!(Balancer::new(Settings::default(), 0).pick(Time(0), &about(0), &mut rng), None);
    }

    #[test]
    fn a_session_stays_where_it_is_until_its_target_is_lost() {
        let mut rng = Seed(1).stream("test");
        let settings = Settings { sticky: true, ..Policy::Random.into() };
        let mut balancer = Balancer::new(settings, 4);
        let mut all = |balancer: &mut Balancer| -> Vec<u16> {
            let of = |session| Request { session: Some(session), ..Request::default() };
            (0..1_000).map(|session| balancer.pick(Time(0), &of(session), &mut rng).unwrap()).collect()
        };
        let before = all(&mut balancer);
        assert_eq!(all(&mut balancer), before);
        balancer.set_healthy(Time(0), 2, false);
        let after = all(&mut balancer);
        let lost = before.iter().filter(|&&target| target == 2).count() as u64;
        assert!(before.iter().zip(&after).all(|(b, a)| *a != 2 && (*b == 2 || a == b)));
        assert_eq!(balancer.sticky.as_ref().unwrap().moved, lost);
        balancer.set_healthy(Time(0), 2, true);
        assert_eq!(all(&mut balancer), after, "a session does not go back");
    }

    #[test]
    fn a_target_that_returns_gets_its_share_little_by_little() {
        let mut rng = Seed(1).stream("test");
        for policy in [Policy::RoundRobin, Policy::Weighted, Policy::Random, Policy::LeastConnections] {
            let settings = Settings { slow_start: Span(1_000), ..policy.into() };
            let mut balancer = Balancer::new(settings, 3);
            balancer.set_healthy(Time(0), 1, false);
            balancer.set_healthy(Time(10_000), 1, true);
            let mut share = |now| {
                // 300 requests are in flight at once, so that what is in flight is a share too.
                let mut counts = [0; 3];
                for _ in 0..300 {
                    counts[usize::from(balancer.pick(Time(now), &about(0), &mut rng).unwrap())] += 1;
                }
                for target in 0..3u16 {
                    (0..counts[usize::from(target)])
                        .for_each(|_| balancer.ended(Time(now), target, Span(1), true));
                }
                counts[1]
            };
            // A ramp of r gives r / (2 + r): 14, 60 and 100 of 300. Chance adds a binomial's deviation of 7 at most. In
            // round robin the turn that is passed on goes to the next, so the share is r / 3 at most.
            let (early, half, full) = (share(10_100), share(10_500), share(11_000));
            assert!(
                early <= 35 && (35..=85).contains(&half) && (72..=128).contains(&full),
                "{policy:?}: {early} {half} {full}"
            );
        }
    }

    #[test]
    fn a_failing_target_is_left_alone_for_a_while() {
        let mut rng = Seed(1).stream("test");
        let settings = Settings { outlier: Some(Outlier::default()), ..Settings::default() };
        let mut balancer = Balancer::new(settings, 3);
        let second = Span::SECOND.0;
        let mut failures = Vec::new();
        for step in 0..100 {
            let now = Time(step * second);
            let target = balancer.pick(now, &about(0), &mut rng).unwrap();
            balancer.ended(now, target, Span(1), target != 1);
            failures.extend((target == 1).then_some(step));
            balancer.check();
        }
        // Every third request fails until the fifth failure at 13 s. It is back after 30 s, gets five more, and is away 60 s.
        assert_eq!(failures.len(), 10, "{failures:?}");
        assert!(failures[4] == 13 && (43..=45).contains(&failures[5]), "{failures:?}");
    }
}
