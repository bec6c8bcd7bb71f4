//! Answers that are believed until they expire, true or not.
use super::Answer;
use crate::time::{Span, Time};

/// A resolver's cache, or a client's: one answer for each name.
///
/// An answer is given until its time is over, also when its target has died meanwhile: after a failover, clients keep
/// going to the dead target for up to the TTL. Names are small numbers. O(1).
#[derive(Clone, Debug)]
pub struct ResolverCache {
    /// Answers are kept no shorter and no longer, whatever they say; some caches ignore short TTLs.
    min_ttl: Span,
    max_ttl: Span,
    /// By name: the target and when the answer expires.
    answers: Vec<Option<(u16, Time)>>,
}

impl ResolverCache {
    /// An empty cache that keeps answers as long as they say, but at least `min_ttl` and at most `max_ttl`.
    ///
    /// # Panics
    /// If the shortest time is longer than the longest.
    pub fn new(min_ttl: Span, max_ttl: Span) -> Self {
        assert!(min_ttl <= max_ttl, "the shortest time to keep an answer is at most the longest");
        Self { min_ttl, max_ttl, answers: Vec::new() }
    }

    /// The answer for `name`, if it has not expired, with the time that is left of it: a cache behind this one must not
    /// keep it longer (Mockapetris 1987, RFC 1034, §3.6).
    pub fn get(&self, now: Time, name: u16) -> Option<Answer> {
        let (target, expires) = (*self.answers.get(usize::from(name))?)?;
        (now < expires).then(|| Answer { target, ttl: expires.since(now) })
    }

    /// The last answer for `name` although it has expired, if that was no longer than `grace` ago: better than none
    /// when the resolver does not answer (Lawrence, Kumari, Sood 2020, RFC 8767, "serve stale").
    pub fn stale(&self, now: Time, name: u16, grace: Span) -> Option<u16> {
        let (target, expires) = (*self.answers.get(usize::from(name))?)?;
        (now < expires + grace).then_some(target)
    }

    /// Keeps an answer. A TTL of zero is good for this once, unless the cache keeps all longer.
    pub fn insert(&mut self, now: Time, name: u16, answer: Answer) {
        let place = usize::from(name);
        if self.answers.len() <= place {
            self.answers.resize(place + 1, None);
        }
        let ttl = answer.ttl.clamp(self.min_ttl, self.max_ttl);
        self.answers[place] = Some((answer.target, now + ttl));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.answers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Seed};

    const FOREVER: Span = Span(u64::MAX);

    #[test]
    fn it_believes_an_answer_until_it_expires_and_no_longer() {
        let mut cache = ResolverCache::new(Span::ZERO, FOREVER);
        cache.insert(Time(100), 3, Answer { target: 7, ttl: Span(50) });
        assert_eq!(cache.get(Time(120), 3), Some(Answer { target: 7, ttl: Span(30) }));
        assert_eq!(
            (cache.get(Time(149), 3).is_some(), cache.get(Time(150), 3), cache.get(Time(120), 2)),
            (true, None, None)
        );
        assert_eq!(
            (cache.stale(Time(159), 3, Span(10)), cache.stale(Time(160), 3, Span(10))),
            (Some(7), None)
        );
        cache.insert(Time(150), 3, Answer { target: 8, ttl: Span(1) });
        assert_eq!(cache.get(Time(150), 3).map(|answer| answer.target), Some(8));
        cache.clear();
        assert_eq!(cache.get(Time(150), 3), None);
    }

    #[test]
    fn a_chain_of_caches_keeps_an_answer_no_longer_than_one() {
        let (mut near, mut far) =
            (ResolverCache::new(Span::ZERO, FOREVER), ResolverCache::new(Span::ZERO, FOREVER));
        far.insert(Time(0), 0, Answer { target: 1, ttl: Span(100) });
        let passed_on = far.get(Time(60), 0).unwrap();
        near.insert(Time(60), 0, passed_on);
        assert_eq!((near.get(Time(99), 0).is_some(), near.get(Time(100), 0)), (true, None));
    }

    #[test]
    fn a_cache_that_ignores_short_ttls_stays_stale_longer() {
        let mut cache = ResolverCache::new(Span(60), Span(1_000));
        cache.insert(Time(0), 0, Answer { target: 1, ttl: Span(5) });
        cache.insert(Time(0), 1, Answer { target: 1, ttl: FOREVER });
        assert_eq!((cache.get(Time(59), 0).is_some(), cache.get(Time(60), 0)), (true, None));
        assert_eq!((cache.get(Time(999), 1).is_some(), cache.get(Time(1_000), 1)), (true, None));
    }

    #[test]
    fn it_hits_as_often_as_the_renewal_formula_says() {
        // Poisson questions, TTL not renewed by a hit: hit ratio = λT / (1 + λT) (Jung, Berger, Balakrishnan 2003);
        // here 0.5.
        let (mut cache, mut rng) = (ResolverCache::new(Span::ZERO, FOREVER), Seed(3).stream("naming"));
        let wait = |rng: &mut Rng| Span::from_secs(-crate::math::ln(rng.unit_positive()) / 0.1);
        let (mut now, mut hits, n) = (Time::ZERO, 0u32, 100_000);
        for _ in 0..n {
            now = now + wait(&mut rng);
            match cache.get(now, 0) {
                Some(_) => hits += 1,
                None => cache.insert(now, 0, Answer { target: 0, ttl: Span(10_000_000_000) }),
            }
        }
        // A cycle is a miss and a Poisson number of hits with mean and variance λT = 1. Over n / 2 cycles their mean h
        // deviates by sqrt(2 / n), and the ratio h / (1 + h) by a quarter of that (delta method). Four of these.
        let ratio = f64::from(hits) / f64::from(n);
        assert!((ratio - 0.5).abs() < 4.0 * (2.0 / f64::from(n)).sqrt() / 4.0, "{ratio}");
    }
}
