use super::*;
use crate::msg;
use crate::update::{Startup, open, update};

fn tell(model: &mut Model, msg: Msg) -> Vec<Effect> {
    update(model, msg::Msg::Library(msg))
}

fn named(name: &str) -> Topology {
    let mut document = three_tier();
    document.name = name.to_owned();
    document
}

fn kept(id: &str, changed: f64, document: &Topology) -> Kept {
    Kept { id: id.into(), changed, text: document.to_json().into() }
}

fn startup(designs: &[Kept], session: Option<&str>) -> Startup {
    Startup { designs: designs.to_vec(), session: session.map(str::to_owned), ..Startup::default() }
}

fn settle(model: &mut Model, change: Change) -> Vec<Effect> {
    update(model, msg::Msg::Change(change));
    let edits = model.edits;
    update(model, msg::Msg::Settled(edits))
}

fn keeps(effects: &[Effect]) -> Vec<(&str, Topology)> {
    let keep = |e: &Effect| matches!(e, Effect::Keep { .. });
    effects
        .iter()
        .filter(|e| keep(e))
        .filter_map(|e| match e {
            Effect::Keep { kept, .. } => Some((&*kept.id, Topology::from_json(&kept.text).unwrap())),
            _ => None,
        })
        .collect()
}

#[test]
fn the_tabs_own_design_opens_else_the_one_that_was_changed_last() {
    let designs = [kept("a", 1.0, &named("A")), kept("b", 2.0, &named("B"))];
    assert_eq!(open(&startup(&designs, None)).0.document.name, "B");
    assert_eq!(open(&startup(&designs, Some("a"))).0.document.name, "A");
    assert_eq!(open(&startup(&designs, Some("gone"))).0.document.name, "B");
}

#[test]
fn every_change_is_kept_and_another_design_is_kept_beside_it() {
    let mut model = open(&startup(&[kept("a", 1.0, &named("A"))], None)).0;
    let effects = settle(&mut model, Change::Name("A2".to_owned()));
    assert_eq!(keeps(&effects), [("a", named("A2"))]);
    let effects = settle(&mut model, Change::Open(Box::new(named("Other"))));
    let [(id, document)] = &keeps(&effects)[..] else { panic!("{effects:?}") };
    assert!(*id != "a" && document.name == "Other");
    // Undo goes back to the first design, and keeps changing that one.
    update(&mut model, msg::Msg::Undo);
    assert_eq!(&*model.library.current, "a");
    assert_eq!(model.library.designs.len(), 2);
}

#[test]
fn what_was_changed_a_moment_ago_is_kept_before_another_design_opens() {
    let mut model = open(&startup(&[kept("a", 1.0, &named("A")), kept("b", 0.0, &named("B"))], None)).0;
    update(&mut model, msg::Msg::Change(Change::Name("A2".to_owned())));
    let effects = tell(&mut model, Msg::Open("b".into()));
    assert_eq!(keeps(&effects), [("a", named("A2"))]);
    assert_eq!(model.document.name, "B");
}

#[test]
fn the_same_example_opened_twice_is_one_design() {
    let mut model = open(&Startup::default()).0;
    settle(&mut model, Change::Name("Mine".to_owned()));
    settle(&mut model, Change::Open(Box::new(three_tier())));
    settle(&mut model, Change::Open(Box::new(named("Mine"))));
    settle(&mut model, Change::Open(Box::new(three_tier())));
    assert_eq!(model.library.designs.len(), 2);
}

#[test]
fn a_change_in_another_tab_is_told_and_neither_version_is_lost() {
    let mut model = open(&startup(&[kept("a", 1.0, &named("A"))], None)).0;
    let theirs = kept("a", 2.0, &named("Theirs"));
    tell(&mut model, Msg::Elsewhere { id: "a".into(), written: Some(theirs.written()) });
    assert_eq!(model.notices.last().unwrap().offer, Some(Offer::TakeOver));
    assert_eq!(model.document.name, "A", "nothing changes under the hands of a person");
    let effects = settle(&mut model, Change::Label(0, "Mine".to_owned()));
    let [(id, mine)] = &keeps(&effects)[..] else { panic!("{effects:?}") };
    assert!(*id != "a" && mine.nodes[0].label == "Mine" && mine.name == "A (copy)", "{id} {}", mine.name);
    assert_eq!(model.library.find("a"), Some(&theirs));
    let offers = |model: &Model| model.notices.iter().any(|notice| notice.offer == Some(Offer::TakeOver));
    assert!(!offers(&model), "what was offered is void");
}

