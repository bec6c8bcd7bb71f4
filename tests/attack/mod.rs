//! Load in an open loop: against nginx, which nobody here wrote, and against servers that misbehave on purpose.
mod cli;
mod nginx;
mod real;
pub(crate) mod server;
mod stall;
mod stop;
mod trust;
mod wrong;

use loadgen::attack::{Attack, AttackError, Manner, Paths, Shape, Target, drive};
use loadpath_core::rng::Seed;
use loadpath_core::run::Run;
use loadpath_core::time::Span;
use loadpath_core::wire::Interval;
use loadpath_core::workload::{Arrivals, Class, Operation, Spacing};
use std::net::SocketAddr;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

/// One attack runs at a time in a process, and no two should share the processors anyway.
pub(crate) static TURN: Mutex<()> = Mutex::const_new(());

/// Evenly spaced GETs of `/`, without warm-up.
fn attack(address: SocketAddr, rate: f64, duration: Span) -> Attack {
    let class = |name: &str, operation| Class { operation, ..Class::named(name) };
    Attack {
        users: 1,
        name: "test".to_owned(),
        target: Target::plain(address, Paths::Plain("/".to_owned())),
        manner: Manner::default(),
        shape: Shape::Flat,
        arrivals: Arrivals { spacing: Spacing::Constant, rate },
        classes: vec![class("all", Operation::Read)],
        source: "clients".to_owned(),
        seed: Seed(1),
        warm_up: Span::ZERO,
        duration,
        timeout: Span(5 * Span::SECOND.0),
        connections: 32,
        nodes: Vec::new(),
        entry: None,
        closed: None,
    }
}

/// Drives it to its end, and gathers the intervals.
async fn driven(attack: Attack) -> (Result<Run, AttackError>, Vec<Interval>) {
    let _turn = TURN.lock().await;
    let (sender, mut receiver) = mpsc::channel(64);
    let gather = async {
        let mut intervals = Vec::new();
        while let Some(interval) = receiver.recv().await {
            intervals.push(interval);
        }
        intervals
    };
    tokio::join!(drive(attack, CancellationToken::new(), sender), gather)
}

/// Intervals are numbered and timed without gaps, and together say what the run says.
fn assert_add_up(intervals: &[Interval], run: &Run) {
    let mut end = Span::ZERO;
    for (number, interval) in (0..).zip(intervals) {
        assert_eq!((interval.number, interval.start), (number, end));
        end = interval.start + interval.length;
    }
    let ended: u64 = intervals.iter().flat_map(|i| &i.classes).map(|class| class.outcomes.total()).sum();
    let by_second: u64 = run.series.iter().map(|second| second.outcomes.total()).sum();
    assert_eq!(ended, by_second, "requests by interval and by second");
    let offered: u64 = intervals.iter().map(|interval| interval.offered).sum();
    assert_eq!(offered, run.series.iter().map(|second| second.offered).sum::<u64>(), "due requests");
}
