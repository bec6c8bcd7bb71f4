//! A service on sockets: its own time first, then its calls, with the worker held throughout.
//!
//! Which calls it makes for which operation, and which of them it can do without, is [`Steps`], as in the simulator.
use super::assignment::Assignment;
use super::edge::{Called, Edge};
use super::guard::Guard;
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::Work;
use futures_util::future::join_all;
use hyper::Method;
use loadpath_core::dist::{Law, Sampler};
use loadpath_core::id::{EdgeIndex, NodeIndex};
use loadpath_core::rng::Rng;
use loadpath_core::run::Outcome;
use loadpath_core::time::Span;
use loadpath_core::topology::{Mode, NodeKind, Plan, Role, ServiceNode, Step, Steps};
use std::rc::Rc;

/// A service.
pub(super) struct Service {
    pub(super) instance: Instance,
    work: Work,
    /// Waiting of its own, when there is any.
    pause: Option<Sampler>,
    /// How long who waits stays, if not for ever.
    patience: Option<Sampler>,
    error_share: f64,
    guard: Guard,
    steps: Steps,
    /// The edges that leave it, each with the share of reads by it that are joins.
    edges: Vec<(EdgeIndex, Rc<Edge>, f64)>,
}

impl Service {
    /// Its instance and the edges that leave it.
    pub(super) fn new(
        plan: &Plan,
        index: NodeIndex,
        spec: &ServiceNode,
        assignment: &Assignment,
        instance: Instance,
    ) -> Self {
        let edge = |&edge: &EdgeIndex| {
            let joins = match &plan.node(plan.edge(edge).to).kind {
                NodeKind::Database(database) => database.joins,
                _ => 0.0,
            };
            (edge, Edge::new(plan, edge, assignment, &instance.time), joins)
        };
        Self {
            work: Work::new(&spec.work.service_time.scaled(1.0 / spec.work.speed)),
            pause: (spec.work.pause.mean() > Span::ZERO).then(|| spec.work.pause.sampler()),
            patience: spec.work.patience.as_ref().map(Law::sampler),
            error_share: spec.work.error_share,
            guard: Guard::new(plan, spec),
            steps: Steps::new(plan, index),
            edges: plan.node(index).out.iter().map(edge).collect(),
            instance,
        }
    }

    /// Whoever leaves the node.
    pub(super) fn edges(&self) -> impl Iterator<Item = &Rc<Edge>> {
        self.edges.iter().map(|(_, edge, _)| edge)
    }

