//! `loadgen run FILE`: a design is brought up, loaded as its workload says, and taken down.
use super::progress::Progress;
use super::{Failure, input};
use crate::agents::{Done, Driver};
use crate::interrupt;
use crate::live::{Live, Unfit, Wish};
use crate::store::Recording;
use loadpath_core::topology::{Topology, Value};
use loadpath_core::wire::Event;
use std::sync::Arc;

/// The design that `file` names, at `rate` when it is given.
pub(super) fn design(file: &str, rate: Option<f64>) -> Result<Topology, Failure> {
    let mut document = input::design(file)?;
    if let Some(rate) = rate {
        document.workload.params.insert("rate".to_owned(), Value::from(format!("{rate}/s").as_str()));
    }
    Ok(document)
}

/// Loads a design that `file` named.
pub(super) async fn drive(
    file: &str,
    wish: Wish,
    driver: Driver,
    quiet: bool,
    recording: &mut Recording,
) -> Result<Done, Failure> {
    recording.named(&wish.document.name);
    let stop = interrupt::token();
    let progress = Progress::new(wish.warm_up, wish.duration, quiet);
    let live = Live::start_driven(wish, driver, stop.clone()).map_err(|unfit| failure(file, unfit))?;
    show(&live, &progress, recording).await;
    progress.finish();
    match live.outcome().await {
        Ok(run) => Ok(Done { run: Arc::unwrap_or_clone(run), short: live.short() }),
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
