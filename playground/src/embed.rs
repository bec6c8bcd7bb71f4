//! The page inside another page: to be looked at, moved about in and played, not to be changed.
use crate::editing;
use crate::msg::Msg;
use crate::tool::{Down, Pointer};

/// What may still happen; none for what may not. A drag pans, wherever it begins.
pub fn allowed(msg: Msg) -> Option<Msg> {
    match msg {
        Msg::Pointer(Pointer::Down(down)) => Some(Msg::Pointer(Pointer::Down(Down { pans: true, ..down }))),
        Msg::Pointer(Pointer::Grab { .. }) => None,
        Msg::Pointer(_)
        | Msg::Editing(editing::Msg::Finger(_))
        | Msg::Wheel(_)
        | Msg::Space(_)
        | Msg::Resized(..)
        | Msg::Fit
        | Msg::Rested(_)
        | Msg::Zoom(_)
        | Msg::TogglePlay
        | Msg::Speed(_)
        | Msg::Restart
        | Msg::Worker(_)
        | Msg::WorkerBroke(..)
        | Msg::Dismiss(_) => Some(msg),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::ScreenPoint;
    use crate::model::Model;
    use crate::msg::Change;
    use crate::tool::Held;
    use crate::update::{Startup, open, update};
    use loadpath_core::topology::{link, three_tier};

    fn embedded() -> Model {
        let startup = Startup { fragment: link::encode(&three_tier()), embed: true, ..Startup::default() };
        let (model, effects) = open(&startup);
        let keeps = effects.iter().any(|e| matches!(e, crate::effect::Effect::Keep { .. }));
        assert!(!keeps, "what is looked at is not kept");
        model
    }

    #[test]
    fn nothing_changes_the_design() {
        let mut model = embedded();
        for msg in [
            Msg::Change(Change::Name("x".to_owned())),
            Msg::SelectAll,
            Msg::Change(Change::Delete),
            Msg::Clipboard(crate::clipboard::Msg::Pasted(three_tier().to_json())),
            Msg::Undo,
        ] {
            assert!(update(&mut model, msg).is_empty());
        }
        assert_eq!(*model.document, three_tier());
    }

    #[test]
    fn a_drag_pans_even_on_a_node_and_play_pauses() {
        let mut model = embedded();
        update(&mut model, Msg::Resized(800.0, 600.0));
        let before = model.camera;
        let middle = model.camera.to_screen(model.scene.nodes[2].middle());
        let down = Down { at: middle, pans: false, held: Held::default(), touch: false };
        update(&mut model, Msg::Pointer(Pointer::Down(down)));
        let at = ScreenPoint::new(middle.x + 50.0, middle.y + 20.0);
        update(&mut model, Msg::Pointer(Pointer::Moved { at, held: Held::default() }));
        update(&mut model, Msg::Pointer(Pointer::Up { at, on_canvas: true }));
        assert_eq!((model.camera.x - before.x, model.camera.y - before.y), (50.0, 20.0));
        assert!(model.selection.is_empty());
        update(&mut model, Msg::TogglePlay);
        assert!(!model.simulated.running);
    }
}
