//! A service: works on requests and calls others.
use super::super::catalog::{Form, Group, Kind, Param, SWITCH, Section, count};
use super::super::reader::Reader;
use super::rows::{
    AUTOSCALE, COOLDOWN, DISCIPLINE, ERROR_SHARE, INSTANCES, MAX_INSTANCES, QUEUE, SCALE_TARGET, SPEED,
    START_TIME,
};
use super::{Autoscaling, Work};

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
            "Whether requests that nobody waits for any more are dropped instead of worked on.",
            SWITCH,
            "off",
        ).under(Section::Queueing),
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
            stateful: r.choice("sessions", &[false, true]),
            autoscaling: Autoscaling::read(r, instances),
        }
    }
}
