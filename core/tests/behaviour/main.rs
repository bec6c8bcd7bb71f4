//! What the simulator does with whole designs, against what theory says it must.
mod calls;
mod closed_loop;
mod design;
mod extremes;
mod faults;
mod interleavings;
mod memory;
mod overload;
mod policies;
mod queues;
mod resilience;
mod sameness;
mod sessions;
mod sharing;
mod statistics;
mod zones;
