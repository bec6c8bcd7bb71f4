//! How much a mean over many customers varies, and what two moments say of a queue.

use anyhow::{Context, Result};
use loadpath_core::sim::Simulation;
use loadpath_core::stats::{Estimate, Moments};
use loadpath_core::time::Span;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, plan_of, probe, simulate};
use super::UNIT;
use super::queues::{JOB, batch, mean_wait, span, station};

/// Blocks in a sample.
const SAMPLE: u32 = 256;

/// The variance of the mean of many successive waits. Blocks of customers are long against what the queue remembers, so that
/// only neighbours are correlated: the variance of a long sum is, block by block, E[y²] + 2 E[y y'] with y' the next one, about the
/// mean wait that is known (Anderson 1971, §8.3: a window that is flat over a block).
pub(super) fn of_a_mean(case: &Case, effort: &Effort) -> Result<Measured> {
    let rho = case.number("rho");
    let parameters = format!(r#""workers": 1, "queue": 1000000, "service_time": "exp {}""#, span(1.0));
    let plan = plan_of(&station(rho, "poisson", &parameters, JOB))?;
    let web = plan.find("station").context("the document has a station")?;
    let mut simulation = Simulation::new(&plan, effort.seed);
    // Its correlations fade by e in 1/(1-√ρ)² services (Cohen 1982): a block is as long as five such times.
    let fades = 1.0 / (1.0 - rho.sqrt()).powi(2);
    let length = Span::from_secs(5.0 * fades * UNIT);
    let exact_mean = rho / (1.0 - rho);
    let mut block = || {
        simulation.reset_statistics();
        let until = simulation.now() + length;
        simulation.run_until(until);
        let (count, waits) = simulation.waits(web);
        (waits.as_secs() / UNIT - count as f64 * exact_mean, count as f64)
    };
    let (mut before, _) = block();
    let (mut moments, mut spent, mut next_look) = (Moments::default(), 0.0, 32);
    loop {
        let (mut sum, mut customers) = (0.0, 0.0);
        for _ in 0..SAMPLE {
            let (now, count) = block();
            sum += now * (now + 2.0 * before);
            (before, customers) = (now, customers + count);
        }
        // Customers in a sample hardly vary, and their mean number is known.
        moments.add(sum / (f64::from(SAMPLE) * rho * length.as_secs() / UNIT));
        spent += customers;
        if moments.count < next_look && spent < effort.most {
            continue;
        }
        next_look = next_look * 6 / 5;
        let Some(variance) = moments.interval(0.99) else { continue };
        let measured = in_all_words(variance, exact_mean);
        let enough = measured.iter().all(|(name, estimate)| effort.suffices(name, estimate));
        if enough || 1.2 * spent > effort.most {
            return Ok(measured);
        }
    }
}

/// The variance, the relative deviation of a mean of a million, and how many customers bring 1.96 of it down to 1 %.
fn in_all_words(variance: Estimate, mean: f64) -> Measured {
    let scaled =
        |factor: f64| Estimate { value: variance.value * factor, half_width: variance.half_width * factor };
    let relative = variance.value.max(0.0).sqrt() / mean / 1e3;
    let deviation =
        Estimate { value: relative, half_width: relative * variance.half_width / variance.value / 2.0 };
    [
        ("n_times_var_mean_Wq", variance),
        ("rel_sd_n1e6", deviation),
        ("n_for_1pct_95ci", scaled((196.0 / mean) * (196.0 / mean))),
    ]
    .map(|(name, estimate)| (name.to_owned(), estimate))
    .into()
}

/// G/G/1 with these variations of gaps and service times, of laws that have them.
pub(super) fn kingman(case: &Case, effort: &Effort) -> Result<Measured> {
    let (rho, gaps, work) = (case.number("rho"), case.number("ca2"), case.number("cs2"));
    let law = match work {
        0.0 => span(1.0),
        1.0 => format!("exp {}", span(1.0)),
        _ if work < 1.0 => format!("erlang {} {}", (1.0 / work).round(), span(1.0)),
        _ => format!("hyperexp {} cv2 {work}", span(1.0)),
    };
    let arrivals = match gaps {
        0.0 => "constant".to_owned(),
        1.0 => "poisson".to_owned(),
        // The last one closes the arrivals' own text.
        _ => format!(r#"bursty", "burstiness": "{gaps}"#),
    };
    let parameters = format!(r#""workers": 1, "queue": 1000000, "service_time": "{law}""#);
    let probes = [probe("Wq_kingman_approx", mean_wait), probe("Wq_upper_bound", mean_wait)];
    simulate(&station(rho, &arrivals, &parameters, JOB), batch(rho), effort, &probes)
}
