//! The line of requests that are due: the pacer puts them in, the users take them, first come first served.
use loadpath_core::workload::Planned;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, TryAcquireError};

/// Requests that are due and not yet taken.
#[derive(Debug)]
pub(super) struct Line {
    due: Mutex<VecDeque<Planned>>,
    /// One for each request in the line. It is closed once no more will come.
    permits: Semaphore,
}

/// A request that was taken from the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) planned: Planned,
    /// Whether it stood in the line before anyone was free to take it.
    pub(super) waited: bool,
}

impl Default for Line {
    fn default() -> Self {
        Self { due: Mutex::default(), permits: Semaphore::new(0) }
    }
}

impl Line {
    /// Puts these in, in order, and lets as many users go on.
    pub(super) fn push(&self, batch: &mut Vec<Planned>) {
        let count = batch.len();
        self.lock().extend(batch.drain(..));
        self.permits.add_permits(count);
    }

    /// How many stand in it.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// No more will come: who waits in vain is let go.
    pub(super) fn close(&self) {
        self.permits.close();
    }

    /// The next one; none when the line is closed and empty. Cancel safe: nothing is taken by a future that is dropped.
    pub(super) async fn next(&self) -> Option<Taken> {
        let (permit, waited) = match self.permits.try_acquire() {
            Ok(permit) => (Some(permit), true),
            Err(TryAcquireError::NoPermits) => match self.permits.acquire().await {
                Ok(permit) => (Some(permit), false),
                Err(_closed) => (None, true),
            },
            // A closed semaphore gives no permits, but there may be requests left.
            Err(TryAcquireError::Closed) => (None, true),
        };
        if let Some(permit) = permit {
            permit.forget();
        }
        self.lock().pop_front().map(|planned| Taken { planned, waited })
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Planned>> {
        // The queue is whole even if a thread panicked while holding it.
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::time::Time;

    fn planned(key: u64) -> Planned {
        Planned { due: Time(key), class: 0, key, user: 0 }
    }

    #[tokio::test]
    async fn what_stood_in_the_line_when_it_closed_is_still_served_in_order() {
        let line = Line::default();
        line.push(&mut vec![planned(1), planned(2)]);
        line.close();
        assert_eq!(line.next().await, Some(Taken { planned: planned(1), waited: true }));
        assert_eq!(line.next().await, Some(Taken { planned: planned(2), waited: true }));
        assert_eq!(line.next().await, None);
    }

    #[tokio::test]
    async fn who_stands_ready_takes_a_request_that_has_not_waited() {
        let line = Line::default();
        let mut batch = vec![planned(7)];
        let (taken, ()) = tokio::join!(line.next(), async { line.push(&mut batch) });
        assert_eq!(taken, Some(Taken { planned: planned(7), waited: false }));
        line.close();
        assert_eq!(line.next().await, None);
    }
}
