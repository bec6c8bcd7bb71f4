//! What is counted of a process besides outcomes, by the names that runs show.
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Counts since the process was started; what did not happen is not in them.
#[derive(Debug, Default)]
pub(super) struct Counts(RefCell<BTreeMap<&'static str, u64>>);

impl Counts {
    /// One more.
    pub(super) fn add(&self, name: &'static str) {
        *self.0.borrow_mut().entry(name).or_default() += 1;
    }

    /// Adds them to others.
    pub(super) fn add_to(&self, all: &mut BTreeMap<String, u64>) {
        for (name, count) in self.0.borrow().iter() {
            *all.entry((*name).to_owned()).or_default() += count;
        }
    }
}
