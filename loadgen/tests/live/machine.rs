//! Whether the machine let everybody run while something was measured: what was measured while it did not says nothing of the design.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long the watch sleeps each time; what it wakes later is time in which it could not run.
const NAP: Duration = Duration::from_millis(2);
/// So much later is what sleeping costs on an idle machine.
const USUAL: Duration = Duration::from_millis(1);
/// More than this share of the time, or one pause of this length, shows in the mean of hundreds of responses of some milliseconds.
const MOST_SHARE: f64 = 0.05;
const LONGEST: Duration = Duration::from_millis(100);

/// A thread that wants to run every other millisecond.
pub(super) struct Watch {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Standstill>,
}

/// When that thread could not run.
pub(super) struct Standstill {
    /// As a share of the time, in [0, 1].
    share: f64,
    longest: Duration,
}

impl Watch {
    pub(super) fn begin() -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let until = is_over.clone();
        Self { is_over, thread: thread::spawn(move || watch(&until)) }
    }

    pub(super) fn end(self) -> Standstill {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn watch(is_over: &AtomicBool) -> Standstill {
    let begun = Instant::now();
    let (mut all, mut longest) = (Duration::ZERO, Duration::ZERO);
    while !is_over.load(Ordering::Relaxed) {
        let asleep = Instant::now();
        thread::sleep(NAP);
        let late = asleep.elapsed().saturating_sub(NAP + USUAL);
        all += late;
        longest = longest.max(late);
    }
    Standstill { share: all.as_secs_f64() / begun.elapsed().as_secs_f64(), longest }
}

impl Standstill {
    /// What is wrong with it, if it is too much.
    pub(super) fn complaint(&self) -> Option<String> {
        (self.share > MOST_SHARE || self.longest > LONGEST).then(|| {
            let (share, longest) = (self.share * 100.0, self.longest.as_millis());
            format!("the machine let others run for {share:.0} % of the time, {longest} ms at a stretch")
        })
    }
}
