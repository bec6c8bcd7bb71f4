//! What is done to a simulation from outside or by its timeline: deaths, restarts, partitions, and the rest.
use super::call::{Call, NO_CALL, Slot, Stage};
use super::command::{Command, CommandFault};
use super::node::State;
use super::rare::Rare;
use super::simulation::Simulation;
use crate::id::{EdgeIndex, NodeIndex};
use crate::run::Outcome;
use crate::time::Span;
use crate::topology::{Action, catalog};

impl Simulation {
    /// Does something to the design, now.
    ///
    /// # Errors
    /// When there is no such node, zone or instance, or a number is out of range; nothing has changed then.
    pub fn command(&mut self, command: &Command) -> Result<(), CommandFault> {
        let action = self.resolve(command)?;
        self.act(&action);
        Ok(())
    }

    fn resolve(&self, command: &Command) -> Result<Action, CommandFault> {
        Ok(match command {
            Command::Kill { node, instance } => {
                Action::Kill(self.find(node, Some(*instance))?, Some(*instance))
            }
            Command::Restore { node, instance } => {
                Action::Restore(self.find(node, Some(*instance))?, Some(*instance))
            }
            Command::SetRate { rate } => Action::SetRate(sound_rate(*rate)?),
            Command::Slow { node, instance, factor } => {
                if !(0.01..=1_000.0).contains(factor) {
                    return Err(CommandFault::BadFactor(*factor));
                }
                Action::Slow(self.find(node, *instance)?, *instance, *factor)
            }
            Command::Flush { node } => Action::Flush(self.find_kind(node, "a cache or a CDN", |state| {
                matches!(state, State::Cache(_) | State::Cdn(_))
            })?),
            Command::Partition { zone, other } => {
                Action::Partition(self.zone(zone)?, other.as_deref().map(|id| self.zone(id)).transpose()?)
            }
            Command::Heal { zone, other } => {
                Action::Heal(self.zone(zone)?, other.as_deref().map(|id| self.zone(id)).transpose()?)
            }
            Command::Cut { from, to } => Action::Cut(self.edge_between(from, to)?),
            Command::Join { from, to } => Action::Join(self.edge_between(from, to)?),
            Command::LoseZone { zone } => Action::LoseZone(self.zone(zone)?),
            Command::RestoreZone { zone } => Action::RestoreZone(self.zone(zone)?),
            Command::Promote { node, shard } => {
                let place = self.find_kind(
                    node,
                    "a database with replicas and one primary",
                    |state| matches!(state, State::Database(database) if database.can_promote(*shard)),
                )?;
                Action::Promote(place, *shard)
            }
            Command::AddShard { node, rate } => {
                let is_database = |state: &State| matches!(state, State::Database(_));
                Action::AddShard(self.find_kind(node, "a database", is_database)?, sound_rate(*rate)?)
            }
            Command::Deploy { node, pause_ns } => {
                let place = self.find_kind(node, "a service, workers or a load balancer", |state| {
                    matches!(state, State::Service(_) | State::Workers(_) | State::LoadBalancer(_))
                })?;
                Action::Deploy(place, Span(*pause_ns))
            }
        })
    }

    fn find(&self, id: &str, instance: Option<u16>) -> Result<NodeIndex, CommandFault> {
        let place = self.find_kind(id, "a node", |_| true)?;
        let stations = &self.nodes[place.index()].stations;
        if stations.is_empty() {
            return Err(CommandFault::NotAnInstance(id.to_owned()));
        }
        match instance {
            Some(instance) if usize::from(instance) >= stations.len() => {
                Err(CommandFault::NoSuchInstance(id.to_owned(), instance))
            }
            _ => Ok(place),
        }
    }

    fn find_kind(
        &self,
        id: &str,
        wanted: &'static str,
        fits: impl Fn(&State) -> bool,
    ) -> Result<NodeIndex, CommandFault> {
        let place = self.plan.find(id).ok_or_else(|| CommandFault::NoSuchNode(id.to_owned()))?;
        if !fits(&self.nodes[place.index()].state) {
            return Err(CommandFault::WrongKind(id.to_owned(), wanted));
        }
        Ok(place)
    }

