//! Makes the histograms: of the running interval, of the second, and of the run.
//!
//! A request belongs to the interval and the second in which it *ended*. It belongs to the run when it was *due* after
//! the warm-up: the run's requests are those of the plan, each of them once, however late it ended.
use super::notes::{self, Evidence};
use super::{Ending, Hop, Recorder, Sample};
use loadpath_core::run::{Breakdown, ClassRun, NodeRun, Outcome, Outcomes, Run, Second, Source};
use loadpath_core::stats::{Batches, Histogram, Precision};
use loadpath_core::time::{Span, Time};
use loadpath_core::wire::{ClassInterval, Interval, NodeInterval};

/// Confidence of every interval of a run.
const CONFIDENCE: f64 = 0.95;
/// What ends so shortly after the last planned send begins no second of its own.
const TAIL: Span = Span::from_millis(100);

/// What only the attack knows of its run.
#[derive(Clone, Debug)]
pub struct Told {
    /// What the run is called.
    pub name: String,
    /// What was aimed at.
    pub target: String,
    /// When it began, in seconds since 1970.
    pub started_unix: u64,
    /// The planned rate, per second.
    pub offered_rate: f64,
    /// How long requests were due after the warm-up; shorter when the run was stopped.
    pub duration: Span,
    /// How many connections there were.
    pub connections: usize,
    /// How many requests each could carry at once.
    pub streams: usize,
    /// What the answers were checked for, as endings count it.
    pub checks: Vec<String>,
}

/// Which of the attack's nodes are measured by the clients themselves, by their places; all others tell their callers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SeenHere {
    /// The clients: their response counts from the planned send.
    pub clients: Option<usize>,
    /// The node that the clients call: its response counts from the actual send.
    pub entry: Option<usize>,
}

/// Counts what a [`Recorder`] has seen.
#[derive(Debug)]
pub struct Tally {
    classes: Vec<String>,
    nodes: Vec<String>,
    seen: SeenHere,
    start: Time,
    warm_up: Span,
    /// When the last request is due, at the latest.
    last: Time,
    /// Of the running interval: what belongs to the run, and what was due in the warm-up. The run is their sum when intervals close,
    /// so that a request is recorded once.
    interval: Counts,
    warming: Counts,
    interval_start: Time,
    intervals: u64,
    /// How many due requests the intervals so far have told of.
    told_due: u64,
    run: Counts,
    batches: Vec<Batches>,
    seconds: Vec<Second>,
    second: Histogram,
    evidence: Evidence,
    last_end: Time,
    ended: u64,
}

/// What is counted of the requests of an interval, or of a run.
#[derive(Debug)]
struct Counts {
    classes: Vec<ClassCounts>,
    nodes: Vec<NodeCounts>,
    send_delay: Histogram,
    connect: Histogram,
}

#[derive(Debug, Default)]
struct ClassCounts {
    outcomes: Outcomes,
    response: Histogram,
    service: Histogram,
    breakdown: Breakdown,
}

#[derive(Debug)]
struct NodeCounts {
    outcomes: Outcomes,
    response: Histogram,
    wait: Histogram,
    lookups: u64,
    hits: u64,
}

impl Tally {
    /// For a load that starts at `start` of the attack's clock, and counts for `duration` after `warm_up`.
    pub fn new(
        classes: Vec<String>,
        nodes: Vec<String>,
        seen: SeenHere,
        start: Time,
        (warm_up, duration): (Span, Span),
    ) -> Self {
        Self {
            last: start + warm_up + duration,
            interval: Counts::new(classes.len(), nodes.len()),
            warming: Counts::new(classes.len(), nodes.len()),
            run: Counts::new(classes.len(), nodes.len()),
            batches: vec![Batches::new(); classes.len()],
            classes,
            nodes,
            seen,
            start,
            warm_up,
            interval_start: start,
            intervals: 0,
            told_due: 0,
            seconds: Vec::new(),
            second: Histogram::new(Precision::Fine),
            evidence: Evidence::new(),
            last_end: start,
            ended: 0,
        }
    }

