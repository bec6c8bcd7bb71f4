//! simrs: components that get typed events, and a state of values by key.
use crate::answer::Answer;
use crate::calendar::{Model, Step};
use crate::clock::cpu_seconds;
use crate::network::Network;
use simrs::{Component, ComponentId, Key, Scheduler, Simulation, State};
use std::time::Duration;

struct Stations(Key<Model>);

impl Component for Stations {
    type Event = Step;

    fn process_event(
        &self,
        me: ComponentId<Step>,
        step: &Step,
        scheduler: &mut Scheduler,
        state: &mut State,
    ) {
        let now = scheduler.time().as_secs_f64();
        let model = state.get_mut(self.0).expect("the model was inserted");
        for (delay, step) in model.step(now, *step).into_iter().flatten() {
            scheduler.schedule(Duration::from_secs_f64(delay), me, step);
        }
    }
}

pub(crate) fn run(network: &'static Network, customers: u64) -> Answer {
    let start = cpu_seconds();
    let mut simulation = Simulation::default();
    let model = simulation.state.insert(Model::new(network, customers));
    let stations = simulation.add_component(Stations(model));
    simulation.schedule(Duration::ZERO, stations, Step::Arrive);
    while simulation.step() {}
    let model = simulation.state.get(model).expect("the model was inserted");
    model.responses.answer(network, customers, cpu_seconds() - start)
}
