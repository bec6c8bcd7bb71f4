//! Everything that can be asked of the page by name: one table. The menu, the list of keys, the keys themselves and the
//! finder are made from it.
use crate::clipboard;
use crate::edit;
use crate::editing;
use crate::export;
use crate::finder;
use crate::keys::Key;
use crate::library;
use crate::model::{Dialog, Model, Stage};
use crate::msg::{Change, Msg};
use crate::source;
use crate::steering;
use loadpath_core::topology::three_tier;

/// What a command is about; the menu and the list of keys go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Designs as a whole.
    Design,
    /// What leaves the page.
    Export,
    /// The drawing.
    Edit,
    /// What is shown of it.
    View,
    /// The running simulation, and live runs.
    Run,
    /// The page itself.
    Help,
}

impl Part {
    /// In the order of the list of keys.
    pub const ALL: [Self; 6] = [Self::Design, Self::Export, Self::Edit, Self::View, Self::Run, Self::Help];

    /// Its name on the page.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Design => "Design",
            Self::Export => "Export",
            Self::Edit => "Edit",
            Self::View => "View",
            Self::Run => "Run",
            Self::Help => "Help",
        }
    }
}

/// Keys that are pressed at once.
#[derive(Clone, Copy, Debug)]
pub struct Chord {
    /// Whether control or command is held.
    pub ctrl: bool,
    /// Whether shift is held; without control it only says how to reach the key.
    pub shift: bool,
    /// The key's name, as the browser has it, in small letters.
    pub key: &'static str,
    /// Whether the browser makes an event of its own of it, to which the page listens.
    pub is_browsers: bool,
}

const fn key(key: &'static str) -> Chord {
    Chord { ctrl: false, shift: false, key, is_browsers: false }
}

const fn ctrl(key: &'static str) -> Chord {
    Chord { ctrl: true, shift: false, key, is_browsers: false }
}

const fn ctrl_shift(key: &'static str) -> Chord {
    Chord { ctrl: true, shift: true, key, is_browsers: false }
}

const fn browsers(key: &'static str) -> Chord {
    Chord { ctrl: true, shift: false, key, is_browsers: true }
}

impl Chord {
    /// As people read it: "Ctrl + Shift + Z".
    pub fn text(&self) -> String {
        let name = match self.key {
            "delete" => "Delete",
            "backspace" => "Backspace",
            "escape" => "Esc",
            "-" => "−",
            other => return format!("{}{}", self.held(), other.to_uppercase()),
        };
        format!("{}{name}", self.held())
    }

    const fn held(&self) -> &'static str {
        match (self.ctrl, self.shift) {
            (true, true) => "Ctrl + Shift + ",
            (true, false) => "Ctrl + ",
            (false, true) => "Shift + ",
            (false, false) => "",
        }
    }

    fn is(&self, pressed: &Key) -> bool {
        !self.is_browsers
            && self.ctrl == pressed.ctrl
            && (!self.ctrl || self.shift == pressed.shift)
            && self.key == pressed.name.to_lowercase()
    }
}

/// Something that can be asked for.
#[derive(Debug)]
pub struct Command {
    /// Its name in the page's code.
    pub id: &'static str,
    /// Its name on the page.
    pub name: &'static str,
    /// What it is about.
    pub part: Part,
    /// What asks for it from the keyboard.
    pub keys: &'static [Chord],
    /// What it asks for.
    pub msg: fn() -> Msg,
    /// Whether it can be asked for now.
    pub when: fn(&Model) -> bool,
}

impl PartialEq for &'static Command {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Command {
    /// Its keys as people read them; empty when it has none.
    pub fn keys_text(&self) -> String {
        self.keys.iter().map(Chord::text).collect::<Vec<_>>().join(", ")
    }
}

const fn row(
    part: Part,
    id: &'static str,
    name: &'static str,
    keys: &'static [Chord],
    when: fn(&Model) -> bool,
    msg: fn() -> Msg,
) -> Command {
    Command { id, name, part, keys, msg, when }
}

fn always(_: &Model) -> bool {
    true
}

fn is_drawn(model: &Model) -> bool {
    !model.document.nodes.is_empty()
}

/// Whether a node, an edge or a region is selected.
fn has_something(model: &Model) -> bool {
    !model.selection.is_empty() || model.editing.group.is_some()
}

fn has_nodes(model: &Model) -> bool {
    !model.selection.nodes.is_empty()
}

fn open(document: loadpath_core::topology::Topology) -> Msg {
    Msg::Change(Change::Open(Box::new(document)))
}

