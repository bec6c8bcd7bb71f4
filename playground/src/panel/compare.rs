//! Simulated and measured side by side, and how far the model is off.
use super::fidelity;
use crate::describe;
use crate::format;
use crate::model::{Model, Stage};
use crate::msg::Msg;
use crate::run::{Figures, Subject};
use crate::shared::Shared;
use loadpath_core::compare::Fidelity;
use loadpath_core::topology::Topology;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// A model that is off by less is good.
const GOOD: f64 = 0.10;
/// A model that is off by more is bad.
const BAD: f64 = 0.25;

/// What the table shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    document: Shared<Topology>,
    subject: Subject,
    simulated: Option<Shared<Figures>>,
    measured: Option<Shared<Figures>>,
    fidelity: Option<Shared<Fidelity>>,
    is_live: bool,
    tell: Callback<Msg>,
}

impl Props {
    /// From the model.
    pub fn of(model: &Model, tell: Callback<Msg>) -> Self {
        Self {
            document: model.document.clone(),
            subject: model.subject.clone(),
            simulated: model.simulated.figures.clone(),
            measured: model.live.figures.clone(),
            fidelity: model.live.fidelity.clone(),
            is_live: model.live.stage != Stage::None,
            tell,
        }
    }
}

/// A row: what, simulated, measured, and how far off the first is.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    what: &'static str,
    simulated: String,
    measured: String,
    /// The half-width of the simulated figure's interval; empty where it is not known.
    width: String,
    off: Option<f64>,
    /// Whether enough requests lie beyond for the difference to mean something.
    sure: bool,
}

/// So many requests beyond a percentile tell where it is.
pub(super) const ENOUGH: f64 = 10.0;

fn table(simulated: Option<&Figures>, measured: Option<&Figures>) -> Vec<Row> {
    let fewest = simulated.into_iter().chain(measured).map(|f| f.count).min().unwrap_or(0) as f64;
    let times = crate::run::QUANTILES.iter().enumerate().map(|(i, (what, quantile))| Row {
        sure: fewest * (1.0 - quantile) >= ENOUGH,
        width: simulated.map_or_else(String::new, |f| {
            f.quantile_widths[i].map_or_else(String::new, |width| format::half_width(f.quantiles[i], width))
        }),
        ..row(what, simulated.map(|f| f.quantiles[i]), measured.map(|f| f.quantiles[i]), format::seconds)
    });
    let told = |width: Option<f64>, told: fn(f64) -> String| {
        width.map_or_else(String::new, |w| format!("± {}", told(w)))
    };
    let rate = Row {
        width: told(simulated.and_then(|f| f.rate_width), format::rate_number),
        ..row("req/s", simulated.map(|f| f.rate), measured.map(|f| f.rate), format::rate_number)
    };
    let errors = Row {
        off: None,
        width: told(simulated.and_then(|f| f.error_width), format::percent),
        ..row("errors", simulated.map(|f| f.error_share), measured.map(|f| f.error_share), format::percent)
    };
    times.chain([rate, errors]).collect()
}

/// What of the measured responses went by until the first byte; a simulated answer has one instant.
fn first_bytes(measured: &Figures) -> Option<String> {
    let [half, nearly_all] = measured.first_byte?.map(format::seconds);
    Some(format!(
        "The first byte came within {half} of the actual send in half of all, within {nearly_all} in 99 %."
    ))
}

fn row(what: &'static str, a: Option<f64>, b: Option<f64>, text: fn(f64) -> String) -> Row {
    let told = |value: Option<f64>| value.map_or_else(|| format::NONE.to_owned(), text);
    let off = a.zip(b).filter(|(_, b)| *b > 0.0).map(|(a, b)| a / b - 1.0);
    Row { what, simulated: told(a), measured: told(b), width: String::new(), off, sure: true }
}

fn class(off: f64) -> &'static str {
    match off.abs() {
        o if o <= GOOD => "good",
        o if o <= BAD => "middling",
        _ => "bad",
    }
}

