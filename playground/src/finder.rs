//! The finder: what is typed, in; commands, components, nodes and lessons that fit, out, the best first.
use crate::command::{self, COMMANDS, Command};
use crate::describe;
use crate::geometry::ScreenPoint;
use crate::model::Model;
use loadpath_core::order;
use loadpath_core::topology::catalog::{KINDS, Kind};
use loadpath_core::topology::lessons::{self, Lesson};

/// How many are shown at most; who needs more types another letter.
pub const MOST: usize = 40;

/// The finder's state.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    /// What is open; none when it is closed.
    pub open: Option<Opened>,
    /// Where the pointer was last, relative to the canvas: what is added by a key is put there.
    pub pointer: Option<ScreenPoint>,
}

/// An open finder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opened {
    /// What was typed.
    pub text: String,
    /// Which of what was found is to be chosen by Enter.
    pub active: usize,
    /// Whether only components are looked for.
    pub only_kinds: bool,
}

/// What happens to the finder.
#[derive(Clone, Debug)]
pub enum Msg {
    /// It is to be shown.
    Open {
        /// For components only.
        only_kinds: bool,
    },
    /// Something was typed.
    Typed(String),
    /// The next one down, or up.
    Step(isize),
    /// One was chosen: the active one when none is named.
    Choose(Option<usize>),
    /// It is to be closed.
    Close,
    /// A component is to be added, without looking for it.
    Place(&'static Kind),
}

/// Something that was found.
#[derive(Clone, Debug)]
pub enum Find {
    /// A command.
    Command(&'static Command),
    /// A component, to be added.
    Kind(&'static Kind),
    /// A node of the design, by its place.
    Node(usize),
    /// A lesson, to be opened.
    Lesson(&'static str),
}

/// Rows of tables are the same when they have the same name.
impl PartialEq for Find {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Command(a), Self::Command(b)) => a.id == b.id,
            (Self::Kind(a), Self::Kind(b)) => a.name == b.name,
            (Self::Node(a), Self::Node(b)) => a == b,
            (Self::Lesson(a), Self::Lesson(b)) => a == b,
            _ => false,
        }
    }
}

/// One line of the finder.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What it is.
    pub find: Find,
    /// Its name.
    pub title: String,
    /// What it does or is.
    pub about: String,
    /// Its key.
    pub key: String,
    /// How well it fits.
    score: i32,
}

/// What fits, the best first; everything, in its own order, while nothing is typed.
pub fn found(model: &Model, opened: &Opened) -> Vec<Found> {
    let mut all: Vec<Found> = KINDS.iter().map(kind).collect();
    if !opened.only_kinds {
        let commands = COMMANDS.iter().filter(|c| (c.when)(model) && c.id != "find");
        all.extend(commands.map(command));
        all.extend((0..model.document.nodes.len()).map(|i| node(model, i)));
        all.extend(lessons::all().iter().map(lesson));
    }
    let typed = opened.text.trim();
    if !typed.is_empty() {
        all.retain_mut(|found| match fit(typed, found) {
            Some(score) => {
                found.score = score;
                true
            }
            None => false,
        });
        // Stable: of two that fit as well, the one that stands first in its table is first.
        order::sort_by_key(&mut all, |found| -found.score);
    }
    all.truncate(MOST);
    all
}

fn kind(kind: &'static Kind) -> Found {
    Found {
        find: Find::Kind(kind),
        title: kind.title.to_owned(),
        about: "add".to_owned(),
        key: command::letter(kind.name).to_uppercase(),
        score: 0,
    }
}

fn command(command: &'static Command) -> Found {
    Found {
        find: Find::Command(command),
        title: command.name.to_owned(),
        about: command.part.title().to_lowercase(),
        key: command.keys.first().map(command::Chord::text).unwrap_or_default(),
        score: 0,
    }
}

fn node(model: &Model, place: usize) -> Found {
    let node = &model.document.nodes[place];
    Found {
        find: Find::Node(place),
        title: describe::label(node),
        about: format!("go to {}", node.id),
        key: String::new(),
        score: 0,
    }
}

fn lesson(lesson: &'static Lesson) -> Found {
    Found {
        find: Find::Lesson(lesson.id),
        title: lesson.title.clone(),
        about: "lesson".to_owned(),
        key: String::new(),
        score: 0,
    }
}

/// The title counts twice what stands beside it.
fn fit(typed: &str, found: &Found) -> Option<i32> {
    let title = score(typed, &found.title).map(|score| score * 2);
    title.max(score(typed, &format!("{} {}", found.title, found.about)))
}

/// How well what was typed fits a text: all its letters in their order, better where they begin words and stand
/// together; none when one is missing. Cost: the product of both lengths.
pub fn score(typed: &str, text: &str) -> Option<i32> {
    let typed: Vec<char> = typed.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let starts = (0..text.len()).filter(|&i| Some(&text[i]) == typed.first());
    starts.filter_map(|start| from(&typed, &text, start)).max()
}

fn from(typed: &[char], text: &[char], start: usize) -> Option<i32> {
    let begins_word = |i: usize| i == 0 || !text[i - 1].is_alphanumeric();
    let mut total = 0;
    let mut last = None;
    let mut at = start;
    for wanted in typed {
        at += text[at..].iter().position(|c| c == wanted)?;
        total += match last {
            Some(before) if before + 1 == at => 6,
            _ if begins_word(at) => 5,
            _ => 1,
        };
        last = Some(at);
        at += 1;
    }
    // Of two texts with the same letters, the shorter one is meant.
    Some(total * 8 - text.len().min(60) as i32 - start.min(20) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::three_tier;

    fn first(text: &str, only_kinds: bool) -> Option<Find> {
        let model = Model::new(three_tier());
        let opened = Opened { text: text.to_owned(), only_kinds, ..Opened::default() };
        found(&model, &opened).into_iter().next().map(|found| found.find)
    }

    #[test]
    fn a_few_letters_find_what_is_meant() {
        let is_kind = |find: Option<Find>, name: &str| matches!(find, Some(Find::Kind(k)) if k.name == name);
        assert!(is_kind(first("loba", true), "load_balancer"));
        assert!(is_kind(first("db", true), "database"));
        assert!(is_kind(first("queue", false), "queue"));
        assert!(matches!(first("png", false), Some(Find::Command(c)) if c.id == "export-png"));
        assert!(matches!(first("web tier", false), Some(Find::Node(2))));
        assert!(matches!(first("thundering", false), Some(Find::Lesson(_))));
        assert_eq!(first("zzzz", false), None);
    }

    #[test]
    fn letters_that_begin_words_and_stand_together_fit_better() {
        assert!(score("lb", "Load balancer") > score("lb", "label"));
        assert!(score("cach", "Cache") > score("cach", "Copy as chart"));
        assert_eq!(score("xy", "Cache"), None);
        assert_eq!(score("", "Cache"), None);
    }

    #[test]
    fn only_what_can_be_done_now_is_offered() {
        let empty = Model::new(crate::edit::blank());
        let all = found(&empty, &Opened { text: "png".to_owned(), ..Opened::default() });
        assert!(!all.iter().any(|f| matches!(f.find, Find::Command(c) if c.id == "export-png")), "{all:?}");
    }

    #[test]
    fn a_long_text_from_a_stranger_is_searched_in_bounded_time() {
        assert_eq!(score(&"a".repeat(300), &"ab".repeat(200)), None);
        assert!(score("ab", &"ab".repeat(2_000)).is_some());
    }
}
