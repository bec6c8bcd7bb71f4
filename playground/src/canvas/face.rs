//! What is written on a node and an edge: from the document, the simulation and the measurement, in; texts and shares, out.
use super::told::Told;
use crate::describe;
use crate::difference::Mark;
use crate::format;
use crate::geometry::FAR;
use crate::model::{Model, Stage};
use crate::shared::Shared;
use loadpath_core::order;
use loadpath_core::sim::{EdgeSnapshot, NodeSnapshot};
use loadpath_core::topology::{Fault, Node, Place, Topology};
use loadpath_core::wire::NodeInterval;
use std::collections::BTreeMap;

/// From this share on, workers are busy enough to look at.
const WARM: f64 = 0.7;
/// From this share on, a little more load makes a long queue.
const HOT: f64 = 0.9;
/// From this share of errors on, something is wrong.
const WRONG: f64 = 0.01;
/// How many instances are shown one by one.
const DOTS: usize = 8;
/// How many are when a measured figure stands beside them.
const DOTS_BESIDE: usize = 3;

/// How something is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing to look at.
    #[default]
    Ok,
    /// Busy.
    Warm,
    /// Nearly or wholly taken, or errors.
    Hot,
}

impl Level {
    /// The level of a share of time that is taken.
    pub fn of_utilization(share: f64) -> Self {
        match share {
            s if s >= HOT => Self::Hot,
            s if s >= WARM => Self::Warm,
            _ => Self::Ok,
        }
    }

    /// Its class in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warm => "warm",
            Self::Hot => "hot",
        }
    }
}

/// What is written on a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Face {
    /// Its name.
    pub label: String,
    /// How many of what.
    pub size: String,
    /// The share of its workers' time that is taken, in thousandths.
    pub busy: Option<u16>,
    /// How busy that is.
    pub busy_level: Level,
    /// How it is doing.
    pub level: Level,
    /// What its callers wait, or what its users wait.
    pub p99: String,
    /// The same, measured.
    pub measured: Option<String>,
    /// Its instances, at most eight: whether each is up.
    pub dots: Vec<bool>,
    /// How many instances are not shown.
    pub more: usize,
    /// Whether how busy it is comes from formulas: the simulation has not shown it yet.
    pub is_estimated: bool,
    /// What stands out: how slow it is, what waits, how far copies are behind.
    pub badges: Vec<String>,
    /// What is wrong with it.
    pub faults: Vec<String>,
    /// What is weak about it.
    pub told: Option<Shared<Told>>,
    /// What became of it, where two designs are compared.
    pub mark: Option<Mark>,
    /// All of it in a sentence.
    pub sentence: String,
}

/// What is written on an edge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgeFace {
    /// Calls per second; empty when nothing is known.
    pub rate: String,
    /// How much traffic: zero for none, then one step for each factor of ten, up to five.
    pub traffic: u8,
    /// How its target is doing.
    pub level: Level,
    /// Whether something is wrong with it.
    pub is_faulty: bool,
    /// What is weak about it.
    pub told: Option<Shared<Told>>,
    /// What became of it, where two designs are compared.
    pub mark: Option<Mark>,
    /// No packet passes.
    pub is_cut: bool,
}

/// The faces of all nodes, and of all edges, in the document's order.
pub fn faces(model: &Model) -> (Vec<Face>, Vec<EdgeFace>) {
    let places = model.simulated.places();
    let snapshot = model.simulated.snapshot.as_deref();
    let seen = |id: &str| snapshot.and_then(|snapshot| snapshot.nodes.get(*places.get(id)?));
    let measured = measured(model);
    let document = &*model.document;
    let users = model.simulated.snapshot.as_deref().and_then(crate::panel::p99);
    let is_far = model.camera.zoom < FAR;
    let badges = &model.advice.badges;
    let marks = model.comparison.difference.as_deref();
    let node = |(i, node): (usize, &Node)| {
        let faults = at(&model.faults, &Place::Node(i));
        let mut face = face(document, node, seen(&node.id), faults);
        if node.kind == "clients"
            && let Some((p99, _)) = users
        {
            face.p99 = p99_text(p99);
        }
        if let Some(told) = measured.get(node.id.as_str()).and_then(|m| p99_measured(m)) {
            face.show_measured(told);
        }
        if let Some(up) = measured.get(node.id.as_str()).map(|m| &m.up).filter(|up| !up.is_empty()) {
            // While processes run, a dot is up when both the simulated and the real instance are.
            face.dots.iter_mut().zip(up).for_each(|(dot, up)| *dot &= up);
        }
        let seen = seen(&node.id);
        if model.simulated.is_stale || seen.is_none() {
            face.show_estimate(estimated(model, i, &node.id));
        }
        face.told = badges.nodes.get(&i).cloned();
        face.mark = marks.and_then(|marks| *marks.nodes.get(i)?);
        face.sentence = sentence(&face, node);
        if is_far {
            face.leave_out_details();
        }
        face
    };
    let nodes: Vec<Face> = document.nodes.iter().enumerate().map(node).collect();
    (nodes, edges(model, &seen))
}

