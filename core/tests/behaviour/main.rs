//! What the simulator does with whole designs, against what theory says it must.
mod calls;
mod closed_loop;
mod design;
mod everywhere;
mod extremes;
mod interleavings;
mod memory;
mod overload;
mod policies;
mod queues;
mod resilience;
mod rewinding;
mod sameness;
mod sessions;
mod sharing;
mod statistics;
mod zones;
