//! An object store on sockets: as an external service without a limit.
use super::external::Remote;
use super::node::Instance;
use super::work::Work;
use loadpath_core::topology::ObjectStoreNode;

/// An object store.
pub(super) fn new(spec: &ObjectStoreNode, instance: Instance) -> Remote {
    Remote { instance, work: Work::new(&spec.service_time), error_share: spec.error_share, limit: None }
}
