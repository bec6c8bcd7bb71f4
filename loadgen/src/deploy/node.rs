//! A node's process: what `loadgen __node` does.
use super::assignment::Assignment;
use super::cache::Cache;
use super::control::{Control, Place};
use super::database::Database;
use super::edge::Edge;
use super::load_balancer::LoadBalancer;
use super::server;
use super::service::Service;
use super::station::{Station, Worker};
use super::supervise::ASSIGNMENT_FILE;
use super::timing::Timing;
use super::work::{Chance, Timekeeper};
use hyper::{Method, StatusCode};
use loadpath_core::id::NodeIndex;
use loadpath_core::run::Outcome;
use loadpath_core::topology::{self, NodeKind, Plan};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::fd::AsFd as _;
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
        let node = Node::new(&assignment)?;
        let listener = listener().map_err(|e| format!("standard input is not a listening socket: {e}"))?;
        server::serve(listener, Rc::new(node), assignment).await
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
    pub(super) time: Rc<Timekeeper>,
    pub(super) chance: Chance,
}

/// An instance at work.
pub(super) enum Node {
    LoadBalancer(LoadBalancer),
    Service(Service),
    Cache(Box<Cache>),
    Database(Database),
}

/// What a request asks of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    /// GET reads, PUT writes or fills, DELETE forgets.
    pub(super) method: Method,
    /// As it is to be passed on.
    pub(super) path: String,
    pub(super) key: u64,
    /// The class's name; empty where nobody said it.
    pub(super) class: String,
    /// Who sent the request that this is asked for.
    pub(super) user: u32,
}

/// What a node answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) timing: Timing,
}

impl Ask {
    /// Reads `/c/{class}/{key}` and `/k/{key}`, where `?u={user}&c={class}` may follow.
    pub(super) fn read(method: &Method, target: &str) -> Option<Self> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let said = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let (class, key) = match *path.strip_prefix('/')?.split('/').collect::<Vec<_>>() {
            ["c", class, key] => (class, key.parse().ok()?),
            ["k", key] => (said("c").unwrap_or_default(), key.parse().ok()?),
            _ => return None,
        };
        let user = said("u").and_then(|user| user.parse().ok()).unwrap_or(0);
        let known = [Method::GET, Method::PUT, Method::DELETE].contains(method);
        let (method, path) = (method.clone(), target.to_owned());
        known.then(|| Self { method, path, key, class: class.to_owned(), user })
    }

    /// The path of the key itself, as caches and databases know it.
    pub(super) fn key_path(&self) -> String {
        format!("/k/{}?u={}&c={}", self.key, self.user, self.class)
    }
}

impl Answer {
    pub(super) const fn new(status: StatusCode, timing: Timing) -> Self {
        Self { status, timing }
    }

    /// The answer that says this outcome.
    pub(super) const fn of(outcome: Outcome, timing: Timing) -> Self {
        let status = match outcome {
            Outcome::Ok => StatusCode::OK,
            Outcome::Refused => StatusCode::SERVICE_UNAVAILABLE,
            Outcome::Failed | Outcome::TimedOut => StatusCode::BAD_GATEWAY,
        };
        Self { status, timing }
    }

    /// The queue was full.
    pub(super) fn refused() -> Self {
        Self::of(Outcome::Refused, Timing::default())
    }
}

impl Instance {
    fn new(assignment: &Assignment, workers: u32, queue: u32) -> Result<Self, String> {
        let time = Timekeeper::start().map_err(|e| format!("no timer can be had: {e}"))?;
        Ok(Self {
            id: assignment.node.clone(),
            number: assignment.instance,
            station: Station::new(time.clock, workers, queue),
            time: Rc::new(time),
            chance: Chance::new(assignment.seed, &assignment.node, assignment.instance),
        })
    }

    /// A worker for a request, and the wait for it noted; none when the queue is full.
    pub(super) async fn admit(&self, timing: &mut Timing) -> Option<Worker> {
        let (worker, wait) = self.station.enter().await?;
        timing.wait(&self.id, wait);
        Some(worker)
    }
}

