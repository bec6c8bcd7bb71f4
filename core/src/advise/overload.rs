//! What gives way first, and shards that get more than their part.
use super::finding::{Finding, FindingKind, Severity};
use super::load::Load;
use crate::component::{Sharding, Shards};
use crate::math;
use crate::order;
use crate::topology::{Bag, DatabaseNode, Edit, NodeKind, Place, Plan};
use crate::workload::Operation;

/// From this utilization on waits grow faster than the load: at 0.7 an M/M/1 waits 2.3 service times, at 0.9 nine.
const BUSY: f64 = 0.7;
/// What a mend brings the utilization to.
const CALM: f64 = 0.6;
/// A shard with so many times the mean is hot: the others have a third of their room left when it is full.
const HOT: f64 = 1.5;
/// So many of the most popular keys are placed one by one, and so many stretches behind them at most.
const PLACED: u64 = 32_768;
/// How many databases are looked at.
const LOOKED_AT: usize = 16;

/// The busiest node or host, where it is busy. Workers may lag behind: that is another finding.
pub(super) fn bottleneck(plan: &Plan, load: &Load) -> Vec<Finding> {
    let node = |i: usize| {
        let busy = load.nodes[i]?.at_most;
        let counts = !matches!(plan.nodes[i].kind, NodeKind::Workers(_));
        (counts && plan.nodes[i].host.is_none()).then_some((busy, Place::Node(i)))
    };
    let nodes = (0..plan.nodes.len()).filter_map(node);
    let hosts = load.hosts.iter().enumerate().map(|(i, &busy)| (busy, Place::Host(i)));
    let Some((busy, place)) = nodes.chain(hosts).max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return Vec::new();
    };
    if busy < BUSY {
        return Vec::new();
    }
    let severity = if busy >= 1.0 { Severity::Critical } else { Severity::Warning };
    let (id, mend) = match place {
        Place::Host(i) => (&plan.hosts[i].id, more_cores(plan, i, busy)),
        Place::Node(i) => (&plan.nodes[i].id, more(plan, i, busy)),
        _ => return Vec::new(),
    };
    let sentence = format!(
        "\"{id}\" is asked for {:.0} % of what it can do; it gives way first, at {:.0} requests per second",
        busy * 100.0,
        load.rate / busy
    );
    let found = Finding::new(FindingKind::Bottleneck, place, severity, sentence)
        .with("utilization", busy * 100.0, "%")
        .with("saturates at", load.rate / busy, "1/s");
    vec![match mend {
        Some((sentence, edits)) => found.mended(sentence, edits),
        None => found,
    }]
}

fn enough(count: f64, busy: f64) -> u32 {
    // Below any count that a row allows.
    (count * busy / CALM).ceil().clamp(1.0, 1e6) as u32
}

fn more_cores(plan: &Plan, host: usize, busy: f64) -> Option<(String, Vec<Edit>)> {
    let (id, cores) = (&plan.hosts[host].id, enough(f64::from(plan.hosts[host].cores), busy));
    let edit = Edit::set(Bag::Host(id.clone()), "cores", &cores.to_string());
    (cores <= 512).then(|| (format!("Give host \"{id}\" {cores} cores"), vec![edit]))
}

/// More of what a node works with.
fn more(plan: &Plan, node: usize, busy: f64) -> Option<(String, Vec<Edit>)> {
    let (id, kind) = (&plan.nodes[node].id, &plan.nodes[node].kind);
    let (name, what, count, most) = match kind {
        NodeKind::Service(service) if service.autoscaling.is_some() => {
            ("max_instances", "at most", kind.most_instances().into(), 512)
        }
        NodeKind::Service(_) | NodeKind::LoadBalancer(_) | NodeKind::Cache(_) | NodeKind::Cdn(_) => {
            ("instances", "", kind.instances().into(), 512)
        }
        NodeKind::Database(database) if database.joins == 0.0 => ("shards", "", database.shards.into(), 512),
        NodeKind::Queue(queue) => ("workers", "", queue.workers, 4_096),
        _ => return None,
    };
    let wanted = enough(f64::from(count), busy);
    let thing = name.trim_start_matches("max_");
    let space = if what.is_empty() { "" } else { " " };
    let sentence = format!("Give \"{id}\" {what}{space}{wanted} {thing} in place of {count}");
    let edit = Edit::set(Bag::Node(id.clone()), name, &wanted.to_string());
    (wanted <= most).then_some((sentence, vec![edit]))
}

