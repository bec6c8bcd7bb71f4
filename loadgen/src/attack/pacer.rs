//! Releases what is due: one task, one alarm, batches.
use super::{Plan, Shared};
use crate::timer::Alarm;
use loadpath_core::time::{Span, Time};
use loadpath_core::workload::Planned;
use std::pin::pin;
use std::sync::Arc;

/// The most that is released at once, so that others get the thread in between.
const BATCH: usize = 256;
/// With so many in the line the rest of the plan waits outside: it bounds memory, and its due times do not change.
const MOST_IN_LINE: usize = 1 << 20;

/// Puts every request that is due in `start..last` into the line, on time, and closes it.
pub(super) async fn pace(shared: Arc<Shared>, alarm: Alarm, start: Time, last: Time) {
    let mut plan = Plan::new(&shared.attack)
        .share(shared.share)
        .map(|planned| Planned { due: start + planned.due.since(Time::ZERO), ..planned })
        .take_while(|planned| planned.due < last)
        .peekable();
    let mut stopped = pin!(shared.stop.cancelled());
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(next) = plan.peek() {
        let full = shared.line.len() >= MOST_IN_LINE;
        let wake = if full { shared.clock.now() + Span::from_millis(1) } else { next.due };
        tokio::select! {
            biased;
            () = &mut stopped => break,
            () = alarm.until(wake) => {}
        }
        if full {
            continue;
        }
        let now = shared.clock.now();
        batch.extend(std::iter::from_fn(|| plan.next_if(|planned| planned.due <= now)).take(BATCH));
        shared.recorder.due(batch.iter().map(|planned| planned.due.since(start)));
        let behind = batch.len() == BATCH;
        shared.line.push(&mut batch);
        if behind {
            tokio::task::yield_now().await;
        }
    }
    shared.line.close();
}
