//! A height for each node: near the mean of its neighbours', in the column's order, each lane in a strip of its own.
use super::{LANE_GAP, NODE_HEIGHT, Neighbours, ORIGIN, ROW};
use loadpath_core::order::sort_by_key;

/// How often heights follow their neighbours, forth and back.
const PASSES: usize = 6;

/// The upper side of each node.
pub(super) fn heights(
    order: &[Vec<usize>],
    column: &[usize],
    lane: &[Option<usize>],
    neighbours: &Neighbours,
) -> Vec<f64> {
    let mut y = vec![0.0; column.len()];
    let mut lanes: Vec<usize> = lane.iter().copied().flatten().collect();
    sort_by_key(&mut lanes, |&lane| lane);
    lanes.dedup();
    let of = |strip: Option<usize>| -> Vec<Vec<usize>> {
        order
            .iter()
            .map(|nodes| nodes.iter().copied().filter(|&node| lane[node] == strip).collect())
            .collect()
    };
    // Down to where each column is taken.
    let mut taken = vec![f64::NEG_INFINITY; order.len()];
    for strip in lanes {
        let columns = of(Some(strip));
        // Inside a lane only its own nodes pull; where it stands comes after.
        relax(&columns, &mut y, neighbours, |other| lane[other] == Some(strip));
        stack(&columns, &mut y, &mut taken);
    }
    // What stands beside all lanes follows them, and they stay.
    relax(&of(None), &mut y, neighbours, |_| true);
    let top = y.iter().copied().fold(f64::INFINITY, f64::min);
    y.into_iter().map(|y| ((y - top + ORIGIN) / 10.0).round() * 10.0).collect()
}

/// Moves nodes to the mean of those neighbours that pull, column after column, back and forth.
fn relax(columns: &[Vec<usize>], y: &mut [f64], neighbours: &Neighbours, pulls: impl Fn(usize) -> bool) {
    for nodes in columns {
        for (i, &node) in nodes.iter().enumerate() {
            y[node] = (i as f64 - (nodes.len() as f64 - 1.0) / 2.0) * ROW;
        }
    }
    let mut pass = |beside: &[Vec<usize>], nodes: &Vec<usize>| {
        let wanted: Vec<f64> =
            nodes.iter().map(|&node| mean(&beside[node], y, &pulls).unwrap_or(y[node])).collect();
        for (&node, at) in nodes.iter().zip(spread(&wanted)) {
            y[node] = at;
        }
    };
    for _ in 0..PASSES / 2 {
        columns.iter().rev().for_each(|nodes| pass(&neighbours.out, nodes));
        columns.iter().for_each(|nodes| pass(&neighbours.into, nodes));
    }
}

/// The mean height of those of these that pull; none where nothing does.
fn mean(of: &[usize], y: &[f64], pulls: &impl Fn(usize) -> bool) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for &other in of.iter().filter(|&&other| pulls(other)) {
        sum += y[other];
        count += 1.0;
    }
    (count > 0.0).then(|| sum / count)
}

/// Heights a row apart at least, in the same order, with the least sum of squares away from what is wanted: blocks of
/// equal distance that merge where they would overlap (pool adjacent violators).
fn spread(wanted: &[f64]) -> Vec<f64> {
    // Each block: where its first stands when its members are pulled together, and how many it has.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (i, at) in wanted.iter().enumerate() {
        let (mut at, mut count) = (at - i as f64 * ROW, 1_usize);
        while let Some(&(before, many)) = blocks.last() {
            if before <= at {
                break;
            }
            let all = (many + count) as f64;
            at = (before * many as f64 + at * count as f64) / all;
            count += many;
            blocks.pop();
        }
        blocks.push((at, count));
    }
    let each = blocks.into_iter().flat_map(|(at, count)| std::iter::repeat_n(at, count));
    each.enumerate().map(|(i, at)| at + i as f64 * ROW).collect()
}

/// Moves a lane down to below whatever is in its columns already.
fn stack(columns: &[Vec<usize>], y: &mut [f64], taken: &mut [f64]) {
    let used = || (0..columns.len()).filter(|&c| !columns[c].is_empty());
    // A region reaches over all columns from its first to its last.
    let (Some(first), Some(last)) = (used().next(), used().next_back()) else { return };
    let members = || columns.iter().flatten();
    let top = members().map(|&node| y[node]).fold(f64::INFINITY, f64::min);
    let floor = taken[first..=last].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let down = if floor.is_finite() { floor + LANE_GAP - top } else { -top };
    members().for_each(|&node| y[node] += down);
    let bottom = members().map(|&node| y[node] + NODE_HEIGHT).fold(f64::NEG_INFINITY, f64::max);
    taken[first..=last].fill(bottom);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreading_keeps_the_order_a_row_apart_and_moves_no_more_than_it_must() {
        assert_eq!(spread(&[0.0, 500.0]), [0.0, 500.0]);
        assert_eq!(spread(&[100.0, 100.0]), [100.0 - ROW / 2.0, 100.0 + ROW / 2.0]);
        let spread = spread(&[900.0, 0.0, 30.0, 2_000.0]);
        assert!(spread.windows(2).all(|pair| pair[1] - pair[0] >= ROW - 1e-9), "{spread:?}");
        assert_eq!(spread[3], 2_000.0);
    }
}
