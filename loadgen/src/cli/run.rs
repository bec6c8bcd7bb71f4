//! `loadgen run`: loads one address, or a design that is brought up for it, in an open loop, and measures.
use super::progress::Progress;
use super::{Failure, args, block_on, print, print_json, run_design};
use crate::attack::{Attack, Target, drive};
use crate::interrupt;
use crate::report::{RunReport, run_text};
use crate::store::{Begun, Place, Recording, Store};
use clap::ValueEnum;
use loadpath_core::rng::Seed;
use loadpath_core::run::{Run, Source};
use loadpath_core::time::Span;
use loadpath_core::workload::{Arrivals, Class, Spacing};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Requests are sent when they are due, whatever the target does; the response time counts from the planned send, so that a
/// stall shows in full. Redirects are not followed. Only this machine is loaded, unless --allow-target names another.
/// A design is brought up on this machine, a process for each instance, loaded as its workload says, and taken down.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A design to bring up, load and take down, or a link to one
    #[arg(conflicts_with_all = ["url", "allow_target"], required_unless_present = "url")]
    file: Option<String>,
    /// What is asked for, like http://127.0.0.1:8080/path
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    load: Load,
    /// What the run is called [default: the URL, or the design's name]
    #[arg(long)]
    name: Option<String>,
    /// Load this machine too, which is yours; exactly as in the URL
    #[arg(long, value_name = "HOST:PORT")]
    allow_target: Vec<String>,
    /// Write the run to this file [default: keep it among the others; see `loadgen runs`]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write counts and histograms of the run so far to this file, each second, as Prometheus' textfile collector reads it
    #[arg(long, value_name = "FILE")]
    metrics_file: Option<PathBuf>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  loadgen run --url http://127.0.0.1:8080/ --rate 500/s --duration 10s
  loadgen run shop.json --duration 30s
  loadgen run --url http://127.0.0.1:8080/ --rate 2k/s --arrivals constant --out base.json
  loadgen run shop.json --duration 10m --metrics-file /var/lib/node_exporter/loadgen.prom
  loadgen run --url http://10.0.0.5:80/ --rate 100/s --allow-target 10.0.0.5:80 --json";

/// How long a request to a URL may take unless something else is said.
const TIMEOUT: Span = Span(10 * Span::SECOND.0);
/// How many connections a URL gets unless something else is said.
const CONNECTIONS: u16 = 64;

