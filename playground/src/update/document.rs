//! Changes of the document, undo and redo, and what follows when changes pause.
use super::{
    advice, canvas, comparison, course, editing, library, notice, notice_of_change, simulation, source,
    steering,
};
use crate::edit;
use crate::effect::Effect;
use crate::history::Moment;
use crate::inspect;
use crate::model::{self, Model, Offer, Selection};
use crate::msg::{Change, Msg};
use crate::run::SEED;
use crate::shared::Shared;
use loadpath_core::order;
use loadpath_core::topology::{Edit, Topology, check, link};
use std::rc::Rc;

/// How long changes must pause before the simulation starts over, in milliseconds.
const SETTLE_MS: u32 = 150;
/// A copy stands a little to the lower right.
const BESIDE: (f64, f64) = (30.0, 90.0);

pub(super) fn change(model: &mut Model, change: Change) -> Vec<Effect> {
    let mut document = (*model.document).clone();
    let mut selection = model.selection.clone();
    let mut joins = None;
    let mut group = None;
    let mut told = None;
    match change {
        Change::Name(name) => document.name = name,
        Change::Label(i, text) => {
            if let Some(node) = document.nodes.get_mut(i) {
                node.label = text;
            }
        }
        Change::Id(i, id) => edit::rename_node(&mut document, i, &id),
        Change::Set { bag, name, value } => edit::set(&mut document, &bag, name, value),
        Change::AddNode { kind, at } => {
            let at = at.unwrap_or_else(|| canvas::free_place(model));
            let node = edit::add_node(&mut document, kind, at);
            edit::settle(&mut document, &order::gather([node]), &model.scene.regions, 0.0, 0.0);
            selection = Selection::node(node);
        }
        Change::Connect { from, to } => match edit::connect(&mut document, from, to) {
            Ok(edge) => selection = Selection::edge(edge),
            Err(why) => return notice(model, false, format!("Not connected: {why}.")),
        },
        Change::Move { nodes, dx, dy } => {
            edit::move_by(&mut document, &nodes, dx, dy);
            edit::settle(&mut document, &nodes, &model.scene.regions, dx, dy);
        }
        Change::Nudge { dx, dy } => {
            joins = Some("nudge");
            group = model.editing.group.filter(|_| selection.is_empty());
            match group {
                Some(group) => edit::move_group(&mut document, &model.scene.regions, group, dx, dy),
                None => edit::nudge(&mut document, &selection.nodes, &model.scene.regions, dx, dy),
            }
        }
        Change::Delete if selection.is_empty() => {
            if let Some(group) = model.editing.group
                && let Err(why) = edit::remove_group(&mut document, group)
            {
                return notice(model, false, format!("Not deleted: {why}."));
            }
        }
        Change::Delete => {
            edit::remove(&mut document, &selection.nodes, &selection.edges);
            if selection.edges.is_empty() {
                let joined = edit::bridge(&model.document, &mut document, &selection.nodes);
                told = editing::told(&document, &joined);
            }
            selection = Selection::default();
        }
        Change::Editing(change) => match editing::apply(model, &mut document, &mut selection, change) {
            Ok(selected) => group = selected,
            Err(why) => return notice(model, false, format!("Not connected: {why}.")),
        },
        Change::DeleteEdge(edge) => {
            edit::remove(&mut document, &Selection::default().nodes, &Selection::edge(edge).edges);
            selection.edges.clear();
        }
        Change::Duplicate => {
            selection.nodes = edit::duplicate(&mut document, &selection.nodes, BESIDE.0, BESIDE.1);
        }
        Change::AddClass => {
            edit::add_class(&mut document);
        }
        Change::RemoveClass(i) => {
            if i < document.workload.classes.len() {
                document.workload.classes.remove(i);
            }
        }
        Change::ClassName(i, name) => {
            if let Some(class) = document.workload.classes.get_mut(i) {
                class.name = name;
            }
        }
        Change::Edits(edits) => {
            let count = document.nodes.len();
            if let Err(fault) = Edit::Several(edits).apply(&mut document) {
                return notice(model, true, format!("The design is as before: {fault}."));
            }
            if document.nodes.len() != count {
                // Places have shifted.
                selection = Selection::default();
            }
            edit::place_all(&mut document);
        }
        Change::Timeline(timeline, row) => {
            document.timeline = timeline;
            joins = row;
        }
        Change::Inspect(change) => inspect::change(&mut document, change),
        Change::Open(other) => return open(model, *other),
    }
    if document == *model.document {
        return Vec::new();
    }
    let mut effects = commit(model, document, selection, joins);
    model.editing.group = group;
    effects.extend(told.map(|told| notice_of_change(model, told)).unwrap_or_default());
    effects
}

