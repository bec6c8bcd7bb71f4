//! A press on a node selects it; dragged further, it moves what is selected, or with alt a copy of it.
use super::{Act, Down, Ground, Held, Preview, STRAY, Step, Tool};
use crate::editing;
use crate::geometry::{Guide, Rect, ScreenPoint, WorldPoint, align};
use crate::model::Selection;
use crate::msg::Change;

/// How near a place in line must be, in pixels.
const REACH: f64 = 6.0;

/// The pointer is down on a node.
#[derive(Clone, Debug)]
pub struct Press {
    node: usize,
    at: ScreenPoint,
    held: Held,
    /// Whether the node was selected before: then what happens to the selection is decided on release.
    was_selected: bool,
}

/// Nodes are being dragged.
#[derive(Clone, Debug)]
pub struct Move {
    /// The node under the pointer, which is aligned; the others keep their distances.
    node: usize,
    from: WorldPoint,
    nodes: Vec<usize>,
    /// The nodes that stay, to be in line with.
    others: Vec<Rect>,
    /// Whether a copy is moved.
    copies: bool,
    delta: (f64, f64),
}

pub(super) fn begin(node: usize, down: &Down, ground: &Ground<'_>) -> Step {
    let was_selected = ground.selection.nodes.contains(&node);
    let press = Press { node, at: down.at, held: down.held, was_selected };
    let mut acts = Vec::new();
    if !was_selected {
        let mut selection = if down.held.shift { ground.selection.clone() } else { Selection::default() };
        selection.nodes.insert(node);
        acts.push(Act::Select(selection));
    }
    (Tool::Press(press), acts)
}

impl Press {
    pub(super) fn moved(self, at: ScreenPoint, held: Held, ground: &Ground<'_>) -> Step {
        if at.distance(self.at) < STRAY {
            return (Tool::Press(self), Vec::new());
        }
        let copies = self.held.alt;
        let nodes: Vec<usize> = ground.selection.nodes.iter().copied().collect();
        let stays = |i: usize| copies || !ground.selection.nodes.contains(&i);
        let others = ground.scene.nodes.iter().enumerate().filter(|&(i, _)| stays(i)).map(|(_, rect)| *rect);
        let moving = Move {
            node: self.node,
            from: ground.camera.to_world(self.at),
            nodes,
            others: others.collect(),
            copies,
            delta: (0.0, 0.0),
        };
        moving.moved(at, held, ground)
    }

    pub(super) fn released(self, ground: &Ground<'_>) -> Step {
        let mut acts = Vec::new();
        if self.was_selected {
            let mut selection = if self.held.shift { ground.selection.clone() } else { Selection::default() };
            if self.held.shift {
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
    pub(super) fn moved(mut self, at: ScreenPoint, held: Held, ground: &Ground<'_>) -> Step {
        let to = ground.camera.to_world(at);
        let Some(&rect) = ground.scene.nodes.get(self.node) else { return (Tool::Idle, Vec::new()) };
        let (delta, guides) =
            self.landing(rect, (to.x - self.from.x, to.y - self.from.y), held, ground.camera.zoom);
        // Most steps of the pointer stay within one step of the grid and need no drawing.
        if (delta.0 - self.delta.0).abs() < 0.1 && (delta.1 - self.delta.1).abs() < 0.1 {
            return (Tool::Move(self), Vec::new());
        }
        self.delta = delta;
        let preview = self.preview(guides);
        (Tool::Move(self), vec![preview])
    }

    /// How far the nodes go for a pointer that went so far: shift keeps to one axis, control (and alt, where it does not
    /// copy) leaves grid and lines alone.
    fn landing(&self, rect: Rect, pull: (f64, f64), held: Held, zoom: f64) -> ((f64, f64), Vec<Guide>) {
        let sideways = pull.0.abs() >= pull.1.abs();
        let pull = match held.shift {
            true if sideways => (pull.0, 0.0),
            true => (0.0, pull.1),
            false => pull,
        };
        if held.ctrl || (held.alt && !self.copies) {
            return ((pull.0.round(), pull.1.round()), Vec::new());
        }
        let aligned =
            align(Rect { x: rect.x + pull.0, y: rect.y + pull.1, ..rect }, &self.others, REACH / zoom);
        let (dx, dy) = (pull.0 + aligned.dx, pull.1 + aligned.dy);
        match held.shift {
            // The other axis is not to change, whatever lies beside it.
            true if sideways => ((dx, 0.0), upright(aligned.guides, true)),
            true => ((0.0, dy), upright(aligned.guides, false)),
            false => ((dx, dy), aligned.guides),
        }
    }

    pub(super) fn released(self) -> Step {
        let (dx, dy) = self.delta;
        let mut acts = vec![Act::Preview(Preview::Clear)];
        if dx != 0.0 || dy != 0.0 {
            let nodes = self.nodes.iter().copied().collect();
            acts.push(Act::Change(if self.copies {
                Change::Editing(editing::Change::Copy { nodes, dx, dy })
            } else {
                Change::Move { nodes, dx, dy }
            }));
        }
        (Tool::Idle, acts)
    }

    pub(super) fn cancelled(mut self) -> Step {
        self.delta = (0.0, 0.0);
        (Tool::Idle, vec![self.preview(Vec::new()), Act::Preview(Preview::Clear)])
    }

    fn preview(&self, guides: Vec<Guide>) -> Act {
        let (dx, dy) = self.delta;
        Act::Preview(Preview::Moved { nodes: self.nodes.clone(), dx, dy, copies: self.copies, guides })
    }
}

/// The guides that stand upright, or those that lie.
fn upright(guides: Vec<Guide>, is_upright: bool) -> Vec<Guide> {
    guides.into_iter().filter(|guide| (guide.from.x == guide.to.x) == is_upright).collect()
}
