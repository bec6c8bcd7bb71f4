//! A design that is up: its processes, as the agent sees them.
use super::assignment::{Assignment, RUN_VARIABLE};
use super::control::{CONTROL, Control, Place};
use super::engine::ready_within;
use super::failover::{Leads, leads};
use super::faults::Faults;
use super::growth::Grown;
use super::layout::{Design, Instance, called_by, instances, levels};
use super::order::{Order, ProcessNumber};
use super::probe;
use super::run_directory;
use super::standing::{Standing, Standings, answering, end_of, listen};
use loadpath_core::id::NodeIndex;
use loadpath_core::topology::Plan;
use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long an instance may take until it answers.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long a supervisor may take to end everything: its processes' grace, and time to clean up.
const DOWN_WITHIN: Duration = Duration::from_secs(5);

/// A design that is up on loopback.
///
/// Dropping it takes it down too, but does not wait for the end: see [`Deployment::down`].
pub struct Deployment {
    pub(super) run: String,
    pub(super) plan: Plan,
    pub(super) instances: Vec<Instance>,
    supervisor: Mutex<Child>,
    supervisor_pid: u32,
    /// Closing it is what takes everything down; it is none after that.
    orders: Mutex<Option<ChildStdin>>,
    pub(super) standings: Arc<watch::Sender<Standings>>,
    /// The supervisor tells of no process any more.
    over: CancellationToken,
    /// Who leads each shard of each database.
    pub(super) leads: std::sync::Mutex<Leads>,
    /// The faults that are in force.
    faults: std::sync::Mutex<Faults>,
    /// Which processes are meant to be there, in the instances' order.
    roster: std::sync::Mutex<Vec<OnRoster>>,
    /// The shards that databases have got since they came up, in order.
    pub(super) grown: std::sync::Mutex<Vec<Grown>>,
    /// What was counted of nodes by their owner.
    counted: std::sync::Mutex<Vec<(NodeIndex, &'static str, u64)>>,
}

/// Whether a process is meant to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OnRoster {
    /// It is not one that autoscaling has not started, or is taking away.
    pub(super) in_service: bool,
    /// Callers are told of it, dead or alive: it has started.
    pub(super) listed: bool,
}

impl OnRoster {
    /// At the start.
    fn of(instance: &Instance) -> Self {
        Self { in_service: !instance.is_spare, listed: !instance.is_spare }
    }
}

/// Why a design is not up, or not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployError(pub String);

/// Where a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The node's id.
    pub node: String,
    /// Which of its instances, counted from zero.
    pub instance: u16,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process id.
    pub pid: u32,
}

impl fmt::Display for Running {
    /// The instance as people write it, counted from one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&called(&self.node, self.instance))
    }
}

impl fmt::Display for DeployError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DeployError {}

impl Deployment {
    /// Starts every instance of every node, callees first, and returns when all of them answer. `progress` is told how
    /// many of how many do.
    ///
    /// # Errors
    /// Which instance did not start and why, or that it was stopped. Everything that was started is down again.
    pub async fn up(
        design: &Design<'_>,
        stop: &CancellationToken,
        progress: impl FnMut(usize, usize),
    ) -> Result<Self, DeployError> {
        run_directory::sweep();
        let mut deployment = Self::with_supervisor(design, instances(design)?)?;
        let result = tokio::select! {
            result = deployment.start_all(design.plan, progress) => result,
            () = stop.cancelled() => Err(DeployError("it was stopped while it was brought up".to_owned())),
        };
        match result {
            Ok(()) => Ok(deployment),
            Err(fault) => {
                deployment.down().await?;
                Err(fault)
            }
        }
    }

    fn with_supervisor(design: &Design, instances: Vec<Instance>) -> Result<Self, DeployError> {
        let mut supervisor = Command::new(design.program)
            .arg0("loadgen")
            .arg("__supervise")
            .arg(run_directory::path_of(design.run))
            .env_clear()
            .env(RUN_VARIABLE, design.run)
            .current_dir("/")
            // Out of the terminal's group: its Ctrl-C is for the agent, which then closes the pipe.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|e| DeployError(format!("the supervisor cannot be started: {e}")))?;
        let orders = supervisor.stdin.take().expect("stdin was asked to be a pipe");
        let reports = supervisor.stdout.take().expect("stdout was asked to be a pipe");
        let standings = Arc::new(watch::Sender::new(Standings::new()));
        let over = CancellationToken::new();
        tokio::spawn(listen(reports, standings.clone(), over.clone()));
        Ok(Self {
            run: design.run.to_owned(),
            leads: std::sync::Mutex::new(leads(design.plan)),
            faults: std::sync::Mutex::new(Faults::none(design.plan, instances.len())),
            grown: std::sync::Mutex::default(),
            counted: std::sync::Mutex::default(),
            plan: design.plan.clone(),
            roster: std::sync::Mutex::new(instances.iter().map(OnRoster::of).collect()),
            instances,
            supervisor_pid: supervisor.id().expect("a child that was not waited for has an id"),
            supervisor: Mutex::new(supervisor),
            orders: Mutex::new(Some(orders)),
            standings,
            over,
        })
    }

