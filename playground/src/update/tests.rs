use super::comparison::{self, Side};
use super::*;
use crate::edit::Bag;
use crate::library::Kept;
use crate::model::{Drawer, Selection, Single, Stage};
use crate::msg::Change;
use crate::run::{Figures, FromWorker, Subject, ToWorker};
use loadpath_core::rng::Seed;
use loadpath_core::run::{Outcomes, Run, Source};
use loadpath_core::sim::{Command, NodeSnapshot, Snapshot, simulate};
use loadpath_core::time::Span;
use loadpath_core::topology::{Topology, check, link, three_tier};
use loadpath_core::wire::{Caps, Event, Phase, Status};

pub(super) fn started() -> Model {
    open(&Startup::default()).0
}

fn stored(text: &str) -> Vec<Kept> {
    vec![Kept { id: "kept".into(), changed: 1.0, text: text.into() }]
}

fn place(model: &Model, id: &str) -> usize {
    model.document.nodes.iter().position(|node| node.id == id).unwrap()
}

fn set(bag: Bag, name: &'static str, value: &str) -> Msg {
    Msg::Change(Change::Set { bag, name, value: Some(value.into()) })
}

/// Sends a change and lets changes pause.
fn settle(model: &mut Model, msg: Msg) -> Vec<Effect> {
    update(model, msg);
    let edits = model.edits;
    update(model, Msg::Settled(edits))
}

fn to_worker(effects: &[Effect]) -> Vec<&ToWorker> {
    effects
        .iter()
        .filter_map(|e| if let Effect::Worker(message) = e { Some(message) } else { None })
        .collect()
}

fn snapshot(model: &Model) -> Msg {
    let node = |id: &str| NodeSnapshot { id: id.to_owned(), up: vec![true, true], ..NodeSnapshot::default() };
    let nodes = model.document.nodes.iter().map(|n| node(&n.id)).collect();
    let snapshot = Box::new(Snapshot { nodes, ..Snapshot::default() });
    Msg::Worker(Box::new(FromWorker::Snapshot { load: model.simulated.load, snapshot, pace: 1.0 }))
}

#[test]
fn without_a_link_the_example_opens_and_runs() {
    let (model, effects) = open(&Startup::default());
    assert_eq!(*model.document, three_tier());
    assert!(matches!(to_worker(&effects)[..], [ToWorker::Load { load: 1, .. }]));
    assert!(model.notices.is_empty() && !model.history.can_undo());
}

#[test]
fn a_link_opens_and_the_design_that_was_kept_can_be_brought_back() {
    let mut linked = three_tier();
    linked.name = "Linked".to_owned();
    let mut kept = three_tier();
    kept.name = "Kept".to_owned();
    let startup =
        Startup { fragment: link::encode(&linked), designs: stored(&kept.to_json()), ..Startup::default() };
    let (mut model, _) = open(&startup);
    assert_eq!(model.document.name, "Linked");
    update(&mut model, Msg::Undo);
    assert_eq!(model.document.name, "Kept");
}

#[test]
fn a_damaged_link_says_so_and_the_last_design_is_shown() {
    let mut kept = three_tier();
    kept.name = "Kept".to_owned();
    let fragment = link::encode(&three_tier()).replace("d1.", "d1.x");
    for (designs, name) in [(stored(&kept.to_json()), "Kept"), (Vec::new(), "Three tiers")] {
        let (model, effects) = open(&Startup { fragment: fragment.clone(), designs, ..Startup::default() });
        assert_eq!(model.document.name, name);
        assert!(
            model.notices[0].is_error && model.notices[0].text.contains("damaged"),
            "{:?}",
            model.notices
        );
        assert_eq!(to_worker(&effects).len(), 1);
    }
}

#[test]
fn what_cannot_be_read_in_the_browsers_store_is_told() {
    let (model, _) = open(&Startup { designs: stored("{}"), ..Startup::default() });
    assert_eq!(*model.document, three_tier());
    assert!(model.notices[0].is_error);
}

#[test]
fn the_agents_code_is_exchanged_and_leaves_the_address() {
    let (model, effects) = open(&Startup { fragment: "code=abc".to_owned(), ..Startup::default() });
    assert!(effects.iter().any(|e| matches!(e, Effect::Exchange(code) if code == "abc")));
    assert!(model.fragment.starts_with("d1.") && model.notices.is_empty());
}

