use super::super::{open, update};
use super::*;
use crate::editing::{self, Aim, Finger, Phase};
use crate::msg::Msg as Any;
use crate::tool::{Held, Tool};
use crate::update::Startup;
use loadpath_core::sim::{NodeSnapshot, Snapshot};
use loadpath_core::topology::catalog;

/// Clients, a balancer, a service, a cache and a database, on a canvas that shows the plane as it is.
fn started() -> Model {
    let mut model = open(&Startup::default()).0;
    update(&mut model, Any::Resized(1_100.0, 600.0));
    model.camera = crate::geometry::Camera::default();
    model
}

fn edit(model: &mut Model, msg: Msg) -> Vec<Effect> {
    update(model, Any::Editing(msg))
}

fn change(model: &mut Model, change: editing::Change) -> Vec<Effect> {
    update(model, Any::Change(Change::Editing(change)))
}

fn place(model: &Model, id: &str) -> usize {
    model.document.nodes.iter().position(|node| node.id == id).unwrap()
}

fn on_screen(model: &Model, node: usize) -> ScreenPoint {
    model.camera.to_screen(model.scene.nodes[node].middle())
}

fn lines(model: &Model) -> Vec<String> {
    let menu = model.editing.menu.as_ref().expect("a menu is open");
    entries(model, &menu.subject).into_iter().map(|entry| entry.title).collect()
}

/// Chooses the line that begins so.
fn choose(model: &mut Model, begins: &str) -> Vec<Effect> {
    let all = lines(model);
    let line =
        all.iter().position(|title| title.starts_with(begins)).unwrap_or_else(|| panic!("{begins}: {all:?}"));
    edit(model, Msg::Chosen(line))
}

fn focused(effects: &[Effect]) -> Option<&str> {
    effects
        .iter()
        .rev()
        .find_map(|effect| if let Effect::Focus(id) = effect { Some(id.as_str()) } else { None })
}

fn grab(model: &mut Model, node: usize, dx: f64, dy: f64) {
    let at = on_screen(model, node);
    let held = Held::default();
    let down = crate::tool::Down { at, pans: false, held, touch: false };
    update(model, Any::Pointer(crate::tool::Pointer::Down(down)));
    let at = ScreenPoint::new(at.x + dx, at.y + dy);
    update(model, Any::Pointer(crate::tool::Pointer::Moved { at, held }));
    update(model, Any::Pointer(crate::tool::Pointer::Up { at, on_canvas: true }));
}

#[test]
fn a_wire_let_go_on_the_empty_canvas_offers_what_can_go_there_and_one_undo_takes_it_back() {
    let mut model = started();
    let web = place(&model, "web");
    let before = model.document.clone();
    let at = crate::geometry::WorldPoint::new(700.0, 450.0);
    offer(&mut model, web, at);
    assert!(lines(&model).contains(&"Queue".to_owned()) && !lines(&model).contains(&"Clients".to_owned()));
    let effects = choose(&mut model, "Queue");
    let queue = model.document.nodes.len() - 1;
    assert_eq!(model.selection, Selection::node(queue));
    assert_eq!(focused(&effects), Some("node-5"));
    let edge = model.document.edges.last().unwrap();
    assert_eq!((edge.from.as_str(), edge.to.as_str()), ("web", "queue"));
    assert_eq!(model.document.nodes[queue].at, Some([700.0, 410.0]));
    update(&mut model, Any::Undo);
    assert_eq!(*model.document, *before);
}

#[test]
fn where_nothing_can_go_the_menu_says_why() {
    let mut model = started();
    let users = place(&model, "users");
    update(&mut model, Any::Select(Selection::node(users)));
    edit(&mut model, Msg::QuickConnect);
    let lines = lines(&model);
    assert!(lines.len() == 1 && lines[0].contains("one address"), "{lines:?}");
    assert!(edit(&mut model, Msg::Chosen(0)).is_empty());
    assert!(update(&mut model, Any::Escape).iter().any(|e| matches!(e, Effect::Draw(Draw::Clear))));
    assert!(model.editing.menu.is_none());
}

#[test]
fn the_keyboard_puts_what_is_called_right_of_its_caller_where_nothing_stands() {
    let mut model = started();
    let web = place(&model, "web");
    update(&mut model, Any::Select(Selection::node(web)));
    edit(&mut model, Msg::QuickConnect);
    choose(&mut model, "Object store");
    let node = *model.selection.nodes.first().unwrap();
    let new = model.scene.nodes[node];
    assert!(new.x > model.scene.nodes[web].right());
    assert!((0..node).all(|i| !model.scene.nodes[i].touches(&new)));
}

