//! Questions to the worker that studies, and where its answers belong.
use super::{advice, comparison, course};
use crate::effect::Effect;
use crate::model::Model;
use crate::run::{Studied, Study};

/// Asks, and gives the number that the answer will carry.
pub(super) fn ask(model: &mut Model, study: Study) -> (u32, Effect) {
    model.studies += 1;
    (model.studies, Effect::Study { number: model.studies, study: Box::new(study) })
}

/// An answer came. Whoever waits for its number takes it; nobody does when the question has gone stale.
pub(super) fn answered(model: &mut Model, number: u32, studied: Studied) -> Vec<Effect> {
    match studied {
        Studied::Mend(verdict) => advice::tried(model, number, verdict),
        Studied::Claims(verdicts) => course::claims_checked(model, number, verdicts),
        Studied::Goals(goals) => course::goals_checked(model, number, goals),
        Studied::Compare(compared) => comparison::compared(model, number, compared),
    }
}
