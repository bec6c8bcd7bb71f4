//! A design at several loads: how loads are written, and the runs at them, each kept.
use super::progress::Progress;
use super::{Failure, args, input, run_design};
use crate::interrupt;
use crate::live::{Live, Wish};
use crate::store::Store;
use loadpath_core::analytic;
use loadpath_core::compare::{RunPlan, Saturation, saturation};
use loadpath_core::run::Run;
use loadpath_core::time::Span;
use loadpath_core::topology::{Plan, Topology, Value, parse_rate};
use loadpath_core::wire::Event;
use std::io::Write as _;
use std::sync::Arc;

/// How much is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Load {
    /// A share of the rate at which something saturates.
    Share(f64),
    /// So many per second.
    Rate(f64),
}

impl Load {
    const fn share(self) -> Option<f64> {
        if let Self::Share(share) = self { Some(share) } else { None }
    }
}

/// Reads "60%" or "400/s".
pub(super) fn load(text: &str) -> Result<Load, String> {
    let Some(percent) = text.trim().strip_suffix('%') else {
        return parse_rate(text.trim()).map(Load::Rate).map_err(|fault| {
            format!(
                "{fault}; a load is a share of what saturates the design, like 60%, or a rate, like 400/s"
            )
        });
    };
    let share: f64 =
        percent.trim().parse().map_err(|_| format!("\"{percent}\" is not a number of percent"))?;
    if share > 0.0 && share <= 150.0 {
        Ok(Load::Share(share / 100.0))
    } else {
        Err("a share of what saturates the design lies above 0% and at most at 150%".to_owned())
    }
}

/// How runs are made.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Runs {
    /// How long each run counts
    #[arg(long, default_value = "10s", allow_hyphen_values = true, value_parser = args::duration)]
    pub(super) duration: Span,
    /// How long each runs before it counts; the simulation starts as cold and waits as long
    #[arg(long, default_value = "4s", allow_hyphen_values = true, value_parser = args::span_within_an_hour)]
    pub(super) warm_up: Span,
    /// What random arrivals come from, in both worlds; each repeat takes the next
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// Where the formulas see the plan saturate; they know of no caches that begin empty.
fn by_formulas(plan: &Plan) -> Option<Saturation> {
    analytic::solve(plan).bottleneck.map(|found| Saturation { rate: found.rate, warm: found.rate })
}

/// A document at a rate, per second.
pub(super) fn at(document: &Topology, rate: f64) -> Topology {
    let mut document = document.clone();
    document.workload.params.insert("rate".to_owned(), Value::from(format!("{rate}/s").as_str()));
    document
}

impl Runs {
    /// The rate of each load on a design, per second, and what saturates it, where anything does: in such runs, so many of each load,
    /// whose caches begin empty.
    pub(super) fn rates(
        &self,
        loads: &[Load],
        plan: &Plan,
        repeats: u64,
    ) -> Result<(Vec<f64>, Option<Saturation>), Failure> {
        let top = loads.iter().filter_map(|load| load.share()).fold(0.0, f64::max);
        let runs = RunPlan { warm_up: self.warm_up, duration: self.duration, seed: self.seed, repeats };
        // Where only rates are given, nothing hangs on it, and formulas will do.
        let found = if top > 0.0 { saturation(plan, top, runs) } else { by_formulas(plan) };
        let rate = |load: &Load| match (load, found) {
            (Load::Rate(rate), _) => Ok(*rate),
            // To a tenth: what is printed is what is sent.
            (Load::Share(share), Some(found)) => Ok(((share * found.rate * 10.0).round() / 10.0).max(0.1)),
            (Load::Share(_), None) => {
                let why = "nothing in this design saturates, so that there is no share of it; give rates, like 400/s";
                Err(Failure::Input(why.to_owned()))
            }
        };
        Ok((loads.iter().map(rate).collect::<Result<_, _>>()?, found))
    }

