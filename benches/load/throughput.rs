//! As many requests as go, in a closed loop: how many, what each costs the client, and how it grows with connections.
use crate::peers::{Load, PEERS, Peer};
use crate::{ours, target};
use loadgen::report::Table;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Each tool's turn, and how many turns: they alternate, so that all see the same noise, and the median counts.
const SECONDS: u32 = 4;
const ROUNDS: usize = 3;

const OURS: &str = "loadgen";

/// What one turn said.
#[derive(Clone, Copy, Debug)]
struct Turn {
    rate: f64,
    /// Processor microseconds of the client for each request.
    cpu_us: f64,
    p50: Option<f64>,
    p99: Option<f64>,
    peak_mb: f64,
}

type Turns = BTreeMap<&'static str, Vec<Turn>>;

/// Prints the tools side by side, on 32 connections.
pub(crate) fn beside_peers() {
    println!(
        "throughput: closed loop, 32 connections, nginx with one worker and a static file; median of {ROUNDS} turns of {SECONDS} s"
    );
    let found = found();
    let turns = take_turns(&found, 32);
    let head =
        ["client", "requests/s", "of wrk", "client us/request", "of wrk's", "p50 ms", "p99 ms", "peak MB"];
    let mut table = Table::new(1, &head);
    for name in names(&found) {
        if let Some(all) = turns.get(name) {
            table.row(row(name, all, turns.get("wrk").map_or(&[], Vec::as_slice)));
        }
    }
    print!("{}", table.text());
    verdicts(&turns);
}

/// Prints how throughput, cost and memory grow with connections.
pub(crate) fn with_connections() {
    println!("throughput as connections grow: closed loop, median of {ROUNDS} turns of {SECONDS} s");
    let found: Vec<_> = found().into_iter().filter(|(peer, _)| ["wrk", "oha"].contains(&peer.name)).collect();
    let head = [
        "connections",
        "client",
        "requests/s",
        "of wrk",
        "client us/request",
        "of wrk's",
        "p50 ms",
        "p99 ms",
        "peak MB",
    ];
    let mut table = Table::new(2, &head);
    let mut memory = 0.0;
    for connections in [1, 8, 32, 128, 1_000] {
        let turns = take_turns(&found, connections);
        let wrk = turns.get("wrk").map_or(&[][..], Vec::as_slice);
        for name in names(&found) {
            if let Some(all) = turns.get(name) {
                table.row([vec![connections.to_string()], row(name, all, wrk)].concat());
            }
        }
        memory = turns.get(OURS).map_or(memory, |all| median(all.iter().map(|turn| turn.peak_mb)));
    }
    print!("{}", table.text());
    crate::verdict("loadgen's memory at 1,000 connections, MB", memory, "<=", 60.0);
}

/// The peers that are there; the others are named.
pub(crate) fn found() -> Vec<(&'static Peer, PathBuf)> {
    let mut found = Vec::new();
    for peer in PEERS.iter().filter(|peer| peer.name != "oha, corrected") {
        match peer.find() {
            Ok(program) => found.push((peer, program)),
            Err(why) => println!("  left out: {why}"),
        }
    }
    println!("  {}", crate::peers::NOWHERE);
    found
}

fn names(found: &[(&'static Peer, PathBuf)]) -> Vec<&'static str> {
    std::iter::once(OURS).chain(found.iter().map(|(peer, _)| peer.name)).collect()
}

fn take_turns(found: &[(&'static Peer, PathBuf)], connections: u32) -> Turns {
    let nginx = target::nginx();
    let url = format!("http://{}/", nginx.address);
    let load = Load { url: &url, connections, seconds: SECONDS, rate: None };
    let mut turns = Turns::new();
    for _ in 0..ROUNDS {
        let mut keep = |name, turn: Result<Turn, String>| match turn {
            Ok(turn) => turns.entry(name).or_default().push(turn),
            Err(why) => println!("  left out: {why}"),
        };
        keep(OURS, our_turn(&load));
        for (peer, program) in found {
            keep(
                peer.name,
                peer.drive(program, &load).map(|(said, ran)| Turn {
                    rate: said.rate(),
                    cpu_us: ran.cpu_seconds * 1e6 / said.requests,
                    p50: said.at(0.5),
                    p99: said.at(0.99),
                    peak_mb: ran.peak_mb,
                }),
            );
        }
    }
    turns
}

fn our_turn(load: &Load) -> Result<Turn, String> {
    let (run, ran) = ours::drive(load)?;
    let (ok, response) = (run.outcomes().ok as f64, run.response());
    Ok(Turn {
        rate: run.achieved_rate(),
        cpu_us: ran.cpu_seconds * 1e6 / ok,
        p50: Some(response.quantile(0.5).as_millis()),
        p99: Some(response.quantile(0.99).as_millis()),
        peak_mb: ran.peak_mb,
    })
}

fn row(name: &str, turns: &[Turn], wrk: &[Turn]) -> Vec<String> {
    let middle = |of: fn(&Turn) -> Option<f64>| {
        let known: Vec<f64> = turns.iter().filter_map(of).collect();
        (!known.is_empty()).then(|| median(known.into_iter()))
    };
    let text =
        |value: Option<f64>, digits: usize| value.map_or("-".to_owned(), |value| format!("{value:.digits$}"));
    vec![
        name.to_owned(),
        text(middle(|turn| Some(turn.rate)), 0),
        text(ratio(turns, wrk, |turn| turn.rate), 2),
        text(middle(|turn| Some(turn.cpu_us)), 1),
        text(ratio(turns, wrk, |turn| turn.cpu_us), 2),
        text(middle(|turn| turn.p50), 3),
        text(middle(|turn| turn.p99), 3),
        text(middle(|turn| Some(turn.peak_mb)), 1),
    ]
}

/// The median over the rounds of what these reached in a round, over what those did in it.
fn ratio(these: &[Turn], those: &[Turn], of: fn(&Turn) -> f64) -> Option<f64> {
    let rounds = these.iter().zip(those);
    (!those.is_empty()).then(|| median(rounds.map(|(this, that)| of(this) / of(that))))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn verdicts(turns: &Turns) {
    let Some(ours) = turns.get(OURS) else { return };
    if let Some(wrk) = turns.get("wrk") {
        let rate = ratio(ours, wrk, |turn| turn.rate).unwrap_or(f64::NAN);
        crate::verdict("loadgen's requests/s over wrk's", rate, ">=", 0.65);
        // The same, where others take turns on the client's core.
        let for_a_second = ratio(wrk, ours, |turn| turn.cpu_us).unwrap_or(f64::NAN);
        crate::verdict(
            "loadgen's requests per second of processor time over wrk's",
            for_a_second,
            ">=",
            0.65,
        );
    }
    let scenario = PEERS.iter().filter(|peer| peer.is_scenario).filter_map(|peer| turns.get(peer.name));
    let best = scenario.map(|turns| median(turns.iter().map(|turn| 1e6 / turn.cpu_us))).fold(0.0, f64::max);
    if best > 0.0 {
        let ours = median(ours.iter().map(|turn| 1e6 / turn.cpu_us));
        crate::verdict(
            "loadgen's requests per second of processor time over the best scenario tool's",
            ours / best,
            ">=",
            3.0,
        );
    }
    if let Some(oha) = turns.get("oha") {
        let cpu = ratio(ours, oha, |turn| turn.cpu_us).unwrap_or(f64::NAN);
        crate::verdict("loadgen's processor time per request over oha's", cpu, "<=", 1.0);
    }
}
