//! What stands around the canvas.
mod banner;
mod bill;
mod chart;
mod charts;
mod compare;
mod comparison;
mod course;
mod cursor;
mod drawer;
mod embed;
mod empty;
mod fault_menu;
mod fidelity;
mod figures;
mod finder;
mod findings;
mod header;
mod heat;
mod inspector;
mod keys_dialog;
mod library;
mod live_dialog;
mod notices;
mod one_of;
mod outline;
mod over_time;
mod palette;
mod percentiles;
mod requests;
mod shares;
mod source;
mod timeline;
mod toolbar;

pub use banner::Banner;
pub use charts::Shown;
pub use compare::Compare;
pub use comparison::CompareDrawer;
pub use course::CourseDrawer;
pub use drawer::DrawerButtons;
pub use embed::EmbedBar;
pub use empty::Empty;
pub use figures::Kpis;
pub use finder::FinderPanel;
pub use findings::FindingsDrawer;
pub use header::Header;
pub use inspector::{Inspected, Inspector};
pub use keys_dialog::KeysDialog;
pub use library::LibraryPanel;
pub use live_dialog::LiveDialog;
pub use notices::Notices;
pub use outline::{Outline, SkipLinks};
pub use over_time::OverTimePanel;
pub use palette::Palette;
pub use requests::RequestsPanel;
pub use source::SourcePanel;
pub use toolbar::{Toolbar, Tools};

use crate::model::{Drawer, Model};
use crate::msg::Msg;
use loadpath_core::sim::Snapshot;
use yew::{Callback, Html, html};

/// A listener for events of which only some ask for something.
fn perhaps<E: 'static>(tell: &Callback<Msg>, asks: impl Fn(E) -> Option<Msg> + 'static) -> Callback<E> {
    let tell = tell.clone();
    Callback::from(move |event| {
        if let Some(msg) = asks(event) {
            tell.emit(msg);
        }
    })
}

/// What the banner says of the model.
pub fn banner(model: &Model, tell: &Callback<Msg>) -> banner::Props {
    banner::Props::of(model, tell.clone())
}

/// What the header shows of the model.
pub fn header(model: &Model, tell: &Callback<Msg>) -> header::Props {
    header::Props::of(model, tell.clone())
}

/// What stands beside the design.
pub fn drawer(model: &Model, tell: &Callback<Msg>) -> Html {
    let buttons = drawer::Props::of(model, tell.clone());
    let open = match model.drawer {
        Some(Drawer::Findings) => {
            html! { <FindingsDrawer ..findings::Props::of(model, tell.clone()) /> }
        }
        Some(Drawer::Course) => html! { <CourseDrawer ..course::Props::of(model, tell.clone()) /> },
        Some(Drawer::Compare) => html! { <CompareDrawer ..comparison::Props::of(model, tell.clone()) /> },
        None => Html::default(),
    };
    html! { <><DrawerButtons ..buttons />{ open }</> }
}

/// What the chart over time shows of the model.
pub fn over_time(model: &Model, tell: &Callback<Msg>) -> over_time::Props {
    over_time::Props::of(model, tell.clone())
}

/// What the menu of faults shows of the model.
pub fn faults(model: &Model, tell: &Callback<Msg>) -> fault_menu::Props {
    fault_menu::Props::of(model, tell.clone())
}

/// What the panel of single requests shows of the model; none while it is closed.
pub fn requests(model: &Model, tell: &Callback<Msg>) -> Option<requests::Props> {
    requests::Props::of(model, tell.clone())
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
