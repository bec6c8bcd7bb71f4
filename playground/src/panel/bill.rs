//! What the design costs a month: line by line, at which prices, and what was assumed.
use crate::estimated::Estimated;
use crate::format;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::update::advice;
use loadpath_core::cost::{Bill, Line};
use loadpath_core::order;
use yew::prelude::*;

/// What the bill needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// What is known of the design; none while it never was without faults.
    pub estimated: Option<Shared<Estimated>>,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// A button with the total, and the bill behind it.
#[component]
pub fn BillButton(props: &Props) -> Html {
    let Some(estimated) = props.estimated.as_deref() else { return Html::default() };
    let bill = &estimated.bill;
    let prices = props.tell.reform(|_: MouseEvent| Msg::Advice(advice::Msg::Prices));
    html! {<>
        <button type="button" class="btn total" id="kpi-cost" popovertarget="bill" title="What the design costs a month, and why">
            <b>{ format::dollars(bill.total()) }</b>{ "/mo" }
        </button>
        <div id="bill" class="menu bill" popover="auto" role="dialog" aria-label="What the design costs a month">
            <h2>{ format!("{} a month", format::dollars(bill.total())) }</h2>
            { lines(bill) }
            if !bill.assumptions.is_empty() {
                <h3>{ "Assumed" }</h3>
                <ul>{ for bill.assumptions.iter().map(|said| html! { <li>{ said }</li> }) }</ul>
            }
            <div class="actions">
                <button type="button" class="btn" id="change-prices" popovertarget="bill" popovertargetaction="hide"
                    onclick={prices}>{ "Change prices" }</button>
            </div>
        </div>
    </>}
}

fn lines(bill: &Bill) -> Html {
    let mut sorted: Vec<&Line> = bill.lines.iter().collect();
    order::sort_by(&mut sorted, |a, b| b.dollars.total_cmp(&a.dollars));
    let row = |line: &&Line| {
        html! {
            <tr>
                <th scope="row">{ &line.id }</th>
                <td class="what">{ line.item.title() }</td>
                <td>{ format!("{} {}", format::amount(line.amount), line.item.unit()) }</td>
                <td>{ format!("× ${}", line.price) }</td>
                <td>{ format::dollars(line.dollars) }</td>
            </tr>
        }
    };
    html! {
        <table>
            <thead class="unseen"><tr>
                <th>{ "of" }</th><th>{ "what" }</th><th>{ "amount" }</th><th>{ "price" }</th><th>{ "a month" }</th>
            </tr></thead>
            <tbody>{ for sorted.iter().map(row) }</tbody>
        </table>
    }
}
