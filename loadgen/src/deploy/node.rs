//! A node's process: what `loadgen __node` does.
use super::assignment::Assignment;
use super::cache::Cache;
use super::cdn::Cdn;
use super::clients::Clients;
use super::control::{Control, Place};
use super::cookies::Cookies;
use super::counts::Counts;
use super::cpu::{Cores, Cpu};
use super::database::Database;
use super::dns::Dns;
use super::edge::Edge;
use super::engine::{self, Desk, Facts, Relay};
use super::external::{self, Remote};
use super::host::HostCores;
use super::load_balancer::LoadBalancer;
use super::object_store;
use super::origin::Origin;
use super::queue::Queue;
use super::server;
use super::service::Service;
use super::station::{Station, Worker};
use super::stats::Stats;
use super::supervise::ASSIGNMENT_FILE;
use super::timing::Timing;
use super::work::{Chance, Timekeeper};
use super::workers;
use hyper::{Method, StatusCode};
use loadpath_core::component::naming;
use loadpath_core::component::queue::Discipline;
use loadpath_core::component::resilience::TokenBucket;
use loadpath_core::id::NodeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::time::Span;
use loadpath_core::topology::{self, NodeKind, Plan};
use loadpath_core::workload::Operation;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::rc::Rc;

/// Serves as one instance of one node until the process is stopped.
///
/// # Errors
/// A sentence, when the assignment in the working directory or the socket at standard input are not what they should be,
/// or the node cannot be set up.
pub fn serve_node() -> Result<(), String> {
    let assignment = read_assignment()?;
    end_with_supervisor(assignment.supervisor)?;
    // Half a node is worse than none: what breaks in it shows as its death.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::abort();
    }));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("its runtime cannot start: {e}"))?;
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let (plan, index) = plan_of(&assignment)?;
        let listener = listener().map_err(|e| format!("standard input is not a listening socket: {e}"))?;
        if assignment.engine.is_some() {
            // A broker's desk takes in as many messages at once as is drawn.
            let (workers, queue) = match &plan.node(index).kind {
                NodeKind::Queue(spec) => (spec.workers, spec.queue),
                _ => (0, 0),
            };
            let instance = Instance::new(&assignment, workers, queue, (Discipline::Fifo, 0))?;
            return engine::serve(listener, plan, index, assignment, instance).await;
        }
        let node = Node::new(&assignment, &plan, index)?;
        server::serve(listener, &plan, index, Rc::new(node), assignment).await
    })
}

fn read_assignment() -> Result<Assignment, String> {
    let text = std::fs::read_to_string(ASSIGNMENT_FILE);
    let text =
        text.map_err(|e| format!("{ASSIGNMENT_FILE} cannot be read here: {e}; `loadgen up` starts nodes"))?;
    serde_json::from_str(&text).map_err(|e| format!("{ASSIGNMENT_FILE} is not an assignment: {e}"))
}

/// Has the kernel kill this process when the supervisor dies, however it dies.
fn end_with_supervisor(supervisor: u32) -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|e| format!("it cannot be tied to its supervisor: {e}"))?;
    // It may have died before.
    let parent = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    if parent == Some(supervisor) { Ok(()) } else { Err("its supervisor is gone".to_owned()) }
}

fn listener() -> std::io::Result<tokio::net::TcpListener> {
    let listener = TcpListener::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

/// What an instance of any kind has.
pub(super) struct Instance {
    /// The node's id.
    pub(super) id: String,
    /// Which of its instances, counted from zero.
    pub(super) number: u16,
    pub(super) station: Rc<Station>,
    /// Cores that its workers share, if not each has its own.
    pub(super) cores: Option<Cores>,
    pub(super) time: Rc<Timekeeper>,
    pub(super) chance: Chance,
    pub(super) counts: Counts,
}

/// An instance at work.
pub(super) enum Node {
    LoadBalancer(LoadBalancer),
    Service(Box<Service>),
    Cache(Box<Cache>),
    Database(Database),
    Queue(Queue),
    Cdn(Box<Cdn>),
    Clients(Clients),
    Dns(Dns),
    Remote(Remote),
    /// A real engine, which is asked itself.
    Engine(Box<Desk>),
}

/// What a request asks of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    /// GET reads, PUT writes or fills, DELETE forgets.
    pub(super) method: Method,
    /// As it is to be passed on.
    pub(super) path: String,
    pub(super) key: u64,
    /// What the request that this is part of does.
    pub(super) operation: Operation,
    pub(super) origin: Origin,
    /// What its user's browser has kept.
    pub(super) cookies: Cookies,
}

