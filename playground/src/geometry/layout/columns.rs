//! A column for each node: one more than the last of its callers'.
use loadpath_core::order;
use std::collections::BTreeSet;

/// The column of each of `count` nodes: the number of steps of the longest way from a node that nobody calls. A circle is
/// cut where its first node, in the given order, is called from inside it.
pub fn columns(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut out = vec![Vec::new(); count];
    let mut callers = vec![0_usize; count];
    for &(from, to) in edges.iter().filter(|(from, to)| from != to) {
        out[from].push(to);
        callers[to] += 1;
    }
    let mut column = vec![0; count];
    let mut ready: BTreeSet<usize> = order::gather((0..count).filter(|&i| callers[i] == 0));
    let mut left: BTreeSet<usize> = order::gather(0..count);
    while let Some(node) = ready.pop_first().or_else(|| left.first().copied()) {
        left.remove(&node);
        for &to in &out[node] {
            if !left.contains(&to) {
                continue;
            }
            column[to] = column[to].max(column[node] + 1);
            callers[to] -= 1;
            if callers[to] == 0 {
                ready.insert(to);
            }
        }
    }
    column
}