#[test]
fn every_change_can_be_undone_and_made_again() {
    let mut model = started();
    let web = place(&model, "web");
    let before = model.document.clone();
    update(&mut model, Msg::Select(Selection::node(web)));
    let changes = [
        Change::Name("Other".to_owned()),
        Change::Label(web, "Front".to_owned()),
        Change::Id(web, "front".to_owned()),
        Change::Set { bag: Bag::Node(web), name: "workers", value: Some(4.0.into()) },
        Change::AddNode { kind: loadpath_core::topology::catalog::kind("cache").unwrap(), at: None },
        Change::Connect { from: web, to: 5 },
        Change::AddClass,
        Change::ClassName(0, "get".to_owned()),
        Change::RemoveClass(0),
        Change::Nudge { dx: 10.0, dy: 0.0 },
        Change::Duplicate,
        Change::Delete,
        Change::DeleteEdge(0),
        Change::Open(Box::new(crate::edit::blank())),
    ];
    let mut documents = vec![model.document.clone()];
    for change in changes {
        let told = format!("{change:?}");
        if matches!(change, Change::Nudge { .. } | Change::Duplicate) {
            update(&mut model, Msg::Select(Selection::node(1)));
        }
        update(&mut model, Msg::Change(change));
        assert!(
            model.document != documents[documents.len() - 1],
            "{told} changed nothing: {:?}",
            model.notices
        );
        documents.push(model.document.clone());
    }
    for document in documents.iter().rev().skip(1) {
        update(&mut model, Msg::Undo);
        assert!(*document == model.document);
    }
    assert!(before == model.document && !model.history.can_undo());
    for document in documents.iter().skip(1) {
        update(&mut model, Msg::Redo);
        assert!(*document == model.document);
    }
}

#[test]
fn nudges_in_a_row_are_one_step() {
    let mut model = started();
    let at = model.document.nodes[0].at;
    update(&mut model, Msg::Select(Selection::node(0)));
    for _ in 0..5 {
        update(&mut model, Msg::Change(Change::Nudge { dx: 10.0, dy: 0.0 }));
    }
    update(&mut model, Msg::Undo);
    assert_eq!(model.document.nodes[0].at, at);
}

#[test]
fn only_what_changes_behaviour_starts_the_simulation_over() {
    let mut model = started();
    let web = place(&model, "web");
    let label = settle(&mut model, Msg::Change(Change::Label(web, "Front".to_owned())));
    assert!(to_worker(&label).is_empty());
    update(&mut model, Msg::Select(Selection::node(web)));
    let moved = settle(&mut model, Msg::Change(Change::Nudge { dx: 10.0, dy: 0.0 }));
    assert!(to_worker(&moved).is_empty());
    let rate = settle(&mut model, set(Bag::Workload, "rate", "2k/s"));
    assert!(
        matches!(to_worker(&rate)[..], [ToWorker::Command(Command::SetRate { rate }), ToWorker::Reset] if *rate == 2_000.0)
    );
    let workers = settle(&mut model, set(Bag::Node(web), "workers", "4"));
    assert!(matches!(to_worker(&workers)[..], [ToWorker::Load { .. }]));
}

#[test]
fn a_faulty_design_is_kept_and_the_last_good_one_goes_on_running() {
    let mut model = started();
    let web = place(&model, "web");
    let effects = settle(&mut model, set(Bag::Node(web), "workers", "many"));
    assert!(to_worker(&effects).is_empty());
    assert!(effects.iter().any(|e| matches!(e, Effect::Store { .. })));
    assert_eq!(model.faults.len(), 1);
    let effects = settle(&mut model, Msg::Undo);
    assert!(to_worker(&effects).is_empty() && model.faults.is_empty());
}

#[test]
fn changes_wait_for_a_pause() {
    let mut model = started();
    let web = place(&model, "web");
    update(&mut model, set(Bag::Node(web), "workers", "4"));
    let first = model.edits;
    update(&mut model, set(Bag::Node(web), "workers", "5"));
    assert!(update(&mut model, Msg::Settled(first)).is_empty());
    let edits = model.edits;
    assert_eq!(to_worker(&update(&mut model, Msg::Settled(edits))).len(), 1);
}