/// What a node answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) timing: Timing,
    /// What DNS says.
    pub(super) told: Option<naming::Answer>,
}

impl Ask {
    /// The same request's question about the key itself, as caches and databases know it.
    pub(super) fn of_key(&self, method: Method) -> Self {
        Self { method, path: format!("/k/{}", self.key), ..self.clone() }
    }
}

impl Answer {
    pub(super) const fn new(status: StatusCode, timing: Timing) -> Self {
        Self { status, timing, told: None }
    }

    /// The answer that says this outcome.
    pub(super) const fn of(outcome: Outcome, timing: Timing) -> Self {
        let status = match outcome {
            Outcome::Ok => StatusCode::OK,
            Outcome::Refused => StatusCode::SERVICE_UNAVAILABLE,
            Outcome::Failed => StatusCode::BAD_GATEWAY,
            Outcome::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        };
        Self { status, timing, told: None }
    }

    /// The queue was full.
    pub(super) fn refused() -> Self {
        Self::of(Outcome::Refused, Timing::default())
    }
}

impl Instance {
    fn new(
        assignment: &Assignment,
        workers: u32,
        queue: u32,
        (order, cores): (Discipline, u32),
    ) -> Result<Self, String> {
        let time = Timekeeper::start().map_err(|e| format!("no timer can be had: {e}"))?;
        let time = Rc::new(time);
        let cores = match &assignment.host {
            Some(host) => {
                // Its own directory is one of the run's.
                let found = HostCores::connect(host, Path::new(".."));
                Some(Cores::Host(found.map_err(|e| format!("its host's cores cannot be had: {e}"))?))
            }
            None => (cores > 0).then(|| Cores::Own(Cpu::new(time.clone(), cores))),
        };
        Ok(Self {
            id: assignment.node.clone(),
            number: assignment.instance,
            station: Station::new(time.clock, workers, queue, order),
            cores,
            time,
            chance: Chance::new(assignment.seed, &assignment.node, assignment.instance),
            counts: Counts::default(),
        })
    }

    /// Whether a rate limit lets no request pass now; that is counted.
    pub(super) fn sheds(&self, limit: Option<&RefCell<TokenBucket>>) -> bool {
        let sheds = limit.is_some_and(|limit| limit.borrow_mut().admit(self.time.clock.now()).is_err());
        if sheds {
            self.counts.add("shed");
        }
        sheds
    }

    /// A worker for a request, and the wait for it noted; none when the queue is full.
    pub(super) async fn admit(&self, timing: &mut Timing) -> Option<Worker> {
        self.admit_with(0, None, timing).await.ok()
    }

    /// As `admit`, for a request of this priority that stays so long in the queue.
    ///
    /// # Errors
    /// [`Outcome::TimedOut`] when it left the queue, [`Outcome::Refused`] when that had no place for it.
    pub(super) async fn admit_with(
        &self,
        priority: u8,
        stays: Option<Span>,
        timing: &mut Timing,
    ) -> Result<Worker, Outcome> {
        let arrived = self.time.clock.now();
        let leaves = async {
            match stays {
                Some(stays) => self.time.until(arrived + stays).await,
                None => std::future::pending().await,
            }
        };
        let (worker, wait) = tokio::select! {
            biased;
            entered = self.station.enter(priority) => entered?,
            () = leaves => {
                timing.wait(&self.id, self.time.clock.now().since(arrived));
                self.counts.add("abandoned");
                return Err(Outcome::TimedOut);
            }
        };
        timing.wait(&self.id, wait);
        Ok(worker)
    }

    /// What it says of itself, but for what only a node knows.
    pub(super) async fn stats(&self) -> Stats {
        let (taken_ns, hands, waiting) = self.station.figures();
        let (busy_ns, workers) = match &self.cores {
            Some(cores) => cores.figures().await,
            None => (taken_ns, hands),
        };
        Stats { busy_ns, workers, taken_ns, hands, backlog: waiting as u64, ..Stats::default() }
    }
}

