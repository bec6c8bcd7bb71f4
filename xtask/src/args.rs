//! The command line.

use std::ffi::OsString;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;

use crate::bench::Benches;
use crate::fidelity;
use crate::fuzz;
use crate::play::Wishes;
use crate::theory::Cases;

pub(crate) const HELP: &str = "\
Build automation for Loadpath.

Usage: cargo xtask COMMAND [OPTIONS]

Commands:
  play    build the page and the agent, start the agent on loopback, open the browser on a running topology
  test    install what the tests need, then format, clippy, build and run every test
  web     build the page into www/dist: a folder of static files that works from any web server
  bench   run the benches, or list them
  bench-peers
          the simulator beside other simulators, which are installed from their registries
  bench-wasm
          the simulator in WebAssembly beside native, and the estimate, in Node.js
  bench-load
          the load generator beside wrk, oha, ab, h2load, hey, autocannon and locust, which are installed first
  bench-page
          what the page weighs and how fast it is, beside React Flow, which is fetched from npm
  pictures
          write what the page's screens look like, in both colour schemes, into docs/
  audit-tools
          fetch the accessibility audit that the browser tests run, and the validators of exported files
  deny    check licences, sources, bans and advisories of every dependency against deny.toml; compiles cargo-deny once
  fuzz    run every decoder, or those named, under libFuzzer, for a minute each
  theory  lay exact results beside what the simulator and the formulas say; run it with cargo's --release
  engines install the engines that nodes can be in live runs, and list them
  fidelity
          bring designs up at three loads and lay what is measured beside what is simulated, before and after calibration
  ci      test, without colours and without stopping at the first test binary that fails (also: CI=1 cargo xtask test)

Options:
  -h, --help         print this
      --port N       play: the first port that the agent tries
      --no-open      play: print the address and open no browser
      --list         bench: name the benches and run none
      --cases FILE   theory: other cases than tests/data/theory.json, in its form
      --only TEXT    theory: the cases whose id or family holds this text; fidelity: the designs whose name does
      --quick        theory: rough intervals, in seconds
      --repeats N    fidelity: how often each load is measured; medians are compared [default: 3]
      --seconds N    fidelity: how much of each run counts [default: 10]; fuzz: how long each decoder is run [default: 60]
      --input FILE   fuzz: give one decoder this file, and nothing else
      --engines      fidelity: real engines wherever a node can be one: HAProxy, nginx, Redis, PostgreSQL, NATS
      --agent FILE   fidelity: the agent's program, instead of building it
      --times        engines: start and stop each, and measure the balancers side by side
      --json         theory, fidelity: as JSON

Examples:
  cargo xtask play                     everything, from nothing to a running topology
  cargo xtask play --port 9000 --no-open
  cargo xtask test                     what CI runs
  cargo xtask web                      build the page and print what it weighs
  cargo xtask bench engine             one bench
  cargo xtask bench engine -- --quick  ... with arguments of its own
  cargo xtask bench-peers SimPy        one peer beside ours
  cargo xtask bench-load stall         one part of the load generator's bench; `soak 10` takes ten minutes
  cargo run --release -p xtask -- theory --only M/M/1
  cargo xtask fuzz document link --seconds 300
  cargo xtask fidelity --only queue --repeats 1
  cargo xtask fidelity --engines       the same designs on HAProxy, nginx, Redis, PostgreSQL and NATS

Nothing is done twice: what did not change since the last run is not built again.
";

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Web,
    Play(Wishes),
    Test,
    Ci,
    Bench(Benches),
    /// The peers whose names begin so; none means all.
    BenchPeers(Vec<OsString>),
    BenchWasm,
    /// The parts of the bench, and their numbers; none means all but the soak.
    BenchLoad(Vec<OsString>),
    BenchPage,
    Pictures,
    AuditTools,
    Deny,
    Fuzz(fuzz::Wishes),
    Theory(Cases),
    Fidelity(fidelity::Wishes),
    Engines {
        times: bool,
    },
}

