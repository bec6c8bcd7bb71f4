//! `loadgen sim`: simulates a design.
use super::{Failure, args, input, print, print_json};
use crate::report::{RunReport, run_text};
use crate::store;
use indicatif::{ProgressBar, ProgressStyle};
use loadpath_core::compare::Trials;
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::sim::{Cut, Simulation, WarmUp};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::Plan;
use std::path::PathBuf;

/// The same design, seed and times give the same run, everywhere.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A design, or a link to one
    file: String,
    #[command(flatten)]
    simulate: Simulate,
    /// Write the run to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// How a design is simulated.
#[derive(Debug, clap::Args)]
pub(super) struct Simulate {
    /// What the simulation's chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much simulated time counts
    #[arg(long, default_value = "60s", allow_hyphen_values = true, value_parser = args::simulated)]
    duration: Span,
    /// How much simulated time passes before it counts; without it, until the responses are steady, by the rule MSER-5
    #[arg(long, allow_hyphen_values = true, value_parser = args::span_within_an_hour)]
    warm_up: Option<Span>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let plan = input::plan(&args.file)?;
    let run = args.simulate.run(&plan);
    if let Some(file) = &args.out {
        store::write(file, &run).map_err(|fault| Failure::Went(fault.to_string()))?;
    }
    if args.json {
        return print_json(&RunReport::new(&run, args.out.clone()));
    }
    let mut text = run_text(&run);
    if let Some(file) = &args.out {
        text.push_str(&format!("\n  written to {}\n", file.display()));
    }
    print(&text)
}

impl Simulate {
    /// Simulates, with a bar on a terminal: a long run of a large design takes minutes.
    pub(super) fn run(&self, plan: &Plan) -> Run {
        let cut = match self.warm_up {
            Some(warm_up) => Cut { warm_up, note: None },
            None => {
                let mut trial = Simulation::new(plan, Seed(self.seed));
                advance("finding the warm-up", &mut trial, Time::ZERO + self.duration);
                let cut = trial.warm_up();
                if cut.warm_up == Span::ZERO {
                    return with_note(trial.run(&plan.name), cut);
                }
                cut
            }
        };
        let mut simulation = Simulation::new(plan, Seed(self.seed));
        advance("warming up", &mut simulation, Time::ZERO + cut.warm_up);
        simulation.reset_statistics();
        advance("simulating", &mut simulation, Time::ZERO + cut.warm_up + self.duration);
        with_note(simulation.run(&plan.name), cut)
    }

    pub(super) const fn seed(&self) -> Seed {
        Seed(self.seed)
    }

    /// The same for so many replications of two designs.
    pub(super) fn trials(&self, replications: u32) -> Trials {
        let warm_up = self.warm_up.map_or(WarmUp::ByRule, WarmUp::Fixed);
        Trials { replications, warm_up, duration: self.duration }
    }
}

fn with_note(mut run: Run, cut: Cut) -> Run {
    run.notes.extend(cut.note);
    run
}

fn advance(what: &'static str, simulation: &mut Simulation, until: Time) {
    let bar = bar(what, until.0);
    while simulation.now() < until {
        let step = (simulation.now() + Span::SECOND).min(until);
        simulation.run_until(step);
        bar.set_position(step.0);
    }
    bar.finish_and_clear();
}

/// A bar on a terminal for something long.
pub(super) fn bar(what: &'static str, end: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("  {msg} {bar:40} {percent:>3} %  {eta} left");
    ProgressBar::new(end).with_style(style.expect("the template is a constant")).with_message(what)
}
