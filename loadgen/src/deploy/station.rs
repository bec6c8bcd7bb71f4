//! The workers of a node's process and the queue before them.
use crate::clock::Clock;
use loadpath_core::component::{BoundedQueue, Full};
use loadpath_core::time::{Span, Time};
use std::cell::RefCell;
use std::rc::Rc;
use tokio::sync::oneshot;

/// Workers, and a bounded queue of those who wait for one, first in, first out.
pub(super) struct Station {
    clock: Clock,
    state: RefCell<State>,
}

struct State {
    workers: u32,
    taken: u32,
    queue: BoundedQueue<oneshot::Sender<()>>,
    /// Worker-nanoseconds that were taken until `counted`.
    busy_ns: u64,
    counted: Time,
}

/// A worker that is taken until this is dropped; then it goes to who waits longest.
pub(super) struct Worker {
    station: Rc<Station>,
}

impl Station {
    /// All workers free.
    pub(super) fn new(clock: Clock, workers: u32, queue: u32) -> Rc<Self> {
        let queue = BoundedQueue::new(queue as usize);
        let state = State { workers, taken: 0, queue, busy_ns: 0, counted: clock.now() };
        Rc::new(Self { clock, state: RefCell::new(state) })
    }

    /// A worker, and how long it was waited for; none when the queue is full.
    pub(super) async fn enter(self: &Rc<Self>) -> Option<(Worker, Span)> {
        let arrived = self.clock.now();
        let turn = {
            let mut state = self.state.borrow_mut();
            if state.taken < state.workers {
                state.count(arrived);
                state.taken += 1;
                return Some((Worker { station: self.clone() }, Span::ZERO));
            }
            let (sender, turn) = oneshot::channel();
            match state.queue.offer(sender) {
                Ok(()) => turn,
                Err(Full(_)) => return None,
            }
        };
        // The worker is handed over taken, so that nobody can come in between.
        turn.await.expect("who leaves the queue is always told");
        Some((Worker { station: self.clone() }, self.clock.now().since(arrived)))
    }

    /// Worker-nanoseconds taken so far, the number of workers, and how many wait.
    pub(super) fn figures(&self) -> (u64, u32, usize) {
        let mut state = self.state.borrow_mut();
        state.count(self.clock.now());
        (state.busy_ns, state.workers, state.queue.len())
    }
}

impl State {
    fn count(&mut self, now: Time) {
        self.busy_ns += u64::from(self.taken) * now.since(self.counted).0;
        self.counted = now;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut state = self.station.state.borrow_mut();
        while let Some(next) = state.queue.take() {
            if next.send(()).is_ok() {
                return;
            }
        }
        state.count(self.station.clock.now());
        state.taken -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn workers_are_handed_on_in_order_and_a_full_queue_refuses() {
        tokio::task::LocalSet::new()
            .run_until(async {
                let station = Station::new(Clock::start(), 1, 2);
                let (first, _) = station.enter().await.unwrap();
                let order = Rc::new(RefCell::new(Vec::new()));
                let waiting: Vec<_> = (0..2)
                    .map(|number| {
                        let (station, order) = (station.clone(), order.clone());
                        tokio::task::spawn_local(async move {
                            let (_worker, _) = station.enter().await.unwrap();
                            order.borrow_mut().push(number);
                        })
                    })
                    .collect();
                tokio::task::yield_now().await;
                assert_eq!(station.figures().2, 2);
                assert!(station.enter().await.is_none(), "the queue is full");
                drop(first);
                for turn in waiting {
                    turn.await.unwrap();
                }
                assert_eq!(*order.borrow(), [0, 1]);
                assert!(station.enter().await.is_some(), "all are free again");
            })
            .await;
    }
}
