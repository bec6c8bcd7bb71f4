//! An edge of the design on sockets: which instance is called, and what the call was like for the caller.
use super::assignment::Assignment;
use super::attempt::{self, EdgePolicy, OneNode};
use super::call::{Peer, Reply};
use super::key_map::Growth;
use super::node::Ask;
use super::routes::Routes;
use super::store_call::Protocol;
use super::timing::Timing;
use super::work::Timekeeper;
use hyper::{Method, StatusCode};
use loadpath_core::component::{HashRing, naming};
use loadpath_core::id::{EdgeIndex, NodeIndex};
use loadpath_core::run::Outcome;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{NodeKind, Plan};
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

/// How long a caller tries to connect over a way that is cut: as in the simulator, the first retransmission of a connection's
/// opening packet comes after a second (RFC 6298, section 2), and with it hope ends here.
const CONNECT_TIMEOUT: Span = Span::SECOND;

/// How many calls that nobody waited for may be kept until an answer reports them.
const REPORTS_KEPT: usize = 32;

/// Calls to the instances of one node.
pub(super) struct Edge {
    callee: String,
    pub(super) latency: Span,
    /// By instance; none for those that are not there.
    peers: RefCell<Vec<Option<Rc<Peer>>>>,
    /// How the callee is asked, when that is not by HTTP.
    protocol: Option<Rc<Protocol>>,
    way: Way,
    pub(super) policy: Option<EdgePolicy>,
    pub(super) time: Rc<Timekeeper>,
    /// What the calls were like that nobody waited for; the next answer reports them.
    unreported: RefCell<Vec<Timing>>,
    /// Packets are lost on the way.
    is_cut: Cell<bool>,
}

/// How an instance is found where no balancer picks: caches by a ring, databases by shard, a CDN by the user, others in turn, dead
/// or alive, as a resolver's answers would have it.
enum Way {
    Turn(Cell<u16>),
    Ring(HashRing),
    Data(Box<Routes>),
    User,
}

/// What the caller of an edge learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Called {
    /// How it ended.
    pub(super) outcome: Outcome,
    /// Whether the callee, a cache, had the key.
    pub(super) hit: bool,
    /// What DNS said.
    pub(super) told: Option<naming::Answer>,
    /// Nobody listened there.
    pub(super) absent: bool,
}

impl Called {
    /// A call that ended before it was made, or without an answer.
    pub(super) const fn without_answer(outcome: Outcome) -> Self {
        Self { outcome, hit: false, told: None, absent: false }
    }
}

impl Edge {
    /// The edge of the plan, with the callee's instances where the assignment says.
    pub(super) fn new(
        plan: &Plan,
        index: EdgeIndex,
        assignment: &Assignment,
        time: &Rc<Timekeeper>,
    ) -> Rc<Self> {
        let edge = plan.edge(index);
        Self::from(plan, edge.from, (index, edge.latency), assignment, time)
    }

    /// The way of calls that `from` makes by an edge of the plan, which may begin at another node: clients go where DNS leads.
    pub(super) fn from(
        plan: &Plan,
        from: NodeIndex,
        (index, latency): (EdgeIndex, Span),
        assignment: &Assignment,
        time: &Rc<Timekeeper>,
    ) -> Rc<Self> {
        let edge = plan.edge(index);
        let callee = plan.node(edge.to);
        let instances = callee.kind.instances();
        let way = match &callee.kind {
            NodeKind::Cache(_) => Way::Ring(HashRing::new(instances)),
            NodeKind::Database(spec) => Way::Data(Box::new(Routes::new(plan, callee, spec, assignment))),
            NodeKind::Cdn(_) => Way::User,
            _ => Way::Turn(Cell::new(0)),
        };
        let policy = EdgePolicy::new(plan, from, edge, assignment.seed, time.clock);
        let addresses = assignment.addresses.get(&callee.id).map_or(&[][..], Vec::as_slice);
        let protocol = Protocol::of(plan, callee, &assignment.secret);
        let place = |place: usize| {
            let address = *addresses.get(place)?;
            Some(Peer::speaking(time.clock, address, place as u16, protocol.as_ref()))
        };
        let peers = (0..usize::from(callee.kind.most_instances())).map(place).collect();
        Rc::new(Self {
            callee: callee.id.clone(),
            latency,
            peers: RefCell::new(peers),
            protocol,
            way,
            policy,
            time: time.clone(),
            unreported: RefCell::default(),
            is_cut: Cell::new(false),
        })
    }

