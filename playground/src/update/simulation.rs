//! The running simulation: what it is told, and what it tells.
use super::{comparison, document, fidelity, live, notice, steering, study};
use crate::edit::Bag;
use crate::effect::Effect;
use crate::format;
use crate::model::{Model, Stage};
use crate::msg::Change;
use crate::run::{Figures, FromWorker, Subject, ToWorker, WARM_UP, subjects};
use crate::shared::Shared;
use loadpath_core::sim::Command;
use loadpath_core::time::Span;
use loadpath_core::topology::{Topology, check};
use loadpath_core::wire::KillInstance;

/// Makes the simulation follow the document, where it has no faults.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    if !model.faults.is_empty() {
        // The last design without faults goes on running.
        return if model.document.nodes.is_empty() { unload(model) } else { Vec::new() };
    }
    let old = model.simulated.document.replace(model.document.clone());
    match old.map(|old| difference(&steering::with_what_was_kept(model, &old), &model.document)) {
        Some(Difference::None) => Vec::new(),
        Some(Difference::Rate(rate)) => command(model, Command::SetRate { rate }),
        Some(Difference::Behaviour) | None => {
            model.simulated.broken = None;
            load(model, WARM_UP)
        }
    }
}

enum Difference {
    /// At most names and places.
    None,
    /// Only the arrival rate.
    Rate(f64),
    /// What requests go through.
    Behaviour,
}

fn difference(old: &Topology, new: &Topology) -> Difference {
    let (a, b) = (behaviour(old), behaviour(new));
    if a == b {
        return Difference::None;
    }
    let without_rate = |mut document: Topology| {
        document.workload.params.remove("rate");
        document
    };
    if without_rate(a) == without_rate(b)
        && let Ok(plan) = check(new)
    {
        return Difference::Rate(plan.arrivals.rate);
    }
    Difference::Behaviour
}

/// What of a document changes how it behaves.
fn behaviour(document: &Topology) -> Topology {
    let mut document = document.clone();
    document.name.clear();
    for node in &mut document.nodes {
        node.label.clear();
        node.at = None;
    }
    document
}

/// Whether two designs behave alike: they differ in names and places at most.
pub(super) fn behaves_alike(a: &Topology, b: &Topology) -> bool {
    behaviour(a) == behaviour(b)
}

/// Starts the simulation over, with the document that it is to run.
pub(super) fn load(model: &mut Model, warm_up: Span) -> Vec<Effect> {
    let simulated = &mut model.simulated;
    let Some(document) = simulated.document.clone() else { return Vec::new() };
    simulated.load += 1;
    simulated.is_stale = true;
    model.advice.of_run = Shared::default();
    let simulated = &mut model.simulated;
    simulated.sliding = None;
    simulated.beside = None;
    steering::begin(model, &document);
    let (seed, simulated) = (model.steering.seed, &model.simulated);
    let (load, document) = (simulated.load, Box::new((*document).clone()));
    let mut effects = vec![Effect::Worker(ToWorker::Load { load, document, seed, warm_up })];
    effects.extend(steering::ask_again(model));
    if !subjects(&model.document).contains(&model.subject) {
        effects.extend(watch(model, Subject::All));
    }
    effects
}

/// Acts on the running simulation. It counts anew, so that what is shown is about the system as it is now; but beside a
/// live run, where both count the same seconds.
fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    commands(model, vec![command])
}

/// As `command`, for several at once. In a live run, the processes of instances that are killed are killed too.
pub(super) fn commands(model: &mut Model, commands: Vec<Command>) -> Vec<Effect> {
    model.simulated.beside = None;
    let mut effects = Vec::new();
    let is_live = matches!(model.live.stage, Stage::Under { .. });
    for command in commands {
        if let (true, Command::Kill { node, instance }, Some(run), Some(token)) =
            (is_live, &command, &model.live.id, &model.token)
        {
            let instance = KillInstance { node: node.clone(), instance: *instance };
            effects.push(Effect::KillLive { token: token.clone(), run: run.clone(), instance });
        }
        effects.push(Effect::Worker(ToWorker::Command(command)));
    }
    if !is_live {
        effects.push(Effect::Worker(ToWorker::Reset));
    }
    effects
}

/// Forgets the simulation: what comes next is another design.
pub(super) fn unload(model: &mut Model) -> Vec<Effect> {
    let simulated = &mut model.simulated;
    simulated.load += 1;
    simulated.document = None;
    simulated.snapshot = None;
    simulated.figures = None;
    simulated.beside = None;
    simulated.sliding = None;
    steering::end(model);
    vec![Effect::Worker(ToWorker::Unload)]
}

pub(super) fn restart(model: &mut Model) -> Vec<Effect> {
    load(model, WARM_UP)
}

