//! The charts that stand beside the one over time: one at a time.
use super::heat::{self, Heat};
use super::percentiles::{self, Percentiles};
use super::shares::{self, Shares};
use crate::model::Model;
use crate::msg::Msg;
use crate::steering::{self, Chart};
use yew::prelude::*;

/// The chart that is shown, with what it shows.
#[derive(Clone, PartialEq)]
pub enum Shown {
    /// Latency by percentile.
    Percentiles(percentiles::Props),
    /// Latency over time.
    Heat(heat::Props),
    /// Where time goes.
    Shares(shares::Props),
}

impl Shown {
    /// From the model.
    pub fn of(model: &Model, tell: &Callback<Msg>) -> Self {
        match model.steering.chart {
            Chart::Percentiles => Self::Percentiles(percentiles::Props::of(model, tell.clone())),
            Chart::Heat => Self::Heat(heat::Props::of(model, tell.clone())),
            Chart::Shares => Self::Shares(shares::Props::of(model, tell.clone())),
        }
    }

    /// Draws it.
    pub fn draw(&self) -> Html {
        match self {
            Self::Percentiles(props) => html! { <Percentiles ..props.clone() /> },
            Self::Heat(props) => html! { <Heat ..props.clone() /> },
            Self::Shares(props) => html! { <Shares ..props.clone() /> },
        }
    }
}

/// The names of the charts, of which one is shown.
pub(super) fn choice(now: Chart, tell: &Callback<Msg>) -> Html {
    let button = |chart: Chart, name: &'static str, id: &'static str| {
        let is_on = chart == now;
        let onclick = tell.reform(move |_: MouseEvent| Msg::Steering(steering::Msg::Chart(chart)));
        html! {
            <button type="button" {id} class={classes!(is_on.then_some("on"))} aria-pressed={is_on.to_string()} {onclick}>
                { name }
            </button>
        }
    };
    html! {
        <span class="segments small charts" role="group" aria-label="Chart">
            { button(Chart::Percentiles, "By percentile", "chart-percentiles") }
            { button(Chart::Heat, "Over time", "chart-heat") }
            { button(Chart::Shares, "Where time goes", "chart-shares") }
        </span>
    }
}
