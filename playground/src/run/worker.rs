//! The simulation's worker: the shell around [`Simulation`] that knows the clock and the messages, and nothing else.
use super::QUANTILES;
use super::figures::{Figures, Subject};
use super::pace::Pace;
use super::protocol::{FromWorker, SEED, STEP, ToWorker};
use super::record::{KEPT, Record, whole_seconds};
use super::study::study;
use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use loadpath_core::advise::{Finding, findings_of_run};
use loadpath_core::rng::Seed;
use loadpath_core::sim::{Command, Ended, Replay, Simulation};
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
/// How long the page is left alone after a snapshot, at most.
const LONGEST_MS: f64 = 1_000.0;
/// Figures of fewer requests than this would only flicker.
const ENOUGH: u64 = 30;
/// A request that is not sent before this is not looked for.
const LONGEST_REPLAY: Span = Span(3_600_000_000_000);
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
    seed: Seed,
    /// Whose seconds are recorded beside those of requests.
    node: Option<String>,
    record: Record,
    /// The seconds from this one on have not been told.
    untold: u64,
    /// What was done when.
    log: Vec<(Time, Command)>,
    /// Until when to run although it is paused.
    step_until: Option<Time>,
    ended: Vec<Ended>,
}

/// A run that is run again up to a request.
struct Replaying {
    load: u32,
    request: u64,
    replay: Replay,
    log: Vec<(Time, Command)>,
    told_due: f64,
}

