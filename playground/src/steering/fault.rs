//! What can be done to what runs: the faults that a thing of the design can suffer, and how each is mended.
use super::Msg;
use crate::describe;
use crate::model::Model;
use crate::msg;
use loadpath_core::sim::{Command, NodeSnapshot};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::catalog;
use loadpath_core::topology::{Edge, Happening, Node, Params, Value};

/// How many times longer work takes on what is slow.
const SLOW: f64 = 10.0;
/// And on what hangs: nothing that anyone waits for gets done.
const HUNG: f64 = 1_000.0;
/// How many shards and instances are offered one by one.
const LISTED: u16 = 16;
/// How long each instance is down in a deployment.
const PAUSE: Span = Span::from_millis(5_000);
/// How many keys move per second to a new shard.
const KEYS_MOVED: f64 = 10_000.0;

/// What a fault happens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An instance of a node, by their places.
    Instance(usize, u16),
    /// A node, by its place.
    Node(usize),
    /// An edge, by its place.
    Edge(usize),
    /// A zone, by its id.
    Zone(String),
}

/// What can happen to it now, each with the sentence that a menu shows. Empty for what nothing can happen to, and for what
/// is not part of the simulation yet.
pub fn faults_for(model: &Model, target: &Target) -> Vec<(String, msg::Msg)> {
    let offers = match target {
        Target::Instance(node, instance) => {
            at_node(model, *node).map_or_else(Vec::new, |at| at.instance(*instance))
        }
        Target::Node(node) => at_node(model, *node).map_or_else(Vec::new, |at| at.node()),
        Target::Edge(edge) => model.document.edges.get(*edge).map_or_else(Vec::new, |e| at_edge(model, e)),
        Target::Zone(zone) => at_zone(model, zone),
    };
    offers.into_iter().map(|(says, commands)| (says, msg::Msg::Steering(Msg::Inject(commands)))).collect()
}

/// Everything that something can happen to, with its name, as far as it is simulated.
pub fn targets(model: &Model) -> Vec<(Target, String)> {
    let label = |id: &str| model.document.node(id).map_or_else(|| id.to_owned(), describe::label);
    let nodes = model.document.nodes.iter().enumerate();
    let nodes = nodes.map(|(i, node)| (Target::Node(i), describe::label(node)));
    let edges = model.document.edges.iter().enumerate();
    let edges =
        edges.map(|(i, edge)| (Target::Edge(i), format!("{} → {}", label(&edge.from), label(&edge.to))));
    let zones = model.document.zones.iter();
    let zones = zones.map(|zone| (Target::Zone(zone.id.clone()), format!("zone {}", zone.id)));
    nodes.chain(edges).chain(zones).filter(|(target, _)| !faults_for(model, target).is_empty()).collect()
}

type Offers = Vec<(String, Vec<Command>)>;

/// A node and how it is doing.
struct AtNode<'m> {
    node: &'m Node,
    seen: &'m NodeSnapshot,
    rate: f64,
}

fn at_node(model: &Model, node: usize) -> Option<AtNode<'_>> {
    let node = model.document.nodes.get(node)?;
    let snapshot = model.simulated.snapshot.as_deref()?;
    let seen = snapshot.nodes.iter().find(|seen| seen.id == node.id)?;
    Some(AtNode { node, seen, rate: snapshot.offered_rate })
}

