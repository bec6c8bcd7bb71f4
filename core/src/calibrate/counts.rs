//! How many there are: workers of an instance, connections of a pool. Whole numbers have no slope: they are tried out.
use super::fit::Fitting;
use super::model::Model;
use super::moments::{Moments, servers};

/// A distance below this is chance: what percentiles and waits of ten seconds differ by.
const GOOD: f64 = 0.12;
/// Another number must be this much nearer, or the document's stays.
const BETTER: f64 = 0.6;
/// Up to how many tries a number takes.
const TRIES: usize = 14;
/// A node whose workers were never busier than this share has shown nothing of how many they are.
pub(super) const BUSY: f64 = 0.4;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    Servers(usize),
    Pool(usize),
}

impl Count {
    fn get(self, model: &Model) -> u32 {
        match self {
            Self::Servers(node) => model.nodes[node].servers,
            Self::Pool(edge) => model.pools[edge].unwrap_or(1),
        }
    }

    fn set(self, model: &mut Model, count: u32) {
        match self {
            Self::Servers(node) => model.nodes[node].servers = count,
            Self::Pool(edge) => model.pools[edge] = Some(count),
        }
    }
}

/// Looks for better numbers of workers and connections where the fit is poor and the load was high enough to show them.
pub(super) fn fit_counts(fitting: &Fitting, model: &mut Model) -> Result<(), String> {
    for node in 0..fitting.plan.nodes.len() {
        let of_node = |run: &Vec<Option<Moments>>| run[node].and_then(|seen| seen.utilization);
        let busiest = fitting.measured.iter().filter_map(of_node).fold(0.0, f64::max);
        // Without utilization, waiting itself shows that they were busy.
        let waited = fitting.measured.iter().filter_map(|run| run[node]).any(|m| m.wait > 0.05 * m.own);
        if servers(&fitting.plan.nodes[node].kind).is_some() && (busiest >= BUSY || waited) {
            search(fitting, model, Count::Servers(node), node)?;
        }
    }
    for (edge, planned) in fitting.plan.edges.iter().enumerate() {
        if planned.connections.is_some() {
            search(fitting, model, Count::Pool(edge), planned.from.index())?;
        }
    }
    Ok(())
}

/// Doubles or halves while that is nearer, then narrows down: a search of a valley by whole steps.
fn search(fitting: &Fitting, model: &mut Model, count: Count, node: usize) -> Result<(), String> {
    let now = fitting.distance(model, node)?;
    if now <= GOOD {
        return Ok(());
    }
    let mut tried =
        Tried { fitting, base: model.clone(), count, node, best: (now, model.clone()), left: TRIES };
    let start = count.get(model);
    for doubling in [true, false] {
        let mut at = start;
        loop {
            let next = if doubling { at.saturating_mul(2).min(4_096) } else { at / 2 };
            if next == 0 || next == at || !tried.is_better(next)? {
                break;
            }
            at = next;
        }
    }
    let mut step = (count.get(&tried.best.1) / 2).max(1);
    while step > 0 && tried.left > 0 {
        let best = count.get(&tried.best.1);
        let better = tried.is_better(best + step)? || best > step && tried.is_better(best - step)?;
        if !better {
            step /= 2;
        }
    }
    if tried.best.0 < BETTER * now {
        *model = tried.best.1;
    }
    Ok(())
}

struct Tried<'f, 'a> {
    fitting: &'f Fitting<'a>,
    base: Model,
    count: Count,
    node: usize,
    /// The least distance, and under which model.
    best: (f64, Model),
    left: usize,
}

impl Tried<'_, '_> {
    /// Whether a number fits better than all before it, the node's other parameters fitted anew.
    fn is_better(&mut self, count: u32) -> Result<bool, String> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let mut trial = self.base.clone();
        let before = self.count.get(&trial);
        self.count.set(&mut trial, count);
        if let Count::Servers(node) = self.count
            && self.fitting.measured.iter().filter_map(|run| run[node]).any(|m| m.from_workers)
        {
            // The same share of more workers is more work.
            trial.nodes[node].factor *= f64::from(count) / f64::from(before);
        }
        self.fitting.settle_node(&mut trial, self.node, 4)?;
        let distance = self.fitting.distance(&trial, self.node)?;
        let better = distance < self.best.0;
        if better {
            self.best = (distance, trial);
        }
        Ok(better)
    }
}
