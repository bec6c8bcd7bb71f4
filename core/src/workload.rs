//! The workload: classes of requests, and when they arrive.
//!
//! A [`Schedule`] of planned sends is made from a seed; simulator and load agent send by the same one.
use crate::dist::{Law, Sampler, Zipf};
use crate::rng::{Rng, Seed};
use crate::time::{Span, Time};

/// What a request does to the data it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reads a key: a cache may answer.
    Read,
    /// Writes a key: the database answers, and caches forget or take the new value.
    Write,
    /// Fetches a file: browsers, a CDN or an object store may answer.
    Static,
    /// Asks for work that may be done later.
    Job,
}

/// A class of requests, checked.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name: what reports call it.
    pub name: String,
    /// Its share of the requests, relative to the others', > 0.
    pub weight: f64,
    /// What its requests do.
    pub operation: Operation,
    /// How many different keys it asks for, ≥ 1.
    pub keys: u64,
    /// How unevenly: the exponent of Zipf's law, in [0, 4]; zero is evenly.
    pub skew: f64,
    /// Bytes of an answer, ≥ 1.
    pub size: u32,
    /// How important it is, 0 to 9.
    pub priority: u8,
    /// Whether it needs the user's session on a stateful service.
    pub session: bool,
    /// What a topic exchange routes it by.
    pub topic: String,
}

impl Class {
    /// Reads of one key, with what the catalog says of the rest.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            weight: 1.0,
            operation: Operation::Read,
            keys: 1,
            skew: 0.0,
            size: 4_096,
            priority: 5,
            session: false,
            topic: name.to_owned(),
        }
    }
}

/// How arrivals are spaced. Open loop: they do not wait for answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spacing {
    /// Independent users: exponential gaps.
    Poisson,
    /// Evenly.
    Constant,
    /// In bursts: hyperexponential gaps of this squared coefficient of variation, ≥ 1.
    Bursty(f64),
}

/// Arrivals in an open loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrivals {
    /// How they are spaced.
    pub spacing: Spacing,
    /// How many per second, > 0.
    pub rate: f64,
}

impl Arrivals {
    /// The gap before the next one. Its mean is not rounded to nanoseconds where it varies: at a million per second that would be
    /// up to 0.05 % of the rate.
    fn gaps(&self) -> Sampler {
        match self.spacing {
            Spacing::Poisson => Sampler::exponential(1e9 / self.rate),
            Spacing::Constant => Law::Constant(Span::from_secs(1.0 / self.rate)).sampler(),
            Spacing::Bursty(cv2) => Sampler::hyperexponential(1e9 / self.rate, cv2),
        }
    }
}

/// A planned request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When it is due.
    pub due: Time,
    /// Which class it is of.
    pub class: u16,
    /// Which key it asks for.
    pub key: u64,
    /// Which user sends it, below the number of users.
    pub user: u32,
}

/// The planned requests of a run, in order, without end. The same seed gives the same ones; changing the rate keeps the
/// order of classes and keys.
#[derive(Clone, Debug)]
pub struct Schedule {
    arrivals: Arrivals,
    now: Time,
    gap: Sampler,
    gaps: Rng,
    picks: Rng,
    keys: Rng,
    senders: Rng,
    /// How many users take turns, ≥ 1.
    users: u32,
    /// Cumulated shares of the classes; the last is 1.
    shares: Vec<f64>,
    laws: Vec<Zipf>,
}

impl Schedule {
    /// How many bytes the laws of its keys take.
    pub fn size(&self) -> usize {
        self.laws.iter().map(Zipf::size).sum()
    }

