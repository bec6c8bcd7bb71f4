//! What is printed.

use loadpath_core::compare::{ALL, Agreement, Aspect, Fidelity, Value};
use serde_json::json;

use super::designs::Design;
use super::measure::Measured;
use super::{FITTED, LOADS, Outcome};

/// What must hold on loads that were not fitted.
const TARGETS: [Aspect; 3] = [Aspect::Throughput, Aspect::P50, Aspect::P99];

/// A design: what was changed, and each figure of what users see and of what it hides, at each load.
pub(crate) fn print_design(design: &Design, outcome: &Outcome) {
    println!("\n{} (saturates at {:.0}/s)", design.document.name, design.saturation);
    design.changes.iter().for_each(|change| println!("  scaled: {change}"));
    match outcome {
        Outcome::Cannot(why) => println!("  does not come up: {why}"),
        Outcome::Measured(measured) => print_measured(measured),
    }
}

fn print_measured(measured: &Measured) {
    println!(
        "  {:<5} {:<12} {:<12} {:>24} {:>11} {:>9} {:>11} {:>9}",
        "load", "of", "figure", "measured", "simulated", "off", "calibrated", "off"
    );
    for (place, (before, after)) in measured.before.iter().zip(&measured.after).enumerate() {
        for row in before.rows.iter().filter(|row| is_shown(row)) {
            let same = |other: &&Agreement| other.of == row.of && other.figure == row.figure;
            print_row(place, row, after.rows.iter().find(same));
        }
        let score = |of: &Fidelity| of.simulated_score.unwrap_or(0.0);
        println!(
            "  {:<5} score: simulation {:.0}, calibrated {:.0}, formulas {:.0} of 100",
            load(place),
            score(before),
            score(after),
            before.analytic_score.unwrap_or(0.0)
        );
    }
    for found in &measured.calibration.contention {
        println!(
            "  contention at {}: {:.2} % for each further call in work",
            found.node,
            found.sigma * 100.0
        );
    }
    for unknown in &measured.calibration.unknown {
        println!("  not known: {}", unknown.sentence);
    }
}

fn print_row(place: usize, row: &Agreement, after: Option<&Agreement>) {
    let simulated = |row: Option<&Agreement>| {
        row.and_then(|row| row.simulated)
            .map_or_else(|| "-".to_owned(), |value| one(row_figure(row), value.value))
    };
    println!(
        "  {:<5} {:<12} {:<12} {:>24} {:>11} {:>9} {:>11} {:>9}",
        load(place),
        row.of,
        row.figure.title(),
        shown(row.figure, row.measured),
        simulated(Some(row)),
        off(row.figure, row.simulated_error),
        simulated(after),
        off(row.figure, after.and_then(|after| after.simulated_error))
    );
}

fn row_figure(row: Option<&Agreement>) -> Aspect {
    row.map_or(Aspect::P50, |row| row.figure)
}

fn is_shown(row: &Agreement) -> bool {
    row.of == ALL || row.figure.is_share()
}

/// "60 %", with a star where calibration has seen it.
fn load(place: usize) -> String {
    format!("{:.0} %{}", LOADS[place] * 100.0, if place == FITTED { "*" } else { "" })
}

fn shown(figure: Aspect, value: Value) -> String {
    let ends = value.interval.map(|ends| format!(" ({}..{})", one(figure, ends.low), one(figure, ends.high)));
    format!("{}{}", one(figure, value.value), ends.unwrap_or_default())
}

fn one(figure: Aspect, value: f64) -> String {
    match figure {
        Aspect::Throughput => format!("{value:.1}/s"),
        Aspect::HitRatio | Aspect::Utilization => format!("{:.1} %", value * 100.0),
        _ => format!("{:.2} ms", value * 1e3),
    }
}

fn off(figure: Aspect, error: Option<f64>) -> String {
    let Some(error) = error else { return "-".to_owned() };
    let mark = if error.abs() > figure.tolerance() { "!" } else { "" };
    format!("{:+.1} {}{mark}", error * 100.0, if figure.is_share() { "pp" } else { "%" })
}

/// How often the targets hold on the loads that were predicted, and what fails.
pub(crate) fn print_summary(outcomes: &[(Design, Outcome)]) {
    println!(
        "\n* is the load that was fitted; medians (least..greatest); ! is beyond: throughput 2 %, p50 10 %, p90 15 %, p99 20 %,"
    );
    println!("  hit ratio 2 points, utilization 5 points\n");
    for figure in TARGETS {
        let (mut held, mut held_before, mut all) = (0, 0, 0);
        let mut fails = Vec::new();
        for (design, measured) in measured(outcomes) {
            for place in (0..LOADS.len()).filter(|&place| place != FITTED) {
                let error = |of: &[Fidelity]| {
                    let row = of[place].rows.iter().find(|row| row.of == ALL && row.figure == figure);
                    row.and_then(|row| row.simulated_error).unwrap_or(f64::INFINITY)
                };
                all += 1;
                held_before += i32::from(error(&measured.before).abs() <= figure.tolerance());
                if error(&measured.after).abs() <= figure.tolerance() {
                    held += 1;
                } else {
                    let by = off(figure, Some(error(&measured.after)));
                    fails.push(format!("{} at {} by {by}", design.document.name, load(place)));
                }
            }
        }
        println!(
            "  {:<11} within {:.0} %: {held} of {all} predictions after calibration, {held_before} before",
            figure.title(),
            figure.tolerance() * 100.0
        );
        fails.iter().for_each(|fail| println!("    fails: {fail}"));
    }
    for (design, outcome) in outcomes {
        if let Outcome::Cannot(why) = outcome {
            println!("  does not come up yet: {}: {why}", design.document.name);
        }
    }
}

fn measured(outcomes: &[(Design, Outcome)]) -> impl Iterator<Item = (&Design, &Measured)> {
    outcomes.iter().filter_map(|(design, outcome)| match outcome {
        Outcome::Measured(measured) => Some((design, &**measured)),
        Outcome::Cannot(_) => None,
    })
}

pub(crate) fn to_json(outcomes: &[(Design, Outcome)]) -> serde_json::Value {
    let each = outcomes.iter().map(|(design, outcome)| {
        let result = match outcome {
            Outcome::Measured(of) => {
                json!({ "before": of.before, "after": of.after, "calibration": of.calibration })
            }
            Outcome::Cannot(why) => json!({ "cannot": why }),
        };
        json!({
            "design": design.document.name,
            "saturation": design.saturation,
            "changes": design.changes,
            "result": result,
        })
    });
    json!({ "loads": LOADS, "fitted": LOADS[FITTED], "designs": each.collect::<Vec<_>>() })
}