    /// Its own time, then its calls; the first that is lost and matters ends the request.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let mut timing = Timing::default();
        let arrived = self.instance.time.clock.now();
        if let Err(outcome) = self.guard.admit(ask, arrived, &self.instance, &mut timing) {
            return Answer::of(outcome, timing);
        }
        let outcome = self.serve(ask, &mut timing).await;
        self.guard.ended(self.instance.time.clock.now(), arrived, outcome);
        self.edges().for_each(|edge| edge.report(&mut timing));
        Answer::of(outcome, timing)
    }

    async fn serve(&self, ask: &Ask, timing: &mut Timing) -> Outcome {
        let instance = &self.instance;
        let stays = self.patience.as_ref().map(|law| instance.chance.draw(law));
        let priority = self.guard.priority(ask);
        let _worker = match instance.admit_with(priority, stays, timing).await {
            Ok(worker) => worker,
            Err(outcome) => return outcome,
        };
        if self.guard.is_too_late(ask, instance.time.clock.now()) {
            instance.counts.add("shed");
            return Outcome::TimedOut;
        }
        self.work.spend(instance, drop).await;
        if let Some(pause) = &self.pause {
            let until = instance.time.clock.now() + instance.chance.draw(pause);
            instance.time.until(until).await;
        }
        if self.error_share > 0.0 && instance.chance.with(Rng::unit) < self.error_share {
            return Outcome::Failed;
        }
        self.make_calls(ask, timing).await
    }

    async fn make_calls(&self, ask: &Ask, timing: &mut Timing) -> Outcome {
        let steps = self.steps.of(ask.operation);
        let (mut hit, mut place) = (false, 0);
        while let Some(step) = steps.get(place) {
            place += 1;
            let count = self.count_of(ask, step, hit);
            if count == 0 {
                continue;
            }
            if step.mode == Mode::Asynchronous || step.role == Role::Fill {
                (0..count).for_each(|_| self.edge(step).1.let_go(asked(ask, step.role)));
                continue;
            }
            if self.is_join(step) {
                if self.ask_all_shards(ask, step, timing).await {
                    return Outcome::Failed;
                }
                continue;
            }
            let lost = match step.mode {
                Mode::Parallel => {
                    let mut calls = vec![step; usize::from(count)];
                    // Neighbours that are parallel too set out together.
                    while let Some(next) = steps.get(place).filter(|next| sets_out_too(next)) {
                        place += 1;
                        calls.extend(vec![next; usize::from(self.count_of(ask, next, hit))]);
                    }
                    self.make_together(ask, &calls, &mut hit, timing).await
                }
                _ => self.make_in_turn(ask, step, count, &mut hit, timing).await,
            };
            if lost {
                return Outcome::Failed;
            }
        }
        Outcome::Ok
    }

    /// How many calls this request makes by a step's edge: the whole part of the mean, and one more by chance.
    fn count_of(&self, ask: &Ask, step: &Step, hit: bool) -> u16 {
        if step.classes >> ask.origin.class & 1 == 0 || hit && step.role != Role::Other {
            return 0;
        }
        let (whole, rest) = (step.calls as u16, step.calls.fract());
        if rest == 0.0 {
            return whole;
        }
        whole + u16::from(self.instance.chance.with(Rng::unit) < rest)
    }

    /// One call after the other; whether one was lost that matters.
    async fn make_in_turn(
        &self,
        ask: &Ask,
        step: &Step,
        count: u16,
        hit: &mut bool,
        timing: &mut Timing,
    ) -> bool {
        for _ in 0..count {
            let called = self.edge(step).1.ask(&asked(ask, step.role), timing).await;
            if heard(step.role, called, hit) {
                return true;
            }
        }
        false
    }

    /// Several calls at once; whether one was lost that matters.
    async fn make_together(&self, ask: &Ask, steps: &[&Step], hit: &mut bool, timing: &mut Timing) -> bool {
        let calls = steps.iter().map(|step| async move {
            let mut timing = Timing::default();
            let called = self.edge(step).1.ask(&asked(ask, step.role), &mut timing).await;
            (step.role, called, timing)
        });
        let mut lost = false;
        for (role, called, own) in join_all(calls).await {
            timing.append(&own);
            lost |= heard(role, called, hit);
        }
        lost
    }

    fn is_join(&self, step: &Step) -> bool {
        let joins = self.edge(step).2;
        step.role == Role::Join && self.instance.chance.with(Rng::unit) < joins
    }

    /// Asks every shard at once; whether one did not answer.
    async fn ask_all_shards(&self, ask: &Ask, step: &Step, timing: &mut Timing) -> bool {
        let edge = &self.edge(step).1;
        let ask = &asked(ask, step.role);
        let calls = edge.one_of_each(ask.origin.user).into_iter().map(|instance| async move {
            let mut timing = Timing::default();
            let called = edge.ask_at(instance, ask, &mut timing).await;
            (called, timing)
        });
        let mut lost = false;
        for (called, own) in join_all(calls).await {
            timing.append(&own);
            lost |= called.outcome != Outcome::Ok;
        }
        lost
    }

    fn edge(&self, step: &Step) -> &(EdgeIndex, Rc<Edge>, f64) {
        self.edges
            .iter()
            .find(|(edge, ..)| *edge == step.edge)
            .expect("steps are made by the node's own edges")
    }
}

fn sets_out_too(step: &Step) -> bool {
    step.mode == Mode::Parallel && step.role != Role::Fill && step.role != Role::Join
}

/// What a call's end means to the request: whether it is lost.
fn heard(role: Role, called: Called, hit: &mut bool) -> bool {
    let lost = called.outcome != Outcome::Ok;
    match role {
        // A cache that does not answer is a miss; what it should have forgotten went with it.
        Role::Lookup => *hit |= !lost && called.hit,
        Role::Fill | Role::Delete | Role::Update => {}
        Role::Data | Role::Join | Role::Other => return lost,
    }
    false
}

/// What is asked of the callee of a step.
fn asked(ask: &Ask, role: Role) -> Ask {
    match role {
        Role::Other => ask.clone(),
        Role::Lookup => ask.of_key(Method::GET),
        Role::Data | Role::Join => ask.of_key(ask.method.clone()),
        Role::Fill | Role::Update => ask.of_key(Method::PUT),
        Role::Delete => ask.of_key(Method::DELETE),
    }
}
