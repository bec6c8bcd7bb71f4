//! Fan-out, retries, availability, replication.

use loadpath_core::analytic::formula::availability::{
    availability, downtime_minutes_per_year, in_parallel, in_series, k_of_n, time_to_quorum_loss,
};
use loadpath_core::analytic::formula::order::{Hedge, any_slow, leaf_quantile, quorum_mean, quorum_quantile};
use loadpath_core::analytic::formula::replication::{lost_writes, lost_writes_of_batches, stale_read};
use loadpath_core::analytic::formula::retry::{amplification, attempts, retried_loss, success};
use loadpath_core::math::ln;

use super::super::case::Case;
use super::Values;

/// What the formulas of reliability say; `None` for other families.
pub(super) fn of(case: &Case) -> Option<Values> {
    match case.family.as_str() {
        "availability of one component" => Some(component(case)),
        "k-of-n availability, independent repair" => Some(parts(case)),
        "mean time to quorum loss" => Some(vec![("MTT_loss", quorum_loss(case))]),
        "fan-out tail" => Some(fan_out(case)),
        "fan-out over exponential leaves (mean 1)" => Some(leaves(case)),
        "quorum wait, iid exponential replicas (mean 1)" => Some(quorum(case)),
        "hedged request after h, exponential service mean 1, no queueing" => Some(hedge(case)),
        "retries, independent failures" => Some(retries(case)),
        "retries at every layer, total outage of the deepest" => Some(layers(case)),
        "retries against a full queue (M/M/c/K), fixed point" => full_queue(case),
        "lost writes at async failover" => Some(failover(case)),
        "lost writes, log shipped every T with delay d" => Some(shipped(case)),
        "read-your-writes from a replica after r seconds, exponential lag" => {
            Some(vec![("P_stale", stale_read(case.number("delay"), case.number("mean_lag")))])
        }
        _ => None,
    }
}

fn component(case: &Case) -> Values {
    let up = availability(case.number("MTBF"), case.number("MTTR"));
    vec![("A", up), ("downtime_min_per_year", downtime_minutes_per_year(up))]
}

fn parts(case: &Case) -> Values {
    let (part, n) = (case.number("A"), case.count("n"));
    let parts = vec![part; n as usize];
    vec![
        ("A_system", k_of_n(case.count("k"), n, part)),
        ("A_series_n", in_series(&parts)),
        ("A_parallel_n", in_parallel(&parts)),
    ]
}

fn quorum_loss(case: &Case) -> f64 {
    let (failure, repair) = (case.number("lambda_"), case.number("mu"));
    time_to_quorum_loss(case.count("n"), case.count("k"), failure, repair, case.count("repairers"))
}

fn fan_out(case: &Case) -> Values {
    let n = case.count("n");
    vec![
        ("P_at_least_one", any_slow(case.number("p_slow"), n)),
        ("leaf_quantile_for_p99_root", leaf_quantile(0.99, n)),
    ]
}

fn leaves(case: &Case) -> Values {
    let n = case.count("n");
    let quantile = |q: f64| -ln(1.0 - leaf_quantile(q, n));
    vec![("mean_max", quorum_mean(n, n)), ("p50", quantile(0.5)), ("p99", quantile(0.99))]
}

fn quorum(case: &Case) -> Values {
    let (k, n) = (case.count("k"), case.count("n"));
    vec![
        ("mean", quorum_mean(k, n)),
        ("p50", quorum_quantile(k, n, 0.5)),
        ("p99", quorum_quantile(k, n, 0.99)),
    ]
}

fn hedge(case: &Case) -> Values {
    let hedge = Hedge { delay: case.number("h") };
    vec![
        ("mean", hedge.mean()),
        ("p99", hedge.quantile(0.99)),
        ("p99_without", -ln(1.0 - 0.99)),
        ("extra_load", hedge.extra_load()),
    ]
}

fn retries(case: &Case) -> Values {
    let (p, most) = (case.number("p_fail"), case.count("max_retries"));
    let attempts = attempts(p, most);
    vec![("success", success(p, most)), ("mean_attempts", attempts), ("amplification", attempts)]
}

fn layers(case: &Case) -> Values {
    vec![("amplification", amplification(case.count("layers"), case.count("attempts_per_layer")))]
}

fn full_queue(case: &Case) -> Option<Values> {
    let (rate, mu) = (case.number("lambda_"), case.number("mu"));
    let settled = retried_loss(rate, mu, case.count("c"), case.count("K"), case.count("retries"))?;
    Some(vec![
        ("offered_rate", settled.offered_rate),
        ("P_block", settled.loss),
        ("success", settled.success),
        ("goodput", settled.goodput),
    ])
}

fn failover(case: &Case) -> Values {
    let lost = lost_writes(case.number("write_rate"), case.number("mean_lag"));
    vec![("mean_lost", lost.mean), ("std_if_poisson", lost.mean.sqrt()), ("P_none_lost", lost.none())]
}

fn shipped(case: &Case) -> Values {
    let (mean, most) =
        lost_writes_of_batches(case.number("write_rate"), case.number("T"), case.number("delay"));
    vec![("mean_lost", mean), ("max_lost", most)]
}
