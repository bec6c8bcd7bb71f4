//! The finder: opened, typed into, chosen from; and a component that is added by a key.
use super::{canvas, document};
use crate::edit;
use crate::effect::Effect;
use crate::finder::{Find, Msg, Opened, found};
use crate::geometry::{NODE_HEIGHT, NODE_WIDTH, Rect, WorldPoint};
use crate::model::{Model, Selection, Single};
use crate::msg::Change;
use crate::tool::Pointer;
use loadpath_core::topology::catalog::Kind;
use loadpath_core::topology::lessons;

pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Open { only_kinds } => {
            model.finder.open = Some(Opened { only_kinds, ..Opened::default() });
            Vec::new()
        }
        Msg::Close => {
            model.finder.open = None;
            Vec::new()
        }
        Msg::Typed(text) => {
            if let Some(opened) = &mut model.finder.open {
                opened.text = text;
                opened.active = 0;
            }
            Vec::new()
        }
        Msg::Step(by) => step(model, by),
        Msg::Choose(which) => choose(model, which),
        Msg::Place(kind) => place(model, kind),
    }
}

/// Remembers where the pointer is over the canvas.
pub(super) fn seen(model: &mut Model, pointer: &Pointer) {
    if let Pointer::Moved { at, .. } = pointer {
        let (width, height) = model.canvas;
        let is_over = at.x >= 0.0 && at.y >= 0.0 && at.x < width && at.y < height;
        model.finder.pointer = is_over.then_some(*at);
    }
}

/// Past the last comes the first.
fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    let Some(opened) = model.finder.open.clone() else { return Vec::new() };
    let count = found(model, &opened).len();
    if let (Some(opened), 1..) = (&mut model.finder.open, count) {
        opened.active = (opened.active.min(count - 1) as isize + by).rem_euclid(count as isize) as usize;
    }
    Vec::new()
}

fn choose(model: &mut Model, which: Option<usize>) -> Vec<Effect> {
    let Some(opened) = model.finder.open.take() else { return Vec::new() };
    let chosen = found(model, &opened).into_iter().nth(which.unwrap_or(opened.active));
    match chosen.map(|found| found.find) {
        Some(Find::Command(command)) => super::update(model, (command.msg)()),
        Some(Find::Kind(kind)) => place(model, kind),
        Some(Find::Node(node)) => go_to(model, node),
        Some(Find::Lesson(id)) => match lessons::find(id) {
            Some(lesson) => document::change(model, Change::Open(Box::new(lesson.document()))),
            None => Vec::new(),
        },
        None => {
            // Nothing fits: what was typed stays, to be mended.
            model.finder.open = Some(opened);
            Vec::new()
        }
    }
}

/// Selects a node and shows it in the middle.
pub(super) fn go_to(model: &mut Model, node: usize) -> Vec<Effect> {
    let Some(middle) = model.scene.nodes.get(node).map(Rect::middle) else { return Vec::new() };
    let mut effects = canvas::select(model, Selection::node(node));
    effects.extend(canvas::centre(model, middle));
    effects
}

/// Adds a component where the pointer is, or in the middle; wired to the one selected node where the rules allow.
fn place(model: &mut Model, kind: &'static Kind) -> Vec<Effect> {
    let at = at_pointer(model).unwrap_or_else(|| canvas::free_place(model));
    let mut changed = (*model.document).clone();
    let new = edit::add_node(&mut changed, kind, at);
    if let Single::Node(selected) = model.selection.single() {
        // What is selected calls what is added, or is called by it.
        let wired = edit::connect(&mut changed, selected, new);
        let _ = wired.or_else(|_| edit::connect(&mut changed, new, selected));
    }
    document::commit(model, changed, Selection::node(new), None)
}

