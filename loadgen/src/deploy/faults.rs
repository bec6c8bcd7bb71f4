//! What is done to a deployment while it works: the actions of the document's timeline, for real.
use super::control::Control;
use super::deployment::{DeployError, Deployment};
use super::layout::front;
use super::order::{Order, ProcessNumber};
use loadpath_core::id::{EdgeIndex, NodeIndex};
use loadpath_core::sim::{Command, CommandFault};
use loadpath_core::time::Span;
use loadpath_core::topology::{Action, NodeKind, Plan};
use std::time::Duration;

/// How long an instance that gets nothing new may take to end what it has, before it is restarted: as in the simulator.
const GRACE: Duration = Duration::from_secs(30);
/// How often it is asked whether it has.
const LOOK: Duration = Duration::from_millis(20);

/// The faults that are in force, so that what is restored comes back to them.
pub(super) struct Faults {
    /// How many times longer each process's work takes.
    slow: Vec<f64>,
    /// Edges by which no packet passes.
    severed: Vec<bool>,
    /// Pairs of zones between which none passes, by first and second.
    apart: Vec<bool>,
}

impl Faults {
    /// None.
    pub(super) fn none(plan: &Plan, processes: usize) -> Self {
        let zones = plan.zones.len();
        Self {
            slow: vec![1.0; processes],
            severed: vec![false; plan.edges.len()],
            apart: vec![false; zones * zones],
        }
    }

    fn is_cut(&self, plan: &Plan, (from, edge): Link) -> bool {
        let zones = (plan.node(from).zone, plan.node(plan.edge(edge).to).zone);
        let apart = |(a, b): (u16, u16)| self.apart[usize::from(a) * plan.zones.len() + usize::from(b)];
        self.severed[edge.index()] || zones.0.zip(zones.1).is_some_and(apart)
    }
}

/// A way that calls take: who calls, and by which edge of the design.
type Link = (NodeIndex, EdgeIndex);

/// All ways: the edges, and those by which clients go where DNS leads them.
fn links(plan: &Plan) -> impl Iterator<Item = Link> + '_ {
    let drawn = plan.edges.iter().enumerate().map(|(i, edge)| (edge.from, EdgeIndex(i as u16)));
    drawn.chain(plan.resolved_ways())
}

/// The node whose processes make a node's calls: one stands for all clients; none does where they are this program itself.
fn caller_of(plan: &Plan, node: NodeIndex) -> Option<NodeIndex> {
    if matches!(plan.node(node).kind, NodeKind::Clients(_)) { front(plan) } else { Some(node) }
}

/// What a command means in this plan.
///
/// # Errors
/// When there is no such node, zone, edge or instance, or the number is out of range.
pub fn action_of(plan: &Plan, command: &Command) -> Result<Action, CommandFault> {
    let node = |id: &String| plan.find(id).ok_or_else(|| CommandFault::NoSuchNode(id.clone()));
    let zone = |id: &String| {
        let place = plan.zones.iter().position(|zone| zone.id == *id);
        place.map(|place| place as u16).ok_or_else(|| CommandFault::NoSuchZone(id.clone()))
    };
    let other = |id: &Option<String>| id.as_ref().map(zone).transpose();
    let edge = |from: &String, to: &String| {
        let ends = (node(from)?, node(to)?);
        let place = plan.edges.iter().position(|edge| (edge.from, edge.to) == ends);
        let place = place.ok_or_else(|| CommandFault::NoSuchEdge(from.clone(), to.clone()))?;
        Ok(EdgeIndex(place as u16))
    };
    let instance = |id: &String, instance: u16| {
        let place = node(id)?;
        if matches!(plan.node(place).kind, NodeKind::Clients(_)) {
            return Err(CommandFault::NotAnInstance(id.clone()));
        }
        let there = instance < plan.node(place).kind.most_instances();
        if there { Ok(place) } else { Err(CommandFault::NoSuchInstance(id.clone(), instance)) }
    };
    let within = |value: f64, least: f64, most: f64, fault: CommandFault| {
        if (least..=most).contains(&value) { Ok(value) } else { Err(fault) }
    };
    Ok(match command {
        Command::Kill { node, instance: i } => Action::Kill(instance(node, *i)?, Some(*i)),
        Command::Restore { node, instance: i } => Action::Restore(instance(node, *i)?, Some(*i)),
        Command::SetRate { rate } => {
            Action::SetRate(within(*rate, f64::MIN_POSITIVE, 1e7, CommandFault::BadRate(*rate))?)
        }
        Command::Slow { node, instance: i, factor } => {
            let factor = within(*factor, 0.01, 1_000.0, CommandFault::BadFactor(*factor))?;
            Action::Slow(instance(node, i.unwrap_or(0))?, *i, factor)
        }
        Command::Flush { node: id } => Action::Flush(node(id)?),
        Command::Partition { zone: id, other: two } => Action::Partition(zone(id)?, other(two)?),
        Command::Heal { zone: id, other: two } => Action::Heal(zone(id)?, other(two)?),
        Command::Cut { from, to } => Action::Cut(edge(from, to)?),
        Command::Join { from, to } => Action::Join(edge(from, to)?),
        Command::LoseZone { zone: id } => Action::LoseZone(zone(id)?),
        Command::RestoreZone { zone: id } => Action::RestoreZone(zone(id)?),
        Command::Promote { node: id, shard } => Action::Promote(node(id)?, *shard),
        Command::AddShard { node: id, rate } => Action::AddShard(node(id)?, *rate),
        Command::Deploy { node: id, pause_ns } => Action::Deploy(node(id)?, Span(*pause_ns)),
    })
}

