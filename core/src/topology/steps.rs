//! The calls that a service or a worker makes for a request, in which order, and which of them it can do without.
//!
//! Wired to caches and databases it does cache-aside: a read looks into the caches, and only where all miss it asks the
//! databases and fills the caches, which nobody waits for; a write goes to the databases and then deletes from the caches, or
//! writes the new value into them. Jobs go to queues, static files come from object stores.
use super::{Mode, NodeKind, Plan, Writes};
use crate::id::{EdgeIndex, NodeIndex};
use crate::workload::Operation;

/// A call that is made.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// By which edge.
    pub edge: EdgeIndex,
    /// What for.
    pub role: Role,
    /// Whether it is waited for.
    pub mode: Mode,
    /// Mean calls per request, in [0, 100].
    pub calls: f64,
    /// Which classes make it: bit `i` for class `i`.
    pub classes: u64,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Look into a cache; when it has the value, the databases are not asked.
    Lookup,
    /// Ask a database: skipped after a hit.
    Data,
    /// Ask all shards of a database when the read is a join, in this share of cases; else as `Data`.
    Join,
    /// Call whatever else there is.
    Other,
    /// Put the value into a cache; nobody waits for it. Skipped after a hit.
    Fill,
    /// Take the old value out of a cache.
    Delete,
    /// Put the new value into a cache.
    Update,
}

/// The calls for each operation, in order.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    reads: Vec<Step>,
    writes: Vec<Step>,
    statics: Vec<Step>,
    jobs: Vec<Step>,
}

impl Steps {
    /// Of a service or of workers.
    pub fn new(plan: &Plan, index: NodeIndex) -> Self {
        let of = |operation| steps(plan, index, operation);
        let is_workers = matches!(plan.node(index).kind, NodeKind::Workers(_));
        let publishes =
            !is_workers && plan.callees(index).any(|to| matches!(plan.node(to).kind, NodeKind::Queue(_)));
        Self {
            reads: of(Operation::Read),
            writes: of(Operation::Write),
            statics: of(Operation::Static),
            // Without a queue, and where the queue's workers do them, jobs are done at once, as writes.
            jobs: of(if publishes { Operation::Job } else { Operation::Write }),
        }
    }

    /// Whether no call is ever made.
    pub fn is_empty(&self) -> bool {
        [&self.reads, &self.writes, &self.statics, &self.jobs].iter().all(|steps| steps.is_empty())
    }

    /// The calls for an operation.
    pub fn of(&self, operation: Operation) -> &[Step] {
        match operation {
            Operation::Read => &self.reads,
            Operation::Write => &self.writes,
            Operation::Static => &self.statics,
            Operation::Job => &self.jobs,
        }
    }
}

fn steps(plan: &Plan, index: NodeIndex, operation: Operation) -> Vec<Step> {
    let out = &plan.node(index).out;
    let kind = |edge: EdgeIndex| &plan.node(plan.edge(edge).to).kind;
    let step = |edge: EdgeIndex, role| {
        let link = plan.edge(edge);
        Step { edge, role, mode: link.mode, calls: link.calls, classes: link.classes }
    };
    // A cache that is wired to nothing is beside the service; one that reads through stands in the database's place.
    let aside = |edge: EdgeIndex| match kind(edge) {
        NodeKind::Cache(cache) if plan.node(plan.edge(edge).to).out.is_empty() => Some(cache.writes),
        _ => None,
    };
    let asides = |role: fn(Writes) -> Role| {
        out.iter().filter_map(move |&edge| aside(edge).map(|writes| step(edge, role(writes))))
    };
    let main = out.iter().copied().filter(|&edge| aside(edge).is_none()).filter_map(|edge| {
        let role = role_of(kind(edge), operation)?;
        Some(step(edge, role))
    });
    match operation {
        Operation::Read => asides(|_| Role::Lookup).chain(main).chain(asides(|_| Role::Fill)).collect(),
        Operation::Write => main.chain(asides(after_write)).collect(),
        Operation::Static | Operation::Job => main.collect(),
    }
}

/// What a call to such a node is for; none when this operation does not go there.
fn role_of(callee: &NodeKind, operation: Operation) -> Option<Role> {
    let is_data = matches!(operation, Operation::Read | Operation::Write);
    match callee {
        NodeKind::Database(database) if is_data => {
            let joins = database.joins > 0.0 && operation == Operation::Read;
            Some(if joins { Role::Join } else { Role::Data })
        }
        NodeKind::Cache(_) if is_data => Some(Role::Data),
        NodeKind::Database(_) | NodeKind::Cache(_) => None,
        NodeKind::Queue(_) => (operation == Operation::Job).then_some(Role::Other),
        NodeKind::ObjectStore(_) => (operation == Operation::Static).then_some(Role::Other),
        // A job that is queued is the workers' business.
        _ => (operation != Operation::Job).then_some(Role::Other),
    }
}

const fn after_write(writes: Writes) -> Role {
    match writes {
        Writes::Auto | Writes::Around => Role::Delete,
        Writes::Through | Writes::Back => Role::Update,
    }
}