impl Node {
    fn new(assignment: &Assignment) -> Result<Self, String> {
        let (plan, index) = plan_of(assignment)?;
        let instance = |workers, queue| Instance::new(assignment, workers, queue);
        Ok(match &plan.node(index).kind {
            NodeKind::Clients(_) => return Err("clients have no process".to_owned()),
            NodeKind::LoadBalancer(spec) => {
                let instance = instance(spec.cores, spec.queue)?;
                Self::LoadBalancer(LoadBalancer::new(&plan, index, spec, assignment, instance))
            }
            NodeKind::Service(spec) => {
                let instance = instance(spec.work.workers, spec.work.queue)?;
                Self::Service(Service::new(&plan, index, spec, assignment, instance))
            }
            NodeKind::Cache(spec) => {
                let instance = instance(spec.workers, spec.queue)?;
                Self::Cache(Box::new(Cache::new(&plan, index, spec, assignment, instance)))
            }
            NodeKind::Database(spec) => {
                let instance = instance(spec.connections, spec.queue)?;
                Self::Database(Database::open(spec, assignment, instance)?)
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
        }
    }

    /// Does what the agent orders; the answer to it.
    pub(super) fn obey(&self, control: &Control) -> Result<Place, String> {
        match (self, control) {
            (_, Control::Slow { factor }) => self.instance().chance.slowness.set(*factor),
            (_, Control::Cut { to, cut }) => self.each_edge(|edge| edge.cut(to, *cut)),
            (_, Control::Primary { node, shard, member }) => {
                self.each_edge(|edge| edge.learn_primary(node, *shard, *member));
            }
            (Self::Cache(cache), Control::Flush) => cache.flush(),
            (Self::Database(database), _) => return database.obey(control),
            _ => return Err(format!("node \"{}\" cannot do that", self.instance().id)),
        }
        Ok(Place::default())
    }

    /// A word of the node's own kind, from another of its instances.
    pub(super) fn hear(&self, words: &[u8]) -> Option<Place> {
        if let Self::Database(database) = self { database.hear(words) } else { None }
    }

    /// What was counted of it since it was started, by the names that runs show.
    pub(super) fn counters(&self) -> BTreeMap<String, u64> {
        let mut counters = BTreeMap::new();
        match self {
            Self::Database(database) => database.count(&mut counters),
            Self::Cache(cache) => cache.count(&mut counters),
            _ => {}
        }
        counters.retain(|_, count| *count > 0);
        counters
    }

    fn each_edge(&self, tell: impl Fn(&Edge)) {
        match self {
            Self::LoadBalancer(node) => node.edges().for_each(tell),
            Self::Service(node) => node.edges().for_each(tell),
            Self::Cache(node) => node.edges().for_each(tell),
            Self::Database(_) => {}
        }
    }

    /// What all kinds have.
    pub(super) fn instance(&self) -> &Instance {
        match self {
            Self::LoadBalancer(node) => &node.instance,
            Self::Service(node) => &node.instance,
            Self::Cache(node) => &node.instance,
            Self::Database(node) => &node.instance,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ask_is_read_from_its_path_and_strangers_are_not() {
        let ask = Ask::read(&Method::PUT, "/c/write/17").unwrap();
        assert_eq!((ask.key, ask.user, ask.class.as_str()), (17, 0, "write"));
        let ask = Ask::read(&Method::GET, "/c/read/17?u=5").unwrap();
        assert_eq!((ask.user, ask.key_path().as_str()), (5, "/k/17?u=5&c=read"));
        let again = Ask::read(&Method::GET, &ask.key_path()).unwrap();
        assert_eq!((again.key, again.user, again.class.as_str()), (17, 5, "read"));
        assert!(Ask::read(&Method::DELETE, "/k/0").is_some());
        for path in
            ["", "/", "/k", "/k/", "/k/-1", "/k/1/2", "/c/17", "/c/a/b", "k/1", "/k/99999999999999999999999"]
        {
            assert_eq!(Ask::read(&Method::GET, path), None, "{path}");
        }
        assert_eq!(Ask::read(&Method::POST, "/k/1"), None);
    }
}
