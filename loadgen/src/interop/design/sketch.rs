//! What a reader found out: parts, who calls whom, and how sure it is.
use super::guess::Guess;
use super::{Line, NotRead};
use loadpath_core::topology::{LIMITS, Params};
use std::collections::BTreeMap;

/// A part of a system.
#[derive(Debug)]
pub(super) struct Part {
    /// What the file calls it.
    pub(super) name: String,
    pub(super) guess: Guess,
    /// What is known of it, as the document says it.
    pub(super) params: Params,
    /// Whether users call it.
    pub(super) entry: bool,
}

/// Who calls whom.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    /// What is known of it, as the document says it.
    pub(super) params: Params,
}

/// A sketch of a system.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    pub(super) tool: &'static str,
    pub(super) name: String,
    pub(super) parts: Vec<Part>,
    pub(super) links: Vec<Link>,
    /// Requests of users per second, where they are known.
    pub(super) rate: Option<f64>,
    pub(super) lines: Vec<Line>,
    places: BTreeMap<String, usize>,
    between: BTreeMap<(usize, usize), usize>,
}

/// More parts than this are left for a larger screen.
const MOST_PARTS: usize = 1_000;

impl Sketch {
    pub(super) fn new(tool: &'static str, name: &str) -> Self {
        Self { tool, name: name.to_owned(), ..Self::default() }
    }

    /// The place of the part of this name, which is made when it is new.
    pub(super) fn part(&mut self, name: &str, guess: impl FnOnce() -> Guess) -> Result<usize, NotRead> {
        let name = super::loose::short(name);
        if let Some(&place) = self.places.get(&name) {
            return Ok(place);
        }
        if self.parts.len() >= MOST_PARTS {
            return Err(NotRead(format!("it has more than {MOST_PARTS} parts: cut out what is of interest")));
        }
        let place = self.parts.len();
        let guess = guess();
        self.parts.push(Part { name: name.clone(), guess, params: Params::new(), entry: false });
        self.places.insert(name, place);
        Ok(place)
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The link between two parts, which is made when it is new.
    pub(super) fn link(&mut self, from: usize, to: usize) -> Result<&mut Link, NotRead> {
        let place = self.between.get(&(from, to)).copied().unwrap_or(self.links.len());
        if place == self.links.len() {
            if self.links.len() >= LIMITS.edges / 4 {
                return Err(NotRead("it has more links than can be drawn".to_owned()));
            }
            self.between.insert((from, to), place);
            self.links.push(Link { from, to, params: Params::new() });
        }
        Ok(&mut self.links[place])
    }

    pub(super) fn is_linked(&self, from: usize, to: usize) -> bool {
        self.between.contains_key(&(from, to))
    }

    pub(super) fn understood(&mut self, text: String) {
        self.lines.push(Line::Understood(text));
    }

    pub(super) fn assumed(&mut self, text: String) {
        self.lines.push(Line::Assumed(text));
    }

    pub(super) fn left_out(&mut self, text: String) {
        self.lines.push(Line::LeftOut(text));
    }
}
