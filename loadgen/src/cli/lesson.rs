//! `loadgen lesson`: the lessons, and whether what they claim is true.
use super::{Failure, print, print_json};
use loadpath_core::claims::{self, ClaimVerdict, NotJudged};
use loadpath_core::rng::Seed;
use loadpath_core::stats::Estimate;
use loadpath_core::topology::lessons::{self, Lesson};
use loadpath_core::topology::link;
use serde::Serialize;
use std::fmt::Write as _;

/// Without a name: the list. A lesson's design can be opened, changed and run like any other.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen lesson
  loadgen lesson sharding
  loadgen lesson sharding --check
  loadgen lesson sharding --design | loadgen sim -")]
pub(super) struct Args {
    /// A lesson's name
    name: Option<String>,
    /// Check its claims by simulating them; without a name, those of every lesson
    #[arg(long, conflicts_with = "design")]
    check: bool,
    /// What the chance of the check comes from
    #[arg(long, default_value_t = 1, requires = "check")]
    seed: u64,
    /// Print its design
    #[arg(long, requires = "name")]
    design: bool,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// A lesson with what became of its claims.
#[derive(Serialize)]
struct Checked<'l> {
    id: &'static str,
    title: &'l str,
    claims: Vec<ClaimVerdict>,
    /// The goals of its task, on the solution.
    goals: Vec<Result<ClaimVerdict, NotJudged>>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let chosen: Vec<&Lesson> = match &args.name {
        Some(name) => vec![find(name)?],
        None => lessons::all().iter().collect(),
    };
    if args.check {
        return check(&chosen, Seed(args.seed), args.json);
    }
    if args.json {
        return print_json(&chosen);
    }
    match (&args.name, args.design) {
        (None, _) => print(&list(&chosen)),
        (Some(_), true) => print(&(chosen[0].document().to_json_pretty() + "\n")),
        (Some(_), false) => print(&tell(chosen[0])),
    }
}

fn find(name: &str) -> Result<&'static Lesson, Failure> {
    lessons::find(name).ok_or_else(|| {
        let known: Vec<&str> = lessons::all().iter().map(|lesson| lesson.id).collect();
        Failure::Input(format!("there is no lesson \"{name}\"; there are {}", known.join(", ")))
    })
}

fn list(lessons: &[&Lesson]) -> String {
    let mut text = String::new();
    for lesson in lessons {
        writeln!(text, "  {:<22} {}", lesson.id, lesson.title).expect("a string takes every text");
    }
    text
}

fn tell(lesson: &Lesson) -> String {
    let mut text = format!("{}\n\n", lesson.title);
    for (what, said) in [
        ("Goal", &lesson.goal),
        ("Why", &lesson.reason),
        ("Cost", &lesson.costs),
        ("Weakness", &lesson.weakness),
    ] {
        writeln!(text, "  {what:<9} {said}").expect("a string takes every text");
    }
    writeln!(text, "  {:<9} {}", "Task", lesson.task.asks).expect("a string takes every text");
    text.push_str("\n  Claims\n");
    for claim in &lesson.claims {
        writeln!(text, "    · {}", claim.says).expect("a string takes every text");
    }
    writeln!(text, "\n  #{}", link::encode(&lesson.document())).expect("a string takes every text");
    text
}

fn check(lessons: &[&Lesson], seed: Seed, json: bool) -> Result<(), Failure> {
    let mut failed = 0;
    let mut all = Vec::new();
    for lesson in lessons {
        let claims = claims::check(lesson, seed);
        failed += claims.iter().filter(|verdict| !verdict.holds).count();
        let solution =
            lesson.variant(&lesson.task.solution).expect("a solution is the lesson's design, changed");
        let goals = claims::check_goals(lesson, &solution, seed);
        failed += goals.iter().filter(|goal| !matches!(goal, Ok(verdict) if verdict.holds)).count();
        if !json {
            print(&verdicts(lesson, &claims, &goals))?;
        }
        all.push(Checked { id: lesson.id, title: &lesson.title, claims, goals });
    }
    if json {
        print_json(&all)?;
    }
    if failed > 0 {
        return Err(Failure::Went(format!("{failed} claims and goals do not hold with this seed")));
    }
    Ok(())
}

fn verdicts(lesson: &Lesson, claims: &[ClaimVerdict], goals: &[Result<ClaimVerdict, NotJudged>]) -> String {
    let mut text = format!("{}\n", lesson.title);
    for why in goals.iter().filter_map(|goal| goal.as_ref().err()) {
        writeln!(text, "  FAILS  the solution of its task: {why}").expect("a string takes every text");
    }
    for verdict in claims.iter().chain(goals.iter().flatten()) {
        let word = if verdict.holds { "holds" } else { "FAILS" };
        write!(text, "  {word}  {}: {}", verdict.says, figure(&verdict.measured))
            .expect("a string takes every text");
        if let Some(compared) = &verdict.compared {
            write!(text, ", compared with {}", figure(compared)).expect("a string takes every text");
        }
        text.push('\n');
    }
    text
}

fn figure(estimate: &Estimate) -> String {
    format!("{:.4} ± {:.4}", estimate.value, estimate.half_width)
}
