//! Replicas take the place of primaries: when these have been dead for so long as the design says, or when somebody asks.
//!
//! The most advanced member that is up becomes the primary. Which writes are lost that somebody had been told of is counted in
//! the old primary's own file.
use super::assignment::Assignment;
use super::control::{Control, Place};
use super::database::{FILE, acknowledged_after};
use super::deployment::{DeployError, Deployment, number};
use super::engine;
use super::freshness;
use super::layout::Instance;
use super::order::ProcessNumber;
use super::run_directory;
use crate::clock::Clock;
use loadpath_core::id::NodeIndex;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{DatabaseNode, NodeKind, Plan};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::PoisonError;

/// Who leads a shard, in which term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lead {
    pub(super) member: u16,
    term: u64,
}

/// Who leads each shard of each database.
pub(super) type Leads = BTreeMap<NodeIndex, Vec<Lead>>;

/// A shard of a database.
type Shard = (NodeIndex, u16);

impl Deployment {
    /// Minds the primaries of its databases, for ever: after its design's failover time the place of a dead one is taken.
    pub async fn mind(&self) {
        let clock = Clock::start();
        let mut standings = self.standings.subscribe();
        let mut died: BTreeMap<Shard, Time> = BTreeMap::new();
        loop {
            standings.borrow_and_update();
            let mut due = Time::NEVER;
            for (shard, failover) in self.minded() {
                if self.is_up(self.lead_of(shard)) {
                    died.remove(&shard);
                    continue;
                }
                let at = *died.entry(shard).or_insert(clock.now()) + failover;
                if at > clock.now() {
                    due = due.min(at);
                } else if self.promote(shard.0, shard.1).await.is_ok() {
                    // Where there is nobody to promote, whoever comes back wakes this up.
                    died.remove(&shard);
                }
            }
            tokio::select! {
                // It can only fail when the deployment is gone, and that is borrowed.
                _ = standings.changed() => {}
                () = tokio::time::sleep_until(clock.instant(due)) => {}
            }
        }
    }

    /// A shard's most advanced replica becomes its primary, and the one before follows it if it lives.
    ///
    /// # Errors
    /// When no replica is up, or one does not do as it is told.
    pub async fn promote(&self, node: NodeIndex, shard: u16) -> Result<(), DeployError> {
        let NodeKind::Database(spec) = &self.plan.node(node).kind else {
            return Err(DeployError("only databases have replicas that could be promoted".to_owned()));
        };
        let (id, copies) = (&self.plan.node(node).id, spec.copies());
        if let Some(why) = spec.unpromotable() {
            return Err(DeployError(format!("\"{id}\": {why}")));
        }
        let (lead, old) = (self.lead(node, shard), self.lead_of((node, shard)));
        let servers: Vec<ProcessNumber> = self.numbers_of(node).collect();
        let of_member = |member: u16| servers[usize::from(shard * copies + member)];
        let others: Vec<u16> = (0..copies).filter(|&member| member != lead.member).collect();
        let nobody = || DeployError(format!("no replica of \"{id}\" is up"));
        if !others.iter().any(|&member| self.is_up(of_member(member))) {
            return Err(nobody());
        }
        let lives_on = self.is_up(old);
        if lives_on {
            self.tell(old, &Control::StepDown).await?;
        }
        let mut asked: Vec<(Place, u16)> = Vec::new();
        for member in others {
            if let Ok(place) = self.tell(of_member(member), &Control::Tell).await {
                asked.push((place, member));
            }
        }
        let best = asked.iter().max_by_key(|(place, member)| (place.applied, Reverse(*member)));
        let &(place, member) = best.ok_or_else(nobody)?;
        let is_engine = self.instances[old as usize].assignment.engine.is_some();
        // Ours is read before it follows the new one, which undoes what is lost.
        let lost = if is_engine { 0 } else { self.lost_writes(old, place.applied)? };
        let promoted = self.tell(of_member(member), &Control::Promote { term: lead.term }).await?;
        self.set_lead(node, shard, Lead { member, term: lead.term + 1 });
        self.note(node, "promotions", 1);
        self.note(node, "lost_writes", lost);
        let order = Control::Primary { node: id.clone(), shard, member };
        let is_told = |other| other == node || self.plan.callees(other).any(|callee| callee == node);
        self.tell_all(is_told, &order).await;
        if is_engine {
            let asked: Vec<u16> = asked.into_iter().map(|(_, member)| member).collect();
            self.leave_behind((node, old), promoted, &asked, lives_on).await?;
        }
        Ok(())
    }

    /// An engine leads no more: what is lost with its log is counted, and it begins again as a copy of the other, if it lives.
    async fn leave_behind(
        &self,
        (node, old): (NodeIndex, ProcessNumber),
        fork: Place,
        asked: &[u16],
        lives_on: bool,
    ) -> Result<(), DeployError> {
        freshness::begin_anew(&run_directory::path_of(&self.run), &self.plan.node(node).id);
        if let Some(program) = &self.instances[old as usize].assignment.engine {
            let fork = (fork.term, fork.applied);
            let lost = engine::lost_writes(program, &self.directory_of(old), fork, asked).await;
            let lost = lost.map_err(|why| DeployError(format!("what was lost cannot be counted: {why}")))?;
            self.note(node, "lost_writes", lost);
        }
        if lives_on {
            self.kill_number(old).await?;
            self.restore_number(old).await?;
        }
        Ok(())
    }