/// How much is sent, and when.
#[derive(Debug, clap::Args)]
struct Load {
    /// Requests per second, like 500/s or 2k/s [default for a design: what its workload says]
    #[arg(long, value_parser = args::rate, allow_hyphen_values = true, required_unless_present = "file")]
    rate: Option<f64>,
    /// How long it counts
    #[arg(long, default_value = "10s", allow_hyphen_values = true, value_parser = args::duration)]
    duration: Span,
    /// How long it runs before it counts
    #[arg(long, default_value = "2s", allow_hyphen_values = true, value_parser = args::span_within_an_hour)]
    warm_up: Span,
    /// How requests are spaced [default: poisson; a design says it itself]
    #[arg(long, value_enum, conflicts_with = "file")]
    arrivals: Option<SpacingName>,
    /// What random arrivals come from: the same seed plans the same sends
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The most requests in flight; what finds no free connection waits, and that counts [default: 64]
    #[arg(long, conflicts_with = "file", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    connections: Option<u16>,
    /// How long a request may take from its planned send [default: 10s; a design's clients say it themselves]
    #[arg(long, conflicts_with = "file", value_parser = args::timeout)]
    timeout: Option<Span>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SpacingName {
    /// Independent users: exponential gaps
    Poisson,
    /// Evenly
    Constant,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    // A run that cannot be written is better refused before the load than after it.
    if let Some(file) = &args.out {
        writable(file)?;
    }
    let (run, recording) = match (&args.file, &args.url) {
        (Some(file), _) => block_on(args.drive_design(file))?,
        (None, Some(url)) => block_on(args.drive(url))?,
        (None, None) => unreachable!("clap asks for one of the two"),
    };
    let mut run = run;
    let file = keep(recording, &mut run)?;
    if args.json {
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

impl Args {
    async fn drive_design(&self, file: &str) -> Result<(Run, Recording), Failure> {
        let Load { rate, duration, warm_up, seed, .. } = self.load;
        let mut recording = self.recording(String::new(), "embedded".to_owned())?;
        let driven = run_design::drive(file, rate, warm_up, duration, seed, self.quiet, &mut recording);
        let mut run = driven.await?;
        run.name = self.name.clone().unwrap_or(run.name);
        Ok((run, recording))
    }

    /// Of a run that begins soon.
    fn recording(&self, name: String, target: String) -> Result<Recording, Failure> {
        let place = match &self.out {
            Some(file) => Place::File(file.clone()),
            None => Place::Store(Store::of_this_user().map_err(|fault| Failure::Went(fault.to_string()))?),
        };
        let by = format!("loadgen {}", env!("CARGO_PKG_VERSION"));
        let begun = Begun {
            name: self.name.clone().unwrap_or(name),
            source: Source::Measured { target, by },
            started_unix: 0,
            offered_rate: self.load.rate.unwrap_or(0.0),
            warm_up: self.load.warm_up,
            duration: self.load.duration,
        };
        let recording = Recording::new(place, begun);
        Ok(match &self.metrics_file {
            Some(file) => recording.with_metrics(file.clone()),
            None => recording,
        })
    }

    async fn drive(&self, url: &str) -> Result<(Run, Recording), Failure> {
        let bad = |fault: crate::attack::TargetError| Failure::Input(fault.to_string());
        let target = Target::from_url(url, &self.allow_target).await.map_err(bad)?;
        let name = self.name.clone().unwrap_or_else(|| target.to_string());
        let attack = self.load.attack(name.clone(), target);
        let progress = Progress::new(attack.warm_up, attack.duration, self.quiet);
        let mut recording = self.recording(name, attack.target.to_string())?;
        let (sender, mut intervals) = mpsc::channel(16);
        let driving = drive(attack, interrupt::token(), sender);
        let showing = async {
            while let Some(interval) = intervals.recv().await {
                progress.show(&interval);
                recording.interval(&interval);
            }
        };
        let (driven, ()) = tokio::join!(driving, showing);
        progress.finish();
        driven.map(|run| (run, recording)).map_err(|fault| Failure::Went(fault.to_string()))
    }
}

fn keep(recording: Recording, run: &mut Run) -> Result<PathBuf, Failure> {
    recording.finish(run).map(|kept| kept.path).map_err(|fault| {
        // What was measured is printed even so.
        let _ = print(&run_text(run));
        Failure::Went(format!("the run was not written: {fault}"))
    })
}

impl Load {
    fn attack(&self, name: String, target: Target) -> Attack {
        let spacing = match self.arrivals {
            None | Some(SpacingName::Poisson) => Spacing::Poisson,
            Some(SpacingName::Constant) => Spacing::Constant,
        };
        let rate = self.rate.expect("clap asks for it where there is no design");
        let class = Class::named(target.path());
        Attack {
            name,
            target,
            arrivals: Arrivals { spacing, rate },
            classes: vec![class],
            users: 1,
            source: "clients".to_owned(),
            seed: Seed(self.seed),
            warm_up: self.warm_up,
            duration: self.duration,
            timeout: self.timeout.unwrap_or(TIMEOUT),
            connections: usize::from(self.connections.unwrap_or(CONNECTIONS)),
            nodes: Vec::new(),
            entry: None,
        }
    }
}

/// Whether a file can be made there.
fn writable(file: &Path) -> Result<(), Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if file.is_dir() {
        return Err(Failure::Input(format!("--out {}: this is a folder; name a file", file.display())));
    }
    if !folder.is_dir() {
        return Err(Failure::Input(format!(
            "--out {}: there is no folder {}",
            file.display(),
            folder.display()
        )));
    }
    Ok(())
}
