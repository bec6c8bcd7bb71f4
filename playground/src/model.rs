//! Everything that the page knows. Only the reducer changes it; everything that is drawn is drawn from it.
use crate::edit;
use crate::editing::Editing;
use crate::finder::Finder;
use crate::geometry::{Camera, Rect, Scene, WorldPoint, columns, node_rect};
use crate::history::History;
use crate::inspect::Inspect;
use crate::library::{self, Library};
use crate::msg::Msg;
use crate::run::{Figures, Measured, Subject};
use crate::shared::Shared;
use crate::source::Source;
use crate::steering::Steering;
use crate::tool::Tool;
use crate::update::{advice::Advice, comparison::Comparison, course::Course};
use loadpath_core::compare::Fidelity;
use loadpath_core::order;
use loadpath_core::run::Run;
use loadpath_core::sim::Snapshot;
use loadpath_core::topology::{Fault, Topology};
use loadpath_core::wire::{Caps, Phase};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The page's state.
#[derive(Debug)]
pub struct Model {
    /// The document.
    pub document: Shared<Topology>,
    /// Where its nodes stand: what the pointer can hit.
    pub scene: Shared<Scene>,
    /// What is wrong with it.
    pub faults: Shared<Vec<Fault>>,
    /// How often it has changed; what waits until changes pause carries the number.
    pub edits: u32,
    /// What can be undone.
    pub history: History,
    /// What is selected.
    pub selection: Selection,
    /// The inspector's page.
    pub tab: Tab,
    /// The inspector's own state.
    pub inspect: Inspect,
    /// What the canvas shows.
    pub camera: Camera,
    /// Whether the camera shows the whole design, and is to show it when the canvas changes its size.
    pub is_fitted: bool,
    /// How often the camera has moved; what waits until it rests carries the number.
    pub looks: u32,
    /// The canvas's size in pixels; zero until it is known.
    pub canvas: (f64, f64),
    /// The gesture under way.
    pub tool: Tool,
    /// Whether the space bar is held, so that a drag pans.
    pub space: bool,
    /// The edge under the pointer.
    pub hover: Option<usize>,
    /// Which nodes the edge that is being drawn may reach.
    pub targets: Option<Shared<Vec<bool>>>,
    /// What editing needs from one message to the next: menus, a name that is being written, fingers.
    pub editing: Editing,
    /// The simulation in the worker.
    pub simulated: Simulated,
    /// What the page knows of an agent.
    pub agent: Agent,
    /// The right to act on the agent, kept from before a reload or given for a code.
    pub token: Option<String>,
    /// The live run.
    pub live: Live,
    /// What runs, besides its last snapshot.
    pub steering: Steering,
    /// What charts and comparison are of.
    pub subject: Subject,
    /// Which of the two is shown over time.
    pub over_time: OverTime,
    /// What the page has to say.
    pub notices: Vec<Notice>,
    /// How many notices there have been.
    pub noticed: u32,
    /// The colours.
    pub theme: Theme,
    /// What is known without the simulation: estimate, cost, findings.
    pub advice: Advice,
    /// The course of lessons.
    pub course: Course,
    /// Two designs or runs, side by side.
    pub comparison: Comparison,
    /// How many questions have been asked of the worker that studies.
    pub studies: u32,
    /// What stands beside the design, over the canvas.
    pub drawer: Option<Drawer>,
    /// What lies over the page.
    pub dialog: Option<Dialog>,
    /// The fragment that the address bar shows, as far as the page knows.
    pub fragment: String,
    /// When what is handled now happened, in milliseconds since 1970.
    pub now: f64,
    /// Whether the page is shown inside another, to be looked at and not to be changed.
    pub embed: bool,
    /// The finder.
    pub finder: Finder,
    /// The designs that this browser keeps.
    pub library: Library,
    /// The document as text.
    pub source: Source,
}

impl Model {
    /// A page that shows this document and knows nothing else yet.
    pub fn new(document: Topology) -> Self {
        Self {
            scene: Shared::new(scene(&document)),
            document: Shared::new(document),
            faults: Shared::default(),
            edits: 0,
            history: History::default(),
            selection: Selection::default(),
            tab: Tab::default(),
            inspect: Inspect::default(),
            camera: Camera::default(),
            is_fitted: true,
            looks: 0,
            canvas: (0.0, 0.0),
            tool: Tool::default(),
            space: false,
            hover: None,
            targets: None,
            editing: Editing::default(),
            simulated: Simulated::default(),
            agent: Agent::default(),
            token: None,
            live: Live::default(),
            steering: Steering::default(),
            subject: Subject::default(),
            over_time: OverTime::default(),
            notices: Vec::new(),
            noticed: 0,
            theme: Theme::default(),
            advice: Advice::default(),
            course: Course::default(),
            comparison: Comparison::default(),
            studies: 0,
            drawer: None,
            dialog: None,
            fragment: String::new(),
            now: 0.0,
            embed: false,
            finder: Finder::default(),
            library: Library::default(),
            source: Source::default(),
        }
    }
}

