//! Designs from short texts, and what is asked of their runs.
use loadpath_core::run::{NodeRun, Run};
use loadpath_core::sim::{Simulation, simulate};
use loadpath_core::stats::{Estimate, Moments};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{Plan, Topology, check};
use loadpath_core::{rng::Seed, run::Outcomes};

/// The exact results that the whole product is held to.
const THEORY: &str = include_str!("../../../tests/data/theory.json");

/// What theory says about a case.
pub(crate) fn theory(case: &str, quantity: &str) -> f64 {
    let all: serde_json::Value = serde_json::from_str(THEORY).expect("the committed cases are JSON");
    let cases = all["cases"].as_array().expect("the cases are a list");
    let of = cases.iter().find(|of| of["id"] == case).unwrap_or_else(|| panic!("there is no case {case}"));
    of["expect"][quantity].as_f64().unwrap_or_else(|| panic!("{case} says nothing about {quantity}"))
}

/// A design from its nodes, its edges, its workload and the rest, each as it stands between the brackets of the document.
/// The clients are called users and wait for ten minutes at most, unless the design says otherwise; links take no time.
pub(crate) fn design(nodes: &str, edges: &str, workload: &str, rest: &str) -> Plan {
    let clients = if nodes.contains("clients") {
        String::new()
    } else {
        r#"{"id": "users", "kind": "clients", "timeout": "10m"},"#.to_owned()
    };
    let classes = if workload.contains("classes") { "" } else { r#", "classes": [{"name": "page"}]"# };
    let text = format!(
        r#"{{"loadpath": 1, "nodes": [{clients}{nodes}], "edges": [{edges}], "workload": {{{workload}{classes}}}{rest}}}"#
    );
    let document = Topology::from_json(&text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    check(&document).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"))
}

/// Edges without latency, as `"users>web, web>db calls=2 mode=parallel"`.
pub(crate) fn edges(text: &str) -> String {
    let one = |edge: &str| {
        let mut words = edge.split_whitespace();
        let (from, to) = words.next().and_then(|ends| ends.split_once('>')).expect("an edge is from>to");
        let latency = if edge.contains("latency=") { "" } else { r#", "latency": "0s""# };
        let params: String = words
            .map(|word| {
                let (name, value) = word.split_once('=').expect("a parameter is name=value");
                format!(r#", "{name}": "{value}""#)
            })
            .collect();
        format!(r#"{{"from": "{from}", "to": "{to}"{latency}{params}}}"#)
    };
    text.split(',').map(str::trim).map(one).collect::<Vec<_>>().join(", ")
}

/// Runs a design for so many seconds, a tenth of them before as warm-up.
pub(crate) fn run(plan: &Plan, seed: u64, seconds: u64) -> Run {
    let span = Span::from_millis(seconds * 1_000);
    simulate(plan, Seed(seed), Span(span.0 / 10), span)
}

/// So many seconds after the start.
pub(crate) fn at(seconds: f64) -> Time {
    Time::ZERO + Span::from_secs(seconds)
}

/// The record of so many seconds from now on.
pub(crate) fn run_on(simulation: &mut Simulation, seconds: f64) -> Run {
    simulation.reset_statistics();
    simulation.run_until(simulation.now() + Span::from_secs(seconds));
    simulation.run("")
}

/// What was seen of a node.
pub(crate) fn node<'a>(run: &'a Run, id: &str) -> &'a NodeRun {
    run.nodes.iter().find(|node| node.id == id).unwrap_or_else(|| panic!("the design has no node {id}"))
}

/// What was counted of a node.
pub(crate) fn counted(run: &Run, id: &str, counter: &str) -> u64 {
    node(run, id).counters.get(counter).copied().unwrap_or(0)
}

/// The share of good ends.
pub(crate) fn good(outcomes: &Outcomes) -> f64 {
    1.0 - outcomes.error_share()
}

/// The mean response of the first class lies where theory has it: within twice the half-width of the run's own 95 %
/// interval. That is an interval of more than 99.9 %, since it rests on at least 16 batches: Student's quantiles for 15
/// degrees of freedom are 2.13 and 4.07. And the run is long enough to say something: twice the half-width is within `most`
/// of the mean.
pub(crate) fn assert_mean(run: &Run, class: usize, seconds: f64, most: f64) {
    let mean = run.classes[class].mean.expect("the run is long enough for an interval");
    assert!(
        2.0 * mean.half_width <= most * seconds,
        "the run says too little: {} ± {}",
        mean.value,
        mean.half_width
    );
    let off = (mean.value - seconds).abs();
    assert!(off <= 2.0 * mean.half_width, "{} ± {}, not {seconds}", mean.value, mean.half_width);
}

/// A share of `n` independent cases is where it should be, within four standard deviations of the binomial law: one test in
/// 16,000 would fail by chance, and seeds are fixed.
pub(crate) fn assert_share(count: u64, n: u64, share: f64) {
    let (n, count) = (n as f64, count as f64);
    let deviation = (share * (1.0 - share) / n).sqrt();
    assert!(n > 0.0 && (count / n - share).abs() <= 4.0 * deviation, "{} of {n}, not {share}", count / n);
}

/// What replications with different seeds say about a number, at 99.9 %.
pub(crate) fn replicate(seeds: u64, of: impl Fn(u64) -> f64) -> Estimate {
    let mut moments = Moments::default();
    (1..=seeds).for_each(|seed| moments.add(of(seed)));
    moments.interval(0.999).expect("there are four replications or more")
}

/// A web tier that takes no time and calls one party by an edge with a policy.
pub(crate) fn calling(party: &str, policy: &str, rate: u32) -> Plan {
    let nodes = format!(
        r#"{{"id": "web", "kind": "service", "service_time": "0s", "workers": 4096, "queue": 100000}},
           {{"id": "party", "kind": "external", "concurrency": 100000, {party}}}"#
    );
    design(&nodes, &edges(&format!("users>web, web>party {policy}")), &format!(r#""rate": "{rate}/s""#), "")
}