#[test]
fn what_the_worker_says_of_an_older_design_is_dropped() {
    let mut model = started();
    let old = snapshot(&model);
    update(&mut model, Msg::Restart);
    let effects = update(&mut model, old);
    assert!(matches!(effects[..], [Effect::Seen]), "the worker waits for this before it tells more");
    assert!(model.simulated.snapshot.is_none());
    let new = snapshot(&model);
    update(&mut model, new);
    assert!(model.simulated.snapshot.is_some());
}

#[test]
fn the_slider_acts_at_once_and_is_written_down_when_it_is_let_go() {
    let mut model = started();
    let effects = update(&mut model, Msg::Slide(1_234.0));
    assert!(matches!(to_worker(&effects)[..], [ToWorker::Command(Command::SetRate { .. }), ToWorker::Reset]));
    assert_eq!(*model.document, three_tier());
    update(&mut model, Msg::Slid);
    assert_eq!(model.document.workload.params["rate"].to_string(), "1.2k/s");
    update(&mut model, Msg::Undo);
    assert_eq!(*model.document, three_tier());
}

#[test]
fn a_click_on_an_instance_kills_it_and_the_next_restores_it() {
    let mut model = started();
    let web = place(&model, "web");
    let click = || Msg::Instance { node: web, instance: 1 };
    assert!(update(&mut model, click()).is_empty(), "nothing is known of it yet");
    let seen = snapshot(&model);
    update(&mut model, seen);
    let effects = update(&mut model, click());
    assert!(
        matches!(to_worker(&effects)[..], [ToWorker::Command(Command::Kill { node, instance: 1 }), ToWorker::Reset] if node == "web")
    );
    let mut down = (**model.simulated.snapshot.as_ref().unwrap()).clone();
    down.nodes[web].up[1] = false;
    let load = model.simulated.load;
    update(
        &mut model,
        Msg::Worker(Box::new(FromWorker::Snapshot { load, snapshot: Box::new(down), pace: 1.0 })),
    );
    let effects = update(&mut model, click());
    assert!(matches!(to_worker(&effects)[..], [ToWorker::Command(Command::Restore { .. }), ToWorker::Reset]));
}

#[test]
fn a_wiring_that_means_nothing_is_refused_with_a_sentence() {
    let mut model = started();
    let (cache, lb) = (place(&model, "cache"), place(&model, "lb"));
    update(&mut model, Msg::Change(Change::Connect { from: cache, to: lb }));
    assert_eq!(*model.document, three_tier());
    assert!(model.notices[0].text.contains("a cache cannot call a load balancer"), "{:?}", model.notices);
}

#[test]
fn another_link_in_the_address_opens_and_can_be_undone_and_our_own_is_ignored() {
    let mut model = started();
    let mut other = three_tier();
    other.name = "Other".to_owned();
    let ours = model.fragment.clone();
    assert!(update(&mut model, Msg::Hash(ours)).is_empty());
    update(&mut model, Msg::Hash(link::encode(&other)));
    assert_eq!(model.document.name, "Other");
    update(&mut model, Msg::Undo);
    assert_eq!(model.document.name, "Three tiers");
    let effects = update(&mut model, Msg::Hash("nonsense".to_owned()));
    assert!(model.notices[0].is_error);
    assert!(
        effects.iter().any(|e| matches!(e, Effect::Store { fragment, .. } if fragment.starts_with("d1.")))
    );
}

#[test]
fn a_file_that_is_no_design_is_refused_and_nothing_is_lost() {
    let mut model = started();
    let file = |text: &str| Msg::File { name: "x.json".to_owned(), text: text.to_owned() };
    update(&mut model, file("hello"));
    assert!(model.notices[0].text.starts_with("x.json was not opened"));
    assert_eq!(*model.document, three_tier());
    update(&mut model, file(&crate::edit::blank().to_json()));
    assert_eq!(model.document.nodes.len(), 0);
}

#[test]
fn a_run_file_is_shown_as_the_measured_one() {
    let mut model = started();
    let run = Run::new("kept", Source::Simulated { seed: 1 }, 10.0);
    update(&mut model, Msg::File { name: "run.json".to_owned(), text: run.to_json() });
    assert_eq!(model.live.measured.as_ref().unwrap().run.name, "kept");
    assert_eq!(*model.document, three_tier());
}

