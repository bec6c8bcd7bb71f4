//! `cargo xtask theory`: exact results beside what the simulator and the formulas say.
//!
//! A case is run until its 99 % intervals are narrow enough: 1 % of a mean, 2 % of a percentile. Of a hundred true values one
//! lies outside such an interval; so a case with a value outside is run once more with other chance and more requests, and that
//! counts: by chance it is outside again once in ten thousand.

mod case;
mod formulas;
mod measure;
mod reason;
mod refined;
mod simulated;
mod table;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail};

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
        if self.quick { measure::QUICK } else { measure::FULL }
    }
}

/// Runs the cases on all cores and prints a line for each quantity.
///
/// # Errors
/// When a value lies outside its interval, an interval is too wide (unless it is a quick look), or a case cannot be drawn; when
/// the cases cannot be read, or are of a family that is not known.
pub(crate) fn run(project: &Project, wishes: &Cases) -> Result<()> {
    let begun = Instant::now();
    let file = wishes.file.clone().unwrap_or_else(|| project.root.join("tests/data/theory.json"));
    let text =
        std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut cases =
        Case::read_all(&text).with_context(|| format!("{} is no list of cases", file.display()))?;
    cases.iter().try_for_each(simulated::check).with_context(|| file.display().to_string())?;
    cases.retain(|case| case.id.contains(&wishes.only) || case.family.contains(&wishes.only));
    if cases.is_empty() {
        bail!("no case's id or family holds {:?}", wishes.only);
    }
    if cfg!(debug_assertions) && !wishes.quick {
        eprintln!(
            "hundreds of millions of requests will be simulated: cargo run --release -p xtask -- theory"
        );
    }
    if !wishes.json {
        table::print_head();
    }
    let rows = run_all(&cases, wishes);
    if wishes.json {
        let list: Vec<_> = rows.iter().map(table::to_json).collect();
        println!("{}", serde_json::to_string_pretty(&list)?);
    }
    conclude(&rows, wishes.quick, begun)
}

/// What is done, case by case, and how many of the first cases have been printed.
struct Done {
    rows: Vec<Option<Vec<Row>>>,
    printed: usize,
}

impl Done {
    /// Prints what is done up to the first case that is not.
    fn print(&mut self) {
        while let Some(Some(rows)) = self.rows.get(self.printed) {
            rows.iter().for_each(table::print);
            self.printed += 1;
        }
    }
}

/// Each case on the next free core; the rows in the order of the cases, printed as soon as they are known.
fn run_all(cases: &[Case], wishes: &Cases) -> Vec<Row> {
    let (effort, quick) = (&wishes.effort(), wishes.quick);
    let done = Mutex::new(Done { rows: vec![None; cases.len()], printed: 0 });
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(i) else { return };
            let begun = Instant::now();
            let rows = judge(case, effort);
            let failures = rows.iter().filter(|row| row.verdict.is_failure(quick)).count();
            let word = if failures == 0 { "done".to_owned() } else { format!("{failures} FAILED") };
            eprintln!(
                "[{}/{}] {word} in {:.1} s: {}",
                i + 1,
                cases.len(),
                begun.elapsed().as_secs_f64(),
                case.id
            );
            let mut done = done.lock().expect("no worker panics with the list in hand");
            done.rows[i] = Some(rows);
            if !wishes.json {
                done.print();
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    let done = done.into_inner().expect("no worker panics with the list in hand");
    done.rows.into_iter().flatten().flatten().collect()
}

fn judge(case: &Case, effort: &Effort) -> Vec<Row> {
    let analytic = formulas::analytic(case);
    let rows = |effort: &Effort| {
        let measured = simulated::of(case, effort).map_err(|fault| format!("{fault:#}"));
        table::rows(case, measured.as_ref().map_err(String::as_str), analytic.as_deref(), effort)
    };
    let first = rows(effort);
    if first.iter().any(|row| row.verdict == Verdict::Outside) { rows(&effort.again()) } else { first }
}

fn conclude(rows: &[Row], quick: bool, begun: Instant) -> Result<()> {
    let count = |verdict: Verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    eprintln!(
        "{} inside their intervals, {} bounds kept, {} by formula alone, {} aside; {} OUTSIDE, {} too wide, {} cannot be \
         simulated; {:.1} s in all",
        count(Verdict::Inside),
        count(Verdict::Kept),
        count(Verdict::Formula),
        count(Verdict::Aside),
        count(Verdict::Outside),
        count(Verdict::Wide),
        count(Verdict::Cannot),
        begun.elapsed().as_secs_f64()
    );
    let failures = rows.iter().filter(|row| row.verdict.is_failure(quick)).count();
    if failures > 0 {
        bail!("{failures} of {} quantities are not shown to be right", rows.len());
    }
    Ok(())
}
