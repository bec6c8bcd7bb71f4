//! Hidden truth, found again: parameters are changed, the changed design is simulated at several loads, and the original document
//! is fitted to that.
use super::*;
use crate::compare::{Fidelity, fidelity};
use crate::sim::simulate;
use crate::time::Span;
use crate::topology::three_tier;
use crate::{analytic, dist::Law};

const SEEDS: [u64; 3] = [11, 12, 13];

fn set(document: &mut Topology, node: &str, name: &str, value: &str) {
    let node = document.nodes.iter_mut().find(|it| it.id == node).unwrap();
    let value = value.parse::<f64>().map_or_else(|_| Value::from(value), Value::from);
    node.params.insert(name.to_owned(), value);
}

fn latency(document: &mut Topology, to: &str, value: &str) {
    let edge = document.edges.iter_mut().find(|it| it.to == to).unwrap();
    edge.params.insert("latency".to_owned(), value.into());
}

fn at(document: &Topology, rate: f64, seed: u64) -> Run {
    let plan = fit::plan_at(document, rate).unwrap();
    simulate(&plan, Seed(seed), Span::from_millis(3_000), Span::from_millis(15_000))
}

fn ramp(truth: &Topology, rates: [f64; 3]) -> Vec<Run> {
    rates.iter().zip(SEEDS).map(|(&rate, seed)| at(truth, rate, seed)).collect()
}

fn fit(document: &Topology, runs: &[Run]) -> Calibration {
    let observed: Vec<Observed> =
        runs.iter().zip(SEEDS).map(|(run, seed)| Observed { run, seed: Seed(seed) }).collect();
    calibrate(document, &observed).unwrap()
}

fn law(found: &Calibration, of: &str, name: &str) -> Law {
    let parameter = found.parameters.iter().find(|it| it.of == of && it.name == name);
    parameter.unwrap_or_else(|| panic!("{of} {name}: {:?}", found.parameters)).after.parse().unwrap()
}

fn near(found: Span, truth: &str, tolerance: f64) {
    let truth: Span = truth.parse().unwrap();
    let off = found.as_secs() / truth.as_secs() - 1.0;
    assert!(off.abs() < tolerance, "{found} for {truth}");
}

fn agreement(document: &Topology, rate: f64, measured: &Run) -> Fidelity {
    let plan = fit::plan_at(document, rate).unwrap();
    // Other chance than the measurement: a prediction does not know it.
    let simulated = simulate(&plan, Seed(99), measured.warm_up, measured.duration);
    fidelity(&plan, &analytic::solve(&plan), &[simulated], std::slice::from_ref(measured))
}

#[test]
fn hidden_laws_network_and_skew_are_found_and_predict_a_load_that_was_not_measured() {
    let mut truth = three_tier();
    set(&mut truth, "web", "service_time", "exp 11ms");
    // Half as long again as the document says, and more varied.
    set(&mut truth, "db", "read_time", "lognormal 6ms p99 36ms");
    set(&mut truth, "db", "write_time", "lognormal 9ms p99 54ms");
    set(&mut truth, "cache", "service_time", "250us");
    latency(&mut truth, "cache", "400us");
    for class in &mut truth.workload.classes {
        class.params.insert("skew".to_owned(), 1.05.into());
    }
    let found = fit(&three_tier(), &ramp(&truth, [200.0, 500.0, 800.0]));
    // Some 25,000 calls of a cv of one or less: 2 % is three standard errors; the database is called a quarter as often.
    near(law(&found, "web", "service_time").mean(), "11ms", 0.02);
    near(law(&found, "db", "read_time").mean(), "6ms", 0.04);
    near(law(&found, "db", "write_time").mean(), "9ms", 0.04);
    near(law(&found, "cache", "service_time").mean(), "250us", 0.03);
    let network = found.parameters.iter().find(|it| it.of == "web to cache").unwrap();
    near(network.after.parse().unwrap(), "400us", 0.05);
    let skew = found.parameters.iter().find(|it| it.name == "skew").unwrap();
    let skew: f64 = skew.after.parse().unwrap();
    // A hundredth of skew is half a percent of hits here.
    assert!((skew - 1.05).abs() < 0.03, "{skew}");
    assert!(found.contention.is_empty(), "{:?}", found.contention);

    let measured = at(&truth, 1_000.0, 21);
    let before = agreement(&three_tier(), 1_000.0, &measured).simulated_score.unwrap();
    let after = agreement(&found.document_at(&three_tier(), 1_000.0), 1_000.0, &measured);
    let after = after.simulated_score.unwrap();
    assert!(before < 50.0 && after > 75.0, "{before} before, {after} after: {:?}", found.parameters);
}

#[test]
fn what_was_learnt_of_one_design_predicts_another() {
    let mut truth = three_tier();
    set(&mut truth, "web", "service_time", "exp 13ms");
    let found = fit(&three_tier(), &ramp(&truth, [150.0, 400.0, 700.0]));
    let grown = |document: &Topology| {
        let mut document = document.clone();
        set(&mut document, "web", "instances", "4");
        document
    };
    let measured = at(&grown(&truth), 1_400.0, 5);
    let before = agreement(&grown(&three_tier()), 1_400.0, &measured).simulated_score.unwrap();
    let document = found.document_at(&grown(&three_tier()), 1_400.0);
    let after = agreement(&document, 1_400.0, &measured).simulated_score.unwrap();
    assert!(before < 60.0 && after > 75.0, "{before} before, {after} after");
}