    /// How many instances there may be.
    pub(super) fn instances(&self) -> u16 {
        self.peers.borrow().len() as u16
    }

    /// Whether there is such an instance, dead or alive.
    pub(super) fn is_there(&self, instance: u16) -> bool {
        self.peers.borrow()[usize::from(instance)].is_some()
    }

    /// Whether callers take turns among the instances, and no key or user says which of them is asked.
    pub(super) const fn is_in_turn(&self) -> bool {
        matches!(self.way, Way::Turn(_))
    }

    /// The instance that is to be asked.
    pub(super) fn instance_for(&self, ask: &Ask) -> u16 {
        match &self.way {
            Way::Turn(next) => self.in_turn(next),
            Way::Ring(ring) => ring.pick(ask.key, |_| true).expect("a node has at least one instance"),
            Way::Data(routes) => {
                let reads = ask.method == Method::GET;
                routes.server(self.time.clock.now(), reads, ask.key, ask.origin.user)
            }
            Way::User => (ask.origin.user % u32::from(self.instances())) as u16,
        }
    }

    /// The next instance that is there, dead or alive; the first when none is.
    fn in_turn(&self, next: &Cell<u16>) -> u16 {
        let peers = self.peers.borrow();
        for _ in 0..peers.len() {
            let turn = next.get();
            next.set((turn + 1) % peers.len() as u16);
            if peers[usize::from(turn)].is_some() {
                return turn;
            }
        }
        0
    }

    /// From now on the callee's instances are here; none for those that are not there.
    pub(super) fn move_to(&self, callee: &str, addresses: &[Option<SocketAddr>]) {
        if callee != self.callee {
            return;
        }
        for ((place, peer), &address) in self.peers.borrow_mut().iter_mut().enumerate().zip(addresses) {
            if peer.as_ref().map(|peer| peer.address()) != address {
                let speaking =
                    |address| Peer::speaking(self.time.clock, address, place as u16, self.protocol.as_ref());
                *peer = address.map(speaking);
            }
        }
    }

    /// A database has a shard more, and these are all its servers.
    pub(super) fn grow(&self, callee: &str, growth: Growth, addresses: &[SocketAddr]) {
        let Way::Data(routes) = &self.way else { return };
        if callee == self.callee {
            let known = self.peers.borrow().len();
            let peer = |(place, &address)| {
                Some(Peer::speaking(self.time.clock, address, place as u16, self.protocol.as_ref()))
            };
            self.peers.borrow_mut().extend(addresses.iter().enumerate().skip(known).map(peer));
            routes.grow(self.time.clock.now(), growth);
        }
    }

    /// Calls as the edge's parameters say, the instance that is to be asked.
    pub(super) async fn ask(self: &Rc<Self>, ask: &Ask, timing: &mut Timing) -> Called {
        self.ask_with(None, ask, timing).await
    }

    /// As `ask`, an instance that the caller has picked.
    pub(super) async fn ask_at(self: &Rc<Self>, instance: u16, ask: &Ask, timing: &mut Timing) -> Called {
        self.ask_with(Some(instance), ask, timing).await
    }

    async fn ask_with(self: &Rc<Self>, pinned: Option<u16>, ask: &Ask, timing: &mut Timing) -> Called {
        let called = match &self.policy {
            None => {
                let instance = pinned.unwrap_or_else(|| self.instance_for(ask));
                self.call(instance, ask, timing).await
            }
            Some(_) => {
                let ways = Rc::new(OneNode { edge: self.clone(), pinned });
                attempt::ask(self, None, ways, ask, timing).await
            }
        };
        self.report(timing);
        called
    }

    /// Calls as `ask` does, in a task of its own that nobody waits for.
    pub(super) fn let_go(self: &Rc<Self>, ask: Ask) {
        let edge = self.clone();
        tokio::task::spawn_local(async move {
            let mut timing = Timing::default();
            edge.ask(&ask, &mut timing).await;
            edge.note(timing);
        });
    }

    /// Calls an instance once, and notes what that was like. It takes at least the edge's latency there and back, besides the
    /// time that the callee itself takes; what loopback takes is part of that.
    pub(super) async fn call(&self, instance: u16, ask: &Ask, timing: &mut Timing) -> Called {
        self.call_since(self.time.clock.now(), instance, ask, timing).await
    }