    /// Takes what was seen until now, and closes the seconds that are over at `now`.
    pub fn take(&mut self, recorder: &Recorder, now: Time) {
        let seen: Vec<_> = recorder.take().collect();
        let mut samples: Vec<(Sample, &[Hop])> = Vec::new();
        for shard in &seen {
            // Those that were opened before the load or in its warm-up are no worse than others, and often they are all there are.
            shard.connects.iter().for_each(|&took| self.interval.connect.record(took));
            let mut hops = shard.hops.as_slice();
            for &(sample, count) in &shard.samples {
                let (own, rest) = hops.split_at(usize::from(count));
                hops = rest;
                samples.push((sample, own));
            }
        }
        // The shards are put back in the order of time: batches and seconds need it.
        samples.sort_by_key(|(sample, _)| sample.end);
        for (sample, hops) in samples {
            self.close_seconds(sample.end);
            self.add(&sample, hops);
        }
        self.close_seconds(now);
    }

    fn add(&mut self, sample: &Sample, hops: &[Hop]) {
        self.last_end = self.last_end.max(sample.end);
        self.ended += 1;
        let second = self.seconds.last_mut().expect("close_seconds has begun one");
        second.outcomes.add(sample.ending.outcome());
        self.second.record(sample.end.since(sample.due));
        if sample.due.since(self.start) >= self.warm_up {
            self.interval.add(sample, hops, self.seen);
            self.batches[usize::from(sample.class)].add(sample.end.since(sample.due));
            self.evidence.add(sample);
        } else {
            self.warming.add(sample, hops, self.seen);
        }
    }

    /// Begins the second that `now` lies in, and all before it.
    fn close_seconds(&mut self, now: Time) {
        while self.seconds.len() <= self.second_of(now) {
            self.close_second();
            self.seconds.push(Second::default());
        }
    }

    /// The number of the second that `at` lies in. What ends just after the last planned send belongs to the last planned
    /// second: a second of its own would show a rate that never was.
    fn second_of(&self, at: Time) -> usize {
        let at = if at < self.last + TAIL { at.min(Time(self.last.0.saturating_sub(1))) } else { at };
        (at.since(self.start).0 / Span::SECOND.0) as usize
    }

    fn close_second(&mut self) {
        if let Some(last) = self.seconds.last_mut() {
            last.p99_ns = self.second.quantile(0.99).0;
            self.second.clear();
        }
    }

    /// Ends the interval at `now` and begins the next. Numbers have no gaps; an interval is longer than a second when
    /// nobody could take it earlier.
    pub fn close_interval(&mut self, recorder: &Recorder, now: Time) -> Interval {
        let empty = || Counts::new(self.classes.len(), self.nodes.len());
        let warming = std::mem::replace(&mut self.warming, empty());
        let mut counts = std::mem::replace(&mut self.interval, empty());
        self.run.merge(&counts);
        counts.merge(&warming);
        let due: u64 = recorder.offered().iter().sum();
        let interval = Interval {
            number: self.intervals,
            start: self.interval_start.since(self.start),
            length: now.since(self.interval_start),
            offered: due - self.told_due,
            classes: counts.classes.into_iter().zip(&self.classes).map(class_interval).collect(),
            nodes: counts.nodes.into_iter().zip(&self.nodes).map(node_interval).collect(),
            send_delay: counts.send_delay,
            connect: counts.connect,
        };
        self.intervals += 1;
        self.interval_start = now;
        self.told_due = due;
        interval
    }

    /// Whether a new second has begun since the running interval did.
    pub fn interval_is_over(&self, now: Time) -> bool {
        self.second_of(now) > self.second_of(self.interval_start)
    }

    /// How many requests have ended so far, those of the warm-up included.
    pub const fn ended(&self) -> u64 {
        self.ended
    }

    /// The run. Its duration reaches from the end of the warm-up to the end of the last request, so that the achieved
    /// rate of a target that answers too slowly is what it really was.
    pub fn finish(mut self, recorder: &Recorder, told: &Told) -> Run {
        self.close_second();
        self.run.merge(&self.interval);
        let source = Source::Measured {
            target: told.target.clone(),
            by: format!("loadgen {}", env!("CARGO_PKG_VERSION")),
        };
        let mut run = Run::new(&told.name, source, told.offered_rate);
        run.started_unix = told.started_unix;
        run.warm_up = self.warm_up;
        run.duration = told.duration.max(self.last_end.since(self.start + self.warm_up));
        let counted = self.run.classes.into_iter().zip(self.classes).zip(&self.batches);
        run.classes = counted.map(|((counts, name), batches)| class_run(counts, name, batches)).collect();
        run.nodes = self.run.nodes.into_iter().zip(self.nodes).map(node_run).collect();
        run.send_delay = self.run.send_delay;
        run.connect = self.run.connect;
        for (second, offered) in self.seconds.iter_mut().zip(recorder.offered()) {
            second.offered = offered;
        }
        run.series = self.seconds;
        run.notes = notes::notes(&run, &self.evidence, told);
        run
    }
}