/// How a database's load falls on its shards.
struct Heat {
    /// The hottest shard's part over the mean, ≥ 1.
    skew: f64,
    /// The part of all queries that the most popular key has, in [0, 1].
    first_key: f64,
}

/// Databases with a shard that gets far more than the others. So that no document takes long, the busiest are looked at.
pub(super) fn hot_shards(plan: &Plan, load: &Load) -> Vec<Finding> {
    let busy = |node: &usize| load.nodes[*node].map_or(0.0, |load| load.rate);
    let sharded = |node: &usize| matches!(&plan.nodes[*node].kind, NodeKind::Database(d) if d.shards > 1);
    let mut databases: Vec<usize> =
        (0..plan.nodes.len()).filter(|node| sharded(node) && busy(node) > 0.0).collect();
    if databases.is_empty() {
        return Vec::new();
    }
    order::sort_by(&mut databases, |a, b| busy(b).total_cmp(&busy(a)));
    databases.truncate(LOOKED_AT);
    order::sort_by_key(&mut databases, |&node| node);
    let popularity = Popularity::of(plan);
    databases.into_iter().filter_map(|node| hot_shard(plan, load, node, &popularity)).collect()
}

fn hot_shard(plan: &Plan, load: &Load, node: usize, popularity: &Popularity) -> Option<Finding> {
    let NodeKind::Database(database) = &plan.nodes[node].kind else { return None };
    let id = &plan.nodes[node].id;
    let work = popularity.work(plan, load, node, database);
    let heat = popularity.heat(&work, database);
    if heat.skew < HOT {
        return None;
    }
    let hottest = load.nodes[node]?.utilization * heat.skew;
    let severity = match hottest {
        busy if busy >= 1.0 => Severity::Critical,
        busy if busy >= BUSY => Severity::Warning,
        _ => Severity::Note,
    };
    let sentence = format!(
        "The hottest shard of \"{id}\" gets {:.1} times as many queries as the mean shard",
        heat.skew
    );
    let found = Finding::new(FindingKind::HotShard, Place::Node(node), severity, sentence)
        .with("hottest shard over mean", heat.skew, "")
        .with("utilization of the hottest shard", hottest * 100.0, "%")
        .with("queries for the most popular key", heat.first_key * 100.0, "%");
    let skew = |other: &DatabaseNode| popularity.heat(&work, other).skew;
    Some(match cooler(id, database, heat.skew, skew) {
        Some((sentence, edits)) => found.mended(sentence, edits),
        None => found,
    })
}

