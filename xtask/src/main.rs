//! `cargo xtask`: the project's build automation.

mod args;
mod bench;
mod bench_load;
mod bench_page;
mod checks;
mod debian;
mod deny;
mod engines;
mod fidelity;
mod fuzz;
mod npm;
mod play;
mod project;
mod pypi;
mod steps;
mod theory;
mod toolchain;
mod web;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{Command, HELP};
use crate::project::Project;

fn main() -> ExitCode {
    match args::read(lexopt::Parser::from_env()).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("\nxtask: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Help => {
            print!("{HELP}");
            Ok(())
        }
        Command::Web => web::run(&Project::find()?),
        Command::Play(wishes) => play::run(&Project::find()?, &wishes),
        Command::Test => checks::run(&Project::find()?),
        Command::Ci => checks::run(&Project { ci: true, ..Project::find()? }),
        Command::Bench(benches) => bench::run(&Project::find()?, benches),
        Command::BenchPeers(names) => bench::run_peers(&Project::find()?, &names),
        Command::BenchWasm => bench::run_wasm(&Project::find()?),
        Command::BenchLoad(parts) => bench_load::run(&Project::find()?, &parts),
        Command::BenchPage => bench_page::run(&Project::find()?),
        Command::Pictures => bench_page::pictures(&Project::find()?),
        Command::Deny => deny::run(&Project::find()?),
        Command::Fuzz(wishes) => fuzz::run(&Project::find()?, &wishes),
        Command::AuditTools => {
            let project = Project::find()?;
            npm::fetch_audit(&project)?;
            pypi::fetch_validators(&project)
        }
        Command::Engines { times } => engines::run(&Project::find()?, times),
        Command::Fidelity(wishes) => fidelity::run(&Project::find()?, &wishes),
        Command::Theory(wishes) => theory::run(&Project::find()?, &wishes),
    }
}