impl Counts {
    fn new(classes: usize, nodes: usize) -> Self {
        Self {
            classes: (0..classes).map(|_| ClassCounts::default()).collect(),
            nodes: (0..nodes).map(|_| NodeCounts::new()).collect(),
            send_delay: Histogram::default(),
            connect: Histogram::default(),
        }
    }

    /// Adds what another counted of the same classes and nodes.
    fn merge(&mut self, other: &Self) {
        for (class, other) in self.classes.iter_mut().zip(&other.classes) {
            class.outcomes.merge(&other.outcomes);
            class.response.merge(&other.response);
            class.service.merge(&other.service);
            class.breakdown.merge(&other.breakdown);
        }
        for (node, other) in self.nodes.iter_mut().zip(&other.nodes) {
            node.outcomes.merge(&other.outcomes);
            node.response.merge(&other.response);
            node.wait.merge(&other.wait);
            node.lookups += other.lookups;
            node.hits += other.hits;
        }
        self.send_delay.merge(&other.send_delay);
        self.connect.merge(&other.connect);
    }

    fn add(&mut self, sample: &Sample, hops: &[Hop], seen: SeenHere) {
        let class = &mut self.classes[usize::from(sample.class)];
        let outcome = sample.ending.outcome();
        class.outcomes.add(outcome);
        let response = sample.end.since(sample.due);
        class.response.record(response);
        class.breakdown.record(outcome, response);
        if let Some(first_byte) = sample.first_byte {
            class.breakdown.first_byte.record(first_byte.since(sample.sent));
        }
        if let Some(clients) = seen.clients {
            self.nodes[clients].call(outcome, response);
        }
        if sample.ending != Ending::NeverSent {
            let service = sample.end.since(sample.sent);
            class.service.record(service);
            self.send_delay.record(sample.sent.since(sample.due));
            if let Some(entry) = seen.entry {
                self.nodes[entry].call(outcome, service);
            }
        }
        for hop in hops {
            match *hop {
                Hop::Call { node, outcome, response } => {
                    self.nodes[usize::from(node)].call(outcome, response);
                }
                Hop::Wait { node, wait } => self.nodes[usize::from(node)].wait.record(wait),
                Hop::Lookup { node, hit } => {
                    self.nodes[usize::from(node)].lookups += 1;
                    self.nodes[usize::from(node)].hits += u64::from(hit);
                }
            }
        }
    }
}

impl NodeCounts {
    fn new() -> Self {
        Self {
            outcomes: Outcomes::default(),
            response: Histogram::new(Precision::Coarse),
            wait: Histogram::new(Precision::Coarse),
            lookups: 0,
            hits: 0,
        }
    }

    fn call(&mut self, outcome: Outcome, response: Span) {
        self.outcomes.add(outcome);
        self.response.record(response);
    }

    fn hit_ratio(&self) -> Option<f64> {
        (self.lookups > 0).then(|| self.hits as f64 / self.lookups as f64)
    }
}

fn class_interval((counts, name): (ClassCounts, &String)) -> ClassInterval {
    ClassInterval {
        name: name.clone(),
        outcomes: counts.outcomes,
        response: counts.response,
        service: counts.service,
        breakdown: counts.breakdown,
    }
}

fn node_interval((counts, id): (NodeCounts, &String)) -> NodeInterval {
    NodeInterval {
        id: id.clone(),
        outcomes: counts.outcomes,
        hit_ratio: counts.hit_ratio(),
        response: counts.response,
        wait: counts.wait,
        utilization: None,
        up: Vec::new(),
    }
}

fn class_run(counts: ClassCounts, name: String, batches: &Batches) -> ClassRun {
    ClassRun {
        name,
        outcomes: counts.outcomes,
        response: counts.response,
        service: counts.service,
        breakdown: counts.breakdown,
        mean: batches.mean(CONFIDENCE),
        p99: batches.quantile(0.99, CONFIDENCE),
        figures: std::collections::BTreeMap::new(),
    }
}

fn node_run((counts, id): (NodeCounts, String)) -> NodeRun {
    NodeRun {
        outcomes: counts.outcomes,
        hit_ratio: counts.hit_ratio(),
        response: counts.response,
        wait: counts.wait,
        ..NodeRun::named(&id)
    }
}
