//! How calls are made: timeouts along a path, retries of retries, calls that wait for ever.
use super::finding::{Finding, FindingKind, Severity};
use super::load::patience;
use crate::cost::Wiring;
use crate::id::EdgeIndex;
use crate::time::Span;
use crate::topology::{Bag, Edit, Mode, NodeKind, Place, Plan, PlanEdge};

/// From so many attempts for one request on, retries make an outage: three attempts at two places are nine.
const AMPLIFIED: f64 = 4.0;
/// More is not told apart: a chain of a thousand calls would leave the numbers that there are.
const MOST: f64 = 1e9;
/// The share of retries that a budget allows, as in Finagle.
const BUDGET: &str = "0.2";

/// For how long at least somebody waits for what each node does; for ever where nobody does, or nobody gives up.
fn limits(plan: &Plan, wiring: &Wiring) -> Vec<Option<Span>> {
    let mut limits: Vec<Option<Span>> = vec![None; plan.nodes.len()];
    for &node in &wiring.order {
        let waits = match &plan.nodes[node].kind {
            NodeKind::Clients(clients) => Some(clients.timeout),
            // Nobody waits for what is done later.
            NodeKind::Queue(_) => None,
            _ => limits[node],
        };
        for &edge in &plan.nodes[node].out {
            let link = plan.edge(edge);
            if link.mode == Mode::Asynchronous {
                continue;
            }
            let limit = [waits, link.timeout].into_iter().flatten().min();
            let to = &mut limits[link.to.index()];
            *to = [*to, limit].into_iter().flatten().min();
        }
    }
    limits
}

/// How long a caller waits in all: each attempt, and the backoff before each but the first.
fn in_all(edge: &PlanEdge) -> Option<Span> {
    let attempts = edge.timeout?.as_secs() * f64::from(edge.retries + 1);
    Some(Span::from_secs(attempts + backoffs(edge)))
}

fn backoffs(edge: &PlanEdge) -> f64 {
    edge.backoff.as_secs() * f64::from((1u32 << edge.retries.min(20)) - 1)
}

fn of_edge(plan: &Plan, edge: &PlanEdge) -> Bag {
    Bag::Edge(plan.node(edge.from).id.clone(), plan.node(edge.to).id.clone())
}

/// In whole milliseconds, at least one.
fn written(seconds: f64) -> String {
    Span::from_millis(((seconds * 1e3) as u64).max(1)).to_string()
}

/// Edges by which calls go on when their caller's caller has given up. Users and their names are at the outer end.
pub(super) fn crossed_timeouts(plan: &Plan, wiring: &Wiring) -> Vec<Finding> {
    let limits = limits(plan, wiring);
    let each = plan.edges.iter().enumerate().filter_map(|(i, edge)| {
        let from = plan.node(edge.from);
        if matches!(from.kind, NodeKind::Clients(_) | NodeKind::Dns(_)) || edge.mode == Mode::Asynchronous {
            return None;
        }
        let (outer, inner) = (limits[edge.from.index()]?, in_all(edge)?);
        if inner <= outer {
            return None;
        }
        let (a, b) = (&from.id, &plan.node(edge.to).id);
        let sentence = format!(
            "\"{a}\" tries \"{b}\" for up to {inner}, and whoever asked \"{a}\" has given up after {outer}"
        );
        let found = Finding::new(FindingKind::CrossedTimeouts, Place::Edge(i), Severity::Warning, sentence)
            .with("outer timeout", outer.as_secs(), "s")
            .with("inner timeout, retries included", inner.as_secs(), "s");
        let room = 0.8 * outer.as_secs();
        let each = (room - backoffs(edge)) / f64::from(edge.retries + 1);
        let (each, mut edits) = if each > 0.1 * room / f64::from(edge.retries + 1) {
            (written(each), Vec::new())
        } else {
            (written(room), vec![Edit::set(of_edge(plan, edge), "retries", "0")])
        };
        edits.push(Edit::set(of_edge(plan, edge), "timeout", &each));
        Some(
            found.mended(
                format!("Let \"{a}\" give \"{b}\" up after {each}, before it is given up itself"),
                edits,
            ),
        )
    });
    each.collect()
}

