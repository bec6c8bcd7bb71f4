//! What stands around the canvas.
mod banner;
mod chart;
mod compare;
mod embed;
mod empty;
mod finder;
mod header;
mod inspector;
mod keys_dialog;
mod library;
mod live_dialog;
mod notices;
mod outline;
mod over_time;
mod palette;
mod percentiles;
mod source;
mod toolbar;

pub use banner::Banner;
pub use compare::Compare;
pub use embed::EmbedBar;
pub use empty::Empty;
pub use finder::FinderPanel;
pub use header::{Header, Kpis};
pub use inspector::{Inspected, Inspector};
pub use keys_dialog::KeysDialog;
pub use library::LibraryPanel;
pub use live_dialog::LiveDialog;
pub use notices::Notices;
pub use outline::{Outline, SkipLinks};
pub use over_time::OverTimePanel;
pub use palette::Palette;
pub use percentiles::Percentiles;
pub use source::SourcePanel;
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

/// What the finder shows of the model; none while it is closed.
pub fn finder(model: &Model, tell: &Callback<Msg>) -> Option<finder::Props> {
    finder::Props::of(model, tell.clone())
}

/// The list of designs; none while it is not shown.
pub fn library(model: &Model, tell: &Callback<Msg>) -> Option<library::Props> {
    library::Props::of(model, tell.clone())
}

/// The document as text; none while it is not shown.
pub fn source(model: &Model, tell: &Callback<Msg>) -> Option<source::Props> {
    source::Props::of(model, tell.clone())
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