/// Runs the simulation beside a live run whose load counts from now on: the same seed, so the same requests in the same
/// order, from the same cold start, over the same seconds.
pub(super) fn run_beside(model: &mut Model, warm_up: Span) -> Vec<Effect> {
    model.simulated.running = true;
    let mut effects = speed(model, 1.0);
    effects.extend(load(model, warm_up));
    effects
}

pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    model.simulated.running = !model.simulated.running;
    vec![speed_now(model)]
}

pub(super) fn speed(model: &mut Model, speed: f64) -> Vec<Effect> {
    model.simulated.speed = speed;
    model.simulated.pace = speed;
    vec![speed_now(model)]
}

/// Tells a new thread what it has to know before it runs anything.
pub(super) fn acquaint(model: &Model) -> Vec<Effect> {
    vec![speed_now(model), Effect::Worker(ToWorker::Watch(model.subject.clone()))]
}

fn speed_now(model: &Model) -> Effect {
    Effect::Worker(ToWorker::Speed(if model.simulated.running { model.simulated.speed } else { 0.0 }))
}

/// The rate changes at once while the slider moves.
pub(super) fn slide(model: &mut Model, rate: f64) -> Vec<Effect> {
    model.simulated.sliding = Some(rate);
    command(model, Command::SetRate { rate })
}

/// Let go, the rate is written into the document, where it can be undone.
pub(super) fn slid(model: &mut Model) -> Vec<Effect> {
    let Some(rate) = model.simulated.sliding.take() else { return Vec::new() };
    let value = Some(format::rate_written(rate).as_str().into());
    document::change(model, Change::Set { bag: Bag::Workload, name: "rate", value })
}

/// Kills an instance that is up, restores one that is down; in a live run its process is killed too.
pub(super) fn instance(model: &mut Model, node: usize, instance: u16) -> Vec<Effect> {
    let Some(id) = model.document.nodes.get(node).map(|node| node.id.clone()) else { return Vec::new() };
    let up = model.simulated.snapshot.as_ref().and_then(|snapshot| {
        let node = snapshot.nodes.iter().find(|node| node.id == id)?;
        node.up.get(usize::from(instance)).copied()
    });
    let Some(up) = up else { return Vec::new() };
    let deed =
        if up { Command::Kill { node: id, instance } } else { Command::Restore { node: id, instance } };
    command(model, deed)
}

pub(super) fn watch(model: &mut Model, subject: Subject) -> Vec<Effect> {
    model.subject = subject.clone();
    let beside = model.simulated.beside.as_deref();
    model.steering.columns = Shared::default();
    model.simulated.figures = beside.and_then(|run| Figures::of(run, &subject)).map(Shared::new);
    live::cut(model);
    comparison::cut(model);
    vec![Effect::Worker(ToWorker::Watch(subject))]
}

/// The worker said something. What it says of an older load is about a design that is gone.
pub(super) fn told(model: &mut Model, message: FromWorker) -> Vec<Effect> {
    let simulated = &mut model.simulated;
    let seen = vec![Effect::Seen];
    match message {
        FromWorker::Snapshot { load, snapshot, pace } if load == simulated.load => {
            steering::take(&mut model.steering, &snapshot);
            simulated.snapshot = Some(Shared::new(*snapshot));
            simulated.pace = pace;
            simulated.is_stale = false;
            seen
        }
        FromWorker::Figures { load, figures } if load == simulated.load => {
            if figures.subject == model.subject && simulated.beside.is_none() {
                simulated.figures = Some(Shared::new(*figures));
            }
            Vec::new()
        }
        FromWorker::Report { load, run } if load == simulated.load => {
            simulated.figures = Figures::of(&run, &model.subject).map(Shared::new);
            simulated.beside = Some(Shared::new(*run));
            fidelity::judge(model);
            Vec::new()
        }
        FromWorker::Findings { load, findings } if load == simulated.load => {
            model.advice.of_run = Shared::new(findings);
            Vec::new()
        }
        FromWorker::Studied { number, studied } => study::answered(model, number, *studied),
        FromWorker::Columns { load, subject, columns } if load == simulated.load => {
            steering::add_columns(model, &subject, columns);
            Vec::new()
        }
        FromWorker::Did { load, at_ns, command } if load == simulated.load => {
            steering::did(model, at_ns, command);
            Vec::new()
        }
        FromWorker::Found { load, found, .. } if load == simulated.load => steering::found(model, found),
        FromWorker::Traced { load, request, reached_ns, done, trace, log } if load == simulated.load => {
            steering::traced(model, request, (reached_ns, done), trace, &log);
            Vec::new()
        }
        FromWorker::Snapshot { .. } => seen,
        FromWorker::Figures { .. }
        | FromWorker::Report { .. }
        | FromWorker::Findings { .. }
        | FromWorker::Columns { .. }
        | FromWorker::Did { .. }
        | FromWorker::Found { .. }
        | FromWorker::Traced { .. } => Vec::new(),
        FromWorker::Refused { error } => notice(model, true, format!("The simulation refused: {error}.")),
    }
}
