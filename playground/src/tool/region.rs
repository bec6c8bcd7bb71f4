//! A press on a region's label selects the region; dragged further, it moves the region with all that stands in it.
use super::{Act, Ground, Preview, STRAY, Step, Tool};
use crate::editing;
use crate::geometry::{GRID, Group, ScreenPoint, WorldPoint};
use crate::msg::Change;

/// The pointer is down on a region's label.
#[derive(Clone, Debug)]
pub struct Drag {
    region: usize,
    group: Group,
    from: ScreenPoint,
    start: WorldPoint,
    /// How far it has come; none before it is a drag.
    delta: Option<(f64, f64)>,
}

pub(super) fn begin(region: usize, at: ScreenPoint, ground: &Ground<'_>) -> Step {
    let group = ground.scene.regions[region].group;
    let start = ground.camera.to_world(at);
    let drag = Drag { region, group, from: at, start, delta: None };
    (Tool::Region(drag), vec![Act::SelectGroup(group)])
}

impl Drag {
    /// Whether it may still be a click.
    pub fn has_not_moved(&self) -> bool {
        self.delta.is_none()
    }

    pub(super) fn moved(mut self, at: ScreenPoint, ground: &Ground<'_>) -> Step {
        if self.delta.is_none() && at.distance(self.from) < STRAY {
            return (Tool::Region(self), Vec::new());
        }
        let to = ground.camera.to_world(at);
        let whole = |step: f64| (step / GRID).round() * GRID;
        let delta = (whole(to.x - self.start.x), whole(to.y - self.start.y));
        if self.delta == Some(delta) {
            return (Tool::Region(self), Vec::new());
        }
        self.delta = Some(delta);
        let preview = self.preview(delta);
        (Tool::Region(self), vec![preview])
    }

    pub(super) fn released(self) -> Step {
        let mut acts = vec![Act::Preview(Preview::Clear)];
        if let Some((dx, dy)) = self.delta.filter(|&delta| delta != (0.0, 0.0)) {
            acts.push(Act::Change(Change::Editing(editing::Change::MoveGroup { group: self.group, dx, dy })));
        }
        (Tool::Idle, acts)
    }

    pub(super) fn cancelled(self) -> Step {
        (Tool::Idle, vec![self.preview((0.0, 0.0)), Act::Preview(Preview::Clear)])
    }

    fn preview(&self, (dx, dy): (f64, f64)) -> Act {
        Act::Preview(Preview::Region { region: self.region, dx, dy })
    }
}
