//! Changes of the document that editing makes.
use crate::describe;
use crate::edit;
use crate::editing::Change;
use crate::geometry::{Group, Rect, ScreenPoint};
use crate::model::{Model, Selection};
use loadpath_core::order;
use loadpath_core::topology::Topology;

/// An empty zone has room for a few nodes, an empty host for two.
pub(super) const ZONE: (f64, f64) = (420.0, 260.0);
pub(super) const HOST: (f64, f64) = (420.0, 140.0);

/// Changes the document and what is selected in it; gives the region that is selected then.
///
/// # Errors
/// The sentence that says why the change was not made.
pub(in crate::update) fn apply(
    model: &Model,
    document: &mut Topology,
    selection: &mut Selection,
    change: Change,
) -> Result<Option<Group>, String> {
    let regions = &model.scene.regions;
    match change {
        Change::Reconnect { wire, node } => {
            *selection = Selection::edge(edit::reconnect(document, wire, node)?);
        }
        Change::AddLinked { from, kind, at } => {
            let node = edit::add_linked(document, from, kind, at)?;
            edit::settle(document, &order::gather([node]), regions, 0.0, 0.0);
            *selection = Selection::node(node);
        }
        Change::Copy { nodes, dx, dy } => {
            let copies = edit::duplicate(document, &nodes, dx, dy);
            edit::settle(document, &copies, regions, 0.0, 0.0);
            *selection = Selection { nodes: copies, ..Selection::default() };
        }
        Change::AddZone { area } => {
            let area = room(model, selection, area, ZONE);
            let zone = edit::add_zone(document, &selection.nodes, area);
            *selection = Selection::default();
            return Ok(Some(zone));
        }
        Change::AddHost { area } => {
            let area = room(model, selection, area, HOST);
            let host = edit::add_host(document, &selection.nodes, area);
            *selection = Selection::default();
            return Ok(Some(host));
        }
        Change::RemoveGroup(group) => edit::remove_group(document, group)?,
        Change::RenameGroup(group, name) => {
            edit::rename_group(document, group, &name);
            return Ok(Some(group));
        }
        Change::MoveGroup { group, dx, dy } => {
            edit::move_group(document, regions, group, dx, dy);
            return Ok(Some(group));
        }
        Change::Join(zone) => edit::join(document, &selection.nodes, zone),
        Change::LayOut => edit::lay_out(document, &selection.nodes),
    }
    Ok(None)
}

/// Where a new region is drawn that nothing stands in; around nodes it needs no room of its own.
fn room(model: &Model, selection: &Selection, area: Option<Rect>, size: (f64, f64)) -> Option<Rect> {
    selection.nodes.is_empty().then(|| area.unwrap_or_else(|| in_the_middle(model, size)))
}

fn in_the_middle(model: &Model, (width, height): (f64, f64)) -> Rect {
    let middle = model.camera.to_world(ScreenPoint::new(model.canvas.0 / 2.0, model.canvas.1 / 2.0));
    let corner = crate::geometry::snap(middle.moved(-width / 2.0, -height / 2.0));
    Rect { x: corner.x, y: corner.y, width, height }
}

/// What a person should know of nodes that were deleted: who calls whom now.
pub(in crate::update) fn told(document: &Topology, joined: &[(usize, usize)]) -> Option<String> {
    let name = |i: usize| describe::label(&document.nodes[i]);
    let (from, to) = *joined.first()?;
    let more = joined.len() - 1;
    let others = match more {
        0 => String::new(),
        1 => ", and one more edge closes the gap".to_owned(),
        _ => format!(", and {more} more edges close the gap"),
    };
    Some(format!("Deleted. {} → {} is connected now{others}.", name(from), name(to)))
}
