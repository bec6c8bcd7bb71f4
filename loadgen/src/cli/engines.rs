//! `loadgen engines`: which engines are on this machine, how long they take to start and stop, and what balancers carry.
use super::{Failure, block_on, print, print_json};
use crate::clock::Clock;
use crate::deploy::{self, Deployment, Design, THIS_PROGRAM};
use crate::report::Table;
use crate::{entropy, interrupt};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Engine, Params, Topology, check, three_tier};
use serde::Serialize;
use std::net::SocketAddr;
use std::path::Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How often each engine is started.
const ROUNDS: usize = 5;
/// How many connections a balancer is asked on, each with one request at a time.
const CONNECTIONS: usize = 16;
/// How long it is asked.
const ASKED_FOR: Span = Span(3 * Span::SECOND.0);

/// A node is one of these when its parameter `engine` says so. Versions are those that the programs say themselves.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  loadgen engines\n  loadgen engines --times    start and stop each five times; \
    ask each balancer on 16 connections for 3 s"
)]
pub(super) struct Args {
    /// Start and stop each, and measure the balancers side by side
    #[arg(long)]
    times: bool,
    /// As JSON, on one line
    #[arg(long)]
    json: bool,
}

/// What is known of an engine.
#[derive(Debug, Serialize)]
struct Row {
    engine: &'static str,
    version: Option<String>,
    path: Option<String>,
    /// Why it is not there.
    missing: Option<String>,
    /// Medians: until it answers, and until a design with it is down.
    ready_ns: Option<u64>,
    down_ns: Option<u64>,
    /// Requests per second through it.
    rate: Option<f64>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let rows = block_on(rows(args.times))?;
    if args.json {
        return print_json(&rows);
    }
    let mut table = Table::new(2, &["engine", "version", "ready after", "down after", "requests/s"]);
    let span = |ns: Option<u64>| ns.map_or_else(|| "-".to_owned(), |ns| format!("{:.0} ms", ns as f64 / 1e6));
    for row in &rows {
        let version = row.version.clone().unwrap_or_else(|| "missing".to_owned());
        let rate = row.rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.0}"));
        table.row(vec![row.engine.to_owned(), version, span(row.ready_ns), span(row.down_ns), rate]);
    }
    let missing: Vec<&str> = rows.iter().filter_map(|row| row.missing.as_deref()).collect();
    print(&format!("{}\n{}", table.text(), missing.iter().map(|why| format!("{why}\n")).collect::<String>()))
}

