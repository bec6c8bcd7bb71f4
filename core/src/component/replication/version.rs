//! Version vectors: which of two versions knew the other (Parker et al. 1983).
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// How many primaries one shard may have: vectors are of fixed size, and copied.
pub const MAX_PRIMARIES: usize = 8;

/// How many writes of each primary a version includes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionVector([u32; MAX_PRIMARIES]);

impl VersionVector {
    /// One more write of `primary`.
    ///
    /// # Panics
    /// If the primary is not below [`MAX_PRIMARIES`].
    pub const fn count(&mut self, primary: u16) {
        self.0[primary as usize] += 1;
    }

    /// How many writes of `primary` it includes.
    pub const fn of(&self, primary: u16) -> u32 {
        self.0[primary as usize]
    }

    /// Includes all that either includes.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].max(other.0[i])))
    }

    /// Whether it includes all that `other` does, so that it may take its place.
    pub fn includes(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(own, others)| own >= others)
    }

    /// Whether neither knew the other: a conflict.
    pub fn is_concurrent_with(&self, other: &Self) -> bool {
        self.partial_cmp(other).is_none()
    }
}

impl PartialOrd for VersionVector {
    /// By inclusion; `None` for versions that did not know one another.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.includes(other), other.includes(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_what_they_include() {
        let mut first = VersionVector::default();
        first.count(0);
        let (mut left, mut right) = (first, first);
        left.count(0);
        right.count(1);
        assert!(left > first && right > first && left.is_concurrent_with(&right));
        let both = left.merged(right);
        assert!(both > left && both > right && both.includes(&both) && !both.is_concurrent_with(&both));
    }
}
