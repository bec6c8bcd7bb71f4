//! What runs: what is done to it, what it tells of its seconds and its requests, and the design's timeline.
use super::{document, notice, simulation};
use crate::effect::Effect;
use crate::model::{Model, Single};
use crate::msg::Change;
use crate::run::{Column, Found, SEED, Subject, ToWorker};
use crate::shared::Shared;
use crate::steering::{Injected, Msg, Requests, Steering, happening, request::Traced, second_of};
use loadpath_core::sim::{Command, Snapshot, Trace};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::catalog::{ACTIONS, ActionKind};
use loadpath_core::topology::{Happening, LIMITS, Place, Topology, Value, check, link};

/// How many seconds of the subject are shown.
const SHOWN: usize = 120;
/// A drag of fewer seconds is none.
const LEAST_DRAG: f64 = 0.05;
/// How many things that were done by hand are remembered.
const INJECTED: usize = 100;

pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Inject(commands) => simulation::commands(model, commands),
        Msg::Step => step(model),
        Msg::Seed(seed) => {
            model.steering.seed = seed;
            let mut effects = simulation::restart(model);
            effects.push(document::store(model));
            effects
        }
        Msg::Menu(open) => {
            model.steering.menu = open;
            model.steering.aim = None;
            Vec::new()
        }
        Msg::Aim(target) => {
            model.steering.aim = Some(target);
            Vec::new()
        }
        Msg::Keep(place) => keep(model, place),
        Msg::AddEvent(second) => add_event(model, second),
        Msg::Event(event) => {
            model.steering.event = event;
            Vec::new()
        }
        Msg::Drag(event, second) => {
            model.steering.drag = Some((event, second.max(0.0)));
            Vec::new()
        }
        Msg::Drop => match model.steering.drag.take() {
            // A click is no drag: what happens at a nanosecond stays there.
            Some((event, second)) => change_event(model, event, None, |e| {
                if second_of(e).is_none_or(|old| (old - second).abs() >= LEAST_DRAG) {
                    e.at = written(second);
                }
            }),
            None => Vec::new(),
        },
        Msg::Shift(event, by) => change_event(model, event, Some("event"), |event| {
            let second = second_of(event).unwrap_or(0.0);
            event.at = written((second + by).max(0.0));
        }),
        Msg::When(event, at) => change_event(model, event, None, |event| event.at = at),
        Msg::Action(event, action) => choose_action(model, event, action),
        Msg::RemoveEvent(event) => {
            let mut timeline = model.document.timeline.clone();
            if event < timeline.len() {
                timeline.remove(event);
                model.steering.event = None;
            }
            document::change(model, Change::Timeline(timeline, None))
        }
        Msg::Chart(chart) => {
            model.steering.chart = chart;
            Vec::new()
        }
        Msg::Find(query, says) => {
            model.steering.requests = Some(Requests { says, ..Requests::default() });
            vec![Effect::Worker(ToWorker::Find(query))]
        }
        Msg::Trace(request) => trace(model, request),
        Msg::CopyTrace => copy_trace(model),
        Msg::Close => {
            model.steering.requests = None;
            vec![Effect::Worker(ToWorker::EndTrace)]
        }
    }
}

/// Closes what lies open, the last first; none when nothing does.
pub(super) fn escape(model: &mut Model) -> Option<Vec<Effect>> {
    if std::mem::take(&mut model.steering.menu) {
        return Some(Vec::new());
    }
    model.steering.requests.is_some().then(|| update(model, Msg::Close))
}

/// Runs on a little and stays paused.
fn step(model: &mut Model) -> Vec<Effect> {
    let mut effects = if model.simulated.running { simulation::toggle(model) } else { Vec::new() };
    effects.push(Effect::Worker(ToWorker::Step));
    effects
}

/// An instant as a document has it, to a tenth of a second.
fn written(second: f64) -> String {
    Span::from_millis((second * 10.0).round() as u64 * 100).to_string()
}

fn change_event(
    model: &mut Model,
    event: usize,
    row: Option<&'static str>,
    change: impl FnOnce(&mut Happening),
) -> Vec<Effect> {
    let mut timeline = model.document.timeline.clone();
    if let Some(event) = timeline.get_mut(event) {
        change(event);
    }
    document::change(model, Change::Timeline(timeline, row))
}

