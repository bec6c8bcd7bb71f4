//! The document as text: where each part of it stands, line by line, and what is wrong on which line.
mod ink;

pub use ink::{Ink, pieces};

use crate::shared::Shared;
use loadpath_core::topology::{Fault, Place, Topology};
use std::rc::Rc;

/// The text's state.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Whether it is shown.
    pub is_open: bool,
    /// The text, as it was typed or written.
    pub text: Rc<str>,
    /// The document that the text stands for.
    pub of: Option<Shared<Topology>>,
    /// Why the text is no document; then the canvas shows the last one that it was.
    pub wrong: Option<Mark>,
    /// Where everything stands, in the document that it stands for.
    pub lines: Shared<Vec<Stands>>,
    /// How often something was typed; what waits for a pause carries the number.
    pub typed: u32,
}

/// What happens to the text.
#[derive(Clone, Debug)]
pub enum Msg {
    /// It is to be shown, or closed.
    Toggle,
    /// It was changed by hand.
    Typed(String),
    /// Nothing was typed since this many changes.
    Paused(u32),
    /// The caret came to a line; the first is 1.
    Caret(usize),
}

/// A sentence at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The line; the first is 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// A value of the document and its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stands {
    /// Its way from the top: "nodes/2/workers".
    pub path: String,
    /// The line on which it begins.
    pub first: usize,
    /// The line on which it ends.
    pub last: usize,
}

/// The text of a document, with points on one line.
pub fn written(document: &Topology) -> String {
    let text = document.to_json_pretty();
    let mut lines = text.lines();
    let mut written = String::with_capacity(text.len());
    while let Some(line) = lines.next() {
        written.push_str(line);
        if line.ends_with("\"at\": [") {
            // Two numbers and the bracket.
            for (i, part) in lines.by_ref().take(3).enumerate() {
                written.push_str(if i == 1 { " " } else { "" });
                written.push_str(&part.trim().replacen(".0", "", usize::from(is_whole(part))));
            }
        }
        written.push('\n');
    }
    written
}

/// Whether a number of a written document ends in ".0", which a person would not write.
fn is_whole(number: &str) -> bool {
    number.trim().trim_end_matches(',').ends_with(".0")
}

/// Where the values of a text stand, down to the parameters. For a text that was read as JSON: what else it says is not
/// judged here. Cost: in proportion to the text.
pub fn stands(text: &str) -> Vec<Stands> {
    Walk::default().over(text)
}

/// A list or an object that is not closed yet.
struct Frame {
    is_object: bool,
    /// The name of the value that comes next, or its number.
    name: String,
    count: usize,
}

#[derive(Default)]
struct Walk {
    frames: Vec<Frame>,
    found: Vec<Stands>,
    /// The places in `found` of the values that are not closed yet.
    open: Vec<Option<usize>>,
    line: usize,
}

impl Walk {
    fn over(mut self, text: &str) -> Vec<Stands> {
        self.line = 1;
        let mut rest = text.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            match c {
                '\n' => self.line += 1,
                '{' | '[' => self.begin(c == '{'),
                '}' | ']' => self.end(),
                '"' => {
                    let end = end_of_string(text, at);
                    while rest.next_if(|(i, _)| *i < end).is_some() {}
                    let is_name = text[end..].trim_start().starts_with(':');
                    if is_name {
                        let name = text[at + 1..end.saturating_sub(1).max(at + 1)].to_owned();
                        self.named(name);
                    } else {
                        self.value();
                    }
                }
                c if c.is_ascii_digit() || c.is_ascii_alphabetic() || c == '-' => {
                    while rest.next_if(|(_, c)| c.is_ascii_alphanumeric() || "+-.".contains(*c)).is_some() {}
                    self.value();
                }
                _ => {}
            }
        }
        self.found
    }

    fn named(&mut self, name: String) {
        if let Some(frame) = self.frames.last_mut().filter(|frame| frame.is_object) {
            frame.name = name;
        }
    }

    /// A value stands here: its place in `found`, unless it lies too deep to be asked for.
    fn value(&mut self) -> Option<usize> {
        const DEEPEST: usize = 4;
        if let Some(frame) = self.frames.last_mut().filter(|frame| !frame.is_object) {
            frame.name = frame.count.to_string();
            frame.count += 1;
        }
        if self.frames.is_empty() || self.frames.len() > DEEPEST {
            return None;
        }
        let names: Vec<&str> = self.frames.iter().map(|frame| frame.name.as_str()).collect();
        self.found.push(Stands { path: names.join("/"), first: self.line, last: self.line });
        Some(self.found.len() - 1)
    }

    fn begin(&mut self, is_object: bool) {
        let value = self.value();
        self.open.push(value);
        self.frames.push(Frame { is_object, name: String::new(), count: 0 });
    }

    fn end(&mut self) {
        self.frames.pop();
        if let Some(Some(value)) = self.open.pop() {
            self.found[value].last = self.line;
        }
    }
}

