//! What can happen to the page.
use crate::edit::Bag;
use crate::editing;
use crate::geometry::{ScreenPoint, WorldPoint};
use crate::inspect;
use crate::model::{Dialog, Drawer, OverTime, Selection, Tab, Walk};
use crate::run::{FromWorker, Subject, Thread};
use crate::tool::Pointer;
use crate::update::{advice, comparison, course};
use crate::{clipboard, export, finder, library, source};
use loadpath_core::topology::catalog::Kind;
use loadpath_core::topology::{Edit, Happening, Topology, Value};
use loadpath_core::wire::{Event, Status};
use std::collections::BTreeSet;

/// Something happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The document is to be changed.
    Change(Change),
    /// The last change is to be taken back.
    Undo,
    /// The last change that was taken back is to be made again.
    Redo,
    /// Changes have paused since this many of them.
    Settled(u32),

    /// Something was selected.
    Select(Selection),
    /// Another node is to be selected, from the one that is.
    Walk(Walk),
    /// Everything is to be selected.
    SelectAll,
    /// The keyboard's focus came to a node.
    Focused(usize),
    /// A page of the inspector was chosen.
    Tab(Tab),
    /// Something else happened in the inspector.
    Inspect(inspect::Msg),

    /// The pointer did something.
    Pointer(Pointer),
    /// Something happened in a menu, or by a key or a finger that edits.
    Editing(editing::Msg),
    /// The wheel turned.
    Wheel(Wheel),
    /// Escape: whatever is under way ends.
    Escape,
    /// The space bar is held, or no more.
    Space(bool),
    /// The canvas has another size.
    Resized(f64, f64),
    /// All of the design is to be shown.
    Fit,
    /// The camera has not moved since this many of its moves.
    Rested(u32),
    /// The design is to be shown larger or smaller, around the middle.
    Zoom(f64),
    /// This point is to be in the middle.
    Centre(WorldPoint),

    /// Pause, or go on.
    TogglePlay,
    /// Another speed.
    Speed(f64),
    /// The simulation is to start over.
    Restart,
    /// The load slider moved to this rate.
    Slide(f64),
    /// The load slider was let go.
    Slid,
    /// An instance was clicked: kill it, or restore it.
    Instance {
        /// The node, by its place.
        node: usize,
        /// Which instance.
        instance: u16,
    },
    /// The worker said something.
    Worker(Box<FromWorker>),
    /// The worker could not start or broke.
    WorkerBroke(Thread, String),

    /// Something happened to what runs.
    Steering(crate::steering::Msg),
    /// Charts and comparison are to be of this.
    Watch(Subject),
    /// Over time, this is to be shown.
    OverTime(OverTime),

    /// This is to stand beside the design, or nothing.
    Drawer(Option<Drawer>),
    /// Something about findings.
    Advice(advice::Msg),
    /// Something about lessons.
    Course(course::Msg),
    /// Something about comparing.
    Comparison(comparison::Msg),

    /// A dialog is to be shown, or none.
    Dialog(Option<Dialog>),
    /// The other colours.
    ToggleTheme {
        /// Whether dark ones are shown now.
        is_dark: bool,
    },
    /// A notice was closed, or has been read.
    Dismiss(u32),

    /// The address bar's fragment changed by other hands.
    Hash(String),
    /// The design's link is to be copied.
    Share,
    /// A text was copied, or could not be.
    Copied(bool),
    /// The design is to leave the page in this form.
    Export(export::Form),
    /// A file is to be chosen.
    PickFile,
    /// A file was read.
    File {
        /// Its name.
        name: String,
        /// What it says.
        text: String,
    },
    /// A file could not be read, or something else failed: one sentence.
    Failed(String),

    /// The agent answered, or is not there.
    Agent(Option<Box<Status>>),
    /// The agent gave the right to act, or did not.
    Token(Result<String, String>),
    /// A live run is to start.
    StartRun,
    /// Another length of the live run, in seconds.
    Seconds(u32),
    /// The live run has an id.
    Started(String),
    /// The live run was refused.
    Refused(String),
    /// The live run is to stop.
    StopRun,
    /// The agent tells of the live run.
    Live(Box<Event>),
    /// The stream of events broke for good.
    LiveLost,
    /// A live run's stream broke, and is being opened again.
    LiveBroke,
    /// It is time to ask whether the agent is there, for this asking and no other.
    AgentDue(u32),

    /// The finder.
    Finder(finder::Msg),
    /// The clipboard.
    Clipboard(clipboard::Msg),
    /// The designs that this browser keeps.
    Library(library::Msg),
    /// The document as text.
    Source(source::Msg),
    /// A new version of the page is ready.
    Renewed,
    /// The page is to be loaded anew.
    Reload,
}

/// A change of the document. Each can be undone.
#[derive(Clone, Debug)]
pub enum Change {
    /// Another name.
    Name(String),
    /// Another label of a node.
    Label(usize, String),
    /// Another id of a node.
    Id(usize, String),
    /// Another parameter.
    Set {
        /// Of what.
        bag: Bag,
        /// Which.
        name: &'static str,
        /// What; the default when none.
        value: Option<Value>,
    },
    /// A new node.
    AddNode {
        /// Of which kind.
        kind: &'static Kind,
        /// Where; in the middle of what is shown when none.
        at: Option<WorldPoint>,
    },
    /// A new edge.
    Connect {
        /// Who calls.
        from: usize,
        /// Who is called.
        to: usize,
    },
    /// Nodes at other places.
    Move {
        /// Which.
        nodes: BTreeSet<usize>,
        /// How far to the right.
        dx: f64,
        /// How far down.
        dy: f64,
    },
    /// What is selected, moved a little.
    Nudge {
        /// How far to the right.
        dx: f64,
        /// How far down.
        dy: f64,
    },
    /// A change that [`crate::editing`] has.
    Editing(editing::Change),
    /// What is selected, no more.
    Delete,
    /// An edge, no more.
    DeleteEdge(usize),
    /// What is selected, twice.
    Duplicate,
    /// A new class of requests.
    AddClass,
    /// A class of requests, no more.
    RemoveClass(usize),
    /// Another name of a class.
    ClassName(usize, String),
    /// Changes as core has them: what a finding proposes.
    Edits(Vec<Edit>),
    /// Another timeline; changes in a row with the same second part are undone at once.
    Timeline(Vec<Happening>, Option<&'static str>),
    /// What only the inspector changes.
    Inspect(inspect::Change),
    /// Another design in its place.
    Open(Box<Topology>),
}

/// The wheel turned.
#[derive(Clone, Copy, Debug)]
pub struct Wheel {
    /// Where the pointer is.
    pub at: ScreenPoint,
    /// To the right, in pixels.
    pub dx: f64,
    /// Down, in pixels.
    pub dy: f64,
    /// Whether to zoom: control is held, or two fingers pinch.
    pub zooms: bool,
}
