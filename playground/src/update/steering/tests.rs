use super::super::{Startup, open, update};
use super::*;
use crate::msg;
use crate::run::FromWorker;
use loadpath_core::sim::NodeSnapshot;
use loadpath_core::topology::three_tier;

fn started() -> Model {
    open(&Startup::default()).0
}

fn steer(model: &mut Model, told: Msg) -> Vec<Effect> {
    update(model, msg::Msg::Steering(told))
}

/// Lets changes pause.
fn settle(model: &mut Model) -> Vec<Effect> {
    let edits = model.edits;
    update(model, msg::Msg::Settled(edits))
}

fn worker(model: &mut Model, message: FromWorker) -> Vec<Effect> {
    update(model, msg::Msg::Worker(Box::new(message)))
}

fn to_worker(effects: &[Effect]) -> Vec<&ToWorker> {
    effects
        .iter()
        .filter_map(|e| if let Effect::Worker(message) = e { Some(message) } else { None })
        .collect()
}

fn kill() -> Command {
    Command::Kill { node: "web".to_owned(), instance: 1 }
}

#[test]
fn a_step_pauses_first_and_then_only_steps() {
    let mut model = started();
    let effects = steer(&mut model, Msg::Step);
    assert_eq!(to_worker(&effects), [&ToWorker::Speed(0.0), &ToWorker::Step]);
    assert_eq!(to_worker(&steer(&mut model, Msg::Step)), [&ToWorker::Step]);
}

#[test]
fn another_seed_starts_over_and_is_in_the_link() {
    let mut model = started();
    let effects = steer(&mut model, Msg::Seed(9));
    assert!(matches!(to_worker(&effects)[..], [ToWorker::Load { seed: 9, .. }]), "{effects:?}");
    assert!(model.fragment.ends_with("&seed=9"));
    let startup = Startup { fragment: model.fragment, ..Startup::default() };
    let (opened, effects) = open(&startup);
    assert!(matches!(to_worker(&effects)[..], [ToWorker::Load { seed: 9, .. }]));
    assert_eq!(opened.steering.seed, 9);
}

#[test]
fn what_was_done_by_hand_is_kept_without_starting_over() {
    let mut model = started();
    let load = model.simulated.load;
    let at_ns = 12_345_678_901;
    worker(&mut model, FromWorker::Did { load, at_ns, command: kill() });
    steer(&mut model, Msg::Keep(0));
    assert_eq!(model.document.timeline.len(), 1);
    assert_eq!(model.document.timeline[0].at, "12.345678901s");
    assert!(to_worker(&settle(&mut model)).is_empty(), "it has happened already");
    // Something that is yet to happen is another matter.
    steer(&mut model, Msg::AddEvent(40.0));
    assert!(matches!(to_worker(&settle(&mut model))[..], [ToWorker::Load { .. }]));
}

#[test]
fn an_event_is_dragged_and_undo_takes_it_back() {
    let mut model = started();
    steer(&mut model, Msg::AddEvent(30.0));
    assert!(model.faults.is_empty(), "{:?}", model.faults);
    assert_eq!((model.steering.event, model.document.timeline[0].at.as_str()), (Some(0), "30s"));
    steer(&mut model, Msg::Drag(0, 41.23));
    assert_eq!(model.document.timeline[0].at, "30s", "not before it is let go");
    steer(&mut model, Msg::Drop);
    assert_eq!(model.document.timeline[0].at, "41.2s");
    steer(&mut model, Msg::Drag(0, 41.21));
    steer(&mut model, Msg::Drop);
    assert_eq!(model.document.timeline[0].at, "41.2s", "a click moves nothing");
    steer(&mut model, Msg::Shift(0, 1.0));
    steer(&mut model, Msg::Shift(0, 1.0));
    assert_eq!(model.document.timeline[0].at, "43.2s");
    update(&mut model, msg::Msg::Undo);
    assert_eq!(model.document.timeline[0].at, "41.2s", "both steps of the key at once");
    steer(&mut model, Msg::RemoveEvent(0));
    assert!(model.document.timeline.is_empty() && model.steering.event.is_none());
}

#[test]
fn every_action_that_fits_the_design_finds_somebody_and_the_others_say_so() {
    let mut model = started();
    steer(&mut model, Msg::AddEvent(30.0));
    for action in ACTIONS {
        steer(&mut model, Msg::Action(0, action.name));
        assert!(model.faults.is_empty(), "{}: {:?}", action.name, model.faults);
        let is_chosen = model.document.timeline[0].action == action.name;
        let needs_more = ["partition", "heal", "lose_zone", "restore_zone", "promote"].contains(&action.name);
        assert_eq!(is_chosen, !needs_more, "{}", action.name);
    }
}

#[test]
fn a_link_to_a_request_replays_it_with_what_was_done_by_hand() {
    let mut model = started();
    let load = model.simulated.load;
    steer(&mut model, Msg::Trace(41));
    let trace = Box::new(Trace { request: 41, hops: Vec::new() });
    let log = vec![(7_000_000_001, kill())];
    worker(
        &mut model,
        FromWorker::Traced { load, request: 41, reached_ns: 8, done: true, trace: Some(trace), log },
    );
    let traced = model.steering.requests.clone().unwrap().traced.unwrap();
    let linked = link::decode(&traced.link).unwrap();
    assert_eq!(linked.timeline[0].at, "7.000000001s");
    assert!(check(&linked).is_ok());
    let (opened, effects) = open(&Startup { fragment: traced.link, ..Startup::default() });
    let asks = to_worker(&effects);
    assert!(matches!(asks[..], [ToWorker::Load { .. }, ToWorker::Trace { request: 41 }]), "{asks:?}");
    assert!(opened.steering.requests.is_some());
}

#[test]
fn seconds_of_another_subject_are_not_shown_and_those_that_come_twice_once() {
    let mut model = started();
    let load = model.simulated.load;
    let columns =
        |from: u64| (from..from + 100).map(|second| Column::new(second, 0, &[0, 3])).collect::<Vec<_>>();
    let told = |subject: Subject, from| FromWorker::Columns { load, subject, columns: columns(from) };
    worker(&mut model, told(Subject::All, 0));
    worker(&mut model, told(Subject::All, 50));
    worker(&mut model, told(Subject::Class("read".to_owned()), 500));
    let seconds: Vec<u64> = model.steering.columns.iter().map(|column| column.second).collect();
    assert_eq!(seconds, (30..150).collect::<Vec<_>>());
    assert_eq!((model.steering.columns[0].low, model.steering.columns[0].counts.len()), (1, 1));
}

#[test]
fn a_new_design_forgets_what_was_known_of_the_last() {
    let mut model = started();
    let load = model.simulated.load;
    worker(&mut model, FromWorker::Did { load, at_ns: 1, command: kill() });
    let nodes = vec![NodeSnapshot::default()];
    let snapshot = Box::new(Snapshot { nodes, now_ns: 6_000_000_000, ..Snapshot::default() });
    worker(&mut model, FromWorker::Snapshot { load, snapshot, pace: 1.0 });
    assert_eq!(model.steering.past.moments.len(), 1);
    update(&mut model, msg::Msg::Change(Change::Open(Box::new(three_tier()))));
    assert!(model.steering.past.moments.is_empty() && model.steering.injected.is_empty());
}
