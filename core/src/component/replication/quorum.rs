//! Quorums without a primary: n replicas, of which w take a write and r answer a read (Gifford 1979).
use crate::time::Time;

/// How many replicas there are, and how many must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// How many have a copy.
    pub replicas: u16,
    /// How many answer a read.
    pub reads: u16,
    /// How many have taken a write when it counts as done.
    pub writes: u16,
}

/// More than half of `replicas`.
pub const fn majority(replicas: u16) -> u16 {
    replicas / 2 + 1
}

impl Quorum {
    /// Majorities for both: reads see the last write, and as many failures are borne as can be.
    pub const fn majority(replicas: u16) -> Self {
        Self { replicas, reads: majority(replicas), writes: majority(replicas) }
    }

    /// Whether every read sees the last write that was done: r + w > n, so that they share a replica.
    pub const fn sees_last_write(&self) -> bool {
        self.reads as u32 + self.writes as u32 > self.replicas as u32
    }

    /// Whether two writes cannot both be done unseen by one another: w > n / 2.
    pub const fn orders_writes(&self) -> bool {
        self.writes >= majority(self.replicas)
    }

    /// How many replicas may fail before reads, and before writes, are no longer done.
    pub const fn bears(&self) -> (u16, u16) {
        (self.replicas.saturating_sub(self.reads), self.replicas.saturating_sub(self.writes))
    }

    /// The chance in [0, 1] that r replicas drawn at random all miss a write that exactly w have: C(n - w, r) / C(n, r) (PBS,
    /// Bailis et al. 2012, equation 1). An upper bound where a write goes on to reach the others.
    pub fn stale_chance(&self) -> f64 {
        let missing = |drawn: u16| f64::from(self.replicas.saturating_sub(self.writes).saturating_sub(drawn));
        (0..self.reads).map(|drawn| missing(drawn) / f64::from(self.replicas - drawn)).product()
    }

    /// When a read is done, given when each replica answers ([`Time::NEVER`]: not at all): at the r-th answer. `None` if fewer
    /// answer. O(n); the answers change places.
    pub fn read_done(&self, answers: &mut [Time]) -> Option<Time> {
        nth(answers, self.reads)
    }

    /// When a write is done: at the w-th answer, as [`Quorum::read_done`].
    pub fn write_done(&self, answers: &mut [Time]) -> Option<Time> {
        nth(answers, self.writes)
    }

    /// What a read gives, from the versions in the answers that it got: the newest, and whether some answers were older, so that
    /// those replicas should be told (read repair). `None` without an answer.
    pub fn newest<V: Copy + Ord>(answers: &[V]) -> Option<(V, bool)> {
        let newest = *answers.iter().max()?;
        Some((newest, answers.iter().any(|&version| version < newest)))
    }
}

fn nth(answers: &mut [Time], rank: u16) -> Option<Time> {
    let place = usize::from(rank).checked_sub(1)?;
    if place >= answers.len() {
        return None;
    }
    let (_, &mut at, _) = answers.select_nth_unstable(place);
    (at < Time::NEVER).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::time::Span;

    /// The versions that a read of a random quorum finds after a write to another.
    fn draw(quorum: Quorum, rng: &mut crate::rng::Rng) -> bool {
        let mut subset = |size: u16| {
            let mut all: Vec<u16> = (0..quorum.replicas).collect();
            for i in 0..usize::from(size) {
                let other = i + rng.below((all.len() - i) as u64) as usize;
                all.swap(i, other);
            }
            all.truncate(usize::from(size));
            all
        };
        let written = subset(quorum.writes);
        let versions: Vec<_> = subset(quorum.reads).iter().map(|r| u8::from(written.contains(r))).collect();
        Quorum::newest(&versions).is_some_and(|(newest, _)| newest == 1)
    }

    #[test]
    fn reads_see_the_last_write_where_quorums_meet_and_miss_it_as_often_as_pbs_says() {
        const DRAWS: u32 = 20_000;
        let mut rng = Seed(3).stream("test");
        for (replicas, reads, writes) in
            [(3, 2, 2), (3, 1, 1), (3, 1, 2), (5, 1, 1), (5, 3, 2), (5, 2, 4), (1, 1, 1)]
        {
            let quorum = Quorum { replicas, reads, writes };
            let missed = (0..DRAWS).filter(|_| !draw(quorum, &mut rng)).count() as f64 / f64::from(DRAWS);
            let chance = quorum.stale_chance();
            assert_eq!(quorum.sees_last_write(), chance == 0.0);
            let std = (chance * (1.0 - chance) / f64::from(DRAWS)).sqrt();
            assert!((missed - chance).abs() <= 4.0 * std, "{quorum:?} {missed} {chance}");
        }
        assert_eq!([1, 2, 3, 4, 5].map(majority), [1, 2, 2, 3, 3]);
        let five = Quorum::majority(5);
        assert!(five.sees_last_write() && five.orders_writes() && five.bears() == (2, 2));
        assert_eq!(Quorum::newest(&[3, 7, 7]), Some((7, true)));
    }

    /// tests/data/theory.json, quorum_1of3, quorum_2of3 and quorum_3of5: the k-th of n exponential answers of mean one.
    #[test]
    fn a_quorum_waits_for_its_slowest_member() {
        const DRAWS: u32 = 100_000;
        let mut rng = Seed(4).stream("test");
        for (n, k, mean) in [(3, 1, 0.333333333), (3, 2, 0.833333333), (5, 3, 0.783333333)] {
            let quorum = Quorum { replicas: n, reads: k, writes: n };
            let mut sum = 0.0;
            for _ in 0..DRAWS {
                let mut answers: Vec<_> = (0..n)
                    .map(|_| Time::ZERO + Span::from_secs(-crate::math::ln(rng.unit_positive())))
                    .collect();
                sum += quorum.read_done(&mut answers).unwrap().as_secs();
            }
            // Its variance is the sum of 1 / i² for i from n - k + 1 to n, and at most 0.37.
            let variance: f64 = (n - k + 1..=n).map(|i| 1.0 / f64::from(i * i)).sum();
            let off = sum / f64::from(DRAWS) - mean;
            assert!(off.abs() < 4.0 * (variance / f64::from(DRAWS)).sqrt(), "{n} {k} {off}");
        }
        let mut dead = [Time(5), Time::NEVER, Time::NEVER];
        assert_eq!((Quorum::majority(3).write_done(&mut dead), nth(&mut dead, 1)), (None, Some(Time(5))));
    }
}
