//! In which order parts start: after those that they call, where that ends.
use super::part::Part;
use std::collections::BTreeSet;

/// Takes from `after` what would wait for itself in a ring, and what is said twice.
pub(super) fn in_order(parts: &mut [Part]) {
    let place = |name: &str| parts.iter().position(|part| part.name == name);
    let graph: Vec<Vec<usize>> =
        parts.iter().map(|part| part.after.iter().filter_map(|name| place(name)).collect()).collect();
    let mut state = vec![0u8; parts.len()];
    let mut kept: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); parts.len()];
    for start in 0..parts.len() {
        if state[start] != 0 {
            continue;
        }
        let mut open = vec![(start, 0)];
        state[start] = 1;
        while let Some((part, next)) = open.last_mut() {
            let Some(&other) = graph[*part].get(*next) else {
                state[*part] = 2;
                open.pop();
                continue;
            };
            *next += 1;
            if state[other] == 1 {
                continue;
            }
            kept[*part].insert(other);
            if state[other] == 0 {
                state[other] = 1;
                open.push((other, 0));
            }
        }
    }
    let names: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
    for (part, kept) in parts.iter_mut().zip(kept) {
        part.after = kept.into_iter().map(|i| names[i].clone()).collect();
    }
}
