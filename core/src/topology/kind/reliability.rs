//! How the instances of a node fail by themselves, and are mended.
use super::super::reader::Reader;
use crate::time::Span;

/// Failures without a cause, of each instance by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reliability {
    /// Mean time that an instance works until it fails, > 0; the time is exponential.
    pub mtbf: Span,
    /// Mean time that mending it takes, > 0; the time is exponential.
    pub mttr: Span,
    /// How many are mended at the same time; zero is as many as have failed.
    pub repairers: u16,
}

impl Reliability {
    /// `None` for what does not fail by itself.
    pub(in crate::topology) fn read(r: &mut Reader) -> Option<Self> {
        if !r.has("mtbf") {
            return None;
        }
        let (mtbf, mttr, repairers) = (r.span("mtbf"), r.span("mttr"), r.count("repairers") as u16);
        (mtbf > Span::ZERO).then_some(Self { mtbf, mttr, repairers })
    }
}
