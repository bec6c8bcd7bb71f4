//! Undo and redo: whole documents, shared where nothing changed, with what was selected.
use crate::model::Selection;
use crate::shared::Shared;
use loadpath_core::topology::Topology;

/// How many changes can be undone.
const DEPTH: usize = 200;

/// A document as it was, and what was selected in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The document.
    pub document: Shared<Topology>,
    /// What was selected.
    pub selection: Selection,
}

/// What can be undone and redone.
#[derive(Clone, Debug, Default)]
pub struct History {
    past: Vec<Moment>,
    future: Vec<Moment>,
    /// What the last change was of; the next of the same joins it, so that one undo takes back a whole nudge.
    joins: Option<&'static str>,
}

impl History {
    /// Remembers the moment before a change. Changes in a row with the same `joins` are one.
    pub fn record(&mut self, before: Moment, joins: Option<&'static str>) {
        self.future.clear();
        if joins.is_some() && joins == self.joins {
            return;
        }
        self.joins = joins;
        if self.past.len() == DEPTH {
            self.past.remove(0);
        }
        self.past.push(before);
    }

    /// Ends a row of changes that join.
    pub fn settle(&mut self) {
        self.joins = None;
    }

    /// The moment before the last change, in exchange for the present one.
    pub fn undo(&mut self, now: Moment) -> Option<Moment> {
        let before = self.past.pop()?;
        self.future.push(now);
        self.joins = None;
        Some(before)
    }

    /// The moment after the change that was undone last, in exchange for the present one.
    pub fn redo(&mut self, now: Moment) -> Option<Moment> {
        let after = self.future.pop()?;
        self.past.push(now);
        self.joins = None;
        Some(after)
    }

    /// The moment before the last change.
    pub fn last(&self) -> Option<&Moment> {
        self.past.last()
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is something to redo.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(name: &str) -> Moment {
        Moment { document: Shared::new(Topology::new(name)), selection: Selection::default() }
    }

    #[test]
    fn undo_and_redo_walk_the_same_way_back_and_forth() {
        let mut history = History::default();
        history.record(moment("a"), None);
        history.record(moment("b"), None);
        let b = history.undo(moment("c")).unwrap();
        assert_eq!(b.document.name, "b");
        let a = history.undo(b).unwrap();
        assert_eq!((a.document.name.as_str(), history.can_undo()), ("a", false));
        assert_eq!(history.redo(a).unwrap().document.name, "b");
        history.record(moment("b"), None);
        assert!(!history.can_redo());
    }

    #[test]
    fn changes_that_join_are_undone_at_once() {
        let mut history = History::default();
        for name in ["a", "b", "c"] {
            history.record(moment(name), Some("nudge"));
        }
        history.settle();
        history.record(moment("d"), Some("nudge"));
        assert_eq!(history.undo(moment("e")).unwrap().document.name, "d");
        assert_eq!(history.undo(moment("d")).unwrap().document.name, "a");
        assert!(!history.can_undo());
    }
}
