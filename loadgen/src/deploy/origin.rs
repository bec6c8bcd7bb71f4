//! Who asks for what: the same for a request and every call that is made for it. It travels in a header.
use hyper::header::{HeaderName, HeaderValue};
use loadpath_core::time::{Span, Time};

/// In which header a call says whom it is made for: the class's number, the user's, for how many nanoseconds the answer is still
/// of use, and how many it takes on its way.
pub(super) const ORIGIN: HeaderName = HeaderName::from_static("loadpath-origin");

/// Whom a call is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// The class's place in the plan.
    pub(super) class: u16,
    /// Which of all users.
    pub(super) user: u32,
    /// When nobody waits for the answer any more, by this process's clock.
    pub(super) deadline: Time,
    /// How long the answer takes on its way to the caller.
    pub(super) way: Span,
}

impl Origin {
    /// From the header's value; none when that is not one.
    pub(super) fn read(value: &HeaderValue, now: Time) -> Option<Self> {
        let mut parts = value.to_str().ok()?.split(' ');
        let mut number = || parts.next()?.parse::<u64>().ok();
        let (class, user, left, way) = (number()?, number()?, number()?, Span(number()?));
        let deadline = Time(now.0.saturating_add(left));
        Some(Self { class: class.try_into().ok()?, user: user.try_into().ok()?, deadline, way })
    }

    /// As the header's value, for a callee whom the network reaches after `way`. On sockets the way out is waited for when the
    /// answer is back, so the callee lives that much earlier than its caller thinks, and has that much less.
    pub(super) fn header(&self, now: Time, way: Span) -> HeaderValue {
        let left = if self.deadline == Time::NEVER { u64::MAX } else { self.deadline.since(now + way).0 };
        let text = format!("{} {} {left} {}", self.class, self.user, way.0);
        HeaderValue::try_from(text).expect("digits are a header's text")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_it_was_written_less_the_way() {
        let origin = Origin { class: 3, user: 70_000, deadline: Time(5_000), way: Span(500) };
        let read = Origin::read(&origin.header(Time(1_000), Span(500)), Time(20));
        assert_eq!(read, Some(Origin { deadline: Time(3_520), ..origin }));
        let late = Origin::read(&origin.header(Time(9_000), Span::ZERO), Time(20));
        assert_eq!(late.map(|late| late.deadline), Some(Time(20)));
        let forever = Origin { deadline: Time::NEVER, way: Span(1), ..origin };
        assert_eq!(Origin::read(&forever.header(Time(9), Span(1)), Time(1)), Some(forever));
        for text in ["", "1", "1 2", "1 2 3", "1 2 3 x", "70000 1 1 1"] {
            assert_eq!(Origin::read(&HeaderValue::from_static(text), Time::ZERO), None, "{text}");
        }
    }
}
