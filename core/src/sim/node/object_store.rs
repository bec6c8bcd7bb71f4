//! Object stores at work: as external services, without a limit.
use super::external::Remote;
use crate::topology::ObjectStoreNode;

/// An object store.
pub(super) fn new(spec: &ObjectStoreNode) -> Remote {
    Remote { service_time: spec.service_time.sampler(), error_share: spec.error_share, limit: None }
}
