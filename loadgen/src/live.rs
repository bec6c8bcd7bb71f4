//! A live run: a design is brought up, driven, measured and taken down.
//!
//! The command line and the agent's API both start one here; they differ in who listens to its [`Feed`].
mod feed;
mod fit;
mod support;
mod usage;

pub use feed::{Feed, Kept};
pub use fit::{Unfit, check_deployable};

use crate::agents::{Done, Driver, Task};
use crate::attack::{Attack, Paths, Target};
use crate::clock::Clock;
use crate::deploy::{DeployError, Deployment, Design, Facts, THIS_PROGRAM};
use crate::entropy;
use crate::store::{Begun, Place, Recording, SoFar, Store};
use fit::Drivable;
use futures_util::future::join_all;
use loadpath_core::id::NodeIndex;
use loadpath_core::rng::Seed;
use loadpath_core::run::{Run, Source};
use loadpath_core::sim::Command;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Action, NodeKind, Plan, Topology};
use loadpath_core::wire::{Caps, Event, Interval, Phase};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use usage::Usage;

/// The most that a run may ask for.
pub const CAPS: Caps = Caps { rate: 20_000.0, duration: Span(3_600 * Span::SECOND.0), processes: 128 };

/// How long the load runs before it counts, unless a run says otherwise: connections are opened, caches fill.
pub const WARM_UP: Span = Span(2 * Span::SECOND.0);

/// What a live run is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The design. Its workload says what is sent.
    pub document: Topology,
    /// How long the load runs before it counts.
    pub warm_up: Span,
    /// How long it counts.
    pub duration: Span,
    /// What chance comes from.
    pub seed: u64,
    /// Where the run is kept before anyone is told that it is done; nowhere when nobody says so.
    pub keep: Option<Store>,
}

/// A run that was started.
pub struct Live {
    id: String,
    feed: Feed,
    so_far: SoFar,
    stop: CancellationToken,
    deployment: OnceLock<Deployment>,
    outcome: watch::Sender<Option<Outcome>>,
    clock: Clock,
    /// What of the timeline could not be done.
    troubles: Mutex<Vec<String>>,
    /// What agents did not do of their shares.
    short: Mutex<Vec<String>>,
}

/// How a run ended: what was measured, or the sentence why nothing was.
pub type Outcome = Result<Arc<Run>, String>;

impl Live {
    /// Starts a run in a task of its own. Cancelling `stop` ends it early, and keeps what was measured.
    ///
    /// # Errors
    /// When the design, or what is asked, cannot be run live. Nothing was started then.
    pub fn start(wish: Wish, stop: CancellationToken) -> Result<Arc<Self>, Unfit> {
        Self::start_driven(wish, Driver::Here, stop)
    }

    /// As [`Live::start`], and this drives the load, from this machine: what is brought up listens on loopback only.
    ///
    /// # Errors
    /// As [`Live::start`].
    pub fn start_driven(wish: Wish, driver: Driver, stop: CancellationToken) -> Result<Arc<Self>, Unfit> {
        let drivable = fit::check_drivable(&wish.document, wish.duration, &CAPS)?;
        let id = entropy::hex(8).map_err(|e| Unfit::Cannot(format!("no random numbers can be had: {e}")))?;
        let live = Arc::new(Self {
            id,
            feed: Feed::default(),
            so_far: SoFar::new(Run::new(&drivable.plan.name, embedded(), drivable.plan.arrivals.rate)),
            stop,
            deployment: OnceLock::new(),
            outcome: watch::Sender::new(None),
            clock: Clock::start(),
            troubles: Mutex::default(),
            short: Mutex::default(),
        });
        let running = live.clone();
        tokio::spawn(async move { running.see_through(&wish, &drivable, driver).await });
        Ok(live)
    }

    /// Its id, which is also in the environment of all its processes.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What happens in it.
    pub const fn feed(&self) -> &Feed {
        &self.feed
    }

    /// What it has counted until now.
    pub const fn so_far(&self) -> &SoFar {
        &self.so_far
    }

    /// Ends it early; what was measured is kept.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// SIGKILL to an instance's process.
    ///
    /// # Errors
    /// When there is no such instance, or the design is not up.
    pub async fn kill(&self, node: &str, instance: u16) -> Result<(), DeployError> {
        match self.deployment.get() {
            Some(deployment) if !self.is_over() => deployment.kill(node, instance).await,
            _ => Err(DeployError("the design is not up: there is nothing to kill".to_owned())),
        }
    }

    /// Starts a killed instance again, at its old address; returns when it answers.
    ///
    /// # Errors
    /// When there is no such instance, it does not start, or the design is not up.
    pub async fn restore(&self, node: &str, instance: u16) -> Result<(), DeployError> {
        match self.deployment.get() {
            Some(deployment) if !self.is_over() => deployment.restore(node, instance).await,
            _ => Err(DeployError("the design is not up: there is nothing to restore".to_owned())),
        }
    }

