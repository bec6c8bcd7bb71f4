//! The command line: one file per subcommand.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 it went wrong or something wrong was
//! found, 2 the input was bad, 130 stopped by Ctrl-C.
mod advise;
mod agent;
mod args;
mod attach;
mod calibrate;
mod check;
mod compare;
mod consent;
mod engines;
mod export;
mod failure;
mod fidelity;
mod gate;
mod import;
mod input;
mod journey;
mod lesson;
mod limit;
mod link;
mod metrics;
mod nats;
mod progress;
mod ramp;
mod report;
mod requests;
mod run;
mod run_design;
mod runs;
mod serve;
mod shape;
mod shell;
mod sim;
mod together;
mod trace;
mod up;

pub use failure::Failure;

use crate::deploy;
use clap::{CommandFactory as _, Parser, Subcommand};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Loadpath's load agent: draw and simulate a design in the browser, bring it up, load it or any server, compare.
///
/// Without a command it serves the page, like `loadgen serve`.
#[derive(Debug, Parser)]
#[command(name = "loadgen", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  loadgen
  loadgen up shop.json
  loadgen run shop.json --duration 10s
  loadgen run --url http://127.0.0.1:8080/ --rate 500/s --duration 10s
  loadgen run --url http://10.0.0.5/ --rate 50k/s --agents 4 --nats nats://10.0.0.2:4222
  loadgen limit --url http://127.0.0.1:8080/ --p99 200ms --errors 1%
  loadgen journey buy.json --url http://127.0.0.1:8080/ --users 50
  loadgen runs show last
  loadgen report last --format html --out report.html
  loadgen sim shop.json
  loadgen compare shop.json measured.json
  loadgen export shop.json --format compose --output compose.yml
  loadgen check shop.json
  loadgen check last --p99 '<200ms' --errors '<1%' --baseline base
  loadgen advise shop.json --verify
  loadgen lesson sharding

A FILE may also be a link to a design (\"#d1...\", or a whole URL with it), or - for standard input.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the page, which draws, simulates, and runs designs live; until Ctrl-C
    Serve(serve::Args),
    /// Bring a design up on this machine, a process for each instance; until Ctrl-C
    Up(up::Args),
    /// Load one address, or a design that is brought up for it, in an open loop, and measure
    Run(Box<run::Args>),
    /// Be one of the agents that drive a load together, from this machine
    Agent(agent::Args),
    /// Load what runs already, mapped onto a design, and measure it hop by hop
    Attach(attach::Args),
    /// Find the highest rate at which one address still meets the objectives; or break it, or soak it
    Limit(limit::Args),
    /// Send users through the steps of a journey, in a closed loop, and measure
    Journey(journey::Args),
    /// List, show, name, tag, prune and delete the runs that are kept
    Runs(runs::Args),
    /// Write a run as text, JSON, CSV, HTML, .hlog or Prometheus text
    Report(report::Args),
    /// Keep results of other load tools as runs, or make a design of what other tools know of a system
    Import(import::Args),
    /// Simulate a design
    Sim(sim::Args),
    /// Lay two runs side by side; designs are simulated first
    Compare(compare::Args),
    /// Simulate, compute and measure a design at several loads, side by side
    Fidelity(fidelity::Args),
    /// Fit a design to what was measured of it, and predict what was not
    Calibrate(calibrate::Args),
    /// Follow one request of a simulation, hop by hop
    Trace(trace::Args),
    /// Say everything that is wrong with a design, or whether a run meets limits and a baseline
    Check(check::Args),
    /// Write a design for docker-compose, Kubernetes, Mermaid or queueing solvers
    Export(export::Args),
    /// Turn a design into a link, or a link into a design
    Link(link::Args),
    /// Say what is weak about a design, what it costs, and what formulas expect of it
    Advise(advise::Args),
    /// List and read the lessons, and check what they claim
    Lesson(lesson::Args),
    /// List the engines that nodes can be in live runs, and time them
    Engines(engines::Args),
    /// Print the OpenAPI description of the agent's API
    Openapi,
    /// Print what makes a shell complete this command line
    Completions(shell::Args),
    /// Print the man page, of all subcommands too
    Man,
    /// Be an instance of a node: what `up` starts
    #[command(name = "__node", hide = true)]
    Node,
    /// Become an engine: what a node does that is one
    #[command(name = "__engine", hide = true)]
    Engine {
        /// The process with which it dies
        parent: u32,
        /// The engine's program and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<std::ffi::OsString>,
    },
    /// Own the processes of a design: what `up` starts
    #[command(name = "__supervise", hide = true)]
    Supervise {
        /// The run's directory, to be made
        directory: PathBuf,
    },
}

/// Does what the command line asks.
pub fn main() -> ExitCode {
    let command = Cli::parse().command.unwrap_or_else(|| Command::Serve(serve::Args::default()));
    let done = match command {
        Command::Serve(args) => serve::run(&args),
        Command::Up(args) => up::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Agent(args) => agent::run(&args),
        Command::Attach(args) => attach::run(&args),
        Command::Limit(args) => limit::run(&args),
        Command::Journey(args) => journey::run(&args),
        Command::Runs(args) => runs::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Fidelity(args) => fidelity::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Link(args) => link::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Advise(args) => advise::run(&args),
        Command::Lesson(args) => lesson::run(&args),
        Command::Engines(args) => engines::run(&args),
        Command::Openapi => print_json(&crate::api::description()),
        Command::Completions(args) => shell::completions(&args, &Cli::command()),
        Command::Man => shell::man(Cli::command()),
        Command::Node => deploy::serve_node().map_err(Failure::Went),
        Command::Engine { parent, command } => deploy::become_engine(parent, &command).map_err(Failure::Went),
        Command::Supervise { directory } => deploy::supervise(&directory).map_err(Failure::Went),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // When nobody reads standard error, nobody can be told.
            let _ = writeln!(io::stderr(), "loadgen: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Runs what waits for many things at a time.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|why| Failure::Went(format!("no threads could be started: {why}")))?.block_on(work)
}

/// Prints a result.
fn print(text: &str) -> Result<(), Failure> {
    let written = io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    match written {
        // `loadgen ... | head` has read enough.
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|why| Failure::Went(format!("standard output cannot be written: {why}"))),
    }
}

/// Prints a result as JSON on one line.
fn print_json(result: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(result).expect("a report holds only what JSON can say");
    print(&(text + "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_names_others_that_exist() {
        Cli::command().debug_assert();
        // A design says itself what a URL is told by arguments.
        for argument in ["--http2", "--insecure", "--shape=ramp", "--check=status 200", "--connections=5"] {
            let refused = Cli::try_parse_from(["loadgen", "run", "shop.json", argument]).unwrap_err();
            assert!(refused.to_string().contains("cannot be used with"), "{refused}");
        }
    }
}