/// The share of a node's workers' time that formulas say is asked for.
fn estimated(model: &Model, i: usize, id: &str) -> Option<f64> {
    let estimated = model.advice.estimated.as_deref()?;
    let is_it = estimated.document.nodes.get(i).is_some_and(|node| node.id == id);
    if is_it { estimated.estimate.nodes.get(i)?.utilization } else { None }
}

impl Face {
    /// From far away nothing is drawn of what cannot be read, and small changes of a bar cannot be seen.
    fn leave_out_details(&mut self) {
        self.p99.clear();
        self.badges.clear();
        self.measured = None;
        self.sentence = format!("{}, {}", self.label, self.size);
        self.busy = self.busy.map(|busy| busy.next_multiple_of(50));
    }

    /// Shows what formulas say of how busy it is.
    fn show_estimate(&mut self, utilization: Option<f64>) {
        let Some(share) = utilization.map(|share| share.clamp(0.0, 1.0)) else { return };
        self.busy = Some((share * 1_000.0).round() as u16);
        self.busy_level = Level::of_utilization(share);
        self.is_estimated = true;
        if self.faults.is_empty() {
            self.level = self.busy_level;
        }
    }

    /// Puts the measured figure beside the simulated one, which gives up its unit where both have the same, and some of
    /// the instances make room.
    fn show_measured(&mut self, measured: String) {
        let unit = measured.rsplit(' ').next().unwrap_or_default();
        if let Some((number, own)) = self.p99.rsplit_once(' ')
            && own == unit
        {
            self.p99 = number.to_owned();
        }
        self.measured = Some(measured);
        let shown = self.dots.len().min(DOTS_BESIDE);
        self.more += self.dots.len() - shown;
        self.dots.truncate(shown);
    }
}

/// The nodes as measured in the last second of a live run.
fn measured(model: &Model) -> BTreeMap<&str, &NodeInterval> {
    let is_live = model.live.stage != Stage::None;
    let live = model.live.measured.as_deref().filter(|_| is_live);
    order::gather(live.iter().flat_map(|measured| &measured.nodes).map(|node| (node.id.as_str(), node)))
}

fn p99_measured(node: &NodeInterval) -> Option<String> {
    (!node.response.is_empty()).then(|| format::seconds(node.response.quantile(0.99).as_secs()))
}

fn p99_text(seconds: f64) -> String {
    format!("p99 {}", format::seconds(seconds))
}

/// The sentences of the faults at a place.
pub fn at(faults: &[Fault], place: &Place) -> Vec<String> {
    let here = faults.iter().filter(|fault| fault.place == *place);
    here.map(|fault| match &fault.field {
        Some(field) => format!("{}: {}", field.replace('_', " "), fault.what),
        None => fault.what.clone(),
    })
    .collect()
}

