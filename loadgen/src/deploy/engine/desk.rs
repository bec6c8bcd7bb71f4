//! An engine's desk: the process beside it that started it, answers for it to the agent, and ends with it.
use super::super::assignment::Assignment;
use super::super::control::{Control, Place};
use super::super::database::{Carrier, Mover};
use super::super::edge::Edge;
use super::super::freshness;
use super::super::key_map::KeyMap;
use super::super::node::Instance;
use super::super::probe;
use super::balancer::Balancing;
use super::broker::{self, Relay};
use super::find;
use super::member::Member;
use super::nginx_cache::{self, Caching};
use super::process::{Account, Process, processor_ns};
use super::recipe::{self, Recipe};
use super::rows::Rows;
use super::{Facts, haproxy, manifest, nginx, postgresql, store};
use crate::clock::Clock;
use loadpath_core::id::NodeIndex;
use loadpath_core::topology::{CacheNode, DatabaseNode, Engine, NodeKind, Plan, QueueNode};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// The engine's directory, in the instance's own.
pub(super) const DIRECTORY: &str = "engine";
/// How often it is asked whether it is ready.
const ASKED_EVERY: Duration = Duration::from_millis(2);

/// How long an engine may take until it is ready: RabbitMQ takes ten seconds on an idle machine.
pub(in super::super) fn ready_within(engine: Engine) -> Duration {
    Duration::from_secs(match engine {
        Engine::Rabbitmq => 90,
        // The files of a whole cluster are made first.
        Engine::Postgresql => 60,
        _ => 9,
    })
}

/// What answers for an engine.
pub(in super::super) struct Desk {
    pub(in super::super) instance: Instance,
    engine: Engine,
    pid: u32,
    cores: u32,
    facts: Facts,
    /// What is changed while it runs.
    job: RefCell<Job<'static>>,
    /// What a broker's publishers and workers see of it.
    relay: Option<Relay>,
    /// What moves a database's keys when it gets a shard more.
    mover: Option<Rc<Mover>>,
}

