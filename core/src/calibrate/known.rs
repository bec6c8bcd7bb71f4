//! What a measurement cannot tell: directions in which parameters may move together and nothing that was measured changes.
//!
//! The formulas say how each observed number moves with each parameter; weighed by how sure the numbers are, that is the
//! Fisher information of the measurement. Where its least eigenvalue says that a quarter of a parameter would not be noticed, the
//! eigenvector names which move together (Bates & Watts 1988, §3.6; sloppy directions: Gutenkunst et al. 2007). It is looked at
//! node by node: parameters of different nodes are told apart by each node's own hops.
use super::fit::{Fitting, plan_at};
use super::model::{Model, laws};
use super::moments::{Moments, servers_param};
use crate::analytic;
use crate::topology::Plan;
use serde::{Deserialize, Serialize};

/// A standard error above this, relative to the parameter, is not knowing it.
const UNKNOWN: f64 = 0.25;
/// Parameters with less than this share of the largest in a direction have no part in it.
const PART: f64 = 0.3;
/// By how much parameters are moved to see what changes, relative to themselves.
const STEP: f64 = 0.02;
/// How far formulas and processes are off for other reasons than chance: of responses, of waits, of shares.
const OFF_RESPONSE: f64 = 0.01;
const OFF_WAIT: f64 = 0.1;
const OFF_SHARE: f64 = 0.005;

/// Parameters that the measurement says too little of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unknown {
    /// What they belong to: a node's id, or "keys".
    pub of: String,
    /// Their names: one that cannot be known, or several that cannot be told apart.
    pub parameters: Vec<String>,
    /// By how much they may move together with nothing to show it, relative to themselves; infinite where nothing depends on
    /// them (written as nothing in JSON).
    pub uncertainty: Option<f64>,
    /// All that in a sentence, with what would help.
    pub sentence: String,
}

/// The standard error of each node's mean own time and network, relative to it and to the response, and what cannot be told.
pub(super) struct Knowledge {
    pub(super) unknown: Vec<Unknown>,
    /// By node: of the mean own time, and of the network.
    pub(super) errors: Vec<Option<[f64; 2]>>,
}

/// A node's parameters, in the order of the matrices.
const NAMES: [&str; 3] = ["service time", "network", "workers"];

pub(super) fn known(fitting: &Fitting, model: &Model) -> Result<Knowledge, String> {
    let mut found = Knowledge { unknown: Vec::new(), errors: vec![None; fitting.plan.nodes.len()] };
    for (place, node) in fitting.plan.nodes.iter().enumerate() {
        let seen: Vec<Moments> = fitting.measured.iter().filter_map(|run| run[place]).collect();
        if seen.is_empty() || laws(&node.kind).is_empty() {
            continue;
        }
        let information = information(fitting, model, place)?;
        let (values, vectors) = eigen(information);
        for (value, vector) in values.iter().zip(vectors) {
            let error = if *value > 1e-12 { 1.0 / value.sqrt() } else { f64::INFINITY };
            let unknown = unknown(&node.id, servers_param(&node.kind), error, vector, &seen);
            // Two directions may name the same parameters: one sentence says it.
            if error > UNKNOWN && !found.unknown.iter().any(|other| other.sentence == unknown.sentence) {
                found.unknown.push(unknown);
            }
        }
        let variance = |i: usize| {
            values
                .iter()
                .zip(vectors)
                .map(|(value, vector)| vector[i] * vector[i] / value.max(1e-12))
                .sum::<f64>()
        };
        if let [(one, _), (other, _)] = laws(&node.kind).as_slice() {
            found.unknown.push(scaled_together(&node.id, one, other));
        }
        found.errors[place] = Some([variance(0).sqrt(), variance(1).sqrt()]);
    }
    found.unknown.extend(unknown_skew(fitting));
    Ok(found)
}

/// How a node's three parameters show in its response, wait and utilization at all loads: JᵀJ of the scaled changes.
fn information(fitting: &Fitting, model: &Model, place: usize) -> Result<[[f64; 3]; 3], String> {
    let document = model.on(&fitting.plan, fitting.base);
    let mut sum = [[0.0; 3]; 3];
    for (one, run) in fitting.observed.iter().zip(&fitting.measured) {
        let Some(seen) = run[place] else { continue };
        let rate = one.run.offered_rate;
        let Some(here) = Shown::of(&plan_at(&document, rate)?, place) else { continue };
        let mut changes = [[0.0; 3]; 3];
        for (parameter, row) in changes.iter_mut().enumerate() {
            let (moved, by) = moved(model, place, parameter, &seen);
            let plan = plan_at(&moved.on(&fitting.plan, fitting.base), rate)?;
            if let Some(there) = Shown::of(&plan, place) {
                *row = here.change(&there, &seen).map(|change| change / by);
            }
        }
        for (i, row) in sum.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                *cell += (0..3).map(|k| changes[i][k] * changes[j][k]).sum::<f64>();
            }
        }
    }
    Ok(sum)
}

/// The model with one parameter moved, and by how much relative to itself; the network relative to the response.
fn moved(model: &Model, place: usize, parameter: usize, seen: &Moments) -> (Model, f64) {
    let mut moved = model.clone();
    let node = &mut moved.nodes[place];
    match parameter {
        0 => {
            node.factor *= 1.0 + STEP;
            (moved, STEP)
        }
        1 => {
            node.network += STEP * seen.median / 2.0;
            (moved, STEP)
        }
        _ => {
            let before = node.servers;
            node.servers += (before / 8).max(1);
            let by = crate::math::ln(f64::from(node.servers) / f64::from(before));
            (moved, by)
        }
    }
}

