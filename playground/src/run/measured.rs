//! A measurement as it arrives: a run that grows by an interval a second, on the same record that the finished run has.
use loadpath_core::run::{ClassRun, NodeRun, Run, Second, Source};
use loadpath_core::stats::{Histogram, Precision};
use loadpath_core::time::Span;
use loadpath_core::wire::{Interval, NodeInterval};

/// What has been measured so far.
#[derive(Clone, Debug)]
pub struct Measured {
    /// All intervals together.
    pub run: Run,
    /// The nodes in the last interval.
    pub nodes: Vec<NodeInterval>,
    /// The number of the interval that comes next; an interval that comes twice is counted once.
    next: u64,
}

impl Measured {
    /// Nothing measured yet.
    pub fn new(name: &str, offered_rate: f64) -> Self {
        let source = Source::Measured { target: "embedded".to_owned(), by: "loadgen".to_owned() };
        Self { run: Run::new(name, source, offered_rate), nodes: Vec::new(), next: 0 }
    }

    /// A run that is done.
    pub const fn done(run: Run) -> Self {
        Self { run, nodes: Vec::new(), next: u64::MAX }
    }

    /// Whether no more comes: it is the whole run.
    pub const fn is_done(&self) -> bool {
        self.next == u64::MAX
    }

    /// Adds an interval.
    pub fn absorb(&mut self, interval: &Interval) {
        if interval.number < self.next {
            return;
        }
        self.next = interval.number + 1;
        let mut second = Second { offered: interval.offered, ..Second::default() };
        let mut response = Histogram::new(Precision::Fine);
        for class in &interval.classes {
            class.add_to(self.class(&class.name));
            second.outcomes.merge(&class.outcomes);
            response.merge(&class.response);
        }
        for node in &interval.nodes {
            let whole = self.node(&node.id);
            whole.outcomes.merge(&node.outcomes);
            whole.response.merge(&node.response);
            whole.wait.merge(&node.wait);
            whole.utilization = node.utilization;
            whole.hit_ratio = node.hit_ratio;
        }
        second.p99_ns = response.quantile(0.99).0;
        self.run.series.push(second);
        self.run.send_delay.merge(&interval.send_delay);
        self.run.connect.merge(&interval.connect);
        self.run.duration += interval.length;
        self.nodes.clone_from(&interval.nodes);
    }

    /// Starts counting anew: what came before was warm-up. The series by seconds goes on.
    pub fn reset_statistics(&mut self) {
        self.run.warm_up += self.run.duration;
        self.run.duration = Span::ZERO;
        self.run.classes.clear();
        self.run.nodes.clear();
        self.run.send_delay.clear();
        self.run.connect.clear();
    }

    fn class(&mut self, name: &str) -> &mut ClassRun {
        let classes = &mut self.run.classes;
        let place = classes.iter().position(|class| class.name == name).unwrap_or_else(|| {
            classes.push(ClassRun::named(name));
            classes.len() - 1
        });
        &mut classes[place]
    }

    fn node(&mut self, id: &str) -> &mut NodeRun {
        let nodes = &mut self.run.nodes;
        let place = nodes.iter().position(|node| node.id == id).unwrap_or_else(|| {
            nodes.push(NodeRun::named(id));
            nodes.len() - 1
        });
        &mut nodes[place]
    }

    /// How much load has been counted.
    pub const fn duration(&self) -> Span {
        self.run.duration
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::run::{Breakdown, Outcome, Outcomes};
    use loadpath_core::wire::ClassInterval;

    fn interval(number: u64, millis: u64) -> Interval {
        let mut response = Histogram::new(Precision::Fine);
        let mut outcomes = Outcomes::default();
        for _ in 0..100 {
            response.record(Span::from_millis(millis));
            outcomes.add(Outcome::Ok);
        }
        Interval {
            number,
            start: Span::from_millis(number * 1_000),
            length: Span::SECOND,
            offered: 100,
            classes: vec![ClassInterval {
                name: "read".to_owned(),
                outcomes,
                service: response.clone(),
                response: response.clone(),
                breakdown: Breakdown::default(),
            }],
            nodes: vec![NodeInterval {
                id: "web".to_owned(),
                outcomes,
                response,
                wait: Histogram::new(Precision::Coarse),
                utilization: Some(0.5),
                hit_ratio: None,
                up: vec![true, false],
            }],
            send_delay: Histogram::default(),
            connect: Histogram::default(),
        }
    }

    #[test]
    fn intervals_add_up_and_one_that_is_sent_again_is_counted_once() {
        let mut measured = Measured::new("x", 100.0);
        for number in [0, 1, 1, 0, 2] {
            measured.absorb(&interval(number, 10 + number));
        }
        assert_eq!(measured.run.outcomes().ok, 300);
        assert_eq!(measured.run.achieved_rate(), 100.0);
        assert_eq!(measured.run.series.len(), 3);
        assert_eq!(measured.run.nodes[0].response.count(), 300);
        assert_eq!(measured.nodes[0].up, [true, false]);
        measured.reset_statistics();
        measured.absorb(&interval(3, 20));
        assert_eq!((measured.run.outcomes().ok, measured.run.series.len()), (100, 4));
    }
}
