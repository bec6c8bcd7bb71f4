//! The workers of a node's process and the queue before them.
use crate::clock::Clock;
use loadpath_core::component::Full;
use loadpath_core::component::queue::{Discipline, WaitingLine};
use loadpath_core::run::Outcome;
use loadpath_core::time::{Span, Time};
use std::cell::RefCell;
use std::rc::Rc;
use tokio::sync::oneshot;

/// Workers, and a bounded queue of those who wait for one.
pub(super) struct Station {
    clock: Clock,
    state: RefCell<State>,
}

struct State {
    workers: u32,
    taken: u32,
    queue: WaitingLine<Waiting>,
    /// How many have ever waited.
    tickets: u64,
    /// How many of them were pushed or dropped out of the queue.
    dropped: u64,
    /// Worker-nanoseconds that were taken until `counted`.
    busy_ns: u64,
    counted: Time,
}

/// Who waits; the same when the ticket is.
struct Waiting {
    ticket: u64,
    turn: oneshot::Sender<Outcome>,
}

/// A worker that is taken until this is dropped; then it goes to who is next.
pub(super) struct Worker {
    station: Rc<Station>,
}

/// A place in the queue. Dropping it before it was told leaves the queue.
struct Place<'s> {
    station: &'s Rc<Station>,
    ticket: u64,
    turn: oneshot::Receiver<Outcome>,
    told: bool,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.ticket == other.ticket
    }
}

impl Station {
    /// All workers free; who waits is taken in this order.
    pub(super) fn new(clock: Clock, workers: u32, queue: u32, order: Discipline) -> Rc<Self> {
        let queue = WaitingLine::new(order, queue as usize);
        let state =
            State { workers, taken: 0, queue, tickets: 0, dropped: 0, busy_ns: 0, counted: clock.now() };
        Rc::new(Self { clock, state: RefCell::new(state) })
    }

    /// A worker, and how long it was waited for.
    ///
    /// # Errors
    /// [`Outcome::Refused`] when the queue is full, or it was pushed or dropped out of it.
    pub(super) async fn enter(self: &Rc<Self>, priority: u8) -> Result<(Worker, Span), Outcome> {
        let arrived = self.clock.now();
        let Some(mut place) = self.line_up(arrived, priority)? else {
            return Ok((Worker { station: self.clone() }, Span::ZERO));
        };
        // The worker is handed over taken, so that nobody can come in between.
        let told = (&mut place.turn).await.expect("who leaves the queue is always told");
        place.told = true;
        match told {
            Outcome::Ok => Ok((Worker { station: self.clone() }, self.clock.now().since(arrived))),
            outcome => Err(outcome),
        }
    }

    /// A place in the queue; none when a worker was free, which is taken now.
    fn line_up(self: &Rc<Self>, now: Time, priority: u8) -> Result<Option<Place<'_>>, Outcome> {
        let mut state = self.state.borrow_mut();
        if state.taken < state.workers {
            state.count(now);
            state.taken += 1;
            return Ok(None);
        }
        state.tickets += 1;
        let ticket = state.tickets;
        let (sender, turn) = oneshot::channel();
        if let Err(Full(pushed_out)) = state.queue.offer(now, Waiting { ticket, turn: sender }, priority) {
            if pushed_out.ticket == ticket {
                return Err(Outcome::Refused);
            }
            state.dropped += 1;
            // It may have left in this very moment.
            let _ = pushed_out.turn.send(Outcome::Refused);
        }
        Ok(Some(Place { station: self, ticket, turn, told: false }))
    }

    /// How many wait, and how many may.
    pub(super) fn line(&self) -> (usize, usize) {
        let state = self.state.borrow();
        (state.queue.len(), state.queue.bound())
    }

    /// How many were pushed or dropped out of the queue.
    pub(super) fn dropped(&self) -> u64 {
        self.state.borrow().dropped
    }

    /// Worker-nanoseconds taken so far, the number of workers, and how many wait.
    pub(super) fn figures(&self) -> (u64, u32, usize) {
        let mut state = self.state.borrow_mut();
        state.count(self.clock.now());
        (state.busy_ns, state.workers, state.queue.len())
    }

    /// Gives a worker to who is next, or lets it rest.
    fn release(&self) {
        let now = self.clock.now();
        let mut state = self.state.borrow_mut();
        loop {
            let mut late = Vec::new();
            let next = state.queue.take(now, &mut late);
            state.dropped += late.len() as u64;
            for dropped in late {
                let _ = dropped.turn.send(Outcome::Refused);
            }
            let Some(next) = next else { break };
            if next.turn.send(Outcome::Ok).is_ok() {
                return;
            }
        }
        state.count(now);
        state.taken -= 1;
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
        self.station.release();
    }
}

