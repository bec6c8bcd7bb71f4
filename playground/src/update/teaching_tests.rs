//! What findings, lessons and comparison do, message by message.
use super::advice::{self, Trial};
use super::comparison::{self, Side, sides};
use super::course::{self, Step};
use super::*;
use crate::edit::Bag;
use crate::model::{Drawer, Selection};
use crate::msg::Change;
use crate::run::{Better, FromWorker, SEED, Studied, Study, study};
use loadpath_core::rng::Seed;
use loadpath_core::topology::{Topology, lessons, three_tier};

fn started() -> Model {
    open(&Startup::default()).0
}

fn settle(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = update(model, msg);
    let edits = model.edits;
    effects.extend(update(model, Msg::Settled(edits)));
    effects
}

fn asked(effects: &[Effect]) -> Option<(u32, Study)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Study { number, study } => Some((*number, (**study).clone())),
        _ => None,
    })
}

/// What the worker would answer, told to the page.
fn answer(model: &mut Model, (number, question): &(u32, Study)) -> Vec<Effect> {
    let studied = Box::new(study(question, Seed(SEED)));
    update(model, Msg::Worker(Box::new(FromWorker::Studied { number: *number, studied })))
}

fn web(model: &Model) -> usize {
    model.document.nodes.iter().position(|node| node.id == "web").unwrap()
}

fn set(model: &Model, name: &'static str, value: &str) -> Msg {
    Msg::Change(Change::Set { bag: Bag::Node(web(model)), name, value: Some(value.into()) })
}

#[test]
fn the_estimate_is_there_at_once_and_follows_the_design_but_not_its_faults() {
    let mut model = started();
    let before = model.advice.estimated.clone().unwrap();
    let faulty = set(&model, "workers", "many");
    settle(&mut model, faulty);
    assert!(model.advice.estimated.as_ref() == Some(&before), "what was known before stays");
    let slower = set(&model, "service_time", "exp 16ms");
    settle(&mut model, Msg::Undo);
    settle(&mut model, slower);
    let after = model.advice.estimated.clone().unwrap();
    assert!(after.response().unwrap().0 > before.response().unwrap().0);
    assert!(model.simulated.is_stale, "the simulation has not shown this design yet");
}

#[test]
fn a_mend_is_one_change_that_undo_takes_back() {
    let mut model = started();
    let finding = model.advice.findings().find(|finding| finding.mend.is_some()).cloned().unwrap();
    settle(&mut model, Msg::Advice(advice::Msg::Mend(Box::new(finding.clone()))));
    assert_ne!(*model.document, three_tier());
    assert!(!model.advice.findings().any(|other| *other == finding), "it is mended");
    settle(&mut model, Msg::Undo);
    assert_eq!(*model.document, three_tier());
    assert!(model.advice.findings().any(|other| *other == finding));
}

#[test]
fn trying_a_mend_asks_once_and_shows_what_came_of_it() {
    let mut model = started();
    let kind = loadpath_core::advise::FindingKind::OneBalancer;
    let finding = model.advice.findings().find(|finding| finding.kind == kind).cloned().unwrap();
    let attempt = || Msg::Advice(advice::Msg::Try(Box::new(finding.clone())));
    let question = asked(&update(&mut model, attempt())).unwrap();
    assert!(asked(&update(&mut model, attempt())).is_none(), "it runs already");
    answer(&mut model, &question);
    assert!(matches!(model.advice.trial(&finding), Some(Trial::Done(verdict)) if verdict.better));
    let other = set(&model, "workers", "4");
    settle(&mut model, other);
    assert!(model.advice.trial(&finding).is_none(), "that was another design");
}

#[test]
fn an_answer_that_nobody_waits_for_is_dropped() {
    let mut model = started();
    let studied = Box::new(Studied::Mend(Err("x".to_owned())));
    update(&mut model, Msg::Worker(Box::new(FromWorker::Studied { number: 77, studied })));
    assert!(model.advice.trials.is_empty());
}