/// What formulas expect to be seen of a node.
struct Shown {
    response: f64,
    wait: f64,
    utilization: f64,
}

impl Shown {
    /// None where it is saturated.
    fn of(plan: &Plan, place: usize) -> Option<Self> {
        let estimate = analytic::solve(plan);
        let node = &estimate.nodes[place];
        let into = plan.edges.iter().filter(|edge| edge.to.index() == place);
        let network = into.map(|edge| edge.latency.as_secs()).reduce(f64::min).unwrap_or(0.0);
        Some(Self {
            response: node.response? + 2.0 * network,
            wait: node.wait?,
            utilization: node.utilization?,
        })
    }

    /// How much each number changes, in its standard errors; zero for what was not measured.
    fn change(&self, other: &Self, seen: &Moments) -> [f64; 3] {
        // Responses of one run depend on one another the more the busier it is.
        let busy = self.utilization.min(0.95);
        let independent = (seen.calls * (1.0 - busy) / (1.0 + busy)).max(1.0);
        let response = (seen.variance / independent).sqrt() + OFF_RESPONSE * self.response;
        let wait = OFF_WAIT * self.wait + OFF_SHARE * self.response;
        let utilization = OFF_SHARE + OFF_RESPONSE * self.utilization;
        [
            (other.response - self.response) / response,
            (other.wait - self.wait) / wait,
            // As a share of the workers that the document has.
            seen.utilization.map_or(0.0, |_| (other.utilization - self.utilization) / utilization),
        ]
    }
}

fn unknown(id: &str, workers: &str, error: f64, vector: [f64; 3], seen: &[Moments]) -> Unknown {
    let largest = vector.iter().fold(0.0, |most: f64, part| most.max(part.abs()));
    let part = |i: &usize| vector[*i].abs() >= PART * largest;
    let name = |i: usize| if i == 2 { workers } else { NAMES[i] };
    let parameters: Vec<String> = (0..3).filter(part).map(|i| name(i).to_owned()).collect();
    let busiest = seen.iter().filter_map(|m| m.utilization).reduce(f64::max);
    let why = match busiest {
        None if part(&0) && part(&1) => {
            "nobody has said how busy its workers were; measure utilization too".to_owned()
        }
        Some(busiest) if part(&2) => format!(
            "it was never busier than {:.0} %, so that too few waited for its {workers}; measure at a higher load",
            busiest * 100.0
        ),
        None if part(&2) => format!("nobody waited for its {workers}; measure at a higher load"),
        _ => "it shows only together with other things; more or longer runs may tell".to_owned(),
    };
    let said = match parameters.as_slice() {
        [one] => format!("the {one} of \"{id}\" cannot be known from this measurement: {why}"),
        [several @ .., last] => {
            format!("{} and {last} of \"{id}\" cannot be told apart: {why}", several.join(", "))
        }
        [] => why.clone(),
    };
    Unknown { of: id.to_owned(), parameters, uncertainty: error.is_finite().then_some(error), sentence: said }
}

/// Hops do not say what they were for.
fn scaled_together(id: &str, one: &str, other: &str) -> Unknown {
    Unknown {
        of: id.to_owned(),
        parameters: vec![one.to_owned(), other.to_owned()],
        uncertainty: None,
        sentence: format!(
            "{one} and {other} of \"{id}\" cannot be told apart: its hops do not say what they were for; both are scaled alike"
        ),
    }
}

/// Skew shows in hit ratios alone.
fn unknown_skew(fitting: &Fitting) -> Option<Unknown> {
    let hits = || fitting.measured.iter().flatten().flatten().filter_map(|seen| seen.hit_ratio);
    let keyed = fitting.plan.classes.iter().any(|class| class.keys > 1);
    let why = if hits().count() == 0 {
        "there is no cache on the way whose hit ratio would show it"
    } else if !hits().any(|share| (0.02..0.98).contains(&share)) {
        "nearly all lookups hit, or none does"
    } else {
        return None;
    };
    keyed.then(|| Unknown {
        of: "keys".to_owned(),
        parameters: vec!["skew".to_owned()],
        uncertainty: None,
        sentence: format!("the skew of the keys cannot be known from this measurement: {why}"),
    })
}

/// Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations (Golub & Van Loan 2013, §8.5). For three it is settled
/// after some five sweeps; thirty are always enough.
fn eigen(mut a: [[f64; 3]; 3]) -> ([f64; 3], [[f64; 3]; 3]) {
    let mut v = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..30 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if a[p][q].abs() < 1e-300 {
                continue;
            }
            let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
            let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
            let c = 1.0 / (t * t + 1.0).sqrt();
            let s = t * c;
            for row in &mut a {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
            for rows in [&mut a, &mut v] {
                // Vectors stand in rows, and turn with those of the matrix.
                let (before_p, before_q) = (rows[p], rows[q]);
                rows[p] = std::array::from_fn(|k| c * before_p[k] - s * before_q[k]);
                rows[q] = std::array::from_fn(|k| s * before_p[k] + c * before_q[k]);
            }
        }
    }
    ([a[0][0], a[1][1], a[2][2]], v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symmetric_matrix_is_its_eigenvalues_on_its_eigenvectors() {
        let a = [[4.0, 1.0, 0.5], [1.0, 3.0, -2.0], [0.5, -2.0, 1.0]];
        let (values, vectors) = eigen(a);
        for (value, vector) in values.iter().zip(vectors) {
            for row in 0..3 {
                let image: f64 = (0..3).map(|k| a[row][k] * vector[k]).sum();
                assert!((image - value * vector[row]).abs() < 1e-12, "{values:?}");
            }
        }
        assert_eq!(eigen([[0.0; 3]; 3]).0, [0.0; 3]);
    }
}
