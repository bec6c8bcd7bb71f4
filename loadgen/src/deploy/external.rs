//! External services and object stores on sockets: a law of latency, errors without cause, perhaps a limit.
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::Work;
use loadpath_core::component::resilience::TokenBucket;
use loadpath_core::rng::Rng;
use loadpath_core::run::Outcome;
use loadpath_core::topology::ExternalNode;
use std::cell::RefCell;

/// What is somewhere else, and nobody here can mend.
pub(super) struct Remote {
    pub(super) instance: Instance,
    pub(super) work: Work,
    pub(super) error_share: f64,
    pub(super) limit: Option<RefCell<TokenBucket>>,
}

/// An external service.
pub(super) fn new(spec: &ExternalNode, instance: Instance) -> Remote {
    Remote {
        instance,
        work: Work::new(&spec.service_time),
        error_share: spec.error_share,
        limit: spec.limit().map(RefCell::new),
    }
}

impl Remote {
    /// The request is done after its time, well or with an error.
    pub(super) async fn answer(&self, _: &Ask) -> Answer {
        if self.instance.sheds(self.limit.as_ref()) {
            return Answer::refused();
        }
        let mut timing = Timing::default();
        let Some(_worker) = self.instance.admit(&mut timing).await else { return Answer::refused() };
        self.work.spend(&self.instance, drop).await;
        let failed = self.error_share > 0.0 && self.instance.chance.with(Rng::unit) < self.error_share;
        Answer::of(if failed { Outcome::Failed } else { Outcome::Ok }, timing)
    }
}