/// What an engine is there for.
enum Job<'p> {
    Balances(Balancing<'p>),
    Pulls(Caching<'p>),
    Remembers { spec: &'p CacheNode, at: SocketAddr, secret: String },
    Keeps { spec: &'p DatabaseNode, member: Rc<Member>, secret: String },
    Relays { spec: &'p QueueNode, at: SocketAddr, secret: String, nonce: String },
}

impl Desk {
    /// Finds the engine, has it check its configuration, starts it and waits until it is ready.
    ///
    /// # Errors
    /// A sentence that says what failed, and what the engine said.
    pub(super) async fn open(
        plan: &'static Plan,
        index: NodeIndex,
        assignment: &Assignment,
        instance: Instance,
    ) -> Result<(Self, Process), String> {
        let (kind, clock) = (&plan.node(index).kind, Clock::start());
        let engine = kind.engine();
        let path = assignment.engine.as_deref().ok_or("it was not said where the engine is")?;
        let version = find::version(engine, path)?;
        let port = assignment.engine_port.ok_or("its supervisor has found no port for an engine")?;
        let job = job(plan, index, assignment, port)?;
        let recipe = recipe(engine, path, plan, &job)?;
        let account = Account::for_engine(recipe.account)?;
        let keeps = matches!(job, Job::Keeps { .. } | Job::Relays { .. });
        recipe::enter(DIRECTORY, account, keeps)
            .map_err(|e| format!("the engine's directory cannot be made: {e}"))?;
        recipe.prepare(path, account).await?;
        let streams = job.make_data(path, account).await?;
        let begun = clock.now();
        let starter = if engine == Engine::Rabbitmq { Path::new(broker::RABBITMQ_STARTER) } else { path };
        let mut process = Process::start(starter, &recipe.arguments, account, recipe.stop)
            .map_err(|e| format!("{} cannot be started: {e}", engine.title()))?;
        let pid = process.pid;
        let ready = async {
            while !is_ready(engine, &job, (pid, streams)).await {
                tokio::time::sleep(ASKED_EVERY).await;
            }
        };
        tokio::select! {
            biased;
            how = process.ended() => return Err(format!("{} ended: {how}", engine.title())),
            () = ready => {}
            () = tokio::time::sleep(ready_within(engine)) => {
                return Err(format!("{} was not ready within {} s", engine.title(), ready_within(engine).as_secs()));
            }
        }
        let relay = match &job {
            Job::Relays { spec, at, .. } => {
                let opened = Relay::open(plan, index, spec, assignment, &instance.time, *at).await;
                Some(opened.map_err(|e| format!("{} does not do what is drawn: {e}", engine.title()))?)
            }
            _ => None,
        };
        manifest::write(process.pid).map_err(|e| format!("what it started cannot be written down: {e}"))?;
        if let Job::Keeps { member, .. } = &job {
            member.begin(pid);
        }
        let facts = Facts {
            engine: engine.title().to_owned(),
            version,
            configuration: recipe.hash(),
            ready_after: clock.now().since(begun),
        };
        let cores = cores(kind);
        let mover = match &job {
            Job::Keeps { spec, secret, .. } => {
                let (map, carrier) = (KeyMap::new(plan, spec), Carrier::Rows(Rows::new(secret.clone())));
                Some(Mover::new(map, spec.copies(), instance.time.clone(), carrier))
            }
            _ => None,
        };
        let (pid, job) = (process.pid, RefCell::new(job));
        let desk = Self { instance, engine, pid, cores, facts, job, relay, mover };
        Ok((desk, process))
    }

    /// Which engine it is.
    pub(in super::super) const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The processor's time that it took, and how many cores it may use.
    pub(in super::super) fn figures(&self) -> (u64, u32, usize) {
        (processor_ns(self.pid), self.cores, 0)
    }

    /// What a broker's publishers and workers see of it.
    pub(in super::super) const fn relay(&self) -> Option<&Relay> {
        self.relay.as_ref()
    }

    /// Whether its engine may have ended: it was told to, and the agent knows.
    pub(super) fn may_end(&self) -> bool {
        matches!(&*self.job.borrow(), Job::Keeps { member, .. } if member.ended())
    }

    /// Adds what was counted of the engine by those who ask it.
    pub(in super::super) fn count(&self, counters: &mut BTreeMap<String, u64>) {
        if let Some(relay) = &self.relay {
            return relay.count(counters);
        }
        let Instance { id, number, .. } = &self.instance;
        let stale = freshness::stale_reads(Path::new("../.."), id, *number);
        counters.insert("stale_reads".to_owned(), stale);
        if let Some(mover) = &self.mover {
            counters.insert("moved_keys".to_owned(), mover.moved.get());
        }
    }

    /// Does what the agent orders, if the engine can.
    ///
    /// # Errors
    /// What it cannot do, or did not.
    pub(in super::super) async fn obey(&self, control: &Control) -> Result<Place, String> {
        let member = match &*self.job.borrow() {
            Job::Keeps { member, .. } => Some(member.clone()),
            _ => None,
        };
        match member {
            Some(member) => self.obey_member(&member, control).await,
            None => self.obey_at_once(control).map(|()| Place::default()),
        }
    }

    async fn obey_member(&self, member: &Rc<Member>, control: &Control) -> Result<Place, String> {
        match control {
            Control::Tell => member.place().await,
            Control::Grow { growth, addresses, .. } => {
                self.mover.iter().for_each(|mover| mover.grow(*growth, addresses));
                Ok(Place::default())
            }
            Control::Servers { addresses } => member.know(addresses).map(|()| Place::default()),
            Control::Promote { .. } => member.promote().await,
            Control::Primary { shard, member: primary, .. } => {
                member.follow(*shard, *primary).await.map(|()| Place::default())
            }
            Control::StepDown => {
                member.step_down().await;
                Ok(Place::default())
            }
            _ => Err(format!("{} cannot do that", self.engine.title())),
        }
    }

    fn obey_at_once(&self, control: &Control) -> Result<(), String> {
        match (control, &mut *self.job.borrow_mut()) {
            (Control::Cut { to, cut, .. }, Job::Relays { .. }) => {
                self.each_edge(|edge| edge.cut(to, *cut));
                self.relay.iter().for_each(Relay::hand_out);
                Ok(())
            }
            (Control::Moved { node, addresses }, Job::Relays { .. }) => {
                self.each_edge(|edge| edge.move_to(node, addresses));
                self.relay.iter().for_each(Relay::follow_workers);
                Ok(())
            }
            (Control::Primary { .. }, Job::Relays { .. }) => Ok(()),
            // Its callees find out themselves who is primary.
            (Control::Primary { .. }, Job::Balances(_) | Job::Pulls(_)) => Ok(()),
            (Control::Moved { node, addresses }, Job::Balances(balancing)) => {
                if balancing.move_to(node, addresses) { self.retarget(balancing) } else { Ok(()) }
            }
            (Control::Moved { node, addresses }, Job::Pulls(caching)) => {
                nginx_cache::move_to(caching, node, addresses, self.pid)
            }
            (Control::Flush, Job::Pulls(_)) => nginx_cache::flush(),
            (Control::Flush, Job::Remembers { at, secret, .. }) => {
                store::flush(self.engine == Engine::Redis, *at, secret)
            }
            _ => Err(format!("{} cannot do that", self.engine.title())),
        }
    }

    /// Tells each edge by which its desk calls workers.
    pub(in super::super) fn each_edge(&self, tell: impl Fn(&Rc<Edge>)) {
        self.relay.iter().flat_map(Relay::edges).for_each(tell);
    }

    fn retarget(&self, balancing: &Balancing) -> Result<(), String> {
        match self.engine {
            Engine::Nginx => nginx::retarget(balancing, self.pid),
            _ => haproxy::retarget(balancing),
        }
    }
}

impl Job<'_> {
    /// Makes what a database keeps, where there is none yet; whether it is a copy, so that its primary is there.
    async fn make_data(&self, program: &Path, account: Option<Account>) -> Result<bool, String> {
        let Self::Keeps { member, .. } = self else { return Ok(false) };
        match member.primary {
            Some(primary) => postgresql::copy_data(program, account, primary, &member.name()).await,
            None => postgresql::make_data(program, account).await.map(|()| false),
        }
    }
}

fn job<'p>(plan: &'p Plan, index: NodeIndex, assignment: &Assignment, port: u16) -> Result<Job<'p>, String> {
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let secret = assignment.secret.clone();
    match &plan.node(index).kind {
        NodeKind::LoadBalancer(spec) => {
            Ok(Job::Balances(Balancing::new(plan, index, spec, assignment, port)))
        }
        NodeKind::Cdn(spec) => Ok(Job::Pulls(Caching::new(plan, index, spec, assignment, port))),
        NodeKind::Cache(spec) => Ok(Job::Remembers { spec, at, secret }),
        NodeKind::Database(spec) => {
            Ok(Job::Keeps { spec, member: Rc::new(Member::new(spec, assignment, port)), secret })
        }
        NodeKind::Queue(spec) => Ok(Job::Relays { spec, at, secret, nonce: assignment.nonce.clone() }),
        other => Err(format!("no engine is a {} so far", other.name().replace('_', " "))),
    }
}

fn recipe(engine: Engine, program: &Path, plan: &Plan, job: &Job) -> Result<Recipe, String> {
    match (engine, job) {
        (Engine::Haproxy, Job::Balances(balancing)) => Ok(haproxy::recipe(balancing)),
        (Engine::Nginx, Job::Balances(balancing)) => Ok(nginx::recipe(balancing)),
        (Engine::Nginx, Job::Pulls(caching)) => Ok(nginx_cache::recipe(caching)),
        (Engine::Redis, Job::Remembers { spec, at, secret }) => {
            Ok(store::redis_recipe(plan, spec, at.port(), secret))
        }
        (Engine::Memcached, Job::Remembers { spec, at, .. }) => {
            Ok(store::memcached_recipe(plan, spec, at.port()))
        }
        (Engine::Postgresql, Job::Keeps { spec, member, secret }) => {
            Ok(postgresql::recipe(spec, member.at.port(), secret))
        }
        (_, Job::Relays { spec, at, secret, nonce }) => {
            broker::recipe((engine, program), spec, at.port(), (secret, nonce))
        }
        (other, _) => Err(format!("{} cannot be this", other.title())),
    }
}

/// Whether it answers as itself: another program on the same port is not taken for it.
async fn is_ready(engine: Engine, job: &Job<'_>, (pid, streams): (u32, bool)) -> bool {
    let answers = async |port: u16, nonce: &str| {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        probe::get(at, "/healthz").await.is_ok_and(|answer| answer == nonce)
    };
    match job {
        Job::Balances(balancing) => answers(balancing.port, &balancing.nonce).await,
        Job::Pulls(caching) => answers(caching.port, &caching.nonce).await,
        Job::Remembers { at, secret, .. } if engine == Engine::Redis => store::is_redis(*at, secret, pid),
        Job::Remembers { at, .. } => store::is_memcached(*at, pid),
        Job::Keeps { member, secret, .. } if member.primary.is_some() => {
            postgresql::is_following(member.at, secret, streams).await
        }
        Job::Keeps { member, secret, .. } => postgresql::has_table(member.at, secret).await,
        Job::Relays { at, secret, nonce, .. } => broker::is_ready(engine, *at, secret, nonce).await,
    }
}

/// How many cores it may use at once: Redis does its work in one thread.
fn cores(kind: &NodeKind) -> u32 {
    let all = || std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    match kind {
        NodeKind::LoadBalancer(spec) => spec.cores,
        NodeKind::Cache(spec) if spec.engine == Engine::Memcached => spec.workers.clamp(1, 64),
        NodeKind::Database(_) | NodeKind::Queue(_) => all(),
        _ => 1,
    }
}
