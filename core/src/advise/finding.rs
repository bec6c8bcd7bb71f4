//! A weakness of a design: where, how bad, on which figures it rests, and what mends it.
use crate::topology::{Edit, Place, Plan};
use serde::{Deserialize, Serialize};

/// What kind of weakness it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Something of which there is one, and without which a class of requests cannot be answered.
    SinglePoint,
    /// A load balancer of which there is one.
    OneBalancer,
    /// What gives way first when the load grows.
    Bottleneck,
    /// A shard that gets far more than the others.
    HotShard,
    /// A queue that is in effect without a bound.
    UnboundedQueue,
    /// A caller that gives up before its callee's calls do.
    CrossedTimeouts,
    /// Retries of retries: a failure is met with many times the load.
    RetryAmplification,
    /// A call to a third party that waits for ever.
    NoTimeout,
    /// Sessions in memory, and requests that go to any instance.
    LostSessions,
    /// A cache whose entries die before they are asked for again.
    ShortTtl,
    /// A cache without room for what is asked for.
    SmallCache,
    /// Users who read replicas that do not have their writes yet.
    StaleSessions,
    /// Replicas that never take their primary's place.
    NoFailover,
    /// Autoscaling that comes after the queues are full.
    SlowScaling,
    /// A queue that nobody takes from.
    NoWorkers,
    /// Workers that are slower than what is published.
    SlowWorkers,
    /// DNS that answers with dead addresses.
    BlindNames,
    /// DNS answers that are believed for longer than the objective has room for.
    LongNames,
    /// An objective that a run did not meet.
    MissedObjective(Objective),
}

/// What a design is meant to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// The 99th percentile of the response.
    P99,
    /// The share of requests that do not end well.
    Errors,
    /// The share of requests that end well.
    Availability,
    /// Dollars a month.
    Cost,
}

impl FindingKind {
    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::SinglePoint => "Single point of failure",
            Self::OneBalancer => "One load balancer",
            Self::Bottleneck => "Bottleneck",
            Self::HotShard => "Hot shard",
            Self::UnboundedQueue => "Unbounded queue",
            Self::CrossedTimeouts => "Timeouts that cross",
            Self::RetryAmplification => "Retries that amplify",
            Self::NoTimeout => "No timeout",
            Self::LostSessions => "Sessions without affinity",
            Self::ShortTtl => "Time to live too short",
            Self::SmallCache => "Cache too small",
            Self::StaleSessions => "Stale reads of own writes",
            Self::NoFailover => "No failover",
            Self::SlowScaling => "Autoscaling too slow",
            Self::NoWorkers => "Queue without workers",
            Self::SlowWorkers => "Workers too slow",
            Self::BlindNames => "DNS without health",
            Self::LongNames => "DNS believed too long",
            Self::MissedObjective(_) => "Objective missed",
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// It hurts when something else goes wrong.
    Warning,
    /// It hurts now, or takes everything with it.
    Critical,
}

/// A figure that a finding rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is of.
    pub what: String,
    /// How much.
    pub value: f64,
    /// Its unit: "s", "1/s", "%"; empty for counts and ratios.
    pub unit: String,
}

/// A weakness of a design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// Where.
    pub place: Place,
    /// How bad.
    pub severity: Severity,
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// The figures that it rests on.
    pub evidence: Vec<Evidence>,
    /// What mends it, where something does that is not a new design.
    pub mend: Option<Mend>,
}

/// What mends a weakness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mend {
    /// Changes to the document, to be made in this order.
    pub edits: Vec<Edit>,
    /// What they do, in a sentence.
    pub sentence: String,
}

impl Finding {
    pub(super) fn new(kind: FindingKind, place: Place, severity: Severity, sentence: String) -> Self {
        Self { kind, place, severity, sentence, evidence: Vec::new(), mend: None }
    }

    pub(super) fn with(mut self, what: &str, value: f64, unit: &str) -> Self {
        self.evidence.push(Evidence { what: what.to_owned(), value, unit: unit.to_owned() });
        self
    }

    pub(super) fn mended(mut self, sentence: String, edits: Vec<Edit>) -> Self {
        self.mend = Some(Mend { edits, sentence });
        self
    }

    /// The ids of the nodes at its place: of a node itself, of an edge the caller's and the callee's.
    pub(super) fn nodes(&self, plan: &Plan) -> Vec<usize> {
        match self.place {
            Place::Node(node) => vec![node],
            Place::Edge(edge) => {
                plan.edges.get(edge).map_or(Vec::new(), |edge| vec![edge.from.index(), edge.to.index()])
            }
            _ => Vec::new(),
        }
    }
}