#[test]
fn hidden_workers_are_found_where_the_load_shows_them() {
    let mut truth = three_tier();
    set(&mut truth, "web", "workers", "3");
    let found = fit(&three_tier(), &ramp(&truth, [150.0, 300.0, 450.0]));
    let workers = found.parameters.iter().find(|it| it.of == "web" && it.name == "workers");
    let workers = workers.unwrap_or_else(|| panic!("{:?}", found.parameters));
    assert_eq!(workers.after, "3");
    near(law(&found, "web", "service_time").mean(), "8ms", 0.03);
}

#[test]
fn what_a_low_load_cannot_tell_is_said_and_a_high_load_tells_it() {
    let of_web = |found: &Calibration| -> Vec<Unknown> {
        found.unknown.iter().filter(|it| it.of == "web").cloned().collect()
    };
    // At most 27 % busy: nobody waits for a worker, and nobody has looked at the workers.
    let mut runs = ramp(&three_tier(), [100.0, 200.0, 400.0]);
    runs.iter_mut().flat_map(|run| &mut run.nodes).for_each(|node| node.utilization = None);
    let unknown = of_web(&fit(&three_tier(), &runs));
    assert!(unknown.iter().any(|it| it.parameters.contains(&"workers".to_owned())), "{unknown:?}");
    let apart = unknown
        .iter()
        .find(|it| it.sentence.contains("service time and network of \"web\" cannot be told apart"));
    assert!(apart.is_some_and(|it| it.sentence.contains("busy its workers")), "{unknown:?}");
    // With utilization and up to 85 %, all three are known.
    let found = fit(&three_tier(), &ramp(&three_tier(), [400.0, 900.0, 1_300.0]));
    assert_eq!(of_web(&found), []);
}

#[test]
fn a_design_that_is_as_its_document_says_stays_as_it_is() {
    let found = fit(&three_tier(), &ramp(&three_tier(), [300.0, 700.0, 1_100.0]));
    for parameter in &found.parameters {
        assert_eq!(parameter.before, parameter.after, "{parameter:?}");
    }
    assert_eq!(found.document(&three_tier()), three_tier());
}

/// Half of the lookups are answered at once and half take ten times as long, so that the median is neither; the database is busy.
#[test]
fn a_cache_that_answers_in_two_ways_is_not_taken_for_a_slow_network() {
    let text = r#"{"loadpath": 1, "nodes": [
        {"id": "users", "kind": "clients", "timeout": "20s"},
        {"id": "web", "kind": "service", "workers": 64, "service_time": "exp 10ms"},
        {"id": "cache", "kind": "cache", "capacity": 1000},
        {"id": "db", "kind": "database", "connections": 3, "read_time": "erlang 2 40ms"}],
      "edges": [{"from": "users", "to": "web"}, {"from": "web", "to": "cache"}, {"from": "cache", "to": "db"}],
      "workload": {"rate": "100/s", "classes": [{"name": "read", "keys": 8000, "skew": 0.9}]}}"#;
    let document = Topology::from_json(text).unwrap();
    let mut truth = document.clone();
    set(&mut truth, "web", "service_time", "exp 11ms");
    set(&mut truth, "db", "read_time", "erlang 2 42ms");
    let found = fit(&document, &ramp(&truth, [50.0, 80.0, 100.0]));
    near(law(&found, "db", "read_time").mean(), "42ms", 0.02);
    near(law(&found, "web", "service_time").mean(), "11ms", 0.03);
    for edge in found.parameters.iter().filter(|it| it.name == "latency") {
        // A fiftieth of the database's time: what percentiles of a few thousand calls say.
        assert!(edge.after.parse::<Span>().unwrap() < Span::from_millis(1), "{edge:?}");
    }
}

#[test]
fn work_that_grows_with_the_load_is_contention() {
    // Each load has a design of its own: 6 %, 15 % and 24 % longer work.
    let rates = [300.0, 600.0, 900.0];
    let runs: Vec<Run> = rates
        .iter()
        .zip(SEEDS)
        .map(|(&rate, seed)| {
            let mut truth = three_tier();
            set(&mut truth, "web", "service_time", &format!("exp {}us", 8_000.0 * (0.97 + rate / 3_333.0)));
            at(&truth, rate, seed)
        })
        .collect();
    let found = fit(&three_tier(), &runs);
    let [web] = found.contention.as_slice() else { panic!("{:?}", found.contention) };
    assert!(web.node == "web" && web.sigma > 0.0 && web.half_width < web.sigma, "{web:?}");
    // At 1,200/s the line goes on: 8 ms · 1.33.
    let document = found.document_at(&three_tier(), 1_200.0);
    let time = document.node("web").unwrap().params["service_time"].to_string();
    near(time.parse::<Law>().unwrap().mean(), "10.64ms", 0.03);
}

#[test]
fn bad_input_is_refused_with_a_sentence() {
    let refused = |document: &Topology, runs: &[Run]| {
        let observed: Vec<Observed> = runs.iter().map(|run| Observed { run, seed: Seed(1) }).collect();
        calibrate(document, &observed).unwrap_err().to_string()
    };
    assert!(refused(&three_tier(), &[]).contains("no run with enough good answers"));
    assert!(refused(&Topology::new("empty"), &[]).contains("faulty"));
    let mut other = three_tier();
    other.nodes[2].id = "app".into();
    for edge in &mut other.edges {
        for id in [&mut edge.from, &mut edge.to] {
            if id == "web" {
                *id = "app".into();
            }
        }
    }
    assert!(refused(&other, &[at(&three_tier(), 100.0, 1)]).contains("another design"));
    let mut closed = three_tier();
    closed.workload.params.insert("arrivals".to_owned(), "closed".into());
    assert!(refused(&closed, &[at(&three_tier(), 100.0, 1)]).contains("closed"));
    // Three times what it can carry: most is refused.
    assert!(refused(&three_tier(), &[at(&three_tier(), 5_000.0, 1)]).contains("measure lower loads"));
}
