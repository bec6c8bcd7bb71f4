//! Workers on sockets: a service whose requests are the messages that a queue hands to it, one for each free worker.
use super::assignment::Assignment;
use super::node::Instance;
use super::service::Service;
use loadpath_core::id::NodeIndex;
use loadpath_core::topology::{Plan, ServiceNode, WorkersNode};

/// Messages that may be under way to busy workers: two queues that feed the same ones do not know of one another.
pub(super) const UNDER_WAY: u32 = 1_024;

/// The workers of an instance.
pub(super) fn new(
    plan: &Plan,
    index: NodeIndex,
    spec: &WorkersNode,
    assignment: &Assignment,
    instance: Instance,
) -> Service {
    let spec = ServiceNode {
        instances: spec.instances,
        work: spec.work.clone(),
        shedding: false,
        deadlines: false,
        limit: None,
        stateful: false,
        autoscaling: None,
    };
    Service::new(plan, index, &spec, assignment, instance)
}
