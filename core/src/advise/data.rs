//! What is remembered: sessions, cache entries, replicas.
use super::finding::{Finding, FindingKind, Severity};
use super::load::{Load, queries};
use crate::component::balance::Policy;
use crate::id::NodeIndex;
use crate::order;
use crate::time::Span;
use crate::topology::{Bag, DatabaseNode, Edit, LIMITS, NodeKind, Place, Plan, Reads};

/// A hit ratio that could be so much higher is worth an edit.
const WORTH: f64 = 0.1;
/// A mend takes this part of what there is to gain: the rest costs more than it gives.
const TAKEN: f64 = 0.9;
/// How many caches are looked at.
const LOOKED_AT: usize = 64;
const DAY: Span = Span::from_millis(86_400_000);
/// The most entries of a cache.
const MOST_ENTRIES: u32 = 10_000_000;

/// Services with sessions in memory whose requests go to any instance.
pub(super) fn lost_sessions(plan: &Plan, load: &Load) -> Vec<Finding> {
    let each = plan.nodes.iter().enumerate().filter_map(|(i, node)| {
        let NodeKind::Service(service) = &node.kind else { return None };
        let rate: f64 = sessions(plan, load, i);
        if !service.stateful || node.kind.most_instances() < 2 || rate == 0.0 {
            return None;
        }
        let callers: Vec<_> =
            plan.into(NodeIndex(i as u16)).map(|edge| plan.node(plan.edge(edge).from)).collect();
        let blind: Vec<_> = callers.iter().filter(|caller| !keeps_users_apart(&caller.kind)).collect();
        if blind.is_empty() {
            return None;
        }
        let instances = f64::from(node.kind.instances());
        let sentence = format!(
            "\"{}\" keeps sessions in its instances' memory, and a user's next request goes to any of them",
            node.id
        );
        let found = Finding::new(FindingKind::LostSessions, Place::Node(i), Severity::Critical, sentence)
            .with("requests that need a session", rate, "1/s")
            .with("of which another instance gets", (1.0 - 1.0 / instances) * 100.0, "%");
        let balanced = blind.iter().all(|caller| matches!(caller.kind, NodeKind::LoadBalancer(_)));
        Some(if balanced {
            let edits = blind.iter().map(|caller| Edit::set(Bag::Node(caller.id.clone()), "sticky", "on"));
            found.mended("Let the load balancer keep users with their instance".to_owned(), edits.collect())
        } else {
            let edit = Edit::set(Bag::Node(node.id.clone()), "sessions", "none");
            found.mended("Keep sessions outside of the instances".to_owned(), vec![edit])
        })
    });
    each.collect()
}

/// Whether a caller sends a user's requests to the same instance again.
fn keeps_users_apart(caller: &NodeKind) -> bool {
    matches!(caller, NodeKind::LoadBalancer(balancer) if balancer.sticky || balancer.policy == Policy::IpHash)
}

/// Requests per second that need a session.
fn sessions(plan: &Plan, load: &Load, node: usize) -> f64 {
    let classes = plan.classes.iter().zip(&load.flow.nodes[node]);
    classes.filter(|(class, _)| class.session).map(|(_, rate)| rate).sum()
}

/// Caches that forget too early, or have no room. So that no document takes long, the busiest of them are looked at.
pub(super) fn forgetful_caches(plan: &Plan, load: &Load) -> Vec<Finding> {
    let mut memories: Vec<usize> =
        (0..plan.nodes.len()).filter(|&node| memory(&plan.nodes[node].kind).is_some()).collect();
    order::sort_by(&mut memories, |&a, &b| load.flow.total(b).total_cmp(&load.flow.total(a)));
    memories.truncate(LOOKED_AT);
    order::sort_by_key(&mut memories, |&node| node);
    memories.into_iter().flat_map(|node| forgetful(plan, load, node)).collect()
}

/// Time to live, entries of an instance, instances.
fn memory(kind: &NodeKind) -> Option<(Span, u32, u16)> {
    match kind {
        NodeKind::Cache(cache) => Some((cache.ttl, cache.capacity, cache.instances)),
        NodeKind::Cdn(cdn) => Some((cdn.ttl, cdn.capacity, cdn.instances)),
        _ => None,
    }
}

/// The hit ratio with another time to live and capacity.
fn hit_ratio(plan: &Plan, load: &Load, node: usize, (ttl, capacity): (Span, u32)) -> f64 {
    let mut kind = plan.nodes[node].kind.clone();
    match &mut kind {
        NodeKind::Cache(cache) => (cache.ttl, cache.capacity) = (ttl, capacity),
        NodeKind::Cdn(cdn) => (cdn.ttl, cdn.capacity) = (ttl, capacity),
        _ => {}
    }
    load.flow.hit_ratio_if(plan, node, &kind).unwrap_or(0.0)
}

