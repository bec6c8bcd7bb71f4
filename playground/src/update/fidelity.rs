//! How well the simulation and the formulas foretold what a live run measured.
use crate::model::Model;
use crate::shared::Shared;
use loadpath_core::analytic;
use loadpath_core::compare::fidelity;
use loadpath_core::topology::check;
use std::slice::from_ref;

/// Judges the run that was measured last by the simulation that ran beside it; where there is none, nothing is said.
pub(super) fn judge(model: &mut Model) {
    let measured = model.live.measured.as_deref().filter(|measured| measured.is_done());
    let both = measured.zip(model.simulated.beside.as_deref());
    let plan = model.simulated.document.as_deref().and_then(|document| check(document).ok());
    model.live.fidelity = both.zip(plan).and_then(|((measured, simulated), plan)| {
        let judged = fidelity(&plan, &analytic::solve(&plan), from_ref(simulated), from_ref(&measured.run));
        judged.simulated_score.map(|_| Shared::new(judged))
    });
}
