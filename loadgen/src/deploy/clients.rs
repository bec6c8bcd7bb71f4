//! What clients do themselves before and after they send: browsers that keep files and cookies, resolvers that keep addresses,
//! and the policy of the clients' edge. The attack sends to this one process, for all clients, where a design asks for any of it.
use super::assignment::Assignment;
use super::cookies::Cookies;
use super::edge::Edge;
use super::node::{Answer, Ask, Instance};
use super::origin::Origin;
use super::timing::Timing;
use hyper::Method;
use loadpath_core::component::cache::{Cache, Capacity, Eviction, Ttl};
use loadpath_core::component::naming::ResolverCache;
use loadpath_core::hash;
use loadpath_core::id::NodeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{ClientsNode, NodeKind, Plan};
use loadpath_core::workload::Operation;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

/// How many files all browsers of a clients node hold together, as in the simulator.
const BROWSER_FILES: u32 = 1_000_000;
/// The name that clients ask for: there is one.
const NAME: u16 = 0;

/// All clients of a design.
pub(super) struct Clients {
    pub(super) instance: Rc<Instance>,
    groups: Vec<Rc<Group>>,
    /// What each user's browser keeps of his sessions.
    jars: RefCell<BTreeMap<u32, Cookies>>,
}

/// A clients node.
struct Group {
    id: String,
    users: Range<u32>,
    timeout: Span,
    serve_stale: Span,
    /// Its zone, counted from one; zero is nowhere.
    zone: u16,
    edge: Rc<Edge>,
    browser: Option<RefCell<Cache>>,
    /// Empty without DNS.
    resolvers: Vec<Resolver>,
    /// The ways to the addresses that DNS knows, in the order of its edges.
    ways: Vec<Rc<Edge>>,
}

/// A resolver of these clients.
struct Resolver {
    answers: RefCell<ResolverCache>,
    /// One asks, and the others wait for what he is told.
    asking: tokio::sync::Mutex<()>,
    failed: Cell<Time>,
}

impl Clients {
    /// With empty browsers and resolvers.
    pub(super) fn new(plan: &Plan, assignment: &Assignment, instance: Instance) -> Self {
        let group = |(place, node): (usize, &loadpath_core::topology::PlanNode)| match &node.kind {
            NodeKind::Clients(spec) => {
                Some(Rc::new(Group::new(plan, NodeIndex(place as u16), spec, assignment, &instance)))
            }
            _ => None,
        };
        let groups = plan.nodes.iter().enumerate().filter_map(group).collect();
        Self { groups, jars: RefCell::default(), instance: Rc::new(instance) }
    }

    /// Whoever leaves the clients.
    pub(super) fn edges(&self) -> impl Iterator<Item = &Rc<Edge>> {
        self.groups.iter().flat_map(|group| std::iter::once(&group.edge).chain(&group.ways))
    }

    /// Packets of some of the clients to a node are lost from now on, or pass again.
    pub(super) fn cut(&self, from: &str, to: &str, cut: bool) {
        for group in self.groups.iter().filter(|group| group.id == from) {
            std::iter::once(&group.edge).chain(&group.ways).for_each(|edge| edge.cut(to, cut));
        }
    }

    /// Sends a user's request, as his node's parameters say.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let now = self.instance.time.clock.now();
        let user = ask.origin.user;
        let found = self.groups.iter().find(|group| group.users.contains(&user));
        let group = found.unwrap_or(&self.groups[0]);
        let origin = Origin { deadline: now + group.timeout, way: Span::ZERO, ..ask.origin };
        let cookies = self.jars.borrow().get(&user).cloned().unwrap_or_default();
        let ask = Ask { origin, cookies, ..ask.clone() };
        // It goes on even when its user has given up, who may not wait as long as others do.
        let deadline = ask.origin.deadline;
        let (group_of_it, instance) = (group.clone(), self.instance.clone());
        let sending = tokio::task::spawn_local(async move {
            let mut timing = Timing::default();
            let outcome = group_of_it.send(&ask, &instance, &mut timing).await;
            (outcome, timing)
        });
        let (outcome, mut timing) = tokio::select! {
            biased;
            sent = sending => sent.expect("a panic ends the process, and nobody aborts the task"),
            () = self.instance.time.until(deadline) => (Outcome::TimedOut, Timing::default()),
        };
        if timing.cookies != Cookies::default() {
            self.jars.borrow_mut().entry(user).or_default().merge(&timing.cookies);
        }
        if self.groups.len() > 1 {
            // The attack sees all clients as one.
            let mut own = Timing::default();
            own.call(&group.id, self.instance.time.clock.now().since(now), outcome, timing.as_str());
            timing = own;
        }
        Answer::of(outcome, timing)
    }
}