    async fn start_all(
        &mut self,
        plan: &Plan,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<(), DeployError> {
        let total = self.roster().iter().filter(|place| place.in_service).count();
        let mut ready = 0;
        progress(ready, total);
        for level in levels(plan) {
            let mut numbers: Vec<ProcessNumber> = (0..self.instances.len())
                .filter(|&i| level.contains(&self.instances[i].node))
                .map(number)
                .collect();
            for &process in &numbers {
                self.fill_in_addresses(process, plan)?;
            }
            // The others wait until they are needed.
            numbers.retain(|&process| self.roster()[process as usize].in_service);
            // A replica of an engine begins as a copy of its primary, which must be there.
            let (first, then): (Vec<_>, Vec<_>) =
                numbers.iter().partition(|&&process| self.followed_by(process).is_none());
            for wave in [first, then] {
                for &process in &wave {
                    self.order_start(process, None).await?;
                }
                let mut waiting: JoinSet<_> = wave.iter().map(|&process| self.readiness(process)).collect();
                while let Some(result) = waiting.join_next().await {
                    result.expect("waiting does not panic and is not aborted")?;
                    ready += 1;
                    progress(ready, total);
                }
            }
            for process in numbers {
                if let Some(address) = self.address(process) {
                    self.instances[process as usize].port.get_or_init(|| address.port());
                }
            }
            for node in level {
                self.introduce(node, &self.in_service(node)).await?;
            }
        }
        Ok(())
    }

    /// Tells an instance where those are that it calls; they are up already.
    fn fill_in_addresses(&mut self, process: ProcessNumber, plan: &Plan) -> Result<(), DeployError> {
        let node = self.instances[process as usize].node;
        let mut addresses = BTreeMap::new();
        for callee in called_by(plan, node) {
            let there = self.numbers_of(callee).filter(|&number| self.roster()[number as usize].in_service);
            let there: Vec<ProcessNumber> = there.collect();
            let found: Option<Vec<SocketAddr>> =
                there.into_iter().map(|number| self.address(number)).collect();
            let id = &plan.node(callee).id;
            let found =
                found.ok_or_else(|| DeployError(format!("node \"{id}\" ended while others were started")))?;
            addresses.insert(id.clone(), found);
        }
        let assignment = &mut self.instances[process as usize].assignment;
        assignment.addresses = addresses;
        assignment.supervisor = self.supervisor_pid;
        Ok(())
    }

    async fn order_start(&self, process: ProcessNumber, port: Option<u16>) -> Result<(), DeployError> {
        self.standings.send_modify(|standings| drop(standings.insert(process, Standing::Starting)));
        // Who comes after the end is not told of it like the others; to write into the pipe may work for a moment longer.
        if self.over.is_cancelled() {
            return Err(DeployError("the supervisor has ended".to_owned()));
        }
        let mut assignment = Box::new(self.instances[process as usize].assignment.clone());
        assignment.primaries = self.primaries();
        let lead = self.followed_by(process);
        assignment.primary = lead.and_then(|lead| self.address(lead).or_else(|| self.last_address(lead)));
        self.order(&Order::Start { process, port, assignment }).await
    }

    pub(super) async fn order(&self, order: &Order) -> Result<(), DeployError> {
        let mut line = serde_json::to_vec(order).expect("an order holds only what JSON can say");
        line.push(b'\n');
        match self.orders.lock().await.as_mut() {
            Some(orders) => orders.write_all(&line).await,
            None => Err(ErrorKind::BrokenPipe.into()),
        }
        .map_err(|e| DeployError(format!("the supervisor does not listen any more: {e}")))
    }

    /// Ends when the instance answers with its own nonce, or has ended, or took too long.
    fn readiness(&self, process: ProcessNumber) -> impl Future<Output = Result<(), DeployError>> + use<> {
        let mut standings = self.standings.subscribe();
        let Assignment { node, instance, nonce, .. } = self.instances[process as usize].assignment.clone();
        let engine = self.plan.node(self.instances[process as usize].node).kind.engine();
        let within = READY_WITHIN.max(ready_within(engine));
        async move {
            let answering = answering(&mut standings, process, &nonce);
            let why = match tokio::time::timeout(within, answering).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(why)) => why,
                Err(_) => format!("it did not answer within {} s", within.as_secs()),
            };
            Err(DeployError(format!("{} did not start: {why}", called(&node, instance))))
        }
    }

    /// The run's id: the value of `LOADGEN_RUN` in every process's environment.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Where an instance listens; none when it is not up.
    pub fn address_of(&self, node: &str, instance: u16) -> Option<SocketAddr> {
        self.number_of(node, instance).ok().and_then(|number| self.address(number))
    }

    /// Every process that runs, in the document's order.
    pub fn running(&self) -> Vec<Running> {
        let standings = self.standings.borrow();
        let running = self.instances.iter().enumerate().filter_map(|(i, instance)| {
            let Some(Standing::Running { pid, port, .. }) = standings.get(&number(i)) else { return None };
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            let Assignment { node, instance, .. } = &instance.assignment;
            Some(Running { node: node.clone(), instance: *instance, address, pid: *pid })
        });
        running.collect()
    }

    /// Which instances of a node run.
    pub fn standing(&self, node: NodeIndex) -> Vec<bool> {
        let standings = self.standings.borrow();
        self.numbers_of(node)
            .map(|number| matches!(standings.get(&number), Some(Standing::Running { .. })))
            .collect()
    }

    /// SIGKILL to an instance's process; returns when it is gone. Killing what is dead already changes nothing.
    ///
    /// # Errors
    /// When there is no such instance, or the supervisor does not answer.
    pub async fn kill(&self, node: &str, instance: u16) -> Result<(), DeployError> {
        self.kill_number(self.number_of(node, instance)?).await
    }

    pub(super) async fn kill_number(&self, process: ProcessNumber) -> Result<(), DeployError> {
        self.order(&Order::Kill { process }).await?;
        let mut standings = self.standings.subscribe();
        let gone = tokio::time::timeout(DOWN_WITHIN, end_of(&mut standings, process)).await;
        gone.map(drop).map_err(|_| DeployError(format!("{} does not end", self.name_of(process))))
    }

    /// Starts a killed instance again, at its old address and empty, after the time that its start takes; returns when it answers. What
    /// runs is left alone.
    ///
    /// # Errors
    /// When there is no such instance, or it does not start.
    pub async fn restore(&self, node: &str, instance: u16) -> Result<(), DeployError> {
        self.restore_number(self.number_of(node, instance)?).await
    }

    pub(super) async fn restore_number(&self, process: ProcessNumber) -> Result<(), DeployError> {
        if self.is_up(process) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_nanos(self.instances[process as usize].start_time.0)).await;
        self.start_anew(process).await?;
        self.introduce(self.instances[process as usize].node, &[process]).await?;
        self.tell_roster(process).await?;
        self.tell_growth(process).await?;
        self.tell_faults(process).await
    }

    /// Starts a process where it was, or where there is room for it; returns when it answers.
    pub(super) async fn start_anew(&self, process: ProcessNumber) -> Result<(), DeployError> {
        let port = &self.instances[process as usize].port;
        self.order_start(process, port.get().copied()).await?;
        self.readiness(process).await?;
        port.get_or_init(|| self.address(process).map_or(0, |address| address.port()));
        Ok(())
    }

    /// Tells a process something, and hears its answer.
    pub(super) async fn tell(&self, process: ProcessNumber, order: &Control) -> Result<Place, DeployError> {
        let cannot = |why: String| DeployError(format!("{}: {why}", self.name_of(process)));
        let address = self.desk(process).ok_or_else(|| cannot("it is not up".to_owned()))?;
        let words = serde_json::to_string(order).expect("an order holds only what JSON can say");
        let nonce = &self.instances[process as usize].assignment.nonce;
        let answer = probe::post(address, CONTROL, nonce, &words).await.map_err(|e| cannot(e.to_string()))?;
        serde_json::from_str(&answer).map_err(|e| cannot(format!("its answer cannot be read: {e}")))
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts something of a node that only its owner can know.
    pub(super) fn note(&self, node: NodeIndex, what: &'static str, count: u64) {
        if count > 0 {
            self.counted.lock().unwrap_or_else(PoisonError::into_inner).push((node, what, count));
        }
    }

    /// What was counted of nodes since this was asked last, besides what their processes say: promotions, writes lost by them.
    pub fn counted(&self) -> Vec<(NodeIndex, &'static str, u64)> {
        std::mem::take(&mut self.counted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn roster(&self) -> MutexGuard<'_, Vec<OnRoster>> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_up(&self, process: ProcessNumber) -> bool {
        self.address(process).is_some()
    }

    /// Where a process that is down was, and will be again.
    pub(super) fn last_address(&self, process: ProcessNumber) -> Option<SocketAddr> {
        let port = self.instances[process as usize].port.get()?;
        Some((Ipv4Addr::LOCALHOST, *port).into())
    }

    fn name_of(&self, process: ProcessNumber) -> String {
        let Assignment { node, instance, .. } = &self.instances[process as usize].assignment;
        called(node, *instance)
    }

    /// Tells of every process that ends, and how, for ever.
    pub async fn watch_ends(&self, mut tell: impl FnMut(String)) {
        let mut standings = self.standings.subscribe();
        let mut ended = vec![false; self.instances.len()];
        loop {
            for (i, told) in ended.iter_mut().enumerate() {
                let end = match standings.borrow_and_update().get(&number(i)) {
                    Some(Standing::Ended { how }) => Some(how.clone()),
                    _ => None,
                };
                if let Some(how) = end.as_ref().filter(|_| !*told) {
                    let Assignment { node, instance, .. } = &self.instances[i].assignment;
                    tell(format!("{} ended: {how}", called(node, *instance)));
                }
                *told = end.is_some();
            }
            // It can only fail when the deployment is gone, and that is borrowed.
            let _ = standings.changed().await;
        }
    }

    /// Takes everything down and returns when it is. Doing it twice changes nothing.
    ///
    /// # Errors
    /// When the supervisor did not end in time: then it was killed, and its processes with it.
    pub async fn down(&self) -> Result<(), DeployError> {
        drop(self.orders.lock().await.take());
        let mut supervisor = self.supervisor.lock().await;
        if tokio::time::timeout(DOWN_WITHIN, supervisor.wait()).await.is_ok() {
            return Ok(());
        }
        let killed = supervisor.kill().await;
        let and = killed.map_or_else(|e| format!("cannot be killed: {e}"), |()| "was killed".to_owned());
        let within = DOWN_WITHIN.as_secs();
        Err(DeployError(format!("the supervisor did not end within {within} s and {and}")))
    }

    pub(super) fn numbers_of(&self, node: NodeIndex) -> impl Iterator<Item = ProcessNumber> + '_ {
        (0..self.instances.len()).filter(move |&i| self.instances[i].node == node).map(number)
    }

    pub(super) fn number_of(&self, node: &str, instance: u16) -> Result<ProcessNumber, DeployError> {
        let is_it = |i: &Instance| i.assignment.node == node && i.assignment.instance == instance;
        let place = self.instances.iter().position(is_it);
        place.map(number).ok_or_else(|| DeployError(format!("there is no {}", called(node, instance))))
    }

    pub(super) fn address(&self, process: ProcessNumber) -> Option<SocketAddr> {
        self.standings.borrow().get(&process).and_then(Standing::address)
    }

    /// Where it answers the agent.
    pub(super) fn desk(&self, process: ProcessNumber) -> Option<SocketAddr> {
        self.standings.borrow().get(&process).and_then(Standing::desk)
    }
}

pub(super) fn number(place: usize) -> ProcessNumber {
    ProcessNumber::try_from(place).expect("check bounds the number of instances")
}

/// As people write it, counted from one.
fn called(node: &str, instance: u16) -> String {
    format!("{node}#{}", u32::from(instance) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{check, three_tier};
    use std::path::Path;

    #[tokio::test]
    async fn what_is_started_after_the_supervisor_has_ended_is_not_waited_for() {
        let document = three_tier();
        let plan = check(&document).unwrap();
        let program = Path::new("/bin/false");
        let design = Design { program, run: "ended", document: &document, plan: &plan, seed: 1 };
        let deployment = Deployment::with_supervisor(&design, instances(&design).unwrap()).unwrap();
        deployment.over.cancelled().await;
        let fault = deployment.order_start(0, None).await.unwrap_err().to_string();
        assert_eq!(fault, "the supervisor has ended");
    }
}
