//! Editing by menus, keys and fingers.
mod change;
mod menu;
mod reach;
mod touch;

pub use menu::{Entry, entries, title};

pub(super) use change::{apply, told};
pub(super) use menu::offer;

use super::{canvas, document};
use crate::canvas::stage;
use crate::editing::{Menu, Msg, Named, Subject};
use crate::effect::{Draw, Effect};
use crate::geometry::{Group, Hit, Rect, ScreenPoint, hit};
use crate::model::{Model, Selection, Single};
use crate::msg::Change;

/// Takes a message of editing into the model.
pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::MenuAt { at, instance } => menu::open_at(model, at, instance),
        Msg::MenuKey => menu::open_by_key(model),
        Msg::Chosen(line) => menu::chosen(model, line),
        Msg::Submenu(subject) => menu::submenu(model, subject),
        Msg::CloseMenu { refocus } => menu::close(model, refocus),
        Msg::QuickConnect => menu::quick_connect(model),
        Msg::Reach => reach::begin(model),
        Msg::Reconnect(wire) => reach::begin_with(model, wire),
        Msg::Aim(aim) => reach::aim(model, aim),
        Msg::Take => reach::take(model),
        Msg::Rename => rename(model),
        Msg::Renamed(name) => renamed(model, name),
        Msg::DoubleClick(at) => double_click(model, at),
        Msg::FocusedGroup(group) => focused_group(model, group),
        Msg::SelectMembers(group) => select_members(model, group),
        Msg::Finger(finger) => touch::finger(model, finger),
        Msg::LongPress(press) => touch::long_press(model, press),
        Msg::FitSelection => fit_selection(model),
        Msg::ActualSize => canvas::zoom(model, 1.0 / model.camera.zoom),
    }
}

/// Selects a region, and nothing else.
pub(super) fn select_group(model: &mut Model, group: Group) -> Vec<Effect> {
    let effects = canvas::select(model, Selection::default());
    model.editing.group = Some(group);
    effects
}

fn focused_group(model: &mut Model, group: Group) -> Vec<Effect> {
    if model.editing.group == Some(group) || !matches!(model.tool, crate::tool::Tool::Idle) {
        return Vec::new();
    }
    select_group(model, group)
}

fn select_members(model: &mut Model, group: Group) -> Vec<Effect> {
    let region = model.scene.regions.iter().find(|region| region.group == group);
    let nodes = region.map(|region| region.members.iter().copied().collect()).unwrap_or_default();
    canvas::select(model, Selection { nodes, ..Selection::default() })
}

/// What a name can be written for: the only node that is selected, or the region.
fn named(model: &Model) -> Option<Named> {
    match (model.editing.group, model.selection.single()) {
        (Some(group), Single::None) => Some(Named::Group(group)),
        (_, Single::Node(node)) => Some(Named::Node(node)),
        _ => None,
    }
}

fn rename(model: &mut Model) -> Vec<Effect> {
    model.editing.renaming = named(model);
    Vec::new()
}

fn renamed(model: &mut Model, name: Option<String>) -> Vec<Effect> {
    let Some(named) = model.editing.renaming.take() else { return Vec::new() };
    let mut effects = match (name.map(|name| name.trim().to_owned()), named) {
        (None, _) => Vec::new(),
        (Some(name), Named::Node(node)) => document::change(model, Change::Label(node, name)),
        (Some(name), Named::Group(_)) if name.is_empty() => Vec::new(),
        (Some(name), Named::Group(group)) => {
            document::change(model, Change::Editing(crate::editing::Change::RenameGroup(group, name)))
        }
    };
    effects.push(Effect::Focus(element_of(model, named)));
    effects
}

/// The element that has the focus while this is selected.
fn element_of(model: &Model, named: Named) -> String {
    match named {
        Named::Node(node) => stage::node_id(node),
        Named::Group(group) => {
            let place = model.scene.regions.iter().position(|region| region.group == group);
            place.map_or_else(|| "canvas".to_owned(), stage::label_id)
        }
    }
}

/// On a name: write another; on the empty canvas: put something there.
fn double_click(model: &mut Model, at: ScreenPoint) -> Vec<Effect> {
    let world = model.camera.to_world(at);
    match hit(&model.scene, world, 0.0) {
        Hit::Node(node) => {
            model.selection = Selection::node(node);
            rename(model)
        }
        Hit::Region(region) => {
            let group = model.scene.regions[region].group;
            let effects = select_group(model, group);
            model.editing.renaming = Some(Named::Group(group));
            effects
        }
        Hit::Canvas => {
            model.editing.menu = Some(Menu { at, subject: Subject::Add(world) });
            Vec::new()
        }
        Hit::Output(_) | Hit::Edge(_) => Vec::new(),
    }
}

/// Shows what is selected as large as fits; everything when nothing is.
fn fit_selection(model: &mut Model) -> Vec<Effect> {
    let scene = &model.scene;
    let region = |group| scene.regions.iter().find(|region| region.group == group).map(|region| region.rect);
    let at_edges = model.selection.edges.iter().filter_map(|&edge| scene.edges.get(edge).copied().flatten());
    let nodes = model.selection.nodes.iter().copied().chain(at_edges.flat_map(|(from, to)| [from, to]));
    let rects = nodes.filter_map(|node| scene.nodes.get(node).copied());
    match Rect::around(rects.chain(model.editing.group.and_then(region))) {
        Some(bounds) => canvas::show(model, bounds),
        None => canvas::fit(model),
    }
}

/// Ends what is under way in the nearest of these; none when nothing is.
pub(super) fn escape(model: &mut Model) -> Option<Vec<Effect>> {
    if model.editing.menu.is_some() {
        return Some(menu::close(model, true));
    }
    if model.editing.reaching.is_some() {
        return Some(reach::give_up(model));
    }
    model.editing.renaming.is_some().then(|| renamed(model, None))
}

/// The pointer went down somewhere: whatever waited for an answer does not any more.
pub(super) fn interrupted(model: &mut Model) -> Vec<Effect> {
    let had = model.editing.menu.take().is_some() | model.editing.reaching.take().is_some();
    if had {
        model.targets = None;
        return vec![Effect::Draw(Draw::Clear)];
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
