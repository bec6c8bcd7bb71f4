//! What simulator and components say to each quantity of a case. One function for each family.

mod balancing;
mod calls;
mod components;
mod lifetimes;
mod networks;
mod overload;
mod queues;
mod reliability;
mod replication;
mod rings;
mod statistics;

use anyhow::{Result, bail};

use super::case::Case;
use super::measure::{Effort, Measured};

pub(crate) use balancing::MANY;
#[cfg(test)]
pub(crate) use balancing::shares_of;

/// One unit of a case's time in seconds of the simulated system: whole nanoseconds round it by a millionth.
const UNIT: f64 = 1e-3;

/// A family of cases.
struct Family {
    name: &'static str,
    /// The parameters without which it is nothing.
    params: &'static [&'static str],
    run: fn(&Case, &Effort) -> Result<Measured>,
}

macro_rules! families {
    ($($name:literal, [$($param:literal),*] => $run:path;)*) => {
        &[$(Family { name: $name, params: &[$($param),*], run: $run }),*]
    };
}

const FAMILIES: &[Family] = families! {
    "M/M/1", ["lambda_", "mu"] => queues::exponential;
    "M/M/c", ["lambda_", "mu", "c"] => queues::exponential;
    "M/M/c/K", ["lambda_", "mu", "c", "K"] => queues::bounded;
    "M/M/c+M (Erlang A, abandonment)", ["lambda_", "mu", "c", "theta"] => queues::impatient;
    "M/D/1", ["lambda_", "D"] => queues::deterministic;
    "M/G/1 hyperexponential", ["lambda_", "mean", "cv2"] => queues::hyperexponential;
    "M/G/1 lognormal", ["lambda_", "mean", "sigma_ln"] => queues::lognormal;
    "M/G/1 Erlang-k", ["lambda_", "mean", "k"] => queues::erlang;
    "M/G/1-PS", ["lambda_", "mean"] => queues::sharing;
    "M/G/inf (in-flight requests)", ["lambda_", "mean"] => queues::endless;
    "M/M/1 non-preemptive priority", ["lambda1", "lambda2", "mu"] => queues::priority;
    "D/M/1", ["interarrival", "mu"] => queues::even_arrivals;
    "Jackson open network", ["gamma", "P", "mu", "c"] => networks::open;
    "closed interactive network (MVA)", ["demands", "servers", "Z", "N"] => networks::closed;
    "machine repair (finite source)", ["N", "c", "lambda_", "mu"] => networks::repair;
    "load balancing, n servers mu=1, exact", ["n", "rho"] => balancing::few;
    "round robin over n servers mu=1", ["n", "rho"] => balancing::in_turn;
    "power of d choices, n -> infinity (mu=1)", ["lambda_per_server"] => balancing::many;
    "fan-out over exponential leaves (mean 1)", ["n"] => calls::fan_out;
    "fan-out tail", ["n", "p_slow"] => calls::slow_leaves;
    "hedged request after h, exponential service mean 1, no queueing", ["h"] => calls::hedge;
    "retries, independent failures", ["p_fail", "max_retries"] => calls::retries;
    "retries at every layer, total outage of the deepest", ["layers", "attempts_per_layer"] => calls::layers;
    "retries against a full queue (M/M/c/K), fixed point", ["lambda_", "mu", "c", "K", "retries"] => calls::full_queue;
    "quorum wait, iid exponential replicas (mean 1)", ["n", "k"] => replication::quorum;
    "lost writes at async failover", ["write_rate", "mean_lag"] => replication::failover;
    "lost writes, log shipped every T with delay d", ["write_rate", "T", "delay"] => replication::shipped;
    "read-your-writes from a replica after r seconds, exponential lag", ["delay", "mean_lag"] => replication::stale;
    "availability of one component", ["MTBF", "MTTR"] => reliability::component;
    "k-of-n availability, independent repair", ["A", "k", "n"] => reliability::parts;
    "mean time to quorum loss", ["n", "k", "lambda_", "mu", "repairers"] => reliability::quorum_loss;
    "overload then scale out (fluid)", ["lambda_", "mu", "c", "overload_s", "c_after"] => overload::drain;
    "statistical tolerance: mean wait of M/M/1 over n customers (mu=1)", ["rho"] => statistics::of_a_mean;
    "Kingman bound / approximation G/G/1", ["rho", "ca2", "cs2"] => statistics::kingman;
    "Zipf shares", ["N", "alpha"] => components::zipf;
    "caches under IRM/Zipf, exact small", ["N", "alpha", "C"] => components::cache;
    "caches under IRM/Zipf, exact medium", ["N", "alpha", "C"] => components::cache;
    "caches under IRM/Zipf, Che approximation", ["N", "alpha", "C"] => components::cache;
    "TTL cache, one key, Poisson requests", ["lambda_", "T"] => lifetimes::one_key;
    "TTL cache, periodic requests", ["interval", "T"] => lifetimes::periodic;
    "TTL cache, Zipf keys", ["N", "alpha", "total_rate", "T"] => lifetimes::many_keys;
    "consistent hashing ring", ["nodes", "vnodes"] => rings::ring;
    "jump consistent hash", ["buckets", "keys"] => rings::jump_hash;
    "consistent hashing with bounded loads", ["servers", "balls", "c"] => rings::bounded_loads;
};

