//! The order in each column: sorted by the mean place of the neighbours, back and forth, as long as crossings get fewer.
use super::Neighbours;
use loadpath_core::order;

/// How often the columns are gone through. Four times back and forth settle what barycentres can settle.
const SWEEPS: usize = 8;

/// The nodes of each column from top to bottom; those of one lane stand together, lanes in their order.
pub(super) fn order(column: &[usize], lane: &[Option<usize>], neighbours: &Neighbours) -> Vec<Vec<usize>> {
    let mut order = vec![Vec::new(); column.iter().max().map_or(0, |last| last + 1)];
    for (node, &column) in column.iter().enumerate() {
        order[column].push(node);
    }
    let mut place = vec![0.0; column.len()];
    for nodes in &mut order {
        order::sort_by_key(nodes, |&node| (lane[node], node));
        settle(nodes, &mut place);
    }
    let (mut best, mut least) = (order.clone(), crossings(column, &place, neighbours));
    for sweep in 0..SWEEPS {
        if least == 0 {
            break;
        }
        let forwards = sweep % 2 == 0;
        let beside = if forwards { &neighbours.into } else { &neighbours.out };
        let mut step = |nodes: &mut Vec<usize>| {
            let mut keyed: Vec<(usize, f64)> =
                nodes.iter().map(|&node| (node, mean(&beside[node], &place, node))).collect();
            order::sort_by(&mut keyed, |a, b| lane[a.0].cmp(&lane[b.0]).then(a.1.total_cmp(&b.1)));
            *nodes = keyed.into_iter().map(|(node, _)| node).collect();
            settle(nodes, &mut place);
        };
        if forwards {
            order.iter_mut().for_each(&mut step);
        } else {
            order.iter_mut().rev().for_each(&mut step);
        }
        let count = crossings(column, &place, neighbours);
        if count < least {
            (best, least) = (order.clone(), count);
        }
    }
    best
}

/// Places around the column's middle, so that columns of different heights compare.
fn settle(nodes: &[usize], place: &mut [f64]) {
    for (i, &node) in nodes.iter().enumerate() {
        place[node] = i as f64 - (nodes.len() as f64 - 1.0) / 2.0;
    }
}

/// The mean place of these; the node's own when there are none.
fn mean(of: &[usize], place: &[f64], node: usize) -> f64 {
    if of.is_empty() {
        return place[node];
    }
    of.iter().map(|&other| place[other]).sum::<f64>() / of.len() as f64
}

/// How many pairs of edges between the same two columns cross.
fn crossings(column: &[usize], place: &[f64], neighbours: &Neighbours) -> usize {
    let mut edges: Vec<(usize, usize, f64, f64)> = Vec::new();
    for (from, out) in neighbours.out.iter().enumerate() {
        edges.extend(out.iter().map(|&to| (column[from], column[to], place[from], place[to])));
    }
    let compare = |a: &(usize, usize, f64, f64), b: &(usize, usize, f64, f64)| {
        (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)).then(a.3.total_cmp(&b.3))
    };
    order::sort_by(&mut edges, compare);
    let between = edges.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    between.map(|edges| inversions(&mut edges.iter().map(|edge| edge.3).collect::<Vec<f64>>())).sum()
}

/// How many pairs stand in the wrong order; sorts them (merge sort: n log n).
fn inversions(values: &mut [f64]) -> usize {
    if values.len() < 2 {
        return 0;
    }
    let (left, right) = values.split_at_mut(values.len() / 2);
    let mut count = inversions(left) + inversions(right);
    let (left, right) = (left.to_vec(), right.to_vec());
    let (mut l, mut r) = (0, 0);
    for slot in values.iter_mut() {
        let takes_left = r == right.len() || (l < left.len() && left[l] <= right[r]);
        if takes_left {
            *slot = left[l];
            l += 1;
        } else {
            *slot = right[r];
            r += 1;
            count += left.len() - l;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::inversions;

    #[test]
    fn inversions_are_the_pairs_that_stand_the_wrong_way() {
        let lists = [vec![], vec![1.0], vec![2.0, 1.0], vec![3.0, 1.0, 2.0, 1.0, 0.0], vec![1.0, 1.0, 2.0]];
        for list in lists {
            let pairs = (0..list.len()).flat_map(|i| (i..list.len()).map(move |j| (i, j)));
            let wrong = pairs.filter(|&(i, j)| list[i] > list[j]).count();
            assert_eq!(inversions(&mut list.clone()), wrong, "{list:?}");
        }
    }
}