impl Model {
    /// Whether the canvas marks what differs from the first of the two that are compared.
    pub fn marks(&self) -> bool {
        match self.drawer {
            Some(Drawer::Compare) => true,
            Some(Drawer::Course) => self.course.lesson().is_some(),
            Some(Drawer::Findings) | None => false,
        }
    }
}

/// What stands beside the design, over the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawer {
    /// What is weak about it.
    Findings,
    /// The course.
    Course,
    /// Two side by side.
    Compare,
}

/// Nodes and edges, by their places in the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Nodes.
    pub nodes: BTreeSet<usize>,
    /// Edges.
    pub edges: BTreeSet<usize>,
}

impl Selection {
    /// One node.
    pub fn node(node: usize) -> Self {
        Self { nodes: order::gather([node]), edges: BTreeSet::new() }
    }

    /// One edge.
    pub fn edge(edge: usize) -> Self {
        Self { nodes: BTreeSet::new(), edges: order::gather([edge]) }
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.edges.is_empty()
    }

    /// The only thing that is selected.
    pub fn single(&self) -> Single {
        match (self.nodes.len(), self.edges.len()) {
            (0, 0) => Single::None,
            (1, 0) => self.nodes.first().map_or(Single::None, |&node| Single::Node(node)),
            (0, 1) => self.edges.first().map_or(Single::None, |&edge| Single::Edge(edge)),
            _ => Single::Many,
        }
    }
}

/// Where a key leads from the selected node, in the document's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// To the next one; to the first where none is selected.
    Next,
    /// To the one before; to the last where none is selected.
    Previous,
    /// To the first.
    First,
    /// To the last.
    Last,
}

impl Walk {
    /// The node that it leads to from this one, of so many: an end is not left. None where there are no nodes.
    pub fn from(self, node: Option<usize>, count: usize) -> Option<usize> {
        let last = count.checked_sub(1)?;
        Some(match (self, node) {
            (Self::First, _) | (Self::Next, None) => 0,
            (Self::Last, _) | (Self::Previous, None) => last,
            (Self::Next, Some(node)) => (node + 1).min(last),
            (Self::Previous, Some(node)) => node.saturating_sub(1),
        })
    }
}

/// What is selected, where at most one thing can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Single {
    /// Nothing.
    None,
    /// A node.
    Node(usize),
    /// An edge.
    Edge(usize),
    /// Several.
    Many,
}

/// A page of the inspector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Parameters.
    #[default]
    Configure,
    /// What is measured.
    Metrics,
    /// What it is, and where its figures come from.
    Explain,
}

/// The simulation, as the page sees it.
#[derive(Debug)]
pub struct Simulated {
    /// Whether it runs; else it is paused.
    pub running: bool,
    /// Simulated seconds per second.
    pub speed: f64,
    /// The number of the last load; what the worker says of an older one is dropped.
    pub load: u32,
    /// The design that runs in it: the last one without faults.
    pub document: Option<Shared<Topology>>,
    /// The design that broke its thread last.
    pub broken: Option<Shared<Topology>>,
    /// How it was last seen; none before the end of its warm-up.
    pub snapshot: Option<Shared<Snapshot>>,
    /// Whether that was before the last load: the design has changed since.
    pub is_stale: bool,
    /// The figures of the subject.
    pub figures: Option<Shared<Figures>>,
    /// The simulation's run beside the last live run: its figures are shown until the design or its state changes.
    pub beside: Option<Shared<Run>>,
    /// Simulated seconds per second that it reaches.
    pub pace: f64,
    /// The rate that the slider holds, until it is let go.
    pub sliding: Option<f64>,
}

impl Default for Simulated {
    fn default() -> Self {
        Self {
            running: true,
            speed: 1.0,
            load: 0,
            document: None,
            broken: None,
            snapshot: None,
            is_stale: false,
            figures: None,
            beside: None,
            pace: 1.0,
            sliding: None,
        }
    }
}