    /// Does something to the design, now.
    ///
    /// # Errors
    /// When the command names what is not there, it cannot be done to processes, or the design is not up.
    pub async fn act(&self, command: &Command) -> Result<(), DeployError> {
        match self.deployment.get() {
            Some(deployment) if !self.is_over() => deployment.command(command).await,
            _ => Err(DeployError("the design is not up: nothing can be done to it".to_owned())),
        }
    }

    /// What agents did not do of their shares, a sentence each; known once it has ended.
    pub fn short(&self) -> Vec<String> {
        self.short.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has ended, with all its processes.
    pub fn is_over(&self) -> bool {
        self.outcome.borrow().is_some()
    }

    /// Waits for its end.
    pub async fn outcome(&self) -> Outcome {
        let mut outcome = self.outcome.subscribe();
        let ended = outcome.wait_for(Option::is_some).await;
        ended
            .ok()
            .and_then(|outcome| outcome.clone())
            .expect("the sender lives as long as this, and it was waited for")
    }

    async fn see_through(&self, wish: &Wish, drivable: &Drivable, driver: Driver) {
        let mut recording = wish.keep.clone().map(|store| recording(store, wish, drivable));
        let result = self.bring_up_and_drive(wish, drivable, driver, recording.as_mut()).await;
        let down = self.take_down().await;
        let result = result.map(|mut run| {
            let trouble = down.err().map(|fault| format!("the design was not taken down cleanly: {fault}"));
            run.notes.extend(trouble);
            run.notes.append(&mut self.troubles.lock().unwrap_or_else(PoisonError::into_inner));
            let kept = recording.map(|recording| recording.finish(&mut run));
            if let Some(Err(fault)) = kept {
                run.notes.push(format!("the run is not kept: {fault}"));
            }
            Arc::new(run)
        });
        self.feed.publish(&match &result {
            Ok(run) => Event::Done(Box::new(Run::clone(run))),
            Err(error) => Event::Failed { error: error.clone() },
        });
        self.feed.close();
        self.outcome.send_replace(Some(result));
    }

    fn phase(&self, phase: Phase, text: String) {
        self.feed.publish(&Event::Phase { phase, text });
    }

    async fn bring_up_and_drive(
        &self,
        wish: &Wish,
        drivable: &Drivable,
        driver: Driver,
        recording: Option<&mut Recording>,
    ) -> Result<Run, String> {
        let plan = &drivable.plan;
        let tell = |ready, total| {
            self.phase(Phase::BringingUp, format!("{ready} of {total} processes are ready"));
        };
        let program = Path::new(THIS_PROGRAM);
        let design = Design { program, run: &self.id, document: &wish.document, plan, seed: wish.seed };
        let up = Deployment::up(&design, &self.stop, tell).await;
        let up = up.map_err(|fault| fault.to_string())?;
        let deployment = self.deployment.get_or_init(|| up);
        let entry = &plan.node(drivable.entry).id;
        let address = deployment.address_of(entry, 0).ok_or_else(|| format!("node \"{entry}\" has ended"))?;
        self.phase(Phase::WarmingUp, format!("requests are sent for {} that do not count", wish.warm_up));
        let engines = deployment.engines().await;
        let (sender, intervals) = mpsc::channel(4);
        let attack = attack_on(address, wish, drivable);
        let task = |attack: &Attack| Task::of_design(&wish.document, attack);
        let driving = driver.drive(attack, task, self.stop.clone(), sender);
        let begun = watch::Sender::new(None);
        let watching = self.watch(intervals, deployment, (plan, wish), &begun, recording);
        let (minding, happening) = (deployment.mind(), self.follow_timeline(deployment, plan, &begun));
        let scaling = deployment.scale(|trouble| self.trouble(trouble));
        let failing = self.let_fail(deployment, Seed(wish.seed), &begun);
        let (done, seen) = tokio::select! {
            both = async { tokio::join!(driving, watching) } => both,
            _ = async { tokio::join!(minding, happening, scaling, failing) } => unreachable!("databases are minded for ever"),
        };
        let Done { mut run, short } = done?;
        *self.short.lock().unwrap_or_else(PoisonError::into_inner) = short;
        // Which programs it was: their versions and configurations are part of what was measured.
        run.notes.extend(engines.iter().map(|(node, number, facts)| format!("{node}#{number} was {facts}")));
        run.source = source(&engines, &run.source);
        let (utilization, counters) = seen;
        for ((node, utilization), counters) in run.nodes.iter_mut().zip(utilization).zip(counters) {
            (node.utilization, node.counters) = (utilization, counters);
        }
        Ok(run)
    }

    /// Completes and publishes the intervals until there are no more; each node's utilization and counters after the warm-up.
    async fn watch(
        &self,
        mut intervals: mpsc::Receiver<Interval>,
        deployment: &Deployment,
        (plan, wish): (&Plan, &Wish),
        begun: &watch::Sender<Option<Time>>,
        mut recording: Option<&mut Recording>,
    ) -> (Vec<Option<f64>>, Vec<BTreeMap<String, u64>>) {
        let mut usage = Usage::start(deployment, plan.nodes.len()).await;
        let mut counting = false;
        while let Some(mut interval) = intervals.recv().await {
            let end = interval.start + interval.length;
            begun.send_if_modified(|begun| {
                let at = Time(self.clock.now().0.saturating_sub(end.0));
                begun.replace(begun.unwrap_or(at)).is_none()
            });
            complete(&mut interval, usage.ask(deployment).await, deployment, plan);
            self.so_far.count(&interval);
            if let Some(recording) = &mut recording {
                recording.interval(&interval);
            }
            self.feed.publish(&Event::Interval(Box::new(interval)));
            if !counting && end >= wish.warm_up {
                counting = true;
                usage.reset();
                deployment.counted();
                self.phase(Phase::Driving, format!("load is driven and counted for {}", wish.duration));
            }
        }
        let mut counters = usage.take_counters();
        for (node, name, count) in deployment.counted() {
            *counters[node.index()].entry(name.to_owned()).or_default() += count;
        }
        (usage.total(), counters)
    }

    /// Does what stands on the plan's timeline, each at its time; what cannot be done is a note of the run.
    async fn follow_timeline(
        &self,
        deployment: &Deployment,
        plan: &Plan,
        begun: &watch::Sender<Option<Time>>,
    ) {
        let Some(start) = start_of(begun).await else { return };
        let each = plan.timeline.iter().filter(|(_, action)| !matches!(action, Action::SetRate(_)));
        let happens = each.map(|(at, action)| async move {
            let due = start + at.since(Time::ZERO);
            tokio::time::sleep_until(self.clock.instant(due)).await;
            if let Err(why) = deployment.act(action).await {
                let trouble =
                    format!("what the timeline says at {} did not happen: {why}", at.since(Time::ZERO));
                self.trouble(trouble);
            }
        });
        join_all(happens).await;
    }

    /// Lets instances fail by themselves while the load lasts.
    async fn let_fail(&self, deployment: &Deployment, seed: Seed, begun: &watch::Sender<Option<Time>>) {
        let Some(start) = start_of(begun).await else { return };
        deployment.fail(seed, self.clock, start, |trouble| self.trouble(trouble)).await;
    }

    /// What a reader of the run must know.
    fn trouble(&self, trouble: String) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).push(trouble);
    }

    async fn take_down(&self) -> Result<(), DeployError> {
        let Some(deployment) = self.deployment.get() else { return Ok(()) };
        self.phase(Phase::TakingDown, format!("{} processes are stopped", deployment.running().len()));
        deployment.down().await
    }
}