#[test]
fn an_emptied_canvas_stops_the_simulation_and_says_nothing_is_wrong() {
    let mut model = started();
    update(&mut model, Msg::SelectAll);
    let effects = settle(&mut model, Msg::Change(Change::Delete));
    assert!(matches!(to_worker(&effects)[..], [ToWorker::Unload]));
    assert!(model.simulated.document.is_none());
    let effects = settle(&mut model, Msg::Undo);
    assert!(matches!(to_worker(&effects)[..], [.., ToWorker::Load { .. }]));
}

#[test]
fn a_removed_subject_gives_way_to_all_requests() {
    let mut model = started();
    update(&mut model, Msg::Watch(Subject::Node("cache".to_owned())));
    let cache = place(&model, "cache");
    update(&mut model, Msg::Select(Selection::node(cache)));
    settle(&mut model, Msg::Change(Change::Delete));
    assert_eq!(model.subject, Subject::All);
    assert_eq!(model.selection.single(), Single::None);
}

pub(super) fn with_agent(model: &mut Model) {
    let caps = Caps { rate: 1e4, duration: Span::from_millis(60_000), processes: 64 };
    update(model, Msg::Agent(Some(Box::new(Status { version: "1".to_owned(), running: None, caps }))));
    update(model, Msg::Token(Ok("secret".to_owned())));
}

#[test]
fn a_live_run_goes_from_start_to_done_and_is_kept_for_comparison() {
    let mut model = started();
    assert!(update(&mut model, Msg::StartRun).is_empty(), "without the right to act nothing is asked");
    with_agent(&mut model);
    let effects = update(&mut model, Msg::StartRun);
    assert!(matches!(&effects[..], [Effect::StartRun { token, .. }] if token == "secret"));
    let effects = update(&mut model, Msg::Started("r1".to_owned()));
    assert!(matches!(&effects[..], [Effect::Listen(id)] if id == "r1"));
    let phase = Event::Phase { phase: Phase::Driving, text: "10 s".to_owned() };
    let effects = update(&mut model, Msg::Live(Box::new(phase)));
    assert!(matches!(model.live.stage, Stage::Under { .. }));
    assert!(matches!(to_worker(&effects)[..], [ToWorker::Speed(1.0), ToWorker::Load { .. }]), "{effects:?}");
    let seen = snapshot(&model);
    update(&mut model, seen);
    let effects = update(&mut model, Msg::Instance { node: 2, instance: 0 });
    assert!(effects.iter().any(|e| matches!(e, Effect::KillLive { run, .. } if run == "r1")));
    assert!(!to_worker(&effects).contains(&&ToWorker::Reset), "both count the same seconds");
    let down = Event::Phase { phase: Phase::TakingDown, text: String::new() };
    let effects = update(&mut model, Msg::Live(Box::new(down)));
    assert!(matches!(to_worker(&effects)[..], [ToWorker::Report]));
    let effects = update(&mut model, Msg::StopRun);
    assert!(matches!(&effects[..], [Effect::StopRun { .. }]) && model.live.stage == Stage::Stopping);
    let run = Run::new("live", Source::Simulated { seed: 1 }, 10.0);
    let effects = update(&mut model, Msg::Live(Box::new(Event::Done(Box::new(run)))));
    assert!(effects.iter().any(|e| matches!(e, Effect::StopListening)));
    assert!(model.live.stage == Stage::None && model.live.measured.is_some());
}

#[test]
fn a_run_that_was_measured_beside_its_simulation_has_a_score_until_the_next() {
    let mut model = started();
    let run = |seed| {
        let (warm_up, counted) = (Span::from_millis(1_000), Span::from_millis(5_000));
        simulate(&check(&three_tier()).unwrap(), Seed(seed), warm_up, counted)
    };
    let done = |run| Msg::Live(Box::new(Event::Done(Box::new(run))));
    update(&mut model, done(run(1)));
    assert!(model.live.fidelity.is_none(), "nothing ran beside it");
    let load = model.simulated.load;
    update(&mut model, Msg::Worker(Box::new(FromWorker::Report { load, run: Box::new(run(1)) })));
    let score = |model: &Model| model.live.fidelity.as_ref().unwrap().simulated_score.unwrap();
    assert_eq!(score(&model), 100.0, "the same run twice");
    update(&mut model, done(run(2)));
    assert!(score(&model) < 100.0 && model.notices.last().unwrap().text.contains("Fidelity"));
    update(&mut model, Msg::Comparison(comparison::Msg::Measured));
    assert_eq!((&model.comparison.before, &model.comparison.after), (&Side::Current, &Side::Measured));
    assert_eq!(model.drawer, Some(Drawer::Compare));
    update(&mut model, Msg::Started("next".to_owned()));
    assert!(model.live.fidelity.is_none());
}

