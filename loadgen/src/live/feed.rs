//! A run's events, kept for whoever listens, from the start or from where they stopped.
//!
//! Listeners have no queues: each has a place in one ring. One that is too slow finds that the ring has moved on, and goes
//! on from its oldest event; nobody else notices.
use loadpath_core::wire::Event;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How much is kept. The oldest events are forgotten first.
const MOST_EVENTS: usize = 1_024;
const MOST_BYTES: usize = 16 << 20;

/// The events of a run.
#[derive(Debug)]
pub struct Feed {
    ring: Mutex<Ring>,
    /// How many events there were so far, and whether there will be more.
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    published: u64,
    closed: bool,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Kept>,
    bytes: usize,
}

/// An event as JSON, with its number in the run, from one, without gaps.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its number.
    pub number: u64,
    /// What happened.
    pub json: Arc<str>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { ring: Mutex::default(), state: watch::Sender::new(State::default()) }
    }
}

impl Feed {
    /// Adds an event.
    pub fn publish(&self, event: &Event) {
        let json: Arc<str> =
            serde_json::to_string(event).expect("an event holds only what JSON can say").into();
        let mut ring = self.ring();
        let number = self.state.borrow().published + 1;
        ring.bytes += json.len();
        ring.events.push_back(Kept { number, json });
        while ring.events.len() > MOST_EVENTS || (ring.bytes > MOST_BYTES && ring.events.len() > 1) {
            ring.bytes -= ring.events.pop_front().map_or(0, |oldest| oldest.json.len());
        }
        // Under the ring's lock, so that numbers follow the ring's order.
        self.state.send_modify(|state| state.published = number);
    }

    /// Says that there will be no more.
    pub fn close(&self) {
        self.state.send_modify(|state| state.closed = true);
    }

    /// The next event that is kept after number `after`, when there is one; none when there will be no more.
    pub async fn next(&self, after: u64) -> Option<Kept> {
        let mut changes = self.state.subscribe();
        let state = changes.wait_for(|state| state.published > after || state.closed).await;
        drop(state);
        let ring = self.ring();
        let place = ring.events.partition_point(|kept| kept.number <= after);
        ring.events.get(place).cloned()
    }

    /// Whether there is nothing after number `after` and never will be.
    pub fn is_over(&self, after: u64) -> bool {
        let state = *self.state.borrow();
        state.closed && state.published <= after
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // The ring is whole even if a thread panicked while holding it.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(error: &str) -> Event {
        Event::Failed { error: error.to_owned() }
    }

    #[tokio::test]
    async fn a_listener_goes_on_where_it_stopped_and_learns_of_the_end() {
        let feed = Feed::default();
        for text in ["a", "b", "c"] {
            feed.publish(&event(text));
        }
        let second = feed.next(1).await.unwrap();
        assert_eq!((second.number, &*second.json), (2, r#"{"failed":{"error":"b"}}"#));
        assert!(!feed.is_over(3));
        feed.close();
        assert!(feed.is_over(3) && !feed.is_over(2));
        assert!(feed.next(3).await.is_none());
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_a_slow_listener_goes_on_from_the_oldest() {
        let feed = Feed::default();
        let long = "x".repeat(100_000);
        for _ in 0..2_000 {
            feed.publish(&event(&long));
        }
        assert!(feed.ring().bytes <= MOST_BYTES);
        let oldest = feed.next(1).await.unwrap().number;
        assert!(oldest > 1_000, "{oldest}");
        assert_eq!(feed.next(oldest).await.unwrap().number, oldest + 1, "and from there without a gap");
    }
}
