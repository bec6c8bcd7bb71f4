//! From a key to what it asks for.
use crate::alive;
use crate::model::Dialog;
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
    /// Whether a dialog is open: then keys are the dialog's.
    pub in_dialog: bool,
}

/// What a key asks for; none when it is not the page's.
pub fn asks(key: &Key) -> Option<Msg> {
    if key.in_dialog || key.alt {
        return None;
    }
    if key.in_field {
        return None;
    }
    if key.ctrl {
        return with_ctrl(key);
    }
    let nudge = |dx: f64, dy: f64| {
        let step = if key.shift { FAR } else { STEP };
        Some(Msg::Change(Change::Nudge { dx: dx * step, dy: dy * step }))
    };
    match key.name.as_str() {
        "Delete" | "Backspace" => Some(Msg::Change(Change::Delete)),
        "Escape" => Some(Msg::Escape),
        "ArrowLeft" => nudge(-1.0, 0.0),
        "ArrowRight" => nudge(1.0, 0.0),
        "ArrowUp" => nudge(0.0, -1.0),
        "ArrowDown" => nudge(0.0, 1.0),
        "1" => Some(Msg::Fit),
        "+" | "=" => Some(Msg::Zoom(1.2)),
        "-" | "−" => Some(Msg::Zoom(1.0 / 1.2)),
        "p" | "P" => Some(Msg::TogglePlay),
        "." => Some(Msg::Alive(alive::Msg::Step)),
        "?" => Some(Msg::Dialog(Some(Dialog::Keys))),
        " " if !key.on_button => Some(Msg::Space(true)),
        _ => None,
    }
}

fn with_ctrl(key: &Key) -> Option<Msg> {
    match (key.name.to_ascii_lowercase().as_str(), key.shift) {
        ("z", false) => Some(Msg::Undo),
        ("z", true) | ("y", false) => Some(Msg::Redo),
        ("d", false) => Some(Msg::Change(Change::Duplicate)),
        ("a", false) => Some(Msg::SelectAll),
        _ => None,
    }
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
        assert!(ctrl("s", false).is_none());
    }

    #[test]
    fn a_field_keeps_its_keys() {
        for name in ["Delete", "Backspace", "1", " ", "ArrowLeft", "p"] {
            assert!(asks(&Key { in_field: true, ..key(name) }).is_none(), "{name}");
        }
        assert!(asks(&Key { in_field: true, ctrl: true, ..key("z") }).is_none());
    }

    #[test]
    fn the_space_bar_is_a_buttons_when_it_has_the_focus() {
        assert!(asks(&Key { on_button: true, ..key(" ") }).is_none());
        assert!(matches!(asks(&key(" ")), Some(Msg::Space(true))));
    }
}