    /// Brings `file`'s design up at a rate, drives and measures it, and keeps the run under the design's name and the rate.
    pub(super) async fn measure(
        &self,
        file: &str,
        document: &Topology,
        rate: f64,
        seed: u64,
    ) -> Result<Run, Failure> {
        let mut document = at(document, rate);
        document.name = format!("{} at {rate}/s", document.name);
        self.say(&document.name);
        let keep = Store::of_this_user().map_err(|fault| Failure::Went(fault.to_string()))?;
        let stop = interrupt::token();
        let (warm_up, duration) = (self.warm_up, self.duration);
        let wish = Wish { document, warm_up, duration, seed, keep: Some(keep) };
        let live = Live::start(wish, stop.clone()).map_err(|unfit| run_design::failure(file, unfit))?;
        self.show(&live).await;
        match live.outcome().await {
            Ok(_) if stop.is_cancelled() => Err(Failure::Interrupted),
            Ok(run) => Ok(Arc::unwrap_or_clone(run)),
            Err(_) if stop.is_cancelled() => Err(Failure::Interrupted),
            Err(fault) => Err(Failure::Went(fault)),
        }
    }

    async fn show(&self, live: &Live) {
        let progress = Progress::new(self.warm_up, self.duration, self.quiet);
        let mut seen = 0;
        while let Some(event) = live.feed().next(seen).await {
            seen = event.number;
            if let Ok(Event::Interval(interval)) = serde_json::from_str(&event.json) {
                progress.show(&interval);
            }
        }
        progress.finish();
    }

    /// Says on standard error what is done now.
    pub(super) fn say(&self, what: &str) {
        if !self.quiet {
            // When nobody reads standard error, nobody can be told.
            let _ = writeln!(std::io::stderr(), "{what}");
        }
    }

    /// A simulation of what a measurement with this seed was.
    pub(super) fn simulate(&self, plan: &Plan, seed: u64) -> Run {
        loadpath_core::sim::simulate(plan, loadpath_core::rng::Seed(seed), self.warm_up, self.duration)
    }
}

/// The plan of a document at a rate.
pub(super) fn plan_at(file: &str, document: &Topology, rate: f64) -> Result<Plan, Failure> {
    input::check(file, &at(document, rate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::check;

    #[test]
    fn shares_are_of_what_saturates_such_runs_and_rates_are_as_they_are() {
        let text = r#"{"loadpath":1,"nodes":[{"id":"users","kind":"clients"},
            {"id":"app","kind":"service","workers":4096,"service_time":"0s"},
            {"id":"cache","kind":"cache","capacity":1000000,"ttl":"24h"},
            {"id":"db","kind":"database","connections":1,"read_time":"5ms"}],
            "edges":[{"from":"users","to":"app"},{"from":"app","to":"cache"},{"from":"cache","to":"db"}],
            "workload":{"rate":"10/s","classes":[{"name":"read","keys":1000000,"skew":0}]}}"#;
        let plan = check(&Topology::from_json(text).unwrap()).unwrap();
        let seconds = |seconds: u64| Span(seconds * Span::SECOND.0);
        let runs = Runs { warm_up: seconds(1), duration: seconds(4), seed: 1, quiet: true };
        let rates = |loads: &[Load]| runs.rates(loads, &plan, 3).ok().unwrap();
        let (found, of) = rates(&[Load::Share(0.5), Load::Rate(7.0)]);
        // Nobody asks twice for one of a million keys in five seconds: all is the database's work, 200 a second. Full caches have it all.
        assert!((found[0] - 100.0).abs() < 5.0 && found[1] == 7.0, "{found:?} {of:?}");
        assert!(of.is_some_and(|of| of.warm > 2.0 * of.rate), "{of:?}");
        let (found, of) = rates(&[Load::Rate(7.0)]);
        assert_eq!((found, of.map(|of| of.rate)), (vec![7.0], of.map(|of| of.warm)));
    }

    #[test]
    fn a_load_is_a_share_or_a_rate_and_nothing_else() {
        assert_eq!(load("60%"), Ok(Load::Share(0.6)));
        assert_eq!(load(" 85 %"), Ok(Load::Share(0.85)));
        assert_eq!(load("2k/s"), Ok(Load::Rate(2_000.0)));
        for text in ["0%", "-5%", "151%", "x%", "NaN%", "", "60"] {
            assert!(load(text).is_err(), "{text}");
        }
    }
}
