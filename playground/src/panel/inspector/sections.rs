//! The parameters of a bag, or of several at once: essential ones first, the others in sections that fold, or those that
//! are searched for.
use super::Inspected;
use super::field::ParamField;
use crate::edit::Bag;
use crate::inspect::listing::{Listed, by_section, found, listed};
use crate::inspect::{Inspect, Msg as InspectMsg};
use crate::msg::Msg;
use loadpath_core::topology::catalog::Section;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// With fewer parameters than this there is nothing to search.
const SEARCHED: usize = 8;

/// All parameters that the bags have in common, with a search above.
pub(super) fn sections(inspected: &Inspected, bags: &[Bag], tell: &Callback<Msg>) -> Html {
    let listed = listed(&inspected.document, bags, &inspected.faults);
    let inspect = &inspected.inspect;
    let is_searched = listed.len() >= SEARCHED;
    let search = if is_searched { inspect.search.trim() } else { "" };
    let has_rows = !listed.is_empty();
    let body = if search.is_empty() {
        folded(listed, inspect, bags, tell)
    } else {
        let found = found(listed, search);
        let none = found.is_empty().then(|| html! { <p class="mute">{ "No parameter is about that." }</p> });
        html! { <>{ fields(found, bags, tell) }{ none.unwrap_or_default() }</> }
    };
    html! {<>
        if is_searched && has_rows { { search_field(&inspect.search, tell) } }
        { body }
        { strangers(inspected, bags) }
    </>}
}

/// All parameters, without sections or search: for a bag of few.
pub(super) fn plain(inspected: &Inspected, bag: Bag, tell: &Callback<Msg>) -> Html {
    let bags = [bag];
    let rows = listed(&inspected.document, &bags, &inspected.faults);
    let rows = rows.into_iter().filter(|row| row.applies || row.is_changed()).collect();
    html! { <>{ fields(rows, &bags, tell) }{ strangers(inspected, &bags) }</> }
}

fn fields(rows: Vec<Listed>, bags: &[Bag], tell: &Callback<Msg>) -> Html {
    let field = |row: Listed| {
        let key = format!("{bags:?}{}", row.param.name);
        html! { <ParamField {key} {row} bags={bags.to_vec()} tell={tell.clone()} /> }
    };
    html! { <>{ for rows.into_iter().map(field) }</> }
}

fn folded(listed: Vec<Listed>, inspect: &Inspect, bags: &[Bag], tell: &Callback<Msg>) -> Html {
    let section = |(section, rows): (Section, Vec<Listed>)| {
        if section == Section::Essential {
            return fields(rows, bags, tell);
        }
        // A fault is never hidden.
        let is_open = inspect.open.contains(&section) || rows.iter().any(|row| row.fault.is_some());
        let changed = rows.iter().filter(|row| row.is_changed()).count();
        let onclick = tell.reform(move |_: MouseEvent| Msg::Inspect(InspectMsg::Fold(section)));
        html! {
            <section class="fold">
                <h3>
                    <button type="button" aria-expanded={is_open.to_string()} data-section={section.title()} {onclick}>
                        { section.title() }
                        if changed > 0 { <small>{ format!("{changed} changed") }</small> }
                    </button>
                </h3>
                if is_open { { fields(rows, bags, tell) } }
            </section>
        }
    };
    html! { <>{ for by_section(listed).into_iter().map(section) }</> }
}

fn search_field(search: &str, tell: &Callback<Msg>) -> Html {
    let oninput = tell.reform(|event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        Msg::Inspect(InspectMsg::Search(input.value()))
    });
    html! {
        <input type="search" id="find-parameter" class="find" placeholder="Find a parameter" aria-label="Find a parameter"
            autocomplete="off" spellcheck="false" value={search.to_owned()} {oninput} />
    }
}

/// What no row knows can only be taken away, in the document's text.
fn strangers(inspected: &Inspected, bags: &[Bag]) -> Html {
    let [bag] = bags else { return Html::default() };
    let rows = bag.rows(&inspected.document);
    let place = bag.place();
    let told = inspected.faults.iter().filter(|fault| fault.place == place).filter_map(|fault| {
        let name = fault.field.as_deref()?;
        let known = rows.iter().any(|row| row.name == name)
            || matches!(name, "id" | "name" | "classes" | "at" | "action");
        (!known).then(|| html! { <p class="wrong">{ format!("{name}: {}", fault.what) }</p> })
    });
    html! { <>{ for told }</> }
}
