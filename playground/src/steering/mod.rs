//! What runs, as a person sees and steers it: faults, the timeline, charts over time, single requests.
pub mod fault;
pub mod past;
pub mod request;

use crate::model::Model;
use crate::run::{Column, Query, SEED};
use crate::shared::Shared;
use loadpath_core::sim::Command;
use loadpath_core::time::Time;
use loadpath_core::topology::{Edge, Happening, Topology};

pub use fault::{Target, faults_for, happening, targets};
pub use past::Past;
pub use request::Requests;

/// Something happened to what runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// These are to be done to it, at once and in this order.
    Inject(Vec<Command>),
    /// Paused, it is to run on a little.
    Step,
    /// Chance is to come from this seed, from the start.
    Seed(u64),
    /// The menu of faults is to be open, or not.
    Menu(bool),
    /// The menu is to be of this.
    Aim(Target),
    /// What was done by hand, by its place, is to be kept on the design's timeline.
    Keep(usize),
    /// Something new is to happen at this second.
    AddEvent(f64),
    /// An event of the timeline was chosen, or none.
    Event(Option<usize>),
    /// It is on its way to this second.
    Drag(usize, f64),
    /// It was let go.
    Drop,
    /// It is to happen so many seconds later.
    Shift(usize, f64),
    /// It is to happen at this time, as it is written.
    When(usize, String),
    /// It is to be another action.
    Action(usize, &'static str),
    /// It is to happen no more.
    RemoveEvent(usize),
    /// This chart is to be shown.
    Chart(Chart),
    /// Requests are asked for, with the words for them.
    Find(Query, String),
    /// A request is to be shown hop by hop.
    Trace(u64),
    /// The link to the request that is shown is to be copied.
    CopyTrace,
    /// No requests are to be shown.
    Close,
}

/// Which chart stands beside the one over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chart {
    /// Latency by percentile.
    #[default]
    Percentiles,
    /// Latency over time, as a heat map.
    Heat,
    /// Where a request's time goes: waiting and work, hop by hop.
    Shares,
}

/// What was done by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Injected {
    /// When.
    pub at: Time,
    /// What.
    pub command: Command,
    /// Whether the design's timeline has it by now.
    pub kept: bool,
}

/// What the page knows of what runs, besides its last snapshot.
#[derive(Debug)]
pub struct Steering {
    /// Where chance comes from.
    pub seed: u64,
    /// Whether the menu of faults is open.
    pub menu: bool,
    /// What it is of, when that was chosen in it.
    pub aim: Option<Target>,
    /// The design that the simulation began with.
    pub loaded: Option<Shared<Topology>>,
    /// What was done by hand since then.
    pub injected: Vec<Injected>,
    /// The event of the timeline that is chosen.
    pub event: Option<usize>,
    /// An event on its way, and the second that it is over.
    pub drag: Option<(usize, f64)>,
    /// Which chart is shown.
    pub chart: Chart,
    /// The last seconds of the subject, oldest first.
    pub columns: Shared<Vec<Column>>,
    /// How all nodes were doing in the last seconds.
    pub past: Shared<Past>,
    /// The requests that are shown.
    pub requests: Option<Requests>,
    /// The request that a link asks for, until the design that it is of runs.
    pub asked: Option<u64>,
}

impl Default for Steering {
    fn default() -> Self {
        Self {
            seed: SEED,
            menu: false,
            aim: None,
            loaded: None,
            injected: Vec::new(),
            event: None,
            drag: None,
            chart: Chart::default(),
            columns: Shared::default(),
            past: Shared::default(),
            requests: None,
            asked: None,
        }
    }
}

/// Whether an edge of the document is cut in the simulation; none when it is not simulated.
pub fn is_cut(model: &Model, edge: &Edge) -> Option<bool> {
    let simulated = model.simulated.document.as_deref()?;
    let same = |other: &Edge| other.from == edge.from && other.to == edge.to;
    let place = simulated.edges.iter().position(same)?;
    let seen = model.simulated.snapshot.as_deref()?.edges.get(place)?;
    Some(seen.cut)
}

/// When an event happens, in seconds; none when that cannot be read.
pub fn second_of(event: &Happening) -> Option<f64> {
    let at: loadpath_core::time::Span = event.at.parse().ok()?;
    Some(at.as_secs())
}

/// An event in a few words: "kill web #1", "cut web → db".
pub fn event_words(document: &Topology, event: &Happening) -> String {
    let text = |name: &str| event.params.get(name).map(ToString::to_string).unwrap_or_default();
    let label = |id: String| document.node(&id).map_or(id, crate::describe::label);
    let title = loadpath_core::topology::catalog::ACTIONS.iter().find(|action| action.name == event.action);
    let title = title.map_or_else(|| event.action.clone(), |action| action.title.to_owned());
    match event.action.as_str() {
        "kill" | "restore" | "slow" => {
            let instance = match text("instance").as_str() {
                "0" => String::new(),
                "" => " #1".to_owned(),
                number => format!(" #{number}"),
            };
            format!("{title} {}{instance}", label(text("node")))
        }
        "set_rate" => format!("{title} to {}", text("rate")),
        "cut" | "join" => format!("{title}: {} → {}", label(text("from")), label(text("to"))),
        "partition" | "heal" | "lose_zone" | "restore_zone" => format!("{title} {}", text("zone")),
        _ => format!("{title} {}", label(text("node"))),
    }
}
