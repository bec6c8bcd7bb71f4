//! What a lesson claims: a figure of a design, and the bound that it keeps. Plain data; [`crate::claims`] tries them out.
use super::super::spec::{Edge, Happening, Params, Topology};
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// A statement that a machine can check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The statement, for people.
    pub says: String,
    /// What it is there to show.
    pub shows: Shows,
    /// Which design it is about.
    #[serde(default)]
    pub design: Variant,
    /// The figure.
    pub measure: Measure,
    /// Of which class of requests; none is all together. Nodes' figures know no classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// From when on after the start it is taken.
    pub from: Span,
    /// Until when, after `from`.
    pub to: Span,
    /// The bound.
    pub holds: Relation,
}

/// What a claim is there to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// What the step is good for.
    Benefit,
    /// What it costs.
    Cost,
    /// What is new, and can go wrong now.
    Weakness,
}

/// A lesson's design, or the one before it, changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Whose design.
    #[serde(default)]
    pub of: Whose,
    /// What is changed in it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Change>,
    /// What happens to it besides its own timeline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Happening>,
}

/// Whose design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The lesson's own.
    #[default]
    This,
    /// That of the phase of growth before it.
    Previous,
}

/// A change of a design. Parameters that are not named stay as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Parameters of a node.
    Node {
        /// Its id.
        id: String,
        /// The parameters.
        set: Params,
    },
    /// Parameters of an edge.
    Edge {
        /// Who calls.
        from: String,
        /// Who is called.
        to: String,
        /// The parameters.
        set: Params,
    },
    /// Parameters of a class of requests.
    Class {
        /// Its name.
        name: String,
        /// The parameters.
        set: Params,
    },
    /// Parameters of the arrivals.
    Workload {
        /// The parameters.
        set: Params,
    },
    /// A node goes, with its edges.
    Remove {
        /// Its id.
        id: String,
    },
    /// An edge comes.
    Connect(Edge),
    /// Nothing that is on the timeline happens.
    Calm,
}

/// A figure of a run. Times are in seconds, rates per second, shares in [0, 1].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The median of what users waited.
    P50,
    /// The 99th percentile of it.
    P99,
    /// The share of requests that did not end well.
    ErrorShare,
    /// Requests per second that ended well.
    Throughput,
    /// The median of what callers of a node waited for it, or users of clients; for workers, since the message was published.
    NodeP50(String),
    /// The 99th percentile of it.
    NodeP99(String),
    /// The share of calls to a node, or of requests of clients, that did not end well.
    NodeErrorShare(String),
    /// Calls to a node per second.
    NodeRate(String),
    /// The share of lookups in a cache that were answered from memory.
    HitRatio(String),
    /// The share of a node's workers' time that was taken, the mean over its instances.
    Utilization(String),
    /// The share that was taken of its busiest instance's, in the last two seconds.
    Hottest(String),
    /// Requests or messages that wait in a node at the end.
    Backlog(String),
    /// Instances of a node that are up at the end.
    Instances(String),
    /// What a node counted.
    Counter {
        /// Its id.
        node: String,
        /// The counter's name in a run.
        name: String,
    },
}

/// How a figure must lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Below this.
    Below(f64),
    /// Above this.
    Above(f64),
    /// Below so many times the same figure of another design, under the same arrivals.
    BelowTimes(f64, Variant),
    /// Above so many times the same figure of another design, under the same arrivals.
    AboveTimes(f64, Variant),
}

impl Change {
    /// Makes the change. What it names and the document lacks is left alone; a test finds changes that change nothing.
    pub fn apply(&self, document: &mut Topology) {
        let put = |params: &mut Params, set: &Params| params.extend(set.clone());
        match self {
            Self::Node { id, set } => {
                document.nodes.iter_mut().filter(|node| node.id == *id).for_each(|n| put(&mut n.params, set));
            }
            Self::Edge { from, to, set } => {
                let edges = document.edges.iter_mut().filter(|edge| edge.from == *from && edge.to == *to);
                edges.for_each(|edge| put(&mut edge.params, set));
            }
            Self::Class { name, set } => {
                let classes = document.workload.classes.iter_mut().filter(|class| class.name == *name);
                classes.for_each(|class| put(&mut class.params, set));
            }
            Self::Workload { set } => put(&mut document.workload.params, set),
            Self::Remove { id } => {
                document.nodes.retain(|node| node.id != *id);
                document.edges.retain(|edge| edge.from != *id && edge.to != *id);
            }
            Self::Connect(edge) => document.edges.push(edge.clone()),
            Self::Calm => document.timeline.clear(),
        }
    }
}

impl Variant {
    /// The design, from the lesson's own one or the previous one's, as [`Variant::of`] says.
    pub fn apply(&self, mut document: Topology) -> Topology {
        self.with.iter().for_each(|change| change.apply(&mut document));
        document.timeline.extend(self.after.iter().cloned());
        document
    }
}
