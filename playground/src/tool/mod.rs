//! Gestures of the pointer: one file each, one state for all. Pointer in, acts out; what is acted on is not touched here.
mod connect;
mod marquee;
mod pan;
mod place;
mod region;
mod select;

use crate::edit::Wire;
use crate::geometry::{Camera, Group, Guide, Hit, Rect, Scene, ScreenPoint, WorldPoint, end_at, hit};
use crate::model::{Selection, Single};
use crate::msg::Change;
use loadpath_core::topology::catalog::Kind;

/// How far the pointer may stray before a press is a drag, in pixels.
const STRAY: f64 = 4.0;
/// How near to an edge counts as on it, in pixels.
const EDGE_REACH: f64 = 7.0;

/// How near to a selected edge's end takes it, in pixels.
const END_REACH: f64 = 10.0;

/// The gesture under way.
#[derive(Clone, Debug, Default)]
pub enum Tool {
    /// None.
    #[default]
    Idle,
    /// The pointer went down on a node and has not moved yet.
    Press(select::Press),
    /// Nodes are dragged.
    Move(select::Move),
    /// The canvas is dragged.
    Pan(pan::Pan),
    /// A rectangle is drawn around what is to be selected.
    Marquee(marquee::Marquee),
    /// An edge is drawn.
    Connect(connect::Connect),
    /// A region is dragged by its label.
    Region(region::Drag),
    /// A component is dragged from the palette.
    Place(place::Place),
}

/// What the pointer did. Points are relative to the canvas.
#[derive(Clone, Copy, Debug)]
pub enum Pointer {
    /// It went down on the canvas.
    Down(Down),
    /// It went down on a component of the palette.
    Grab {
        /// Which.
        kind: &'static Kind,
        /// Where.
        at: ScreenPoint,
    },
    /// It moved.
    Moved {
        /// Where to.
        at: ScreenPoint,
        /// The keys that are held.
        held: Held,
    },
    /// It went up.
    Up {
        /// Where.
        at: ScreenPoint,
        /// Whether the canvas lies there, and not a panel.
        on_canvas: bool,
    },
    /// The gesture is given up.
    Cancelled,
}

/// How the pointer went down.
#[derive(Clone, Copy, Debug)]
pub struct Down {
    /// Where.
    pub at: ScreenPoint,
    /// Whether to pan, whatever lies there: the middle button, or the space bar is held.
    pub pans: bool,
    /// The keys that are held.
    pub held: Held,
    /// Whether it is a finger.
    pub touch: bool,
}

/// Keys that are held while the pointer acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Shift.
    pub shift: bool,
    /// Alt.
    pub alt: bool,
    /// Control or command.
    pub ctrl: bool,
}

/// What a gesture acts on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// What can be hit.
    pub scene: &'a Scene,
    /// What the canvas shows.
    pub camera: Camera,
    /// What is selected.
    pub selection: &'a Selection,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Act {
    /// Select this.
    Select(Selection),
    /// Select a region.
    SelectGroup(Group),
    /// Ask what a node is to call at this place, where nothing is.
    Offer {
        /// The node.
        from: usize,
        /// Where.
        at: WorldPoint,
    },
    /// Show this part of the plane.
    Camera(Camera),
    /// Draw this, for as long as the gesture goes on.
    Preview(Preview),
    /// Change the document.
    Change(Change),
    /// The pointer rests on this edge, or on none.
    Hover(Option<usize>),
}

/// What a gesture draws, without changing the document.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// Nodes away from their places.
    Moved {
        /// Which.
        nodes: Vec<usize>,
        /// How far to the right.
        dx: f64,
        /// How far down.
        dy: f64,
        /// Whether it is copies that move.
        copies: bool,
        /// With what they are in line.
        guides: Vec<Guide>,
    },
    /// A region away from its place, with what stands in it.
    Region {
        /// Which.
        region: usize,
        /// How far to the right.
        dx: f64,
        /// How far down.
        dy: f64,
    },
    /// An edge with a loose end.
    Wire {
        /// Which.
        wire: Wire,
        /// Where its loose end is.
        to: WorldPoint,
        /// The node that is there.
        over: Option<usize>,
    },
    /// The rectangle of a marquee.
    Marquee(Rect),
    /// A component on its way from the palette.
    Ghost {
        /// Which.
        kind: &'static str,
        /// Where.
        at: ScreenPoint,
    },
    /// Nothing more.
    Clear,
}