impl Drop for Place<'_> {
    /// Who loses patience must not be found in the queue. O(waiting).
    fn drop(&mut self) {
        if self.told {
            return;
        }
        self.turn.close();
        match self.turn.try_recv() {
            // It was given a worker in the moment when it gave up.
            Ok(Outcome::Ok) => self.station.release(),
            Ok(_) => {}
            Err(_) => {
                let (turn, _) = oneshot::channel();
                self.station.state.borrow_mut().queue.remove(&Waiting { ticket: self.ticket, turn });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets two wait at a station with one worker, of priorities 1 and 2, and a third come, of priority 3, when the queue is
    /// full; in which order they are served, and who is refused.
    async fn served(order: Discipline) -> (Vec<u8>, Vec<u8>) {
        let station = Station::new(Clock::start(), 1, 2, order);
        let (first, _) = station.enter(0).await.ok().unwrap();
        let (served, refused) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(Vec::new())));
        let mut waiting = Vec::new();
        for number in 1..=3 {
            let (station, served, refused) = (station.clone(), served.clone(), refused.clone());
            waiting.push(tokio::task::spawn_local(async move {
                match station.enter(number).await {
                    Ok(_worker) => served.borrow_mut().push(number),
                    Err(outcome) => {
                        assert_eq!(outcome, Outcome::Refused);
                        refused.borrow_mut().push(number);
                    }
                }
            }));
            tokio::task::yield_now().await;
        }
        assert_eq!(station.figures().2, 2);
        drop(first);
        for one in waiting {
            one.await.unwrap();
        }
        assert_eq!(station.state.borrow().taken, 0, "all are free again");
        (served.take(), refused.take())
    }

    #[tokio::test(flavor = "current_thread")]
    async fn workers_are_handed_on_by_the_queues_order_and_a_full_queue_refuses() {
        tokio::task::LocalSet::new()
            .run_until(async {
                assert_eq!(served(Discipline::Fifo).await, (vec![1, 2], vec![3]));
                assert_eq!(served(Discipline::Lifo).await, (vec![3, 2], vec![1]));
                assert_eq!(served(Discipline::Priority).await, (vec![3, 2], vec![1]));
            })
            .await;
    }

    #[tokio::test(flavor = "current_thread")]
    async fn who_loses_patience_leaves_the_queue_and_takes_no_worker_along() {
        tokio::task::LocalSet::new()
            .run_until(async {
                let station = Station::new(Clock::start(), 1, 2, Discipline::Fifo);
                let (first, _) = station.enter(0).await.ok().unwrap();
                for _ in 0..5 {
                    let gives_up = async {
                        tokio::task::yield_now().await;
                        tokio::task::yield_now().await;
                    };
                    tokio::select! {
                        _ = station.enter(0) => unreachable!("nobody frees the worker"),
                        () = gives_up => {}
                    }
                    assert_eq!(station.line(), (0, 2));
                }
                drop(first);
                assert!(station.enter(0).await.is_ok());
            })
            .await;
    }
}
