//! What a balancer knows of its targets: who is healthy, and how many requests each has in flight.

/// Targets 0..n.
#[derive(Clone, Debug)]
pub struct Targets {
    in_flight: Vec<u32>,
    /// The healthy ones, in rising order.
    healthy: Vec<u16>,
}

impl Targets {
    /// `count` healthy and idle targets.
    pub fn new(count: u16) -> Self {
        Self { in_flight: vec![0; usize::from(count)], healthy: (0..count).collect() }
    }

    /// How many there are, healthy or not.
    pub fn len(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// The healthy ones, in rising order.
    pub fn healthy(&self) -> &[u16] {
        &self.healthy
    }

    /// Whether `target` is healthy. O(log n).
    pub fn is_healthy(&self, target: u16) -> bool {
        self.healthy.binary_search(&target).is_ok()
    }

    /// Says whether `target` is healthy. O(n).
    pub fn set_healthy(&mut self, target: u16, healthy: bool) {
        match (self.healthy.binary_search(&target), healthy) {
            (Ok(place), false) => {
                self.healthy.remove(place);
            }
            (Err(place), true) => self.healthy.insert(place, target),
            _ => {}
        }
    }

    /// Requests in flight at `target`.
    pub fn in_flight(&self, target: u16) -> u32 {
        self.in_flight[usize::from(target)]
    }

    /// A request was sent to `target`.
    pub fn begin(&mut self, target: u16) {
        self.in_flight[usize::from(target)] += 1;
    }

    /// A request to `target` has ended, well or not.
    pub fn end(&mut self, target: u16) {
        let count = &mut self.in_flight[usize::from(target)];
        debug_assert!(*count > 0, "a request ended that had not begun");
        *count = count.saturating_sub(1);
    }

    /// Forgets what was in flight: the balancer itself was restarted.
    pub fn forget(&mut self) {
        self.in_flight.fill(0);
    }
}