fn face(document: &Topology, node: &Node, seen: Option<&NodeSnapshot>, faults: Vec<String>) -> Face {
    let busy = seen.and_then(|seen| seen.utilization).map(|share| share.clamp(0.0, 1.0));
    let busy_level = busy.map_or(Level::Ok, Level::of_utilization);
    let is_wrong = !faults.is_empty() || seen.is_some_and(|seen| seen.error_share >= WRONG);
    let up = seen.map_or(&[][..], |seen| &seen.up);
    // One too many is shown as a dot; a number takes as much room.
    let shown = if up.len() <= DOTS { up.len() } else { DOTS - 1 };
    Face {
        label: describe::label(node),
        size: describe::size(document, node, seen.and_then(|seen| seen.hit_ratio)),
        busy: busy.map(|share| (share * 1_000.0).round() as u16),
        busy_level,
        level: if is_wrong { Level::Hot } else { busy_level },
        // Nobody waits for what only watches.
        p99: match seen.and_then(|seen| seen.p99) {
            Some(p99) => p99_text(p99),
            None if node.kind == "monitoring" => String::new(),
            None => format!("p99 {}", format::NONE),
        },
        measured: None,
        is_estimated: false,
        told: None,
        mark: None,
        dots: up[..shown].to_vec(),
        more: up.len() - shown,
        badges: seen.map_or_else(Vec::new, badges),
        faults,
        sentence: String::new(),
    }
}

/// A few that wait come and go with every request.
const QUEUE: u64 = 10;

fn badges(seen: &NodeSnapshot) -> Vec<String> {
    let slowest = seen.slow.iter().copied().fold(1.0, f64::max);
    let mut badges = Vec::new();
    match slowest {
        factor if factor >= 1_000.0 => badges.push("hangs".to_owned()),
        factor if factor > 1.0 => badges.push(format!("{factor:.0}× slow")),
        _ => {}
    }
    if seen.backlog >= QUEUE {
        badges.push(format!("{} wait", format::axis_rate(two_digits(seen.backlog))));
    }
    let behind = seen.behind.iter().copied().max().unwrap_or(0);
    if behind >= QUEUE {
        badges.push(format!("{} behind", format::axis_rate(two_digits(behind))));
    }
    badges
}

/// A count to two digits: more would only flicker.
fn two_digits(count: u64) -> f64 {
    let power = 10f64.powf(((count.max(1) as f64).log10().floor() - 1.0).max(0.0));
    (count as f64 / power).round() * power
}

fn sentence(face: &Face, node: &Node) -> String {
    let kind =
        loadpath_core::topology::catalog::kind(&node.kind).map_or(node.kind.as_str(), |kind| kind.title);
    let mut parts = vec![format!("{}, {}", face.label, kind.to_lowercase()), face.size.clone()];
    if let Some(busy) = face.busy {
        let estimate = if face.is_estimated { " by estimate" } else { "" };
        parts.push(format!("{} busy{estimate}", format::percent_whole(f64::from(busy) / 1_000.0)));
    }
    parts.extend(Some(&face.p99).filter(|p99| !p99.is_empty()).cloned());
    parts.extend(face.badges.iter().cloned());
    let down = face.dots.iter().filter(|up| !**up).count();
    if down > 0 {
        parts.push(format!("{down} down"));
    }
    parts.extend(face.mark.map(|mark| mark.word().to_owned()));
    let told = face.told.iter().flat_map(|told| &told.sentences);
    parts.extend(face.faults.iter().chain(told).cloned());
    parts.join(", ")
}

fn edges<'a>(model: &Model, seen: &impl Fn(&str) -> Option<&'a NodeSnapshot>) -> Vec<EdgeFace> {
    let marks = model.comparison.difference.as_deref();
    let snapshot = model.simulated.snapshot.as_deref();
    let loaded = model.simulated.document.as_deref();
    let known: BTreeMap<(&str, &str), &EdgeSnapshot> = order::gather(
        loaded
            .iter()
            .flat_map(|document| &document.edges)
            .zip(snapshot.iter().flat_map(|snapshot| &snapshot.edges))
            .map(|(edge, seen)| ((edge.from.as_str(), edge.to.as_str()), seen)),
    );
    let is_far = model.camera.zoom < FAR;
    let face = |(i, edge): (usize, &loadpath_core::topology::Edge)| {
        let seen_edge = known.get(&(edge.from.as_str(), edge.to.as_str())).copied();
        let is_cut = seen_edge.is_some_and(|seen| seen.cut);
        let target = seen(&edge.to);
        let busy = target.and_then(|target| target.utilization).map_or(Level::Ok, Level::of_utilization);
        let is_wrong = seen_edge.is_some_and(|seen| seen.error_share >= WRONG)
            || target.is_some_and(|target| target.error_share >= WRONG);
        EdgeFace {
            rate: seen_edge.filter(|_| !is_far).map_or_else(String::new, edge_text),
            traffic: seen_edge.filter(|_| !is_cut).map_or(0, |seen| traffic(seen.rate)),
            is_cut,
            level: if is_wrong { Level::Hot } else { busy.max(Level::Ok) },
            is_faulty: model.faults.iter().any(|fault| fault.place == Place::Edge(i)),
            told: model.advice.badges.edges.get(&i).cloned(),
            mark: marks.and_then(|marks| *marks.edges.get(i)?),
        }
    };
    model.document.edges.iter().enumerate().map(face).collect()
}

