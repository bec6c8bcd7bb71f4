//! The project's behaviour, seen from outside: one binary, one module per claim.

mod browser;
