//! A press on a node selects it; dragged further, it moves what is selected.
use super::{Act, Down, Ground, Preview, STRAY, Step, Tool};
use crate::geometry::{GRID, ScreenPoint, WorldPoint, snap};
use crate::model::Selection;
use crate::msg::Change;

/// The pointer is down on a node.
#[derive(Clone, Debug)]
pub struct Press {
    node: usize,
    at: ScreenPoint,
    shift: bool,
    /// Whether the node was selected before: then what happens to the selection is decided on release.
    was_selected: bool,
}

/// Nodes are being dragged.
#[derive(Clone, Debug)]
pub struct Move {
    /// The node under the pointer, which lands on the grid; the others keep their distances.
    node: usize,
    from: WorldPoint,
    nodes: Vec<usize>,
    delta: (f64, f64),
}

pub(super) fn begin(node: usize, down: &Down, ground: &Ground<'_>) -> Step {
    let was_selected = ground.selection.nodes.contains(&node);
    let press = Press { node, at: down.at, shift: down.shift, was_selected };
    let mut acts = Vec::new();
    if !was_selected {
        let mut selection = if down.shift { ground.selection.clone() } else { Selection::default() };
        selection.nodes.insert(node);
        acts.push(Act::Select(selection));
    }
    (Tool::Press(press), acts)
}

impl Press {
    pub(super) fn moved(self, at: ScreenPoint, ground: &Ground<'_>) -> Step {
        if at.distance(self.at) < STRAY {
            return (Tool::Press(self), Vec::new());
        }
        let moving = Move {
            node: self.node,
            from: ground.camera.to_world(self.at),
            nodes: ground.selection.nodes.iter().copied().collect(),
            delta: (0.0, 0.0),
        };
        moving.moved(at, ground)
    }

    pub(super) fn released(self, ground: &Ground<'_>) -> Step {
        let mut acts = Vec::new();
        if self.was_selected {
            let mut selection = if self.shift { ground.selection.clone() } else { Selection::default() };
            if self.shift {
                selection.nodes.remove(&self.node);
            } else {
                selection.nodes.insert(self.node);
            }
            acts.push(Act::Select(selection));
        }
        (Tool::Idle, acts)
    }
}

impl Move {
    pub(super) fn moved(mut self, at: ScreenPoint, ground: &Ground<'_>) -> Step {
        let to = ground.camera.to_world(at);
        let Some(rect) = ground.scene.nodes.get(self.node) else { return (Tool::Idle, Vec::new()) };
        let landed = snap(WorldPoint::new(rect.x + to.x - self.from.x, rect.y + to.y - self.from.y));
        let delta = (landed.x - rect.x, landed.y - rect.y);
        // Most steps of the pointer stay within one step of the grid and need no drawing.
        if (delta.0 - self.delta.0).abs() < GRID / 100.0 && (delta.1 - self.delta.1).abs() < GRID / 100.0 {
            return (Tool::Move(self), Vec::new());
        }
        self.delta = delta;
        let preview = self.preview();
        (Tool::Move(self), vec![preview])
    }

    pub(super) fn released(self) -> Step {
        let (dx, dy) = self.delta;
        let change = Change::Move { nodes: self.nodes.iter().copied().collect(), dx, dy };
        let moved = dx != 0.0 || dy != 0.0;
        (Tool::Idle, if moved { vec![Act::Change(change)] } else { Vec::new() })
    }

    pub(super) fn cancelled(mut self) -> Step {
        self.delta = (0.0, 0.0);
        (Tool::Idle, vec![self.preview()])
    }

    fn preview(&self) -> Act {
        Act::Preview(Preview::Moved { nodes: self.nodes.clone(), dx: self.delta.0, dy: self.delta.1 })
    }
}