async fn rows(times: bool) -> Result<Vec<Row>, Failure> {
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    let mut rows = vec![Row { version, ..Row::of(Engine::Embedded.title()) }];
    if times {
        rows[0].down_ns = Some(median(&timed(&design(Engine::Embedded)).await?, |round| round.1));
        rows[0].rate = Some(rate_through(Engine::Embedded).await?);
    }
    for (engine, found) in deploy::known() {
        let mut row = Row::of(engine.title());
        match found {
            Ok((path, version)) => {
                (row.path, row.version) = (Some(path.display().to_string()), Some(version));
                let more = if times { measure(engine, &mut row).await? } else { Vec::new() };
                rows.push(row);
                rows.extend(more);
            }
            Err(why) => {
                row.missing = Some(why);
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

impl Row {
    fn of(engine: &'static str) -> Self {
        Self { engine, version: None, path: None, missing: None, ready_ns: None, down_ns: None, rate: None }
    }
}

/// Measures an engine in its first place; the rows of its other places.
async fn measure(engine: Engine, row: &mut Row) -> Result<Vec<Row>, Failure> {
    let mut more = Vec::new();
    for (title, document) in designs(engine) {
        let rounds = timed(&document).await?;
        let mut measured = Row { version: row.version.clone(), path: row.path.clone(), ..Row::of(title) };
        measured.ready_ns = Some(median(&rounds, |round| round.0));
        measured.down_ns = Some(median(&rounds, |round| round.1));
        more.push(measured);
    }
    *row = more.remove(0);
    if matches!(engine, Engine::Haproxy | Engine::Nginx) {
        row.rate = Some(rate_through(engine).await?);
    }
    Ok(more)
}

fn median(rounds: &[(Span, Span)], of: impl Fn(&(Span, Span)) -> Span) -> u64 {
    let mut all: Vec<u64> = rounds.iter().map(|round| of(round).0).collect();
    all.sort_unstable();
    all[all.len() / 2]
}

/// The smallest example with an engine in the place where it fits, and services that take no time to speak of.
fn design(engine: Engine) -> Topology {
    let mut design = three_tier();
    let mut set = |node: usize, name: &str, value: &str| {
        design.nodes[node].params.insert(name.to_owned(), value.into());
    };
    set(1, "policy", "round_robin");
    set(1, "service_time", "1us");
    set(2, "service_time", "1us");
    match engine {
        Engine::Embedded => {}
        Engine::Haproxy => set(1, "engine", "haproxy"),
        Engine::Nginx => set(1, "engine", "nginx"),
        Engine::Redis => set(3, "engine", "redis"),
        Engine::Memcached => set(3, "engine", "memcached"),
        Engine::Postgresql => set(4, "engine", "postgresql"),
        Engine::Nats => design = jobs("nats"),
        Engine::Rabbitmq => design = jobs("rabbitmq"),
    }
    design
}

/// A service that publishes jobs to a queue that is an engine, and workers that do them.
fn jobs(engine: &str) -> Topology {
    let document = format!(
        r#"{{"loadpath":1,"name":"jobs","nodes":[
            {{"id":"users","kind":"clients"}},
            {{"id":"app","kind":"service"}},
            {{"id":"mq","kind":"queue","engine":"{engine}"}},
            {{"id":"jobs","kind":"workers"}}],
        "edges":[{{"from":"users","to":"app"}},{{"from":"app","to":"mq"}},{{"from":"mq","to":"jobs"}}],
        "workload":{{"arrivals":"poisson","rate":"10/s","users":1,"classes":[{{"name":"job","operation":"job"}}]}}}}"#
    );
    Topology::from_json(&document).expect("it is JSON of a known form")
}

/// What an engine can be, each with a design that has it there.
fn designs(engine: Engine) -> Vec<(&'static str, Topology)> {
    let mut designs = vec![(engine.title(), design(engine))];
    match engine {
        Engine::Nginx => {
            let mut cdn = design(Engine::Embedded);
            // The balancer's place, before the web servers.
            (cdn.nodes[1].kind, cdn.nodes[1].params) = ("cdn".to_owned(), Params::new());
            cdn.nodes[1].params.insert("engine".to_owned(), "nginx".into());
            designs.push(("nginx as a CDN", cdn));
        }
        Engine::Postgresql => {
            let mut followed = design(engine);
            followed.nodes[4].params.insert("replicas".to_owned(), 1.0.into());
            designs.push(("PostgreSQL with a replica", followed));
        }
        _ => {}
    }
    designs
}

async fn up(document: &Topology) -> Result<Deployment, Failure> {
    let plan = check(document).map_err(|_| Failure::Went("the example is faulty".to_owned()))?;
    let run = entropy::hex(8).map_err(|e| Failure::Went(format!("no random numbers can be had: {e}")))?;
    let program = Path::new(THIS_PROGRAM);
    let design = Design { program, run: &run, document, plan: &plan, seed: 1 };
    Ok(Deployment::up(&design, &interrupt::token(), |_, _| ()).await?)
}

/// How long an engine took until it answered, and its design until all was down, each time.
async fn timed(document: &Topology) -> Result<Vec<(Span, Span)>, Failure> {
    let clock = Clock::start();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let deployment = up(document).await?;
        let engines = deployment.engines().await;
        let ready = engines.iter().map(|(_, _, facts)| facts.ready_after).max().unwrap_or(Span::ZERO);
        let begun = clock.now();
        deployment.down().await?;
        rounds.push((ready, clock.now().since(begun)));
    }
    Ok(rounds)
}

/// Requests per second through a balancer, asked without a pause. All of it shares this machine's cores.
async fn rate_through(engine: Engine) -> Result<f64, Failure> {
    let mut document = design(engine);
    // Only the balancer and what is behind it: no cache, no database.
    document.nodes.truncate(3);
    document.edges.truncate(2);
    let deployment = up(&document).await?;
    let entry =
        deployment.address_of("lb", 0).ok_or_else(|| Failure::Went("the balancer ended".to_owned()))?;
    let clock = Clock::start();
    let until = clock.now() + ASKED_FOR;
    let mut asking = JoinSet::new();
    (0..CONNECTIONS).for_each(|_| drop(asking.spawn(ask(entry, clock, until))));
    let mut answered = 0;
    while let Some(one) = asking.join_next().await {
        answered += one.ok().and_then(Result::ok).unwrap_or(0);
    }
    deployment.down().await?;
    Ok(answered as f64 / ASKED_FOR.as_secs())
}

/// Asks on one connection until then: how many good answers came.
async fn ask(entry: SocketAddr, clock: Clock, until: Time) -> std::io::Result<u64> {
    let mut stream = TcpStream::connect(entry).await?;
    stream.set_nodelay(true)?;
    let request = format!("GET /c/read/7?u=1 HTTP/1.1\r\nhost: {entry}\r\n\r\n");
    let (mut answered, mut buffer) = (0, vec![0; 16 * 1024]);
    while clock.now() < until {
        stream.write_all(request.as_bytes()).await?;
        // An answer has no body: it ends with its head.
        let mut length = 0;
        while !buffer[..length].ends_with(b"\r\n\r\n") {
            match stream.read(&mut buffer[length..]).await? {
                0 => return Ok(answered),
                more => length += more,
            }
        }
        answered += u64::from(buffer.starts_with(b"HTTP/1.1 200"));
    }
    Ok(answered)
}