    /// How many writes of a server somebody was told of that are not in the first `kept` of its log.
    fn lost_writes(&self, old: ProcessNumber, kept: u64) -> Result<u64, DeployError> {
        let file = self.directory_of(old).join(FILE);
        acknowledged_after(&file, kept)
            .map_err(|e| DeployError(format!("the log of {} cannot be read: {e}", file.display())))
    }

    /// The own directory of a process.
    fn directory_of(&self, process: ProcessNumber) -> PathBuf {
        let Assignment { node, instance, .. } = &self.instances[process as usize].assignment;
        run_directory::path_of(&self.run).join(format!("{node}.{instance}"))
    }

    /// Whom a server of a database follows, if that is an engine: it begins as a copy of him. None for who leads.
    pub(super) fn followed_by(&self, process: ProcessNumber) -> Option<ProcessNumber> {
        let Instance { node, assignment, .. } = &self.instances[process as usize];
        let NodeKind::Database(spec) = &self.plan.node(*node).kind else { return None };
        assignment.engine.as_ref()?;
        let lead = self.lead_of((*node, assignment.instance / spec.copies()));
        (lead != process).then_some(lead)
    }

    /// Who leads a shard of a database.
    fn lead(&self, node: NodeIndex, shard: u16) -> Lead {
        let leads = self.leads.lock().unwrap_or_else(PoisonError::into_inner);
        leads.get(&node).and_then(|leads| leads.get(usize::from(shard))).copied().unwrap_or_default()
    }

    fn set_lead(&self, node: NodeIndex, shard: u16, lead: Lead) {
        let mut leads = self.leads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = leads.get_mut(&node).and_then(|leads| leads.get_mut(usize::from(shard))) {
            *place = lead;
        }
    }

    /// A shard more has its first member as the primary.
    pub(super) fn another_leads(&self, node: NodeIndex) {
        let mut leads = self.leads.lock().unwrap_or_else(PoisonError::into_inner);
        leads.entry(node).or_default().push(Lead::default());
    }

    pub(super) fn primaries(&self) -> BTreeMap<String, Vec<u16>> {
        let leads = self.leads.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |(node, leads): (&NodeIndex, &Vec<Lead>)| {
            (self.plan.node(*node).id.clone(), leads.iter().map(|lead| lead.member).collect())
        };
        leads.iter().map(of).collect()
    }

    /// The shards whose primaries are minded, and how long after one's death another takes its place.
    fn minded(&self) -> Vec<(Shard, Span)> {
        let nodes = self.plan.nodes.iter().enumerate();
        let shards = nodes.filter_map(|(i, node)| match &node.kind {
            NodeKind::Database(spec) if spec.unpromotable().is_none() && spec.failover > Span::ZERO => {
                Some((0..spec.shards).map(move |shard| ((NodeIndex(i as u16), shard), spec.failover)))
            }
            _ => None,
        });
        shards.flatten().collect()
    }

    /// The process that takes, or took, the writes of a shard.
    fn lead_of(&self, (node, shard): Shard) -> ProcessNumber {
        let NodeKind::Database(spec) = &self.plan.node(node).kind else {
            unreachable!("only databases have shards")
        };
        let place = usize::from(shard * spec.copies() + self.lead(node, shard).member);
        self.numbers_of(node).nth(place).expect("a database has all its servers")
    }

    /// Tells the servers of a database where all of them are.
    pub(super) async fn introduce(&self, node: NodeIndex, who: &[ProcessNumber]) -> Result<(), DeployError> {
        let NodeKind::Database(DatabaseNode { replicas: 1.., .. }) = &self.plan.node(node).kind else {
            return Ok(());
        };
        // One that is down is found where it was; those of a shard that is not there yet are nowhere.
        let address = |process: ProcessNumber| {
            self.address(process).or_else(|| self.last_address(process)).ok_or_else(|| {
                DeployError(format!("a server of \"{}\" was never up", self.plan.node(node).id))
            })
        };
        let addresses = self.in_service(node).into_iter().map(address).collect::<Result<Vec<_>, _>>()?;
        for &process in who {
            self.tell(process, &Control::Servers { addresses: addresses.clone() }).await?;
        }
        Ok(())
    }

    /// Tells every process of some nodes something; those that are down learn it when they are started.
    pub(super) async fn tell_all(&self, is_told: impl Fn(NodeIndex) -> bool, order: &Control) {
        let told = (0..self.instances.len()).filter(|&i| is_told(self.instances[i].node)).map(number);
        for process in told {
            // One that has just died has nothing to learn.
            let _ = self.tell(process, order).await;
        }
    }
}

/// The first member of each shard leads.
pub(super) fn leads(plan: &Plan) -> Leads {
    let nodes = plan.nodes.iter().enumerate();
    let leads = nodes.filter_map(|(i, node)| match &node.kind {
        NodeKind::Database(spec) => {
            Some((NodeIndex(i as u16), vec![Lead::default(); usize::from(spec.shards)]))
        }
        _ => None,
    });
    leads.collect()
}