impl Simulated {
    /// Where each node of the simulated design stands in the snapshot, by id.
    pub fn places(&self) -> BTreeMap<&str, usize> {
        let nodes = self.snapshot.iter().flat_map(|snapshot| snapshot.nodes.iter().enumerate());
        order::gather(nodes.map(|(i, node)| (node.id.as_str(), i)))
    }

    /// Whether it cannot keep up with the speed that is asked for.
    pub fn is_behind(&self) -> bool {
        // As fast as possible is never too slow.
        let asked = self.speed < crate::run::FASTEST;
        asked && self.running && self.snapshot.is_some() && self.pace < self.speed * 0.9
    }
}

/// What the page knows of the agent that may have served it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Agent {
    /// Not asked yet.
    #[default]
    Unknown,
    /// The page is a folder of files: there is none.
    Absent,
    /// It was there and does not answer.
    Gone,
    /// It is there.
    Present {
        /// Its version.
        version: String,
        /// The most that a run may ask for.
        caps: Caps,
    },
}

/// The live run.
#[derive(Clone, Debug)]
pub struct Live {
    /// What it does.
    pub stage: Stage,
    /// Its id, once it has one.
    pub id: Option<String>,
    /// What has been measured; stays after the run, for comparison.
    pub measured: Option<Shared<Measured>>,
    /// The measured figures of the subject.
    pub figures: Option<Shared<Figures>>,
    /// The measured figures of all requests.
    pub all: Option<Shared<Figures>>,
    /// How well the simulation foretold it; none until both are over.
    pub fidelity: Option<Shared<Fidelity>>,
    /// How long it is to be, in seconds.
    pub seconds: u32,
    /// How often it was planned to ask whether the agent is there; only the last time counts.
    pub asking: u32,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            stage: Stage::None,
            id: None,
            measured: None,
            figures: None,
            all: None,
            fidelity: None,
            seconds: 10,
            asking: 0,
        }
    }
}

/// What a live run does.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stage {
    /// There is none.
    #[default]
    None,
    /// It was asked for.
    Starting,
    /// It is in a phase, told in words.
    Under {
        /// Which.
        phase: Phase,
        /// In words.
        text: String,
    },
    /// It was asked to stop.
    Stopping,
}

/// A chart over time is of one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverTime {
    /// The simulation.
    #[default]
    Simulated,
    /// The measurement.
    Measured,
}

/// Something that the page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its number.
    pub number: u32,
    /// Whether something went wrong; then it stays until it is closed.
    pub is_error: bool,
    /// One sentence.
    pub text: String,
    /// What can be done about it.
    pub offer: Option<Offer>,
}

/// What a notice offers to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Take the last change back.
    Undo,
    /// Bring a deleted design back.
    Restore(Rc<str>),
    /// Show what another tab wrote.
    TakeOver,
    /// Load the new version of the page.
    Reload,
}

impl Offer {
    /// What its button says.
    pub const fn text(&self) -> &'static str {
        match self {
            Self::Undo | Self::Restore(_) => "Undo",
            Self::TakeOver => "Show that version",
            Self::Reload => "Reload",
        }
    }

    /// What its button asks for.
    pub fn msg(&self) -> Msg {
        match self {
            Self::Undo => Msg::Undo,
            Self::Restore(id) => Msg::Library(library::Msg::Restore(id.clone())),
            Self::TakeOver => Msg::Library(library::Msg::TakeOver),
            Self::Reload => Msg::Reload,
        }
    }
}

/// The colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What lies over the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// How long a live run is to be.
    Live,
    /// The keys.
    Keys,
}

/// What can be hit in a document.
pub fn scene(document: &Topology) -> Scene {
    let place = |at: Option<[f64; 2]>| {
        let [x, y] = at.unwrap_or_default();
        node_rect(WorldPoint::new(x, y))
    };
    let places: BTreeMap<&str, usize> =
        order::gather(document.nodes.iter().enumerate().rev().map(|(i, node)| (node.id.as_str(), i)));
    let find = |id: &str| places.get(id).copied();
    let nodes: Vec<Rect> = document.nodes.iter().map(|node| place(node.at)).collect();
    let edges: Vec<Option<(usize, usize)>> =
        document.edges.iter().map(|edge| find(&edge.from).zip(find(&edge.to))).collect();
    let calls: Vec<(usize, usize)> = edges.iter().copied().flatten().collect();
    let column = columns(nodes.len(), &calls);
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order::sort_by(&mut order, |&a, &b| column[a].cmp(&column[b]).then(nodes[a].y.total_cmp(&nodes[b].y)));
    Scene { regions: edit::regions(document, &nodes), nodes, edges, order }
}
