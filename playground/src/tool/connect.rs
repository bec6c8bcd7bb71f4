//! Drawing an edge from a node's port to the node that it calls, or dragging an end of one that is there.
use super::{Act, Ground, Preview, Step, Tool};
use crate::edit::Wire;
use crate::editing;
use crate::geometry::{End, Hit, ScreenPoint, WorldPoint, hit};
use crate::msg::Change;

/// An edge has a loose end.
#[derive(Clone, Debug)]
pub struct Connect {
    /// Which.
    pub wire: Wire,
}

pub(super) fn begin(from: usize, at: WorldPoint) -> Step {
    let wire = Wire::from(from);
    (Tool::Connect(Connect { wire }), vec![Act::Preview(Preview::Wire { wire, to: at, over: None })])
}

pub(super) fn take(edge: usize, end: End, ends: (usize, usize), at: WorldPoint) -> Step {
    let (from, to) = ends;
    let wire = match end {
        End::To => Wire { anchor: from, forward: true, edge: Some(edge) },
        End::From => Wire { anchor: to, forward: false, edge: Some(edge) },
    };
    (Tool::Connect(Connect { wire }), vec![Act::Preview(Preview::Wire { wire, to: at, over: None })])
}

impl Connect {
    pub(super) fn moved(self, at: ScreenPoint, ground: &Ground<'_>) -> Step {
        let to = ground.camera.to_world(at);
        let over = self.node_at(to, ground);
        let wire = Preview::Wire { wire: self.wire, to, over };
        (Tool::Connect(self), vec![Act::Preview(wire)])
    }

    pub(super) fn released(self, at: ScreenPoint, ground: &Ground<'_>) -> Step {
        let to = ground.camera.to_world(at);
        let is_open = !matches!(hit(ground.scene, to, 0.0), Hit::Node(_) | Hit::Output(_));
        if is_open && self.wire.edge.is_none() {
            // The edge stays drawn while a menu asks what is to be there.
            return (Tool::Idle, vec![Act::Offer { from: self.wire.anchor, at: to }]);
        }
        let mut acts = vec![Act::Preview(Preview::Clear)];
        if let Some(node) = self.node_at(to, ground) {
            acts.push(Act::Change(match self.wire.edge {
                None => Change::Connect { from: self.wire.anchor, to: node },
                Some(_) => Change::Editing(editing::Change::Reconnect { wire: self.wire, node }),
            }));
        }
        (Tool::Idle, acts)
    }

    fn node_at(&self, point: WorldPoint, ground: &Ground<'_>) -> Option<usize> {
        match hit(ground.scene, point, 0.0) {
            // Back at its own node, the edge is given up.
            Hit::Output(node) | Hit::Node(node) => (node != self.wire.anchor).then_some(node),
            _ => None,
        }
    }
}
