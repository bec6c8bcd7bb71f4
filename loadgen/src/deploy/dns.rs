//! DNS on sockets: answers by policy and by the health of its addresses.
use super::assignment::Assignment;
use super::edge::Edge;
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::Work;
use loadpath_core::component::balance::{Health, Transition};
use loadpath_core::component::naming::Resolver;
use loadpath_core::id::NodeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::topology::{DnsNode, DnsPolicy, Plan};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// DNS. Who asks says as the key which zone he asks from, counted from one; zero is nowhere.
pub(super) struct Dns {
    pub(super) instance: Instance,
    lookup: Work,
    resolver: RefCell<Resolver>,
    is_simple: bool,
    /// What the probes say of each address.
    healthy: Rc<RefCell<Vec<bool>>>,
    edges: Vec<Rc<Edge>>,
}

impl Dns {
    /// Begins to probe the addresses. Must be called in a local set.
    pub(super) fn new(
        plan: &Plan,
        index: NodeIndex,
        spec: &DnsNode,
        assignment: &Assignment,
        instance: Instance,
    ) -> Self {
        let out = plan.node(index).out.iter();
        let edges: Vec<_> = out.map(|&edge| Edge::new(plan, edge, assignment, &instance.time)).collect();
        let healthy = Rc::new(RefCell::new(vec![true; edges.len()]));
        for (address, edge) in edges.iter().enumerate() {
            let health = Health::new(spec.fall, spec.rise);
            let interval = Duration::from_nanos(spec.check_interval.0);
            tokio::task::spawn_local(probe(healthy.clone(), (address, edge.clone()), health, interval));
        }
        Self {
            lookup: Work::new(&spec.lookup_time),
            resolver: RefCell::new(spec.resolver(plan, index)),
            is_simple: spec.policy == DnsPolicy::Simple,
            healthy,
            edges,
            instance,
        }
    }

    /// Whoever leaves the node.
    pub(super) fn edges(&self) -> impl Iterator<Item = &Rc<Edge>> {
        self.edges.iter()
    }

    /// After the time that a lookup takes: which address.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let chance = &self.instance.chance;
        self.lookup.spend(&self.instance, drop).await;
        let healthy = self.healthy.borrow();
        // Plain DNS knows nothing of health.
        let is_well = |address| self.is_simple || healthy[usize::from(address)];
        let zone = u16::try_from(ask.key).unwrap_or(0);
        let told = chance.with(|chance| self.resolver.borrow_mut().resolve(zone, is_well, chance));
        Answer { told: Some(told), ..Answer::of(Outcome::Ok, Timing::default()) }
    }
}

/// Probes an address at its interval, for ever: it is well when one of its instances is.
async fn probe(
    healthy: Rc<RefCell<Vec<bool>>>,
    (address, edge): (usize, Rc<Edge>),
    mut health: Health,
    interval: Duration,
) {
    loop {
        tokio::time::sleep(interval).await;
        let mut passed = false;
        for instance in 0..edge.instances() {
            passed = passed || edge.probe(instance, interval).await;
        }
        if let Some(transition) = health.probed(passed) {
            healthy.borrow_mut()[address] = transition == Transition::Returned;
        }
    }
}
