//! What the configurations of engines have in common, wherever these run: on this machine, or in the files of an export.
//! They are filled with numbers and checked ids alone.
pub(crate) mod haproxy;
pub(crate) mod nginx;
pub(crate) mod redis;

use std::fmt::Write as _;

/// Adds a line.
pub(crate) fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes every character");
}
