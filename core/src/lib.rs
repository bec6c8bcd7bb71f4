//! Loadpath's core: systems that must carry load, as a model that can be run.
//!
//! The crate is pure: no clock, no I/O, no threads, no entropy. Time and chance are arguments. The same document and
//! seed give the same run, bit for bit, native and in WebAssembly.
//!
//! It is built in layers; a module imports only from the layers above it in this list (a test keeps it so):
//!
//! | layer | modules | what lives there |
//! |---|---|---|
//! | L0 | [`time`], [`id`], [`math`], [`hash`], [`order`], [`json`] | whole nanoseconds, newtypes, portable arithmetic, a fixed 64-bit hash, sorting, reading |
//! | L1 | [`rng`], [`stats`] | named random streams; histograms, intervals, batch means, series |
//! | L2 | [`dist`], [`component`] | laws of chance; the architecture's algorithms as pure data structures |
//! | L3 | [`workload`], [`run`] | arrivals, classes, keys; the record that simulation and measurement both yield |
//! | L4 | [`topology`] | the document, the catalog of kinds, `check` → [`topology::Plan`], edits, links, lessons |
//! | L5 | [`sim`], [`analytic`] | from a plan to a run by discrete events; to an estimate by formulas |
//! | L6 | [`claims`], [`compare`], [`calibrate`], [`cost`], [`advise`], [`export`], [`wire`] | lessons' claims tried out; two runs side by side; a model fitted to runs; dollars a month; findings and mends; flowcharts and queueing networks; the agent's API types |
#![warn(missing_docs)]

pub mod advise;
pub mod analytic;
pub mod calibrate;
pub mod claims;
pub mod compare;
pub mod component;
pub mod cost;
pub mod dist;
pub mod export;
pub mod hash;
pub mod id;
pub mod json;
pub mod math;
pub mod order;
pub mod rng;
pub mod run;
pub mod sim;
pub mod stats;
pub mod time;
pub mod topology;
pub mod wire;
pub mod workload;