/// Where a node stands whose middle is under the pointer; none when the pointer is elsewhere.
pub(super) fn at_pointer(model: &Model) -> Option<WorldPoint> {
    let pointer = model.finder.pointer?;
    let at = model.camera.to_world(pointer).moved(-NODE_WIDTH / 2.0, -NODE_HEIGHT / 2.0);
    Some(canvas::free_from(model, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::ScreenPoint;
    use crate::msg;
    use crate::update::{Startup, open, update};
    use loadpath_core::topology::catalog;

    fn tell(model: &mut Model, msg: Msg) -> Vec<Effect> {
        update(model, msg::Msg::Finder(msg))
    }

    fn started() -> Model {
        let mut model = open(&Startup::default()).0;
        update(&mut model, msg::Msg::Resized(1_000.0, 600.0));
        model
    }

    #[test]
    fn a_component_is_put_under_the_pointer_and_wired_to_what_is_selected() {
        let mut model = started();
        let web = model.document.nodes.iter().position(|node| node.id == "web").unwrap();
        update(&mut model, msg::Msg::Select(Selection::node(web)));
        update(
            &mut model,
            msg::Msg::Pointer(Pointer::Moved {
                at: ScreenPoint::new(700.0, 30.0),
                held: crate::tool::Held::default(),
            }),
        );
        tell(&mut model, Msg::Place(catalog::kind("queue").unwrap()));
        let queue = model.document.nodes.last().unwrap();
        let at = model.camera.to_world(ScreenPoint::new(700.0, 30.0));
        let [x, y] = queue.at.unwrap();
        // The grid moves it by half a step at most.
        assert!((x + 75.0 - at.x).abs() <= 5.0 && (y + 38.0 - at.y).abs() <= 5.0, "{x} {y} {at:?}");
        let edge = model.document.edges.last().unwrap();
        assert_eq!((edge.from.as_str(), edge.to.as_str()), ("web", "queue"));
        update(&mut model, msg::Msg::Undo);
        assert_eq!(model.document.nodes.len(), 5, "one undo takes back the node and its wire");
    }

    #[test]
    fn what_may_not_be_wired_is_added_alone() {
        let mut model = started();
        let users = model.document.nodes.iter().position(|node| node.id == "users").unwrap();
        update(&mut model, msg::Msg::Select(Selection::node(users)));
        tell(&mut model, Msg::Place(catalog::kind("database").unwrap()));
        assert_eq!((model.document.nodes.len(), model.document.edges.len()), (6, 4));
    }

    #[test]
    fn the_finder_goes_round_and_enter_does_what_is_active() {
        let mut model = started();
        tell(&mut model, Msg::Open { only_kinds: true });
        tell(&mut model, Msg::Step(-1));
        let last = catalog::KINDS.len() - 1;
        assert_eq!(model.finder.open.as_ref().unwrap().active, last);
        tell(&mut model, Msg::Step(1));
        tell(&mut model, Msg::Typed("cache".to_owned()));
        tell(&mut model, Msg::Choose(None));
        assert!(model.finder.open.is_none());
        assert_eq!(model.document.nodes.last().unwrap().kind, "cache");
    }

    #[test]
    fn a_node_is_found_selected_and_shown_in_the_middle() {
        let mut model = started();
        tell(&mut model, Msg::Open { only_kinds: false });
        tell(&mut model, Msg::Typed("go to db".to_owned()));
        tell(&mut model, Msg::Choose(None));
        let Single::Node(db) = model.selection.single() else { panic!("{:?}", model.selection) };
        assert_eq!(model.document.nodes[db].id, "db");
        let middle = model.camera.to_screen(model.scene.nodes[db].middle());
        assert!((middle.x - 500.0).abs() < 1.0 && (middle.y - 300.0).abs() < 1.0, "{middle:?}");
    }

    #[test]
    fn what_fits_nothing_stays_to_be_mended() {
        let mut model = started();
        tell(&mut model, Msg::Open { only_kinds: false });
        tell(&mut model, Msg::Typed("qqqqqq".to_owned()));
        tell(&mut model, Msg::Choose(None));
        assert_eq!(model.finder.open.as_ref().map(|o| o.text.as_str()), Some("qqqqqq"));
    }
}
