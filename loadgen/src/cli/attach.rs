//! `loadgen attach`: an existing deployment, mapped onto a design, is loaded as the design says and measured hop by hop.
use super::progress::Progress;
use super::requests::MannerArgs;
use super::run::{Delivery, begun};
use super::together::{self, TogetherArgs};
use super::{Failure, args, block_on, consent, input};
use crate::agents::{Done, Driver, Task};
use crate::attach::{Metrics, Scraper, Spans, Where, complete, way_in};
use crate::attack::{Attack, Paths, Patience, Target};
use crate::interrupt;
use crate::store::Recording;
use loadpath_core::id::NodeIndex;
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::time::Span;
use loadpath_core::topology::{NodeKind, Plan, Topology};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often pages of metrics are read while the load counts.
const READ_EVERY: Duration = Duration::from_secs(5);
/// How long a deployment may take to write the last spans.
const SPANS_WITHIN: Duration = Duration::from_secs(2);
/// The most requests in flight, unless something else is said.
const CONNECTIONS: u16 = 64;

/// Nothing is brought up: what runs already is told which node it is. Requests go to what the clients call, as the design's workload says;
/// the other nodes are known by Server-Timing headers, by pages of Prometheus' histograms, or by a file of traces. Only this
/// machine is asked, unless --allow-target names another, which must consent.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The design, or a link to it
    file: String,
    /// Where a node answers; the clients' requests go to the one that they call
    #[arg(long, value_name = "NODE=URL", value_parser = mapped)]
    map: Vec<(String, String)>,
    /// Where a node's histograms are, in Prometheus' text; with #LABEL=VALUE,... where a page tells of several
    #[arg(long, value_name = "NODE=URL[#LABELS]", value_parser = Metrics::parse)]
    histograms: Vec<Metrics>,
    /// A file with lines like "map web=http://127.0.0.1:8080/" and "histograms web=http://127.0.0.1:9100/metrics"
    #[arg(long, value_name = "FILE")]
    targets: Option<String>,
    /// The histogram that is read [default: the first known one, like http_request_duration_seconds]
    #[arg(long, value_name = "NAME", requires = "histograms")]
    histogram: Option<String>,
    /// The file that an OpenTelemetry collector writes traces to, as JSON lines; read after the load
    #[arg(long, value_name = "FILE")]
    traces: Option<String>,
    /// The name of a node's service in the traces [default: the node's id, or its label]
    #[arg(long, value_name = "NODE=NAME", value_parser = mapped, requires = "traces")]
    service: Vec<(String, String)>,
    /// Ask for /c/CLASS/KEY, as the parts understand that `loadgen up` starts, and not for the URL's path
    #[arg(long)]
    per_class: bool,
    /// Load or read this machine too, which is yours; exactly as in the URL
    #[arg(long, value_name = "HOST:PORT")]
    allow_target: Vec<String>,
    /// Requests per second [default: what the design's workload says]
    #[arg(long, value_parser = args::rate)]
    rate: Option<f64>,
    /// How long it counts
    #[arg(long, default_value = "10s", value_parser = args::duration)]
    duration: Span,
    /// How long it runs before it counts
    #[arg(long, default_value = "2s", value_parser = args::span_within_an_hour)]
    warm_up: Span,
    /// What random arrivals come from: the same seed plans the same sends as the simulator
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The most requests in flight
    #[arg(long, default_value_t = CONNECTIONS, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    connections: u16,
    #[command(flatten)]
    manner: MannerArgs,
    #[command(flatten)]
    delivery: Delivery,
    #[command(flatten)]
    together: TogetherArgs,
}

const EXAMPLES: &str = "\
Examples:
  loadgen attach shop.json --map lb=http://127.0.0.1:8080/
  loadgen attach shop.json --map lb=http://127.0.0.1:8080/shop --histograms web=http://127.0.0.1:9102/metrics --duration 30s
  loadgen attach shop.json --map lb=http://10.0.0.5:80/ --allow-target 10.0.0.5:80 --traces spans.json --service web=shop-web
  loadgen attach shop.json --targets targets.txt --out measured.json; loadgen compare shop.json measured.json
  loadgen attach shop.json --map lb=http://10.0.0.5:80/ --agents 4 --nats nats://10.0.0.2:4222   # with four of `loadgen agent`";

