//! Editing by menus, keys and fingers: what can happen, what it changes, and what it needs from one message to the next.
use crate::edit::Wire;
use crate::geometry::{Camera, Group, Rect, ScreenPoint, WorldPoint};
use crate::steering::Target;
use crate::tool::Held;
use loadpath_core::topology::catalog::Kind;
use std::collections::BTreeSet;

/// Something happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A menu was asked for with the pointer.
    MenuAt {
        /// Where.
        at: ScreenPoint,
        /// The node and the instance whose dot is there.
        instance: Option<(usize, u16)>,
    },
    /// A menu was asked for with the keyboard, for what is selected.
    MenuKey,
    /// A line of the menu was chosen.
    Chosen(usize),
    /// Another menu is to take the place of this one.
    Submenu(Subject),
    /// The menu is to close; whether the focus goes back to where it was.
    CloseMenu {
        /// Not when something else has taken it.
        refocus: bool,
    },
    /// What the selected node is to call next is to be chosen from a menu.
    QuickConnect,
    /// What the selected node is to call is to be chosen among the nodes that are there.
    Reach,
    /// An end of an edge is to be made fast at another node, chosen with the keyboard.
    Reconnect(Wire),
    /// While a node is being chosen: another one.
    Aim(Aim),
    /// While a node is being chosen: this one.
    Take,
    /// What is selected is to get another name.
    Rename,
    /// The name was written, or given up.
    Renamed(Option<String>),
    /// The pointer was pressed twice.
    DoubleClick(ScreenPoint),
    /// The keyboard's focus came to a region.
    FocusedGroup(Group),
    /// What stands in a group is to be selected.
    SelectMembers(Group),
    /// A finger did something.
    Finger(Finger),
    /// A finger has rested for a while; the number of its press.
    LongPress(u32),
    /// What is selected is to be shown.
    FitSelection,
    /// One unit of the plane is to be one pixel.
    ActualSize,
}

/// A change of the document.
#[derive(Clone, Debug)]
pub enum Change {
    /// The loose end of an edge is made fast.
    Reconnect {
        /// The edge.
        wire: Wire,
        /// Where.
        node: usize,
    },
    /// A new node that another calls.
    AddLinked {
        /// Who calls it.
        from: usize,
        /// Of which kind.
        kind: &'static Kind,
        /// Where its upper left corner is.
        at: WorldPoint,
    },
    /// Copies of nodes.
    Copy {
        /// Which.
        nodes: BTreeSet<usize>,
        /// How far to the right of them.
        dx: f64,
        /// How far down.
        dy: f64,
    },
    /// A zone around what is selected, or an empty one.
    AddZone {
        /// Where an empty one is drawn; in the middle of what is shown when none.
        area: Option<Rect>,
    },
    /// A host around what is selected, or an empty one.
    AddHost {
        /// Where an empty one is drawn; in the middle of what is shown when none.
        area: Option<Rect>,
    },
    /// A group, no more; its nodes stay.
    RemoveGroup(Group),
    /// Another name of a group.
    RenameGroup(Group, String),
    /// A region at another place, with what stands in it.
    MoveGroup {
        /// Which.
        group: Group,
        /// How far to the right.
        dx: f64,
        /// How far down.
        dy: f64,
    },
    /// The selected nodes stand in this zone, or in none.
    Join(Option<usize>),
    /// What is selected, or everything, is laid out.
    LayOut,
}

/// What editing needs from one message to the next.
#[derive(Clone, Debug, Default)]
pub struct Editing {
    /// The menu that is open.
    pub menu: Option<Menu>,
    /// What is getting another name.
    pub renaming: Option<Named>,
    /// The choice of a node with the keyboard.
    pub reaching: Option<Reaching>,
    /// The region that is selected.
    pub group: Option<Group>,
    /// Fingers on the canvas, by the browser's number, and where each is.
    pub fingers: Vec<(i32, ScreenPoint)>,
    /// Two fingers: the camera as they came, and where they were.
    pub pinch: Option<(Camera, [ScreenPoint; 2])>,
    /// How often a finger came, left or moved on; a long press carries the number.
    pub presses: u32,
}

/// An open menu.
#[derive(Clone, Debug, PartialEq)]
pub struct Menu {
    /// Where, on the canvas.
    pub at: ScreenPoint,
    /// Of what.
    pub subject: Subject,
}

/// What a menu is of.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A node.
    Node(usize),
    /// An instance of a node.
    Instance(usize, u16),
    /// An edge.
    Edge(usize),
    /// A region.
    Region(Group),
    /// All that is selected.
    Several,
    /// The canvas, at this place.
    Canvas(WorldPoint),
    /// What can be put at this place.
    Add(WorldPoint),
    /// What a node can call, to be put at this place.
    Wire(usize, WorldPoint),
    /// The zones that the selected nodes can stand in.
    Zones,
    /// What can happen to something while it runs.
    Faults(Target),
}

/// What can have a name written on the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A node.
    Node(usize),
    /// A region.
    Group(Group),
}

/// A node is being chosen with the keyboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Reaching {
    /// The edge that is to end there.
    pub wire: Wire,
    /// The nodes that can be chosen, in the order of the calls.
    pub targets: Vec<usize>,
    /// Which of them is.
    pub aimed: usize,
}

/// To which node the choice goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// The nearest to the left.
    Left,
    /// The nearest to the right.
    Right,
    /// The nearest above.
    Up,
    /// The nearest below.
    Down,
    /// The next.
    Next,
    /// The one before.
    Previous,
}

/// What a finger did.
#[derive(Clone, Copy, Debug)]
pub struct Finger {
    /// The browser's number of it.
    pub id: i32,
    /// Where, on the canvas.
    pub at: ScreenPoint,
    /// What.
    pub phase: Phase,
}

/// What a finger can do.
#[derive(Clone, Copy, Debug)]
pub enum Phase {
    /// It came down, with these keys held.
    Down(Held),
    /// It moved.
    Moved,
    /// It left; whether over the canvas.
    Up {
        /// Not over a panel.
        on_canvas: bool,
    },
    /// The browser took it away.
    Cancelled,
}
