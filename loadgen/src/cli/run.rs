//! `loadgen run`: loads one address, or a design that is brought up for it, in an open loop, and measures.
use super::progress::Progress;
use super::requests::{MannerArgs, RequestArgs};
use super::shape::{self, Rates, ShapeArgs};
use super::together::{self, TogetherArgs};
use super::{Failure, args, block_on, consent, metrics, print, print_json, run_design};
use crate::agents::{Done, Task};
use crate::attack::{Attack, Patience, Shape, Target};
use crate::interrupt;
use crate::live::Wish;
use crate::report::{RunReport, run_text};
use crate::store::{Begun, Place, Recording, Store};
use clap::ValueEnum;
use loadpath_core::rng::Seed;
use loadpath_core::run::{Run, Source};
use loadpath_core::time::Span;
use loadpath_core::workload::{Arrivals, Spacing};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Requests are sent when they are due, whatever the target does; the response time counts from the planned send, so that a
/// stall shows in full. Redirects are not followed. Only this machine is loaded, unless --allow-target names another.
/// A design is brought up on this machine, a process for each instance, loaded as its workload says, and taken down.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A design to bring up, load and take down, or a link to one
    #[arg(conflicts_with_all = ONLY_FOR_A_URL, required_unless_present = "url")]
    pub(super) file: Option<String>,
    #[command(flatten)]
    pub(super) aim: Aim,
    #[command(flatten)]
    pub(super) pace: Pace,
    #[command(flatten)]
    pub(super) load: Load,
    #[command(flatten)]
    pub(super) delivery: Delivery,
    #[command(flatten)]
    pub(super) together: TogetherArgs,
}

/// Where the run goes.
#[derive(Debug, clap::Args)]
pub(super) struct Delivery {
    /// Write the run to this file [default: keep it among the others; see `loadgen runs`]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write counts and histograms of the run so far to this file, each second, as Prometheus' textfile collector reads it
    #[arg(long, value_name = "FILE")]
    metrics_file: Option<PathBuf>,
    /// Serve counts and histograms of the run so far at http://ADDRESS/metrics, for Prometheus; loopback only, like 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// Print the figures as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// What a design says itself.
const ONLY_FOR_A_URL: [&str; 23] = [
    "url",
    "allow_target",
    "shape",
    "stages",
    "trace",
    "arrivals",
    "connections",
    "timeout",
    "classes",
    "method",
    "headers",
    "bodies",
    "checks",
    "keys",
    "skew",
    "data",
    "connect_timeout",
    "first_byte_timeout",
    "no_keep_alive",
    "http2",
    "streams",
    "ca",
    "insecure",
];

/// Where the load goes, and what that is called.
#[derive(Debug, clap::Args)]
pub(super) struct Aim {
    /// What is asked for, like http://127.0.0.1:8080/path
    #[arg(long)]
    pub(super) url: Option<String>,
    /// What the run is called [default: the URL, or the design's name]
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Load this machine too, which is yours; exactly as in the URL
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) allow_target: Vec<String>,
}

impl Aim {
    /// The name and the target, resolved once; where agents are to load it, by them.
    pub(super) async fn target(
        &self,
        together: &TogetherArgs,
        manner: &MannerArgs,
    ) -> Result<(String, Target), Failure> {
        let Some(url) = &self.url else {
            return Err(Failure::Input("where to? give --url http://HOST:PORT/".to_owned()));
        };
        if together.are_wanted() {
            let target = TogetherArgs::target(url, &self.allow_target, manner)?;
            return Ok((self.name.clone().unwrap_or_else(|| url.clone()), target));
        }
        let bad = |fault: crate::attack::TargetError| Failure::Input(fault.to_string());
        let target = Target::from_url(url, &self.allow_target).await.map_err(bad)?;
        consent::ask(&target).await?;
        Ok((self.name.clone().unwrap_or_else(|| target.to_string()), target))
    }
}

