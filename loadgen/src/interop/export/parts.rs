//! From a plan to its parts: which engine stands for which kind, and who needs whom.
use super::Images;
use super::order::in_order;
use super::part::{Image, Part, Site};
use loadpath_core::export::label;
use loadpath_core::id::EdgeIndex;
use loadpath_core::topology::{NodeKind, Plan, Topology};
use std::collections::BTreeSet;
use std::fmt;

/// More parts than this nobody reads.
const MOST_PARTS: usize = 1_000;

/// A design has more parts than anyone would deploy from one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(usize);

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(parts) = self;
        write!(
            f,
            "the design has {parts} parts, caches and databases counted one by one; at most {MOST_PARTS} are exported: use fewer"
        )
    }
}

impl std::error::Error for TooMany {}

/// All parts of a design, with what a person must know.
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    pub(super) supply: Vec<String>,
    pub(super) lost: Vec<String>,
}

/// Makes the parts, and notes on the way what a person must know.
pub(super) struct Maker<'p> {
    pub(super) document: &'p Topology,
    pub(super) plan: &'p Plan,
    pub(super) images: &'p Images,
    site: Site<'p>,
    /// The names of each node's parts, in the order in which they are asked: a database's primaries before its replicas.
    pub(super) names: Vec<Vec<String>>,
    pub(super) supply: BTreeSet<String>,
    pub(super) lost: BTreeSet<String>,
}

/// The parts of a plan that `document` was checked to.
///
/// # Errors
/// When there are too many.
pub(super) fn parts(
    document: &Topology,
    plan: &Plan,
    images: &Images,
    site: Site<'_>,
) -> Result<Parts, TooMany> {
    let count = plan.nodes.iter().map(|node| separate(&node.kind)).sum();
    if count > MOST_PARTS {
        return Err(TooMany(count));
    }
    let names = names(plan);
    let mut maker =
        Maker { document, plan, images, site, names, supply: BTreeSet::new(), lost: BTreeSet::new() };
    let mut parts: Vec<Part> = (0..plan.nodes.len()).flat_map(|node| maker.parts(node)).collect();
    let entries = maker.entries();
    parts.iter_mut().for_each(|part| part.entry = entries.contains(&part.node) && part.port.is_some());
    in_order(&mut parts);
    maker.remark();
    Ok(Parts { parts, supply: maker.supply.into_iter().collect(), lost: maker.lost.into_iter().collect() })
}

/// How many parts a node is.
fn separate(kind: &NodeKind) -> usize {
    match kind {
        NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::External(_) => 0,
        NodeKind::Cache(_) | NodeKind::Database(_) => usize::from(kind.instances()),
        _ => 1,
    }
}

/// A DNS label for each part: the node's id, and a number where there are several.
fn names(plan: &Plan) -> Vec<Vec<String>> {
    let mut taken = BTreeSet::new();
    let mut take = |wanted: String| {
        let mut name = wanted.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{wanted}-x{number}");
            number += 1;
        }
        name
    };
    // Whole ids first: a node called "db-1" keeps its name beside the parts of "db".
    let whole: Vec<_> =
        plan.nodes.iter().map(|node| (separate(&node.kind) == 1).then(|| take(stem(&node.id)))).collect();
    let mut named = |(whole, node): (Option<String>, &loadpath_core::topology::PlanNode)| match whole {
        Some(name) => vec![name],
        None => (1..=separate(&node.kind)).map(|i| take(format!("{}-{i}", stem(&node.id)))).collect(),
    };
    whole.into_iter().zip(&plan.nodes).map(&mut named).collect()
}

/// An id as a DNS label, which ends in no hyphen.
fn stem(id: &str) -> String {
    id.trim_end_matches('-').to_owned()
}

impl Maker<'_> {
    fn parts(&mut self, node: usize) -> Vec<Part> {
        let plan = self.plan;
        let parts = match &plan.nodes[node].kind {
            NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::External(_) => Vec::new(),
            NodeKind::Cdn(_) => vec![self.cdn(node)],
            NodeKind::LoadBalancer(_) => vec![self.balancer(node)],
            NodeKind::Service(spec) => vec![self.own(node, &spec.work, true)],
            NodeKind::Workers(spec) => vec![self.own(node, &spec.work, false)],
            NodeKind::Queue(spec) => vec![self.queue(node, spec)],
            NodeKind::Cache(spec) => self.caches(node, spec),
            NodeKind::Database(spec) => self.databases(node, spec),
            NodeKind::ObjectStore(_) => vec![self.store(node)],
            NodeKind::Monitoring(spec) => vec![self.monitoring(node, spec.interval)],
        };
        // A design's own image is asked for where no engine stands for the kind, and taken wherever it is given.
        let given = self.images.get(&plan.nodes[node].id);
        parts
            .into_iter()
            .map(|mut part| {
                part.image = given.map_or(part.image, |image| Image::Of(image.clone()));
                part
            })
            .collect()
    }

    pub(super) fn part(&self, node: usize, image: &str) -> Part {
        Part::new(self.names[node][0].clone(), node, Image::Of(image.to_owned()))
    }

    pub(super) fn title(&self, node: usize) -> String {
        format!("\"{}\"", label(&self.document.nodes[node]))
    }

    /// What is called by a node, with the edges.
    pub(super) fn called(&self, node: usize) -> Vec<(EdgeIndex, usize)> {
        self.plan.nodes[node].out.iter().map(|&edge| (edge, self.plan.edge(edge).to.index())).collect()
    }

    pub(super) fn host(&self, name: &str) -> String {
        self.site.whole_name(name)
    }

    pub(super) fn mean_bytes(&self) -> u64 {
        let weight: f64 = self.plan.classes.iter().map(|class| class.weight).sum();
        let bytes: f64 = self.plan.classes.iter().map(|class| class.weight * f64::from(class.size)).sum();
        (bytes / weight) as u64
    }

    /// The nodes that users call, by themselves or by the names that DNS tells them.
    fn entries(&self) -> BTreeSet<usize> {
        let of = |wanted: fn(&NodeKind) -> bool| {
            let nodes = (0..self.plan.nodes.len()).filter(move |&i| wanted(&self.plan.nodes[i].kind));
            nodes.flat_map(|i| self.called(i).into_iter().map(|(_, to)| to).collect::<Vec<_>>())
        };
        of(|kind| matches!(kind, NodeKind::Clients(_)))
            .chain(of(|kind| matches!(kind, NodeKind::Dns(_))))
            .collect()
    }

    /// What is lost of any design.
    fn remark(&mut self) {
        let plan = self.plan;
        let rate = plan.arrivals.rate;
        let told = [
            (true, format!("the load, {rate}/s: `loadgen run --url` sends it")),
            (
                plan.nodes.iter().any(|node| matches!(node.kind, NodeKind::Dns(_))),
                "DNS' policy: the platform's own resolver tells the addresses".to_owned(),
            ),
            (!plan.timeline.is_empty(), "the timeline".to_owned()),
            (
                plan.edges.iter().any(|edge| edge.classes.count_ones() < plan.classes.len() as u32),
                "which classes go which way: the services know".to_owned(),
            ),
            (
                plan.edges.iter().any(|edge| {
                    edge.breaker.is_some() || edge.hedge_after.is_some() || edge.hedge_at.is_some()
                }),
                "circuit breakers and hedges: the services must have them".to_owned(),
            ),
        ];
        self.lost.extend(told.into_iter().filter_map(|(is_told, what)| is_told.then_some(what)));
    }
}
