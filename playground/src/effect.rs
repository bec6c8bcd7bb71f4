//! What the reducer wants done, and the only place that does it: the worker, timers, storage, the network, files.
mod agent;
mod browser;
mod leaving;

use crate::canvas::stage;
use crate::geometry::{Camera, Cubic, Guide, Rect, ScreenPoint, WorldPoint};
use crate::library::Kept;
use crate::model::Theme;
use crate::msg::Msg;
use crate::run::{Study, Thread, ToWorker};
use crate::shared::Shared;
use gloo::timers::callback::Timeout;
use loadpath_core::topology::Topology;
use loadpath_core::wire::{KillInstance, StartRun};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use yew::Callback;

pub(crate) use browser::{elsewhere, fragment, is_dark, read_file, startup};
pub(crate) use leaving::{answer, pasted};

/// Something to be done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Draw at once, past the virtual DOM.
    Draw(Draw),
    /// Give the keyboard's focus to the element of this id, as soon as it is drawn.
    Focus(String),
    /// Tell the simulation's worker.
    Worker(ToWorker),
    /// Ask the worker that studies.
    Study {
        /// The answer carries it.
        number: u32,
        /// The question.
        study: Box<Study>,
    },
    /// Give a thread that has broken up for a new one.
    Renew(Thread),
    /// Keep how far the course has come.
    KeepCourse(String),
    /// Keep the baselines of comparisons.
    KeepBaselines(String),
    /// Tell the worker that its snapshot is drawn, as soon as it is.
    Seen,
    /// Send a message later.
    After {
        /// In how many milliseconds.
        ms: u32,
        /// What.
        msg: Box<Msg>,
    },
    /// Send a message later: so long after the next frame is drawn, since a slow one is no pause.
    AfterFrame {
        /// In how many milliseconds.
        ms: u32,
        /// What.
        msg: Box<Msg>,
    },
    /// Put the document's link into the address bar, and remember which design it is.
    Store {
        /// The document.
        document: Shared<Topology>,
        /// Its link's fragment; empty when it does not fit.
        fragment: String,
        /// Under which key it is kept.
        design: Rc<str>,
    },
    /// Keep a design in the browser.
    Keep {
        /// The design.
        kept: Kept,
        /// What this tab believes is kept now: if it is something else, another tab wrote it.
        before: Option<Rc<str>>,
    },
    /// Keep a design no more.
    Forget(Rc<str>),
    /// Keep what can be undone until the tab is closed.
    KeepHistory(String),
    /// Load the page anew.
    Reload,
    /// Show these colours, and keep them.
    Theme(Theme),
    /// Put the page's address into the clipboard.
    CopyAddress,
    /// Put the page's address with this fragment into the clipboard.
    CopyLink(String),
    /// Put a text into the clipboard.
    Copy {
        /// The text.
        text: String,
        /// What it is, for people.
        what: &'static str,
    },
    /// Put the HTML that shows a design in another page into the clipboard.
    CopyEmbed {
        /// The design's link.
        fragment: String,
        /// Its name.
        name: String,
    },
    /// Ask for what the clipboard holds.
    AskClipboard,
    /// Save a drawing as a picture.
    Picture(Picture),
    /// Save a text as a file.
    Download {
        /// The file's name.
        name: String,
        /// Its type.
        kind: &'static str,
        /// The text.
        text: String,
    },
    /// Let a file be chosen.
    PickFile,
    /// Ask whether an agent is there.
    AskAgent,
    /// Exchange the one-time code for the right to act.
    Exchange(String),
    /// Keep the right to act for as long as the tab is open.
    KeepToken(String),
    /// Start a live run.
    StartRun {
        /// The right to act.
        token: String,
        /// What is to be run.
        run: Box<StartRun>,
    },
    /// Stop a live run.
    StopRun {
        /// The right to act.
        token: String,
        /// Its id.
        run: String,
    },
    /// Kill a process of a live run.
    KillLive {
        /// The right to act.
        token: String,
        /// The run's id.
        run: String,
        /// Which process.
        instance: KillInstance,
    },
    /// Follow a live run's events.
    Listen(String),
    /// Follow them no more.
    StopListening,
}

/// A drawing that is to become a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The file's name.
    pub name: String,
    /// The drawing, as SVG.
    pub svg: String,
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
}

/// What is drawn past the virtual DOM, many times a second during a gesture.
#[derive(Clone, Debug, PartialEq)]
pub enum Draw {
    /// Another part of the plane.
    Camera {
        /// The view.
        camera: Camera,
        /// The part of the plane that it shows.
        shown: Rect,
    },
    /// Nodes on their way, and what goes with them.
    Moved(Moved),
    /// An edge that is being drawn.
    Wire {
        /// Its way.
        way: Cubic,
        /// Where the pointer is.
        at: ScreenPoint,
        /// What is said beside the pointer.
        hint: Option<String>,
        /// Whether that is why there may be no such edge.
        is_refused: bool,
    },
    /// The rectangle of a marquee.
    Marquee(Rect),
    /// A component on its way from the palette.
    Ghost {
        /// Its kind.
        kind: &'static str,
        /// Where the pointer is.
        at: ScreenPoint,
        /// How large it will be.
        zoom: f64,
    },
    /// The camera rests: what was moved as a picture is drawn sharp again.
    Rest,
    /// No wire, marquee or ghost.
    Clear,
    /// The pointer left one edge and came to another.
    Hover {
        /// The edge that it left.
        old: Option<usize>,
        /// The edge that it came to.
        new: Option<usize>,
    },
}