const EXAMPLES: &str = "\
Examples:
  loadgen run --url http://127.0.0.1:8080/ --rate 500/s --duration 10s
  loadgen run --url http://127.0.0.1:8080/ --rate 100/s..2k/s --shape ramp --duration 1m
  loadgen run --url http://127.0.0.1:8080/ --rate 200/s..1k/s --shape spike:5s --duration 30s
  loadgen run --url http://127.0.0.1:8080/ --stages 100/s:10s,100/s..2k/s:30s,2k/s:1m
  loadgen run --url http://127.0.0.1:8080/ --trace offsets.txt
  loadgen run shop.json --duration 30s
  loadgen run --url http://127.0.0.1:8080/ --rate 2k/s --arrivals constant --out base.json
  loadgen run --url 'http://127.0.0.1:8080/item/{key}' --keys 10k --skew 0.99 --rate 500/s --check 'status 200'
  loadgen run --url http://127.0.0.1:8080/ --rate 500/s --class 'browse:9 GET /item/{key}' --class 'buy:1 POST /cart' \
      --body '@buy {\"sku\": \"{sku}\"}' --data skus.csv --check '@buy status 201'
  loadgen run --url https://127.0.0.1:8443/ --rate 500/s --http2 --ca own.pem
  loadgen run --url http://127.0.0.1:8080/ --rate 20k/s --http2 --connections 4 --streams 50
  loadgen run shop.json --duration 10m --metrics 127.0.0.1:9464
  loadgen run shop.json --duration 10m --metrics-file /var/lib/node_exporter/loadgen.prom
  loadgen run --url http://10.0.0.5:80/ --rate 100/s --allow-target 10.0.0.5:80 --json
  loadgen run --url http://10.0.0.5:80/ --rate 50k/s --agents 4 --nats nats://10.0.0.2:4222 --nats-token-file token
  loadgen run shop.json --agents 2 --nats nats://127.0.0.1:4222   # with two of `loadgen agent` on this machine";

/// How long a request to a URL may take unless something else is said.
pub(super) const TIMEOUT: Span = Span(10 * Span::SECOND.0);
/// How long it counts unless something else is said.
const DURATION: Span = Span(10 * Span::SECOND.0);
/// How long it runs before that.
pub(super) const WARM_UP: Span = Span(2 * Span::SECOND.0);
/// How many connections a URL gets unless something else is said.
pub(super) const CONNECTIONS: u16 = 64;

/// How much is sent, and when.
#[derive(Debug, clap::Args)]
pub(super) struct Pace {
    /// Requests per second, like 500/s, or from one to another, like 100/s..2k/s [default for a design: what its workload
    /// says]
    #[arg(long, value_parser = shape::rates, allow_hyphen_values = true)]
    pub(super) rate: Option<Rates>,
    #[command(flatten)]
    pub(super) shape: ShapeArgs,
    /// How long it counts [default: 10s, or what --stages or --trace take]
    #[arg(long, allow_hyphen_values = true, value_parser = args::duration)]
    pub(super) duration: Option<Span>,
    /// How long it runs before it counts, at the first rate [default: 2s; none for a trace]
    #[arg(long, allow_hyphen_values = true, value_parser = args::span_within_an_hour)]
    pub(super) warm_up: Option<Span>,
}

/// What is sent, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Load {
    /// How requests are spaced [default: poisson; a design says it itself]
    #[arg(long, value_enum)]
    pub(super) arrivals: Option<SpacingName>,
    /// What random arrivals come from: the same seed plans the same sends
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// The most requests in flight, unless --streams says otherwise; what finds no free connection waits, and that counts [default: 64]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(super) connections: Option<u16>,
    /// How long a request may take from its planned send [default: 10s; a design's clients say it themselves]
    #[arg(long, value_parser = args::timeout)]
    pub(super) timeout: Option<Span>,
    #[command(flatten)]
    pub(super) requests: RequestArgs,
    #[command(flatten)]
    pub(super) manner: MannerArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SpacingName {
    /// Independent users: exponential gaps
    Poisson,
    /// Evenly
    Constant,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    args.delivery.check()?;
    let (done, recording) = match &args.file {
        Some(file) => block_on(args.drive_design(file))?,
        None => block_on(args.drive())?,
    };
    args.delivery.deliver(done.run, recording)?;
    together::whole(&done.short)
}