fn add_event(model: &mut Model, second: f64) -> Vec<Effect> {
    let mut timeline = model.document.timeline.clone();
    let place = timeline.len();
    timeline.push(Happening { at: written(second.max(0.0)), ..Happening::default() });
    let selected = match model.selection.single() {
        Single::Node(node) => model.document.nodes.get(node).map(|node| node.id.clone()),
        _ => None,
    };
    let trial = Topology { timeline, ..(*model.document).clone() };
    let of = |name: &str| ACTIONS.iter().find(|action| action.name == name);
    let made = of("kill").and_then(|kill| fitting(&trial, place, kill, selected.as_deref()));
    let Some(made) = made.or_else(|| of("set_rate").and_then(|load| fitting(&trial, place, load, None)))
    else {
        return notice(model, false, "There is nothing yet that something could happen to.".to_owned());
    };
    let mut timeline = trial.timeline;
    timeline[place] = made;
    let effects = document::change(model, Change::Timeline(timeline, None));
    model.steering.event = Some(place);
    effects
}

fn choose_action(model: &mut Model, event: usize, action: &'static str) -> Vec<Effect> {
    let Some(kind) = ACTIONS.iter().find(|kind| kind.name == action) else { return Vec::new() };
    let Some(made) = fitting(&model.document, event, kind, None) else {
        let text = format!("Nothing in this design can suffer that: {}", kind.about);
        return notice(model, false, text);
    };
    change_event(model, event, None, |event| *event = made)
}

/// The event at this place as another action, of something that it can happen to: what it was of, or what is preferred, or the
/// first that is there.
fn fitting(document: &Topology, place: usize, kind: &ActionKind, first: Option<&str>) -> Option<Happening> {
    let old = document.timeline.get(place)?;
    let knows = |name: &str| kind.params.iter().any(|param| param.name == name);
    let mut event = Happening { at: old.at.clone(), action: kind.name.to_owned(), ..Happening::default() };
    event
        .params
        .extend(old.params.iter().filter(|(name, _)| knows(name)).map(|(n, v)| (n.clone(), v.clone())));
    let mut trial = document.clone();
    let mut fits = |event: &Happening| {
        trial.timeline[place] = event.clone();
        let faults = check(&trial).err().unwrap_or_default();
        !faults.iter().any(|fault| fault.place == Place::Timeline(place))
    };
    if first.is_none() && fits(&event) {
        return Some(event);
    }
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    let options: Vec<Vec<(String, Value)>> = if knows("from") {
        document.edges.iter().map(|edge| vec![text("from", &edge.from), text("to", &edge.to)]).collect()
    } else if knows("zone") {
        document.zones.iter().map(|zone| vec![text("zone", &zone.id)]).collect()
    } else if knows("node") {
        let ids = first.into_iter().chain(document.nodes.iter().map(|node| node.id.as_str()));
        ids.map(|id| vec![text("node", id)]).collect()
    } else {
        vec![Vec::new()]
    };
    options.into_iter().find_map(|params| {
        let tried = Happening { params: params.into_iter().collect(), ..event.clone() };
        fits(&tried).then_some(tried)
    })
}

/// What was done by hand goes onto the design's timeline.
fn keep(model: &mut Model, place: usize) -> Vec<Effect> {
    let Some(injected) = model.steering.injected.get_mut(place) else { return Vec::new() };
    injected.kept = true;
    let mut timeline = model.document.timeline.clone();
    timeline.push(happening(injected.at, &injected.command));
    document::change(model, Change::Timeline(timeline, None))
}

/// The old design as it would be if its timeline had what was done by hand and is kept by the new one: that has happened
/// already, and is no reason to start over.
pub(super) fn with_what_was_kept(model: &Model, old: &Topology) -> Topology {
    let done: Vec<Happening> = model.steering.injected.iter().map(|i| happening(i.at, &i.command)).collect();
    let planned = |of: &Topology| -> Vec<Happening> {
        of.timeline.iter().filter(|event| !done.contains(event)).cloned().collect()
    };
    let mut known = old.clone();
    if planned(old) == planned(&model.document) {
        known.timeline.clone_from(&model.document.timeline);
    }
    known
}

/// The document changed: what stands at a place that it has no more is not chosen any longer.
pub(super) fn forget_missing(model: &mut Model) {
    let events = model.document.timeline.len();
    model.steering.event = model.steering.event.filter(|event| *event < events);
    model.steering.drag = None;
    model.steering.aim = None;
}

/// A simulation of this design begins.
pub(super) fn begin(model: &mut Model, document: &Shared<Topology>) {
    end(model);
    model.steering.loaded = Some(document.clone());
}

/// What is known of a simulation that is over is forgotten.
pub(super) fn end(model: &mut Model) {
    let steering = &mut model.steering;
    steering.loaded = None;
    steering.injected.clear();
    steering.columns = Shared::default();
    steering.past = Shared::default();
    steering.requests = None;
    steering.aim = None;
}

