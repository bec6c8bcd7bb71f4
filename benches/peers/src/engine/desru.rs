//! desru: a heap of boxed closures.
use crate::answer::Answer;
use crate::calendar::{Model, Step};
use crate::clock::cpu_seconds;
use crate::network::Network;
use desru::{Event, EventScheduler};
use std::cell::RefCell;
use std::rc::Rc;

fn event(model: Rc<RefCell<Model>>, at: f64, step: Step) -> Event {
    let action = move |scheduler: &mut EventScheduler| {
        let now = scheduler.current_time;
        let next = model.borrow_mut().step(now, step);
        for (delay, step) in next.into_iter().flatten() {
            scheduler.schedule(event(model.clone(), now + delay, step));
        }
        None
    };
    Event::new(at, Some(Box::new(action)), None)
}

pub(crate) fn run(network: &'static Network, customers: u64) -> Answer {
    let start = cpu_seconds();
    let model = Rc::new(RefCell::new(Model::new(network, customers)));
    let mut scheduler = EventScheduler::new();
    scheduler.schedule(event(model.clone(), 0.0, Step::Arrive));
    let seen = model.clone();
    // Its log of all events is left out: nobody else keeps one.
    scheduler.run(Box::new(move |_| seen.borrow().is_over()), Some(Box::new(|_, _| false)));
    model.borrow().responses.answer(network, customers, cpu_seconds() - start)
}