/// Nodes on their way, and what goes with them.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// Nodes and where their upper left corners are.
    pub nodes: Vec<(usize, WorldPoint)>,
    /// Edges and their ways.
    pub edges: Vec<(usize, Cubic)>,
    /// Regions and how far they reach.
    pub regions: Vec<(usize, Rect)>,
    /// What is moved as one picture.
    pub lifted: Option<Lifted>,
    /// With what they are in line.
    pub guides: Vec<Guide>,
    /// The region that they would join.
    pub into: Option<usize>,
}

/// Many nodes, moved as one picture: drawing one transform costs the same for a thousand.
#[derive(Clone, Debug, PartialEq)]
pub struct Lifted {
    /// The nodes.
    pub nodes: Vec<usize>,
    /// The edges between them.
    pub edges: Vec<usize>,
    /// How far to the right.
    pub dx: f64,
    /// How far down.
    pub dy: f64,
    /// Whether they are copies: then the originals are seen too.
    pub copies: bool,
}

/// What effects need from one to the next.
pub struct Shell {
    tell: Callback<Msg>,
    worker: Option<Rc<browser::SimulationWorker>>,
    /// Another thread for questions that take a while; started by the first one.
    study: Option<browser::SimulationWorker>,
    events: Option<agent::Events>,
}

impl Shell {
    /// Starts the simulation's worker.
    pub fn new(tell: Callback<Msg>) -> Self {
        let worker = simulation(&tell);
        Self { tell, worker, study: None, events: None }
    }

    /// Does it.
    pub fn carry_out(&mut self, effect: Effect) {
        let tell = self.tell.clone();
        match effect {
            Effect::Draw(draw) => stage::draw(&draw),
            Effect::Focus(id) => {
                // In a task of its own, behind the one that draws; where that is late, behind the next frame.
                let again = move || {
                    if !stage::focus(&id) {
                        browser::next_frame(move || {
                            Timeout::new(0, move || _ = stage::focus(&id)).forget();
                        });
                    }
                };
                Timeout::new(0, again).forget();
            }
            Effect::Worker(message) => {
                if let Some(worker) = &self.worker {
                    worker.post(&message);
                }
            }
            Effect::Study { number, study } => {
                if self.study.is_none() {
                    self.study = browser::SimulationWorker::start(Thread::Study, &tell).ok();
                }
                match &self.study {
                    Some(worker) => worker.post(&ToWorker::Study { number, study }),
                    None => {
                        let why = "the browser did not start it".to_owned();
                        tell.emit(Msg::WorkerBroke(Thread::Study, why));
                    }
                }
            }
            // A thread that has broken is replaced at once, or by the next question.
            Effect::Renew(Thread::Simulation) => self.worker = simulation(&tell),
            Effect::Renew(Thread::Study) => self.study = None,
            Effect::KeepCourse(text) => browser::keep_course(&text),
            Effect::KeepBaselines(text) => browser::keep_baselines(&text),
            Effect::Seen => {
                if let Some(worker) = self.worker.clone() {
                    // In a task of its own, behind the one that draws.
                    Timeout::new(0, move || worker.post(&ToWorker::Seen)).forget();
                }
            }
            Effect::After { ms, msg } => {
                Timeout::new(ms, move || tell.emit(*msg)).forget();
            }
            Effect::AfterFrame { ms, msg } => {
                browser::next_frame(move || {
                    Timeout::new(ms, move || tell.emit(*msg)).forget();
                });
            }
            Effect::Store { document, fragment, design } => browser::store(&document, &fragment, &design),
            Effect::Keep { kept, before } => browser::keep(&tell, &kept, before.as_deref()),
            Effect::Forget(id) => browser::forget(&id),
            Effect::KeepHistory(text) => browser::keep_history(&text),
            Effect::Reload => browser::reload(),
            Effect::Theme(theme) => browser::show_theme(theme),
            Effect::CopyAddress => leaving::copy_address(tell, None),
            Effect::CopyLink(fragment) => leaving::copy_address(tell, Some(&fragment)),
            Effect::Copy { text, what } => leaving::copy(tell, text, what),
            Effect::CopyEmbed { fragment, name } => leaving::copy_embed(tell, &fragment, &name),
            Effect::AskClipboard => leaving::ask(tell),
            Effect::Picture(picture) => leaving::save_picture(tell, picture),
            Effect::Download { name, kind, text } => {
                if leaving::download(&name, kind, &text).is_err() {
                    tell.emit(Msg::Failed(format!("The browser did not save {name}.")));
                }
            }
            Effect::PickFile => browser::pick_file(),
            Effect::AskAgent => agent::ask(tell),
            Effect::Exchange(code) => agent::exchange(tell, code),
            Effect::KeepToken(token) => browser::keep_token(&token),
            Effect::StartRun { token, run } => agent::start(tell, token, &run),
            Effect::StopRun { token, run } => agent::act(tell, token, format!("api/runs/{run}/stop"), None),
            Effect::KillLive { token, run, instance } => {
                let body = serde_json::to_string(&instance).ok();
                agent::act(tell, token, format!("api/runs/{run}/kill"), body);
            }
            Effect::Listen(run) => self.events = agent::Events::open(&tell, &run),
            Effect::StopListening => self.events = None,
        }
    }
}

/// The simulation's thread; where the browser starts none, that is told.
fn simulation(tell: &Callback<Msg>) -> Option<Rc<browser::SimulationWorker>> {
    let started = browser::SimulationWorker::start(Thread::Simulation, tell).ok();
    if started.is_none() {
        // Not at once: the page is still being made.
        let tell = tell.clone();
        let why = "the browser did not start it".to_owned();
        Timeout::new(0, move || tell.emit(Msg::WorkerBroke(Thread::Simulation, why))).forget();
    }
    started.map(Rc::new)
}

/// What the browser said went wrong, for people.
fn told(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &JsValue::from_str("message")).ok();
    message.and_then(|text| text.as_string()).unwrap_or_else(|| "no reason given".to_owned())
}
