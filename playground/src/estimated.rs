//! What can be said of a design at once, without a simulation: its figures by formulas, what it costs, what is weak about it.
use crate::shared::Shared;
use loadpath_core::advise::{self, Finding};
use loadpath_core::analytic::{self, Estimate, NodeEstimate};
use loadpath_core::cost::{self, Bill};
use loadpath_core::topology::{Topology, check};

/// What can be said of a design at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimated {
    /// The design.
    pub document: Shared<Topology>,
    /// Its figures, by formulas. Nodes and classes stand in the document's order.
    pub estimate: Estimate,
    /// What it costs.
    pub bill: Bill,
    /// What is weak about it, the worst first.
    pub findings: Vec<Finding>,
}

impl Estimated {
    /// Of a design; none of one that is empty or has faults.
    pub fn of(document: &Shared<Topology>) -> Option<Self> {
        if document.nodes.is_empty() {
            return None;
        }
        let plan = check(document).ok()?;
        Some(Self {
            document: document.clone(),
            estimate: analytic::solve(&plan),
            bill: cost::cost(&plan, None),
            findings: advise::findings(&plan, document),
        })
    }

    /// Requests that arrive per second, all classes together.
    pub fn rate(&self) -> f64 {
        self.estimate.classes.iter().map(|class| class.rate).sum()
    }

    /// The mean and the 99th percentile of what users wait, all classes together, in seconds; none when something on the way
    /// of a class is saturated.
    pub fn response(&self) -> Option<(f64, f64)> {
        let all = self.rate();
        let classes = self.estimate.classes.iter().filter(|class| class.rate > 0.0);
        let parts: Option<Vec<Part>> = classes
            .map(|class| {
                let response = class.response?;
                Some(Part {
                    share: class.rate / all,
                    mean: response.mean,
                    p50: response.p50,
                    p99: response.p99,
                })
            })
            .collect();
        let parts = parts.filter(|parts| !parts.is_empty())?;
        let mean = parts.iter().map(|part| part.share * part.mean).sum();
        Some((mean, p99_of_all(&parts)))
    }

    /// A node's estimate, by its id.
    pub fn node(&self, id: &str) -> Option<&NodeEstimate> {
        let place = self.document.nodes.iter().position(|node| node.id == id)?;
        self.estimate.nodes.get(place)
    }
}

/// A class's part in the response of all.
struct Part {
    share: f64,
    mean: f64,
    p50: f64,
    p99: f64,
}

impl Part {
    /// The share of its requests that take longer. Beyond the median the tail is taken as exponential through the 99th
    /// percentile, as a gamma law's is far out.
    fn beyond(&self, seconds: f64) -> f64 {
        let scale = (self.p99 - self.p50) / 50f64.ln();
        if scale <= 0.0 {
            return if seconds < self.p99 { 1.0 } else { 0.0 };
        }
        (0.5 * (-(seconds - self.p50) / scale).exp()).min(1.0)
    }
}

/// The 99th percentile of a mixture: it lies between those of its parts.
fn p99_of_all(parts: &[Part]) -> f64 {
    let low = parts.iter().map(|part| part.p50).fold(f64::INFINITY, f64::min);
    let high = parts.iter().map(|part| part.p99).fold(0.0, f64::max);
    let (mut low, mut high) = (low.min(high), high);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        let beyond: f64 = parts.iter().map(|part| part.share * part.beyond(middle)).sum();
        if beyond > 0.01 { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{parse_rate, three_tier};

    #[test]
    fn the_p99_of_all_lies_between_those_of_the_classes_and_one_class_has_its_own() {
        let part = |share, p50, p99| Part { share, mean: p50, p50, p99 };
        assert!((p99_of_all(&[part(1.0, 0.010, 0.060)]) - 0.060).abs() < 1e-9);
        let mixed = p99_of_all(&[part(0.9, 0.010, 0.060), part(0.1, 0.050, 0.300)]);
        assert!(mixed > 0.060 && mixed < 0.300, "{mixed}");
    }

    #[test]
    fn the_example_is_estimated_priced_and_judged_at_once() {
        let document = Shared::new(three_tier());
        let estimated = Estimated::of(&document).unwrap();
        let asked = parse_rate(&document.workload.params["rate"].to_string()).unwrap();
        assert!((estimated.rate() / asked - 1.0).abs() < 1e-6);
        let (mean, p99) = estimated.response().unwrap();
        assert!(mean > 0.0 && p99 > mean);
        assert!(estimated.bill.total() > 0.0 && !estimated.findings.is_empty());
        assert!(estimated.node("web").unwrap().utilization.is_some());
    }

    #[test]
    fn nothing_is_said_of_a_design_with_faults() {
        let mut document = three_tier();
        document.nodes[2].params.insert("workers".to_owned(), "many".into());
        assert_eq!(Estimated::of(&Shared::new(document)), None);
        assert_eq!(Estimated::of(&Shared::new(Topology::new("empty"))), None);
    }
}
