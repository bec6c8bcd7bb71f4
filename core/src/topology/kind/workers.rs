//! Workers: take messages from a queue, one after the other.
use super::super::catalog::{Form, Group, Kind, Param, Section, count};
use super::super::reader::Reader;
use super::rows::{
    AUTOSCALE, COOLDOWN, ERROR_SHARE, INSTANCES, MAX_INSTANCES, MTBF, MTTR, REPAIRERS, SCALE_TARGET, SPEED,
    START_TIME,
};
use super::{Autoscaling, Work};

/// The row of workers.
pub(crate) const KIND: Kind = Kind {
    name: "workers",
    title: "Workers",
    group: Group::Compute,
    about: "Take messages from the queue that is wired to them when they are free, work on them and acknowledge.",
    calls: &["load_balancer", "service", "cache", "database", "queue", "object_store", "external"],
    params: &[
        INSTANCES,
        Param::new(
            "workers",
            "At once",
            "How many messages each instance works on at the same moment.",
            count(1, 4_096),
            "4",
        )
        .essential(),
        Param::new(
            "service_time",
            "Own time",
            "How long it works on a message itself, calls not counted.",
            Form::Law,
            "exp 20ms",
        )
        .essential(),
        Param::new("pause", "Own waiting", "How long it waits besides, with no core taken.", Form::Law, "0s")
            .under(Section::Capacity),
        Param::new(
            "cores",
            "Cores",
            "How many cores an instance has; zero is one for each message.",
            count(0, 256),
            "0",
        )
        .under(Section::Capacity),
        SPEED,
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

/// Workers.
#[derive(Clone, Debug)]
pub struct WorkersNode {
    /// How many instances at the start, ≥ 1.
    pub instances: u16,
    /// What each does with a message.
    pub work: Work,
    /// What changes the number of instances.
    pub autoscaling: Option<Autoscaling>,
}

impl WorkersNode {
    pub(crate) fn read(r: &mut Reader) -> Self {
        let instances = r.count("instances") as u16;
        Self { instances, work: Work::read(r), autoscaling: Autoscaling::read(r, instances) }
    }
}