/// Behind the closing quote of the string that begins here.
fn end_of_string(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    // An escape at the very end, or a character of several bytes: never inside of one.
    end = (end + 1).min(bytes.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    end
}

/// The way to a place of the document.
pub fn path(place: &Place) -> String {
    match place {
        Place::Document => String::new(),
        Place::Node(i) => format!("nodes/{i}"),
        Place::Edge(i) => format!("edges/{i}"),
        Place::Zone(i) => format!("zones/{i}"),
        Place::RoundTrip(i) => format!("round_trips/{i}"),
        Place::Host(i) => format!("hosts/{i}"),
        Place::Workload => "workload".to_owned(),
        Place::Class(i) => format!("workload/classes/{i}"),
        Place::Timeline(i) => format!("timeline/{i}"),
        Place::Objectives => "objectives".to_owned(),
        Place::Prices => "prices".to_owned(),
    }
}

/// The lines of a place, first and last.
pub fn lines_of(lines: &[Stands], place: &Place) -> Option<(usize, usize)> {
    let path = path(place);
    lines.iter().find(|stands| stands.path == path).map(|stands| (stands.first, stands.last))
}

/// The node or edge that stands on a line.
pub fn at_line(lines: &[Stands], line: usize) -> Option<Place> {
    let holds = |stands: &&Stands| stands.first <= line && line <= stands.last;
    lines.iter().filter(holds).find_map(|stands| {
        let (list, number) = stands.path.split_once('/')?;
        let number = number.parse().ok()?;
        match list {
            "nodes" => Some(Place::Node(number)),
            "edges" => Some(Place::Edge(number)),
            _ => None,
        }
    })
}

/// Each fault at its line: its parameter's, else its place's.
pub fn marks(lines: &[Stands], faults: &[Fault]) -> Vec<Mark> {
    let mark = |fault: &Fault| {
        let place = path(&fault.place);
        let field = fault.field.as_ref().map(|field| format!("{place}/{field}"));
        let line_of = |path: &str| lines.iter().find(|s| s.path == path).map(|s| s.first);
        let line = field.and_then(|field| line_of(&field)).or_else(|| line_of(&place)).unwrap_or(1);
        Mark { line, what: fault.to_string() }
    };
    faults.iter().map(mark).collect()
}

/// The line that a fault of reading names: "... at line 12 column 3"; the first when it names none.
pub fn line_in(sentence: &str) -> usize {
    let named = sentence.rsplit_once("at line ").map(|(_, rest)| rest);
    let number = named.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    number.and_then(|number| number.parse().ok()).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{check, three_tier};

    #[test]
    fn what_is_written_is_the_document_with_points_on_one_line() {
        let document = three_tier();
        let text = written(&document);
        assert_eq!(Topology::from_json(&text).unwrap(), document);
        assert!(text.lines().any(|line| line.trim() == "\"at\": [40, 180],"), "{text}");
    }

    #[test]
    fn every_node_and_edge_is_found_on_its_lines() {
        let document = three_tier();
        let text = written(&document);
        let lines = stands(&text);
        let all: Vec<&str> = text.lines().collect();
        for (i, node) in document.nodes.iter().enumerate() {
            let (first, last) = lines_of(&lines, &Place::Node(i)).unwrap();
            assert_eq!((all[first - 1].trim(), all[last - 1].trim().trim_end_matches(',')), ("{", "}"));
            let id = format!("\"id\": \"{}\",", node.id);
            let line = (first..last).find(|&line| all[line - 1].trim() == id).unwrap();
            assert_eq!(at_line(&lines, line), Some(Place::Node(i)));
        }
        assert!(lines_of(&lines, &Place::Edge(3)).is_some());
        assert!(lines_of(&lines, &Place::Class(1)).is_some());
        assert_eq!(at_line(&lines, 1), None);
    }

    #[test]
    fn a_fault_stands_at_its_parameters_line() {
        let mut document = three_tier();
        document.nodes[2].params.insert("workers".to_owned(), "many".into());
        let text = written(&document);
        let marks = marks(&stands(&text), &check(&document).unwrap_err());
        let line = text.lines().position(|line| line.contains("\"workers\": \"many\"")).unwrap() + 1;
        assert_eq!(marks[0].line, line, "{marks:?}");
        assert!(marks[0].what.contains("web"));
    }

    #[test]
    fn braces_quotes_and_umlauts_inside_of_texts_are_only_texts() {
        let mut document = three_tier();
        document.nodes[0].label = "a \"}]{[\\ ü, \u{1F600}\n:".to_owned();
        let lines = stands(&written(&document));
        let nodes = lines.iter().filter(|s| s.path.starts_with("nodes/") && s.path.matches('/').count() == 1);
        assert_eq!(nodes.count(), 5);
    }

    #[test]
    fn text_that_is_no_json_at_all_does_no_harm() {
        for text in ["\"", "\\", "\"\\", "{\"a\"", "]]]}}}", "\"é", "{[\"a\\\"", "-+.", ""] {
            stands(text);
        }
        assert!(stands(&"[".repeat(100_000)).len() < 10);
    }

    #[test]
    fn the_line_of_a_fault_of_reading_is_found() {
        assert_eq!(line_in("expected `,` at line 12 column 3"), 12);
        assert_eq!(line_in("it has no \"loadpath\""), 1);
        assert_eq!(line_in("unknown field `at line 7` at line 99999999999999999999999"), 1);
    }
}
