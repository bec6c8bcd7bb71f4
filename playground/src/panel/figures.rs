//! How the design does as a whole, in the header: by formulas until the simulation shows it, and what it costs.
use super::p99;
use crate::describe;
use crate::format;
use crate::model::Model;
use yew::prelude::*;

/// How the design does as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kpis {
    is_estimate: bool,
    rate: String,
    mean: Option<String>,
    p99: String,
    half_width: String,
    errors: String,
    has_errors: bool,
    available: String,
    limit: Option<Limit>,
}

/// What gives way first.
#[derive(Clone, Debug, PartialEq)]
struct Limit {
    rate: String,
    is_reached: bool,
    sentence: String,
}

impl Kpis {
    /// From the last snapshot; before the first one of this design, from formulas.
    pub fn of(model: &Model) -> Self {
        let mut kpis = match model.simulated.snapshot.as_deref() {
            Some(snapshot) if !model.simulated.is_stale => Self::simulated(snapshot),
            _ => Self::estimated(model),
        };
        kpis.limit = limit(model);
        kpis
    }

    fn simulated(snapshot: &loadpath_core::sim::Snapshot) -> Self {
        let none = || format::NONE.to_owned();
        let p99 = p99(snapshot);
        let share = snapshot.outcomes.error_share();
        let has_ended = snapshot.total.total() > 0;
        Self {
            rate: format::rate_number(snapshot.achieved_rate),
            p99: p99.map_or_else(none, |(value, _)| format::seconds(value)),
            half_width: p99
                .and_then(|(value, half)| Some(format::half_width(value, half?)))
                .unwrap_or_default(),
            errors: format::percent(share),
            has_errors: share >= 0.001,
            available: if has_ended { format::percent(1.0 - snapshot.total.error_share()) } else { none() },
            ..Self::default()
        }
    }

    fn estimated(model: &Model) -> Self {
        let none = || format::NONE.to_owned();
        let estimated = model.advice.estimated.as_deref();
        let response = estimated.and_then(crate::estimated::Estimated::response);
        Self {
            is_estimate: estimated.is_some(),
            rate: estimated.map_or_else(none, |estimated| format::rate_number(estimated.rate())),
            mean: response.map(|(mean, _)| format::seconds(mean)),
            p99: response.map_or_else(none, |(_, p99)| format::seconds(p99)),
            errors: none(),
            available: none(),
            ..Self::default()
        }
    }
}

fn limit(model: &Model) -> Option<Limit> {
    let estimated = model.advice.estimated.as_deref()?;
    let bottleneck = estimated.estimate.bottleneck?;
    let name = describe::label(estimated.document.nodes.get(bottleneck.node)?);
    let rate = format::rate(bottleneck.rate);
    let is_reached = bottleneck.scale <= 1.0;
    let sentence = if is_reached {
        format!("Estimate: {name} is saturated; it would be full at {rate} already")
    } else {
        format!("Estimate: {name} is full first, at {rate}: {:.2} times this load", bottleneck.scale)
    };
    Some(Limit { rate, is_reached, sentence })
}

/// The figures.
pub(super) fn show(kpis: &Kpis) -> Html {
    let (from, label, title) = if kpis.is_estimate {
        (
            "estimate",
            "The design as a whole, estimated",
            "Estimate by formulas; the simulation replaces it. Select a component and open Explain to see what it assumes",
        )
    } else {
        (
            "simulation",
            "The design as a whole, simulated",
            "Simulated: the last seconds; p99 and availability since the last change",
        )
    };
    let about = if kpis.is_estimate { "≈ " } else { "" };
    html! {
        <div class={classes!("kpis", kpis.is_estimate.then_some("estimated"))} data-from={from} role="group"
            aria-label={label} {title}>
            if kpis.is_estimate { <span class="tag" id="kpi-estimate">{ "estimate" }</span> }
            <span id="kpi-rate"><b>{ about }{ &kpis.rate }</b>{ " req/s" }</span>
            if let Some(mean) = &kpis.mean {
                <span id="kpi-mean">{ "mean " }<b>{ mean }</b></span>
            }
            <span id="kpi-p99">{ "p99 " }<b>{ &kpis.p99 }</b>{ " " }{ &kpis.half_width }</span>
            if !kpis.is_estimate {
                <span id="kpi-errors" class={classes!(kpis.has_errors.then_some("bad"))}>
                    { "errors " }<b>{ &kpis.errors }</b>
                </span>
                <span id="kpi-available">{ "avail. " }<b>{ &kpis.available }</b></span>
            }
            if let Some(limit) = &kpis.limit {
                <span id="kpi-limit" class={classes!(limit.is_reached.then_some("bad"))} title={limit.sentence.clone()}>
                    { if limit.is_reached { "over " } else { "full at " } }<b>{ &limit.rate }</b>
                </span>
            }
        </div>
    }
}
