//! The simulation's worker: the shell around [`Simulation`] that knows the clock and the messages, and nothing else.
use super::figures::{Figures, Subject};
use super::pace::Pace;
use super::protocol::{FromWorker, SEED, ToWorker};
use super::study::study;
use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use loadpath_core::advise::{Finding, findings_of_run};
use loadpath_core::rng::Seed;
use loadpath_core::sim::{Command, Simulation};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Fault, Objectives, Plan, Topology, check};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// How long a step may work before messages are looked at again, in milliseconds.
const STEP_MS: f64 = 12.0;
/// The pause between two steps, in milliseconds.
const REST_MS: u32 = 6;
/// Events between two looks at the clock: well under a millisecond.
const EVENTS: u64 = 2_000;
/// Milliseconds between two snapshots.
const SNAPSHOT_MS: f64 = 120.0;
/// Figures of fewer requests than this would only flicker.
const ENOUGH: u64 = 30;
/// Milliseconds between two cuts of the figures.
const FIGURES_MS: f64 = 1_000.0;
/// An objective is judged from this many requests on: ten lie beyond a 99th percentile.
const JUDGED: u64 = 1_000;

/// A design that is being simulated.
struct Loaded {
    load: u32,
    plan: Plan,
    /// What the page was last told that the run does not hold.
    findings: Vec<Finding>,
    simulation: Simulation,
    pace: Pace,
    warm_up: Span,
    warm: bool,
}

struct Worker {
    scope: DedicatedWorkerGlobalScope,
    loaded: Option<Loaded>,
    speed: f64,
    watched: Subject,
    snapshot_due: f64,
    /// Whether anything has happened since the last snapshot.
    fresh: bool,
    /// When the snapshot that the page has not taken in yet was sent.
    unseen: Option<f64>,
    figures_due: f64,
    ticking: bool,
}

type Handle = Rc<RefCell<Worker>>;

/// Starts listening. Called once, in the worker.
pub(crate) fn start() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let worker = Worker {
        scope: scope.clone(),
        loaded: None,
        speed: 1.0,
        watched: Subject::All,
        snapshot_due: 0.0,
        fresh: false,
        unseen: None,
        figures_due: 0.0,
        ticking: false,
    };
    let handle = Rc::new(RefCell::new(worker));
    let listener = EventListener::new(&scope, "message", move |event| {
        let data = event.unchecked_ref::<MessageEvent>().data().as_string().unwrap_or_default();
        // Both ends are this module, so a message that cannot be read is one of a page of another version.
        match serde_json::from_str(&data) {
            Ok(message) => handle.borrow_mut().take(message),
            Err(error) => handle.borrow().say(&FromWorker::Refused {
                error: format!("the simulator did not understand the page ({error}); reload the page"),
            }),
        }
        wake(&handle);
    });
    listener.forget();
}

/// Makes sure that the next step comes.
fn wake(handle: &Handle) {
    if std::mem::replace(&mut handle.borrow_mut().ticking, true) {
        return;
    }
    later(Rc::clone(handle));
}

fn later(handle: Handle) {
    Timeout::new(REST_MS, move || {
        if handle.borrow_mut().step() {
            later(handle);
        } else {
            handle.borrow_mut().ticking = false;
        }
    })
    .forget();
}

impl Worker {
    fn take(&mut self, message: ToWorker) {
        match message {
            ToWorker::Load { load, document, seed, warm_up } => self.load(load, &document, seed, warm_up),
            ToWorker::Seen => {
                self.seen();
                return;
            }
            ToWorker::Study { number, study: question } => {
                let studied = Box::new(study(&question, Seed(SEED)));
                self.say(&FromWorker::Studied { number, studied });
                return;
            }
            ToWorker::Reset => self.reset(),
            ToWorker::Report => self.report(),
            ToWorker::Unload => self.loaded = None,
            ToWorker::Command(command) => self.command(&command),
            ToWorker::Speed(speed) => {
                self.speed = speed;
                let now = self.now();
                if let Some(loaded) = &mut self.loaded {
                    loaded.pace.set_speed(speed, now, loaded.simulation.now());
                }
            }
            ToWorker::Watch(subject) => {
                self.watched = subject;
                self.figures_due = 0.0;
            }
        }
        self.snapshot_due = 0.0;
        self.fresh = true;
    }

    fn load(&mut self, load: u32, document: &Topology, seed: u64, warm_up: Span) {
        match check(document) {
            Ok(plan) => {
                let simulation = Simulation::new(&plan, Seed(seed));
                let pace = Pace::new(self.speed, self.now(), Time::ZERO);
                let findings = Vec::new();
                self.loaded = Some(Loaded { load, plan, findings, simulation, pace, warm_up, warm: false });
                self.figures_due = 0.0;
            }
            Err(faults) => {
                let error = faults.first().map_or_else(String::new, Fault::to_string);
                self.say(&FromWorker::Refused { error });
            }
        }
    }

