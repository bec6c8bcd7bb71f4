//! A service: works on requests and calls others.
use super::super::catalog::{Form, Group, HOUR_NS, Kind, Param, SWITCH, Section, count, span};
use super::super::reader::Reader;
use super::rows::{
    AUTOSCALE, COOLDOWN, DISCIPLINE, ERROR_SHARE, INSTANCES, MAX_INSTANCES, MTBF, MTTR, PATIENCE, QUEUE,
    REPAIRERS, SCALE_TARGET, SPEED, START_TIME,
};
use super::{Autoscaling, Work};
use crate::component::resilience::{Adaptation, ConcurrencyLimit};

/// The row of services.
pub(crate) const KIND: Kind = Kind {
    name: "service",
    title: "Service",
    group: Group::Compute,
    about: "Works on a request, calls what it is wired to, in turn, and answers. A worker is held all the while.",
    calls: &["load_balancer", "service", "cache", "database", "queue", "object_store", "external"],
    params: &[
        INSTANCES,
        Param::new(
            "workers",
            "Workers",
            "How many requests each instance works on at the same moment.",
            count(1, 4_096),
            "8",
        ).essential(),
        Param::new(
            "service_time",
            "Own time",
            "How long it works on a request itself, calls not counted.",
            Form::Law,
            "exp 5ms",
        ).essential(),
        Param::new(
            "pause",
            "Own waiting",
            "How long it waits besides, with the worker held and no core taken.",
            Form::Law,
            "0s",
        ).under(Section::Capacity),
        Param::new(
            "cores",
            "Cores",
            "How many cores the workers of an instance share; zero is one for each worker. On a host the host's are shared.",
            count(0, 256),
            "0",
        ).under(Section::Capacity),
        SPEED,
        QUEUE,
        DISCIPLINE,
        PATIENCE,
        Param::new(
            "shedding",
            "Shedding",
            "Whether less important classes are refused when the queue fills.",
            SWITCH,
            "off",
        ).under(Section::Queueing),
        Param::new(
            "deadlines",
            "Deadlines",
            "Whether requests that nobody waits for any more, neither the user nor a caller with a timeout on the way, are dropped instead of worked on.",
            SWITCH,
            "off",
        ).under(Section::Queueing),
        Param::new(
            "limit",
            "Concurrency limit",
            "What bounds the requests that each instance has at once, waiting ones included; more are refused.",
            Form::Choice(&[
                ("off", "only workers and queue"),
                ("fixed", "always as many as may be in flight"),
                ("aimd", "one more while all goes well, a tenth less after an error or a late answer"),
                ("gradient", "found by how much slower answers are than without load"),
            ]),
            "off",
        ).under(Section::Limits),
        Param::new(
            "limit_most",
            "At most in flight",
            "How many requests the limit lets in at most at each instance.",
            count(1, 100_000),
            "100",
        ).under(Section::Limits),
        Param::new(
            "limit_late",
            "Late after",
            "Which answers count as late for the aimd limit, from the arrival at the instance.",
            span(1_000_000, HOUR_NS / 60),
            "1s",
        ).under(Section::Limits),
        Param::new(
            "sessions",
            "Sessions",
            "Where users' sessions live.",
            Form::Choice(&[
                ("none", "elsewhere: every instance can serve every user"),
                ("memory", "in the instance's memory: they are lost with it"),
            ]),
            "none",
        ).under(Section::Failures),
        ERROR_SHARE,
        START_TIME,
        MTBF,
        MTTR,
        REPAIRERS,
        AUTOSCALE,
        MAX_INSTANCES,
        SCALE_TARGET,
        COOLDOWN,
    ],
};

/// A service.
#[derive(Clone, Debug)]
pub struct ServiceNode {
    /// How many instances at the start, ≥ 1.
    pub instances: u16,
    /// What each does with a request.
    pub work: Work,
    /// Whether less important classes are refused when the queue fills.
    pub shedding: bool,
    /// Whether requests that nobody waits for any more are dropped.
    pub deadlines: bool,
    /// What bounds the requests that an instance has at once.
    pub limit: Option<ConcurrencyLimit>,
    /// Whether sessions live in the instance's memory.
    pub stateful: bool,
    /// What changes the number of instances.
    pub autoscaling: Option<Autoscaling>,
}

impl ServiceNode {
    pub(crate) fn read(r: &mut Reader) -> Self {
        let instances = r.count("instances") as u16;
        Self {
            instances,
            work: Work::read(r),
            shedding: r.switch("shedding"),
            deadlines: r.switch("deadlines"),
            limit: limit(r),
            stateful: r.choice("sessions", &[false, true]),
            autoscaling: Autoscaling::read(r, instances),
        }
    }
}

/// Tolerance and queue of the gradient limit are those that Netflix's library begins with: twice, and four.
const TOLERANCE: f64 = 2.0;
const QUEUED: f64 = 4.0;
/// What a failure leaves of an additive limit, and where an adaptive limit begins, as there.
const BACKOFF: f64 = 0.9;
const BEGINS_AT: u32 = 20;

fn limit(r: &mut Reader) -> Option<ConcurrencyLimit> {
    let (most, late) = (r.count("limit_most"), r.span("limit_late"));
    let adaptive = |how| ConcurrencyLimit::adaptive(how, 1, BEGINS_AT.min(most.max(1)), most.max(1));
    let limits = [
        None,
        Some(ConcurrencyLimit::fixed(most.max(1))),
        Some(adaptive(Adaptation::Aimd { backoff: BACKOFF, late })),
        Some(adaptive(Adaptation::Gradient { tolerance: TOLERANCE, queue: QUEUED })),
    ];
    limits.into_iter().nth(r.choice("limit", &[0, 1, 2, 3])).flatten()
}
