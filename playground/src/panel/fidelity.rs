//! How well the simulation foretold a live run: one score, what it means, and the figures that it is made of.
use crate::describe;
use crate::format;
use crate::msg::Msg;
use crate::update::comparison;
use loadpath_core::compare::{ALL, Agreement, Aspect, Fidelity};
use loadpath_core::topology::Topology;
use yew::prelude::*;

/// From this score on, the model is to be relied on.
const CLOSE: f64 = 75.0;
/// Down to this score, figures are within their tolerances on average.
const WITHIN: f64 = 50.0;

/// The score in a line, which opens the rest.
pub(super) fn line(fidelity: &Fidelity, tell: &Callback<Msg>) -> Html {
    let Some(score) = fidelity.simulated_score else { return Html::default() };
    let onclick = tell.reform(|_: MouseEvent| Msg::Comparison(comparison::Msg::Measured));
    html! {
        <p class="hint-line">
            <button type="button" class="link" id="fidelity-line" {onclick}>
                { "Fidelity " }<b class={class(score)}>{ format!("{score:.0}") }</b>{ " of 100: " }{ word(score) }{ " →" }
            </button>
        </p>
    }
}

/// The score with its reason and its figures.
pub(super) fn section(fidelity: &Fidelity, document: &Topology) -> Html {
    let Some(score) = fidelity.simulated_score else { return Html::default() };
    html! {
        <section id="fidelity" aria-labelledby="fidelity-title">
            <h3 id="fidelity-title">{ "Fidelity of the simulation" }</h3>
            <p class="score"><b class={class(score)}>{ format!("{score:.0}") }</b>{ " of 100: " }{ word(score) }</p>
            <p>{ meaning(score) }{ " " }{ furthest(fidelity, document) }</p>
            if let Some(formulas) = fidelity.analytic_score {
                <p class="mute">{ format!("The formulas, which answer while you draw: {formulas:.0} of 100.") }</p>
            }
            { how() }
            { table(fidelity, document) }
        </section>
    }
}

fn class(score: f64) -> &'static str {
    match score {
        s if s >= CLOSE => "good",
        s if s >= WITHIN => "middling",
        _ => "bad",
    }
}

fn word(score: f64) -> &'static str {
    match score {
        s if s >= CLOSE => "close",
        s if s >= WITHIN => "within tolerance",
        _ => "not to be relied on yet",
    }
}

fn meaning(score: f64) -> &'static str {
    match score {
        s if s >= CLOSE => "What was simulated is what was measured, well within tolerance.",
        s if s >= WITHIN => "On average the simulated figures are within tolerance of the measured ones.",
        _ => {
            "On average the simulated figures are further from the measured ones than their tolerance: set the service \
             times and workers to what was measured, or have loadgen calibrate fit them."
        }
    }
}

/// The figure that is furthest beyond its tolerance, in a sentence; empty where none is beyond.
fn furthest(fidelity: &Fidelity, document: &Topology) -> String {
    let beyond = |row: &&Agreement| row.simulated_error.map_or(0.0, |e| e.abs() / row.figure.tolerance());
    let worst = fidelity.rows.iter().max_by(|a, b| beyond(a).total_cmp(&beyond(b)));
    let Some((row, error)) = worst.and_then(|row| Some((row, row.simulated_error?))) else {
        return String::new();
    };
    if error.abs() <= row.figure.tolerance() {
        return "No figure is beyond its tolerance.".to_owned();
    }
    let way = if error > 0.0 { "above" } else { "below" };
    let (by, of) = (off(row.figure, error.abs()), name(&row.of, document));
    let by = by.trim_start_matches('+');
    format!("Furthest off: {} of {of}, simulated {by} {way} what was measured.", row.figure.title())
}

/// How the score is made.
fn how() -> Html {
    html! {
        <details>
            <summary>{ "How the score is made" }</summary>
            <p class="mute">
                { "Each figure has a tolerance: 2 % for throughput, 10 % for p50 and mean, 15 % for p90, 20 % for p99, 2 points \
                   of percent for hit ratios, 5 for utilization. A figure without error counts 100, one at its tolerance 50, one \
                   at twice its tolerance nothing. Half of the score is the mean over what users see, half over the nodes." }
            </p>
            <p class="mute">
                { "Simulation and processes had the same requests at the same times, over the same seconds. It is one run: \
                   loadgen fidelity repeats it, at several loads." }
            </p>
        </details>
    }
}

