//! A policy with limits, warm-up, cooldowns and a memory of what was needed lately.
use super::{QueueDepth, StepScaling, TargetTracking};
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// What says how many instances are needed.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {
    /// A mean at its target.
    TargetTracking(TargetTracking),
    /// In steps.
    StepScaling(StepScaling),
    /// By backlog.
    QueueDepth(QueueDepth),
}

/// What an autoscaler keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Never fewer.
    pub min: u16,
    /// Never more; at least `min`.
    pub max: u16,
    /// How long an instance starts before it counts as capacity. Nothing is taken away while one does.
    pub warm_up: Span,
    /// After it was scaled out, how long not to scale out again.
    pub cooldown_out: Span,
    /// After it was scaled either way, how long not to scale in.
    pub cooldown_in: Span,
    /// It scales in to what was needed at most within this time (300 s in Kubernetes), so that a dip takes nothing
    /// away.
    pub stabilisation: Span,
}

impl Limits {
    /// Only a range: no warm-up, no cooldown, no stabilisation.
    pub const fn between(min: u16, max: u16) -> Self {
        let zero = Span::ZERO;
        Self { min, max, warm_up: zero, cooldown_out: zero, cooldown_in: zero, stabilisation: zero }
    }
}

/// What is seen of the instances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// Over how many instances `value` is a mean.
    pub instances: u16,
    /// The mean over them, of what the policy tracks; for [`QueueDepth`] the whole backlog. Not-a-number, as when there
    /// is nothing to take a mean of, changes nothing.
    pub value: f64,
}

/// Why there are not as many instances as are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is at the least or the most that there may be.
    Limit,
    /// It was scaled a short while ago.
    Cooldown,
    /// Instances are starting.
    WarmUp,
    /// More were needed a short while ago.
    Stabilisation,
}

/// How many instances there should be from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// So many, those that start included.
    pub desired: u16,
    /// What kept it from what is needed, if something did.
    pub held: Option<Held>,
}

/// Decides how many instances there are. Times must not go back.
#[derive(Clone, Debug)]
pub struct Autoscaler {
    policy: Policy,
    limits: Limits,
    /// Within the limits.
    desired: u16,
    /// Instances that start: when they will have, and how many. In order of time.
    warming: VecDeque<(Time, u16)>,
    /// What was needed: each less than the one before, as an earlier one that is less will never be the most. In order
    /// of time.
    needed: VecDeque<(Time, u16)>,
    scaled_out: Option<Time>,
    scaled: Option<Time>,
}

impl Autoscaler {
    /// With `initial` instances, which are warm; within the limits.
    ///
    /// # Panics
    /// If the least is more than the most.
    pub fn new(policy: Policy, limits: Limits, initial: u16) -> Self {
        assert!(limits.min <= limits.max, "the least instances are at most the most");
        Self {
            policy,
            limits,
            desired: initial.clamp(limits.min, limits.max),
            warming: VecDeque::new(),
            needed: VecDeque::new(),
            scaled_out: None,
            scaled: None,
        }
    }

    /// How many instances there should be, after what is seen now. The caller starts or stops the difference to the
    /// last decision. O(1) amortised.
    pub fn decide(&mut self, now: Time, observed: Observed) -> Decision {
        while self.warming.pop_front_if(|(at, _)| *at <= now).is_some() {}
        let wanted = self.wanted(observed);
        let needed = wanted.clamp(self.limits.min, self.limits.max);
        let limit = (needed != wanted).then_some(Held::Limit);
        let before = self.desired;
        let held = match self.most_needed(now, needed) {
            _ if needed > before => self.scale_out(now, needed),
            most if needed < before => self.scale_in(now, most),
            _ => None,
        };
        Decision { desired: self.desired, held: held.or(limit) }
    }

    /// How many instances there are at `now` that have started.
    pub fn capacity(&self, now: Time) -> u16 {
        let starting = self.warming.iter().filter(|(at, _)| *at > now).map(|(_, count)| *count).sum();
        self.desired.saturating_sub(starting)
    }

    fn wanted(&self, Observed { instances, value }: Observed) -> u16 {
        if value.is_nan() {
            return self.desired;
        }
        match &self.policy {
            Policy::TargetTracking(policy) => policy.needed(instances, value, self.desired),
            Policy::QueueDepth(policy) => policy.needed(value),
            Policy::StepScaling(policy) => {
                // A step is on top of what has started: what is starting is part of it already.
                let capacity =
                    self.desired.saturating_sub(self.warming.iter().map(|(_, count)| *count).sum());
                let wanted = policy.needed(capacity, value);
                if wanted == capacity { self.desired } else { wanted }
            }
        }
    }

    /// The most that was needed within the stabilisation window, now included.
    fn most_needed(&mut self, now: Time, needed: u16) -> u16 {
        while self.needed.pop_back_if(|(_, less)| *less <= needed).is_some() {}
        self.needed.push_back((now, needed));
        let since = now - self.limits.stabilisation;
        while self.needed.pop_front_if(|(at, _)| *at < since).is_some() {}
        self.needed.front().map_or(needed, |(_, most)| *most)
    }

    fn scale_out(&mut self, now: Time, needed: u16) -> Option<Held> {
        if self.scaled_out.is_some_and(|at| now < at + self.limits.cooldown_out) {
            return Some(Held::Cooldown);
        }
        if self.limits.warm_up > Span::ZERO {
            self.warming.push_back((now + self.limits.warm_up, needed - self.desired));
        }
        self.desired = needed;
        (self.scaled_out, self.scaled) = (Some(now), Some(now));
        None
    }

    fn scale_in(&mut self, now: Time, most: u16) -> Option<Held> {
        if !self.warming.is_empty() {
            return Some(Held::WarmUp);
        }
        if self.scaled.is_some_and(|at| now < at + self.limits.cooldown_in) {
            return Some(Held::Cooldown);
        }
        if most >= self.desired {
            return Some(Held::Stabilisation);
        }
        self.desired = most;
        self.scaled = Some(now);
        None
    }

    /// Panics where the state contradicts itself.
    pub fn check(&self) {
        assert!(
            (self.limits.min..=self.limits.max).contains(&self.desired),
            "the desired number is outside its limits"
        );
        let starting: u16 = self.warming.iter().map(|(_, count)| *count).sum();
        assert!(starting <= self.desired, "more instances start than there are");
        assert!(self.warming.iter().is_sorted_by_key(|(at, _)| *at), "instances start out of order");
        assert!(
            self.needed.iter().is_sorted_by(|a, b| a.0 <= b.0 && a.1 > b.1),
            "a need that cannot matter is kept"
        );
    }
}

#[cfg(test)]
mod tests;
