//! Dragging the canvas itself.
use super::{Act, Ground, Step, Tool};
use crate::geometry::{Camera, ScreenPoint};

/// The canvas is being dragged.
#[derive(Clone, Debug)]
pub struct Pan {
    from: ScreenPoint,
    camera: Camera,
}

pub(super) fn begin(at: ScreenPoint, ground: &Ground<'_>) -> Step {
    (Tool::Pan(Pan { from: at, camera: ground.camera }), Vec::new())
}

impl Pan {
    /// Whether the canvas is still where it was.
    pub fn has_not_moved(&self, camera: Camera) -> bool {
        self.camera == camera
    }

    pub(super) fn moved(self, at: ScreenPoint, _: &Ground<'_>) -> Step {
        // From where the drag began, so that rounding does not add up.
        let camera = self.camera.panned(at.x - self.from.x, at.y - self.from.y);
        (Tool::Pan(self), vec![Act::Camera(camera)])
    }
}