/// When the load began, once it has; its teller lives as long as the load.
async fn start_of(begun: &watch::Sender<Option<Time>>) -> Option<Time> {
    let mut begun = begun.subscribe();
    begun.wait_for(Option::is_some).await.ok().and_then(|begun| *begun)
}

/// Puts in what the clients that measured the interval do not know.
fn complete(interval: &mut Interval, utilization: Vec<Option<f64>>, deployment: &Deployment, plan: &Plan) {
    for (i, (node, utilization)) in interval.nodes.iter_mut().zip(utilization).enumerate() {
        node.utilization = utilization;
        if !matches!(plan.nodes[i].kind, NodeKind::Clients(_)) {
            node.up = deployment.standing(NodeIndex(i as u16));
        }
    }
}

fn attack_on(address: SocketAddr, wish: &Wish, drivable: &Drivable) -> Attack {
    let plan = &drivable.plan;
    Attack {
        seed: Seed(wish.seed),
        warm_up: wish.warm_up,
        duration: wish.duration,
        timeout: drivable.timeout,
        entry: measured_at(drivable),
        ..Attack::of_plan(plan, Target::plain(address, Paths::PerClass), &drivable.source)
    }
}

/// The node whose answers the clients see. What stands for clients says itself what it saw of the node that they call.
fn measured_at(drivable: &Drivable) -> Option<String> {
    let entry = drivable.plan.node(drivable.entry);
    (!matches!(entry.kind, NodeKind::Clients(_))).then(|| entry.id.clone())
}

fn recording(store: Store, wish: &Wish, drivable: &Drivable) -> Recording {
    let plan = &drivable.plan;
    let begun = Begun {
        name: plan.name.clone(),
        source: embedded(),
        started_unix: 0,
        offered_rate: plan.arrivals.rate,
        warm_up: wish.warm_up,
        duration: wish.duration,
    };
    Recording::new(Place::Store(store), begun)
}

/// Where a run comes from in which some instances were engines.
fn source(engines: &[(String, u32, Facts)], driven: &Source) -> Source {
    let (Source::Measured { mut target, .. }, Source::Measured { by, .. }) = (embedded(), driven) else {
        unreachable!("it was measured")
    };
    let by = by.clone();
    for (node, _, facts) in engines.iter().filter(|(_, number, _)| *number == 1) {
        target += &format!(", {node}: {} {}", facts.engine, facts.version);
    }
    Source::Measured { target, by }
}

/// Where such a run comes from, as its record says.
fn embedded() -> Source {
    let by = format!("loadgen {}", env!("CARGO_PKG_VERSION"));
    Source::Measured { target: "embedded".to_owned(), by }
}