    fn edge_between(&self, from: &str, to: &str) -> Result<EdgeIndex, CommandFault> {
        let node = |id: &str| self.plan.find(id).ok_or_else(|| CommandFault::NoSuchNode(id.to_owned()));
        let ends = (node(from)?, node(to)?);
        let place = self.plan.edges.iter().position(|edge| (edge.from, edge.to) == ends);
        let fault = || CommandFault::NoSuchEdge(from.to_owned(), to.to_owned());
        place.map(|place| EdgeIndex(place as u16)).ok_or_else(fault)
    }

    fn zone(&self, id: &str) -> Result<u16, CommandFault> {
        let place = self.plan.zones.iter().position(|zone| zone.id == id);
        place.map(|place| place as u16).ok_or_else(|| CommandFault::NoSuchZone(id.to_owned()))
    }

    /// Puts the first thing on the timeline on the agenda.
    pub(super) fn plan_timeline(&mut self) {
        if let Some(&(at, _)) = self.plan.timeline.first() {
            self.plan_rarely(at, Rare::Timeline(0));
        }
    }

    /// The next thing on the timeline happens.
    pub(super) fn happen(&mut self, place: usize) {
        let plan = self.plan.clone();
        self.act(&plan.timeline[place].1);
        if let Some(&(at, _)) = plan.timeline.get(place + 1) {
            self.plan_rarely(at, Rare::Timeline(place + 1));
        }
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Kill(node, instance) => self.each_instance(*node, *instance, Self::kill),
            Action::Restore(node, instance) => self.each_instance(*node, *instance, Self::restore),
            Action::Slow(node, instance, factor) => {
                let factor = *factor;
                self.each_instance(*node, *instance, |simulation, node, instance| {
                    simulation.nodes[node].stations[usize::from(instance)].slowness = factor;
                });
            }
            Action::SetRate(rate) => self.set_rate(*rate),
            Action::Flush(node) => {
                let count = self.nodes[node.index()].stations.len() as u16;
                (0..count).for_each(|instance| self.nodes[node.index()].flush(instance));
            }
            Action::Partition(zone, other) => self.cut(*zone, *other, true),
            Action::Heal(zone, other) => self.cut(*zone, *other, false),
            Action::Cut(edge) => self.sever(*edge, true),
            Action::Join(edge) => self.sever(*edge, false),
            Action::LoseZone(zone) => self.in_zone(*zone, Self::kill),
            Action::RestoreZone(zone) => self.in_zone(*zone, Self::restore),
            Action::Promote(node, shard) => self.promote(node.index(), *shard),
            Action::AddShard(node, rate) => self.add_shard(node.index(), *rate),
            Action::Deploy(node, pause) => self.deploy_next(node.index(), 0, *pause),
        }
    }

    fn each_instance(&mut self, node: NodeIndex, instance: Option<u16>, act: impl Fn(&mut Self, usize, u16)) {
        match instance {
            Some(instance) => act(self, node.index(), instance),
            None => {
                (0..self.nodes[node.index()].stations.len()).for_each(|i| act(self, node.index(), i as u16));
            }
        }
    }

    fn in_zone(&mut self, zone: u16, act: impl Fn(&mut Self, usize, u16)) {
        let plan = self.plan.clone();
        for (i, _) in plan.nodes.iter().enumerate().filter(|(_, node)| node.zone == Some(zone)) {
            self.each_instance(NodeIndex(i as u16), None, &act);
        }
    }

    /// Cuts a zone off from another, or from all others, or joins them again.
    fn cut(&mut self, zone: u16, other: Option<u16>, cut: bool) {
        let n = self.plan.zones.len();
        for i in
            (0..n).filter(|&i| i != usize::from(zone) && other.is_none_or(|other| i == usize::from(other)))
        {
            self.cuts[usize::from(zone) * n + i] = cut;
            self.cuts[i * n + usize::from(zone)] = cut;
        }
        self.find_cut_ways();
    }

    /// Cuts an edge, with every way that goes by it, or joins it again.
    fn sever(&mut self, edge: EdgeIndex, cut: bool) {
        let since = cut.then_some(self.now);
        self.edges.iter_mut().filter(|link| link.shown_as == edge).for_each(|link| link.severed = since);
        self.find_cut_ways();
    }

    /// Looks by which ways packets pass now.
    fn find_cut_ways(&mut self) {
        for i in 0..self.edges.len() {
            let zone_of = |node: NodeIndex| self.plan.node(node).zone;
            let link = &self.edges[i];
            let cut = link.severed.is_some() || self.is_cut(zone_of(link.from), zone_of(link.to));
            self.edges[i].cut = cut;
        }
        // Workers that can be reached again get what waits.
        for i in 0..self.nodes.len() {
            if matches!(self.nodes[i].state, State::Queue(_)) {
                self.hand_out_all(i);
            }
        }
    }

    /// Whether no packet passes between two zones.
    pub(super) fn is_cut(&self, from: Option<u16>, to: Option<u16>) -> bool {
        match (from, to) {
            (Some(from), Some(to)) => self.cuts[usize::from(from) * self.plan.zones.len() + usize::from(to)],
            _ => false,
        }
    }

    /// An instance dies.
    pub(super) fn kill(&mut self, place: usize, instance: u16) {
        // Whoever is still starting never will have.
        self.nodes[place].stations[usize::from(instance)].starting = None;
        if !self.nodes[place].stations[usize::from(instance)].up {
            return;
        }
        self.nodes[place].stations[usize::from(instance)].kill(self.now);
        self.nodes[place].note_up(self.now);
        self.nodes[place].forget(instance);
        let now = self.now;
        let at_work = |call: &Call| {
            call.node.index() == place
                && call.leaves > now
                && call.instance == instance
                && !call.orphan
                && matches!(
                    call.stage,
                    Stage::Queued | Stage::Working | Stage::OnCpu | Stage::Calling | Stage::Parked
                )
        };
        for slot in self.calls.find(at_work) {
            self.break_off(slot);
        }
        // What waited was broken off with the rest.
        self.nodes[place].stations[usize::from(instance)].queue.drain().for_each(drop);
        match self.nodes[place].state {
            State::Database(_) => self.database_died(place, instance),
            State::Workers(_) => self.workers_changed(place, instance, false),
            _ => {}
        }
    }

    /// The instance that worked on a call has died: the caller learns it. Where an event of the call is on the agenda, what is
    /// left of it is an orphan until then.
    fn break_off(&mut self, slot: Slot) {
        let call = self.calls[slot];
        match call.stage {
            Stage::Working => {
                let news = self.calls.add(call);
                self.trace_moved(slot, news);
                let left = &mut self.calls[slot];
                left.orphan = true;
                left.source = 0;
                left.parent = NO_CALL;
                return self.answer(news, Outcome::Failed);
            }
            Stage::OnCpu => {
                let station = &self.nodes[call.node.index()].stations[usize::from(call.instance)];
                let processor = station.processor.expect("a call is on the processor of its instance");
                self.take_off_cpu(processor, slot);
            }
            // Nothing else refers to it, but for calls of its own, which find it answered.
            _ => {}
        }
        self.answer(slot, Outcome::Failed);
    }

    /// A dead instance starts again; it serves when its start is over.
    pub(super) fn restore(&mut self, node: usize, instance: u16) {
        let at = self.now + self.nodes[node].start_time();
        let station = &mut self.nodes[node].stations[usize::from(instance)];
        if station.up || station.starting.is_some() {
            return;
        }
        if !station.in_service {
            // What it did not do before it was there is no idleness.
            (station.in_service, station.in_flight_since) = (true, self.now);
            if let Some(scaling) = &mut self.nodes[node].scaling {
                scaling.joined(instance, self.now);
            }
        }
        self.nodes[node].stations[usize::from(instance)].starting = Some(at);
        if at == self.now {
            return self.started(node, instance);
        }
        self.plan_rarely(at, Rare::Started { node, instance });
    }

    /// An instance serves from now on, unless its start was cut short.
    pub(super) fn started(&mut self, node: usize, instance: u16) {
        let station = &mut self.nodes[node].stations[usize::from(instance)];
        if station.starting != Some(self.now) || !station.in_service {
            return;
        }
        (station.up, station.starting, station.restarting) = (true, None, false);
        self.nodes[node].note_up(self.now);
        match self.nodes[node].state {
            State::Database(_) => self.database_returned(node, instance),
            State::Queue(_) => self.hand_out_all(node),
            State::Workers(_) => {
                self.workers_changed(node, instance, true);
                self.workers_free(node);
            }
            _ => {}
        }
    }
}

fn sound_rate(rate: f64) -> Result<f64, CommandFault> {
    if rate > 0.0 && rate <= catalog::MAX_RATE { Ok(rate) } else { Err(CommandFault::BadRate(rate)) }
}
