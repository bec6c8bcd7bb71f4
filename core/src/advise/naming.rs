//! DNS: answers without regard to health, and answers that are believed for too long.
use super::finding::{Finding, FindingKind, Severity};
use super::load::Load;
use crate::time::Span;
use crate::topology::{Bag, DnsNode, DnsPolicy, Edit, NodeKind, Place, Plan};

const MONTH_SECONDS: f64 = crate::cost::MONTH_HOURS * 3_600.0;
/// Short enough for most objectives, long enough that few requests wait for a lookup.
const USUAL_TTL: f64 = 60.0;

pub(super) fn names(plan: &Plan, load: &Load) -> Vec<Finding> {
    let each = plan.nodes.iter().enumerate().filter_map(|(i, node)| match &node.kind {
        NodeKind::Dns(dns) if node.out.len() > 1 && load.flow.total(i) > 0.0 => Some((i, dns)),
        _ => None,
    });
    each.filter_map(|(i, dns)| match dns.policy {
        DnsPolicy::Simple => Some(blind(plan, i)),
        _ => long(plan, i, dns),
    })
    .collect()
}

fn blind(plan: &Plan, node: usize) -> Finding {
    let (id, addresses) = (&plan.nodes[node].id, plan.nodes[node].out.len() as f64);
    let sentence = format!(
        "\"{id}\" knows nothing of health: when an address dies, its part of the users is sent there on"
    );
    Finding::new(FindingKind::BlindNames, Place::Node(node), Severity::Warning, sentence)
        .with("addresses", addresses, "")
        .with("requests lost with one", 100.0 / addresses, "%")
        .mended(
            "Answer with healthy addresses only, by weight".to_owned(),
            vec![Edit::set(Bag::Node(id.clone()), "policy", "weighted")],
        )
}

/// Against the availability that is asked for: the downtime that it leaves in a month is used up by one death.
fn long(plan: &Plan, node: usize, dns: &DnsNode) -> Option<Finding> {
    let id = &plan.nodes[node].id;
    let allowed = (1.0 - plan.objectives.availability?) * MONTH_SECONDS;
    let noticed = dns.check_interval.as_secs() * f64::from(dns.fall);
    let out = dns.ttl.as_secs() + noticed;
    if out <= allowed {
        return None;
    }
    let sentence = format!(
        "After a death users of \"{id}\" go to the dead address for up to {out:.0} s; the objective leaves {allowed:.0} s a month"
    );
    let found = Finding::new(FindingKind::LongNames, Place::Node(node), Severity::Warning, sentence)
        .with("until the last resolver has noticed", out, "s")
        .with("downtime that the objective leaves in a month", allowed, "s");
    let ttl = ((allowed - noticed) / 2.0).min(USUAL_TTL).floor();
    if ttl < 1.0 {
        return Some(found);
    }
    let ttl = Span::from_secs(ttl).to_string();
    Some(found.mended(
        format!("Let resolvers believe \"{id}\" for {ttl}"),
        vec![Edit::set(Bag::Node(id.clone()), "ttl", &ttl)],
    ))
}
