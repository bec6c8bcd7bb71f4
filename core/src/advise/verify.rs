//! Whether a mend mends: the design and the mended one, simulated alike.
use super::figure::Figure;
use super::finding::Finding;
use super::trial::Trial;
use crate::rng::Seed;
use crate::topology::{Edit, EditFault, Fault, Topology, check};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A figure must change by this part of itself to count as better: less may be chance.
const CLEARLY: f64 = 0.05;

/// What a mend changes, seen in two simulations of the same seed under the condition that shows the weakness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The condition.
    pub condition: String,
    /// What was looked at.
    pub figure: String,
    /// Its unit; empty for counts.
    pub unit: String,
    /// In the design as it is.
    pub before: f64,
    /// In the mended one.
    pub after: f64,
    /// Whether it is better by a twentieth at least.
    pub better: bool,
    /// All that in a sentence.
    pub sentence: String,
}

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum NoVerdict {
    /// The finding has no mend.
    NoMend,
    /// The finding is of another document.
    NotOfThisDocument,
    /// The mend does not fit the document.
    Edit(EditFault),
    /// The design has faults, before or after the mend.
    Faults(Vec<Fault>),
    /// The load is so high that the trial would take minutes.
    TooLarge,
}

impl fmt::Display for NoVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMend => f.write_str("there is no edit to try"),
            Self::NotOfThisDocument => f.write_str("the finding is of another design"),
            Self::Edit(fault) => write!(f, "the mend does not fit the design: {fault}"),
            Self::Faults(faults) => match faults.first() {
                Some(fault) => write!(f, "the design cannot be simulated: {fault}"),
                None => f.write_str("the design cannot be simulated"),
            },
            Self::TooLarge => f.write_str("the load is too high to try it here; lower the rate"),
        }
    }
}

impl std::error::Error for NoVerdict {}

/// Simulates a design and the mended one with the same seed under the condition that shows the weakness. What is on the
/// document's timeline does not happen. Costs two simulations of half a minute to three minutes.
///
/// # Errors
/// When the finding has no mend or is not of this document, the mended design has faults, or the load is too high.
pub fn verify(document: &Topology, finding: &Finding, seed: Seed) -> Result<Verdict, NoVerdict> {
    let mend = finding.mend.as_ref().ok_or(NoVerdict::NoMend)?;
    let plan = check(document).map_err(NoVerdict::Faults)?;
    let trial = Trial::of(&plan, finding).ok_or(NoVerdict::NotOfThisDocument)?;
    let figure = |edits: &[&[Edit]]| {
        let mut changed = document.clone();
        changed.timeline.clear();
        for edit in edits.iter().copied().flatten() {
            edit.apply(&mut changed).map_err(NoVerdict::Edit)?;
        }
        let plan = check(&changed).map_err(NoVerdict::Faults)?;
        trial.run(&plan, seed).ok_or(NoVerdict::TooLarge)
    };
    let before = figure(&[&trial.edits])?;
    let after = figure(&[&mend.edits, &trial.edits])?;
    Ok(verdict(&trial, before, after))
}

fn verdict(trial: &Trial, before: f64, after: f64) -> Verdict {
    let better = if trial.figure.more_is_better() {
        after > before * (1.0 + CLEARLY)
    } else {
        after < before * (1.0 - CLEARLY)
    };
    let (figure, unit) = (trial.figure.name(), trial.figure.unit());
    let said = |value: f64| written(&trial.figure, value);
    let sentence = format!("{}: {figure} {} before, {} after", trial.condition, said(before), said(after));
    Verdict {
        condition: trial.condition.clone(),
        figure,
        unit: unit.to_owned(),
        before,
        after,
        better,
        sentence,
    }
}

fn written(figure: &Figure, value: f64) -> String {
    let digits = if value.abs() >= 100.0 { 0 } else { 2 };
    format!("{value:.digits$} {}", figure.unit()).trim_end().to_owned()
}
