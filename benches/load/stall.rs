//! A server that stops for one second once in six, at 2,000 requests per second: what each tool reports, and what was so.
use crate::peers::{Load, PEERS};
use crate::server::Stalled;
use crate::target::Own;
use crate::{ours, tool};
use loadgen::report::Table;

const SECONDS: u32 = 6;
const RATE: u32 = 2_000;
const CONNECTIONS: u32 = 64;
const SHARES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Prints the table.
pub(crate) fn test() {
    println!(
        "the stall: a server that stops for 1 s once in {SECONDS} s, {RATE}/s, {CONNECTIONS} connections; latency in ms"
    );
    let mut table = Table::new(2, &["client", "verdict", "answered", "p50", "p90", "p95", "p99", "p99.9"]);
    if let Some(worst) = ours(&mut table) {
        for peer in &PEERS {
            if peer.no_rate.is_some() && peer.name != "wrk" {
                continue;
            }
            match peer.find() {
                Ok(program) => theirs(peer, &program, &mut table),
                Err(why) => println!("  left out: {why}"),
            }
        }
        print!("{}", table.text());
        crate::verdict("loadgen's percentiles off from theory at worst, %", worst * 100.0, "<=", 2.0);
    }
}

/// Adds our row and the theory's; by how much we are off at worst.
fn ours(table: &mut Table) -> Option<f64> {
    let mut server = Own::start("stall");
    let url = format!("http://{}/", server.address);
    let load = Load { url: &url, connections: CONNECTIONS, seconds: SECONDS, rate: Some(RATE) };
    let run = ours::drive(&load).map_err(|why| println!("  left out: {why}")).ok()?.0;
    let stalled = stalled(&mut server)?;
    let theory = |q| stalled.quantile(q, f64::from(SECONDS)).map(|seconds| seconds * 1e3);
    let response = run.response();
    let told = |q| Some(ours::milliseconds(response.quantile(q)));
    let worst = SHARES.iter().filter_map(|&q| Some((told(q)? / theory(q)? - 1.0).abs())).fold(0.0, f64::max);
    let caught_up =
        format!("theory; caught up {:.0} ms after it", 1e3 * stalled.drain / (1.0 - stalled.drain));
    table.row(row(&caught_up, "", RATE * SECONDS, theory));
    table.row(row("loadgen, from the planned send", "", run.outcomes().ok as u32, told));
    let service = ours::service(&run);
    let told = |q| Some(ours::milliseconds(service.quantile(q)));
    table.row(row("loadgen, from the actual send", "", run.outcomes().ok as u32, told));
    Some(worst)
}

fn theirs(peer: &crate::peers::Peer, program: &std::path::Path, table: &mut Table) {
    let mut server = Own::start("stall");
    let url = format!("http://{}/", server.address);
    let rate = peer.no_rate.is_none().then_some(RATE);
    let load = Load { url: &url, connections: CONNECTIONS, seconds: SECONDS, rate };
    let (said, _): (_, tool::Ran) = match peer.drive(program, &load) {
        Ok(driven) => driven,
        Err(why) => return println!("  left out: {why}"),
    };
    // A closed loop has no plan that the server could have been late for.
    let theory = stalled(&mut server).filter(|_| rate.is_some());
    let theory = theory.and_then(|stalled| stalled.quantile(0.99, f64::from(SECONDS)));
    let verdict = match (said.at(0.99), theory) {
        (Some(p99), Some(truth)) if (p99 / truth / 1e3 - 1.0).abs() <= 0.05 => "sees it",
        (Some(p99), Some(truth)) if p99 < truth * 1e3 => "blind",
        (Some(_), Some(_)) => "too much",
        (None, _) => "does not say",
        (_, None) => "another load",
    };
    table.row(row(peer.name, verdict, said.requests as u32, |q| said.at(q)));
}

fn row(name: &str, verdict: &str, answered: u32, at: impl Fn(f64) -> Option<f64>) -> Vec<String> {
    let mut row = vec![name.to_owned(), verdict.to_owned(), answered.to_string()];
    row.extend(SHARES.map(|q| at(q).map_or("-".to_owned(), |ms| format!("{ms:.2}"))));
    row
}

fn stalled(server: &mut Own) -> Option<Stalled> {
    let arrivals: Vec<f64> = serde_json::from_str(&server.record()).ok()?;
    Some(Stalled::of(&arrivals, f64::from(RATE)))
}
