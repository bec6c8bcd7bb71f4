//! What is weak about a design, why, and an edit that mends it; and whether running it confirms that.
//!
//! [`findings`] looks at the design alone, [`findings_of_run`] at what a run saw. Each [`Finding`] says where, how bad, and the
//! figures that it rests on; many carry a [`Mend`]. [`verify`] simulates the design and the mended one with the same seed under
//! the condition that shows the weakness, and says in a figure what the mend changed.
//!
//! ```
//! use loadpath_core::{advise, rng::Seed, topology};
//! let document = topology::three_tier();
//! let plan = topology::check(&document).unwrap();
//! let findings = advise::findings(&plan, &document);
//! let single = findings.iter().find(|finding| finding.kind == advise::FindingKind::OneBalancer).unwrap();
//! let verdict = advise::verify(&document, single, Seed(1)).unwrap();
//! assert!(verdict.better, "{}", verdict.sentence);
//! ```
mod calls;
mod data;
mod figure;
mod finding;
mod load;
mod naming;
mod objective;
mod overload;
mod queues;
mod reach;
mod trial;
mod verify;

pub use finding::{Evidence, Finding, FindingKind, Mend, Objective, Severity};
pub use objective::findings_of_run;
pub use verify::{NoVerdict, Verdict, verify};

use crate::order;
use crate::topology::{Plan, Topology};
use load::Load;

/// What is weak about a design, the worst first, equals in the order of [`FindingKind`]. `document` is what the plan was
/// checked from. The single points are found by taking away each in turn: O(nodes × (nodes + edges)).
pub fn findings(plan: &Plan, document: &Topology) -> Vec<Finding> {
    let load = Load::of(plan);
    let found: [Vec<Finding>; 13] = [
        reach::single_points(plan, &load),
        overload::bottleneck(plan, &load),
        overload::hot_shards(plan, &load),
        queues::unbounded(plan, &load),
        calls::crossed_timeouts(plan, &load.wiring),
        calls::retry_amplification(plan, &load.wiring),
        calls::no_timeout(plan, &load.wiring),
        data::lost_sessions(plan, &load),
        data::forgetful_caches(plan, &load),
        data::replicas(plan, &load),
        queues::slow_scaling(plan, &load),
        queues::workers(plan, document, &load),
        naming::names(plan, &load),
    ];
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    order::sort_by_key(&mut findings, |finding| std::cmp::Reverse(finding.severity));
    findings
}

#[cfg(test)]
mod tests;