/// The way to spread the keys under which the hottest shard is the least hot; none where all leave it hot.
fn cooler(
    id: &str,
    database: &DatabaseNode,
    now: f64,
    skew: impl Fn(&DatabaseNode) -> f64,
) -> Option<(String, Vec<Edit>)> {
    let shardings = [(database.sharding, ""), (Sharding::Modulo, "modulo")];
    let isolated = [database.isolated_keys, 16, 256, 4_096, 10_000];
    let ways = shardings.into_iter().flat_map(|sharding| isolated.map(|keys| (sharding, keys)));
    let tried = ways.map(|((sharding, name), isolated_keys)| {
        (skew(&DatabaseNode { sharding, isolated_keys, ..database.clone() }), name, isolated_keys)
    });
    // Of equals the first: the fewest changes.
    let (best, name, isolated) = tried.min_by(|a, b| a.0.total_cmp(&b.0))?;
    if best > 0.9 * now || best >= HOT {
        return None;
    }
    let mut edits = Vec::new();
    let mut said = Vec::new();
    if !name.is_empty() {
        edits.push(Edit::set(Bag::Node(id.to_owned()), "sharding", name));
        said.push("shard by the hash of the key".to_owned());
    }
    if isolated != database.isolated_keys {
        edits.push(Edit::set(Bag::Node(id.to_owned()), "isolated_keys", &isolated.to_string()));
        said.push(format!("spread the {isolated} most popular keys one by one"));
    }
    let sentence =
        format!("For \"{id}\", {}: the hottest shard gets {best:.2} times the mean", said.join(" and "));
    Some((sentence, edits))
}

/// How often each key is asked for: the most popular one by one, those behind them in equal stretches, each by its first key.
struct Popularity {
    /// How many keys there are.
    keys: u64,
    /// How many keys stand one by one.
    head: u64,
    /// The first key of each stretch.
    places: Vec<u64>,
    /// By class: the share of its requests for each stretch.
    shares: Vec<Vec<f64>>,
}

impl Popularity {
    fn of(plan: &Plan) -> Self {
        let keys = plan.classes.iter().map(|class| class.keys).max().unwrap_or(1);
        let head = keys.min(PLACED);
        let stride = (keys - head).div_ceil(PLACED).max(1);
        let places: Vec<u64> = (0..head).chain((head..keys).step_by(stride as usize)).collect();
        let shares = plan.classes.iter().map(|class| {
            let weight = |&key: &u64| {
                let last = if key < head { key + 1 } else { (key + stride).min(keys) }.min(class.keys);
                last.saturating_sub(key) as f64 * math::pow((key + 1) as f64, -class.skew)
            };
            let mut weights: Vec<f64> = places.iter().map(weight).collect();
            let total: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|weight| *weight /= total);
            weights
        });
        Self { keys, head, shares: shares.collect(), places }
    }

    /// The work that each stretch makes in a database: a query's time counts, not only its number.
    fn work(&self, plan: &Plan, load: &Load, node: usize, database: &DatabaseNode) -> Vec<f64> {
        let mut work = vec![0.0; self.places.len()];
        for ((class, rate), shares) in plan.classes.iter().zip(&load.flow.nodes[node]).zip(&self.shares) {
            let is_read = class.operation == Operation::Read;
            let time = if is_read { database.read_time } else { database.write_time };
            let all = rate * time.mean().as_secs();
            if all > 0.0 {
                work.iter_mut().zip(shares).for_each(|(work, share)| *work += all * share);
            }
        }
        work
    }

    /// Places keys as the simulator does. Behind the head, a hash spreads keys evenly; elsewhere the stretch's first key tells.
    fn heat(&self, work: &[f64], database: &DatabaseNode) -> Heat {
        let mut shards = Shards::over(database.sharding, database.shards, self.keys);
        for key in 0..u64::from(database.isolated_keys) {
            shards.place(key, (key % u64::from(database.shards)) as u16);
        }
        let mut mass = vec![0.0; usize::from(shards.count())];
        let evenly = matches!(database.sharding, Sharding::Modulo | Sharding::Directory);
        let (mut tail, all) = (0.0, work.iter().sum::<f64>());
        for (&key, work) in self.places.iter().zip(work) {
            if key >= self.head && evenly {
                tail += work;
            } else {
                mass[usize::from(shards.shard(key))] += work;
            }
        }
        if all <= 0.0 {
            return Heat { skew: 1.0, first_key: 0.0 };
        }
        let count = mass.len() as f64;
        let hottest = mass.iter().copied().fold(0.0, f64::max) + tail / count;
        Heat { skew: hottest / all * count, first_key: work[0] / all }
    }
}