fn table(fidelity: &Fidelity, document: &Topology) -> Html {
    let rows = fidelity.rows.iter().enumerate().map(|(i, row)| {
        let is_first = i == 0 || fidelity.rows[i - 1].of != row.of;
        html! {<>
            if is_first { <tr class="of"><th colspan="5" scope="colgroup">{ name(&row.of, document) }</th></tr> }
            { figures(row) }
        </>}
    });
    html! {
        <table class="figures">
            <thead><tr>
                <th><span class="unseen">{ "figure" }</span></th>
                <th scope="col">{ "sim" }</th><th scope="col">{ "formula" }</th><th scope="col">{ "measured" }</th>
                <th scope="col" title="how far the simulated figure is from the measured one">{ "Δ" }</th>
            </tr></thead>
            <tbody>{ for rows }</tbody>
        </table>
    }
}

fn figures(row: &Agreement) -> Html {
    let told = |value: Option<f64>| value.map_or_else(|| format::NONE.to_owned(), |v| one(row.figure, v));
    let tolerance = format!("tolerance: {}", off(row.figure, row.figure.tolerance()).replace('+', "± "));
    let error = row.simulated_error.map(|error| {
        let is_within = error.abs() <= row.figure.tolerance();
        let (class, sign) = if is_within { ("good", "") } else { ("bad", "! ") };
        html! { <td {class} title={tolerance}>{ sign }{ off(row.figure, error) }</td> }
    });
    html! {
        <tr data-figure={format!("{} {}", row.of, row.figure.title())}>
            <th scope="row">{ row.figure.title() }</th>
            <td>{ told(row.simulated.map(|value| value.value)) }</td>
            <td class="mute">{ told(row.analytic) }</td>
            <td>{ told(Some(row.measured.value)) }</td>
            { error.unwrap_or_else(|| html! { <td /> }) }
        </tr>
    }
}

fn one(figure: Aspect, value: f64) -> String {
    match figure {
        Aspect::Throughput => format::rate(value),
        Aspect::HitRatio | Aspect::Utilization => format::percent(value),
        _ => format::seconds(value),
    }
}

/// By how much: relative, or in points of percent where the figure is a share.
fn off(figure: Aspect, error: f64) -> String {
    let text = format::change(error);
    if figure.is_share() { text.replace('%', "pt") } else { text }
}

fn name(of: &str, document: &Topology) -> String {
    if of == ALL {
        return "all requests".to_owned();
    }
    document.node(of).map_or_else(|| of.to_owned(), describe::label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::compare::Value;
    use loadpath_core::topology::three_tier;

    fn row(of: &str, figure: Aspect, error: f64) -> Agreement {
        let measured = Value { value: 1.0, interval: None };
        let simulated = Some(Value { value: 1.0 + error, interval: None });
        let (simulated_error, of) = (Some(error), of.to_owned());
        Agreement { of, figure, simulated, analytic: None, measured, simulated_error, analytic_error: None }
    }

    fn judged(rows: Vec<Agreement>) -> Fidelity {
        Fidelity { offered_rate: 1.0, repeats: 1, rows, simulated_score: Some(60.0), analytic_score: None }
    }

    #[test]
    fn the_figure_that_is_most_beyond_its_own_tolerance_is_named() {
        let rows = vec![row(ALL, Aspect::P99, -0.3), row("db", Aspect::Throughput, 0.06)];
        let told = furthest(&judged(rows), &three_tier());
        assert_eq!(told, "Furthest off: throughput of Database, simulated 6.0 % above what was measured.");
        let fine = judged(vec![row(ALL, Aspect::P99, -0.1), row("web", Aspect::Utilization, 0.04)]);
        assert_eq!(furthest(&fine, &three_tier()), "No figure is beyond its tolerance.");
        assert_eq!(off(Aspect::Utilization, -0.04), "−4.0 pt");
    }

    #[test]
    fn half_of_the_score_is_where_words_change() {
        assert_eq!([49.0, 50.0, 75.0].map(class), ["bad", "middling", "good"]);
    }
}