struct Worker {
    scope: DedicatedWorkerGlobalScope,
    loaded: Option<Loaded>,
    replaying: Option<Replaying>,
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
        replaying: None,
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
        match loadpath_core::json::read(&data) {
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
            ToWorker::Unload => {
                self.loaded = None;
                self.replaying = None;
            }
            ToWorker::Command(command) => self.command(command),
            ToWorker::Step => {
                if let Some(loaded) = &mut self.loaded {
                    let from = loaded.step_until.unwrap_or_else(|| loaded.simulation.now());
                    loaded.step_until = Some(from + STEP);
                }
            }
            ToWorker::Find(query) => {
                if let Some(loaded) = &self.loaded {
                    let found = loaded.record.find(&query);
                    self.say(&FromWorker::Found { load: loaded.load, query, found });
                }
                return;
            }
            ToWorker::Trace { request } => self.replay(request),
            ToWorker::EndTrace => self.replaying = None,
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
                if let Some(loaded) = &mut self.loaded {
                    loaded.watch(&self.watched);
                }
            }
        }
        self.snapshot_due = 0.0;
        self.fresh = true;
    }

    fn load(&mut self, load: u32, document: &Topology, seed: u64, warm_up: Span) {
        match check(document) {
            Ok(plan) => {
                let mut simulation = Simulation::new(&plan, Seed(seed));
                simulation.record_ended();
                let pace = Pace::new(self.speed, self.now(), Time::ZERO);
                let mut loaded = Loaded::new(load, plan, Seed(seed), simulation, pace, warm_up);
                loaded.watch(&self.watched);
                self.loaded = Some(loaded);
                self.replaying = None;
                self.figures_due = 0.0;
            }
            Err(faults) => {
                let error = faults.first().map_or_else(String::new, Fault::to_string);
                self.say(&FromWorker::Refused { error });
            }
        }
    }

    fn command(&mut self, command: Command) {
        let Some(loaded) = &mut self.loaded else { return };
        let now = loaded.simulation.now();
        // Between two events of the same instant nobody could give it again.
        loaded.simulation.run_until(now);
        if let Err(fault) = loaded.simulation.command(&command) {
            return self.say(&FromWorker::Refused { error: fault.to_string() });
        }
        loaded.log.push((now, command.clone()));
        let load = loaded.load;
        self.say(&FromWorker::Did { load, at_ns: now.0, command });
    }

    /// Begins to run the run again, up to a request.
    fn replay(&mut self, request: u64) {
        let Some(loaded) = &self.loaded else { return };
        let log = loaded.log.clone();
        let until = Time::ZERO + LONGEST_REPLAY;
        let replay = Replay::new(&loaded.plan, loaded.seed, log.clone(), request, until);
        self.replaying = Some(Replaying { load: loaded.load, request, replay, log, told_due: 0.0 });
    }

    /// Runs the replay on for a while, and tells how far it is.
    fn step_replay(&mut self) {
        let start = self.now();
        let Some(mut replaying) = self.replaying.take() else { return };
        let mut done = false;
        while !done && clock(&self.scope) - start < STEP_MS {
            done = replaying.replay.step(EVENTS);
        }
        let now = self.now();
        if done || now >= replaying.told_due {
            replaying.told_due = now + FIGURES_MS / 4.0;
            self.say(&FromWorker::Traced {
                load: replaying.load,
                request: replaying.request,
                reached_ns: replaying.replay.now().0,
                done,
                trace: replaying.replay.trace().filter(|_| done).cloned().map(Box::new),
                log: replaying.log.iter().filter(|_| done).map(|(at, c)| (at.0, c.clone())).collect(),
            });
        }
        self.replaying = Some(replaying).filter(|_| !done);
    }

    fn reset(&mut self) {
        // The end of the warm-up resets by itself.
        if let Some(loaded) = self.loaded.as_mut().filter(|loaded| loaded.warm) {
            loaded.simulation.reset_statistics();
            loaded.record.reset();
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
        self.step_replay();
        let start = self.now();
        let scope = self.scope.clone();
        let Some(loaded) = &mut self.loaded else { return false };
        let paused = loaded.pace.speed == 0.0;
        let steps = loaded.step_until.is_some();
        loaded.run(start, || clock(&scope));
        let now = clock(&scope);
        let warm = loaded.warm;
        if warm && self.fresh && now >= self.snapshot_due && self.unseen.is_none() {
            self.fresh = false;
            self.snapshot_due = now + SNAPSHOT_MS;
            self.unseen = Some(now);
            self.tell_columns();
            self.tell_snapshot();
        }
        if warm && now >= self.figures_due {
            self.figures_due = now + if self.tell_figures() { FIGURES_MS } else { SNAPSHOT_MS };
        }
        // Paused, what a command did is still told.
        self.fresh |= !paused || steps;
        self.fresh || !warm || self.replaying.is_some()
    }

    /// The page has taken a snapshot in. The next one leaves it twice the time that this one took, but no more than a second:
    /// during a gesture the page takes its time.
    fn seen(&mut self) {
        let now = self.now();
        if let Some(sent) = self.unseen.take() {
            self.snapshot_due = self.snapshot_due.max(now + (2.0 * (now - sent)).min(LONGEST_MS));
        }
    }

    /// Tells the whole seconds that have passed since the last time.
    fn tell_columns(&mut self) {
        let Some(loaded) = &mut self.loaded else { return };
        let end = whole_seconds(loaded.simulation.now());
        let from = std::mem::replace(&mut loaded.untold, end).max(end.saturating_sub(KEPT as u64));
        let columns = loaded.record.columns(&self.watched, from, end);
        let load = loaded.load;
        if !columns.is_empty() {
            let subject = self.watched.clone();
            self.say(&FromWorker::Columns { load, subject, columns });
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
        let Some(mut figures) = figures.filter(|figures| figures.count >= ENOUGH) else { return false };
        let widths = loaded.record.half_widths(&self.watched, QUANTILES.map(|(_, quantile)| quantile));
        figures.quantile_widths = widths.quantiles;
        (figures.rate_width, figures.error_width) = (widths.rate, widths.error_share);
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
    fn new(load: u32, plan: Plan, seed: Seed, simulation: Simulation, pace: Pace, warm_up: Span) -> Self {
        let classes = plan.classes.iter().map(|class| class.name.clone()).collect();
        Self {
            load,
            simulation,
            pace,
            warm_up,
            warm: false,
            findings: Vec::new(),
            plan,
            seed,
            node: None,
            record: Record::new(classes),
            untold: 0,
            log: Vec::new(),
            step_until: None,
            ended: Vec::new(),
        }
    }

    /// From now on the seconds of this are told, those that are kept first.
    fn watch(&mut self, subject: &Subject) {
        self.node = if let Subject::Node(id) = subject { Some(id.clone()) } else { None };
        self.record.watch();
        self.untold = 0;
    }

    /// Runs towards the instant that is due, for one step at most.
    fn run(&mut self, start: f64, clock: impl Fn() -> f64) {
        if !self.warm {
            self.warm = self.run_until(Time::ZERO + self.warm_up, start, &clock);
            if self.warm {
                self.simulation.reset_statistics();
                self.record.reset();
                self.pace.set_speed(self.pace.speed, clock(), self.simulation.now());
            }
            return;
        }
        if let Some(until) = self.step_until {
            if self.run_until(until, start, &clock) {
                self.step_until = None;
                self.pace.set_speed(self.pace.speed, clock(), self.simulation.now());
            }
            return;
        }
        self.run_until(self.pace.target(start), start, &clock);
        self.pace.reached(clock(), self.simulation.now());
    }

    fn run_until(&mut self, until: Time, start: f64, clock: &impl Fn() -> f64) -> bool {
        loop {
            let second = whole_seconds(self.simulation.now()) + 1;
            let end = Time(second * Span::SECOND.0);
            let is_there = self.simulation.run_some(until.min(end), EVENTS);
            self.take_down(if is_there && end <= until { Some(second - 1) } else { None });
            if is_there && until < end {
                return true;
            }
            if clock() - start > STEP_MS {
                return false;
            }
        }
    }

    /// Records the requests that have ended, and the second that has passed, if one has.
    fn take_down(&mut self, second: Option<u64>) {
        let mut ended = std::mem::take(&mut self.ended);
        self.simulation.take_ended(&mut ended);
        ended.drain(..).for_each(|ended| self.record.add(ended));
        self.ended = ended;
        if let Some(second) = second {
            let node = self.node.as_deref().and_then(|node| self.simulation.last_second(node));
            self.record.second_passed(second, node);
        }
    }
}

/// Milliseconds of the worker's own clock.
fn clock(scope: &DedicatedWorkerGlobalScope) -> f64 {
    scope.performance().map_or(0.0, |performance| performance.now())
}
