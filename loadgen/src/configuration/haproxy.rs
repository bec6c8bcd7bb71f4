//! HAProxy as a balancer: what its configuration says of policies, checks and limits.
use super::line;
use loadpath_core::component::balance::Policy;
use loadpath_core::topology::LoadBalancerNode;

/// What a request's key and its client are known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownBy {
    /// As an argument of `balance`.
    pub(crate) key: &'static str,
    /// As an argument of `balance`.
    pub(crate) client: &'static str,
}

/// The lines of a policy.
pub(crate) fn balance(spec: &LoadBalancerNode, by: KnownBy, text: &mut String) {
    let (key, client) = (by.key, by.client);
    let lines = match spec.policy {
        Policy::RoundRobin | Policy::Weighted => "  balance roundrobin".to_owned(),
        Policy::LeastConnections | Policy::PeakEwma => "  balance leastconn".to_owned(),
        Policy::PowerOfTwo => format!("  balance random({})", spec.choices.max(1)),
        Policy::Random => "  balance random(1)".to_owned(),
        Policy::IpHash => format!("  balance {client}"),
        Policy::HashRing | Policy::Maglev | Policy::Rendezvous | Policy::Jump => {
            format!("  balance {key}\n  hash-type consistent")
        }
        Policy::BoundedLoad => {
            format!("  balance {key}\n  hash-type consistent\n  hash-balance-factor 125")
        }
    };
    line(text, &lines);
}

/// What HAProxy does instead of a policy that it has not.
pub(crate) const fn instead(policy: Policy) -> Option<&'static str> {
    match policy {
        Policy::PeakEwma => Some("HAProxy has no peak EWMA: it picks the one with the fewest connections"),
        Policy::Maglev | Policy::Rendezvous | Policy::Jump => {
            Some("HAProxy has no such hashing: it hashes on a ring")
        }
        _ => None,
    }
}

/// What every server is checked by.
pub(crate) fn checks(spec: &LoadBalancerNode) -> String {
    let interval_ms = (spec.check_interval.0 / 1_000_000).max(10);
    let mut checks = format!("check inter {interval_ms}ms fall {} rise {}", spec.fall, spec.rise);
    if spec.slow_start.0 > 0 {
        checks += &format!(" slowstart {}ms", (spec.slow_start.0 / 1_000_000).max(1));
    }
    if spec.eject_after > 0 {
        checks += &format!(" observe layer7 error-limit {} on-error mark-down", spec.eject_after);
    }
    checks
}

/// The lines in a frontend that let only so many requests per second pass; others are answered with `status`.
pub(crate) fn rate_limit(spec: &LoadBalancerNode, status: u16, text: &mut String) {
    let Some(rate) = spec.rate_limit else { return };
    let most = (rate.ceil() as u64).max(1);
    line(text, "  stick-table type integer size 1 expire 1s store http_req_rate(1s)");
    line(text, "  http-request track-sc0 int(1)");
    line(text, &format!("  http-request deny deny_status {status} if {{ sc_http_req_rate(0) gt {most} }}"));
}

/// The weights of targets, which end at 256; all alike unless the policy goes by weight.
pub(crate) fn weights(spec: &LoadBalancerNode, weights: &[u32]) -> Vec<u64> {
    let heaviest = weights.iter().copied().max().unwrap_or(1).max(1);
    let scaled = |&weight: &u32| (u64::from(weight) * 256 / u64::from(heaviest)).clamp(1, 256);
    weights.iter().map(|weight| if spec.policy == Policy::Weighted { scaled(weight) } else { 1 }).collect()
}