#[test]
fn only_nodes_that_may_be_reached_are_gone_through_and_enter_connects() {
    let mut model = started();
    let (cache, db) = (place(&model, "cache"), place(&model, "db"));
    update(&mut model, Any::Select(Selection::node(cache)));
    let effects = edit(&mut model, Msg::Reach);
    assert_eq!(model.editing.reaching.as_ref().unwrap().targets, [db]);
    assert_eq!(focused(&effects), Some(format!("node-{db}").as_str()));
    // The focus that moves along selects nothing.
    update(&mut model, Any::Focused(db));
    assert_eq!(model.selection, Selection::node(cache));
    edit(&mut model, Msg::Take);
    let edge = model.document.edges.last().unwrap();
    assert_eq!((edge.from.as_str(), edge.to.as_str()), ("cache", "db"));
    assert!(model.targets.is_none() && model.editing.reaching.is_none());
}

#[test]
fn arrows_choose_by_where_nodes_stand_and_escape_gives_up() {
    let mut model = started();
    for (x, y) in [(900.0, 0.0), (900.0, 200.0), (1_200.0, 100.0)] {
        let at = Some(crate::geometry::WorldPoint::new(x, y));
        let kind = catalog::kind("object_store").unwrap();
        update(&mut model, Any::Change(Change::AddNode { kind, at }));
    }
    let web = place(&model, "web");
    update(&mut model, Any::Select(Selection::node(web)));
    edit(&mut model, Msg::Reach);
    let aimed = |model: &Model| {
        let reaching = model.editing.reaching.as_ref().unwrap();
        reaching.targets[reaching.aimed]
    };
    let mut seen = Vec::new();
    for aim in [Aim::Up, Aim::Down, Aim::Right, Aim::Left, Aim::Next, Aim::Previous] {
        edit(&mut model, Msg::Aim(aim));
        seen.push(aimed(&model));
    }
    assert_eq!((seen[0], seen[1], seen[2]), (5, 6, 7));
    assert_eq!(seen[5], seen[3], "forth and back");
    let effects = update(&mut model, Any::Escape);
    assert_eq!(focused(&effects), Some(format!("node-{web}").as_str()));
    assert_eq!((model.document.edges.len(), model.selection.clone()), (4, Selection::node(web)));
}

#[test]
fn an_edge_is_reconnected_by_its_menu() {
    let mut model = started();
    let kind = catalog::kind("service").unwrap();
    update(&mut model, Any::Change(Change::AddNode { kind, at: None }));
    let edge = model.document.edges.iter().position(|edge| edge.from == "lb").unwrap();
    update(&mut model, Any::Select(Selection::edge(edge)));
    edit(&mut model, Msg::MenuKey);
    choose(&mut model, "Call another node");
    edit(&mut model, Msg::Aim(Aim::Next));
    let reaching = model.editing.reaching.clone().unwrap();
    let node = reaching.targets[reaching.aimed];
    edit(&mut model, Msg::Take);
    assert_eq!(model.document.edges[edge].to, model.document.nodes[node].id);
    assert_eq!(model.document.edges.len(), 4);
}

#[test]
fn a_zone_is_made_from_the_selection_renamed_moved_and_taken_away_and_each_is_undone() {
    let mut model = started();
    let mut documents = vec![model.document.clone()];
    let nodes = [place(&model, "cache"), place(&model, "db")].into();
    update(&mut model, Any::Select(Selection { nodes, ..Selection::default() }));
    change(&mut model, editing::Change::AddZone { area: None });
    let group = model.editing.group.expect("the new zone is selected");
    documents.push(model.document.clone());
    edit(&mut model, Msg::Rename);
    assert_eq!(model.editing.renaming, Some(Named::Group(group)));
    let effects = edit(&mut model, Msg::Renamed(Some(" us-east ".to_owned())));
    assert_eq!(focused(&effects), Some("region-0-label"));
    assert_eq!(crate::edit::name_of(&model.document, group), "us-east");
    documents.push(model.document.clone());
    update(&mut model, Any::Change(Change::Nudge { dx: 10.0, dy: 0.0 }));
    assert_eq!(model.editing.group, Some(group), "it stays selected, so that arrows go on");
    documents.push(model.document.clone());
    update(&mut model, Any::Change(Change::Delete));
    assert!(model.document.zones.is_empty() && model.document.nodes.len() == 5);
    for before in documents.iter().rev() {
        update(&mut model, Any::Undo);
        assert_eq!(*model.document, **before);
    }
}