#[test]
fn prices_are_edited_like_any_parameter_and_change_the_bill() {
    let mut model = started();
    let before = model.advice.estimated.as_ref().unwrap().bill.total();
    let set = Change::Set { bag: Bag::Prices, name: "core_hour", value: Some(0.5.into()) };
    settle(&mut model, Msg::Change(set));
    assert!(model.advice.estimated.as_ref().unwrap().bill.total() > before);
    settle(&mut model, Msg::Undo);
    assert_eq!(model.advice.estimated.as_ref().unwrap().bill.total(), before);
}

#[test]
fn a_baseline_is_compared_with_what_becomes_of_the_design() {
    let mut model = started();
    let kept = update(&mut model, Msg::Comparison(comparison::Msg::Keep));
    assert!(asked(&kept).is_none(), "it does not differ from itself");
    let change = set(&model, "service_time", "exp 2ms");
    let mut effects = settle(&mut model, change);
    let difference = model.comparison.difference.clone().unwrap();
    assert_eq!(difference.words.len(), 1, "{:?}", difference.words);
    while let Some(question) = asked(&effects) {
        effects = answer(&mut model, &question);
    }
    let compared = model.comparison.compared.clone().unwrap();
    assert_eq!(compared.rows[0].better, Better::Better, "{:?}", compared.rows[0]);
    assert!(model.comparison.figures.is_some() && !model.comparison.is_running());
    update(&mut model, Msg::Drawer(None));
    assert!(model.comparison.difference.is_none(), "marks go with the comparison");
}

#[test]
fn the_design_before_the_last_change_can_be_compared_with() {
    let mut model = started();
    assert!(!sides(&model).iter().any(|(side, _)| *side == Side::LastChange));
    let change = set(&model, "instances", "6");
    settle(&mut model, change);
    update(&mut model, Msg::Drawer(Some(Drawer::Compare)));
    let effects = update(&mut model, Msg::Comparison(comparison::Msg::Before(Side::LastChange)));
    assert!(matches!(asked(&effects), Some((_, Study::Compare(_)))));
    assert_eq!(model.comparison.difference.as_ref().unwrap().nodes.iter().flatten().count(), 1);
}

#[test]
fn a_lesson_keeps_ones_own_design_aside_and_brings_it_back() {
    let mut model = started();
    let change = set(&model, "instances", "3");
    settle(&mut model, change);
    settle(&mut model, Msg::Change(Change::Name("Mine".to_owned())));
    let own = (*model.document).clone();
    let effects = settle(&mut model, Msg::Course(course::Msg::Begin("load-balancer")));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::KeepCourse(_))));
    assert_eq!(*model.document, lessons::find("load-balancer").unwrap().document());
    assert!(!model.simulated.running, "its end is to be predicted before it is seen");
    assert!(model.comparison.difference.as_ref().unwrap().words.len() > 1, "what is new is marked");
    settle(&mut model, Msg::Course(course::Msg::Begin("sharding")));
    assert_eq!(model.course.progress.aside.len(), 1, "lessons are not kept");
    settle(&mut model, Msg::Course(course::Msg::Back(0)));
    assert_eq!(*model.document, own);
    assert!(model.course.progress.aside.is_empty() && model.simulated.running);
}

#[test]
fn a_prediction_is_kept_and_then_it_runs() {
    let mut model = started();
    update(&mut model, Msg::Course(course::Msg::Begin("retry-storm")));
    update(&mut model, Msg::Course(course::Msg::Step(Step::Predict)));
    update(&mut model, Msg::Course(course::Msg::Answer(99)));
    assert!(model.course.progress.answers.is_empty(), "there is no such choice");
    let effects = update(&mut model, Msg::Course(course::Msg::Answer(0)));
    assert_eq!(model.course.progress.answers["retry-storm"], 0);
    assert!(model.simulated.running && effects.iter().any(|e| matches!(e, Effect::Worker(_))));
    let kept = effects.iter().find_map(|e| if let Effect::KeepCourse(text) = e { Some(text) } else { None });
    let again = open(&Startup { course: kept.cloned(), ..Startup::default() }).0;
    assert_eq!(*again.course.progress, *model.course.progress);
    assert_eq!(again.drawer, Some(Drawer::Course));
}