/// A link may ask for a request of a run.
pub(super) fn asked_by_link(model: &mut Model, fragment: &str) {
    let (seed, request) = link::asked(fragment);
    model.steering.seed = seed.unwrap_or(SEED);
    model.steering.asked = request;
}

/// The design runs that a link asks for a request of.
pub(super) fn ask_again(model: &mut Model) -> Vec<Effect> {
    let Some(request) = model.steering.asked.take() else { return Vec::new() };
    model.steering.requests = Some(Requests { says: "From the link".to_owned(), ..Requests::default() });
    trace(model, request)
}

fn trace(model: &mut Model, request: u64) -> Vec<Effect> {
    let requests = model.steering.requests.get_or_insert_default();
    requests.traced = Some(Traced { request, ..Traced::default() });
    vec![Effect::Worker(ToWorker::Trace { request })]
}

fn copy_trace(model: &mut Model) -> Vec<Effect> {
    let traced = model.steering.requests.as_ref().and_then(|requests| requests.traced.as_ref());
    match traced.map(|traced| traced.link.clone()) {
        Some(link) if !link.is_empty() => vec![Effect::CopyLink(link)],
        _ => {
            let text =
                "This design and what was done to it are too large for a link; export it as a file instead.";
            notice(model, true, text.to_owned())
        }
    }
}

/// A snapshot came.
pub(super) fn take(steering: &mut Steering, snapshot: &Snapshot) {
    let second = snapshot.now_ns / 1_000_000_000;
    if steering.past.moments.back().is_none_or(|last| last.second < second) {
        let mut past = (*steering.past).clone();
        past.take(snapshot);
        steering.past = Shared::new(past);
    }
}

/// More seconds of the subject came; when it was changed, all that are kept.
pub(super) fn add_columns(model: &mut Model, subject: &Subject, columns: Vec<Column>) {
    let Some(first) = columns.first().map(|column| column.second) else { return };
    if *subject != model.subject {
        return;
    }
    let old = model.steering.columns.iter().filter(|column| column.second < first).cloned();
    let mut all: Vec<Column> = old.collect();
    all.extend(columns);
    let skipped = all.len().saturating_sub(SHOWN);
    all.drain(..skipped);
    model.steering.columns = Shared::new(all);
}

/// A command was carried out.
pub(super) fn did(model: &mut Model, at_ns: u64, command: Command) {
    let injected = &mut model.steering.injected;
    let is_rate = |command: &Command| matches!(command, Command::SetRate { .. });
    // While the slider moves there is a new rate many times a second.
    if is_rate(&command) && injected.last().is_some_and(|last| is_rate(&last.command) && !last.kept) {
        injected.pop();
    }
    injected.push(Injected { at: Time(at_ns), command, kept: false });
    if injected.len() > INJECTED {
        injected.remove(0);
    }
}

/// Requests were found; when there is only one, it is shown.
pub(super) fn found(model: &mut Model, found: Vec<Found>) -> Vec<Effect> {
    let Some(requests) = &mut model.steering.requests else { return Vec::new() };
    let only = if let [only] = &found[..] { Some(only.request) } else { None };
    requests.found = Some(Shared::new(found));
    only.map_or_else(Vec::new, |request| trace(model, request))
}

/// How far the replay of a request is.
pub(super) fn traced(
    model: &mut Model,
    request: u64,
    (reached_ns, done): (u64, bool),
    trace: Option<Box<Trace>>,
    log: &[(u64, Command)],
) {
    let link = if done && trace.is_some() { link_to(&model.steering, request, log) } else { String::new() };
    let shown = model.steering.requests.as_mut().and_then(|requests| requests.traced.as_mut());
    if let Some(traced) = shown.filter(|traced| traced.request == request) {
        (traced.reached, traced.done) = (Time(reached_ns).as_secs(), done);
        traced.trace = trace.map(|trace| Shared::new(*trace));
        traced.link = link;
    }
}

/// The link that replays a request: the design as the run began with it, and what was done to it as its timeline.
fn link_to(steering: &Steering, request: u64, log: &[(u64, Command)]) -> String {
    let Some(loaded) = &steering.loaded else { return String::new() };
    let mut document = (**loaded).clone();
    document.timeline.extend(log.iter().map(|(at, command)| happening(Time(*at), command)));
    if document.timeline.len() > LIMITS.timeline {
        return String::new();
    }
    let fragment = link::encode(&document);
    if fragment.len() > link::MAX_LINK {
        return String::new();
    }
    fragment + &link::asks(Some(steering.seed), Some(request))
}

#[cfg(test)]
mod tests;
