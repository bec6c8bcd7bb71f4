//! The designs that this browser keeps: what each entry of its storage says, and the list of them.
use crate::geometry::{Rect, route};
use crate::shared::Shared;
use loadpath_core::order;
use loadpath_core::topology::Topology;
use std::rc::Rc;

/// A design that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its key.
    pub id: Rc<str>,
    /// When it was changed last, in milliseconds since 1970.
    pub changed: f64,
    /// The document, as JSON on one line.
    pub text: Rc<str>,
}

impl Kept {
    /// As it is stored: when, and what, on a line each.
    pub fn written(&self) -> String {
        format!("{}\n{}", self.changed, self.text)
    }

    /// From what is stored. An entry without a time is one all the same.
    pub fn of(id: &str, written: &str) -> Self {
        let (changed, text) = written.split_once('\n').unwrap_or(("0", written));
        Self { id: id.into(), changed: changed.parse().unwrap_or(0.0), text: text.into() }
    }
}

/// The library's state.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// Every design that is kept.
    pub designs: Vec<Kept>,
    /// Which one is on the canvas; it may not be kept yet.
    pub current: Rc<str>,
    /// Whether another tab has changed the one on the canvas, so that this tab may not write it.
    pub is_taken: bool,
    /// Whether the browser refused to keep it, and that was said.
    pub is_refused: bool,
    /// What was deleted and can be brought back.
    pub deleted: Vec<Kept>,
    /// How many ids were made.
    pub made: u32,
    /// The list, while it is shown.
    pub rows: Option<Shared<Vec<Row>>>,
}

/// What happens to the library.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The list is to be shown, or closed.
    Show(bool),
    /// A design is to be opened.
    Open(Rc<str>),
    /// A design gets another name.
    Rename(Rc<str>, String),
    /// A design is to be copied.
    Duplicate(Rc<str>),
    /// A design is to be deleted.
    Delete(Rc<str>),
    /// A deleted design is to come back.
    Restore(Rc<str>),
    /// Another tab wrote a design, or deleted it.
    Elsewhere {
        /// Which.
        id: Rc<str>,
        /// What it says now.
        written: Option<String>,
    },
    /// This tab was to write a design that another had changed in the meantime, and did not.
    Late {
        /// Which.
        id: Rc<str>,
        /// What it says.
        written: String,
    },
    /// The browser did not keep a design: why, in its words.
    Refused(String),
    /// Another tab's version is to be shown in place of this one's.
    TakeOver,
    /// The page is being left.
    Leave,
}

impl Library {
    /// A design that is kept.
    pub fn find(&self, id: &str) -> Option<&Kept> {
        self.designs.iter().find(|kept| &*kept.id == id)
    }

    /// A design that says exactly this.
    pub fn same(&self, text: &str) -> Option<&Kept> {
        self.designs.iter().find(|kept| &*kept.text == text)
    }

    /// The one that was changed last.
    pub fn latest(&self) -> Option<&Kept> {
        self.designs.iter().max_by(|a, b| a.changed.total_cmp(&b.changed))
    }

    /// A key that no design has.
    pub fn fresh(&mut self, now: f64) -> Rc<str> {
        loop {
            self.made += 1;
            let id = format!("{:x}-{}", now as u64, self.made);
            if self.find(&id).is_none() {
                return id.into();
            }
        }
    }

    /// Puts one into the list, in the place of an older version.
    pub fn put(&mut self, kept: Kept) {
        self.designs.retain(|other| other.id != kept.id);
        self.designs.push(kept);
    }
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its key.
    pub id: Rc<str>,
    /// Its name.
    pub name: String,
    /// When it was changed, in words.
    pub changed: String,
    /// How large it is, in words.
    pub size: String,
    /// Its picture.
    pub picture: Picture,
}

/// A small picture of a design.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// What of the plane it shows.
    pub bounds: Rect,
    /// The nodes.
    pub nodes: Vec<Rect>,
    /// The edges, as one path.
    pub edges: String,
}

/// The list, the last changed first.
pub fn rows(library: &Library, now: f64) -> Vec<Row> {
    let mut designs: Vec<&Kept> = library.designs.iter().collect();
    order::sort_by(&mut designs, |a, b| b.changed.total_cmp(&a.changed));
    designs.into_iter().map(|kept| row(kept, now)).collect()
}

fn row(kept: &Kept, now: f64) -> Row {
    let changed = ago(now - kept.changed);
    match Topology::from_json(&kept.text) {
        Ok(document) => {
            let (nodes, edges) = (document.nodes.len(), document.edges.len());
            let size = format!("{nodes} nodes, {edges} edges");
            let name = if document.name.is_empty() { "Untitled design" } else { &document.name };
            Row { id: kept.id.clone(), name: name.to_owned(), changed, size, picture: picture(&document) }
        }
        Err(_) => Row {
            id: kept.id.clone(),
            name: "Cannot be read".to_owned(),
            changed,
            size: format!("{} characters", kept.text.len()),
            picture: Picture::default(),
        },
    }
}

/// A picture of a document.
pub fn picture(document: &Topology) -> Picture {
    let scene = crate::model::scene(document);
    let ways =
        scene.edges.iter().flatten().map(|&(from, to)| route(scene.nodes[from], scene.nodes[to]).path());
    let edges = ways.collect();
    let around = Rect::around(scene.nodes.iter().copied()).unwrap_or_default();
    let bounds = Rect {
        x: around.x - 20.0,
        y: around.y - 20.0,
        width: around.width + 40.0,
        height: around.height + 40.0,
    };
    Picture { bounds, nodes: scene.nodes, edges }
}

/// How long ago, in words.
pub fn ago(ms: f64) -> String {
    let minutes = (ms / 60_000.0).max(0.0);
    let told = |count: f64, what: &str| {
        let count = count.floor();
        let plural = if count == 1.0 { "" } else { "s" };
        format!("{count} {what}{plural} ago")
    };
    match minutes {
        m if m < 1.0 => "just now".to_owned(),
        m if m < 60.0 => told(m, "minute"),
        m if m < 1_440.0 => told(m / 60.0, "hour"),
        m => told(m / 1_440.0, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::three_tier;

    #[test]
    fn what_is_stored_is_read_back() {
        let kept = Kept { id: "a".into(), changed: 1_234_567_890_123.0, text: three_tier().to_json().into() };
        assert_eq!(Kept::of("a", &kept.written()), kept);
        assert_eq!(Kept::of("b", "{}").text, "{}".into());
    }

    #[test]
    fn the_list_has_the_last_changed_first_and_shows_what_cannot_be_read() {
        let mut library = Library::default();
        for (id, changed, text) in
            [("old", 1.0, three_tier().to_json()), ("new", 2.0, "{\"broken".to_owned())]
        {
            library.put(Kept { id: id.into(), changed, text: text.into() });
        }
        let rows = rows(&library, 3.6e6 * 3.0);
        assert_eq!(rows.iter().map(|row| &*row.id).collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!((rows[0].name.as_str(), rows[1].picture.nodes.len()), ("Cannot be read", 5));
        assert_eq!(rows[1].changed, "2 hours ago");
    }

    #[test]
    fn times_are_told_in_words() {
        let day = 24.0 * 3.6e6;
        for (ms, says) in [
            (-5.0, "just now"),
            (59_999.0, "just now"),
            (60_000.0, "1 minute ago"),
            (3.6e6, "1 hour ago"),
            (day, "1 day ago"),
            (40.5 * day, "40 days ago"),
        ] {
            assert_eq!(ago(ms), says);
        }
    }
}
