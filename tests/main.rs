//! The project's behaviour, seen from outside: one binary, one module per claim.

// What a test's helper unwraps is the test's own claim, as in the test itself.
#![allow(clippy::unwrap_used)]

mod api;
mod attack;
mod browser;
mod decoders;
mod determinism;
mod documents;
mod exchange;
mod live;
mod page;
mod structure;
mod the_loop;
mod theory;
