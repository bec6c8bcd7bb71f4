//! A queue that refuses: first in, first out, of a bounded length.
use std::collections::VecDeque;

/// First in, first out; never longer than its bound.
#[derive(Clone, Debug)]
pub struct BoundedQueue<T> {
    /// Never longer than `bound`.
    waiting: VecDeque<T>,
    bound: usize,
}

/// The queue is full; what was offered comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full<T>(pub T);

impl<T> BoundedQueue<T> {
    /// An empty queue in which at most `bound` may wait. With a bound of zero nothing waits.
    pub const fn new(bound: usize) -> Self {
        Self { waiting: VecDeque::new(), bound }
    }

    /// Lets `item` wait. O(1).
    ///
    /// # Errors
    /// When the queue is full; it stays as it was.
    pub fn offer(&mut self, item: T) -> Result<(), Full<T>> {
        if self.waiting.len() >= self.bound {
            return Err(Full(item));
        }
        self.waiting.push_back(item);
        Ok(())
    }

    /// The one that has waited longest. O(1).
    pub fn take(&mut self) -> Option<T> {
        self.waiting.pop_front()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Sends everybody away, longest wait first.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.waiting.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_refuses_when_full_and_keeps_the_order() {
        let mut queue = BoundedQueue::new(2);
        assert_eq!((queue.offer(1), queue.offer(2), queue.offer(3)), (Ok(()), Ok(()), Err(Full(3))));
        assert_eq!((queue.take(), queue.take(), queue.take()), (Some(1), Some(2), None));
        assert_eq!(BoundedQueue::new(0).offer(1), Err(Full(1)));
    }
}