impl Delivery {
    /// A run that cannot be written is better refused before the load than after it.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.out.as_deref().map_or(Ok(()), |file| writable("--out", file))
    }

    /// Keeps and prints the run; an error when nothing in it ended well.
    pub(super) fn deliver(&self, mut run: Run, recording: Recording) -> Result<(), Failure> {
        let file = keep(recording, &mut run)?;
        if self.json {
            print_json(&RunReport::new(&run, Some(file)))?;
        } else {
            print(&format!("{}\n  written to {}\n", run_text(&run), file.display()))?;
        }
        if interrupt::token().is_cancelled() {
            return Err(Failure::Interrupted);
        }
        if run.outcomes().ok == 0 {
            let name = &run.name;
            return Err(Failure::Went(format!("{name}: no request was answered well; the notes say why")));
        }
        Ok(())
    }

    /// Serves the figures of this recording where they were asked for, until it is dropped.
    pub(super) async fn serve_metrics(&self, recording: &Recording) -> Result<impl Sized + use<>, Failure> {
        metrics::serve(self.metrics, recording.so_far()).await
    }

    /// The recording of a run that begins soon.
    pub(super) fn recording(&self, begun: Begun) -> Result<Recording, Failure> {
        let place = match &self.out {
            Some(file) => Place::File(file.clone()),
            None => Place::Store(Store::of_this_user().map_err(|fault| Failure::Went(fault.to_string()))?),
        };
        let recording = Recording::new(place, begun);
        Ok(match &self.metrics_file {
            Some(file) => recording.with_metrics(file.clone()),
            None => recording,
        })
    }
}

/// What is known of a run before it begins.
pub(super) fn begun(name: String, target: String, offered_rate: f64, warm_up: Span, duration: Span) -> Begun {
    let by = format!("loadgen {}", env!("CARGO_PKG_VERSION"));
    Begun { name, source: Source::Measured { target, by }, started_unix: 0, offered_rate, warm_up, duration }
}

fn keep(recording: Recording, run: &mut Run) -> Result<PathBuf, Failure> {
    recording.finish(run).map(|kept| kept.path).map_err(|fault| {
        // What was measured is printed even so.
        let _ = print(&run_text(run));
        Failure::Went(format!("the run was not written: {fault}"))
    })
}

impl Args {
    async fn drive_design(&self, file: &str) -> Result<(Done, Recording), Failure> {
        let Pace { rate, duration, warm_up, .. } = self.pace;
        let seed = self.load.seed;
        if rate.is_some_and(|rates| rates.low != rates.high) {
            let why = "a design's load changes on its timeline (\"set_rate\"): give one --rate, or put the changes there";
            return Err(Failure::Input(why.to_owned()));
        }
        let (rate, warm_up) = (rate.map(|rates| rates.low), warm_up.unwrap_or(WARM_UP));
        let duration = duration.unwrap_or(DURATION);
        let document = run_design::design(file, rate)?;
        let quiet = self.delivery.quiet;
        // Each needs a connection, of which an open design never gets fewer than these; of few users who think some agents have none.
        let driver = self.together.driver("loadgen run", usize::from(CONNECTIONS), quiet).await?;
        let name = self.aim.name.clone().unwrap_or_default();
        let begun = begun(name, "embedded".to_owned(), rate.unwrap_or(0.0), warm_up, duration);
        let mut recording = self.delivery.recording(begun)?;
        let _served = self.delivery.serve_metrics(&recording).await?;
        let wish = Wish { document, warm_up, duration, seed, keep: None };
        let mut done = run_design::drive(file, wish, driver, quiet, &mut recording).await?;
        done.run.name = self.aim.name.clone().unwrap_or(done.run.name);
        Ok((done, recording))
    }

