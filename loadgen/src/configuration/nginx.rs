//! nginx as a balancer: what its configuration says of policies, failures and limits.
use loadpath_core::component::balance::Policy;
use loadpath_core::time::Span;
use loadpath_core::topology::LoadBalancerNode;

/// The line of a policy, by what a request's key and its client are known; round robin has none, and looks at the weights by
/// itself.
pub(crate) fn policy(spec: &LoadBalancerNode, key: &str, client: &str) -> String {
    match spec.policy {
        Policy::LeastConnections | Policy::PeakEwma => "    least_conn;".to_owned(),
        Policy::PowerOfTwo => "    random two least_conn;".to_owned(),
        Policy::Random => "    random;".to_owned(),
        Policy::IpHash => format!("    hash {client} consistent;"),
        Policy::HashRing | Policy::BoundedLoad | Policy::Maglev | Policy::Rendezvous | Policy::Jump => {
            format!("    hash {key} consistent;")
        }
        Policy::RoundRobin | Policy::Weighted => String::new(),
    }
}

/// What of a balancer nginx has not, and does otherwise.
pub(crate) fn instead(spec: &LoadBalancerNode) -> Option<&'static str> {
    match spec.policy {
        Policy::PeakEwma => Some("policy: nginx has no peak EWMA"),
        Policy::BoundedLoad => Some("policy: nginx has no bound on a ring's load"),
        Policy::Maglev | Policy::Rendezvous | Policy::Jump => Some("policy: nginx has no such hashing"),
        Policy::PowerOfTwo if spec.choices != 2 => Some("choices: nginx looks at two"),
        Policy::PowerOfTwo if spec.repeats => Some("repeats: nginx never looks at one target twice"),
        _ if spec.slow_start > Span::ZERO => Some("slow_start: only the nginx that is sold has it"),
        _ if spec.sticky => Some("sticky: only the nginx that is sold has it"),
        _ => None,
    }
}

/// What a target's line says of weight and failures. It has no probes: a target that fails so often is left out for a while, which
/// it counts in whole seconds.
pub(crate) fn target(spec: &LoadBalancerNode, weight: u32) -> String {
    let fails = if spec.eject_after > 0 { spec.eject_after } else { spec.fall };
    let pause = (spec.check_interval.0 * u64::from(spec.rise)).div_ceil(Span::SECOND.0).max(1);
    let weight = if spec.policy == Policy::Weighted { weight.max(1) } else { 1 };
    format!("weight={weight} max_fails={fails} fail_timeout={pause}s")
}

/// The lines that count requests, and those that let only so many pass, the others being answered with `status`; none without a limit.
pub(crate) fn rate_limit(spec: &LoadBalancerNode, status: u16) -> Option<[String; 2]> {
    let rate = (spec.rate_limit?.round() as u64).max(1);
    Some([
        format!("  limit_req_zone $server_port zone=all:64k rate={rate}r/s;"),
        format!(
            "      limit_req zone=all burst={} nodelay;\n      limit_req_status {status};",
            spec.burst as u64
        ),
    ])
}