impl Node {
    fn new(assignment: &Assignment, plan: &Plan, index: NodeIndex) -> Result<Self, String> {
        let plain = (Discipline::Fifo, 0);
        let instance = |workers, queue| Instance::new(assignment, workers, queue, plain);
        Ok(match &plan.node(index).kind {
            // They work on nothing, and so nothing waits for a worker.
            NodeKind::Clients(_) => Self::Clients(Clients::new(plan, assignment, instance(0, 0)?)),
            NodeKind::Dns(spec) => Self::Dns(Dns::new(plan, index, spec, assignment, instance(0, 0)?)),
            NodeKind::LoadBalancer(spec) => {
                let instance = instance(spec.cores, spec.queue)?;
                Self::LoadBalancer(LoadBalancer::new(plan, index, spec, assignment, instance))
            }
            NodeKind::Service(spec) => {
                let shared = (spec.work.order, spec.work.cores);
                let instance = Instance::new(assignment, spec.work.workers, spec.work.queue, shared)?;
                Self::Service(Box::new(Service::new(plan, index, spec, assignment, instance)))
            }
            NodeKind::Cache(spec) => {
                let instance = instance(spec.workers, spec.queue)?;
                Self::Cache(Box::new(Cache::new(plan, index, spec, assignment, instance)))
            }
            NodeKind::Queue(spec) => {
                let instance = instance(spec.workers, spec.queue)?;
                Self::Queue(Queue::new(plan, index, spec, assignment, instance))
            }
            NodeKind::Workers(spec) => {
                let shared = (spec.work.order, spec.work.cores);
                let instance = Instance::new(assignment, spec.work.workers, workers::UNDER_WAY, shared)?;
                Self::Service(Box::new(workers::new(plan, index, spec, assignment, instance)))
            }
            NodeKind::ObjectStore(spec) => {
                Self::Remote(object_store::new(spec, instance(spec.concurrency, 0)?))
            }
            NodeKind::External(spec) => Self::Remote(external::new(spec, instance(spec.concurrency, 0)?)),
            NodeKind::Cdn(spec) => {
                let instance = instance(spec.workers, spec.queue)?;
                Self::Cdn(Box::new(Cdn::new(plan, index, spec, assignment, instance)))
            }
            NodeKind::Database(spec) => {
                let instance = instance(spec.connections, spec.queue)?;
                Self::Database(Database::open(plan, spec, assignment, instance)?)
            }
            other => return Err(format!("a {} has no process", other.name().replace('_', " "))),
        })
    }

