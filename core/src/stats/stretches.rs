//! What is counted in consecutive stretches of time, all equally long: intervals for rates, shares and means over time rest on them.

/// What can be counted of one stretch and the next together.
pub trait Join: Copy + Default {
    /// Adds what the next stretch has seen.
    fn join(&mut self, next: &Self);
}

const MOST: usize = 32;

/// Consecutive stretches: between 16 and 32 of them once there are 16. When there are 32, neighbours are joined, so that a run
/// may be of any length. O(1) amortised; allocates once.
#[derive(Clone, Debug)]
pub struct Stretches<T> {
    full: Vec<T>,
    open: T,
    /// How many ticks the open stretch has, and how many make a stretch.
    ticks: u32,
    size: u32,
}

impl<T: Join> Stretches<T> {
    /// Nothing yet.
    pub const fn new(nothing: T) -> Self {
        Self { full: Vec::new(), open: nothing, ticks: 0, size: 1 }
    }

    /// Adds what the next tick has seen; whether a stretch is complete with it.
    pub fn add(&mut self, tick: &T) -> bool {
        self.open.join(tick);
        self.ticks += 1;
        if self.ticks < self.size {
            return false;
        }
        self.full.reserve_exact(MOST - self.full.len());
        self.full.push(std::mem::take(&mut self.open));
        self.ticks = 0;
        if self.full.len() == MOST {
            for i in 0..MOST / 2 {
                let mut joined = self.full[2 * i];
                joined.join(&self.full[2 * i + 1]);
                self.full[i] = joined;
            }
            self.full.truncate(MOST / 2);
            self.size *= 2;
        }
        true
    }

    /// The complete stretches, oldest first.
    pub fn all(&self) -> &[T] {
        &self.full
    }

    /// Forgets everything but keeps the memory.
    pub fn clear(&mut self) {
        self.full.clear();
        (self.open, self.ticks, self.size) = (T::default(), 0, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Join for u64 {
        fn join(&mut self, next: &Self) {
            *self += next;
        }
    }

    #[test]
    fn joining_keeps_order_and_sum() {
        let mut stretches = Stretches::new(0);
        for i in 1..=1_000u64 {
            stretches.add(&i);
            if i > 32 {
                assert!((16..32).contains(&stretches.all().len()), "{i}");
            }
        }
        let all = stretches.all();
        assert!(all.is_sorted());
        let ticks = 1_000 / u64::from(stretches.size) * u64::from(stretches.size);
        assert_eq!(all.iter().sum::<u64>(), ticks * (ticks + 1) / 2);
    }
}
