//! What a run did not hold of what the design is meant to hold.
use super::finding::{Finding, FindingKind, Objective, Severity};
use super::load::Load;
use super::overload::bottleneck;
use crate::cost::cost;
use crate::run::Run;
use crate::topology::{Place, Plan};

/// The objectives that a run did not meet, each with what mends the bottleneck, where there is one. Nothing is found where
/// nothing ended.
pub fn findings_of_run(plan: &Plan, run: &Run) -> Vec<Finding> {
    if run.outcomes().total() == 0 {
        return Vec::new();
    }
    let (objectives, errors) = (plan.objectives, run.outcomes().error_share());
    let p99 = run.response().quantile(0.99).as_secs();
    let dollars = cost(plan, Some(run)).total();
    let missed = [
        objectives
            .p99
            .filter(|most| p99 > most.as_secs())
            .map(|most| (Objective::P99, "the 99th percentile", p99, most.as_secs(), "s")),
        objectives
            .error_share
            .filter(|most| errors > *most)
            .map(|most| (Objective::Errors, "the share of errors", errors * 100.0, most * 100.0, "%")),
        objectives.availability.filter(|least| 1.0 - errors < *least).map(|least| {
            (Objective::Availability, "availability", (1.0 - errors) * 100.0, least * 100.0, "%")
        }),
        objectives
            .cost
            .filter(|most| dollars > *most)
            .map(|most| (Objective::Cost, "the cost a month", dollars, most, "$")),
    ];
    let mend = bottleneck(plan, &Load::of(plan)).pop().and_then(|finding| finding.mend);
    let found = missed.into_iter().flatten().map(|(objective, what, seen, meant, unit)| {
        let sentence = format!("{what} is {seen:.3} {unit}; the objective is {meant:.3} {unit}");
        let kind = FindingKind::MissedObjective(objective);
        let finding = Finding::new(kind, Place::Objectives, Severity::Critical, capital(&sentence))
            .with(what, seen, unit)
            .with("objective", meant, unit);
        match &mend {
            // More of everything does not cost less.
            Some(mend) if objective != Objective::Cost => {
                finding.mended(mend.sentence.clone(), mend.edits.clone())
            }
            _ => finding,
        }
    });
    found.collect()
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
