//! Cores that are shared: by the workers of an instance, or by all instances on a host.
use super::call::{Slot, Stage};
use super::event::Event;
use super::simulation::Simulation;
use super::station::RECENT;
use crate::component::processor::{Discipline, Processor};
use crate::time::{Span, Time};
use crate::topology::NodeKind;

/// A processor at work.
#[derive(Clone, Debug)]
pub(super) struct SharedProcessor {
    processor: Processor,
    cores: f64,
    /// The time of the event that is scheduled for its first job; an event for another time is stale.
    due: Time,
    used_at_reset: u128,
    /// Core-nanoseconds used at the last whole seconds, newest first.
    used_before: [u128; RECENT + 1],
}

impl SharedProcessor {
    fn new(cores: u32, speed: f64) -> Self {
        let mut processor = Processor::new(f64::from(cores), Discipline::ProcessorSharing);
        processor.set_speed(Time::ZERO, speed);
        Self {
            processor,
            cores: f64::from(cores),
            due: Time::NEVER,
            used_at_reset: 0,
            used_before: [0; RECENT + 1],
        }
    }

    pub(super) fn tick(&mut self, now: Time) {
        self.used_before.rotate_right(1);
        self.used_before[0] = self.processor.used(now);
    }

    pub(super) fn reset_statistics(&mut self, now: Time) {
        self.used_at_reset = self.processor.used(now);
    }

    /// The share of its cores that was used since the reset, over `duration`.
    pub(super) fn utilization_since_reset(&self, now: Time, duration: Span) -> f64 {
        let used = self.processor.used(now) - self.used_at_reset;
        used as f64 / duration.0.max(1) as f64 / self.cores
    }

    /// The share of its cores that was used in the last whole second.
    pub(super) fn utilization_in_last_second(&self) -> f64 {
        (self.used_before[0] - self.used_before[1]) as f64 / 1e9 / self.cores
    }

    /// The share of its cores that was used since the oldest whole second that is remembered, `window` seconds ago.
    pub(super) fn utilization_recently(&self, now: Time, window: f64) -> f64 {
        let used = self.processor.used(now) - self.used_before[RECENT];
        (used as f64 / 1e9 / window / self.cores).min(1.0)
    }
}

impl Simulation {
    /// Makes a processor for each host and for each instance whose workers share cores.
    pub(super) fn share_processors(&mut self) {
        let plan = self.plan.clone();
        self.processors =
            plan.hosts.iter().map(|host| SharedProcessor::new(host.cores, host.speed)).collect();
        for (i, node) in plan.nodes.iter().enumerate() {
            let work = match &node.kind {
                NodeKind::Service(service) => Some(&service.work),
                NodeKind::Workers(workers) => Some(&workers.work),
                _ => None,
            };
            for station in 0..self.nodes[i].stations.len() {
                let processor = match (node.host, work) {
                    (Some(host), _) => u32::from(host),
                    (None, Some(work)) if work.cores > 0 => {
                        self.processors.push(SharedProcessor::new(work.cores, 1.0));
                        (self.processors.len() - 1) as u32
                    }
                    _ => continue,
                };
                self.nodes[i].stations[station].processor = Some(processor);
                self.nodes[i].stations[station].line = None;
                self.nodes[i].only_answers = false;
            }
        }
    }

    /// A call's own work goes to cores that are shared.
    pub(super) fn start_on_cpu(&mut self, processor: u32, slot: Slot, work: Span) {
        self.calls[slot].stage = Stage::OnCpu;
        self.processors[processor as usize].processor.start(self.now, slot, work);
        self.plan_cpu(processor);
    }

    /// Takes a call's work off again.
    pub(super) fn take_off_cpu(&mut self, processor: u32, slot: Slot) {
        self.processors[processor as usize].processor.remove(self.now, slot);
        self.plan_cpu(processor);
    }

    /// Puts the end of its first job on the agenda.
    fn plan_cpu(&mut self, processor: u32) {
        let shared = &mut self.processors[processor as usize];
        let due = shared.processor.next().unwrap_or(Time::NEVER);
        if due != shared.due {
            shared.due = due;
            if due != Time::NEVER {
                self.agenda.push(due, Event::Cpu(processor));
            }
        }
    }

    /// The first job of a processor may be done.
    pub(super) fn cpu_done(&mut self, processor: u32) {
        if self.processors[processor as usize].due != self.now {
            return;
        }
        self.processors[processor as usize].due = Time::NEVER;
        while let Some(slot) = self.processors[processor as usize].processor.finish(self.now) {
            self.calls[slot].stage = Stage::Working;
            self.at_once.push_back(Event::Finish(slot));
        }
        self.plan_cpu(processor);
    }
}
