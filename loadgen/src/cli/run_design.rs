//! `loadgen run FILE`: a design is brought up, loaded as its workload says, and taken down.
use super::progress::Progress;
use super::{Failure, input};
use crate::interrupt;
use crate::live::{Live, Unfit, Wish};
use crate::store::Recording;
use loadpath_core::run::Run;
use loadpath_core::time::Span;
use loadpath_core::topology::Value;
use loadpath_core::wire::Event;
use std::sync::Arc;

/// Loads the design that `file` names, at `rate` when it is given.
pub(super) async fn drive(
    file: &str,
    rate: Option<f64>,
    warm_up: Span,
    duration: Span,
    seed: u64,
    quiet: bool,
    recording: &mut Recording,
) -> Result<Run, Failure> {
    let mut document = input::design(file)?;
    if let Some(rate) = rate {
        document.workload.params.insert("rate".to_owned(), Value::from(format!("{rate}/s").as_str()));
    }
    recording.named(&document.name);
    let stop = interrupt::token();
    let wish = Wish { document, warm_up, duration, seed, keep: None };
    let live = Live::start(wish, stop.clone()).map_err(|unfit| failure(file, unfit))?;
    let progress = Progress::new(warm_up, duration, quiet);
    show(&live, &progress, recording).await;
    progress.finish();
    match live.outcome().await {
        Ok(run) => Ok(Arc::unwrap_or_clone(run)),
        Err(_) if stop.is_cancelled() => Err(Failure::Interrupted),
        Err(fault) => Err(Failure::Went(fault)),
    }
}

async fn show(live: &Live, progress: &Progress, recording: &mut Recording) {
    let mut seen = 0;
    while let Some(event) = live.feed().next(seen).await {
        seen = event.number;
        if let Ok(Event::Interval(interval)) = serde_json::from_str(&event.json) {
            progress.show(&interval);
            recording.interval(&interval);
        }
    }
}

/// A design that is refused, named as on the command line.
pub(super) fn failure(file: &str, unfit: Unfit) -> Failure {
    let design = input::shown(file);
    match unfit {
        Unfit::Faulty(faults) => Failure::Faults { design, faults },
        Unfit::Cannot(why) => Failure::Input(format!("{design}: {why}")),
    }
}
