//! Formulas instead of a simulation: what can be said about a design at once.
//!
//! [`formula`] holds the closed forms of queues, caches and reliability, each with its source and its assumptions.
pub mod formula;
