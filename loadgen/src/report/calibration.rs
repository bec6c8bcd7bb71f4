//! What calibration found, for people.
use super::Table;
use super::fidelity::{error, scores_text};
use loadpath_core::calibrate::Calibration;
use loadpath_core::compare::{ALL, Agreement, Fidelity};

/// The parameters that fit, what cannot be told, and what else there is to know.
pub fn calibration_text(found: &Calibration) -> String {
    let mut table = Table::new(2, &["of", "parameter", "the document says", "fits", "within 95 %"]);
    for parameter in &found.parameters {
        let off = parameter.percent_off.map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"));
        table.row(vec![
            parameter.of.clone(),
            parameter.name.clone(),
            parameter.before.clone(),
            parameter.after.clone(),
            off,
        ]);
    }
    let mut text = table.text();
    for one in &found.contention {
        text.push_str(&format!(
            "\n  contention: each further call in work at \"{}\" lengthens all by {:.2} % (± {:.2})\n",
            one.node,
            one.sigma * 100.0,
            one.half_width * 100.0
        ));
    }
    for unknown in &found.unknown {
        text.push_str(&format!("\n  not known: {}\n", unknown.sentence));
    }
    for note in &found.notes {
        text.push_str(&format!("\n  note: {note}\n"));
    }
    text
}

/// A load that was not fitted: the simulation's errors before and after. Both are of the same measurement.
pub fn prediction_text(before: &Fidelity, after: &Fidelity) -> String {
    let mut table = Table::new(2, &["of", "figure", "before it is off by", "after"]);
    for row in &after.rows {
        let same = |other: &&Agreement| other.of == row.of && other.figure == row.figure;
        let earlier = before.rows.iter().find(same).and_then(|row| row.simulated_error);
        if row.of == ALL || earlier.is_some() {
            table.row(vec![
                row.of.clone(),
                row.figure.title().to_owned(),
                error(row.figure, earlier),
                error(row.figure, row.simulated_error),
            ]);
        }
    }
    format!(
        "{}\n  before: {}\n  after:  {}",
        table.text(),
        scores_text(before).trim(),
        scores_text(after).trim_start()
    )
}