/// What stands on an edge: that it is cut, or its rate, and the share of errors where there are some.
fn edge_text(seen: &EdgeSnapshot) -> String {
    if seen.cut {
        return "✕ cut".to_owned();
    }
    let rate = format::rate(seen.rate);
    if seen.error_share >= WRONG {
        format!("{rate} · {} err", format::percent_whole(seen.error_share))
    } else {
        rate
    }
}

/// Steps of traffic: up to 10/s one, then one for each factor of ten, at most five.
fn traffic(rate: f64) -> u8 {
    if rate <= 0.0 { 0 } else { rate.log10().floor().clamp(0.0, 4.0) as u8 + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_eight_instances_are_seven_dots_and_a_number() {
        let document = loadpath_core::topology::three_tier();
        let node = document.node("web").unwrap();
        let seen = |count| NodeSnapshot {
            up: vec![true; count],
            utilization: Some(0.72),
            ..NodeSnapshot::default()
        };
        let eight = face(&document, node, Some(&seen(8)), Vec::new());
        assert_eq!((eight.dots.len(), eight.more), (8, 0));
        let many = face(&document, node, Some(&seen(24)), Vec::new());
        assert_eq!((many.dots.len(), many.more), (7, 17));
        assert_eq!((many.busy, many.level), (Some(720), Level::Warm));
    }

    #[test]
    fn a_measured_figure_stands_beside_the_simulated_one_without_its_unit() {
        let face = |p99: &str| Face { p99: p99.to_owned(), dots: vec![true; 5], ..Face::default() };
        let mut same = face("p99 41.7 ms");
        same.show_measured("49.3 ms".to_owned());
        assert_eq!((same.p99.as_str(), same.dots.len(), same.more), ("p99 41.7", 3, 2));
        let mut other = face("p99 0.9 ms");
        other.show_measured("1.1 s".to_owned());
        assert_eq!(other.p99, "p99 0.9 ms");
    }

    #[test]
    fn errors_and_faults_make_a_node_hot_however_idle_it_is() {
        let document = loadpath_core::topology::three_tier();
        let node = document.node("web").unwrap();
        let seen = NodeSnapshot { error_share: 0.02, utilization: Some(0.1), ..NodeSnapshot::default() };
        assert_eq!(face(&document, node, Some(&seen), Vec::new()).level, Level::Hot);
        assert_eq!(face(&document, node, None, vec!["x".to_owned()]).level, Level::Hot);
    }

    #[test]
    fn an_edge_says_that_it_is_cut_or_how_many_calls_fail() {
        let seen = |cut, error_share| EdgeSnapshot { rate: 400.0, error_share, cut, pool: None };
        assert_eq!(edge_text(&seen(true, 1.0)), "✕ cut");
        assert_eq!(edge_text(&seen(false, 0.034)), "400/s · 3 % err");
        assert_eq!(edge_text(&seen(false, 0.001)), "400/s");
    }

    #[test]
    fn what_stands_out_is_told_in_words() {
        let seen = NodeSnapshot {
            slow: vec![1.0, 10.0],
            backlog: 1_234,
            behind: vec![0, 7],
            ..NodeSnapshot::default()
        };
        assert_eq!(badges(&seen), ["10× slow", "1.2 k wait"]);
        assert!(badges(&NodeSnapshot { backlog: 9, ..NodeSnapshot::default() }).is_empty());
    }

    #[test]
    fn traffic_has_a_step_for_each_factor_of_ten() {
        assert_eq!([0.0, 0.2, 9.0, 10.0, 4_000.0, 1e6].map(traffic), [0, 1, 1, 2, 4, 5]);
    }
}
