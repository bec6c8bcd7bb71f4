//! A thread beside the page's own broke: it is replaced, and what waited for it is told.
use super::{advice, comparison, course, notice, simulation};
use crate::effect::Effect;
use crate::model::Model;
use crate::run::{Thread, WARM_UP};

/// A thread broke: why, in the browser's words.
pub(super) fn broke(model: &mut Model, thread: Thread, why: &str) -> Vec<Effect> {
    let why = if why.is_empty() { "no reason given" } else { why };
    let mut effects = vec![Effect::Renew(thread)];
    effects.extend(match thread {
        Thread::Simulation => simulation_broke(model, why),
        Thread::Study => study_broke(model, why),
    });
    effects
}

/// Runs the design in the new thread, unless it has broken one before: then it waits for another design or for a person.
fn simulation_broke(model: &mut Model, why: &str) -> Vec<Effect> {
    let broken = model.simulated.document.clone();
    if broken.is_none() || std::mem::replace(&mut model.simulated.broken, broken.clone()) == broken {
        let text = format!(
            "The simulation broke again ({why}) and waits: change the design, or start it over. Your design is kept."
        );
        return notice(model, true, text);
    }
    let mut effects = simulation::acquaint(model);
    effects.extend(simulation::load(model, WARM_UP));
    let text = format!("The simulation broke ({why}) and was started over. Your design is kept.");
    effects.extend(notice(model, false, text));
    effects
}

/// Nobody waits for an answer any more; whoever asks again asks a new thread.
fn study_broke(model: &mut Model, why: &str) -> Vec<Effect> {
    let why = format!("the thread that was asked broke ({why}); ask again");
    advice::unanswered(model, &why);
    course::unanswered(model);
    comparison::unanswered(model, &why);
    notice(model, true, format!("A question was not answered: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg::{Change, Msg};
    use crate::run::ToWorker;
    use crate::update::{Startup, open, update};

    fn loads(effects: &[Effect]) -> usize {
        effects.iter().filter(|effect| matches!(effect, Effect::Worker(ToWorker::Load { .. }))).count()
    }

    fn break_it(model: &mut Model) -> Vec<Effect> {
        update(model, Msg::WorkerBroke(Thread::Simulation, "unreachable".to_owned()))
    }

    #[test]
    fn a_simulation_that_broke_starts_over_once_and_then_waits_for_another_design() {
        let (mut model, _) = open(&Startup::default());
        update(&mut model, Msg::Speed(4.0));
        let effects = break_it(&mut model);
        assert!(matches!(effects[0], Effect::Renew(Thread::Simulation)));
        assert_eq!(loads(&effects), 1);
        let paced = |e: &Effect| matches!(e, Effect::Worker(ToWorker::Speed(speed)) if *speed == 4.0);
        assert!(effects.iter().any(paced), "the new thread knows the speed");
        let effects = break_it(&mut model);
        assert!(matches!(effects[0], Effect::Renew(Thread::Simulation)));
        assert_eq!(loads(&effects), 0, "the same design would break the same way");
        assert!(model.notices.last().unwrap().text.contains("broke again (unreachable)"));
        assert_eq!(loads(&update(&mut model, Msg::Restart)), 1, "a person may try again");
        update(&mut model, Msg::Change(Change::AddClass));
        let edits = model.edits;
        assert_eq!(loads(&update(&mut model, Msg::Settled(edits))), 1);
        assert_eq!(loads(&break_it(&mut model)), 1, "this design has broken nothing yet");
    }

    #[test]
    fn whoever_waits_for_a_study_that_broke_is_told() {
        let (mut model, _) = open(&Startup::default());
        update(&mut model, Msg::Comparison(comparison::Msg::Keep));
        update(
            &mut model,
            Msg::Comparison(comparison::Msg::After(comparison::Side::Lesson("single-server"))),
        );
        assert!(model.comparison.is_running());
        let effects = update(&mut model, Msg::WorkerBroke(Thread::Study, String::new()));
        assert!(matches!(effects[0], Effect::Renew(Thread::Study)));
        assert!(!model.comparison.is_running());
        assert!(model.comparison.refusal.as_ref().unwrap().contains("no reason given"));
    }
}
