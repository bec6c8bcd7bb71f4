//! What stands around the canvas.
mod banner;
mod chart;
mod compare;
mod empty;
mod header;
mod inspector;
mod keys_dialog;
mod live_dialog;
mod notices;
mod outline;
mod over_time;
mod palette;
mod percentiles;
mod toolbar;

pub use banner::Banner;
pub use compare::Compare;
pub use empty::Empty;
pub use header::{Header, Kpis};
pub use inspector::{Inspected, Inspector};
pub use keys_dialog::KeysDialog;
pub use live_dialog::LiveDialog;
pub use notices::Notices;
pub use outline::{Outline, SkipLinks};
pub use over_time::OverTimePanel;
pub use palette::Palette;
pub use percentiles::Percentiles;
pub use toolbar::{Toolbar, Tools};

use crate::model::Model;
use crate::msg::Msg;
use loadpath_core::sim::Snapshot;
use yew::Callback;

/// What the banner says of the model.
pub fn banner(model: &Model, tell: &Callback<Msg>) -> banner::Props {
    banner::Props::of(model, tell.clone())
}

/// What the chart over time shows of the model.
pub fn over_time(model: &Model, tell: &Callback<Msg>) -> over_time::Props {
    over_time::Props::of(model, tell.clone())
}

/// What the chart by percentile shows of the model.
pub fn percentiles(model: &Model, tell: &Callback<Msg>) -> percentiles::Props {
    percentiles::Props::of(model, tell.clone())
}

/// What the comparison shows of the model.
pub fn compare(model: &Model, tell: &Callback<Msg>) -> compare::Props {
    compare::Props::of(model, tell.clone())
}

/// What the dialog of a live run shows of the model.
pub fn live_dialog(model: &Model, tell: &Callback<Msg>) -> live_dialog::Props {
    live_dialog::Props::of(model, tell.clone())
}

/// The 99th percentile that users see, in seconds, with its half-width where it is known.
///
/// The interval needs thousands of requests of each class; until then the value comes from the curve.
pub fn p99(snapshot: &Snapshot) -> Option<(f64, Option<f64>)> {
    if let Some(estimate) = snapshot.p99 {
        return Some((estimate.value, Some(estimate.half_width)));
    }
    let point = snapshot.curve.iter().find(|point| point.quantile >= 0.99 - 1e-9);
    point.or(snapshot.curve.last()).map(|point| (point.seconds, None))
}
