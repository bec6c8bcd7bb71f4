//! The project's behaviour, seen from outside: one binary, one module per claim.
mod attack;
mod browser;
mod documents;
mod structure;
mod theory;
