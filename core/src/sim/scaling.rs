//! How many instances there are: autoscaling on what monitoring saw, and rolling deployments.
use super::counter::Counter;
use super::node::State;
use super::rare::Rare;
use super::simulation::Simulation;
use crate::component::scaling::Autoscaler;
use crate::time::{Span, Time};
use crate::topology::{Autoscaling, NodeKind, ScaleBy};

/// How often a rolling deployment looks whether it can go on.
const LOOK: Span = Span::from_millis(100);
/// How long an instance that is taken away may end what it has: what Kubernetes grants (terminationGracePeriodSeconds).
const GRACE: Span = Span::from_millis(30_000);

/// What autoscaling knows of a tier.
#[derive(Clone, Debug)]
pub(super) struct Scaling {
    pub(super) autoscaler: Autoscaler,
    /// It follows the backlog, not utilization.
    pub(super) by_backlog: bool,
    /// Worker-nanoseconds that were taken when monitoring last looked.
    pub(super) taken: u64,
    /// How long each instance has been in service.
    tenures: Vec<Tenure>,
}

/// How long an instance has been in service since the statistics were reset.
#[derive(Clone, Copy, Debug, Default)]
struct Tenure {
    /// Before `since`.
    ended: Span,
    /// When it came into service, or the reset; none while it is out of service.
    since: Option<Time>,
}

impl Tenure {
    fn until(self, now: Time) -> Span {
        self.since.map_or(self.ended, |since| self.ended + now.since(since))
    }

    fn end(&mut self, now: Time) {
        *self = Self { ended: self.until(now), since: None };
    }

    fn reset(&mut self, now: Time) {
        *self = Self { ended: Span::ZERO, since: self.since.map(|_| now) };
    }
}

impl Scaling {
    pub(super) fn new(spec: &Autoscaling, start_time: Span) -> Self {
        let by_backlog = spec.by == ScaleBy::Backlog;
        Self { autoscaler: spec.autoscaler(start_time), by_backlog, taken: 0, tenures: Vec::new() }
    }

    fn start(&mut self, drawn: usize, most: usize, now: Time) {
        let tenure = |i| Tenure { since: (i < drawn).then_some(now), ..Tenure::default() };
        self.tenures = (0..most).map(tenure).collect();
    }

    /// An instance is in service from now on.
    pub(super) fn joined(&mut self, instance: u16, now: Time) {
        self.tenures[usize::from(instance)].since.get_or_insert(now);
    }

    pub(super) fn reset_statistics(&mut self, now: Time) {
        self.tenures.iter_mut().for_each(|tenure| tenure.reset(now));
    }

    /// How many instances were in service since the reset, averaged over this time.
    pub(super) fn mean_in_service(&self, now: Time, duration: Span) -> f64 {
        self.tenures.iter().map(|tenure| tenure.until(now).as_secs()).sum::<f64>() / duration.as_secs()
    }
}

impl Simulation {
    /// Instances beyond those that are drawn are not in service yet; monitoring begins to look.
    pub(super) fn start_scaling(&mut self, node: usize) {
        let drawn = usize::from(self.plan.nodes[node].kind.instances());
        for station in &mut self.nodes[node].stations[drawn..] {
            station.up = false;
            station.in_service = false;
        }
        self.nodes[node].note_up(self.now);
        let most = self.nodes[node].stations.len();
        (drawn..most).for_each(|instance| self.leave_balancers(node, instance as u16));
        if let Some(scaling) = &mut self.nodes[node].scaling {
            scaling.start(drawn, most, self.now);
            self.plan_look(node);
        }
    }

    /// So many instances are to be in service: more are started, or some leave.
    pub(super) fn scale_to(&mut self, node: usize, desired: usize) {
        let places = 0..self.nodes[node].stations.len();
        let stations = &self.nodes[node].stations;
        let (serving, free): (Vec<usize>, Vec<usize>) = places.partition(|&i| stations[i].in_service);
        let wanted = desired.saturating_sub(serving.len());
        let idle = |&&instance: &&usize| self.nodes[node].stations[instance].in_flight == 0;
        let starting: Vec<usize> = free.iter().filter(idle).take(wanted).copied().collect();
        for instance in starting {
            self.count(node, Counter::Started);
            self.nodes[node].stations[instance].up = false;
            self.restore(node, instance as u16);
        }
        for &instance in serving.iter().skip(desired) {
            self.count(node, Counter::Stopped);
            self.leave(node, instance as u16);
        }
        if serving.len() > desired {
            self.stop_idle(node);
        }
    }