#[test]
fn dropping_a_node_into_a_region_joins_it_in_one_step_of_undo() {
    let mut model = started();
    let web = place(&model, "web");
    let area = Rect { x: 460.0, y: 380.0, width: 420.0, height: 200.0 };
    change(&mut model, editing::Change::AddZone { area: Some(area) });
    let before = model.document.clone();
    let from = model.scene.nodes[web].middle();
    grab(&mut model, web, area.middle().x - from.x, area.middle().y - from.y);
    assert_eq!(model.document.nodes[web].zone, "zone-1");
    update(&mut model, Any::Undo);
    assert_eq!(*model.document, *before);
}

#[test]
fn a_node_out_of_the_middle_of_a_chain_leaves_it_joined_and_the_notice_takes_it_back() {
    let mut model = started();
    let lb = place(&model, "lb");
    let before = model.document.clone();
    update(&mut model, Any::Select(Selection::node(lb)));
    update(&mut model, Any::Change(Change::Delete));
    assert!(model.document.edges.iter().any(|edge| edge.from == "users" && edge.to == "web"));
    let notice = model.notices.last().unwrap();
    assert!(
        notice.offer == Some(crate::model::Offer::Undo) && notice.text.contains("Clients → Web tier"),
        "{notice:?}"
    );
    update(&mut model, Any::Undo);
    assert_eq!(*model.document, *before);
    assert!(model.notices.is_empty(), "there is nothing left to take back");
}

#[test]
fn a_name_is_written_in_place_and_escape_leaves_the_old_one() {
    let mut model = started();
    let web = place(&model, "web");
    let at = on_screen(&model, web);
    edit(&mut model, Msg::DoubleClick(at));
    assert_eq!(model.editing.renaming, Some(Named::Node(web)));
    edit(&mut model, Msg::Renamed(Some("Front".to_owned())));
    assert_eq!(model.document.nodes[web].label, "Front");
    edit(&mut model, Msg::Rename);
    let effects = update(&mut model, Any::Escape);
    assert_eq!((model.document.nodes[web].label.as_str(), model.editing.renaming), ("Front", None));
    assert_eq!(focused(&effects), Some(format!("node-{web}").as_str()));
}

#[test]
fn a_menu_is_of_what_lies_there_and_selects_it() {
    let mut model = started();
    let web = place(&model, "web");
    let at = on_screen(&model, web);
    edit(&mut model, Msg::MenuAt { at, instance: None });
    assert_eq!(model.selection, Selection::node(web));
    assert!(lines(&model).contains(&"Duplicate".to_owned()));
    let up = vec![true; 2];
    let node = |node: &loadpath_core::topology::Node| NodeSnapshot {
        id: node.id.clone(),
        up: up.clone(),
        ..Default::default()
    };
    let nodes = model.document.nodes.iter().map(node).collect();
    model.simulated.snapshot = Some(crate::shared::Shared::new(Snapshot { nodes, ..Snapshot::default() }));
    edit(&mut model, Msg::MenuAt { at, instance: Some((web, 1)) });
    assert_eq!(lines(&model)[0], "Kill Web tier #2");
    choose(&mut model, "The whole node");
    choose(&mut model, "Let it fail");
    assert!(lines(&model).contains(&"Kill all of Web tier".to_owned()), "{:?}", lines(&model));
    update(&mut model, Any::SelectAll);
    edit(&mut model, Msg::MenuAt { at, instance: None });
    assert_eq!(model.editing.menu.as_ref().unwrap().subject, Subject::Several);
    let at = ScreenPoint::new(900.0, 590.0);
    edit(&mut model, Msg::MenuAt { at, instance: None });
    choose(&mut model, "Add node here");
    choose(&mut model, "Cache");
    let new = model.scene.nodes.last().unwrap().middle();
    assert!(model.camera.to_screen(new).distance(at) <= 8.0, "where the menu was, on the grid");
}

#[test]
fn a_new_document_closes_what_was_of_the_old_one() {
    let mut model = started();
    update(&mut model, Any::Select(Selection::node(0)));
    edit(&mut model, Msg::MenuKey);
    edit(&mut model, Msg::Rename);
    update(&mut model, Any::Change(Change::Open(Box::new(crate::edit::blank()))));
    assert!(model.editing.menu.is_none() && model.editing.renaming.is_none());
}

fn finger(model: &mut Model, id: i32, x: f64, y: f64, phase: Phase) -> Vec<Effect> {
    edit(model, Msg::Finger(Finger { id, at: ScreenPoint::new(x, y), phase }))
}

