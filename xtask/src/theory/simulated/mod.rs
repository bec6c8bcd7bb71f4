//! What simulator and components say to each quantity of a case. One function for each family; a family without one is not
//! yet shown to be right, which counts as a failure.

mod balancing;
mod calls;
mod components;
mod networks;
mod queues;

use anyhow::Result;

use super::case::Case;
use super::measure::{Effort, Measured};

/// One unit of a case's time in seconds of the simulated system: whole nanoseconds round it by a millionth.
const UNIT: f64 = 1e-3;

type Family = fn(&Case, &Effort) -> Result<Measured>;

/// What is simulated of a case; `None` for a family that nothing here can express yet.
pub(crate) fn of(case: &Case, effort: &Effort) -> Option<Result<Measured>> {
    family(&case.family).map(|family| family(case, effort))
}

fn family(name: &str) -> Option<Family> {
    Some(match name {
        "M/M/1" | "M/M/c" => queues::exponential,
        "M/M/c/K" => queues::bounded,
        "M/D/1" => queues::deterministic,
        "M/G/1 hyperexponential" => queues::hyperexponential,
        "M/G/1 lognormal" => queues::lognormal,
        "M/G/1 Erlang-k" => queues::erlang,
        "M/G/1-PS" => queues::sharing,
        "M/G/inf (in-flight requests)" => queues::endless,
        "M/M/1 non-preemptive priority" => queues::priority,
        "D/M/1" => queues::even_arrivals,
        "Jackson open network" => networks::tandem,
        "closed interactive network (MVA)" => networks::closed,
        "machine repair (finite source)" => networks::repair,
        "load balancing, n servers mu=1, exact" => balancing::few,
        "round robin over n servers mu=1" => balancing::in_turn,
        "power of d choices, n -> infinity (mu=1)" => balancing::many,
        "fan-out over exponential leaves (mean 1)" => calls::fan_out,
        "fan-out tail" => calls::slow_leaves,
        "hedged request after h, exponential service mean 1, no queueing" => calls::hedge,
        "retries, independent failures" => calls::retries,
        "retries at every layer, total outage of the deepest" => calls::layers,
        "Zipf shares" => components::zipf,
        "caches under IRM/Zipf, exact small"
        | "caches under IRM/Zipf, exact medium"
        | "caches under IRM/Zipf, Che approximation" => components::cache,
        "TTL cache, one key, Poisson requests" => components::one_key,
        "TTL cache, periodic requests" => components::periodic,
        "TTL cache, Zipf keys" => components::many_keys,
        "consistent hashing ring" => components::ring,
        "jump consistent hash" => components::jump_hash,
        "consistent hashing with bounded loads" => components::bounded_loads,
        _ => return None,
    })
}