/// Reads the command and the options that belong to it.
pub(crate) fn read(mut parser: lexopt::Parser) -> Result<Command> {
    let name = match parser.next()? {
        None | Some(Short('h') | Long("help")) => return Ok(Command::Help),
        Some(Value(name)) => name.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    let mut command = match name.as_str() {
        "help" => Command::Help,
        "web" => Command::Web,
        "play" => Command::Play(Wishes::default()),
        "test" => Command::Test,
        "ci" => Command::Ci,
        "bench" => Command::Bench(Benches::default()),
        "bench-peers" => Command::BenchPeers(Vec::new()),
        "bench-wasm" => Command::BenchWasm,
        "bench-load" => Command::BenchLoad(Vec::new()),
        "bench-page" => Command::BenchPage,
        "pictures" => Command::Pictures,
        "audit-tools" => Command::AuditTools,
        "deny" => Command::Deny,
        "fuzz" => Command::Fuzz(fuzz::Wishes::default()),
        "theory" => Command::Theory(Cases::default()),
        "engines" => Command::Engines { times: false },
        "fidelity" => Command::Fidelity(fidelity::Wishes::default()),
        other => bail!("there is no command {other:?}; `cargo xtask --help` lists them"),
    };
    while let Some(arg) = parser.next()? {
        match (&mut command, arg) {
            (_, Short('h') | Long("help")) => return Ok(Command::Help),
            (Command::Play(wishes), Long("port")) => {
                let port = parser.value()?.parse().ok();
                wishes.port = Some(port.context("--port takes a number from 1 to 65535")?);
            }
            (Command::Play(wishes), Long("no-open")) => wishes.no_open = true,
            (Command::Engines { times }, Long("times")) => *times = true,
            (Command::Theory(cases), Long("cases")) => cases.file = Some(parser.value()?.into()),
            (Command::Theory(cases), Long("only")) => cases.only = parser.value()?.string()?,
            (Command::Theory(cases), Long("quick")) => cases.quick = true,
            (Command::Theory(cases), Long("json")) => cases.json = true,
            (Command::Fidelity(wishes), Long("only")) => wishes.only = parser.value()?.string()?,
            (Command::Fidelity(wishes), Long("agent")) => wishes.agent = Some(parser.value()?.into()),
            (Command::Fidelity(wishes), Long("json")) => wishes.json = true,
            (Command::Fidelity(wishes), Long("engines")) => wishes.engines = true,
            (Command::Fidelity(wishes), Long("repeats")) => wishes.repeats = from_one(&mut parser)?,
            (Command::Fidelity(wishes), Long("seconds")) => wishes.seconds = from_one(&mut parser)?,
            (Command::Fuzz(wishes), Long("seconds")) => wishes.seconds = from_one(&mut parser)?,
            (Command::Fuzz(wishes), Long("input")) => wishes.input = Some(parser.value()?.into()),
            (Command::Fuzz(wishes), Value(name)) => wishes.decoders.push(name.string()?),
            (Command::Bench(benches), Long("list")) => benches.list = true,
            (Command::Bench(benches), Value(bench)) if benches.name.is_none() => {
                benches.name = Some(bench.string()?);
            }
            (Command::Bench(benches), Value(argument)) => benches.arguments.push(argument),
            (Command::BenchPeers(names) | Command::BenchLoad(names), Value(name)) => names.push(name),
            (_, other) => {
                return Err(other.unexpected()).with_context(|| format!("cargo xtask {name} (see --help)"));
            }
        }
    }
    Ok(command)
}

/// A whole number, at least one and at most a thousand.
fn from_one(parser: &mut lexopt::Parser) -> Result<u64> {
    let number = parser.value()?.parse().ok().filter(|number| (1..=1_000).contains(number));
    number.context("a whole number from 1 to 1000 is needed here")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use super::*;

    fn command(words: &[&str]) -> Result<Command> {
        read(lexopt::Parser::from_args(words))
    }

    #[test]
    fn each_command_takes_its_own_options_and_no_others() {
        assert_eq!(command(&[]).unwrap(), Command::Help);
        assert_eq!(command(&["bench-page"]).unwrap(), Command::BenchPage);
        assert_eq!(command(&["bench-wasm"]).unwrap(), Command::BenchWasm);
        assert_eq!(command(&["test", "--help"]).unwrap(), Command::Help);
        let wishes = Wishes { port: NonZeroU16::new(9000), no_open: true };
        assert_eq!(command(&["play", "--port", "9000", "--no-open"]).unwrap(), Command::Play(wishes));
        assert_eq!(command(&["engines", "--times"]).unwrap(), Command::Engines { times: true });
        assert!(command(&["test", "--port", "9000"]).is_err());
        assert!(command(&["play", "--port", "90000"]).is_err() && command(&["play", "--port", "0"]).is_err());
        assert!(command(&["plya"]).unwrap_err().to_string().contains("\"plya\""));
    }

    #[test]
    fn what_follows_the_dashes_belongs_to_the_bench() {
        let Command::Bench(benches) = command(&["bench", "engine", "--", "--quick"]).unwrap() else {
            panic!()
        };
        assert_eq!((benches.name.as_deref(), benches.arguments), (Some("engine"), vec!["--quick".into()]));
    }

    #[test]
    fn decoders_are_chosen_by_name_and_one_can_be_given_a_file() {
        let Command::Fuzz(wishes) = command(&["fuzz", "link", "--input", "found", "--seconds", "5"]).unwrap()
        else {
            panic!()
        };
        let input = Some("found".into());
        assert_eq!(wishes, fuzz::Wishes { decoders: vec!["link".to_owned()], seconds: 5, input });
        assert!(command(&["fuzz", "--seconds", "0"]).is_err());
    }

    #[test]
    fn peers_are_chosen_by_name() {
        let names = vec!["SimPy".into(), "desque".into()];
        assert_eq!(command(&["bench-peers", "SimPy", "desque"]).unwrap(), Command::BenchPeers(names));
        assert!(command(&["bench-peers", "--list"]).is_err());
    }
}
