//! `loadgen`: Loadpath's load agent and command line.
use std::process::ExitCode;

fn main() -> ExitCode {
    loadgen::cli::main()
}