impl AtNode<'_> {
    fn id(&self) -> String {
        self.node.id.clone()
    }

    fn is_up(&self, instance: u16) -> bool {
        self.seen.up.get(usize::from(instance)).copied().unwrap_or(false)
    }

    fn kill(&self, instance: u16) -> Command {
        Command::Kill { node: self.id(), instance }
    }

    fn restore(&self, instance: u16) -> Command {
        Command::Restore { node: self.id(), instance }
    }

    fn slow(&self, instance: Option<u16>, factor: f64) -> Vec<Command> {
        vec![Command::Slow { node: self.id(), instance, factor }]
    }

    fn instance(&self, instance: u16) -> Offers {
        if usize::from(instance) >= self.seen.up.len() {
            return Vec::new();
        }
        let name = format!("{} #{}", describe::label(self.node), instance + 1);
        let mut offers = Vec::new();
        if self.is_up(instance) {
            offers.push((format!("Kill {name}"), vec![self.kill(instance)]));
        } else {
            offers.push((format!("Restore {name}"), vec![self.restore(instance)]));
        }
        let slowness = self.seen.slow.get(usize::from(instance)).copied().unwrap_or(1.0);
        offers.extend(self.slowdowns(Some(instance), slowness, &name));
        offers
    }

    fn slowdowns(&self, instance: Option<u16>, now: f64, name: &str) -> Offers {
        let mut offers = Vec::new();
        if now != SLOW {
            offers.push((format!("Slow down {name} 10 times"), self.slow(instance, SLOW)));
        }
        if now != HUNG {
            offers.push((format!("Let {name} hang (1,000 times slower)"), self.slow(instance, HUNG)));
        }
        if now != 1.0 {
            offers.push((format!("Let {name} work at full speed again"), self.slow(instance, 1.0)));
        }
        offers
    }

    fn node(&self) -> Offers {
        let name = describe::label(self.node);
        if self.node.kind == "clients" {
            return self.load();
        }
        let count = self.seen.up.len() as u16;
        if count == 0 {
            return Vec::new();
        }
        let (up, down): (Vec<u16>, Vec<u16>) = (0..count).partition(|&i| self.is_up(i));
        let mut offers = Vec::new();
        if let (Some(&last), true) = (up.last(), count > 1) {
            offers.push((format!("Kill {name} #{}", last + 1), vec![self.kill(last)]));
        }
        if !up.is_empty() {
            let says = if count > 1 { format!("Kill all of {name}") } else { format!("Kill {name}") };
            offers.push((says, up.iter().map(|&i| self.kill(i)).collect()));
        }
        if !down.is_empty() {
            offers.push((format!("Restore {name}"), down.iter().map(|&i| self.restore(i)).collect()));
        }
        let slowness = self.seen.slow.iter().copied().fold(1.0, f64::max);
        offers.extend(self.slowdowns(None, slowness, &name));
        offers.extend(self.of_its_kind(&name));
        offers
    }

    /// More load, or less.
    fn load(&self) -> Offers {
        let times = |factor: f64| vec![Command::SetRate { rate: (self.rate * factor).clamp(1e-3, 1e7) }];
        vec![
            ("Twice the load".to_owned(), times(2.0)),
            ("Ten times the load".to_owned(), times(10.0)),
            ("Half the load".to_owned(), times(0.5)),
        ]
    }

    fn of_its_kind(&self, name: &str) -> Offers {
        let Some(kind) = catalog::kind(&self.node.kind) else { return Vec::new() };
        let number = |of: &str| describe::parameter(self.node, kind, of).parse::<u16>().unwrap_or(0);
        match kind.name {
            "cache" | "cdn" => vec![(format!("Flush {name}"), vec![Command::Flush { node: self.id() }])],
            "database" => {
                let mut offers = Vec::new();
                let shards = number("shards");
                for shard in (0..shards.min(LISTED)).filter(|_| number("replicas") > 0) {
                    let of = if shards > 1 { format!(" of shard {}", shard + 1) } else { String::new() };
                    let says = format!("Promote a replica{of} of {name}");
                    offers.push((says, vec![Command::Promote { node: self.id(), shard }]));
                }
                let grow = vec![Command::AddShard { node: self.id(), rate: KEYS_MOVED }];
                offers.push((format!("Add a shard to {name}"), grow));
                offers
            }
            "service" | "workers" | "load_balancer" => {
                let deploy = Command::Deploy { node: self.id(), pause_ns: PAUSE.0 };
                vec![(format!("Deploy {name}, one instance after the other"), vec![deploy])]
            }
            _ => Vec::new(),
        }
    }
}

fn at_edge(model: &Model, edge: &Edge) -> Offers {
    let Some(cut) = super::is_cut(model, edge) else { return Vec::new() };
    let (from, to) = (edge.from.clone(), edge.to.clone());
    let label = |id: &str| model.document.node(id).map_or_else(|| id.to_owned(), describe::label);
    let name = format!("{} from {}", label(&to), label(&from));
    if cut {
        vec![(format!("Join {name} again"), vec![Command::Join { from, to }])]
    } else {
        vec![(format!("Cut {name}"), vec![Command::Cut { from, to }])]
    }
}

fn at_zone(model: &Model, id: &str) -> Offers {
    let Some(simulated) = model.simulated.document.as_deref() else { return Vec::new() };
    if !simulated.zones.iter().any(|zone| zone.id == id) {
        return Vec::new();
    }
    let zone = || id.to_owned();
    let mut offers = vec![
        (format!("Lose zone {id}"), vec![Command::LoseZone { zone: zone() }]),
        (format!("Restore zone {id}"), vec![Command::RestoreZone { zone: zone() }]),
    ];
    if simulated.zones.len() > 1 {
        let cut = Command::Partition { zone: zone(), other: None };
        offers.push((format!("Cut zone {id} off from all others"), vec![cut]));
        let heal = Command::Heal { zone: zone(), other: None };
        offers.push((format!("Join zone {id} to all others"), vec![heal]));
    }
    offers
}

