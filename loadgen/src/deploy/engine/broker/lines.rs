//! The lines in which a broker keeps a queue's messages, and which workers take from each.
use loadpath_core::id::NodeIndex;
use loadpath_core::topology::{NodeKind, Plan, QueueMode, QueueNode};

/// A broker wants a bound for what may be under way at once.
const MOST_UNDER_WAY: u32 = 4_096;

/// A line of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The workers that take from it, by their place among those of the queue.
    pub(super) tiers: Vec<usize>,
    /// By which topics messages come to it.
    pub(super) binding: String,
    /// Which partition it is, of a log.
    pub(super) partition: Option<u16>,
    /// How many messages may be under way from it.
    pub(super) places: u32,
}

impl Line {
    /// How many messages the desk may hold besides those under way, so that no worker waits for the broker: one for each. Of a
    /// partition none, for the sake of its order.
    pub(super) fn ahead(&self, capacity: u32) -> u32 {
        let is_short = self.places.saturating_mul(2) > capacity;
        if self.partition.is_some() || is_short { 0 } else { self.places }
    }
}

/// All lines of a queue.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    pub(super) spec: QueueNode,
    pub(super) lines: Vec<Line>,
    /// The topic of each class, and the lines that its messages come to; of a log, none.
    pub(super) classes: Vec<(String, Vec<usize>)>,
    /// Where each key's messages are, of a log: the number of partitions.
    pub(super) partitions: u16,
}

impl Lines {
    /// As the plan says.
    pub(super) fn new(plan: &Plan, index: NodeIndex, spec: &QueueNode) -> Self {
        let out = &plan.node(index).out;
        let bindings: Vec<String> = out.iter().map(|&edge| plan.edge(edge).binding.clone()).collect();
        let places: Vec<u32> = out
            .iter()
            .map(|&edge| {
                let edge = plan.edge(edge);
                let kind = &plan.node(edge.to).kind;
                let NodeKind::Workers(workers) = kind else { unreachable!("a queue calls only workers") };
                let all = workers.work.workers.saturating_mul(u32::from(kind.most_instances()));
                edge.connections.map_or(all, |connections| connections.min(all)).clamp(1, MOST_UNDER_WAY)
            })
            .collect();
        let own = |tier: usize| Line {
            tiers: vec![tier],
            binding: bindings[tier].clone(),
            partition: None,
            places: places[tier],
        };
        let tiers = 0..out.len();
        let lines: Vec<Line> = match spec.mode {
            QueueMode::Direct => {
                let places = places.iter().sum::<u32>().min(MOST_UNDER_WAY);
                vec![Line { tiers: tiers.collect(), binding: String::new(), partition: None, places }]
            }
            QueueMode::FanOut | QueueMode::Topic => tiers.map(own).collect(),
            QueueMode::Log => {
                let partitions = |tier| (0..spec.partitions as u16).map(move |number| (tier, number));
                let one = |(tier, number)| Line { partition: Some(number), places: 1, ..own(tier) };
                tiers.flat_map(partitions).map(one).collect()
            }
        };
        let routes = |topic: &str| match spec.mode {
            QueueMode::Direct => vec![0],
            QueueMode::Log => Vec::new(),
            QueueMode::FanOut | QueueMode::Topic => routed(spec, &lines, topic),
        };
        let classes = plan.classes.iter().map(|class| (class.topic.clone(), routes(&class.topic))).collect();
        Self { spec: spec.clone(), classes, partitions: spec.partitions as u16, lines }
    }
}

fn routed(spec: &QueueNode, lines: &[Line], topic: &str) -> Vec<usize> {
    let mut exchange = spec.exchange();
    for (line, number) in lines.iter().zip(0..) {
        exchange.bind(&line.binding, number);
    }
    let mut routed = Vec::new();
    exchange.route(topic, &mut routed);
    routed.into_iter().map(usize::from).collect()
}