/// Puts another design in the place of this one.
fn open(model: &mut Model, mut document: Topology) -> Vec<Effect> {
    edit::place_all(&mut document);
    let design = library::design_of(model, &document);
    open_as(model, document, design)
}

/// Puts another of the designs that the browser keeps in the place of this one, which is kept as it is now.
pub(super) fn open_as(model: &mut Model, document: Topology, design: Rc<str>) -> Vec<Effect> {
    let mut effects = library::keep(model);
    effects.extend(simulation::unload(model));
    let before = now(model);
    model.history.record(before, None);
    let selection = Selection::default();
    effects.extend(set(model, Moment { document: Shared::new(document), selection, design }));
    effects.extend(canvas::fit(model));
    effects
}

pub(super) fn commit(
    model: &mut Model,
    document: Topology,
    selection: Selection,
    joins: Option<&'static str>,
) -> Vec<Effect> {
    let before = now(model);
    model.history.record(before, joins);
    let design = model.library.current.clone();
    set(model, Moment { document: Shared::new(document), selection, design })
}

pub(super) fn now(model: &Model) -> Moment {
    let design = model.library.current.clone();
    Moment { document: model.document.clone(), selection: model.selection.clone(), design }
}

/// Makes this the present document, and waits for changes to pause.
pub(super) fn set(model: &mut Model, moment: Moment) -> Vec<Effect> {
    model.faults = Shared::new(check(&moment.document).err().unwrap_or_default());
    if model.document.nodes.len() != moment.document.nodes.len()
        || model.document.edges.len() != moment.document.edges.len()
    {
        // Places have shifted; the badges come back as soon as the design has settled.
        model.advice.badges = Shared::default();
    }
    model.scene = Shared::new(model::scene(&moment.document));
    model.document = moment.document;
    model.selection = moment.selection;
    if model.library.current != moment.design {
        model.library.current = moment.design;
        library::let_go(model);
    }
    source::follow(model);
    model.hover = None;
    model.targets = None;
    steering::forget_missing(model);
    model.tool = crate::tool::Tool::Idle;
    // What these stand for, and what can be taken back, was of the document before.
    model.editing.menu = None;
    model.editing.renaming = None;
    model.editing.reaching = None;
    model.editing.group = None;
    model.notices.retain(|notice| notice.offer != Some(Offer::Undo));
    model.edits += 1;
    vec![Effect::After { ms: SETTLE_MS, msg: Box::new(Msg::Settled(model.edits)) }]
}

pub(super) fn undo(model: &mut Model) -> Vec<Effect> {
    let now = now(model);
    let before = model.history.undo(now);
    before.map_or_else(Vec::new, |before| restore(model, before))
}

pub(super) fn redo(model: &mut Model) -> Vec<Effect> {
    let now = now(model);
    let after = model.history.redo(now);
    after.map_or_else(Vec::new, |after| restore(model, after))
}

fn restore(model: &mut Model, moment: Moment) -> Vec<Effect> {
    // Where no node is the same, it is another design that comes back: show all of it.
    let same = |other: &Topology| model.document.nodes.iter().any(|node| other.node(&node.id).is_some());
    let is_other = !same(&moment.document);
    let mut effects = if moment.design == model.library.current { Vec::new() } else { library::keep(model) };
    if is_other {
        effects.extend(simulation::unload(model));
    }
    effects.extend(set(model, moment));
    if is_other {
        effects.extend(canvas::fit(model));
    }
    effects
}

/// Changes have paused: simulate what is drawn now, keep it, and put it into the address.
pub(super) fn settled(model: &mut Model, edits: u32) -> Vec<Effect> {
    if edits != model.edits {
        return Vec::new();
    }
    let mut effects = simulation::follow(model);
    effects.extend(library::keep(model));
    advice::refresh(model);
    effects.extend(comparison::refresh(model));
    effects.extend(course::settled(model));
    effects.push(store(model));
    effects
}

/// The seed, where it is not the usual one.
fn seed(model: &Model) -> Option<u64> {
    Some(model.steering.seed).filter(|seed| *seed != SEED)
}

/// Puts the document's link into the address bar where it fits, and has the tab remember which design it shows.
pub(super) fn store(model: &mut Model) -> Effect {
    let fragment = link::encode(&model.document) + &link::asks(seed(model), None);
    model.fragment = if fragment.len() <= link::MAX_LINK { fragment } else { String::new() };
    let design = model.library.current.clone();
    Effect::Store { document: model.document.clone(), fragment: model.fragment.clone(), design }
}
