//! Dragging a component from the palette to its place.
use super::{Act, Ground, Preview, STRAY, Step, Tool};
use crate::geometry::{NODE_HEIGHT, NODE_WIDTH, ScreenPoint};
use crate::msg::Change;
use loadpath_core::topology::catalog::Kind;

/// A component is on its way.
#[derive(Clone, Debug)]
pub struct Place {
    kind: &'static Kind,
    from: ScreenPoint,
    /// Whether it has left its place in the palette; until then it may be a click.
    dragged: bool,
}

pub(super) fn begin(kind: &'static Kind, at: ScreenPoint) -> Step {
    (Tool::Place(Place { kind, from: at, dragged: false }), Vec::new())
}

impl Place {
    pub(super) fn moved(mut self, at: ScreenPoint) -> Step {
        self.dragged |= at.distance(self.from) >= STRAY;
        let ghost = Act::Preview(Preview::Ghost { kind: self.kind.name, at });
        let acts = if self.dragged { vec![ghost] } else { Vec::new() };
        (Tool::Place(self), acts)
    }

    pub(super) fn released(self, at: ScreenPoint, on_canvas: bool, ground: &Ground<'_>) -> Step {
        let mut acts = vec![Act::Preview(Preview::Clear)];
        if self.dragged && on_canvas {
            // The pointer holds the component by its middle.
            let corner = ground.camera.to_world(at).moved(-NODE_WIDTH / 2.0, -NODE_HEIGHT / 2.0);
            acts.push(Act::Change(Change::AddNode { kind: self.kind, at: Some(corner) }));
        }
        (Tool::Idle, acts)
    }
}
