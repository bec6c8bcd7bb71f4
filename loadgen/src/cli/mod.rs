//! The command line: one file per subcommand.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 it went wrong or something wrong was
//! found, 2 the input was bad, 130 stopped by Ctrl-C.
mod args;
mod check;
mod compare;
mod failure;
mod input;
mod link;
mod progress;
mod run;
mod sim;

pub use failure::Failure;

use clap::{Parser, Subcommand};
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Loadpath's load agent: simulate a design, load a server, compare the two.
#[derive(Debug, Parser)]
#[command(name = "loadgen", version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  loadgen run --url http://127.0.0.1:8080/ --rate 500/s --duration 10s
  loadgen sim shop.json
  loadgen compare shop.json measured.json
  loadgen check shop.json

A FILE may also be a link to a design (\"#d1...\", or a whole URL with it), or - for standard input.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Load one address in an open loop, and measure
    Run(run::Args),
    /// Simulate a design
    Sim(sim::Args),
    /// Lay two runs side by side; designs are simulated first
    Compare(compare::Args),
    /// Say everything that is wrong with a design
    Check(check::Args),
    /// Turn a design into a link, or a link into a design
    Link(link::Args),
}

/// Does what the command line asks.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Link(args) => link::run(&args),
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