    /// An instance is taken out of service: it gets nothing new, and ends what it has.
    fn leave(&mut self, node: usize, instance: u16) {
        let station = &mut self.nodes[node].stations[usize::from(instance)];
        (station.in_service, station.restarting, station.starting) = (false, false, None);
        if let Some(scaling) = &mut self.nodes[node].scaling {
            scaling.tenures[usize::from(instance)].end(self.now);
        }
        self.nodes[node].note_up(self.now);
        self.left(node, instance);
    }

    /// Whoever gives an instance work knows that it takes none.
    fn left(&mut self, node: usize, instance: u16) {
        if let State::Workers(_) = self.nodes[node].state {
            self.workers_changed(node, instance, false);
        }
        self.leave_balancers(node, instance);
    }

    /// Instances that were taken out of service stop when they have nothing to do.
    pub(super) fn stop_idle(&mut self, node: usize) {
        let mut busy = false;
        for instance in 0..self.nodes[node].stations.len() {
            let station = &self.nodes[node].stations[instance];
            if station.in_service || !station.up {
                continue;
            }
            if station.in_flight == 0 {
                self.kill(node, instance as u16);
            } else {
                busy = true;
            }
        }
        if busy {
            self.plan_rarely(self.now + LOOK, Rare::StopIdle { node });
        }
    }

    /// No balancer and no DNS gives an instance anything new.
    fn leave_balancers(&mut self, node: usize, instance: u16) {
        for i in 0..self.nodes.len() {
            if matches!(self.nodes[i].state, State::LoadBalancer(_)) {
                self.target_left(i, node, instance);
            }
        }
    }

    /// A rolling deployment takes the next instance away when the one before is back, or is over.
    pub(super) fn deploy_next(&mut self, node: usize, instance: u16, pause: Span) {
        if instance > 0 && !self.is_back(node, instance - 1) {
            return self.plan_rarely(self.now + LOOK, Rare::Deploy { node, instance, pause });
        }
        let stations = &self.nodes[node].stations;
        let Some(next) = (usize::from(instance)..stations.len()).find(|&i| stations[i].serves()) else {
            return;
        };
        let instance = next as u16;
        self.nodes[node].stations[next].restarting = true;
        self.nodes[node].note_up(self.now);
        self.left(node, instance);
        self.drain(node, instance, pause, self.now + GRACE);
    }

    /// Whether a restarted instance gets requests again, or is no longer meant to.
    fn is_back(&self, node: usize, instance: u16) -> bool {
        let station = &self.nodes[node].stations[usize::from(instance)];
        let known = || (0..self.nodes.len()).all(|balancer| self.trusts(balancer, node, instance));
        !station.in_service || station.serves() && known()
    }

    /// An instance that gets nothing new is stopped when it has ended what it had, and started again after the pause; then
    /// the next one's turn comes.
    pub(super) fn drain(&mut self, node: usize, instance: u16, pause: Span, until: Time) {
        let station = &self.nodes[node].stations[usize::from(instance)];
        if station.in_flight > 0 && self.now < until && station.in_service {
            return self.plan_rarely(self.now + LOOK, Rare::Stop { node, instance, pause, until });
        }
        let mut back = self.now;
        if station.in_service {
            back = self.now + pause + self.nodes[node].start_time();
            self.kill(node, instance);
            self.nodes[node].stations[usize::from(instance)].starting = Some(back);
            self.plan_rarely(back, Rare::Started { node, instance });
        }
        self.plan_rarely(back, Rare::Deploy { node, instance: instance + 1, pause });
    }
}

/// What of a plan's node scales.
pub(super) fn scaling_of(kind: &NodeKind) -> Option<Scaling> {
    match kind {
        NodeKind::Service(service) => {
            service.autoscaling.as_ref().map(|spec| Scaling::new(spec, service.work.start_time))
        }
        NodeKind::Workers(workers) => {
            workers.autoscaling.as_ref().map(|spec| Scaling::new(spec, workers.work.start_time))
        }
        _ => None,
    }
}