    /// Does what is asked.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        match self {
            Self::LoadBalancer(node) => node.answer(ask).await,
            Self::Service(node) => node.answer(ask).await,
            Self::Cache(node) => node.answer(ask).await,
            Self::Database(node) => node.answer(ask).await,
            Self::Queue(node) => node.answer(ask).await,
            Self::Cdn(node) => node.answer(ask).await,
            Self::Clients(node) => node.answer(ask).await,
            Self::Dns(node) => node.answer(ask).await,
            Self::Remote(node) => node.answer(ask).await,
            Self::Engine(desk) => match desk.relay() {
                Some(relay) => relay.answer(&desk.instance, ask).await,
                None => Answer::new(StatusCode::MISDIRECTED_REQUEST, Timing::default()),
            },
        }
    }

    /// Does what the agent orders; how far its log is, where it has one.
    pub(super) async fn obey(&self, control: &Control) -> Result<Place, String> {
        match (self, control) {
            (Self::Engine(desk), _) => return desk.obey(control).await,
            (_, Control::Slow { factor }) => self.instance().chance.slowness.set(*factor),
            (Self::Clients(clients), Control::Cut { from, to, cut }) => clients.cut(from, to, *cut),
            (_, Control::Cut { to, cut, .. }) => {
                self.each_edge(|edge| edge.cut(to, *cut));
                if let Self::Queue(queue) = self {
                    queue.hand_out();
                }
            }
            (Self::Database(database), Control::Grow { .. }) => return database.obey(control),
            (_, Control::Grow { node, growth, addresses }) => {
                self.each_edge(|edge| edge.grow(node, *growth, addresses));
            }
            (_, Control::Primary { node, shard, member }) => {
                self.each_edge(|edge| edge.learn_primary(node, *shard, *member));
            }
            (_, Control::Moved { node, addresses }) => {
                self.each_edge(|edge| edge.move_to(node, addresses));
                if let Self::LoadBalancer(balancer) = self {
                    balancer.leave_absent();
                }
                if let Self::Queue(queue) = self {
                    queue.follow_workers();
                }
            }
            (Self::Cache(cache), Control::Flush) => cache.flush(),
            (Self::Cdn(cdn), Control::Flush) => cdn.flush(),
            (Self::Database(database), _) => return database.obey(control),
            _ => return Err(format!("node \"{}\" cannot do that", self.instance().id)),
        }
        Ok(Place::default())
    }

    /// A word of the node's own kind, from another of its instances.
    pub(super) fn hear(&self, words: &[u8]) -> Option<Place> {
        if let Self::Database(database) = self { database.hear(words) } else { None }
    }

    /// How many messages wait in it for workers.
    fn messages(&self) -> u64 {
        match self {
            Self::Queue(queue) => queue.waiting(),
            Self::Engine(desk) => desk.relay().map_or(0, Relay::waiting),
            _ => 0,
        }
    }

    /// What was counted of it since it was started, by the names that runs show.
    fn counters(&self) -> BTreeMap<String, u64> {
        let mut counters = BTreeMap::new();
        self.instance().counts.add_to(&mut counters);
        if let Some(dropped) = Some(self.instance().station.dropped()).filter(|&dropped| dropped > 0) {
            *counters.entry("shed".to_owned()).or_default() += dropped;
        }
        let counts = RefCell::new(&mut counters);
        self.each_edge(|edge| {
            if let Some(policy) = &edge.policy {
                policy.counts.add_to(&mut counts.borrow_mut());
            }
        });
        match self {
            Self::Database(database) => database.count(&mut counters),
            Self::Cache(cache) => cache.count(&mut counters),
            Self::Queue(queue) => queue.count(&mut counters),
            Self::Engine(desk) => desk.count(&mut counters),
            _ => {}
        }
        counters.retain(|_, count| *count > 0);
        counters
    }

    fn each_edge(&self, tell: impl Fn(&Rc<Edge>)) {
        match self {
            Self::LoadBalancer(node) => node.edges().for_each(tell),
            Self::Service(node) => node.edges().for_each(tell),
            Self::Cache(node) => node.edges().for_each(tell),
            Self::Queue(node) => node.edges().for_each(tell),
            Self::Cdn(node) => node.edge().into_iter().for_each(tell),
            Self::Clients(node) => node.edges().for_each(tell),
            Self::Dns(node) => node.edges().for_each(tell),
            Self::Engine(desk) => desk.each_edge(tell),
            Self::Database(_) | Self::Remote(_) => {}
        }
    }

    /// What it says of itself, but for how many requests are in it; of an engine, what the processor was taken by it.
    pub(super) async fn stats(&self) -> Stats {
        let stats = match self {
            Self::Engine(desk) => {
                let (busy_ns, workers, waiting) = desk.figures();
                let backlog = waiting as u64;
                Stats { busy_ns, workers, taken_ns: busy_ns, hands: workers, backlog, ..Stats::default() }
            }
            _ => self.instance().stats().await,
        };
        let waiting_for = match self {
            Self::Queue(queue) => queue.waiting_for(),
            Self::Engine(desk) => desk.relay().map_or_else(BTreeMap::new, Relay::waiting_for),
            _ => BTreeMap::new(),
        };
        let backlog = stats.backlog + self.messages();
        Stats { backlog, counters: self.counters(), waiting_for, ..stats }
    }

    /// The engine that it is, if it is one.
    pub(super) const fn engine(&self) -> Option<&Desk> {
        if let Self::Engine(desk) = self { Some(desk) } else { None }
    }

    /// What is known of that.
    pub(super) fn facts(&self) -> Option<&Facts> {
        self.engine().map(Desk::facts)
    }

    /// What all kinds have.
    pub(super) fn instance(&self) -> &Instance {
        match self {
            Self::LoadBalancer(node) => &node.instance,
            Self::Service(node) => &node.instance,
            Self::Cache(node) => &node.instance,
            Self::Database(node) => &node.instance,
            Self::Queue(node) => &node.instance,
            Self::Cdn(node) => &node.instance,
            Self::Clients(node) => &node.instance,
            Self::Dns(node) => &node.instance,
            Self::Remote(node) => &node.instance,
            Self::Engine(desk) => &desk.instance,
        }
    }
}

fn plan_of(assignment: &Assignment) -> Result<(Plan, NodeIndex), String> {
    let plan = topology::check(&assignment.document).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        format!("its design is faulty: {}", faults.join("; "))
    })?;
    let index = plan.find(&assignment.node);
    let index = index.ok_or_else(|| format!("its design has no node \"{}\"", assignment.node))?;
    Ok((plan, index))
}
