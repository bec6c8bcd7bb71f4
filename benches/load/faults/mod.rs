//! What befalls an agent, and what it costs: each fault is done to a real one, and what is left is read from its journal.
//!
//! An interval is acknowledged when its whole frame stood in the file before the fault; lost when it cannot be read after it.
mod agent;
mod disk;
mod kill;
mod page;
mod targets;

use loadgen::report::Table;

/// What came of trying one fault again and again.
#[derive(Debug, Default)]
pub(super) struct Tried {
    times: u32,
    acknowledged: u64,
    lost: u64,
    /// What was not as it was promised, once each.
    broken: Vec<String>,
    /// What else there is to say.
    remark: String,
}

impl Tried {
    /// Adds a try.
    pub(super) fn add(&mut self, acknowledged: usize, recovered: usize) {
        self.times += 1;
        self.acknowledged += acknowledged as u64;
        self.lost += acknowledged.saturating_sub(recovered) as u64;
    }

    /// Holds a promise to what was seen.
    pub(super) fn promise(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            let what = what();
            if !self.broken.contains(&what) {
                self.broken.push(what);
            }
        }
    }
}

type Try = fn() -> Result<Tried, String>;

/// Each fault, what is promised of it, and who tries it.
const FAULTS: [(&str, &str, Try); 12] = [
    ("kill -9 of the agent, at random times", "a second lost at most, no process left", || kill::agent(50)),
    ("kill -9 of agent and supervisor", "no process left, the folder swept by the next", || kill::both(5)),
    ("full disk", "goes on, exit 1, cut back to a whole frame", || disk::full(5)),
    ("a corrupt byte in the file", "one interval at most, and it is said", || disk::corrupt(400)),
    ("a file cut short", "the whole frames before, and it is said", || disk::cut(200)),
    ("the target dies", "every planned request ends once", || targets::dies(5)),
    ("the target hangs", "every planned request ends once", || targets::hangs(5)),
    ("the target resets connections", "every planned request ends once", || targets::resets(5)),
    ("the calendar jumps an hour back", "intervals and latencies unmoved, and it is said", || {
        targets::clock(3)
    }),
    ("the agent is stopped for 2.5 s", "told as stalled", || targets::suspended(3)),
    ("a page that does not read", "the other misses nothing, memory bounded", || page::slow_reader(3)),
    ("the port is taken", "refused with its number", || page::port_taken(5)),
];

/// Tries every fault and prints what became of it.
pub(crate) fn all() {
    println!("faults survived; an interval is a second of a run");
    let mut table = Table::new(2, &["fault", "promise", "tried", "acknowledged", "lost", "kept"]);
    let mut remarks = Vec::new();
    for (fault, promise, attempt) in FAULTS {
        eprintln!("  {fault}");
        let tried = match attempt() {
            Ok(tried) => tried,
            Err(why) => {
                println!("  left out: {fault}: {why}");
                continue;
            }
        };
        let kept =
            if tried.broken.is_empty() && tried.lost <= allowed(fault, tried.times) { "yes" } else { "NO" };
        let counts = [u64::from(tried.times), tried.acknowledged, tried.lost].map(|n| n.to_string());
        table.row(
            [vec![fault.to_owned(), promise.to_owned()], counts.to_vec(), vec![kept.to_owned()]].concat(),
        );
        remarks.extend(tried.broken.into_iter().map(|broken| format!("{fault}: NOT KEPT: {broken}")));
        if !tried.remark.is_empty() {
            remarks.push(format!("{fault}: {}", tried.remark));
        }
    }
    print!("{}", table.text());
    remarks.iter().for_each(|remark| println!("  {remark}"));
}

/// Damage takes what it hits, an interval a time; nothing else may take any.
fn allowed(fault: &str, times: u32) -> u64 {
    match fault {
        "a corrupt byte in the file" => u64::from(times),
        // Each cut takes what stood behind it: that the frames before are all there is one of its promises.
        "a file cut short" => u64::MAX,
        _ => 0,
    }
}
