//! Whether the load generator holds its rate: planned and achieved, and how late it sends, against nginx on loopback.
//!
//! `cargo bench --bench load [RATE ...]`: each rate for ten seconds after two of warm-up, evenly spaced and Poisson, on 64
//! connections. "due" is what the plan really held: a random plan differs from its mean. The send delay is from the
//! planned to the actual send; response and service are from the one and from the other.
use loadgen::attack::{Attack, Manner, Shape, Target, drive};
use loadgen::report::{Table, latency};
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::stats::Histogram;
use loadpath_core::time::Span;
use loadpath_core::workload::{Arrivals, Class, Spacing};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[path = "../../tests/attack/nginx.rs"]
mod nginx;

const RATES: [f64; 2] = [500.0, 2_000.0];

#[tokio::main]
async fn main() {
    // Cargo adds `--bench`.
    let asked: Vec<f64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let rates = if asked.is_empty() { RATES.to_vec() } else { asked };
    let nginx = nginx::Nginx::start(1_000_000);
    let url = format!("http://{}/", nginx.address);
    let target = Target::from_url(&url, &[]).await.expect("it is on loopback");
    let head = [
        "arrivals",
        "planned",
        "due",
        "answered",
        "errors",
        "delay p50",
        "delay p99",
        "response p50",
        "p99",
        "service p50",
        "p99",
    ];
    let mut table = Table::new(1, &head);
    for rate in rates {
        for (name, spacing) in [("constant", Spacing::Constant), ("poisson", Spacing::Poisson)] {
            let run = load(target.clone(), Arrivals { spacing, rate }).await;
            table.row(row(name, rate, &run));
        }
    }
    print!("{}", table.text());
}

async fn load(target: Target, arrivals: Arrivals) -> Run {
    let class = Class::named("/");
    let attack = Attack {
        users: 1,
        name: "bench".to_owned(),
        target,
        arrivals,
        manner: Manner::default(),
        shape: Shape::Flat,
        classes: vec![class],
        source: "clients".to_owned(),
        seed: Seed(1),
        warm_up: Span(2 * Span::SECOND.0),
        duration: Span(10 * Span::SECOND.0),
        timeout: Span(10 * Span::SECOND.0),
        connections: 64,
        nodes: Vec::new(),
        entry: None,
    };
    let (sender, _receiver) = mpsc::channel(16);
    drive(attack, CancellationToken::new(), sender).await.expect("nginx answers")
}

fn row(arrivals: &str, rate: f64, run: &Run) -> Vec<String> {
    let due: u64 = run.series[2..].iter().map(|second| second.offered).sum();
    let mut service = Histogram::default();
    run.classes.iter().for_each(|class| service.merge(&class.service));
    let response = run.response();
    let at = |histogram: &Histogram, q| latency(histogram.quantile(q));
    vec![
        arrivals.to_owned(),
        format!("{rate:.0}/s"),
        format!("{:.1}/s", due as f64 / 10.0),
        format!("{:.1}/s", run.outcomes().ok as f64 / run.duration.as_secs()),
        run.outcomes().errors().to_string(),
        at(&run.send_delay, 0.5),
        at(&run.send_delay, 0.99),
        at(&response, 0.5),
        at(&response, 0.99),
        at(&service, 0.5),
        at(&service, 0.99),
    ]
}
