//! The project's behaviour, seen from outside: one binary, one module per claim.
mod api;
mod attack;
mod browser;
mod documents;
mod live;
mod structure;
mod theory;