/// All commands, in the order of the menu.
pub static COMMANDS: &[Command] = &[
    row(Part::Design, "new", "New, empty", &[], always, || open(edit::blank())),
    row(Part::Design, "example", "Example: three tiers", &[], always, || open(three_tier())),
    row(Part::Design, "designs", "Your designs…", &[ctrl("o")], always, || {
        Msg::Library(library::Msg::Show(true))
    }),
    row(Part::Design, "import", "Import a file…", &[], always, || Msg::PickFile),
    row(Part::Export, "copy-link", "Copy link", &[], always, || Msg::Share),
    row(Part::Export, "embed", "Copy embed code", &[], always, || Msg::Export(export::Form::Embed)),
    row(Part::Export, "export", "Export as JSON", &[ctrl("s")], always, || Msg::Export(export::Form::Json)),
    row(Part::Export, "export-svg", "Export as SVG", &[], is_drawn, || {
        Msg::Export(export::Form::Svg { dark: crate::effect::is_dark() })
    }),
    row(Part::Export, "export-png", "Export as PNG", &[], is_drawn, || {
        Msg::Export(export::Form::Png { dark: crate::effect::is_dark() })
    }),
    row(Part::Export, "export-mermaid", "Export as Mermaid", &[], is_drawn, || {
        Msg::Export(export::Form::Mermaid)
    }),
    row(Part::Edit, "undo", "Undo", &[ctrl("z")], |m| m.history.can_undo(), || Msg::Undo),
    row(Part::Edit, "redo", "Redo", &[ctrl_shift("z"), ctrl("y")], |m| m.history.can_redo(), || Msg::Redo),
    row(Part::Edit, "cut", "Cut", &[browsers("x")], has_nodes, || Msg::Clipboard(clipboard::Msg::Cut)),
    row(Part::Edit, "copy", "Copy", &[browsers("c")], has_nodes, || Msg::Clipboard(clipboard::Msg::Copy)),
    row(Part::Edit, "paste", "Paste", &[browsers("v")], always, || Msg::Clipboard(clipboard::Msg::Ask)),
    row(Part::Edit, "duplicate", "Duplicate", &[ctrl("d")], has_nodes, || Msg::Change(Change::Duplicate)),
    row(Part::Edit, "delete", "Delete", &[key("delete"), key("backspace")], has_something, || {
        Msg::Change(Change::Delete)
    }),
    row(Part::Edit, "rename", "Rename", &[key("f2")], has_something, || Msg::Editing(editing::Msg::Rename)),
    row(Part::Edit, "connect", "Connect to a node that is there", &[key("c")], has_nodes, || {
        Msg::Editing(editing::Msg::Reach)
    }),
    row(Part::Edit, "add-called", "Connect to a new node", &[], has_nodes, || {
        Msg::Editing(editing::Msg::QuickConnect)
    }),
    row(Part::Edit, "zone", "Zone, around what is selected", &[key("g")], always, || {
        Msg::Change(Change::Editing(editing::Change::AddZone { area: None }))
    }),
    row(Part::Edit, "host", "Host, under what is selected", &[], always, || {
        Msg::Change(Change::Editing(editing::Change::AddHost { area: None }))
    }),
    row(Part::Edit, "lay-out", "Lay out what is selected, or everything", &[key("l")], is_drawn, || {
        Msg::Change(Change::Editing(editing::Change::LayOut))
    }),
    row(Part::Edit, "select-all", "Select everything", &[ctrl("a")], is_drawn, || Msg::SelectAll),
    row(Part::Edit, "escape", "End what is under way, select nothing", &[key("escape")], always, || {
        Msg::Escape
    }),
    row(Part::View, "find", "Find a command, component or node", &[ctrl("k")], always, || {
        Msg::Finder(finder::Msg::Open { only_kinds: false })
    }),
    row(Part::View, "add", "Add a component", &[key("/")], always, || {
        Msg::Finder(finder::Msg::Open { only_kinds: true })
    }),
    row(Part::View, "source", "The document as text", &[key("t")], always, || {
        Msg::Source(source::Msg::Toggle)
    }),
    row(Part::View, "fit", "Show the whole design", &[key("1")], always, || Msg::Fit),
    row(Part::View, "fit-selection", "Show what is selected", &[key("2")], has_something, || {
        Msg::Editing(editing::Msg::FitSelection)
    }),
    row(Part::View, "actual-size", "Actual size", &[key("0")], always, || {
        Msg::Editing(editing::Msg::ActualSize)
    }),
    row(Part::View, "larger", "Larger", &[key("+"), key("=")], always, || Msg::Zoom(1.2)),
    row(Part::View, "smaller", "Smaller", &[key("-"), key("−")], always, || Msg::Zoom(1.0 / 1.2)),
    row(Part::View, "theme", "Light or dark", &[], always, || Msg::ToggleTheme {
        is_dark: crate::effect::is_dark(),
    }),
    row(Part::Run, "pause", "Pause or go on", &[key("p")], always, || Msg::TogglePlay),
    row(Part::Run, "restart", "Start the simulation over", &[], always, || Msg::Restart),
    row(Part::Run, "step", "Run on for 0.1 s, paused", &[key(".")], always, || {
        Msg::Steering(steering::Msg::Step)
    }),
    row(Part::Run, "fault", "Inject a fault", &[], always, || Msg::Steering(steering::Msg::Menu(true))),
    row(Part::Run, "event", "Let something happen at a time", &[], always, || {
        Msg::Steering(steering::Msg::AddEvent(30.0))
    }),
    row(
        Part::Run,
        "live",
        "Run live…",
        &[],
        |m| m.live.stage == Stage::None,
        || Msg::Dialog(Some(Dialog::Live)),
    ),
    row(
        Part::Run,
        "stop",
        "Stop the live run",
        &[],
        |m| matches!(m.live.stage, Stage::Under { .. }),
        || Msg::StopRun,
    ),
    row(Part::Help, "keys", "Keys", &[key("?")], always, || Msg::Dialog(Some(Dialog::Keys))),
];

