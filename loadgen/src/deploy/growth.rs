//! A database gets another shard while it works: its servers are started, and whoever asks it learns that keys move there.
use super::control::Control;
use super::deployment::{DeployError, Deployment};
use super::key_map::Growth;
use super::layout::called_by;
use super::order::ProcessNumber;
use crate::clock::Clock;
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::{Action, NodeKind, Plan};
use std::sync::PoisonError;

/// A shard that was added: to which database, how many keys move there each second, and a clock that began when they did.
pub(super) type Grown = (NodeIndex, f64, Clock);

/// How many servers of a node the plan's timeline adds.
pub fn added_servers(plan: &Plan, node: NodeIndex) -> u16 {
    let NodeKind::Database(spec) = &plan.node(node).kind else { return 0 };
    let adds = |action: &Action| matches!(action, Action::AddShard(to, _) if *to == node);
    plan.timeline.iter().filter(|(_, action)| adds(action)).count() as u16 * spec.copies()
}

impl Deployment {
    /// Starts a shard's servers, and has keys move there.
    pub(super) async fn add_shard(&self, node: NodeIndex, rate: f64) -> Result<(), DeployError> {
        let NodeKind::Database(spec) = &self.plan.node(node).kind else { return Ok(()) };
        let new = self.spares(node, usize::from(spec.copies()));
        if new.len() < usize::from(spec.copies()) {
            let why = "a shard more was not foreseen: put it on the timeline, and its servers are held ready";
            return Err(DeployError(why.to_owned()));
        }
        for &process in &new {
            self.start_anew(process).await?;
        }
        for &process in &new {
            let place = &mut self.roster()[process as usize];
            (place.in_service, place.listed) = (true, true);
        }
        self.another_leads(node);
        self.introduce(node, &new).await?;
        let grown = (node, rate, Clock::start());
        self.grown().push(grown);
        let order = self.growth(grown);
        self.tell_all(|caller| called_by(&self.plan, caller).contains(&node), &order).await;
        // Whoever moves the keys may be down; then they are only asked for elsewhere.
        if let Some(mover) = self.numbers_of(node).next() {
            let _ = self.tell(mover, &order).await;
        }
        Ok(())
    }

    /// Tells a process that was started of the shards that databases have got: those that it calls, and its own.
    pub(super) async fn tell_growth(&self, process: ProcessNumber) -> Result<(), DeployError> {
        let own = self.instances[process as usize].node;
        let mover = |node: NodeIndex| own == node && self.numbers_of(node).next() == Some(process);
        let all = self.grown().clone();
        for grown in all {
            if called_by(&self.plan, own).contains(&grown.0) || mover(grown.0) {
                self.tell(process, &self.growth(grown)).await?;
            }
        }
        Ok(())
    }

    fn growth(&self, (node, rate, begun): Grown) -> Control {
        let growth = Growth { rate, ago: Span(begun.now().0) };
        let addresses = self.in_service(node).into_iter().filter_map(|process| self.last_address(process));
        Control::Grow { node: self.plan.node(node).id.clone(), growth, addresses: addresses.collect() }
    }

    fn grown(&self) -> std::sync::MutexGuard<'_, Vec<Grown>> {
        self.grown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
