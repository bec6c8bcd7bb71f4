//! The engines that are Rust libraries, one file for each.
pub(crate) mod desque;
pub(crate) mod desru;
pub(crate) mod nexosim;
pub(crate) mod ours;
pub(crate) mod simrs;
pub(crate) mod simu_des;