#[test]
fn the_simulation_beside_a_live_run_stays_until_the_design_changes() {
    let mut model = started();
    let load = model.simulated.load;
    let run = Box::new(Run::new("beside", Source::Simulated { seed: 1 }, 10.0));
    update(&mut model, Msg::Worker(Box::new(FromWorker::Report { load, run })));
    assert!(model.simulated.beside.is_some());
    let figures = Box::new(Figures::default());
    update(&mut model, Msg::Worker(Box::new(FromWorker::Figures { load, figures })));
    assert!(model.simulated.figures.is_none(), "later figures have seen more than the live run did");
    let web = place(&model, "web");
    settle(&mut model, set(Bag::Node(web), "workers", "4"));
    assert!(model.simulated.beside.is_none());
}

#[test]
fn a_run_that_fails_says_why_and_another_can_start() {
    let mut model = started();
    with_agent(&mut model);
    update(&mut model, Msg::StartRun);
    update(&mut model, Msg::Refused("The live run did not start: another one runs.".to_owned()));
    assert_eq!(model.live.stage, Stage::None);
    update(&mut model, Msg::StartRun);
    update(&mut model, Msg::Started("r2".to_owned()));
    update(&mut model, Msg::Live(Box::new(Event::Failed { error: "a port is in use".to_owned() })));
    assert!(
        model.live.stage == Stage::None && model.notices.iter().any(|n| n.text.contains("a port is in use"))
    );
}

#[test]
fn escape_ends_the_nearest_thing_first() {
    let mut model = started();
    update(&mut model, Msg::Select(Selection::node(0)));
    update(&mut model, Msg::Dialog(Some(Dialog::Keys)));
    update(&mut model, Msg::Escape);
    assert!(model.dialog.is_none() && model.selection == Selection::node(0));
    update(&mut model, Msg::Escape);
    assert_eq!(model.selection, Selection::default());
}

#[test]
fn a_design_without_places_is_laid_out_when_it_opens() {
    let text = r#"{"loadpath":1,"nodes":[{"id":"a","kind":"clients"},{"id":"b","kind":"service"}],
        "edges":[{"from":"a","to":"b"}],"workload":{"classes":[{"name":"read"}]}}"#;
    let document = Topology::from_json(text).unwrap();
    let (model, _) = open(&Startup { fragment: link::encode(&document), ..Startup::default() });
    assert!(model.scene.nodes[0].x < model.scene.nodes[1].x);
    assert!(model.faults.is_empty());
}

#[test]
fn a_design_that_was_shown_whole_stays_so_until_someone_looks_closer() {
    let mut model = started();
    let shows_all = |model: &Model| {
        let shown = model.camera.shown(model.canvas.0, model.canvas.1);
        model.scene.nodes.iter().all(|node| shown.x <= node.x && node.right() <= shown.right())
    };
    for (width, height) in [(1_100.0, 600.0), (700.0, 400.0), (1_500.0, 900.0)] {
        update(&mut model, Msg::Resized(width, height));
        assert!(shows_all(&model), "{width}");
    }
    update(&mut model, Msg::Zoom(2.0));
    let camera = model.camera;
    update(&mut model, Msg::Resized(1_000.0, 700.0));
    assert_eq!(model.camera, camera);
    update(&mut model, Msg::Fit);
    assert!(shows_all(&model));
}

#[test]
fn a_notice_goes_by_itself_and_an_error_stays() {
    let mut model = started();
    let effects = update(&mut model, Msg::Copied(true));
    let [Effect::After { msg, .. }] = &effects[..] else { panic!("{effects:?}") };
    update(&mut model, (**msg).clone());
    assert!(model.notices.is_empty());
    assert!(update(&mut model, Msg::Failed("no".to_owned())).is_empty());
    assert_eq!(model.notices.len(), 1);
}

#[test]
fn outcomes_are_not_needed_to_show_an_empty_snapshot() {
    let mut model = started();
    let seen = snapshot(&model);
    update(&mut model, seen);
    let (nodes, edges) = crate::canvas::faces(&model);
    assert_eq!((nodes.len(), edges.len()), (5, 4));
    assert_eq!(model.simulated.snapshot.as_ref().unwrap().outcomes, Outcomes::default());
}
