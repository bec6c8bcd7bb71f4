//! Fingers: one is a pointer, two pinch, and one that rests opens a menu.
use super::super::canvas;
use super::menu;
use crate::editing::{Finger, Msg, Phase};
use crate::effect::Effect;
use crate::model::Model;
use crate::msg::Msg as Any;
use crate::tool::{Down, Held, Pointer, Tool};

/// How long a finger rests before its press is a long one, in milliseconds.
const LONG_MS: u32 = 500;
/// How far a resting finger may stray, in pixels.
const STRAY: f64 = 8.0;

pub(super) fn finger(model: &mut Model, finger: Finger) -> Vec<Effect> {
    let Finger { id, at, phase } = finger;
    match phase {
        Phase::Down(held) => down(model, finger, held),
        Phase::Moved => moved(model, finger),
        Phase::Up { on_canvas } => {
            model.editing.presses += 1;
            model.editing.fingers.retain(|(other, _)| *other != id);
            if model.editing.pinch.is_none() {
                return canvas::pointer(model, &Pointer::Up { at, on_canvas });
            }
            if model.editing.fingers.is_empty() {
                model.editing.pinch = None;
            }
            Vec::new()
        }
        Phase::Cancelled => {
            model.editing.presses += 1;
            model.editing.fingers.clear();
            model.editing.pinch = None;
            canvas::pointer(model, &Pointer::Cancelled)
        }
    }
}

fn down(model: &mut Model, Finger { id, at, .. }: Finger, held: Held) -> Vec<Effect> {
    model.editing.presses += 1;
    model.editing.fingers.retain(|(other, _)| *other != id);
    model.editing.fingers.push((id, at));
    match model.editing.fingers[..] {
        [_] => {
            let down = Down { at, pans: model.space || model.embed, held, touch: true };
            let mut effects = canvas::pointer(model, &Pointer::Down(down));
            let long = Any::Editing(Msg::LongPress(model.editing.presses));
            effects.push(Effect::After { ms: LONG_MS, msg: Box::new(long) });
            effects
        }
        [(_, a), (_, b)] => {
            model.editing.pinch = Some((model.camera, [a, b]));
            // What one finger began, two do not go on with.
            canvas::pointer(model, &Pointer::Cancelled)
        }
        _ => Vec::new(),
    }
}

fn moved(model: &mut Model, Finger { id, at, .. }: Finger) -> Vec<Effect> {
    let Some(place) = model.editing.fingers.iter().position(|(other, _)| *other == id) else {
        // A finger that came down on the palette.
        return canvas::pointer(model, &Pointer::Moved { at, held: Held::default() });
    };
    let alone = model.editing.pinch.is_none();
    if alone && at.distance(model.editing.fingers[place].1) < STRAY && is_resting(model) {
        return Vec::new();
    }
    model.editing.presses += 1;
    model.editing.fingers[place].1 = at;
    match (model.editing.pinch, &model.editing.fingers[..]) {
        (None, _) => canvas::pointer(model, &Pointer::Moved { at, held: Held::default() }),
        (Some((camera, from)), &[(_, a), (_, b)]) => canvas::look(model, camera.pinched(from, [a, b])),
        (Some(_), _) => Vec::new(),
    }
}

/// Whether the gesture under way has not moved anything yet.
fn is_resting(model: &Model) -> bool {
    match &model.tool {
        Tool::Press(_) | Tool::Idle => true,
        Tool::Pan(pan) => pan.has_not_moved(model.camera),
        Tool::Region(drag) => drag.has_not_moved(),
        _ => false,
    }
}

/// The finger has rested: the menu of what lies under it.
pub(super) fn long_press(model: &mut Model, press: u32) -> Vec<Effect> {
    let [(_, at)] = model.editing.fingers[..] else { return Vec::new() };
    if press != model.editing.presses || !is_resting(model) {
        return Vec::new();
    }
    let mut effects = canvas::pointer(model, &Pointer::Cancelled);
    effects.extend(menu::open_at(model, at, None));
    effects
}
