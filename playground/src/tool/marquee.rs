//! A rectangle around what is to be selected; with shift, in addition to what is.
use super::{Act, Ground, Preview, Step, Tool};
use crate::geometry::{Rect, ScreenPoint, WorldPoint, inside};
use crate::model::Selection;

/// A rectangle is being drawn.
#[derive(Clone, Debug)]
pub struct Marquee {
    from: WorldPoint,
    before: Selection,
    /// What is selected in any case.
    base: Selection,
}

pub(super) fn begin(from: WorldPoint, shift: bool, ground: &Ground<'_>) -> Step {
    let before = ground.selection.clone();
    let base = if shift { before.clone() } else { Selection::default() };
    let acts = if base == before { Vec::new() } else { vec![Act::Select(base.clone())] };
    (Tool::Marquee(Marquee { from, before, base }), acts)
}

impl Marquee {
    pub(super) fn moved(self, at: ScreenPoint, ground: &Ground<'_>) -> Step {
        let rect = Rect::between(self.from, ground.camera.to_world(at));
        let mut selection = self.base.clone();
        selection.nodes.extend(inside(ground.scene, rect));
        let mut acts = vec![Act::Preview(Preview::Marquee(rect))];
        if selection != *ground.selection {
            acts.push(Act::Select(selection));
        }
        (Tool::Marquee(self), acts)
    }

    pub(super) fn cancelled(self) -> Step {
        (Tool::Idle, vec![Act::Preview(Preview::Clear), Act::Select(self.before)])
    }
}