    /// As `call`, for what has waited here before it is sent: what is noted is the time since then.
    pub(super) async fn call_since(
        &self,
        since: Time,
        instance: u16,
        ask: &Ask,
        timing: &mut Timing,
    ) -> Called {
        let sent = self.time.clock.now();
        let reply = self.reach_one(instance, sent, ask).await;
        let (called, took, own) = match reply {
            Reply::Answered { status, timing: own, took, cookies, told } => {
                let (outcome, hit) = (outcome_of(status), status == StatusCode::OK);
                timing.cookies.merge(&cookies);
                (Called { outcome, hit, told, absent: false }, took, own)
            }
            Reply::Refused => {
                let called = Called { absent: true, ..Called::without_answer(Outcome::Refused) };
                (called, Span::ZERO, String::new())
            }
            Reply::Failed => (Called::without_answer(Outcome::Failed), Span::ZERO, String::new()),
        };
        self.time.until(sent + took + self.latency + self.latency).await;
        timing.call(&self.callee, self.time.clock.now().since(since), called.outcome, &own);
        called
    }

    /// The answer of an instance; of a database that another server can answer for as well, the next one's, when one is down or must not
    /// answer this user.
    async fn reach_one(&self, instance: u16, sent: Time, ask: &Ask) -> Reply {
        let others = match &self.way {
            Way::Data(routes) => routes.others(instance, ask.method == Method::GET),
            _ => Vec::new(),
        };
        let mut reply = self.reach(instance, sent, ask).await;
        for other in others {
            let is_elsewhere = matches!(
                reply,
                Reply::Refused | Reply::Answered { status: StatusCode::MISDIRECTED_REQUEST, .. }
            );
            if !is_elsewhere {
                break;
            }
            reply = self.reach(other, sent, ask).await;
        }
        reply
    }

    async fn reach(&self, instance: u16, sent: Time, ask: &Ask) -> Reply {
        if self.is_cut.get() {
            self.time.until(self.time.clock.now() + CONNECT_TIMEOUT).await;
            return Reply::Failed;
        }
        let peer = self.peers.borrow()[usize::from(instance)].clone();
        let Some(peer) = peer else { return Reply::Refused };
        let reply = peer.call(ask, ask.origin.header(sent, self.latency)).await;
        // What left before the cut is answered to nobody.
        if self.is_cut.get() { Reply::Failed } else { reply }
    }

    /// Whether packets are lost on the way.
    pub(super) const fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    /// Packets to a node are lost from now on, or pass again.
    pub(super) fn cut(&self, to: &str, cut: bool) {
        if self.callee == to {
            self.is_cut.set(cut);
        }
    }

    /// Another server takes the writes of a shard of a database.
    pub(super) fn learn_primary(&self, node: &str, shard: u16, member: u16) {
        if let Way::Data(routes) = &self.way
            && self.callee == node
        {
            routes.learn_primary(shard, member);
        }
    }

    /// The instances that a user's query of all the data goes to: a server of each shard.
    pub(super) fn one_of_each(&self, user: u32) -> Vec<u16> {
        match &self.way {
            Way::Data(routes) => routes.everywhere(user).collect(),
            _ => (0..self.instances()).collect(),
        }
    }

    /// Keeps what a call was like that nobody waited for, until an answer reports it.
    pub(super) fn note(&self, timing: Timing) {
        let mut unreported = self.unreported.borrow_mut();
        if unreported.len() < REPORTS_KEPT {
            unreported.push(timing);
        }
    }

    /// Adds what nobody has reported yet.
    pub(super) fn report(&self, timing: &mut Timing) {
        self.unreported.borrow_mut().drain(..).for_each(|earlier| timing.append(&earlier));
    }

    /// Whether an instance answers a health check within `within`.
    pub(super) async fn probe(&self, instance: u16, within: std::time::Duration) -> bool {
        if self.is_cut.get() {
            return false;
        }
        let Some(peer) = self.peers.borrow()[usize::from(instance)].clone() else { return false };
        tokio::time::timeout(within, peer.is_well()).await.unwrap_or(false)
    }
}

/// What an answer says by its status.
pub(super) fn outcome_of(status: StatusCode) -> Outcome {
    match status {
        // A cache that does not have the key has answered rightly.
        StatusCode::OK | StatusCode::NOT_FOUND => Outcome::Ok,
        StatusCode::SERVICE_UNAVAILABLE => Outcome::Refused,
        StatusCode::GATEWAY_TIMEOUT => Outcome::TimedOut,
        _ => Outcome::Failed,
    }
}
