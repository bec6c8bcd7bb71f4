//! Steps of a simulation that has warmed up ask for no memory: the allocator itself counts.
//!
//! A binary of its own with one test, since another test beside it would be counted too.
#![allow(unsafe_code)] // An allocator cannot be written without; this one only counts and passes on.

use loadpath_core::rng::Seed;
use loadpath_core::sim::Simulation;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{check, three_tier};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator, and how often it was asked for memory.
struct Counting;

static ASKED: AtomicU64 = AtomicU64::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often memory was asked for while the simulation made its next million events, about.
fn asked_in_a_million_events(simulation: &mut Simulation) -> u64 {
    let before = (ASKED.load(Ordering::Relaxed), simulation.events());
    while simulation.events() < before.1 + 1_000_000 {
        simulation.run_until(simulation.now() + Span::SECOND);
    }
    ASKED.load(Ordering::Relaxed) - before.0
}

#[test]
fn steps_of_a_warm_simulation_allocate_nothing() {
    let plan = check(&three_tier()).unwrap();
    let mut simulation = Simulation::new(&plan, Seed(1));
    simulation.run_until(Time(600 * Span::SECOND.0));
    let asked: Vec<u64> = (0..5).map(|_| asked_in_a_million_events(&mut simulation)).collect();
    // What still grows: a value of a magnitude not seen before takes memory in a few histograms, and the series of seconds
    // doubles now and then. Neither comes with an event or with a second, of which there are some 200 in a million events.
    assert!(
        asked.iter().sum::<u64>() <= 16 && asked.contains(&0),
        "allocations by million events: {asked:?}"
    );
}