/// The command that a key asks for.
pub fn of_key(key: &Key) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.keys.iter().any(|chord| chord.is(key)))
}

/// The commands of the menu, each with whether it can be asked for now.
pub fn menu(model: &Model) -> Vec<(&'static Command, bool)> {
    let in_menu = |command: &&Command| matches!(command.part, Part::Design | Part::Export);
    COMMANDS.iter().filter(in_menu).map(|command| (command, (command.when)(model))).collect()
}

/// The letter that puts a kind on the canvas.
const LETTERS: [(&str, &str); 12] = [
    ("clients", "u"),
    ("dns", "n"),
    ("cdn", "e"),
    ("load_balancer", "b"),
    ("service", "s"),
    ("workers", "w"),
    ("cache", "h"),
    ("database", "d"),
    ("object_store", "o"),
    ("queue", "q"),
    ("external", "x"),
    ("monitoring", "m"),
];

/// The letter of a kind; empty for one that has none.
pub fn letter(kind: &str) -> &'static str {
    LETTERS.iter().find(|(name, _)| *name == kind).map_or("", |(_, letter)| letter)
}

/// The kind of a letter.
pub fn kind_of_letter(pressed: &str) -> Option<&'static loadpath_core::topology::catalog::Kind> {
    let (name, _) = LETTERS.iter().find(|(_, letter)| *letter == pressed)?;
    loadpath_core::topology::catalog::kind(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::catalog::KINDS;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_commands_share_an_id_a_name_or_a_key() {
        let mut seen = BTreeSet::new();
        for command in COMMANDS {
            assert!(seen.insert(format!("id {}", command.id)), "{}", command.id);
            assert!(seen.insert(format!("name {}", command.name)), "{}", command.name);
            for chord in command.keys {
                let pressed = format!("key {} {} {}", chord.ctrl, chord.shift, chord.key);
                assert!(seen.insert(pressed), "{}: {}", command.id, chord.text());
            }
        }
    }

    #[test]
    fn every_kind_has_a_letter_that_no_command_has() {
        for kind in KINDS {
            let letter = letter(kind.name);
            assert!(kind_of_letter(letter).is_some_and(|found| found.name == kind.name), "{}", kind.name);
            let pressed = Key { name: letter.to_owned(), ..Key::default() };
            assert!(of_key(&pressed).is_none(), "{letter} is a command's");
        }
    }

    #[test]
    fn what_is_selected_and_drawn_decides_what_can_be_asked_for() {
        let mut model = Model::new(edit::blank());
        let can = |model: &Model, id| (COMMANDS.iter().find(|command| command.id == id).unwrap().when)(model);
        assert!(!can(&model, "copy") && !can(&model, "export-svg") && can(&model, "paste"));
        model = Model::new(three_tier());
        model.selection = crate::model::Selection::node(1);
        assert!(can(&model, "copy") && can(&model, "export-svg") && can(&model, "delete"));
    }
}
