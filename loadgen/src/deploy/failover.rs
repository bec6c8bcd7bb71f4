//! Replicas take the place of primaries: when these have been dead for so long as the design says, or when somebody asks.
//!
//! The most advanced member that is up becomes the primary. Which writes are lost that somebody had been told of is counted in
//! the old primary's own file.
use super::control::{Control, Place};
use super::database::{FILE, acknowledged_after};
use super::deployment::{DeployError, Deployment, number};
use super::order::ProcessNumber;
use super::run_directory;
use crate::clock::Clock;
use loadpath_core::id::NodeIndex;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{DatabaseNode, NodeKind, Plan};
use std::cmp::Reverse;
use std::collections::BTreeMap;
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
        let (id, copies) = match &self.plan.node(node).kind {
            NodeKind::Database(spec) if spec.replicas > 0 => (&self.plan.node(node).id, spec.copies()),
            _ => return Err(DeployError("there is no replica that could be promoted".to_owned())),
        };
        let (lead, old) = (self.lead(node, shard), self.lead_of((node, shard)));
        if self.is_up(old) {
            self.tell(old, &Control::StepDown).await?;
        }
        let servers: Vec<ProcessNumber> = self.numbers_of(node).collect();
        let base = usize::from(shard * copies);
        let mut best: Option<(Place, u16)> = None;
        for member in (0..copies).filter(|&member| member != lead.member) {
            let process = servers[base + usize::from(member)];
            if let Ok(place) = self.tell(process, &Control::Tell).await {
                let rank = |(place, member): (Place, u16)| (place.applied, Reverse(member));
                if best.is_none_or(|before| rank(before) < rank((place, member))) {
                    best = Some((place, member));
                }
            }
        }
        let (place, member) = best.ok_or_else(|| DeployError(format!("no replica of \"{id}\" is up")))?;
        let file = run_directory::path_of(&self.run);
        let file = file.join(format!("{id}.{}", shard * copies + lead.member)).join(FILE);
        let lost = acknowledged_after(&file, place.applied)
            .map_err(|e| DeployError(format!("the log of {} cannot be read: {e}", file.display())))?;
        self.tell(servers[base + usize::from(member)], &Control::Promote { term: lead.term }).await?;
        self.set_lead(node, shard, Lead { member, term: lead.term + 1 });
        self.note(node, "promotions", 1);
        self.note(node, "lost_writes", lost);
        let order = Control::Primary { node: id.clone(), shard, member };
        self.tell_all(|caller| self.plan.callees(caller).any(|callee| callee == node), &order).await;
        Ok(())
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
            NodeKind::Database(spec) if spec.replicas > 0 && spec.failover > Span::ZERO => {
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
