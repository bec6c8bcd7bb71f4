//! A burst that is more than there is capacity for, and the time until it is worked off.

use anyhow::{Context, Result};
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::sim::{Command, Simulation};
use loadpath_core::time::{Span, Time};

use super::super::case::Case;
use super::super::measure::{Effort, Measured, plan_of, repeat};

/// The servers that there will be, at first as much slower as there are fewer of them: fluid limits know nothing but what they can
/// do together. In seconds, as the cases are.
pub(super) fn drain(case: &Case, effort: &Effort) -> Result<Measured> {
    let (rate, after) = (case.number("lambda_"), case.number("c_after"));
    let document = format!(
        r#"{{"loadpath": 1,
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                      {{"id": "web", "kind": "service", "workers": {after}, "queue": 1000000, "service_time": "exp {}ns",
                        "patience": "1h"}}],
            "edges": [{{"from": "users", "to": "web", "latency": "0s"}}],
            "workload": {{"rate": "{rate}/s", "users": 1, "classes": [{{"name": "job", "keys": 1}}]}}}}"#,
        1e9 / case.number("mu")
    );
    let plan = plan_of(&document)?;
    let web = plan.find("web").context("the document has a web")?;
    let slow = |factor: f64| Command::Slow {
        node: "web".to_owned(),
        instance: None,
        factor: factor.clamp(0.01, 1_000.0),
    };
    let lasts = case.number("overload_s");
    let step = Span::from_secs(lasts / 20_000.0);
    let once = |rng: &mut Rng| {
        let mut simulation = Simulation::new(&plan, Seed(rng.bits()));
        let command = |simulation: &mut Simulation, factor| {
            simulation.command(&slow(factor)).expect("there is such a service, and the factor is in range");
        };
        command(&mut simulation, after / case.number("c"));
        let scaled = Time::ZERO + Span::from_secs(lasts);
        simulation.run_until(scaled);
        let backlog = simulation.backlog(web);
        let (before, _) = simulation.waits(web);
        command(&mut simulation, 1.0);
        // The case calls the wait of who comes now the longest, which is not so (`Overload::longest_wait`). They are begun when
        // as many have been answered as wait now, since all servers are busy meanwhile.
        let mut waited = None;
        while simulation.backlog(web) > 0 {
            let next = simulation.now() + step;
            simulation.run_until(next);
            if waited.is_none() && simulation.waits(web).0 - before >= backlog {
                waited = Some(simulation.now().since(scaled).as_secs());
            }
        }
        let drain = simulation.now().since(scaled).as_secs();
        // Everybody who waited has been begun. Those who are at work still are a servers' worth of them.
        let (answered, waits) = simulation.waits(web);
        vec![backlog as f64, drain, waited.unwrap_or(drain), waits.as_secs() / answered as f64]
    };
    let names = ["backlog", "drain_s", "max_wait_s", "mean_extra_wait_s_of_affected"];
    Ok(repeat(&names, rate * lasts, effort, once))
}