#[test]
fn another_tabs_version_can_be_taken_over_and_undone() {
    let mut model = open(&startup(&[kept("a", 1.0, &named("A"))], None)).0;
    let theirs = kept("a", 2.0, &named("Theirs"));
    tell(&mut model, Msg::Elsewhere { id: "a".into(), written: Some(theirs.written()) });
    tell(&mut model, Msg::TakeOver);
    assert_eq!((model.document.name.as_str(), &*model.library.current), ("Theirs", "a"));
    let edits = model.edits;
    assert!(keeps(&update(&mut model, msg::Msg::Settled(edits))).is_empty(), "it is kept already");
    update(&mut model, msg::Msg::Undo);
    assert_eq!(model.document.name, "A");
}

#[test]
fn who_writes_too_late_goes_on_beside_the_other() {
    let mut model = open(&startup(&[kept("a", 1.0, &named("A"))], None)).0;
    settle(&mut model, Change::Name("Mine".to_owned()));
    let theirs = kept("a", 2.0, &named("Theirs"));
    let effects = tell(&mut model, Msg::Late { id: "a".into(), written: theirs.written() });
    let [(id, mine)] = &keeps(&effects)[..] else { panic!("{effects:?}") };
    assert!(*id != "a" && mine.name == "Mine (copy)");
    assert_eq!(model.library.find("a"), Some(&theirs));
}

#[test]
fn a_deleted_design_comes_back_by_its_notice() {
    let mut model = open(&startup(&[kept("a", 2.0, &named("A")), kept("b", 1.0, &named("B"))], None)).0;
    let effects = tell(&mut model, Msg::Delete("a".into()));
    assert!(effects.iter().any(|e| matches!(e, Effect::Forget(id) if &**id == "a")));
    assert_eq!(model.document.name, "B");
    let offer = model.notices.last().unwrap().offer.clone().unwrap();
    let effects = update(&mut model, offer.msg());
    assert_eq!(keeps(&effects), [("a", named("A"))]);
    assert_eq!(model.document.name, "A");
}

#[test]
fn the_last_design_deleted_leaves_the_example() {
    let mut model = open(&startup(&[kept("a", 2.0, &named("A"))], None)).0;
    tell(&mut model, Msg::Delete("a".into()));
    assert_eq!(*model.document, three_tier());
    assert!(&*model.library.current != "a");
}

#[test]
fn designs_are_renamed_and_copied_without_being_opened() {
    let mut model = open(&startup(&[kept("a", 2.0, &named("A")), kept("b", 1.0, &named("B"))], None)).0;
    tell(&mut model, Msg::Show(true));
    tell(&mut model, Msg::Rename("b".into(), " Better ".to_owned()));
    tell(&mut model, Msg::Duplicate("b".into()));
    let rows = model.library.rows.clone().unwrap();
    let mut names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["A", "Better", "Better (copy)"]);
    assert_eq!(model.document.name, "A");
}

#[test]
fn a_full_storage_is_told_once_and_tried_again() {
    let mut model = open(&Startup::default()).0;
    for name in ["one", "two"] {
        let effects = settle(&mut model, Change::Name(name.to_owned()));
        assert_eq!(keeps(&effects).len(), 1);
        tell(&mut model, Msg::Refused("quota".to_owned()));
    }
    assert_eq!(model.notices.iter().filter(|notice| notice.is_error).count(), 1);
}

#[test]
fn what_cannot_be_read_is_left_as_it_is() {
    let broken = Kept { id: "x".into(), changed: 9.0, text: "{\"loadpath\":99}".into() };
    let mut model = open(&startup(&[kept("a", 1.0, &named("A")), broken.clone()], Some("a"))).0;
    let effects = tell(&mut model, Msg::Open("x".into()));
    assert!(keeps(&effects).is_empty() && model.notices.last().unwrap().is_error);
    assert_eq!(model.library.find("x"), Some(&broken));
}

#[test]
fn undo_goes_on_after_a_reload() {
    let mut model = open(&startup(&[kept("a", 1.0, &named("A"))], None)).0;
    settle(&mut model, Change::Name("A2".to_owned()));
    let effects = tell(&mut model, Msg::Leave);
    let written =
        effects.iter().find_map(|e| if let Effect::KeepHistory(text) = e { Some(text) } else { None });
    let again = Startup { history: written.cloned(), ..startup(&model.library.designs, Some("a")) };
    let mut model = open(&again).0;
    update(&mut model, msg::Msg::Undo);
    assert_eq!(model.document.name, "A");
}