/// The table.
#[component]
pub fn Compare(props: &Props) -> Html {
    let rows = table(props.simulated.as_deref(), props.measured.as_deref());
    let of = name_of(&props.subject, &props.document);
    let first_bytes = props.measured.as_deref().and_then(first_bytes);
    html! {
        <section aria-label="Simulated and measured" class="compare">
            <h2>{ "Simulated vs measured " }<small>{ of }</small></h2>
            <table id="compare">
                <thead>
                    <tr>
                        <th><span class="unseen">{ "figure" }</span></th>
                        <th scope="col">{ "sim" }</th><th scope="col" title={first_bytes}>{ "measured" }</th>
                        <th scope="col" title="how far the simulated figure is from the measured one">{ "Δ" }</th>
                    </tr>
                </thead>
                <tbody>{ for rows.iter().map(line) }</tbody>
            </table>
            if let Some(fidelity) = &props.fidelity { { fidelity::line(fidelity, &props.tell) } }
            if props.measured.is_none() {
                <p class="hint-line">{ if props.is_live { "measuring…" } else { "Run live to measure the real thing." } }</p>
            }
        </section>
    }
}

fn line(row: &Row) -> Html {
    let off = row.off.map_or_else(String::new, format::change);
    let title = (!row.sure).then_some("fewer than ten requests lie beyond: this may be chance");
    let class = row.off.map(|off| if row.sure { class(off) } else { "mute" });
    html! {
        <tr data-row={row.what}>
            <th scope="row">{ row.what }</th>
            <td>{ &row.simulated }if !row.width.is_empty() { <span class="mute" title="half the 95 % interval">{ format!(" {}", row.width) }</span> }</td>
            <td>{ &row.measured }</td>
            <td class={classes!(class)} {title}>{ off }</td>
        </tr>
    }
}

/// What people call a subject.
pub(super) fn name_of(subject: &Subject, document: &Topology) -> String {
    match subject {
        Subject::All => "all requests".to_owned(),
        Subject::Class(name) => format!("class {name}"),
        Subject::Node(id) => document.node(id).map_or_else(|| id.clone(), describe::label),
    }
}

/// A choice of the subject.
pub(super) fn chooser(
    subjects: &[Subject],
    now: &Subject,
    document: &Topology,
    tell: &Callback<Msg>,
) -> Html {
    let onchange = {
        let (subjects, tell) = (subjects.to_vec(), tell.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = usize::try_from(select.selected_index()).ok().and_then(|i| subjects.get(i));
            if let Some(subject) = chosen {
                tell.emit(Msg::Watch(subject.clone()));
            }
        })
    };
    let options = subjects.iter().map(|subject| {
        html! { <option selected={subject == now}>{ name_of(subject, document) }</option> }
    });
    html! { <select class="plain" id="subject" aria-label="Of what" {onchange}>{ for options }</select> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_that_of_the_model_from_the_measurement() {
        let figures = |p50, rate| Figures { quantiles: [p50; 4], rate, count: 1, ..Figures::default() };
        let rows = table(Some(&figures(0.014, 2_000.0)), Some(&figures(0.015, 1_998.0)));
        assert_eq!(rows[0].simulated, "14 ms");
        assert_eq!(rows[0].off.map(format::change).unwrap(), "−6.7 %");
        assert_eq!(rows[4].off.map(format::change).unwrap(), "+0.1 %");
        assert_eq!(rows[5].off, None);
        let measured = Figures { first_byte: Some([0.002, 0.009]), ..figures(0.015, 1_998.0) };
        assert!(
            first_bytes(&measured)
                .is_some_and(|told| told.contains("within 2 ms") && told.contains("9 ms in"))
        );
        assert_eq!(first_bytes(&figures(0.014, 2_000.0)), None);
    }

    #[test]
    fn without_a_measurement_there_is_no_difference() {
        let rows = table(Some(&Figures::default()), None);
        assert!(rows.iter().all(|row| row.off.is_none() && row.measured == format::NONE));
    }
}
