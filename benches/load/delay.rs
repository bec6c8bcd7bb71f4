//! Open loop: whether the rate is held, how late sends are, what a request costs, and whether what is reported is so.
use crate::peers::{Load, PEERS};
use crate::target::{self, Own};
use crate::{ours, throughput};
use loadgen::report::Table;
use loadpath_core::stats::Histogram;

const SECONDS: u32 = 8;
const CONNECTIONS: u32 = 64;
const RATES: [u32; 4] = [500, 2_000, 10_000, 20_000];
/// Of these runs the best counts where the machine is shared: a send is late when somebody else has the core.
const ROUNDS: usize = 3;

/// Prints our send delay at rising rates, and what the peers report of the same load.
pub(crate) fn beside_peers(rates: &[u32]) {
    let rates = if rates.is_empty() { &RATES[..] } else { rates };
    println!(
        "open loop: evenly spaced, {CONNECTIONS} connections, {SECONDS} s, nginx; the best of {ROUNDS} of ours"
    );
    let nginx = target::nginx();
    let url = format!("http://{}/", nginx.address);
    our_delays(rates, &url);
    println!("\n  the peers' own account of the same load, latency in ms");
    let head = ["client", "asked", "held", "client us/request", "p50", "p99", "p99.9"];
    let mut table = Table::new(1, &head);
    let found = throughput::found();
    let mut beside_oha = Vec::new();
    for &rate in rates {
        let load = Load { url: &url, connections: CONNECTIONS, seconds: SECONDS, rate: Some(rate) };
        let (row, our_cpu) = our_account(&load);
        table.row(row);
        let corrected = PEERS.iter().filter(|peer| peer.name == "oha, corrected");
        let corrected = corrected.filter_map(|peer| Some((peer, peer.find().ok()?)));
        for (peer, program) in
            found.iter().cloned().chain(corrected).filter(|(peer, _)| peer.no_rate.is_none())
        {
            match peer.drive(&program, &load) {
                Ok((said, ran)) => {
                    let at = |q| said.at(q).map_or("-".to_owned(), |ms| format!("{ms:.3}"));
                    let cpu_us = ran.cpu_seconds * 1e6 / said.requests;
                    if peer.name == "oha"
                        && let Some(ours) = our_cpu
                    {
                        beside_oha.push((rate, ours / cpu_us));
                    }
                    let cpu = format!("{cpu_us:.1}");
                    let held = format!("{:.1}/s", said.rate());
                    table.row(vec![
                        peer.name.to_owned(),
                        format!("{rate}/s"),
                        held,
                        cpu,
                        at(0.5),
                        at(0.99),
                        at(0.999),
                    ]);
                }
                Err(why) => println!("  left out: {why}"),
            }
        }
    }
    print!("{}", table.text());
    for (rate, ratio) in beside_oha {
        let what = format!("loadgen's processor time per request at {rate}/s over oha's");
        crate::verdict(&what, ratio, "<=", 1.0);
    }
}

/// Our row, and the processor microseconds of a request.
fn our_account(load: &Load) -> (Vec<String>, Option<f64>) {
    let asked = format!("{}/s", load.rate.unwrap_or(0));
    match ours::drive(load) {
        Ok((run, ran)) => {
            let response = run.response();
            let at = |q| format!("{:.3}", ours::milliseconds(response.quantile(q)));
            let cpu_us = ran.cpu_seconds * 1e6 / run.outcomes().ok as f64;
            let (cpu, held) = (format!("{cpu_us:.1}"), format!("{:.1}/s", run.achieved_rate()));
            let row = vec!["loadgen".to_owned(), asked, held, cpu, at(0.5), at(0.99), at(0.999)];
            (row, Some(cpu_us))
        }
        Err(why) => (vec!["loadgen".to_owned(), asked, why], None),
    }
}

fn our_delays(rates: &[u32], url: &str) {
    let head =
        ["loadgen at", "held", "off", "errors", "delay p50", "p99", "p99.9", "response p50", "p99", "p99.9"];
    let mut table = Table::new(1, &head);
    let mut found = Vec::new();
    for &rate in rates {
        let load = Load { url, connections: CONNECTIONS, seconds: SECONDS, rate: Some(rate) };
        let runs =
            (0..ROUNDS).filter_map(|_| ours::drive(&load).map_err(|why| println!("  left out: {why}")).ok());
        let best = runs.map(|(run, _)| run).min_by_key(|run| run.send_delay.quantile(0.99));
        let Some(run) = best else { continue };
        let response = run.response();
        let ms = |histogram: &Histogram, q| format!("{:.3}", ours::milliseconds(histogram.quantile(q)));
        let off = run.achieved_rate() / f64::from(rate) - 1.0;
        let mut row = vec![
            format!("{rate}/s"),
            format!("{:.1}/s", run.achieved_rate()),
            format!("{:.3} %", off * 100.0),
        ];
        row.push(run.outcomes().errors().to_string());
        row.extend([0.5, 0.99, 0.999].map(|q| ms(&run.send_delay, q)));
        row.extend([0.5, 0.99, 0.999].map(|q| ms(&response, q)));
        table.row(row);
        found.push((rate, off, ours::milliseconds(run.send_delay.quantile(0.99))));
    }
    print!("{}", table.text());
    for (rate, off, p99) in found {
        crate::verdict(&format!("the rate is held at {rate}/s, off by %"), off.abs() * 100.0, "<=", 0.1);
        match rate {
            2_000 => crate::verdict("send delay p99 at 2,000/s, ms", p99, "<=", 0.2),
            20_000 => crate::verdict("send delay p99 at 20,000/s, ms", p99, "<=", 1.0),
            _ => {}
        }
    }
}

/// Prints what we report of a server whose answers take 2 ms in the mean beside what it recorded itself.
pub(crate) fn against_the_server() {
    println!(
        "reported against what the server itself recorded: answers after an exponential time of 2 ms, 1,000/s, {SECONDS} s"
    );
    let mut server = Own::start("slow");
    let url = format!("http://{}/", server.address);
    let load = Load { url: &url, connections: CONNECTIONS, seconds: SECONDS, rate: Some(1_000) };
    let (run, _) = match ours::drive(&load) {
        Ok(driven) => driven,
        Err(why) => return println!("  left out: {why}"),
    };
    let record = server.record();
    let Ok(its) = Histogram::from_base64(&record) else { return println!("  the server recorded nothing") };
    let service = ours::service(&run);
    let mut table = Table::new(1, &["", "count", "mean", "p50", "p90", "p99", "p99.9"]);
    for (name, histogram) in [
        ("the server's record, ms", &its),
        ("loadgen's service, ms", &service),
        ("loadgen's response, ms", &run.response()),
    ] {
        let mut row = vec![
            name.to_owned(),
            histogram.count().to_string(),
            format!("{:.3}", ours::milliseconds(histogram.mean())),
        ];
        row.extend(
            [0.5, 0.9, 0.99, 0.999].map(|q| format!("{:.3}", ours::milliseconds(histogram.quantile(q)))),
        );
        table.row(row);
    }
    print!("{}", table.text());
    crate::verdict(
        "requests that only one side counted",
        its.count().abs_diff(service.count()) as f64,
        "<=",
        0.0,
    );
    // What lies between: the way there and back, and the wake-up of either side.
    let between = ours::milliseconds(service.quantile(0.5)) - ours::milliseconds(its.quantile(0.5));
    crate::verdict("the service's p50 above the server's, ms: the wire and two wake-ups", between, "<=", 0.3);
}
