//! An edge of the design on sockets: which instance is called, and what the call was like for the caller.
use super::assignment::Assignment;
use super::call::{Peer, Reply};
use super::node::Ask;
use super::routes::Routes;
use super::timing::Timing;
use super::work::Timekeeper;
use hyper::{Method, StatusCode};
use loadpath_core::component::HashRing;
use loadpath_core::id::EdgeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{NodeKind, Plan};
use std::cell::Cell;
use std::rc::Rc;

/// How long a caller tries to connect over a way that is cut: as in the simulator, the first retransmission of a connection's
/// opening packet comes after a second (RFC 6298, section 2), and with it hope ends here.
const CONNECT_TIMEOUT: Span = Span::SECOND;

/// Calls to the instances of one node.
pub(super) struct Edge {
    callee: String,
    latency: Span,
    peers: Vec<Rc<Peer>>,
    way: Way,
    time: Rc<Timekeeper>,
    /// Packets are lost on the way.
    is_cut: Cell<bool>,
}

/// How an instance is found where no balancer picks: caches by a ring, databases by shard, others in turn, dead or alive,
/// as a resolver's answers would have it.
enum Way {
    Turn(Cell<u16>),
    Ring(HashRing),
    Data(Routes),
}

/// What the caller of an edge learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Called {
    /// How it ended.
    pub(super) outcome: Outcome,
    /// Whether the callee, a cache, had the key.
    pub(super) hit: bool,
}

impl Edge {
    /// The edge of the plan, with the callee's instances where the assignment says.
    pub(super) fn new(plan: &Plan, index: EdgeIndex, assignment: &Assignment, time: &Rc<Timekeeper>) -> Self {
        let edge = plan.edge(index);
        let callee = plan.node(edge.to);
        let instances = callee.kind.instances();
        let way = match &callee.kind {
            NodeKind::Cache(_) => Way::Ring(HashRing::new(instances)),
            NodeKind::Database(spec) => Way::Data(Routes::new(plan, callee, spec, assignment)),
            _ => Way::Turn(Cell::new(0)),
        };
        let addresses = assignment.addresses.get(&callee.id).map_or(&[][..], Vec::as_slice);
        let peers = addresses.iter().map(|&address| Peer::new(time.clock, address)).collect();
        Self {
            callee: callee.id.clone(),
            latency: edge.latency,
            peers,
            way,
            time: time.clone(),
            is_cut: Cell::new(false),
        }
    }

    /// How many instances there are.
    pub(super) fn instances(&self) -> u16 {
        self.peers.len() as u16
    }

    /// The instance that is to be asked about `key`.
    pub(super) fn instance_for(&self, key: u64) -> u16 {
        match &self.way {
            Way::Turn(next) => {
                let turn = next.get();
                next.set((turn + 1) % self.instances());
                turn
            }
            Way::Ring(ring) => ring.pick(key, |_| true).expect("a node has at least one instance"),
            Way::Data(routes) => routes.writer(key),
        }
    }

    /// Calls whoever is to be asked about a key: of a database, a server that may answer. As [`Edge::call`] else.
    pub(super) async fn call_for(
        &self,
        ask: &Ask,
        method: &Method,
        path: &str,
        timing: &mut Timing,
    ) -> Called {
        let sent = self.time.clock.now();
        let reply = match &self.way {
            Way::Data(routes) => self.call_data(routes, ask, method, path).await,
            _ => self.reach(self.instance_for(ask.key), method, path).await,
        };
        self.finish(sent, reply, timing).await
    }

    /// Calls a server of a database. Of a read, the next one is asked when one is down or must not answer this user.
    async fn call_data(&self, routes: &Routes, ask: &Ask, method: &Method, path: &str) -> Reply {
        let mut reply = Reply::Refused;
        for instance in routes.servers(*method == Method::GET, ask.key) {
            reply = self.reach(instance, method, path).await;
            let elsewhere = matches!(
                reply,
                Reply::Refused | Reply::Answered { status: StatusCode::MISDIRECTED_REQUEST, .. }
            );
            if !elsewhere {
                break;
            }
        }
        reply
    }

    /// Calls an instance, and notes what that was like. It takes at least the edge's latency there and back, besides the
    /// time that the callee itself takes; what loopback takes is part of that.
    pub(super) async fn call(
        &self,
        instance: u16,
        method: &Method,
        path: &str,
        timing: &mut Timing,
    ) -> Called {
        let sent = self.time.clock.now();
        let reply = self.reach(instance, method, path).await;
        self.finish(sent, reply, timing).await
    }

    async fn finish(&self, sent: Time, reply: Reply, timing: &mut Timing) -> Called {
        let (outcome, hit, took, own) = match reply {
            Reply::Answered { status, timing, took } => {
                (outcome_of(status), status == StatusCode::OK, took, timing)
            }
            Reply::Refused => (Outcome::Refused, false, Span::ZERO, String::new()),
            Reply::Failed => (Outcome::Failed, false, Span::ZERO, String::new()),
        };
        self.time.until(sent + took + self.latency + self.latency).await;
        timing.call(&self.callee, self.time.clock.now().since(sent), outcome, &own);
        Called { outcome, hit }
    }

    async fn reach(&self, instance: u16, method: &Method, path: &str) -> Reply {
        if self.is_cut.get() {
            self.time.until(self.time.clock.now() + CONNECT_TIMEOUT).await;
            return Reply::Failed;
        }
        let reply = self.peers[usize::from(instance)].call(method, path).await;
        // What left before the cut is answered to nobody.
        if self.is_cut.get() { Reply::Failed } else { reply }
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

    /// Whether an instance answers a health check within `within`.
    pub(super) async fn probe(&self, instance: u16, within: std::time::Duration) -> bool {
        let call = self.reach(instance, &Method::GET, "/healthz");
        let reply = tokio::time::timeout(within, call).await;
        matches!(reply, Ok(Reply::Answered { status: StatusCode::OK, .. }))
    }
}

fn outcome_of(status: StatusCode) -> Outcome {
    match status {
        // A cache that does not have the key has answered rightly.
        StatusCode::OK | StatusCode::NOT_FOUND => Outcome::Ok,
        StatusCode::SERVICE_UNAVAILABLE => Outcome::Refused,
        _ => Outcome::Failed,
    }
}
