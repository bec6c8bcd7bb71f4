//! `cargo xtask theory`: exact results beside what the simulator and the formulas say.
//!
//! A case is run until its 99 % intervals are narrow enough: 1 % of a mean, 2 % of a percentile. Of a hundred true values one
//! lies outside such an interval; so a case with a value outside is run once more with other chance and more requests, and that
//! counts: by chance it is outside again once in ten thousand.

mod case;
mod formulas;
mod measure;
mod simulated;
mod table;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use loadpath_core::rng::Seed;

use crate::project::Project;
use case::Case;
use measure::Effort;
use table::{Row, Verdict};

/// The options of `theory`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Cases {
    /// Other cases than those of the tests.
    pub(crate) file: Option<PathBuf>,
    /// Only those whose id or family holds this.
    pub(crate) only: String,
    /// Rough intervals, in seconds.
    pub(crate) quick: bool,
    pub(crate) json: bool,
}

impl Cases {
    const fn effort(&self) -> Effort {
        if self.quick {
            Effort { seed: Seed(1), mean: 0.1, percentile: 0.2, most: 1e6 }
        } else {
            Effort { seed: Seed(1), mean: 0.01, percentile: 0.02, most: 1e9 }
        }
    }
}

/// Runs the cases on all cores and prints a line for each quantity.
///
/// # Errors
/// When a value lies outside its interval, an interval is too wide, or a family is not simulated yet.
pub(crate) fn run(project: &Project, wishes: &Cases) -> Result<()> {
    let begun = Instant::now();
    let file = wishes.file.clone().unwrap_or_else(|| project.root.join("tests/data/theory.json"));
    let text =
        std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut cases =
        Case::read_all(&text).with_context(|| format!("{} is no list of cases", file.display()))?;
    cases.retain(|case| case.id.contains(&wishes.only) || case.family.contains(&wishes.only));
    if cases.is_empty() {
        bail!("no case's id or family holds {:?}", wishes.only);
    }
    if cfg!(debug_assertions) && !wishes.quick {
        eprintln!(
            "hundreds of millions of requests will be simulated: cargo run --release -p xtask -- theory"
        );
    }
    let rows = run_all(&cases, &wishes.effort())?;
    if wishes.json {
        let list: Vec<_> = rows.iter().map(table::to_json).collect();
        println!("{}", serde_json::to_string_pretty(&list)?);
    } else {
        table::print_head();
        rows.iter().for_each(table::print);
    }
    conclude(&rows, begun)
}

/// Each case on the next free core; the rows in the order of the cases.
fn run_all(cases: &[Case], effort: &Effort) -> Result<Vec<Row>> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![None; cases.len()]));
    let work = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(i) else { return };
            let begun = Instant::now();
            let rows = judge(case, effort).map_err(|fault| format!("{}: {fault:#}", case.id));
            let failures =
                rows.as_ref().map_or(1, |rows| rows.iter().filter(|row| row.verdict.is_failure()).count());
            let word = if failures == 0 { "done".to_owned() } else { format!("{failures} FAILED") };
            eprintln!(
                "[{}/{}] {word} in {:.1} s: {}",
                i + 1,
                cases.len(),
                begun.elapsed().as_secs_f64(),
                case.id
            );
            done.lock().expect("no worker panics with the list in hand")[i] = Some(rows);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    let done = done.into_inner().expect("no worker panics with the list in hand");
    let rows = done.into_iter().flatten().collect::<Result<Vec<Vec<Row>>, String>>();
    Ok(rows.map_err(anyhow::Error::msg)?.concat())
}

fn judge(case: &Case, effort: &Effort) -> Result<Vec<Row>> {
    let analytic = formulas::analytic(case);
    let rows = |effort: &Effort| -> Result<Vec<Row>> {
        let measured = simulated::of(case, effort).transpose();
        // A case that a family's document cannot express is as one of a family that has none.
        let measured = measured.unwrap_or_else(|fault| {
            eprintln!("{}: {fault:#}", case.id);
            None
        });
        Ok(table::rows(case, measured.as_ref(), analytic.as_deref(), effort))
    };
    let first = rows(effort)?;
    if first.iter().any(|row| row.verdict == Verdict::Outside) { rows(&effort.again()) } else { Ok(first) }
}

fn conclude(rows: &[Row], begun: Instant) -> Result<()> {
    let count = |verdict: Verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let took = begun.elapsed().as_secs_f64();
    let (inside, outside, wide) = (count(Verdict::Inside), count(Verdict::Outside), count(Verdict::Wide));
    let (not_yet, not_shown) = (count(Verdict::NotYet), count(Verdict::NotShown));
    eprintln!(
        "{inside} inside, {outside} outside, {wide} too wide, {not_yet} not yet simulated, {not_shown} not shown by a run; \
         {took:.1} s in all"
    );
    if rows.iter().any(|row| row.verdict.is_failure()) {
        bail!("{} of {} quantities are not shown to be right", outside + wide + not_yet, rows.len());
    }
    Ok(())
}
