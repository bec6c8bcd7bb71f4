//! Waiting until an instant. Tokio's own timers round to whole milliseconds; a timerfd is late by some 50 µs.
mod alarm;

pub use alarm::Alarm;

use crate::clock::Clock;
use loadpath_core::time::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// Lets any number of tasks wait, with one [`Alarm`] and one task that wakes those that are due.
///
/// Dropping it ends the task; who still waits is let go at once.
#[derive(Debug)]
pub struct Timer {
    shared: Arc<Shared>,
    waker: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    alarm: Alarm,
    /// Those who wait, by deadline. The alarm is always set to the earliest, and only under this lock.
    waiting: Mutex<BinaryHeap<Reverse<Waiting>>>,
}

#[derive(Debug)]
struct Waiting {
    deadline: Time,
    wake: oneshot::Sender<()>,
}

impl Timer {
    /// A timer for the deadlines of `clock`. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// When the system has no more file descriptors.
    pub fn new(clock: Clock) -> io::Result<Self> {
        let alarm = Alarm::new(clock)?;
        let shared = Arc::new(Shared { clock, alarm, waiting: Mutex::default() });
        let waker = tokio::spawn(wake_the_due(Arc::clone(&shared))).abort_handle();
        Ok(Self { shared, waker })
    }

    /// Waits until `deadline`; not at all when it has passed.
    pub async fn until(&self, deadline: Time) {
        if deadline <= self.shared.clock.now() {
            return;
        }
        let (wake, woken) = oneshot::channel();
        {
            let mut waiting = self.shared.lock();
            let earliest = waiting.peek().is_none_or(|Reverse(first)| deadline < first.deadline);
            waiting.push(Reverse(Waiting { deadline, wake }));
            if earliest {
                self.shared.alarm.set(deadline);
            }
        }
        // An error says that the timer was dropped: nobody is kept waiting for it.
        let _ = woken.await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.waker.abort();
        self.shared.lock().clear();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BinaryHeap<Reverse<Waiting>>> {
        // The heap is whole even if a thread panicked while holding it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn wake_the_due(shared: Arc<Shared>) {
    loop {
        shared.alarm.rung().await;
        let mut waiting = shared.lock();
        let now = shared.clock.now();
        while waiting.peek().is_some_and(|Reverse(first)| first.deadline <= now) {
            if let Some(Reverse(due)) = waiting.pop() {
                // Who no longer waits has dropped its end.
                let _ = due.wake.send(());
            }
        }
        if let Some(Reverse(next)) = waiting.peek() {
            shared.alarm.set(next.deadline);
        }
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.deadline == other.deadline
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.deadline.cmp(&other.deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::time::Span;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nobody_wakes_early_and_half_wake_within_half_a_millisecond() {
        let clock = Clock::start();
        let timer = Arc::new(Timer::new(clock).unwrap());
        let tasks: Vec<_> = (0..200u64)
            .map(|i| {
                let timer = Arc::clone(&timer);
                // In an order that is not that of the deadlines.
                let deadline = clock.now() + Span::from_micros(1_000 + i * 7_919 % 100_000);
                tokio::spawn(async move {
                    timer.until(deadline).await;
                    let woken = clock.now();
                    assert!(woken >= deadline, "woken {} early", deadline.since(woken));
                    woken.since(deadline)
                })
            })
            .collect();
        let mut late = Vec::new();
        for task in tasks {
            late.push(task.await.unwrap());
        }
        late.sort_unstable();
        // Tokio's wheel is late by half a millisecond in the mean, and by up to one and a scheduling delay.
        assert!(late[100] < Span::from_micros(500), "the median is late by {}", late[100]);
    }

    #[tokio::test]
    async fn a_deadline_that_has_passed_and_a_dropped_timer_keep_nobody() {
        let clock = Clock::start();
        let timer = Timer::new(clock).unwrap();
        timer.until(Time::ZERO).await;
        let shared = Arc::clone(&timer.shared);
        let waits = async move { timer.until(Time::NEVER).await };
        // Dropping the future drops the timer with it.
        assert!(tokio::time::timeout(std::time::Duration::from_millis(5), waits).await.is_err());
        assert!(shared.lock().is_empty());
    }
}