    fn command(&mut self, command: &Command) {
        let Some(loaded) = &mut self.loaded else { return };
        if let Err(fault) = loaded.simulation.command(command) {
            self.say(&FromWorker::Refused { error: fault.to_string() });
        }
    }

    fn reset(&mut self) {
        // The end of the warm-up resets by itself.
        if let Some(loaded) = self.loaded.as_mut().filter(|loaded| loaded.warm) {
            loaded.simulation.reset_statistics();
        }
    }

    fn report(&self) {
        if let Some(loaded) = self.loaded.as_ref().filter(|loaded| loaded.warm) {
            let run = Box::new(loaded.simulation.run("simulated"));
            self.say(&FromWorker::Report { load: loaded.load, run });
        }
    }

    /// Simulates for a while, tells what is due, and gives whether there is more to do.
    fn step(&mut self) -> bool {
        let start = self.now();
        let scope = self.scope.clone();
        let Some(loaded) = &mut self.loaded else { return false };
        let paused = loaded.pace.speed == 0.0;
        loaded.run(start, || clock(&scope));
        let now = clock(&scope);
        let warm = loaded.warm;
        if warm && self.fresh && now >= self.snapshot_due && self.unseen.is_none() {
            self.fresh = false;
            self.snapshot_due = now + SNAPSHOT_MS;
            self.unseen = Some(now);
            self.tell_snapshot();
        }
        if warm && now >= self.figures_due {
            self.figures_due = now + if self.tell_figures() { FIGURES_MS } else { SNAPSHOT_MS };
        }
        // Paused, what a command did is still told.
        self.fresh |= !paused;
        self.fresh || !warm
    }

    /// The page has taken a snapshot in. The next one leaves it twice the time that this one took.
    fn seen(&mut self) {
        let now = self.now();
        if let Some(sent) = self.unseen.take() {
            self.snapshot_due = self.snapshot_due.max(now + 2.0 * (now - sent));
        }
    }

    fn tell_snapshot(&self) {
        let Some(loaded) = &self.loaded else { return };
        let snapshot = Box::new(loaded.simulation.snapshot());
        self.say(&FromWorker::Snapshot { load: loaded.load, snapshot, pace: loaded.pace.average() });
    }

    /// Tells the figures of what is watched, and gives whether there were any.
    fn tell_figures(&mut self) -> bool {
        let Some(loaded) = &mut self.loaded else { return false };
        let run = loaded.simulation.run("");
        if loaded.plan.objectives != Objectives::default() && run.outcomes().total() >= JUDGED {
            let findings = findings_of_run(&loaded.plan, &run);
            if findings != loaded.findings {
                loaded.findings.clone_from(&findings);
                let load = loaded.load;
                self.say(&FromWorker::Findings { load, findings });
            }
        }
        let Some(loaded) = &self.loaded else { return false };
        let figures = Figures::of(&run, &self.watched);
        let Some(figures) = figures.filter(|figures| figures.count >= ENOUGH) else { return false };
        self.say(&FromWorker::Figures { load: loaded.load, figures: Box::new(figures) });
        true
    }

    fn say(&self, message: &FromWorker) {
        let text = serde_json::to_string(message).expect("a message holds only what JSON can say");
        self.scope.post_message(&JsValue::from_str(&text)).expect("a text can always be posted");
    }

    fn now(&self) -> f64 {
        clock(&self.scope)
    }
}

impl Loaded {
    /// Runs towards the instant that is due, for one step at most.
    fn run(&mut self, start: f64, clock: impl Fn() -> f64) {
        if !self.warm {
            self.warm = self.run_until(Time::ZERO + self.warm_up, start, &clock);
            if self.warm {
                self.simulation.reset_statistics();
                self.pace.set_speed(self.pace.speed, clock(), self.simulation.now());
            }
            return;
        }
        self.run_until(self.pace.target(start), start, &clock);
        self.pace.reached(clock(), self.simulation.now());
    }

    fn run_until(&mut self, until: Time, start: f64, clock: &impl Fn() -> f64) -> bool {
        while !self.simulation.run_some(until, EVENTS) {
            if clock() - start > STEP_MS {
                return false;
            }
        }
        true
    }
}

/// Milliseconds of the worker's own clock.
fn clock(scope: &DedicatedWorkerGlobalScope) -> f64 {
    scope.performance().map_or(0.0, |performance| performance.now())
}
