//! An external service: a third party, known by its latency and its errors.
use super::super::catalog::{Form, Group, Kind, Param, Section, count};
use super::super::reader::Reader;
use super::rows::ERROR_SHARE;
use crate::component::resilience::TokenBucket;
use crate::dist::Law;

/// The row of external services.
pub(crate) const KIND: Kind = Kind {
    name: "external",
    title: "External service",
    group: Group::Compute,
    about: "A third party: payments, mail, maps. It has a latency, errors, and perhaps a limit.",
    calls: &[],
    params: &[
        Param::new(
            "concurrency",
            "At once",
            "How many requests it works on at the same moment; more are refused.",
            count(1, 100_000),
            "1000",
        )
        .essential(),
        Param::new(
            "service_time",
            "Time per request",
            "How long a request takes.",
            Form::Law,
            "lognormal 80ms p99 400ms",
        )
        .essential(),
        ERROR_SHARE,
        Param::new(
            "rate_limit",
            "Rate limit",
            "How many requests per second it accepts; more are refused.",
            Form::Limit,
            "none",
        )
        .under(Section::Limits),
    ],
};

/// An external service.
#[derive(Clone, Debug)]
pub struct ExternalNode {
    /// Requests at once, ≥ 1.
    pub concurrency: u32,
    /// How long a request takes.
    pub service_time: Law,
    /// The share that ends in an error, in [0, 1].
    pub error_share: f64,
    /// Requests per second that it accepts.
    pub rate_limit: Option<f64>,
}

impl ExternalNode {
    /// What it accepts; none when that is everything. A second's worth may come at once.
    pub fn limit(&self) -> Option<TokenBucket> {
        self.rate_limit.map(|rate| TokenBucket::new(rate, rate.max(1.0) as u32))
    }

    pub(crate) fn read(r: &mut Reader) -> Self {
        Self {
            concurrency: r.count("concurrency"),
            service_time: r.law("service_time"),
            error_share: r.number("error_share"),
            rate_limit: r.limit("rate_limit"),
        }
    }
}
