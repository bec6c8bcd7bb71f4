//! A rate limit that allows bursts.
use crate::time::{Span, Time};

/// Admits `rate` calls a second, and up to `burst` at once after a quiet time.
///
/// Kept as the instant at which the bucket would be full again (the generic cell rate algorithm: ITU-T I.371, 1996,
/// annex A), so that there is nothing to refill and no fraction of a token to round: in any stretch of t seconds it
/// admits at most `burst + rate · t`. Starts full. O(1).
#[derive(Clone, Debug)]
pub struct TokenBucket {
    /// When the bucket is full again, in 2^-32 ns.
    full_at: u128,
    /// What one token takes to come, in 2^-32 ns; good to 15 digits.
    per_token: u128,
    /// What the tokens beside the first take to come.
    tolerance: u128,
}

impl TokenBucket {
    /// `rate` per second, from one an hour or so to 10^9; `burst` ≥ 1.
    ///
    /// # Panics
    /// If the rate is not above zero and at most 10^9, or the burst is zero.
    pub fn new(rate: f64, burst: u32) -> Self {
        assert!(rate > 0.0 && rate <= 1e9, "a rate is above zero and at most 1e9 per second, not {rate}");
        assert!(burst > 0, "a bucket without room for a token admits nothing");
        let per_token = (1e9 / rate * (1u64 << 32) as f64).ceil() as u128;
        Self { full_at: 0, per_token, tolerance: per_token.saturating_mul(u128::from(burst - 1)) }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// When there is none: the first instant at which there is one. Nothing is taken then.
    pub fn admit(&mut self, now: Time) -> Result<(), Time> {
        let now = u128::from(now.0) << 32;
        let earliest = self.full_at.saturating_sub(self.tolerance);
        if now < earliest {
            return Err(Time(u64::try_from(earliest.div_ceil(1 << 32)).unwrap_or(u64::MAX)));
        }
        self.full_at = self.full_at.max(now).saturating_add(self.per_token);
        Ok(())
    }

    /// How long until the bucket is full again.
    pub fn until_full(&self, now: Time) -> Span {
        let left = self.full_at.saturating_sub(u128::from(now.0) << 32);
        Span(u64::try_from(left.div_ceil(1 << 32)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn it_admits_what_a_bucket_that_is_refilled_does() {
        // Rates that divide 1e9, so that the twin's tokens, counted in 1e-9, are exact.
        for (rate, burst) in [(1_000u64, 1), (1_000, 7), (4_000_000, 3), (50, 100)] {
            let mut rng = Seed(rate).stream("bucket");
            let mut bucket = TokenBucket::new(rate as f64, burst);
            let (mut tokens, mut now) = (u64::from(burst) * 1_000_000_000, 0);
            for _ in 0..20_000 {
                let gap = rng.below(2_500_000_000 / rate);
                now += gap;
                tokens = (tokens + gap * rate).min(u64::from(burst) * 1_000_000_000);
                let admitted = bucket.admit(Time(now));
                let missing = 1_000_000_000u64.saturating_sub(tokens);
                let expected = if missing == 0 { Ok(()) } else { Err(Time(now + missing.div_ceil(rate))) };
                assert_eq!(admitted, expected);
                tokens -= if missing == 0 { 1_000_000_000 } else { 0 };
            }
        }
    }

    #[test]
    fn who_comes_back_when_told_is_admitted_and_no_sooner() {
        let mut bucket = TokenBucket::new(3.0, 2);
        assert_eq!((bucket.admit(Time::ZERO), bucket.admit(Time::ZERO)), (Ok(()), Ok(())));
        let at = bucket.admit(Time::ZERO).unwrap_err();
        assert_eq!(at, Time(333_333_334));
        assert_eq!(bucket.admit(Time(at.0 - 1)), Err(at));
        assert_eq!(bucket.admit(at), Ok(()));
        assert_eq!(bucket.until_full(at), Span(666_666_666));
    }
}
