//! The load generator beside its peers, and against its own claims. `cargo xtask bench-load [PART ...]` installs the peers
//! first; `cargo bench --bench load -- [PART ...]` takes those that are there, and names the others.
//!
//! `undisturbed`, before or among the parts, lets servers and clients go before everything else on the machine, which only root
//! may: what is measured is then the tools and not the neighbours, who must wait.
//!
//! Parts: `throughput`, `connections`, `delay [RATE ...]`, `agreement`, `stall`, `recording`, `faults`, `soak [MINUTES]`;
//! without one, all but the soak. Servers run on one core and clients on another, in turns. On a machine that others use
//! too, processor time and ratios say more than rates.
#![allow(dead_code)] // what is shared with the tests serves them too
use std::path::PathBuf;

#[path = "../../tests/browser/built.rs"]
mod built;
mod delay;
mod faults;
#[path = "../../tests/attack/nginx.rs"]
mod nginx;
mod ours;
mod peers;
mod recording;
mod say;
mod server;
mod soak;
mod stall;
mod target;
mod throughput;
mod tool;

const UNDISTURBED: &str = "undisturbed";
const PARTS: [&str; 7] = ["recording", "throughput", "connections", "delay", "agreement", "stall", "faults"];

fn main() {
    // Cargo adds `--bench`.
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, behaviour] = asked.as_slice()
        && flag == server::FLAG
    {
        return server::run(behaviour);
    }
    let numbers: Vec<u32> = asked.iter().filter_map(|word| word.parse().ok()).collect();
    if asked.iter().any(|word| word == UNDISTURBED) {
        println!("undisturbed: {}", if tool::go_first() { "yes" } else { "this user may not ask for it" });
    }
    let named: Vec<&str> = asked
        .iter()
        .map(String::as_str)
        .filter(|word| word.parse::<u32>().is_err() && *word != UNDISTURBED)
        .collect();
    for part in if named.is_empty() { PARTS.to_vec() } else { named } {
        machine();
        match part {
            "throughput" => throughput::beside_peers(),
            "connections" => throughput::with_connections(),
            "delay" => delay::beside_peers(&numbers),
            "agreement" => delay::against_the_server(),
            "stall" => stall::test(),
            "recording" => recording::cost(),
            "faults" => faults::all(),
            "soak" => soak::run(numbers.first().copied().unwrap_or(10)),
            other => println!("there is no part {other:?}; there are: {}, soak", PARTS.join(", ")),
        }
    }
}

/// How busy the machine was before: what is measured is to be read with it.
fn machine() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let before = load.split(' ').next().unwrap_or("?");
    let cores = tool::cores()
        .map_or("one core for all".to_owned(), |(s, c)| format!("servers on core {s}, clients on core {c}"));
    println!("\n[{cores}; load of the machine in the minute before: {before}]");
}

/// Says whether a target is met.
pub(crate) fn verdict(what: &str, value: f64, relation: &str, target: f64) {
    let is_met = if relation == "<=" { value <= target } else { value >= target };
    println!("  {}  {what}: {value:.3} ({relation} {target})", if is_met { "met   " } else { "MISSED" });
}

/// The folder that cargo builds into.
pub(crate) fn target_folder() -> PathBuf {
    built::target()
}
