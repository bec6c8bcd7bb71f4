//! Undo and redo: whole documents, shared where nothing changed, with what was selected.
use crate::model::Selection;
use crate::shared::Shared;
use loadpath_core::topology::Topology;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// How many changes can be undone.
const DEPTH: usize = 200;

/// How many of them outlive a reload.
const KEPT: usize = 40;
/// How long the text of those may be: a part of what a browser keeps for a tab.
const KEPT_TEXT: usize = 512 << 10;

/// A document as it was, and what was selected in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The document.
    pub document: Shared<Topology>,
    /// What was selected.
    pub selection: Selection,
    /// Which of the designs that the browser keeps it is.
    pub design: Rc<str>,
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

    /// The last changes as text, to be read after a reload of the page that shows `now`.
    pub fn written(&self, now: &Moment) -> String {
        let mut room = KEPT_TEXT;
        let newest = std::iter::once(now).chain(self.past.iter().rev().take(KEPT));
        let fits = newest.map_while(|moment| {
            let document = moment.document.to_json();
            room = room.checked_sub(document.len())?;
            Some(Written { design: moment.design.to_string(), document })
        });
        let written: Vec<Written> = fits.collect();
        serde_json::to_string(&written).expect("texts can be written as JSON")
    }

    /// Brings back what was written, where the page shows the same as then. What cannot be read is left out.
    pub fn restore(&mut self, written: &str, now: &Moment) {
        let written: Vec<Written> = loadpath_core::json::read(written).unwrap_or_default();
        let Some((top, before)) = written.split_first() else { return };
        if *top.design != *now.design || top.document != now.document.to_json() {
            return;
        }
        let moments = before.iter().rev().filter_map(|written| {
            let document = Shared::new(Topology::from_json(&written.document).ok()?);
            let design = written.design.as_str().into();
            Some(Moment { document, selection: Selection::default(), design })
        });
        self.past = moments.collect();
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

/// A moment as text.
#[derive(Serialize, Deserialize)]
struct Written {
    design: String,
    document: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(name: &str) -> Moment {
        let document = Shared::new(Topology::new(name));
        Moment { document, selection: Selection::default(), design: "d".into() }
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

    #[test]
    fn undo_outlives_a_reload_of_the_same_design_only() {
        let mut history = History::default();
        history.record(moment("a"), None);
        history.record(moment("b"), None);
        let written = history.written(&moment("c"));
        let mut after = History::default();
        after.restore(&written, &moment("c"));
        assert_eq!(after.undo(moment("c")).unwrap().document.name, "b");
        assert_eq!(after.undo(moment("b")).unwrap().document.name, "a");
        for (text, now) in [(written.as_str(), "other"), ("[", "c"), ("[{}]", "c"), ("[]", "c")] {
            let mut after = History::default();
            after.restore(text, &moment(now));
            assert!(!after.can_undo(), "{text} {now}");
        }
    }

    #[test]
    fn what_outlives_a_reload_is_bounded() {
        let mut history = History::default();
        let long = "x".repeat(40 << 10);
        for i in 0..100 {
            history.record(moment(&format!("{i}{long}")), None);
        }
        assert!(history.written(&moment("now")).len() < KEPT_TEXT + (64 << 10));
    }
}
