//! The same designs natively and in wasm32, in turns: both see the same noise, and must give the same run.
use super::{cpu, models};
use loadpath_core::analytic;
use loadpath_core::rng::Seed;
use loadpath_core::sim::Simulation;
use loadpath_core::time::Time;
use loadpath_core::topology::check;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const REPEATS: usize = 3;
/// How often the estimate is made at once; the first time warms up.
const ESTIMATES: u32 = 50;

/// The designs by number: name, simulated seconds, and seconds of CPU time that the targets allow in wasm, where they name any.
const DESIGNS: [(&str, f64, Option<f64>); 5] = [
    ("M/M/1", 1_000.0, None),
    ("web", 1_000.0, None),
    ("three tiers", 2_000.0, None),
    ("million open", 60.0, Some(4.5)),
    ("million closed", 60.0, Some(4.5)),
];

/// Node.js with the module.
struct Guest {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What a run was, and what it took.
#[derive(Clone, Copy)]
struct Took {
    seconds: f64,
    events: f64,
    digest: u64,
    megabytes: f64,
}

impl Guest {
    fn start(module: &Path) -> Self {
        let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/wasm/driver.mjs");
        let mut node = Command::new("node");
        node.arg(driver).arg(module).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = node.spawn().expect("Node.js starts: `cargo xtask bench-wasm` installs it");
        let input = process.stdin.take().expect("it is piped");
        let output = BufReader::new(process.stdout.take().expect("it is piped"));
        Self { process, input, output }
    }

    fn ask(&mut self, what: &str, design: usize, amount: f64) -> Took {
        writeln!(self.input, "{what} {design} {amount}").expect("the driver reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the driver answers");
        let mut words = line.split_whitespace();
        let mut number = || words.next().and_then(|word| word.parse::<f64>().ok()).expect("it is a number");
        let (milliseconds, events) = (number(), number());
        let digest = words.next().and_then(|word| word.parse().ok()).expect("it is a digest");
        let bytes: f64 = words.next().and_then(|word| word.parse().ok()).expect("it is a size");
        Took { seconds: milliseconds / 1e3, events, digest, megabytes: bytes / 1e6 }
    }

    /// Lets it end by itself.
    fn end(mut self) {
        drop(self.input);
        self.process.wait().expect("the driver ends when nobody asks it any more");
    }
}

fn native(design: usize, seconds: f64) -> Took {
    let plan = check(&models::design(design)).expect("the bench's designs are sound");
    let mut simulation = Simulation::new(&plan, Seed(1));
    let start = cpu::seconds();
    simulation.run_until(Time((seconds * 1e9) as u64));
    let seconds = cpu::seconds() - start;
    Took { seconds, events: simulation.events() as f64, digest: simulation.digest(), megabytes: 0.0 }
}

/// Prints both sides of every design, and of the estimate.
pub(super) fn compare(module: &Path) {
    println!(
        "\n{:<14} {:>9} {:>10} {:>10} {:>16} {:>14} {:>6}",
        "native, wasm", "native s", "wasm s", "allowed s", "native ns/event", "wasm ns/event", "ratio"
    );
    let mut guest = Guest::start(module);
    for (design, (name, seconds, allowed)) in DESIGNS.into_iter().enumerate() {
        // The compiler of the guest works on while the first run goes on; another module would have its own memory.
        guest.ask("simulate", design, seconds / 20.0);
        let pair = |_| {
            let (ours, theirs) = (native(design, seconds), guest.ask("simulate", design, seconds));
            assert_eq!((ours.events, ours.digest), (theirs.events, theirs.digest), "{name}: another run");
            (ours, theirs)
        };
        let pairs: Vec<_> = (0..REPEATS).map(pair).collect();
        let least = |side: fn(&(Took, Took)) -> Took| {
            pairs.iter().map(side).min_by(|a, b| a.seconds.total_cmp(&b.seconds)).expect("there are repeats")
        };
        let (ours, theirs) = (least(|pair| pair.0), least(|pair| pair.1));
        let allowed = allowed.map_or("-".to_owned(), |seconds| format!("{seconds:.1}"));
        let each = |took: Took| took.seconds * 1e9 / took.events;
        println!(
            "{name:<14} {:>9.2} {:>10.2} {allowed:>10} {:>16.1} {:>14.1} {:>6.2}   memory of the module {:.0} MB",
            ours.seconds,
            theirs.seconds,
            each(ours),
            each(theirs),
            theirs.seconds / ours.seconds,
            theirs.megabytes,
        );
    }
    estimates(&mut guest);
    guest.end();
}

/// What the analytic estimate of fifty nodes takes.
fn estimates(guest: &mut Guest) {
    let plan = check(&models::design(models::FIFTY_NODES)).expect("the bench's designs are sound");
    let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..REPEATS {
        let start = cpu::seconds();
        let rate = (0..ESTIMATES).map(|_| analytic::solve(&plan).classes[0].rate).fold(0.0, f64::max);
        ours = ours.min(cpu::seconds() - start);
        let told = guest.ask("estimate", models::FIFTY_NODES, f64::from(ESTIMATES));
        assert_eq!(rate, told.events, "both estimate the same");
        theirs = theirs.min(told.seconds);
    }
    let each = |seconds: f64| seconds * 1e3 / f64::from(ESTIMATES);
    println!(
        "\nestimate of {} nodes: {:.2} ms native, {:.2} ms in wasm (target 1 ms)",
        plan.nodes.len(),
        each(ours),
        each(theirs)
    );
}
