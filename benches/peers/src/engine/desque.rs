//! desque: a heap of boxed events that change a state.
use crate::answer::Answer;
use crate::calendar::{Model, Step};
use crate::clock::cpu_seconds;
use crate::network::Network;
use desque::serial::{Event, Simulation};
use desque::{SimState, SimTime};
use std::cmp::Ordering;

/// Seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seconds(f64);

impl Eq for Seconds {}

impl PartialOrd for Seconds {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Seconds {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl SimTime for Seconds {}

impl SimState<Seconds> for Model {
    fn is_complete(&self, _: &Seconds) -> bool {
        self.is_over()
    }
}

#[derive(Debug)]
struct Do(Step);

impl Event<Model, Seconds> for Do {
    fn execute(&mut self, simulation: &mut Simulation<Model, Seconds>) -> desque::Result {
        let now = simulation.current_time().0;
        for (delay, step) in simulation.state_mut().step(now, self.0).into_iter().flatten() {
            simulation.schedule(Do(step), Seconds(now + delay))?;
        }
        Ok(())
    }
}

pub(crate) fn run(network: &'static Network, customers: u64) -> Answer {
    let start = cpu_seconds();
    let mut simulation = Simulation::new(Model::new(network, customers), Seconds(0.0));
    simulation.schedule(Do(Step::Arrive), Seconds(0.0)).expect("now is not before now");
    simulation.run().expect("nothing is scheduled before now");
    simulation.state().responses.answer(network, customers, cpu_seconds() - start)
}
