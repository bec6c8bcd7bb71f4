//! Automatic layout: callers left of what they call, groups kept together, few crossings, and short ways.
//!
//! Layered drawing after Sugiyama, Tagawa and Toda (1981): columns by the longest way from the first callers, an order in
//! each column by barycentres, then heights by the mean of the neighbours. The same graph always gives the same places.
mod columns;
mod order;
mod rows;

use super::point::{Rect, WorldPoint};
use super::{NODE_HEIGHT, node_rect};
use loadpath_core::order::sort_by_key;

pub use columns::columns;

/// From one column to the next.
const COLUMN: f64 = 220.0;
/// From one row to the next.
const ROW: f64 = 120.0;
/// Between the nodes of one group and those of another above it: the padding of both regions and some room.
const LANE_GAP: f64 = 98.0;
/// Where the upper left node stands.
const ORIGIN: f64 = 40.0;

/// What is to be laid out.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// How many nodes.
    pub count: usize,
    /// Who calls whom.
    pub edges: Vec<(usize, usize)>,
    /// The group of each node that is in one, as a small number; groups stand below one another in the order of theirs.
    pub groups: Vec<Option<usize>>,
}

/// Whom each calls, and by whom each is called.
struct Neighbours {
    out: Vec<Vec<usize>>,
    into: Vec<Vec<usize>>,
}

impl Neighbours {
    fn of(graph: &Graph) -> Self {
        let mut all = Self { out: vec![Vec::new(); graph.count], into: vec![Vec::new(); graph.count] };
        for &(from, to) in graph.edges.iter().filter(|(from, to)| from != to) {
            all.out[from].push(to);
            all.into[to].push(from);
        }
        all
    }
}

/// A place for each node. Costs about `edges × log(edges)`: milliseconds for a thousand nodes.
pub fn lay_out(graph: &Graph) -> Vec<WorldPoint> {
    let neighbours = Neighbours::of(graph);
    let column = columns(graph.count, &graph.edges);
    let lane = lanes(graph, &column);
    let order = order::order(&column, &lane, &neighbours);
    let heights = rows::heights(&order, &column, &lane, &neighbours);
    let place = |(&column, y): (&usize, f64)| WorldPoint::new(ORIGIN + column as f64 * COLUMN, y);
    column.iter().zip(heights).map(place).collect()
}

/// The horizontal strip of each node: its group's; none for a node beside all groups, which has its column for itself and
/// others of no group; a strip below all for one of no group in a column that groups use.
fn lanes(graph: &Graph, column: &[usize]) -> Vec<Option<usize>> {
    let group = |i: usize| graph.groups.get(i).copied().flatten();
    let last = (0..graph.count).filter_map(group).max().map_or(0, |last| last + 1);
    let mut reach = vec![None::<(usize, usize)>; last];
    for (i, &at) in column.iter().enumerate() {
        if let Some(group) = group(i) {
            let (low, high) = reach[group].unwrap_or((at, at));
            reach[group] = Some((low.min(at), high.max(at)));
        }
    }
    let is_used = |column: usize| reach.iter().flatten().any(|&(low, high)| (low..=high).contains(&column));
    (0..graph.count).map(|i| group(i).or_else(|| is_used(column[i]).then_some(last))).collect()
}

/// A place for each node that has none: right of its callers, or left of whom it calls, where nothing stands; what has a
/// place keeps it. When nothing has one, all are laid out.
pub fn place_missing(graph: &Graph, placed: &[Option<WorldPoint>]) -> Vec<WorldPoint> {
    if placed.iter().all(Option::is_none) {
        return lay_out(graph);
    }
    let neighbours = Neighbours::of(graph);
    let column = columns(graph.count, &graph.edges);
    let mut missing: Vec<usize> = (0..graph.count).filter(|&i| placed[i].is_none()).collect();
    sort_by_key(&mut missing, |&i| (column[i], i));
    let mut places = placed.to_vec();
    for i in missing {
        let wanted = beside(&neighbours, &places, i);
        places[i] = Some(free(wanted, &places));
    }
    places.into_iter().map(Option::unwrap_or_default).collect()
}

/// Next to those that have a place already: at the mean of their heights.
fn beside(neighbours: &Neighbours, places: &[Option<WorldPoint>], i: usize) -> WorldPoint {
    let known = |list: &[usize]| list.iter().filter_map(|&j| places[j]).collect::<Vec<WorldPoint>>();
    let mean = |list: &[WorldPoint]| {
        let y = list.iter().map(|at| at.y).sum::<f64>() / list.len() as f64;
        (y / 10.0).round() * 10.0
    };
    let (callers, called) = (known(&neighbours.into[i]), known(&neighbours.out[i]));
    if !callers.is_empty() {
        let x = callers.iter().map(|at| at.x).fold(f64::NEG_INFINITY, f64::max);
        return WorldPoint::new(x + COLUMN, mean(&callers));
    }
    if !called.is_empty() {
        let x = called.iter().map(|at| at.x).fold(f64::INFINITY, f64::min);
        return WorldPoint::new(x - COLUMN, mean(&called));
    }
    // A stranger stands below all.
    let all = || places.iter().flatten();
    let x = all().map(|at| at.x).fold(f64::INFINITY, f64::min);
    let y = all().map(|at| at.y).fold(f64::NEG_INFINITY, f64::max);
    WorldPoint::new(x, y + ROW)
}

/// The first place at or below this one on which nothing stands.
fn free(wanted: WorldPoint, places: &[Option<WorldPoint>]) -> WorldPoint {
    let mut at = wanted;
    let covering = |at: WorldPoint| -> Option<Rect> {
        let room = node_rect(at).grown((ROW - NODE_HEIGHT) / 2.0 - 1.0);
        places.iter().flatten().map(|&other| node_rect(other)).find(|other| other.touches(&room))
    };
    // Every step goes below one more of those that stand there.
    for _ in 0..=places.len() {
        let Some(other) = covering(at) else { break };
        at.y = other.y + ROW;
    }
    at
}

/// How far down a block of nodes must go so that none of it stands on what stays where it is; 0 when nothing is in its way.
/// Costs the one count times the other for each layer of nodes that lies in the way.
pub fn clearance(block: &[WorldPoint], stays: &[WorldPoint]) -> f64 {
    let room = |at: WorldPoint| node_rect(at).grown((ROW - NODE_HEIGHT) / 2.0 - 1.0);
    let mut down = 0.0;
    // Every round brings one more below another, for good.
    for _ in 0..=stays.len() * block.len() {
        let pairs = block.iter().flat_map(|&at| stays.iter().map(move |&other| (at.moved(0.0, down), other)));
        let missing = pairs.filter(|&(at, other)| node_rect(other).touches(&room(at)));
        let Some(most) = missing.map(|(at, other)| other.y + ROW - at.y).reduce(f64::max) else { break };
        down += most;
    }
    down
}

#[cfg(test)]
mod tests;