fn family(case: &Case) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == case.family)
}

/// Whether a case is of a family that is known, and has its parameters.
///
/// # Errors
/// What is unknown or missing, and where.
pub(crate) fn check(case: &Case) -> Result<()> {
    let (id, line) = (&case.id, case.line);
    let Some(family) = family(case) else {
        let known: Vec<String> = FAMILIES.iter().map(|family| format!("  {}", family.name)).collect();
        bail!(
            "line {line}: case {id}: no family is called {:?}; there are\n{}",
            case.family,
            known.join("\n")
        );
    };
    if let Some(missing) = family.params.iter().find(|param| !case.has(param)) {
        bail!(
            "line {line}: case {id}: \"params\", field {missing:?} is no number or list; {} needs {}",
            family.name,
            family.params.join(", ")
        );
    }
    Ok(())
}

/// What is simulated of a case.
///
/// # Errors
/// Why it cannot be drawn.
pub(crate) fn of(case: &Case, effort: &Effort) -> Result<Measured> {
    let Some(family) = family(case) else { bail!("its family is not known") };
    (family.run)(case, effort)
}

#[cfg(test)]
mod tests {
    use super::super::measure::QUICK;
    use super::*;

    /// A look so short that it says nothing but that there is something to look at.
    #[test]
    fn every_quantity_of_the_first_case_of_every_family_is_simulated_or_has_a_reason() {
        use super::super::table::{self, Verdict};
        let cases = Case::read_all(include_str!("../../../../tests/data/theory.json")).unwrap();
        let effort = Effort { mean: f64::INFINITY, percentile: f64::INFINITY, most: 20_000.0, ..QUICK };
        for family in FAMILIES {
            let case = cases.iter().find(|case| case.family == family.name).unwrap();
            let measured = of(case, &effort).unwrap_or_else(|fault| panic!("{}: {fault:#}", case.id));
            let analytic = super::super::formulas::analytic(case);
            for row in table::rows(case, Ok(&measured), analytic.as_deref(), &effort) {
                assert_ne!(row.verdict, Verdict::Cannot, "{} {}: {}", case.id, row.quantity, row.reason);
            }
        }
    }

    #[test]
    fn every_case_is_of_a_known_family_and_strangers_are_told_which_there_are() {
        let text = include_str!("../../../../tests/data/theory.json");
        Case::read_all(text).unwrap().iter().for_each(|case| check(case).unwrap());
        let told = |family: &str, params: &str| {
            let text = format!(
                r#"{{"cases": [{{"id": "a", "family": "{family}", "params": {params}, "expect": {{"W": 1}}}}]}}"#
            );
            check(&Case::read_all(&text).unwrap()[0]).unwrap_err().to_string()
        };
        let unknown = told("M/X/1", "{}");
        assert!(unknown.starts_with("line 1: case a") && unknown.contains("\n  M/G/1-PS\n"), "{unknown}");
        let missing = told("M/M/c", r#"{"lambda_": 1, "mu": "2"}"#);
        assert!(
            missing.contains("field \"mu\" is no number") && missing.contains("lambda_, mu, c"),
            "{missing}"
        );
    }
}
