//! A load balancer: spreads requests over instances.
use super::super::catalog::{Form, Group, HOUR_NS, Kind, Param, Section, When, count, number, span};
use super::super::reader::Reader;
use super::engine::{self, Engine};
use super::rows::{CHECK_INTERVAL, FALL, INSTANCES, MTBF, MTTR, QUEUE, REPAIRERS, RISE};
use crate::component::balance::{Outlier, Policy, Settings};
use crate::component::resilience::TokenBucket;
use crate::dist::Law;
use crate::time::Span;

/// The row of load balancers.
pub(crate) const KIND: Kind = Kind {
    name: "load_balancer",
    title: "Load balancer",
    group: Group::Compute,
    about: "Spreads requests over the healthy instances of what it calls.",
    calls: &["load_balancer", "service"],
    params: &[
        Param::new(
            "policy",
            "Policy",
            "How an instance is picked.",
            Form::Choice(&[
                ("round_robin", "each in turn"),
                ("least_connections", "the one with the fewest requests in flight"),
                (
                    "power_of_two",
                    "two at random (or as many as there are choices), then the least busy of them",
                ),
                ("hash_ring", "by the key, on a ring with virtual nodes"),
                ("weighted", "in turn, by the weights of the edges"),
                ("random", "any"),
                ("peak_ewma", "two at random, then the one that was faster of late and is less busy"),
                ("ip_hash", "by the client"),
                ("bounded_ring", "by the key on a ring, but nobody above 1.25 times the mean"),
                ("maglev", "by the key, from a table that is even"),
                ("rendezvous", "by the key, the target with the highest score"),
                ("jump", "by the key, with jump consistent hashing"),
            ]),
            "round_robin",
        )
        .essential(),
        Param::new("choices", "Choices", "How many targets power of two looks at.", count(1, 16), "2")
            .under(Section::Routing)
            .when(When::Is("policy", &["power_of_two"])),
        Param::new(
            "repeats",
            "Choices may repeat",
            "Whether power of two may draw the same target again, as some proxies do, instead of different ones.",
            super::super::catalog::SWITCH,
            "off",
        )
        .under(Section::Routing)
        .when(When::Is("policy", &["power_of_two"])),
        INSTANCES,
        Param::new(
            "cores",
            "Cores",
            "How many requests each instance handles at the same moment.",
            count(1, 256),
            "2",
        )
        .under(Section::Capacity),
        Param::new(
            "service_time",
            "Time per request",
            "How long a core is taken by a request.",
            Form::Law,
            "50us",
        )
        .under(Section::Capacity),
        QUEUE,
        CHECK_INTERVAL,
        FALL,
        RISE,
        MTBF,
        MTTR,
        REPAIRERS,
        Param::new(
            "sticky",
            "Sticky sessions",
            "Whether a user's requests stay with the instance that had the first.",
            super::super::catalog::SWITCH,
            "off",
        )
        .under(Section::Routing),
        Param::new(
            "slow_start",
            "Slow start",
            "Over which time a target that returned gets its full share.",
            span(0, HOUR_NS),
            "0s",
        )
        .under(Section::Health),
        Param::new(
            "eject_after",
            "Outlier ejection",
            "After how many failures in a row a target is left out for a while; zero is never.",
            count(0, 1_000),
            "0",
        )
        .under(Section::Health),
        Param::new(
            "rate_limit",
            "Rate limit",
            "How many requests per second each instance lets pass; more are refused.",
            Form::Limit,
            "none",
        )
        .under(Section::Limits),
        Param::new(
            "burst",
            "Burst",
            "How many requests may come at once above the rate limit.",
            number(1.0, 1e6),
            "100",
        )
        .under(Section::Limits)
        .when(When::Not("rate_limit", &["none"])),
        engine::OF_BALANCERS,
    ],
};

/// A load balancer.
#[derive(Clone, Debug)]
pub struct LoadBalancerNode {
    /// How an instance is picked.
    pub policy: Policy,
    /// How many targets power of two looks at, ≥ 1.
    pub choices: u16,
    /// Whether it may look at one twice.
    pub repeats: bool,
    /// How many balancers there are, ≥ 1.
    pub instances: u16,
    /// Cores of each, ≥ 1.
    pub cores: u32,
    /// How long a core is taken by a request.
    pub service_time: Law,
    /// How many may wait at each.
    pub queue: u32,
    /// How often each target is probed, > 0.
    pub check_interval: Span,
    /// Failed probes in a row until a target is left out, ≥ 1.
    pub fall: u32,
    /// Passed probes in a row until it is back, ≥ 1.
    pub rise: u32,
    /// Whether users stay with their instance.
    pub sticky: bool,
    /// Over which time a returned target gets its full share; zero is at once.
    pub slow_start: Span,
    /// Failures in a row until a target is left out for a while; zero is never.
    pub eject_after: u32,
    /// Requests per second that each instance lets pass.
    pub rate_limit: Option<f64>,
    /// Requests that may come at once above it.
    pub burst: f64,
    /// Which program it is in a live run.
    pub engine: Engine,
}

impl LoadBalancerNode {
    /// What its balancers are made to do, with the weight of each target.
    pub fn settings(&self, weights: Vec<u32>) -> Settings {
        Settings {
            policy: self.policy,
            choices: self.choices,
            repeats: self.repeats,
            weights,
            slow_start: self.slow_start,
            // By failures in a row alone.
            outlier: (self.eject_after > 0).then(|| Outlier {
                consecutive: self.eject_after,
                error_share: 2.0,
                ..Outlier::default()
            }),
            sticky: self.sticky,
            ..Settings::default()
        }
    }

    /// What each of its instances lets pass; none when that is everything.
    pub fn limit(&self) -> Option<TokenBucket> {
        self.rate_limit.map(|rate| TokenBucket::new(rate, self.burst as u32))
    }

    pub(crate) fn read(r: &mut Reader) -> Self {
        Self {
            policy: r.choice("policy", &super::POLICIES),
            choices: r.count("choices") as u16,
            repeats: r.switch("repeats"),
            instances: r.count("instances") as u16,
            cores: r.count("cores"),
            service_time: r.law("service_time"),
            queue: r.count("queue"),
            check_interval: r.span("check_interval"),
            fall: r.count("fall"),
            rise: r.count("rise"),
            sticky: r.switch("sticky"),
            slow_start: r.span("slow_start"),
            eject_after: r.count("eject_after"),
            rate_limit: r.limit("rate_limit"),
            burst: r.number("burst"),
            engine: r.choice("engine", &engine::BALANCERS),
        }
    }
}