/// A command as the design's timeline has it.
pub fn happening(at: Time, command: &Command) -> Happening {
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    let number = |name: &str, value: f64| (name.to_owned(), Value::Number(value));
    let one = |name: &str, place: u16| number(name, f64::from(place) + 1.0);
    let rate = |rate: f64| text("rate", &format!("{rate}/s"));
    let between = |zone: &str, other: &Option<String>| {
        std::iter::once(text("zone", zone)).chain(other.iter().map(|other| text("other", other))).collect()
    };
    let (action, params): (&str, Vec<(String, Value)>) = match command {
        Command::Kill { node, instance } => ("kill", vec![text("node", node), one("instance", *instance)]),
        Command::Restore { node, instance } => {
            ("restore", vec![text("node", node), one("instance", *instance)])
        }
        Command::SetRate { rate: to } => ("set_rate", vec![rate(*to)]),
        Command::Slow { node, instance, factor } => {
            let instance = instance.map_or(0.0, |place| f64::from(place) + 1.0);
            ("slow", vec![text("node", node), number("instance", instance), number("factor", *factor)])
        }
        Command::Flush { node } => ("flush", vec![text("node", node)]),
        Command::Partition { zone, other } => ("partition", between(zone, other)),
        Command::Heal { zone, other } => ("heal", between(zone, other)),
        Command::Cut { from, to } => ("cut", vec![text("from", from), text("to", to)]),
        Command::Join { from, to } => ("join", vec![text("from", from), text("to", to)]),
        Command::LoseZone { zone } => ("lose_zone", vec![text("zone", zone)]),
        Command::RestoreZone { zone } => ("restore_zone", vec![text("zone", zone)]),
        Command::Promote { node, shard } => ("promote", vec![text("node", node), one("shard", *shard)]),
        Command::AddShard { node, rate: moved } => ("add_shard", vec![text("node", node), rate(*moved)]),
        Command::Deploy { node, pause_ns } => {
            ("deploy", vec![text("node", node), text("pause", &Span(*pause_ns).to_string())])
        }
    };
    let at = at.since(Time::ZERO).to_string();
    Happening { at, action: action.to_owned(), params: params.into_iter().collect::<Params>() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::sim::Snapshot;
    use loadpath_core::topology::{check, lessons, three_tier};

    fn running() -> Model {
        let mut model = Model::new(three_tier());
        let node = |node: &Node| NodeSnapshot {
            id: node.id.clone(),
            up: if node.kind == "clients" { Vec::new() } else { vec![true; 2] },
            ..NodeSnapshot::default()
        };
        let nodes = model.document.nodes.iter().map(node).collect();
        let edges = model.document.edges.iter().map(|_| Default::default()).collect();
        let snapshot = Snapshot { nodes, edges, offered_rate: 400.0, ..Snapshot::default() };
        model.simulated.document = Some(model.document.clone());
        model.simulated.snapshot = Some(crate::shared::Shared::new(snapshot));
        model
    }

    fn says(model: &Model, target: &Target) -> Vec<String> {
        faults_for(model, target).into_iter().map(|(says, _)| says).collect()
    }

    #[test]
    fn a_cache_can_be_flushed_and_what_is_down_can_only_be_restored() {
        let mut model = running();
        let cache = model.document.nodes.iter().position(|node| node.kind == "cache").unwrap();
        assert!(says(&model, &Target::Node(cache)).iter().any(|says| says.starts_with("Flush")));
        let mut snapshot = (*model.simulated.snapshot.clone().unwrap()).clone();
        snapshot.nodes[cache].up = vec![false, true];
        model.simulated.snapshot = Some(crate::shared::Shared::new(snapshot));
        assert!(says(&model, &Target::Instance(cache, 0))[0].starts_with("Restore"));
        assert!(says(&model, &Target::Instance(cache, 1))[0].starts_with("Kill"));
        assert!(faults_for(&model, &Target::Instance(cache, 2)).is_empty());
    }

    #[test]
    fn every_fault_of_every_lesson_can_be_kept_on_its_timeline() {
        for lesson in lessons::all() {
            let mut model = running();
            let document = lesson.document();
            let node = |node: &Node| {
                let count =
                    if ["clients", "dns", "monitoring"].contains(&node.kind.as_str()) { 0 } else { 1 };
                NodeSnapshot { id: node.id.clone(), up: vec![true; count], ..NodeSnapshot::default() }
            };
            let nodes = document.nodes.iter().map(node).collect();
            let edges = document.edges.iter().map(|_| Default::default()).collect();
            let snapshot = Snapshot { nodes, edges, offered_rate: 1.0, ..Snapshot::default() };
            model.document = crate::shared::Shared::new(document.clone());
            model.simulated.document = Some(model.document.clone());
            model.simulated.snapshot = Some(crate::shared::Shared::new(snapshot));
            for (target, name) in targets(&model) {
                for (says, told) in faults_for(&model, &target) {
                    let msg::Msg::Steering(Msg::Inject(commands)) = told else { panic!("{says}") };
                    let mut kept = document.clone();
                    kept.timeline = commands.iter().map(|c| happening(Time(7_000_000_001), c)).collect();
                    assert!(check(&kept).is_ok(), "{name}: {says}: {:?}", check(&kept).err());
                }
            }
        }
    }
}
