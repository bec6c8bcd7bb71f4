//! The designs of the benches in wasm32: `driver.mjs` calls these functions and takes the time, which a module cannot.
//!
//! Designs go by their number in the benches' list, the same in both worlds.
#![allow(unsafe_code)] // A function that another language calls by its name cannot be marked safely.
use loadpath_core::analytic;
use loadpath_core::rng::Seed;
use loadpath_core::sim::Simulation;
use loadpath_core::time::Time;
use loadpath_core::topology::{Plan, check};
use std::cell::RefCell;

#[path = "../../models/mod.rs"]
#[allow(dead_code)] // what only the native side asks for
mod models;

thread_local! {
    static PLAN: RefCell<Option<Plan>> = const { RefCell::new(None) };
    static RUN: RefCell<Option<Simulation>> = const { RefCell::new(None) };
}

/// Chooses a design and puts its simulation at the start.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(design: u32) {
    let document = models::design(design as usize);
    let plan = check(&document).expect("the bench's designs are sound");
    RUN.set(Some(Simulation::new(&plan, Seed(1))));
    PLAN.set(Some(plan));
}

/// Simulates up to so many seconds; gives how many events have been handled.
#[unsafe(no_mangle)]
pub extern "C" fn run(seconds: f64) -> f64 {
    RUN.with_borrow_mut(|run| {
        let simulation = run.as_mut().expect("a design was prepared");
        simulation.run_until(Time((seconds * 1e9) as u64));
        simulation.events() as f64
    })
}

/// What tells this run from any other.
#[unsafe(no_mangle)]
pub extern "C" fn digest() -> u64 {
    RUN.with_borrow(|run| run.as_ref().expect("a design was prepared").digest())
}

/// Estimates the design so many times; gives the estimated rate.
#[unsafe(no_mangle)]
pub extern "C" fn estimate(times: u32) -> f64 {
    PLAN.with_borrow(|plan| {
        let plan = plan.as_ref().expect("a design was prepared");
        (0..times).map(|_| analytic::solve(plan).classes[0].rate).fold(0.0, f64::max)
    })
}
