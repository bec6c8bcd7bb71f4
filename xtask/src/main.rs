//! `cargo xtask`: the project's build automation.

mod project;
mod steps;
mod web;

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

use crate::project::Project;
use crate::steps::Steps;

const HELP: &str = "\
Build automation for Loadpath.

Usage: cargo xtask COMMAND [OPTIONS]

Commands:
  web     build the page into www/dist: a folder of static files that works from any web server

Options:
  -h, --help   print this

Examples:
  cargo xtask web                      build the page and print what it weighs
";

/// What the command line asks for.
enum Command {
    Help,
    Web,
}

fn main() -> ExitCode {
    match read_command(lexopt::Parser::from_env()).and_then(|command| run(&command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("\nxtask: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<()> {
    match command {
        Command::Help => {
            print!("{HELP}");
            Ok(())
        }
        Command::Web => web::build(&Project::find()?, &mut Steps::new(web::STEPS)),
    }
}

fn read_command(mut parser: lexopt::Parser) -> Result<Command> {
    let mut command = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Command::Help),
            Value(name) if command.is_none() => command = Some(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    match command.as_deref() {
        None => Ok(Command::Help),
        Some("web") => Ok(Command::Web),
        Some(other) => bail!("there is no command {other:?}; `cargo xtask --help` lists them"),
    }
}