#[test]
fn two_fingers_zoom_and_what_one_began_is_given_up() {
    let mut model = started();
    let web = place(&model, "web");
    let at = on_screen(&model, web);
    finger(&mut model, 1, at.x, at.y, Phase::Down(Held::default()));
    finger(&mut model, 1, at.x + 40.0, at.y, Phase::Moved);
    assert!(matches!(model.tool, Tool::Move(_)));
    finger(&mut model, 2, at.x + 140.0, at.y, Phase::Down(Held::default()));
    assert!(matches!(model.tool, Tool::Idle));
    finger(&mut model, 2, at.x + 240.0, at.y, Phase::Moved);
    assert!((model.camera.zoom - 2.0).abs() < 1e-9);
    for id in [1, 2] {
        finger(&mut model, id, at.x, at.y, Phase::Up { on_canvas: true });
    }
    assert!(model.editing.pinch.is_none() && !model.history.can_undo());
}

#[test]
fn a_finger_that_rests_opens_the_menu_and_one_that_moves_on_pans() {
    let mut model = started();
    let press = |model: &mut Model, x, y| {
        let effects = finger(model, 1, x, y, Phase::Down(Held::default()));
        effects
            .into_iter()
            .find_map(|e| if let Effect::After { msg, ms: 500 } = e { Some(*msg) } else { None })
            .unwrap()
    };
    let long = press(&mut model, 900.0, 580.0);
    finger(&mut model, 1, 904.0, 582.0, Phase::Moved);
    update(&mut model, long);
    assert!(matches!(model.editing.menu.as_ref().unwrap().subject, Subject::Canvas(_)));
    finger(&mut model, 1, 904.0, 582.0, Phase::Up { on_canvas: true });
    let long = press(&mut model, 900.0, 580.0);
    assert!(model.editing.menu.is_none(), "a press elsewhere closes it");
    finger(&mut model, 1, 930.0, 580.0, Phase::Moved);
    update(&mut model, long);
    assert!(model.editing.menu.is_none() && model.camera.x == 30.0);
}

#[test]
fn many_nodes_are_moved_as_one_picture_and_few_one_by_one() {
    let mut model = started();
    let kind = catalog::kind("service").unwrap();
    for i in 0..40 {
        let at = Some(crate::geometry::WorldPoint::new(
            f64::from(i % 8) * 200.0,
            600.0 + f64::from(i / 8) * 120.0,
        ));
        update(&mut model, Any::Change(Change::AddNode { kind, at }));
    }
    let web = place(&model, "web");
    for (all, lifted) in [(false, false), (true, true)] {
        update(&mut model, Any::Select(Selection::node(web)));
        if all {
            update(&mut model, Any::SelectAll);
        }
        let (at, held) = (on_screen(&model, web), Held::default());
        let down = crate::tool::Down { at, pans: false, held, touch: false };
        update(&mut model, Any::Pointer(crate::tool::Pointer::Down(down)));
        let at = ScreenPoint::new(at.x + 70.0, at.y);
        let effects = update(&mut model, Any::Pointer(crate::tool::Pointer::Moved { at, held }));
        let [Effect::Draw(Draw::Moved(moved))] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(moved.lifted.is_some(), lifted);
        assert_eq!(moved.nodes.is_empty(), lifted);
        update(&mut model, Any::Escape);
    }
}

#[test]
fn laying_out_is_one_step_of_undo_and_of_a_selection_moves_nothing_else() {
    let mut model = started();
    let before = model.document.clone();
    let web = place(&model, "web");
    grab(&mut model, web, -400.0, 100.0);
    let (users, lb) = (place(&model, "users"), place(&model, "lb"));
    let nodes = [users, lb].into();
    update(&mut model, Any::Select(Selection { nodes, ..Selection::default() }));
    let moved = model.document.clone();
    change(&mut model, editing::Change::LayOut);
    assert!((2..5).all(|i| model.document.nodes[i] == moved.nodes[i]));
    update(&mut model, Any::Select(Selection::default()));
    change(&mut model, editing::Change::LayOut);
    let x = |id: &str| model.document.node(id).unwrap().at.unwrap()[0];
    assert!(model.document.edges.iter().all(|edge| x(&edge.from) < x(&edge.to)));
    for _ in 0..3 {
        update(&mut model, Any::Undo);
    }
    assert_eq!(*model.document, *before);
}

#[test]
fn the_view_goes_to_what_is_selected_and_to_its_actual_size() {
    let mut model = started();
    let db = place(&model, "db");
    update(&mut model, Any::Select(Selection::node(db)));
    edit(&mut model, Msg::FitSelection);
    let shown = model.camera.shown(model.canvas.0, model.canvas.1);
    assert!(shown.contains(model.scene.nodes[db].middle()) && model.camera.zoom > 1.0);
    edit(&mut model, Msg::ActualSize);
    assert!((model.camera.zoom - 1.0).abs() < 1e-12);
}