impl Deployment {
    /// Does what is commanded, in the words of the simulator.
    ///
    /// # Errors
    /// When it names what is not there, or as [`Deployment::act`].
    pub async fn command(&self, command: &Command) -> Result<(), DeployError> {
        let action = action_of(&self.plan, command).map_err(|fault| DeployError(fault.to_string()))?;
        self.act(&action).await
    }

    /// Does something to the design, now; returns when it is done.
    ///
    /// # Errors
    /// When it cannot be done to a running design, or a process does not do as it is told.
    pub async fn act(&self, action: &Action) -> Result<(), DeployError> {
        if let Some(why) = super::engine::unable(&self.plan, action) {
            return Err(DeployError(why));
        }
        match action {
            Action::Kill(node, instance) => self.kill_all(&self.some(*node, *instance)).await,
            Action::Restore(node, instance) => self.restore_all(&self.some(*node, *instance)).await,
            Action::Slow(node, instance, factor) => self.slow(&self.some(*node, *instance), *factor).await,
            Action::Flush(node) => {
                self.tell_all(|told| told == *node, &Control::Flush).await;
                Ok(())
            }
            Action::Partition(zone, other) => self.set_apart(*zone, *other, true).await,
            Action::Heal(zone, other) => self.set_apart(*zone, *other, false).await,
            Action::Cut(edge) => self.sever(*edge, true).await,
            Action::Join(edge) => self.sever(*edge, false).await,
            Action::LoseZone(zone) => self.kill_all(&self.in_zone(*zone)).await,
            Action::RestoreZone(zone) => self.restore_all(&self.in_zone(*zone)).await,
            Action::Promote(node, shard) => self.promote(*node, *shard).await,
            Action::Deploy(node, pause) => self.restart_in_turn(*node, *pause).await,
            Action::AddShard(node, rate) => self.add_shard(*node, *rate).await,
            Action::SetRate(_) => {
                Err(DeployError("this cannot be done to running processes; it is only simulated".to_owned()))
            }
        }
    }

    /// SIGSTOP to an instance's process, which goes on where it was after SIGCONT: it hangs, and its connections stay open.
    ///
    /// # Errors
    /// When there is no such instance, or the supervisor does not answer.
    pub async fn hang(&self, node: &str, instance: u16, hangs: bool) -> Result<(), DeployError> {
        let process = self.number_of(node, instance)?;
        self.order(&Order::Hang { process, hangs }).await
    }

    fn some(&self, node: NodeIndex, instance: Option<u16>) -> Vec<ProcessNumber> {
        // What autoscaling has not started is not there.
        let is_there = |process: &ProcessNumber| self.roster()[*process as usize].in_service;
        let numbers = self.numbers_of(node).filter(is_there).enumerate();
        numbers.filter(|(i, _)| instance.is_none_or(|one| usize::from(one) == *i)).map(|(_, n)| n).collect()
    }

    fn in_zone(&self, zone: u16) -> Vec<ProcessNumber> {
        let is_lost = |&i: &usize| {
            // The process that stands for clients is not where they are.
            let node = &self.plan.nodes[i];
            node.zone == Some(zone) && !matches!(node.kind, NodeKind::Clients(_))
        };
        let nodes = (0..self.plan.nodes.len()).filter(is_lost);
        nodes.flat_map(|i| self.some(NodeIndex(i as u16), None)).collect()
    }

    async fn kill_all(&self, processes: &[ProcessNumber]) -> Result<(), DeployError> {
        for &process in processes {
            self.order(&Order::Kill { process }).await?;
        }
        for &process in processes {
            self.kill_number(process).await?;
        }
        Ok(())
    }