/// By how much a failing callee multiplies the calls by this edge.
fn factor(edge: &PlanEdge) -> f64 {
    let retries = f64::from(edge.retries);
    1.0 + edge.retry_budget.map_or(retries, |budget| retries.min(budget))
}

/// Paths along which retries multiply, by their last edge that retries.
pub(super) fn retry_amplification(plan: &Plan, wiring: &Wiring) -> Vec<Finding> {
    let mut attempts = vec![1.0f64; plan.nodes.len()];
    let mut by: Vec<Option<EdgeIndex>> = vec![None; plan.nodes.len()];
    for &node in &wiring.order {
        // What is published is worked on on its own.
        let before = if matches!(plan.nodes[node].kind, NodeKind::Queue(_)) { 1.0 } else { attempts[node] };
        for &edge in &plan.nodes[node].out {
            let link = plan.edge(edge);
            let (to, made) = (link.to.index(), (before * factor(link)).min(MOST));
            if made > attempts[to] {
                (attempts[to], by[to]) = (made, Some(edge));
            }
        }
    }
    let ends = (0..plan.nodes.len()).filter_map(|node| {
        let last = by[node].filter(|&edge| factor(plan.edge(edge)) > 1.0)?;
        let goes_on = plan.nodes[node].out.iter().any(|&edge| factor(plan.edge(edge)) > 1.0);
        (attempts[node] >= AMPLIFIED && !goes_on).then_some((node, last))
    });
    ends.map(|(node, last)| amplified(plan, node, last, attempts[node], &by)).collect()
}

fn amplified(plan: &Plan, node: usize, last: EdgeIndex, attempts: f64, by: &[Option<EdgeIndex>]) -> Finding {
    let mut path = Vec::new();
    let mut next = Some(last);
    while let Some(edge) = next {
        path.push(plan.edge(edge));
        let from = plan.edge(edge).from;
        next = by[from.index()].filter(|_| !matches!(plan.node(from).kind, NodeKind::Queue(_)));
    }
    let retrying: Vec<&PlanEdge> = path.into_iter().filter(|edge| factor(edge) > 1.0).collect();
    let id = &plan.nodes[node].id;
    let sentence =
        format!("When \"{id}\" fails, one request becomes {attempts:.0} calls to it: retries of retries");
    let severity = if attempts >= 2.0 * AMPLIFIED { Severity::Critical } else { Severity::Warning };
    Finding::new(FindingKind::RetryAmplification, Place::Edge(last.index()), severity, sentence)
        .with("calls for one request", attempts, "")
        .with("edges that retry", retrying.len() as f64, "")
        .mended(
            "Give each edge on the way a budget: retries are at most a fifth of its calls".to_owned(),
            retrying.iter().map(|edge| Edit::set(of_edge(plan, edge), "retry_budget", BUDGET)).collect(),
        )
}

/// Calls to third parties that wait for ever.
pub(super) fn no_timeout(plan: &Plan, wiring: &Wiring) -> Vec<Finding> {
    let limits = limits(plan, wiring);
    let each =
        plan.edges.iter().enumerate().filter_map(|(i, edge)| {
            let NodeKind::External(external) = &plan.node(edge.to).kind else { return None };
            if edge.timeout.is_some() || edge.mode == Mode::Asynchronous {
                return None;
            }
            let (a, b) = (&plan.node(edge.from).id, &plan.node(edge.to).id);
            let sentence = format!("\"{a}\" waits for \"{b}\", which is not yours, without a limit");
            let law = &external.service_time;
            let mean = law.mean().as_secs();
            // By Cantelli's inequality at most one in ten is later; of usual laws, one in a hundred.
            let usual = mean * (1.0 + 3.0 * law.cv2().sqrt());
            let room = 0.8 * limits[edge.from.index()].unwrap_or_else(|| patience(plan)).as_secs();
            let timeout = written((1.5 * usual).min(room / f64::from(edge.retries + 1)));
            let found = Finding::new(FindingKind::NoTimeout, Place::Edge(i), Severity::Warning, sentence)
                .with("mean answer", mean, "s");
            Some(found.mended(
                format!("Let \"{a}\" give \"{b}\" up after {timeout}"),
                vec![Edit::set(of_edge(plan, edge), "timeout", &timeout)],
            ))
        });
    each.collect()
}