    /// From the start of a run. `name` keeps several sources apart.
    ///
    /// # Panics
    /// If there is no class: `check` refuses such a document.
    pub fn new(arrivals: Arrivals, classes: &[Class], users: u32, seed: Seed, name: &str) -> Self {
        assert!(!classes.is_empty(), "a schedule needs a class of requests");
        let total: f64 = classes.iter().map(|class| class.weight).sum();
        let mut sum = 0.0;
        let shares = classes
            .iter()
            .map(|class| {
                sum += class.weight / total;
                sum
            })
            .collect();
        Self {
            arrivals,
            gap: arrivals.gaps(),
            now: Time::ZERO,
            gaps: seed.stream(&format!("{name}/gaps")),
            picks: seed.stream(&format!("{name}/classes")),
            keys: seed.stream(&format!("{name}/keys")),
            senders: seed.stream(&format!("{name}/users")),
            users: users.max(1),
            shares,
            laws: classes.iter().map(|class| Zipf::new(class.keys, class.skew)).collect(),
        }
    }

    /// Changes the rate at `now`, and gives when the request that was planned last is due at the new one: what is left of its
    /// gap shrinks or grows with all gaps, so that after a trickle a flood does not wait for the trickle's next drop.
    pub fn set_rate(&mut self, now: Time, rate: f64) -> Time {
        let left = self.now.since(now).0 as f64 * (self.arrivals.rate / rate);
        self.now = now + Span(left as u64);
        self.arrivals.rate = rate;
        self.gap = self.arrivals.gaps();
        self.now
    }

    /// The arrivals it follows now.
    pub const fn arrivals(&self) -> Arrivals {
        self.arrivals
    }

    /// What a user of a closed loop asks for who is done with thinking at `due`: class and key as in an open loop.
    #[inline]
    pub fn ask(&mut self, due: Time, user: u32) -> Planned {
        let class = match self.shares.len() {
            1 => 0,
            classes => {
                let u = self.picks.unit();
                self.shares.partition_point(|&share| share <= u).min(classes - 1)
            }
        };
        let key = self.laws[class].sample(&mut self.keys);
        Planned { due, class: class as u16, key, user }
    }
}

impl Iterator for Schedule {
    type Item = Planned;

    #[inline]
    fn next(&mut self) -> Option<Planned> {
        self.now = self.now + self.gap.sample(&mut self.gaps);
        let user = if self.users == 1 { 0 } else { self.senders.below(u64::from(self.users)) as u32 };
        Some(self.ask(self.now, user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, weight: f64) -> Class {
        Class { weight, keys: 100, skew: 0.9, ..Class::named(name) }
    }

    #[test]
    fn a_rate_whose_gap_is_no_whole_number_of_nanoseconds_is_held() {
        for spacing in [Spacing::Poisson, Spacing::Bursty(4.0)] {
            let last = |rate| {
                let arrivals = Arrivals { spacing, rate };
                Schedule::new(arrivals, &[class("a", 1.0)], 1, Seed(1), "clients").nth(99_999).unwrap().due
            };
            // The same draws: 1000 times as often is 1000 times as soon. A mean of 555.6 ns, rounded, would be off by 8e-4.
            let off = last(1.8e6).as_secs() * 1e3 / last(1.8e3).as_secs() - 1.0;
            assert!(off.abs() < 1e-5, "{spacing:?}: off by {off}");
        }
    }

    #[test]
    fn the_same_seed_plans_the_same_requests_and_the_rate_is_held() {
        let classes = [class("a", 3.0), class("b", 1.0)];
        let arrivals = Arrivals { spacing: Spacing::Poisson, rate: 1000.0 };
        let plan = |seed| {
            Schedule::new(arrivals, &classes, 10, Seed(seed), "clients").take(40_000).collect::<Vec<_>>()
        };
        let first = plan(1);
        assert_eq!(first, plan(1));
        assert_ne!(first, plan(2));
        // 40 s; the sum of 40,000 exponentials has a standard deviation of 0.2 s.
        assert!((first.last().unwrap().due.as_secs() - 40.0).abs() < 1.0);
        let of_b = first.iter().filter(|p| p.class == 1).count();
        // 10,000 expected with a standard deviation of 87.
        assert!((9_560..=10_440).contains(&of_b), "{of_b}");
    }
}
