//! What is no random experiment, and why; and how far a case's own figure may be from what is simulated.

use super::case::Case;
use super::measure::FULL;
use super::refined::relative_of_tails;

/// Why a quantity has no interval of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reason {
    /// It bounds what is simulated.
    Bound,
    /// Only a formula has it; this says why.
    Formula(String),
    /// Nothing has it but the reference itself; this says why.
    Aside(&'static str),
}

/// Why a quantity of a case is not laid beside a simulated interval of itself; `None` for all others.
pub(crate) fn reason(case: &Case, name: &str) -> Option<Reason> {
    let formula = |why: &str| Some(Reason::Formula(why.to_owned()));
    match name {
        "X_bound" | "Wq_upper_bound" | "max_lost" => Some(Reason::Bound),
        "N_star" => formula("where two asymptotes cross; no run has such a point"),
        "LRU_che" | "FIFO_char_time" => {
            formula("an approximation's own figure; the cache's is simulated beside it")
        }
        "characteristic_time" => {
            formula("the root of Che's equation, of which a real cache has no single one")
        }
        "Wq_kingman_approx" if case.number("ca2") != 1.0 => {
            formula("a limit of heavy traffic, exact for Poisson arrivals alone")
        }
        "expected_moves_bound" => {
            formula("it bounds how many balls move when all are placed anew; a balancer moves no request")
        }
        "truncation_mass" => Some(Reason::Aside("what the reference cut off its own Markov chain")),
        _ => too_rare(case, name),
    }
}

/// Requests that a relative half-width of 1 % at 99 % takes for an event of probability `p`, if it comes in pairs: rare events
/// mostly come in runs.
fn needed(p: f64) -> f64 {
    2.0 * (2.576 / FULL.mean) * (2.576 / FULL.mean) / p
}

fn too_rare(case: &Case, name: &str) -> Option<Reason> {
    let exact = *case.expect.get(name)?;
    let is_share = name.starts_with("P_") || name == "P0" || name.starts_with("tail");
    (is_share && exact > 0.0 && needed(exact) > FULL.most).then(|| {
        Reason::Formula(format!(
            "so rare that 1 % would take {:.0e} requests; a run has {:.0e} at most",
            needed(exact),
            FULL.most
        ))
    })
}

/// Whether an interval of it is to be simulated.
pub(crate) fn is_measured(case: &Case, name: &str) -> bool {
    case.expect.contains_key(name)
        && !matches!(reason(case, name), Some(Reason::Formula(_) | Reason::Aside(_)))
}

/// How far off, relative to it, a value may be by the way it is kept or by what the case itself leaves out.
pub(crate) fn tolerance(case: &Case, name: &str) -> f64 {
    match case.family.as_str() {
        // The limit of endlessly many servers is approached as their number's inverse (Graham 2000): the mean by up to four times
        // that, tails by as much more as few servers reach them.
        "power of d choices, n -> infinity (mu=1)" => {
            let level: Option<usize> = name.strip_prefix("tail2_ge").and_then(|level| level.parse().ok());
            let off = relative_of_tails(case.number("lambda_per_server"));
            let of_tail = level.and_then(|level| off.get(level.checked_sub(1)?)).map_or(0.0, |off| off.abs());
            return (4.0 + of_tail) / f64::from(super::simulated::MANY);
        }
        // Fluid limits leave out what is of the order of the root of the backlog.
        "overload then scale out (fluid)" => {
            let rate = case.number("lambda_") - case.number("c") * case.number("mu");
            return 1.0 / (rate * case.number("overload_s")).sqrt();
        }
        _ => {}
    }
    match name {
        // It takes the buckets for independent. They share the keys, so that they spread by sqrt(n / (n - 1)) more about their mean.
        "expected_max_over_mean_gauss" => {
            let n = case.number("buckets");
            (case.expect[name] - 1.0) * ((n / (n - 1.0)).sqrt() - 1.0)
        }
        // Two digits of waits, three of responses; the mean and the variance over buckets lose next to nothing.
        _ if name.starts_with("Wq_p") => 1.0 / 128.0,
        // Leaves are kept to two digits: where the tail is exp(-x) with x up to 12, a 128th of x changes it by a tenth.
        "leaf_quantile_for_p99_root" => 0.1 * (1.0 - case.expect[name]),
        _ if name.contains("p9") || name.contains("p5") => 1.0 / 1_024.0,
        _ if name.ends_with("_var") || name.ends_with("_std") => 1e-4,
        // A nanosecond in a unit of a millisecond.
        _ => 1e-6,
    }
}