#[test]
fn the_goal_is_reached_by_changing_the_design_and_the_simulator_says_so() {
    let mut model = started();
    update(&mut model, Msg::Course(course::Msg::Begin("celebrity")));
    let mut effects = settle(&mut model, Msg::Course(course::Msg::Step(Step::Act)));
    while let Some(question) = asked(&effects) {
        effects = answer(&mut model, &question);
    }
    assert!(matches!(&model.course.goals[..], [Ok(goal)] if !goal.holds));
    let db = model.document.nodes.iter().position(|node| node.id == "db").unwrap();
    let change = Change::Set { bag: Bag::Node(db), name: "isolated_keys", value: Some(100.0.into()) };
    let mut effects = settle(&mut model, Msg::Change(change));
    while let Some(question) = asked(&effects) {
        effects = answer(&mut model, &question);
    }
    assert!(matches!(&model.course.goals[..], [Ok(goal)] if goal.holds));
    assert!(model.course.progress.reached.contains("celebrity"));
}

#[test]
fn an_address_asks_for_a_lesson_or_is_told_that_there_is_none() {
    let ask = |id: &str| open(&Startup { lesson: Some(id.to_owned()), ..Startup::default() }).0;
    assert_eq!(*ask("sharding").document, lessons::find("sharding").unwrap().document());
    let none = ask("flying");
    assert_eq!(*none.document, three_tier());
    assert!(none.notices[0].text.contains("no lesson"), "{:?}", none.notices);
}

#[test]
fn escape_closes_what_stands_beside_when_nothing_is_selected() {
    let mut model = started();
    update(&mut model, Msg::Drawer(Some(Drawer::Findings)));
    update(&mut model, Msg::Select(Selection::node(0)));
    update(&mut model, Msg::Escape);
    assert_eq!(model.drawer, Some(Drawer::Findings));
    update(&mut model, Msg::Escape);
    assert_eq!(model.drawer, None);
}

#[test]
fn a_design_that_changes_while_it_is_judged_is_judged_again() {
    let mut model = started();
    update(&mut model, Msg::Course(course::Msg::Begin("celebrity")));
    let first = asked(&settle(&mut model, Msg::Course(course::Msg::Step(Step::Act)))).unwrap();
    let other = Change::Name("Another name".to_owned());
    assert!(asked(&settle(&mut model, Msg::Change(other))).is_none(), "one question at a time");
    let document: Topology = (*model.document).clone();
    let db = document.nodes.iter().position(|node| node.id == "db").unwrap();
    let change = Change::Set { bag: Bag::Node(db), name: "shards", value: Some(8.0.into()) };
    assert!(asked(&settle(&mut model, Msg::Change(change))).is_none());
    let again = asked(&answer(&mut model, &first));
    assert!(
        matches!(again, Some((_, Study::Goals { document, .. })) if document.nodes == model.document.nodes)
    );
}

#[test]
fn baselines_come_back_after_a_reload_and_what_cannot_be_read_is_left_out() {
    let mut model = started();
    let effects = update(&mut model, Msg::Comparison(comparison::Msg::Keep));
    let written = effects.iter().find_map(|effect| match effect {
        Effect::KeepBaselines(text) => Some(text.clone()),
        _ => None,
    });
    let written = written.unwrap();
    let again = |written: &str| {
        let startup = Startup { baselines: Some(written.to_owned()), ..Startup::default() };
        open(&startup).0.comparison.kept
    };
    // What is shared is equal when it is the same place: here the documents count.
    assert_eq!(again(&written).len(), 1);
    assert_eq!(*again(&written)[0], *model.comparison.kept[0]);
    let one_broken = format!("{},\"{{broken\"]", written.trim_end_matches(']'));
    assert_eq!(again(&one_broken).len(), 1);
    assert!(again("no list").is_empty());
}
