//! A message as it travels through a broker, and what the numbers on it tell of those that did not arrive.
use crate::deploy::queue::Message;
use loadpath_core::time::{Span, Time};
use std::collections::BTreeMap;

/// A message and its stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parcel {
    /// When the desk was started that published it, in nanoseconds since 1970: no two have the same.
    pub(super) life: u64,
    /// What it is numbered in: a class, or a partition of a log.
    pub(super) lane: u16,
    /// How many came before it there.
    pub(super) number: u64,
    /// When it was published, by that desk's clock.
    pub(super) published: Time,
    pub(super) message: Message,
}

impl Parcel {
    /// As words with spaces between.
    pub(super) fn write(&self) -> String {
        let Self { life, lane, number, published, message: Message { class, user, key } } = self;
        format!("{life} {lane} {number} {} {class} {user} {key}", published.0)
    }

    /// Reads it back; none when it is not ours.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(bytes).ok()?.split(' ');
        let mut next = || words.next()?.parse::<u64>().ok();
        let (life, lane, number, published) = (next()?, next()?, next()?, Time(next()?));
        let (class, user, key) = (next()?, next()?, next()?);
        let message = Message { class: class.try_into().ok()?, user: user.try_into().ok()?, key };
        Some(Self { life, lane: lane.try_into().ok()?, number, published, message })
    }

    /// When it was published by the clock of the desk that was started at `life`: that desk's own, or one before it.
    pub(super) fn published_for(&self, life: u64) -> Time {
        let earlier = Span(life.saturating_sub(self.life));
        Time(self.published.0.saturating_sub(earlier.0))
    }
}

/// What has arrived of each lane: a number that is passed over was dropped by the broker before anybody got it.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<u16, u64>);

impl Seen {
    /// A message is there for the first time; how many of its lane were lost before it. What a desk before this one published is
    /// no measure.
    pub(super) fn note(&mut self, parcel: &Parcel, life: u64) -> u64 {
        if parcel.life != life {
            return 0;
        }
        let next = self.0.entry(parcel.lane).or_insert(0);
        let lost = parcel.number.saturating_sub(*next);
        *next = (*next).max(parcel.number + 1);
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(life: u64, number: u64) -> Parcel {
        let message = Message { class: 3, user: 9, key: u64::MAX };
        Parcel { life, lane: 3, number, published: Time(40), message }
    }

    #[test]
    fn what_is_written_is_read_and_what_strangers_write_is_not() {
        let sent = parcel(7, 2);
        assert_eq!(Parcel::read(sent.write().as_bytes()), Some(sent));
        for text in ["", "1 2 3", "1 2 3 4 5 6 x", "1 70000 3 4 5 6 7"] {
            assert_eq!(Parcel::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_number_that_is_passed_over_is_a_loss_and_one_that_comes_again_is_none() {
        let mut seen = Seen::default();
        let lost: Vec<u64> = [0, 1, 4, 2, 5].map(|number| seen.note(&parcel(7, number), 7)).into();
        assert_eq!(lost, [0, 0, 2, 0, 0]);
        assert_eq!(seen.note(&parcel(6, 90), 7), 0, "of a desk before this one");
    }

    #[test]
    fn an_age_is_kept_over_a_new_start() {
        assert_eq!(parcel(100, 0).published_for(100), Time(40));
        assert_eq!(parcel(100, 0).published_for(130), Time(10));
        assert_eq!(parcel(100, 0).published_for(900), Time(0));
    }
}
