//! `loadgen advise`: what is weak about a design, what it costs, and what the formulas expect of it, without bringing it up.
use super::{Failure, input, print, print_json};
use loadpath_core::advise::{self, Finding, Verdict};
use loadpath_core::analytic::{self, Estimate};
use loadpath_core::cost::{self, Bill};
use loadpath_core::rng::Seed;
use loadpath_core::topology::Plan;
use serde::Serialize;
use std::fmt::Write as _;

/// The estimate comes from formulas and says which of their assumptions the design does not keep; `loadgen sim` knows better.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen advise shop.json
  loadgen advise shop.json --verify
  loadgen lesson single-server --design | loadgen advise - --json")]
pub(super) struct Args {
    /// A design, or a link to one
    file: String,
    /// Try each mend: simulate the design with it and without it
    #[arg(long)]
    verify: bool,
    /// What the chance of the trials comes from
    #[arg(long, default_value_t = 1, requires = "verify")]
    seed: u64,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Advice {
    findings: Vec<Found>,
    bill: Bill,
    dollars_a_month: f64,
}

#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    finding: Finding,
    verdict: Option<Verdict>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let document = input::design(&args.file)?;
    let plan = input::check(&args.file, &document)?;
    let findings = advise::findings(&plan, &document).into_iter().map(|finding| {
        // What cannot be tried has no verdict: there is no mend, or nothing to see it by.
        let verdict =
            args.verify.then(|| advise::verify(&document, &finding, Seed(args.seed)).ok()).flatten();
        Found { finding, verdict }
    });
    let bill = cost::cost(&plan, None);
    let advice = Advice { findings: findings.collect(), dollars_a_month: bill.total(), bill };
    if args.json {
        return print_json(&advice);
    }
    let mut text = estimate(&plan, &analytic::solve(&plan));
    text.push_str(&weaknesses(&advice.findings));
    text.push_str(&costs(&advice));
    print(&text)
}

fn estimate(plan: &Plan, estimate: &Estimate) -> String {
    let mut text = String::from("Estimate, by formulas\n");
    for (class, of) in plan.classes.iter().zip(&estimate.classes) {
        let response = match &of.response {
            Some(r) => {
                format!("mean {:.1} ms, p50 {:.1} ms, p99 {:.1} ms", r.mean * 1e3, r.p50 * 1e3, r.p99 * 1e3)
            }
            None => "saturated: waits have no limit".to_owned(),
        };
        writeln!(text, "  {:<20} {:>9.1}/s  {response}", class.name, of.rate)
            .expect("a string takes every text");
    }
    for (node, of) in plan.nodes.iter().zip(&estimate.nodes) {
        let Some(utilization) = of.utilization else { continue };
        let hits = of.hit_ratio.map_or(String::new(), |share| format!(", hit ratio {:.1} %", share * 1e2));
        writeln!(text, "  {:<20} {:>9.1}/s  busy {:.0} %{hits}", node.id, of.rate, utilization * 1e2)
            .expect("a string takes every text");
    }
    if let Some(bottleneck) = &estimate.bottleneck {
        let id = &plan.nodes[bottleneck.node].id;
        writeln!(
            text,
            "  {id} saturates first: at {:.0}/s, {:.2} times the load",
            bottleneck.rate, bottleneck.scale
        )
        .expect("a string takes every text");
    }
    let mut assumed: Vec<String> = estimate
        .classes
        .iter()
        .flat_map(|class| &class.assumptions)
        .chain(estimate.nodes.iter().flat_map(|node| &node.assumptions))
        .map(ToString::to_string)
        .collect();
    assumed.sort();
    assumed.dedup();
    for sentence in assumed {
        writeln!(text, "  not kept: {sentence}").expect("a string takes every text");
    }
    text
}

fn weaknesses(findings: &[Found]) -> String {
    let mut text = String::from("\nFindings, the worst first\n");
    if findings.is_empty() {
        text.push_str("  none\n");
    }
    for Found { finding, verdict } in findings {
        writeln!(text, "  {}: {}", finding.kind.title(), finding.sentence)
            .expect("a string takes every text");
        if let Some(mend) = &finding.mend {
            writeln!(text, "    mend: {}", mend.sentence).expect("a string takes every text");
        }
        if let Some(verdict) = verdict {
            writeln!(text, "    tried: {}", verdict.sentence).expect("a string takes every text");
        }
    }
    text
}

fn costs(advice: &Advice) -> String {
    let mut text = String::from("\nDollars a month\n");
    for line in &advice.bill.lines {
        let item = line.item;
        writeln!(
            text,
            "  {:<20} {:<24} {:>12.1} {:<8} {:>10.2}",
            line.id,
            item.title(),
            line.amount,
            item.unit(),
            line.dollars
        )
        .expect("a string takes every text");
    }
    writeln!(text, "  {:<67} {:>10.2}", "in all", advice.dollars_a_month).expect("a string takes every text");
    for sentence in &advice.bill.assumptions {
        writeln!(text, "  assumed: {sentence}").expect("a string takes every text");
    }
    text
}
