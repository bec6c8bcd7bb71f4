//! An object store: files, as many at once as one likes.
use super::super::catalog::{Form, Group, Kind, Param, count};
use super::super::reader::Reader;
use super::rows::ERROR_SHARE;
use crate::dist::Law;

/// The row of object stores.
pub(crate) const KIND: Kind = Kind {
    name: "object_store",
    title: "Object store",
    group: Group::Data,
    about: "Keeps files: an origin for static requests. Slow to start with, hard to overload.",
    calls: &[],
    params: &[
        Param::new(
            "concurrency",
            "At once",
            "How many requests it works on at the same moment; more are refused.",
            count(1, 100_000),
            "5000",
        )
        .essential(),
        Param::new(
            "service_time",
            "Time per request",
            "How long a request takes.",
            Form::Law,
            "lognormal 30ms p99 120ms",
        )
        .essential(),
        ERROR_SHARE,
    ],
};

/// An object store.
#[derive(Clone, Debug)]
pub struct ObjectStoreNode {
    /// Requests at once, ≥ 1.
    pub concurrency: u32,
    /// How long a request takes.
    pub service_time: Law,
    /// The share that ends in an error, in [0, 1].
    pub error_share: f64,
}

impl ObjectStoreNode {
    pub(crate) fn read(r: &mut Reader) -> Self {
        Self {
            concurrency: r.count("concurrency"),
            service_time: r.law("service_time"),
            error_share: r.number("error_share"),
        }
    }
}
