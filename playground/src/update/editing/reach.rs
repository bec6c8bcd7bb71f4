//! Choosing with the keyboard where an edge ends: the nodes that it may reach are gone through, and Enter takes one.
use super::super::{canvas, document};
use super::menu;
use crate::canvas::stage;
use crate::describe;
use crate::edit::Wire;
use crate::editing::{self, Aim, Reaching};
use crate::effect::{Draw, Effect};
use crate::geometry::WorldPoint;
use crate::model::{Model, Single};
use crate::msg::Change;
use crate::shared::Shared;

pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    match model.selection.single() {
        Single::Node(node) => begin_with(model, Wire::from(node)),
        _ => Vec::new(),
    }
}

pub(super) fn begin_with(model: &mut Model, wire: Wire) -> Vec<Effect> {
    let may = canvas::targets(model, wire);
    let targets: Vec<usize> = model.scene.order.iter().copied().filter(|&node| may[node]).collect();
    if targets.is_empty() {
        return menu::nothing_to_call(model, wire.anchor);
    }
    let middle = |node: usize| model.scene.nodes[node].middle();
    let far = |node: usize| middle(node).distance(middle(wire.anchor));
    let nearest =
        (0..targets.len()).min_by(|&a, &b| far(targets[a]).total_cmp(&far(targets[b]))).unwrap_or(0);
    model.targets = Some(Shared::new(may));
    model.editing.reaching = Some(Reaching { wire, targets, aimed: nearest });
    show(model)
}

/// Draws the edge to the node that is aimed at, and puts the focus there, so that a screen reader speaks of it.
fn show(model: &Model) -> Vec<Effect> {
    let Some(reaching) = &model.editing.reaching else { return Vec::new() };
    let node = reaching.targets[reaching.aimed];
    let rect = model.scene.nodes[node];
    let mut effects = canvas::wire(model, reaching.wire, WorldPoint::new(rect.x, rect.bottom()), Some(node));
    let (from, to) = reaching.wire.ends(node);
    let name = |i: usize| describe::label(&model.document.nodes[i]);
    let says = format!("{} → {}: Enter connects, arrows choose another, Esc gives up", name(from), name(to));
    for effect in &mut effects {
        if let Effect::Draw(Draw::Wire { hint, .. }) = effect {
            *hint = Some(says.clone());
        }
    }
    effects.push(Effect::Focus(stage::node_id(node)));
    effects
}

pub(super) fn aim(model: &mut Model, aim: Aim) -> Vec<Effect> {
    let Some(mut reaching) = model.editing.reaching.take() else { return Vec::new() };
    let count = reaching.targets.len();
    reaching.aimed = match aim {
        Aim::Next => (reaching.aimed + 1) % count,
        Aim::Previous => (reaching.aimed + count - 1) % count,
        _ => beside(model, &reaching, aim).unwrap_or(reaching.aimed),
    };
    model.editing.reaching = Some(reaching);
    show(model)
}

/// The nearest target in a direction; what lies aside counts as twice as far.
fn beside(model: &Model, reaching: &Reaching, aim: Aim) -> Option<usize> {
    let middle = |i: usize| model.scene.nodes[reaching.targets[i]].middle();
    let here = middle(reaching.aimed);
    let along = |i: usize| {
        let (dx, dy) = (middle(i).x - here.x, middle(i).y - here.y);
        match aim {
            Aim::Left => (-dx, dy),
            Aim::Right => (dx, dy),
            Aim::Up => (-dy, dx),
            _ => (dy, dx),
        }
    };
    let ahead = (0..reaching.targets.len()).filter(|&i| along(i).0 > 1.0);
    let cost = |i: usize| along(i).0 + 2.0 * along(i).1.abs();
    ahead.min_by(|&a, &b| cost(a).total_cmp(&cost(b)))
}

pub(super) fn take(model: &mut Model) -> Vec<Effect> {
    let Some(reaching) = model.editing.reaching.take() else { return Vec::new() };
    let node = reaching.targets[reaching.aimed];
    model.targets = None;
    let change = match reaching.wire.edge {
        None => Change::Connect { from: reaching.wire.anchor, to: node },
        Some(_) => Change::Editing(editing::Change::Reconnect { wire: reaching.wire, node }),
    };
    let mut effects = vec![Effect::Draw(Draw::Clear)];
    effects.extend(document::change(model, change));
    effects
}

/// The choice is given up; the focus goes back.
pub(super) fn give_up(model: &mut Model) -> Vec<Effect> {
    let Some(reaching) = model.editing.reaching.take() else { return Vec::new() };
    model.targets = None;
    vec![Effect::Draw(Draw::Clear), Effect::Focus(stage::node_id(reaching.wire.anchor))]
}