/// What comes next, and what is to be done now.
type Step = (Tool, Vec<Act>);

impl Tool {
    /// Carries the gesture on.
    pub fn step(self, pointer: &Pointer, ground: &Ground<'_>) -> Step {
        match (self, pointer) {
            (Self::Idle, Pointer::Down(down)) => begin(down, ground),
            (Self::Idle, Pointer::Grab { kind, at }) => place::begin(kind, *at),
            (Self::Idle, Pointer::Moved { at, .. }) => (Self::Idle, vec![Act::Hover(edge_at(*at, ground))]),
            (Self::Idle, _) => (Self::Idle, Vec::new()),
            (Self::Press(press), Pointer::Moved { at, held }) => press.moved(*at, *held, ground),
            (Self::Press(press), Pointer::Up { .. }) => press.released(ground),
            (Self::Move(moving), Pointer::Moved { at, held }) => moving.moved(*at, *held, ground),
            (Self::Move(moving), Pointer::Up { .. }) => moving.released(),
            (Self::Move(moving), Pointer::Cancelled) => moving.cancelled(),
            (Self::Pan(pan), Pointer::Moved { at, .. }) => pan.moved(*at, ground),
            (Self::Marquee(marquee), Pointer::Moved { at, .. }) => marquee.moved(*at, ground),
            (Self::Marquee(marquee), Pointer::Cancelled) => marquee.cancelled(),
            (Self::Connect(connect), Pointer::Moved { at, .. }) => connect.moved(*at, ground),
            (Self::Connect(connect), Pointer::Up { at, .. }) => connect.released(*at, ground),
            (Self::Region(drag), Pointer::Moved { at, .. }) => drag.moved(*at, ground),
            (Self::Region(drag), Pointer::Up { .. }) => drag.released(),
            (Self::Region(drag), Pointer::Cancelled) => drag.cancelled(),
            (Self::Place(place), Pointer::Moved { at, .. }) => place.moved(*at),
            (Self::Place(place), Pointer::Up { at, on_canvas }) => place.released(*at, *on_canvas, ground),
            (_, Pointer::Up { .. } | Pointer::Cancelled) => (Self::Idle, vec![Act::Preview(Preview::Clear)]),
            // A second finger or button does not disturb a gesture.
            (tool, Pointer::Down(_) | Pointer::Grab { .. }) => (tool, Vec::new()),
        }
    }
}

fn begin(down: &Down, ground: &Ground<'_>) -> Step {
    if down.pans {
        return pan::begin(down.at, ground);
    }
    let world = ground.camera.to_world(down.at);
    // The ends of an edge lie on ports: they are the edge's only while it alone is selected.
    if let Single::Edge(edge) = ground.selection.single()
        && let Some(end) = end_at(ground.scene, edge, world, END_REACH / ground.camera.zoom)
        && let Some(ends) = ground.scene.edges[edge]
    {
        return connect::take(edge, end, ends, world);
    }
    match hit(ground.scene, world, EDGE_REACH / ground.camera.zoom) {
        Hit::Output(node) => connect::begin(node, world),
        Hit::Node(node) => select::begin(node, down, ground),
        Hit::Region(region) => region::begin(region, down.at, ground),
        Hit::Edge(edge) => {
            let mut selection = if down.held.shift { ground.selection.clone() } else { Selection::default() };
            if !selection.edges.remove(&edge) {
                selection.edges.insert(edge);
            }
            (Tool::Idle, vec![Act::Select(selection)])
        }
        Hit::Canvas if down.touch => {
            let (tool, mut acts) = pan::begin(down.at, ground);
            acts.push(Act::Select(Selection::default()));
            (tool, acts)
        }
        Hit::Canvas => marquee::begin(world, down.held.shift, ground),
    }
}

fn edge_at(at: ScreenPoint, ground: &Ground<'_>) -> Option<usize> {
    match hit(ground.scene, ground.camera.to_world(at), EDGE_REACH / ground.camera.zoom) {
        Hit::Edge(edge) => Some(edge),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
