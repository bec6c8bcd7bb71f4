//! Drawing an edge from a node's port to the node that it calls.
use super::{Act, Ground, Preview, Step, Tool};
use crate::geometry::{Hit, ScreenPoint, WorldPoint, hit};
use crate::msg::Change;

/// An edge is being drawn.
#[derive(Clone, Debug)]
pub struct Connect {
    /// The node that will call.
    pub from: usize,
}

pub(super) fn begin(from: usize, at: WorldPoint) -> Step {
    let wire = Preview::Wire { from, to: at, over: None };
    (Tool::Connect(Connect { from }), vec![Act::Preview(wire)])
}

impl Connect {
    pub(super) fn moved(self, at: ScreenPoint, ground: &Ground<'_>) -> Step {
        let to = ground.camera.to_world(at);
        let wire = Preview::Wire { from: self.from, to, over: self.node_at(to, ground) };
        (Tool::Connect(self), vec![Act::Preview(wire)])
    }

    pub(super) fn released(self, at: ScreenPoint, ground: &Ground<'_>) -> Step {
        let mut acts = vec![Act::Preview(Preview::Clear)];
        if let Some(to) = self.node_at(ground.camera.to_world(at), ground) {
            acts.push(Act::Change(Change::Connect { from: self.from, to }));
        }
        (Tool::Idle, acts)
    }

    fn node_at(&self, point: WorldPoint, ground: &Ground<'_>) -> Option<usize> {
        match hit(ground.scene, point, 0.0) {
            // Back at its own node, the edge is given up.
            Hit::Output(node) | Hit::Node(node) => (node != self.from).then_some(node),
            _ => None,
        }
    }
}