    async fn restore_all(&self, processes: &[ProcessNumber]) -> Result<(), DeployError> {
        for &process in processes {
            self.restore_number(process).await?;
        }
        Ok(())
    }

    async fn slow(&self, processes: &[ProcessNumber], factor: f64) -> Result<(), DeployError> {
        for &process in processes {
            self.faults().slow[process as usize] = factor;
            if self.is_up(process) {
                self.tell(process, &Control::Slow { factor }).await?;
            }
        }
        Ok(())
    }

    async fn sever(&self, edge: EdgeIndex, cut: bool) -> Result<(), DeployError> {
        if caller_of(&self.plan, self.plan.edge(edge).from).is_none() {
            return Err(DeployError(
                "the clients are this program itself, unless its timeline cuts them off: cut an edge between two nodes"
                    .to_owned(),
            ));
        }
        self.faults().severed[edge.index()] = cut;
        self.tell_cuts(|other| other == edge).await;
        Ok(())
    }

    async fn set_apart(&self, zone: u16, other: Option<u16>, apart: bool) -> Result<(), DeployError> {
        let zones = self.plan.zones.len() as u16;
        let others = (0..zones).filter(|&i| i != zone && other.is_none_or(|other| other == i));
        for i in others {
            let (a, b, n) = (usize::from(zone), usize::from(i), usize::from(zones));
            let mut faults = self.faults();
            (faults.apart[a * n + b], faults.apart[b * n + a]) = (apart, apart);
        }
        self.tell_cuts(|_| true).await;
        Ok(())
    }

    /// Tells callers which of their edges pass packets now.
    async fn tell_cuts(&self, concerned: impl Fn(EdgeIndex) -> bool) {
        for link in links(&self.plan).filter(|&(_, edge)| concerned(edge)) {
            let cut = self.faults().is_cut(&self.plan, link);
            let caller = caller_of(&self.plan, link.0);
            self.tell_all(|node| Some(node) == caller, &self.cut(link, cut)).await;
        }
    }

    fn cut(&self, (from, edge): Link, cut: bool) -> Control {
        let [from, to] = [from, self.plan.edge(edge).to].map(|node| self.plan.node(node).id.clone());
        Control::Cut { from, to, cut }
    }

    /// What a process that was started again must know of the faults that are in force.
    pub(super) async fn tell_faults(&self, process: ProcessNumber) -> Result<(), DeployError> {
        let factor = self.faults().slow[process as usize];
        if factor != 1.0 {
            self.tell(process, &Control::Slow { factor }).await?;
        }
        let node = self.instances[process as usize].node;
        for link in links(&self.plan).filter(|&(from, _)| caller_of(&self.plan, from) == Some(node)) {
            let is_cut = self.faults().is_cut(&self.plan, link);
            if is_cut {
                self.tell(process, &self.cut(link, true)).await?;
            }
        }
        Ok(())
    }

    /// Each instance in turn gets nothing new, ends what it has, is down for the pause, and is trusted again before the next.
    async fn restart_in_turn(&self, node: NodeIndex, pause: Span) -> Result<(), DeployError> {
        for process in self.numbers_of(node).collect::<Vec<_>>() {
            if !self.is_up(process) {
                continue;
            }
            self.tell(process, &Control::Drain).await?;
            tokio::time::sleep(self.notice(node, |fall, _| fall)).await;
            let begun = crate::clock::Clock::start();
            while self.in_flight(process).await > 0 && begun.now().0 < GRACE.as_nanos() as u64 {
                tokio::time::sleep(LOOK).await;
            }
            self.kill_number(process).await?;
            tokio::time::sleep(Duration::from_nanos(pause.0)).await;
            self.restore_number(process).await?;
            tokio::time::sleep(self.notice(node, |_, rise| rise)).await;
        }
        Ok(())
    }

    /// How long balancers take to notice a change of an instance: the longest of those that call the node.
    fn notice(&self, node: NodeIndex, of: impl Fn(u32, u32) -> u32) -> Duration {
        let callers = self.plan.edges.iter().filter(|edge| edge.to == node);
        let takes = callers.filter_map(|edge| match &self.plan.node(edge.from).kind {
            NodeKind::LoadBalancer(spec) => {
                // One probe more: they are not in step with this.
                Some(spec.check_interval.0 * (1 + u64::from(of(spec.fall, spec.rise))))
            }
            _ => None,
        });
        Duration::from_nanos(takes.max().unwrap_or(0))
    }
}
