//! From a key to what it asks for.
use crate::command;
use crate::editing::{self, Aim};
use crate::finder;
use crate::msg::{Change, Msg};

/// A step of the arrow keys: one of the grid.
const STEP: f64 = 10.0;
/// With shift.
const FAR: f64 = 50.0;

/// A key that went down.
#[derive(Clone, Debug, Default)]
pub struct Key {
    /// Its name, as the browser has it.
    pub name: String,
    /// Whether control or command is held.
    pub ctrl: bool,
    /// Whether shift is held.
    pub shift: bool,
    /// Whether alt is held.
    pub alt: bool,
    /// Whether a field has the focus: then most keys are the field's.
    pub in_field: bool,
    /// Whether a button has the focus: then the space bar and Enter are the button's.
    pub on_button: bool,
    /// Whether a node or a region has the focus.
    pub on_canvas: bool,
    /// Whether a node is being chosen with the keyboard: then keys choose it.
    pub chooses: bool,
    /// Whether a dialog is open: then keys are the dialog's.
    pub in_dialog: bool,
}

/// What a key asks for; none when it is not the page's.
pub fn asks(key: &Key) -> Option<Msg> {
    if key.in_dialog || key.alt {
        return None;
    }
    if key.chooses && !key.in_field {
        return choosing(key);
    }
    if key.shift && key.name == "C" && !key.ctrl && !key.in_field {
        return editing(editing::Msg::QuickConnect);
    }
    // The finder opens from a field too, where no other key is the page's.
    let command = command::of_key(key).filter(|command| !key.in_field || command.id == "find");
    if let Some(command) = command {
        return Some((command.msg)());
    }
    if key.in_field || key.ctrl {
        return None;
    }
    let nudge = |dx: f64, dy: f64| {
        let step = if key.shift { FAR } else { STEP };
        Some(Msg::Change(Change::Nudge { dx: dx * step, dy: dy * step }))
    };
    match key.name.as_str() {
        "ArrowLeft" => nudge(-1.0, 0.0),
        "ArrowRight" => nudge(1.0, 0.0),
        "ArrowUp" => nudge(0.0, -1.0),
        "ArrowDown" => nudge(0.0, 1.0),
        "Enter" if key.on_canvas && !key.on_button => editing(editing::Msg::Rename),
        "F10" if key.shift => editing(editing::Msg::MenuKey),
        "ContextMenu" => editing(editing::Msg::MenuKey),
        " " if !key.on_button => Some(Msg::Space(true)),
        letter => {
            let kind = command::kind_of_letter(letter).filter(|_| !key.shift)?;
            Some(Msg::Finder(finder::Msg::Place(kind)))
        }
    }
}

/// The keys that choose where an edge ends.
fn choosing(key: &Key) -> Option<Msg> {
    let aim = |aim| editing(editing::Msg::Aim(aim));
    match key.name.as_str() {
        "ArrowLeft" => aim(Aim::Left),
        "ArrowRight" => aim(Aim::Right),
        "ArrowUp" => aim(Aim::Up),
        "ArrowDown" => aim(Aim::Down),
        "Tab" if key.shift => aim(Aim::Previous),
        "Tab" => aim(Aim::Next),
        "Enter" | " " | "c" => editing(editing::Msg::Take),
        "Escape" => Some(Msg::Escape),
        _ => None,
    }
}

#[allow(clippy::unnecessary_wraps, reason = "an arm of the keys")]
fn editing(msg: editing::Msg) -> Option<Msg> {
    Some(Msg::Editing(msg))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key { name: name.to_owned(), ..Key::default() }
    }

    #[test]
    fn undo_and_redo_have_their_usual_keys() {
        let ctrl = |name: &str, shift| asks(&Key { ctrl: true, shift, ..key(name) });
        assert!(matches!(ctrl("z", false), Some(Msg::Undo)));
        assert!(matches!(ctrl("Z", true), Some(Msg::Redo)));
        assert!(matches!(ctrl("y", false), Some(Msg::Redo)));
        assert!(ctrl("j", false).is_none());
        // The browser makes events of its own of these.
        assert!(ctrl("c", false).is_none() && ctrl("v", false).is_none());
    }

    #[test]
    fn a_field_keeps_its_keys() {
        for name in ["Delete", "Backspace", "1", " ", "ArrowLeft", "p"] {
            assert!(asks(&Key { in_field: true, ..key(name) }).is_none(), "{name}");
        }
        assert!(asks(&Key { in_field: true, ctrl: true, ..key("z") }).is_none());
        assert!(matches!(asks(&Key { in_field: true, ctrl: true, ..key("k") }), Some(Msg::Finder(_))));
    }

    #[test]
    fn a_letter_adds_a_component() {
        let kind = |name| match asks(&key(name)) {
            Some(Msg::Finder(finder::Msg::Place(kind))) => kind.name,
            other => panic!("{other:?}"),
        };
        assert_eq!((kind("s"), kind("d")), ("service", "database"));
        assert!(asks(&Key { in_field: true, ..key("s") }).is_none());
    }

    #[test]
    fn while_a_node_is_chosen_the_arrows_choose_and_move_nothing() {
        let choosing = |name: &str| asks(&Key { chooses: true, ..key(name) });
        assert!(matches!(choosing("ArrowLeft"), Some(Msg::Editing(editing::Msg::Aim(Aim::Left)))));
        assert!(matches!(choosing("Tab"), Some(Msg::Editing(editing::Msg::Aim(Aim::Next)))));
        assert!(matches!(choosing("Enter"), Some(Msg::Editing(editing::Msg::Take))));
        assert!(choosing("Delete").is_none());
        assert!(
            asks(&key("Tab")).is_none() && asks(&key("Enter")).is_none(),
            "otherwise they are the browser's"
        );
    }

    #[test]
    fn the_space_bar_is_a_buttons_when_it_has_the_focus() {
        assert!(asks(&Key { on_button: true, ..key(" ") }).is_none());
        assert!(matches!(asks(&key(" ")), Some(Msg::Space(true))));
    }
}