impl Group {
    fn new(
        plan: &Plan,
        index: NodeIndex,
        spec: &ClientsNode,
        assignment: &Assignment,
        instance: &Instance,
    ) -> Self {
        let node = plan.node(index);
        let edge = node.out[0];
        let to = plan.node(plan.edge(edge).to);
        let asks_dns = matches!(to.kind, NodeKind::Dns(_));
        let way = |&edge| {
            let latency = plan.resolved_latency(index, edge);
            Edge::from(plan, index, (edge, latency), assignment, &instance.time)
        };
        let resolver = |_| Resolver {
            answers: RefCell::new(ResolverCache::new(spec.least_ttl, Span(u64::MAX))),
            asking: tokio::sync::Mutex::new(()),
            failed: Cell::new(Time::ZERO),
        };
        let ttl = Ttl { span: spec.browser_cache, jitter: 0.0 };
        let browser = || RefCell::new(Cache::new(Eviction::Lru, Capacity::Entries(BROWSER_FILES), ttl));
        Self {
            id: node.id.clone(),
            users: plan.users_of(index),
            timeout: spec.timeout,
            serve_stale: spec.serve_stale,
            zone: node.zone.map_or(0, |zone| zone + 1),
            edge: Edge::new(plan, edge, assignment, &instance.time),
            browser: (spec.browser_cache > Span::ZERO).then(browser),
            resolvers: (0..if asks_dns { spec.resolvers } else { 0 }).map(resolver).collect(),
            ways: if asks_dns { to.out.iter().map(way).collect() } else { Vec::new() },
        }
    }

    async fn send(&self, ask: &Ask, instance: &Instance, timing: &mut Timing) -> Outcome {
        let file = hash::pair(u64::from(ask.origin.user), ask.key);
        let browser = self.browser.as_ref().filter(|_| ask.operation == Operation::Static);
        if browser.is_some_and(|browser| browser.borrow_mut().get(instance.time.clock.now(), file)) {
            instance.counts.add("browser_hits");
            return Outcome::Ok;
        }
        let edge = if self.resolvers.is_empty() {
            &self.edge
        } else {
            let resolver = &self.resolvers[ask.origin.user as usize % self.resolvers.len()];
            match self.resolve(resolver, ask, instance, timing).await {
                Some(target) => &self.ways[usize::from(target)],
                None => return Outcome::Failed,
            }
        };
        let called = edge.ask(ask, timing).await;
        if let Some(browser) = browser.filter(|_| called.outcome == Outcome::Ok) {
            let now = instance.time.clock.now();
            instance.chance.with(|chance| {
                browser.borrow_mut().insert(now, file, 1, chance);
            });
        }
        called.outcome
    }

    /// Where a resolver leads; none when DNS does not reply and nothing is remembered.
    async fn resolve(
        &self,
        resolver: &Resolver,
        ask: &Ask,
        instance: &Instance,
        timing: &mut Timing,
    ) -> Option<u16> {
        let clock = instance.time.clock;
        let known = || resolver.answers.borrow().get(clock.now(), NAME).map(|answer| answer.target);
        if let Some(target) = known() {
            return Some(target);
        }
        let begun = clock.now();
        let stale = || resolver.answers.borrow().stale(clock.now(), NAME, self.serve_stale);
        let _asking = resolver.asking.lock().await;
        if resolver.failed.get() >= begun {
            return stale();
        }
        if let Some(target) = known() {
            return Some(target);
        }
        instance.counts.add("dns_lookups");
        let question = Ask { path: format!("/k/{}", self.zone), method: Method::GET, ..ask.clone() };
        match self.edge.ask(&question, timing).await.told {
            Some(answer) => {
                resolver.answers.borrow_mut().insert(clock.now(), NAME, answer);
                Some(answer.target)
            }
            None => {
                resolver.failed.set(clock.now());
                stale()
            }
        }
    }
}