    async fn drive(&self) -> Result<(Done, Recording), Failure> {
        let (name, target) = self.aim.target(&self.together, &self.load.manner).await?;
        let Pace { rate, shape, duration, warm_up } = &self.pace;
        let planned = shape.plan(*rate, *warm_up, *duration, WARM_UP)?;
        let timing = (planned.rate, planned.warm_up, planned.duration);
        let is_ours = target.address.ip().is_loopback();
        let attack = self.load.attack(name.clone(), target, planned.shape, timing, &self.together)?;
        let quiet = self.delivery.quiet;
        let task = |attack: &Attack| self.load.task(&self.aim, attack);
        self.together.fits(&attack, task)?;
        let driver = self.together.driver("loadgen run", attack.connections, quiet).await?;
        let begun = begun(name, attack.target.to_string(), planned.rate, attack.warm_up, attack.duration);
        let mut recording = self.delivery.recording(begun)?;
        let _served = self.delivery.serve_metrics(&recording).await?;
        let progress = Progress::new(attack.warm_up, attack.duration, quiet);
        let (sender, mut intervals) = mpsc::channel(16);
        let stop = interrupt::token().child_token();
        let driving = driver.drive(attack, task, stop.clone(), sender);
        let showing = async {
            let mut patience = Patience::default();
            while let Some(interval) = intervals.recv().await {
                progress.show(&interval);
                recording.interval(&interval);
                if !is_ours && patience.is_over(&interval) {
                    stop.cancel();
                }
            }
        };
        let (driven, ()) = tokio::join!(driving, showing);
        progress.finish();
        let Done { mut run, short } = driven.map_err(Failure::Went)?;
        if stop.is_cancelled() && !interrupt::token().is_cancelled() {
            let text = "the target refused most of three intervals in a row (503, 429): it was let alone";
            run.notes.insert(0, text.to_owned());
        }
        Ok((Done { run, short }, recording))
    }
}

impl Load {
    /// What agents are told of an attack that [`Load::attack`] has made.
    pub(super) fn task(&self, aim: &Aim, attack: &Attack) -> Result<Task, String> {
        let url = aim.url.as_deref().unwrap_or_default();
        let asked = self.requests.asked().map_err(|fault| fault.to_string())?;
        Task::of_requests(url, asked, attack)
    }

    /// The attack on this target, of this shape, at this mean rate, after this warm-up, for so long.
    pub(super) fn attack(
        &self,
        name: String,
        mut target: Target,
        shape: Shape,
        (rate, warm_up, duration): (f64, Span, Span),
        together: &TogetherArgs,
    ) -> Result<Attack, Failure> {
        let spacing = match self.arrivals {
            None | Some(SpacingName::Poisson) => Spacing::Poisson,
            Some(SpacingName::Constant) => Spacing::Constant,
        };
        let connections = usize::from(self.connections.unwrap_or(CONNECTIONS));
        self.manner.fits(connections)?;
        let classes = self.requests.classes(&mut target)?;
        let manner = together.manner(&self.manner, &target)?;
        Ok(Attack {
            name,
            target,
            arrivals: Arrivals { spacing, rate },
            manner,
            shape,
            closed: None,
            classes,
            users: 1,
            source: "clients".to_owned(),
            seed: Seed(self.seed),
            warm_up,
            duration,
            timeout: self.timeout.unwrap_or(TIMEOUT),
            connections,
            nodes: Vec::new(),
            entry: None,
        })
    }
}

/// Whether a file can be made there.
pub(super) fn writable(argument: &str, file: &Path) -> Result<(), Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if file.is_dir() {
        return Err(Failure::Input(format!("{argument} {}: this is a folder; name a file", file.display())));
    }
    if !folder.is_dir() {
        return Err(Failure::Input(format!(
            "{argument} {}: there is no folder {}",
            file.display(),
            folder.display()
        )));
    }
    Ok(())
}