/// A node and where it answers, or what it is called.
fn mapped(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(node, to)| !node.trim().is_empty() && !to.trim().is_empty());
    let (node, to) = pair.ok_or_else(|| format!("\"{text}\" maps nothing: write NODE=..."))?;
    Ok((node.trim().to_owned(), to.trim().to_owned()))
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    args.delivery.check()?;
    let (done, recording) = block_on(args.drive())?;
    args.delivery.deliver(done.run, recording)?;
    together::whole(&done.short)
}

/// What the arguments and the file of targets say together.
struct Mapping {
    answers: Where,
    metrics: Vec<Metrics>,
}

impl Args {
    fn mapping(&self, plan: &Plan) -> Result<Mapping, Failure> {
        let mut mapping =
            Mapping { answers: self.map.iter().cloned().collect(), metrics: self.histograms.clone() };
        if let Some(file) = &self.targets {
            let text = input::text(file).map_err(|why| Failure::Input(format!("{file}: {why}")))?;
            for (number, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line.trim())) {
                let bad = |why: String| Failure::Input(format!("{file}, line {number}: {why}"));
                match line.split_once(char::is_whitespace) {
                    _ if line.is_empty() || line.starts_with('#') => {}
                    Some(("map", rest)) => mapping.answers.extend([mapped(rest).map_err(bad)?]),
                    Some(("histograms", rest)) => {
                        mapping.metrics.push(Metrics::parse(rest.trim()).map_err(bad)?);
                    }
                    _ => return Err(bad("write \"map NODE=URL\" or \"histograms NODE=URL\"".to_owned())),
                }
            }
        }
        let named = mapping.answers.keys().chain(mapping.metrics.iter().map(|metrics| &metrics.node));
        let named = named.chain(self.service.iter().map(|(node, _)| node));
        for id in named {
            if plan.find(id).is_none() {
                return Err(Failure::Input(format!(
                    "{}: there is no node \"{id}\"",
                    input::shown(&self.file)
                )));
            }
        }
        Ok(mapping)
    }

    /// An address that may be asked: this machine, or one that is named and consents.
    async fn target(&self, url: &str) -> Result<Target, Failure> {
        let target = Target::from_url(url, &self.allow_target).await;
        let target = target.map_err(|fault| Failure::Input(fault.to_string()))?;
        consent::ask(&target).await?;
        Ok(target)
    }

    async fn drive(&self) -> Result<(Done, Recording), Failure> {
        let document = input::design(&self.file)?;
        let plan = input::check(&self.file, &document)?;
        let mapping = self.mapping(&plan)?;
        let (clients, entry) = way_in(&plan, &mapping.answers).map_err(Failure::Input)?;
        let url = &mapping.answers[&plan.node(entry).id];
        let target = if self.together.are_wanted() {
            // What is read here is allowed here; what is loaded, by the agents.
            TogetherArgs::target(url, &[], &self.manner)?
        } else {
            self.target(url).await?
        };
        let mut scrapers = Vec::new();
        for metrics in mapping.metrics {
            let page = self.target(&metrics.url).await?;
            if page.secure {
                return Err(Failure::Input(format!("{page}: pages of metrics are read over http only")));
            }
            scrapers.push(Scraper::new(metrics, page, self.histogram.clone()));
        }
        let is_ours = target.address.ip().is_loopback();
        let attack = self.attack(&plan, target, (clients, entry))?;
        let quiet = self.delivery.quiet;
        let driver = self.together.driver("loadgen attach", attack.connections, quiet).await?;
        let begun = begun(
            attack.name.clone(),
            attack.target.to_string(),
            attack.arrivals.rate,
            self.warm_up,
            self.duration,
        );
        let mut recording = self.delivery.recording(begun)?;
        let _served = self.delivery.serve_metrics(&recording).await?;
        let driving = (driver, &document);
        let Done { mut run, short } =
            self.measure(driving, attack, &mut scrapers, is_ours, &mut recording).await?;
        run.notes.push("an existing deployment: each node is what it was mapped to".to_owned());
        for scraper in &scrapers {
            if complete(&mut run, scraper.node(), scraper.told()) {
                let node = scraper.node();
                run.notes.push(format!("\"{node}\" is known by its own histogram: no finer than its buckets, all its calls, and without the way to it"));
            }
        }
        if let Some(file) = &self.traces {
            self.spans(file, &document, &plan, &mut run).await?;
        }
        Ok((Done { run, short }, recording))
    }

    fn attack(
        &self,
        plan: &Plan,
        mut target: Target,
        (clients, entry): (NodeIndex, NodeIndex),
    ) -> Result<Attack, Failure> {
        let manner =
            if self.together.are_wanted() { self.manner.of_agents() } else { self.manner.manner(&target)? };
        if self.per_class {
            target.paths = Paths::PerClass;
        }
        let NodeKind::Clients(spec) = &plan.node(clients).kind else {
            unreachable!("the way in begins at clients")
        };
        self.manner.fits(usize::from(self.connections))?;
        let source = &plan.node(clients).id;
        let mut attack = Attack {
            manner,
            seed: Seed(self.seed),
            warm_up: self.warm_up,
            duration: self.duration,
            timeout: spec.timeout,
            connections: usize::from(self.connections),
            entry: Some(plan.node(entry).id.clone()),
            ..Attack::of_plan(plan, target, source)
        };
        if let Some(rate) = self.rate {
            (attack.arrivals.rate, attack.closed) = (rate, None);
        }
        Ok(attack)
    }

    async fn measure(
        &self,
        (driver, document): (Driver, &Topology),
        attack: Attack,
        scrapers: &mut [Scraper],
        is_ours: bool,
        recording: &mut Recording,
    ) -> Result<Done, Failure> {
        let progress = Progress::new(self.warm_up, self.duration, self.delivery.quiet);
        let (sender, mut intervals) = mpsc::channel(16);
        let stop = interrupt::token().child_token();
        // A page that cannot be read at all is better known before the load than after it.
        for scraper in scrapers.iter_mut() {
            scraper.read().await.map_err(|unread| Failure::Input(unread.to_string()))?;
        }
        let task = |attack: &Attack| Task::of_design(document, attack);
        let driving = driver.drive(attack, task, stop.clone(), sender);
        let mut unread = Vec::new();
        let watching = async {
            let mut patience = Patience::default();
            let mut next = self.warm_up;
            while let Some(interval) = intervals.recv().await {
                progress.show(&interval);
                recording.interval(&interval);
                if !is_ours && patience.is_over(&interval) {
                    stop.cancel();
                }
                let end = interval.start + interval.length;
                if end >= next {
                    let first = next == self.warm_up;
                    next = end + Span::from_secs(READ_EVERY.as_secs_f64());
                    read_all(scrapers, first, &mut unread).await;
                }
            }
            read_all(scrapers, false, &mut unread).await;
        };
        let (driven, ()) = tokio::join!(driving, watching);
        progress.finish();
        let Done { mut run, short } = driven.map_err(Failure::Went)?;
        run.notes.append(&mut unread);
        if stop.is_cancelled() && !interrupt::token().is_cancelled() {
            let text = "the target refused most of three intervals in a row (503, 429): it was let alone";
            run.notes.insert(0, text.to_owned());
        }
        Ok(Done { run, short })
    }

    /// What the deployment's own spans say of nodes that nothing else told of.
    async fn spans(
        &self,
        file: &str,
        document: &Topology,
        plan: &Plan,
        run: &mut Run,
    ) -> Result<(), Failure> {
        tokio::time::sleep(SPANS_WITHIN).await;
        let text = input::text(file).map_err(|why| Failure::Input(format!("{file}: {why}")))?;
        let from = run.started_unix.saturating_mul(1_000_000_000) + run.warm_up.0;
        // The start is known to the second.
        let spans = Spans::read(&text, from, from + run.duration.0 + Span::SECOND.0);
        let services = spans.map_err(|why| Failure::Input(format!("{file}: {why}")))?.services();
        for (node, own) in plan.nodes.iter().zip(&document.nodes) {
            let named = self.service.iter().find(|(id, _)| *id == node.id).map(|(_, name)| name.as_str());
            let Some(seen) = named
                .into_iter()
                .chain([node.id.as_str(), own.label.as_str()])
                .find_map(|name| services.get(name))
            else {
                continue;
            };
            let (calls, with) = (seen.told.outcomes.total(), seen.with_caller);
            if complete(run, &node.id, seen.told.clone()) {
                let id = &node.id;
                run.notes.push(format!("\"{id}\" is known by {calls} spans, {with} of them with their caller's, which tells the waiting"));
            }
        }
        if services.is_empty() {
            run.notes.push(format!("{file} has no span of this run's time"));
        }
        Ok(())
    }
}

/// Reads every page; what was told before the load counted is let go.
async fn read_all(scrapers: &mut [Scraper], first: bool, unread: &mut Vec<String>) {
    for scraper in scrapers {
        if let Err(fault) = scraper.read().await {
            let text = fault.to_string();
            if !unread.contains(&text) {
                unread.push(text);
            }
        }
        if first {
            scraper.begin();
        }
    }
}
