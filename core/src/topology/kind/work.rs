//! What services and workers have in common: how an instance works, and what changes how many there are.
use super::super::reader::Reader;
use crate::component::queue::Discipline;
use crate::component::scaling::{Autoscaler, Limits, Policy, QueueDepth, Step, StepScaling, TargetTracking};
use crate::dist::Law;
use crate::time::Span;

/// How an instance works on a request or a message.
#[derive(Clone, Debug)]
pub struct Work {
    /// Workers of each instance, ≥ 1.
    pub workers: u32,
    /// Its own time on a core.
    pub service_time: Law,
    /// Its own time without one.
    pub pause: Law,
    /// Cores that the workers share; zero is one for each.
    pub cores: u32,
    /// How fast the cores are, > 0.
    pub speed: f64,
    /// How many requests may wait; workers' messages wait in their queue.
    pub queue: u32,
    /// Who is next.
    pub order: Discipline,
    /// How long who waits stays; none is for ever.
    pub patience: Option<Law>,
    /// The share that ends in an error without cause, in [0, 1].
    pub error_share: f64,
    /// How long a new or restored instance takes until it serves.
    pub start_time: Span,
}

impl Work {
    pub(super) fn read(r: &mut Reader) -> Self {
        let queues = r.has("queue");
        Self {
            workers: r.count("workers"),
            service_time: r.law("service_time"),
            pause: r.law("pause"),
            cores: r.count("cores"),
            speed: r.number("speed"),
            queue: if queues { r.count("queue") } else { 0 },
            order: if queues { r.choice("queue_order", &super::DISCIPLINES) } else { Discipline::Fifo },
            patience: r.has("patience").then(|| r.law("patience")).filter(|law| law.mean() > Span::ZERO),
            error_share: r.number("error_share"),
            start_time: r.span("start_time"),
        }
    }
}

/// What the number of instances follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleBy {
    /// Utilization is held at the target.
    Target,
    /// One more above the target, one less below half of it.
    Step,
    /// The backlog per instance is held at the target.
    Backlog,
}

/// What changes the number of instances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Autoscaling {
    /// What it follows.
    pub by: ScaleBy,
    /// The fewest instances: as many as are drawn.
    pub min: u16,
    /// The most, ≥ `min`.
    pub max: u16,
    /// What is held: utilization in (0, 1), or requests per instance.
    pub target: f64,
    /// How long after a change nothing is taken away.
    pub cooldown: Span,
}

/// A mean this near to its target changes nothing, as in Kubernetes.
const TOLERANCE: f64 = 0.1;

impl Autoscaling {
    /// What decides, with instances that take so long to start.
    pub fn autoscaler(&self, start_time: Span) -> Autoscaler {
        let limits =
            Limits { warm_up: start_time, cooldown_in: self.cooldown, ..Limits::between(self.min, self.max) };
        let policy = match self.by {
            ScaleBy::Target => {
                Policy::TargetTracking(TargetTracking { target: self.target, tolerance: TOLERANCE })
            }
            ScaleBy::Step => Policy::StepScaling(StepScaling::new(vec![
                Step { from: 0.0, change: -1 },
                Step { from: self.target / 2.0, change: 0 },
                Step { from: self.target, change: 1 },
            ])),
            ScaleBy::Backlog => Policy::QueueDepth(QueueDepth { per_instance: self.target }),
        };
        Autoscaler::new(policy, limits, self.min)
    }

    pub(super) fn read(r: &mut Reader, instances: u16) -> Option<Self> {
        let by = r
            .choice("autoscale", &[None, Some(ScaleBy::Target), Some(ScaleBy::Step), Some(ScaleBy::Backlog)]);
        let max = r.count("max_instances") as u16;
        let (target, cooldown) = (r.number("scale_target"), r.span("cooldown"));
        let by = by?;
        if by != ScaleBy::Backlog && target >= 1.0 {
            r.fault(
                Some("scale_target"),
                format!("a utilization of {target} cannot be held; write one below 1"),
            );
        }
        if max < instances {
            r.fault(Some("max_instances"), format!("{max} is fewer than the {instances} that are drawn"));
        }
        Some(Self { by, min: instances, max: max.max(instances), target, cooldown })
    }
}