fn forgetful(plan: &Plan, load: &Load, node: usize) -> Vec<Finding> {
    let Some((ttl, capacity, instances)) = memory(&plan.nodes[node].kind) else { return Vec::new() };
    let Some(now) = load.flow.hit_ratio(plan, node) else { return Vec::new() };
    let mut findings = Vec::new();
    let longer = |ttl| hit_ratio(plan, load, node, (ttl, capacity));
    let larger = |capacity| hit_ratio(plan, load, node, (ttl, capacity));
    if longer(DAY) - now >= WORTH {
        findings.push(short_ttl(plan, node, ttl, now, longer));
    }
    let keys = plan.classes.iter().map(|class| class.keys).max().unwrap_or(1);
    let room = LIMITS.cache_entries / u64::from(instances);
    let most = (2 * keys).min(u64::from(MOST_ENTRIES)).min(room) as u32;
    if most > capacity && larger(most) - now >= WORTH {
        findings.push(small(plan, node, (capacity, most), now, larger));
    }
    findings
}

fn short_ttl(plan: &Plan, node: usize, ttl: Span, now: f64, longer: impl Fn(Span) -> f64) -> Finding {
    let id = &plan.nodes[node].id;
    let best = longer(DAY);
    let enough = now + TAKEN * (best - now);
    let doubled = std::iter::successors(Some(ttl), |ttl| Some(Span(ttl.0.saturating_mul(2).min(DAY.0))));
    let wanted = doubled.take(64).find(|&ttl| longer(ttl) >= enough).unwrap_or(DAY);
    let sentence = format!(
        "Entries of \"{id}\" die after {ttl}, mostly before they are asked for again: {:.0} % hit where {:.0} % could",
        now * 100.0,
        best * 100.0
    );
    Finding::new(FindingKind::ShortTtl, Place::Node(node), Severity::Warning, sentence)
        .with("hit ratio", now * 100.0, "%")
        .with("hit ratio with a day to live", best * 100.0, "%")
        .mended(
            format!("Let entries of \"{id}\" live for {wanted}"),
            vec![Edit::set(Bag::Node(id.clone()), "ttl", &wanted.to_string())],
        )
}

fn small(
    plan: &Plan,
    node: usize,
    (capacity, most): (u32, u32),
    now: f64,
    larger: impl Fn(u32) -> f64,
) -> Finding {
    let id = &plan.nodes[node].id;
    let best = larger(most);
    let enough = now + TAKEN * (best - now);
    let doubled =
        std::iter::successors(Some(capacity), |capacity| Some(capacity.saturating_mul(2).min(most)));
    let wanted = doubled.take(32).find(|&capacity| larger(capacity) >= enough).unwrap_or(most);
    let sentence = format!(
        "\"{id}\" has room for {capacity} entries at each instance: {:.0} % hit where {:.0} % could",
        now * 100.0,
        best * 100.0
    );
    Finding::new(FindingKind::SmallCache, Place::Node(node), Severity::Warning, sentence)
        .with("hit ratio", now * 100.0, "%")
        .with("hit ratio with room for all keys", best * 100.0, "%")
        .mended(
            format!("Give each instance of \"{id}\" room for {wanted} entries"),
            vec![Edit::set(Bag::Node(id.clone()), "capacity", &wanted.to_string())],
        )
}

/// Databases whose replicas are read too early, or never take over.
pub(super) fn replicas(plan: &Plan, load: &Load) -> Vec<Finding> {
    let each = plan.nodes.iter().enumerate().filter_map(|(i, node)| match &node.kind {
        NodeKind::Database(database) if database.replicas > 0 && !database.multi_primary => {
            Some((i, database))
        }
        _ => None,
    });
    each.flat_map(|(i, database)| [stale(plan, load, i, database), stuck(plan, load, i, database)])
        .flatten()
        .collect()
}

fn stale(plan: &Plan, load: &Load, node: usize, database: &DatabaseNode) -> Option<Finding> {
    let id = &plan.nodes[node].id;
    let (reads, writes) = queries(plan, &load.flow, node);
    if database.reads == Reads::Primary || database.own_writes || reads == 0.0 || writes == 0.0 {
        return None;
    }
    let severity = if sessions(plan, load, node) > 0.0 { Severity::Warning } else { Severity::Note };
    let lag = database.replica_lag.mean();
    let sentence =
        format!("Who reads \"{id}\" within {lag} of writing may be answered by a replica without that write");
    Some(
        Finding::new(FindingKind::StaleSessions, Place::Node(node), severity, sentence)
            .with("mean replica lag", lag.as_secs(), "s")
            .with("reads", reads, "1/s")
            .with("writes", writes, "1/s")
            .mended(
                "Let users read at least what they wrote: the primary is asked while a replica lags"
                    .to_owned(),
                vec![Edit::set(Bag::Node(id.clone()), "session", "own_writes")],
            ),
    )
}

fn stuck(plan: &Plan, load: &Load, node: usize, database: &DatabaseNode) -> Option<Finding> {
    let id = &plan.nodes[node].id;
    if database.failover > Span::ZERO || load.flow.total(node) == 0.0 {
        return None;
    }
    let sentence = format!("\"{id}\" has replicas, but none ever takes its dead primary's place");
    Some(
        Finding::new(FindingKind::NoFailover, Place::Node(node), Severity::Warning, sentence)
            .with("replicas", f64::from(database.replicas), "")
            .mended(
                format!("Promote a replica of \"{id}\" 10 s after its primary has died"),
                vec![Edit::set(Bag::Node(id.clone()), "failover", "10s")],
            ),
    )
}
