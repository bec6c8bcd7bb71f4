//! What must be the same: two runs of a document, a design with something beside it, a request and its trace; and Little's law.
use crate::design::{at, design, edges, node, run};
use loadpath_core::rng::Seed;
use loadpath_core::run::{Outcome, Run};
use loadpath_core::sim::{Command, Hop, Simulation, Trace, trace};
use loadpath_core::stats::Moments;
use loadpath_core::topology::Plan;

const NODES: &str = r#"{"id": "users", "kind": "clients", "timeout": "1s"},
    {"id": "lb", "kind": "load_balancer", "policy": "power_of_two", "instances": 2},
    {"id": "web", "kind": "service", "instances": 3, "workers": 16, "cores": 2, "service_time": "exp 4ms", "pause": "1ms"},
    {"id": "cache", "kind": "cache", "capacity": 2000},
    {"id": "db", "kind": "database", "replicas": 1},
    {"id": "pay", "kind": "external", "service_time": "lognormal 20ms p99 90ms", "error_share": 0.05},
    {"id": "line", "kind": "queue"},
    {"id": "crew", "kind": "workers", "service_time": "exp 5ms"},
    {"id": "mail", "kind": "external", "service_time": "exp 30ms"}"#;
const LINKS: &str = "users>lb latency=5ms, lb>web latency=200us, web>cache latency=100us, web>db latency=300us connections=10,
    web>pay latency=3ms timeout=60ms retries=2 backoff=5ms hedge_after=40ms breaker=0.9,
    web>line latency=100us, line>crew latency=100us, crew>mail mode=parallel calls=1.5";
const WORKLOAD: &str = r#""rate": "250/s", "users": 5000, "classes": [{"name": "read", "weight": 3, "keys": 20000},
    {"name": "write", "operation": "write", "keys": 20000}, {"name": "work", "operation": "job"}]"#;

/// A bit of everything.
fn mixed(more: &str) -> Plan {
    design(&format!("{NODES}{more}"), &edges(LINKS), WORKLOAD, "")
}

#[test]
fn the_same_document_and_seed_give_the_same_run_however_it_is_cut_into_steps() {
    let plan = mixed("");
    let digest = |seed: u64, step: f64| {
        let mut simulation = Simulation::new(&plan, Seed(seed));
        let mut now = 0.0;
        while now < 20.0 {
            now += step;
            simulation.run_until(at(now));
            drop(simulation.snapshot());
        }
        simulation.run_until(at(21.0));
        simulation.digest()
    };
    assert_eq!(digest(1, 20.0), digest(1, 0.125));
    assert_ne!(digest(1, 20.0), digest(2, 20.0));
}

#[test]
fn commands_at_the_same_instants_give_the_same_run_and_a_copy_goes_its_own_way() {
    let plan = mixed("");
    let kill = Command::Kill { node: "web".to_owned(), instance: 1 };
    let mut one = Simulation::new(&plan, Seed(3));
    one.run_until(at(5.0));
    let mut untouched = one.clone();
    let mut other = one.clone();
    one.command(&kill).expect("there are three");
    one.run_until(at(15.0));
    other.run_until(at(5.0));
    other.command(&kill).expect("there are three");
    other.run_until(at(15.0));
    untouched.run_until(at(15.0));
    assert_eq!(one.digest(), other.digest());
    assert_ne!(one.digest(), untouched.digest());
    let mut fresh = Simulation::new(&plan, Seed(3));
    fresh.run_until(at(15.0));
    assert_eq!(fresh.digest(), untouched.digest());
}

#[test]
fn a_node_that_nobody_calls_changes_nothing() {
    let beside = r#", {"id": "island", "kind": "service"}, {"id": "reef", "kind": "cache"}, {"id": "eye", "kind": "monitoring"}"#;
    let (alone, with) = (run(&mixed(""), 4, 20), run(&mixed(beside), 4, 20));
    assert_eq!(alone.classes, with.classes);
    assert_eq!(alone.nodes[..], with.nodes[..alone.nodes.len()]);
    assert_eq!(alone.series, with.series);
    assert_eq!(node(&with, "island").outcomes.total(), 0);
}

#[test]
fn the_order_in_which_nodes_are_written_changes_no_arrival() {
    // Streams are found by name: the same requests are sent, though the nodes are numbered otherwise.
    let turned: Vec<String> =
        NODES.rsplit("},\n").map(|node| format!("{}}}", node.trim_end_matches('}'))).collect();
    let other = design(&turned.join(", "), &edges(LINKS), WORKLOAD, "");
    let offered = |run: &Run| run.series.iter().map(|second| second.offered).collect::<Vec<_>>();
    assert_eq!(offered(&run(&mixed(""), 5, 20)), offered(&run(&other, 5, 20)));
}

#[test]
fn a_new_rate_holds_from_now_on_and_not_from_the_next_request() {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "1ms", "workers": 100}"#;
    for arrivals in ["poisson", "constant", "bursty"] {
        let workload = format!(r#""rate": "1000/s", "arrivals": "{arrivals}""#);
        let mut simulation = Simulation::new(&design(nodes, &edges("users>web"), &workload, ""), Seed(9));
        simulation.run_until(at(1.0));
        simulation.command(&Command::SetRate { rate: 1e-6 }).expect("a rate above zero");
        simulation.run_until(at(100.0));
        let before = simulation.snapshot().total.ok;
        simulation.command(&Command::SetRate { rate: 1_000.0 }).expect("a rate above zero");
        simulation.run_until(at(110.0));
        // Ten seconds of a thousand a second; the count of bursty arrivals has a variance of 8 times Poisson's.
        let came = (simulation.snapshot().total.ok - before) as f64;
        assert!((came - 10_000.0).abs() < 4.0 * (8.0f64 * 10_000.0).sqrt(), "{arrivals}: {came}");
    }
}

/// Checks that hops are nested in time, as far as they are waited for.
fn assert_nested(trace: &Trace) {
    for (i, hop) in trace.hops.iter().enumerate() {
        let (sent, answered) = (hop.sent_ns, hop.answered_ns.expect("a trace that is over has no open hop"));
        let arrived = hop.arrived_ns.unwrap_or(sent);
        assert!(sent <= arrived && arrived + hop.wait_ns <= answered, "hop {i} of {trace:?}");
        let Some(parent) = hop.parent else { continue };
        assert!(parent < i, "hop {i} of {trace:?}");
        let above: &Hop = &trace.hops[parent];
        let began = above.arrived_ns.expect("who calls was reached") + above.wait_ns;
        assert!(began <= sent, "hop {i} was sent before its caller began: {trace:?}");
    }
}

#[test]
fn a_traced_request_is_one_of_the_run_and_its_hops_lie_within_one_another() {
    let plan = mixed("");
    let mut whole = Simulation::new(&plan, Seed(6));
    whole.run_until(at(10.0));
    let digest = whole.digest();
    let run = whole.run("");
    let all = run.response();
    let mut depths = Vec::new();
    for number in (0..2_000).step_by(40) {
        let found = trace(&plan, Seed(6), number, at(10.0)).expect("2,500 requests are sent in ten seconds");
        assert_eq!(found.request, number);
        assert_eq!(found, trace(&plan, Seed(6), number, at(10.0)).expect("it was there before"));
        assert_nested(&found);
        depths.push(found.hops.len());
        let response = found.response().expect("it has been answered");
        // Its length lies in a bucket of the run that is not empty: the histogram's are 0.1 % wide.
        let close = |at: f64| (at - response.as_secs()).abs() <= 0.001 * at + 1e-6;
        let given_up = response.as_secs() >= 1.0;
        assert!(
            given_up || all.buckets().any(|(at, _)| close(at.as_secs())),
            "{response:?} is not in the run"
        );
        // Every call that was waited for, one after the other, is within the request.
        let first = &found.hops[0];
        let within = |hop: &&Hop| hop.parent == Some(0);
        let inside: u64 =
            found.hops.iter().filter(within).map(|hop| hop.answered_ns.unwrap_or(0) - hop.sent_ns).sum();
        assert!(
            inside <= first.answered_ns.unwrap_or(0) - first.sent_ns,
            "a balancer makes one call: {found:?}"
        );
    }
    assert!(depths.iter().any(|&hops| hops >= 5), "some requests go deep: {depths:?}");
    // Following a request changes nothing.
    let mut followed = Simulation::new(&plan, Seed(6));
    followed.follow(77);
    followed.run_until(at(10.0));
    assert_eq!(followed.digest(), digest);
}

#[test]
fn a_traced_retry_shows_both_attempts() {
    let nodes = r#"{"id": "web", "kind": "service", "service_time": "1ms", "workers": 10},
        {"id": "party", "kind": "external", "service_time": "2ms", "error_share": 1}"#;
    let links = edges("users>web, web>party retries=1 backoff=10ms jitter=none latency=1ms");
    let plan = design(nodes, &links, r#""rate": "10/s""#, "");
    let found = trace(&plan, Seed(7), 3, at(10.0)).expect("a hundred are sent");
    let hops: Vec<_> = found.hops.iter().map(|hop| (hop.node.as_str(), hop.parent, hop.outcome)).collect();
    let failed = Some(Outcome::Failed);
    assert_eq!(hops, [("web", None, failed), ("party", Some(0), failed), ("party", Some(0), failed)]);
    let start = found.hops[0].sent_ns;
    let sent: Vec<u64> = found.hops.iter().map(|hop| (hop.sent_ns - start) / 1_000_000).collect();
    // After a millisecond of work; then after 2 + 2 ms of call and 10 ms of backoff.
    assert_eq!(sent, [0, 1, 15]);
    assert_eq!(found.response().map(|span| span.0), Some(19_000_000));
}

#[test]
fn littles_law_holds_at_every_node() {
    // No client gives up, so that calls end when their callers see it; messages are measured from when they were published.
    let plan = mixed("");
    let (step, batch, batches) = (0.05, 200, 20);
    let mut simulation = Simulation::new(&plan, Seed(8));
    simulation.run_until(at(10.0));
    simulation.reset_statistics();
    let mut levels = vec![Moments::default(); plan.nodes.len()];
    for number in 0..batches {
        let mut sums = vec![0.0; plan.nodes.len()];
        for i in 1..=batch {
            simulation.run_until(at(10.0 + f64::from(number * batch + i) * step));
            let nodes = simulation.snapshot().nodes;
            sums.iter_mut().zip(&nodes).for_each(|(sum, node)| *sum += node.in_flight as f64);
        }
        levels.iter_mut().zip(&sums).for_each(|(level, sum)| level.add(sum / f64::from(batch)));
    }
    let run = simulation.run("");
    for (node, level) in run.nodes.iter().zip(&levels) {
        if node.outcomes.total() == 0 || ["users", "crew"].contains(&node.id.as_str()) {
            continue;
        }
        let by_law = node.outcomes.total() as f64 / run.duration.as_secs() * node.response.mean().as_secs();
        let seen = level.interval(0.999).expect("there are twenty batches");
        // The histograms of nodes are good to 0.8 %.
        let most = seen.half_width + 0.008 * by_law;
        assert!((seen.value - by_law).abs() <= most, "{}: {seen:?}, not {by_law}", node.id);
        assert!(most < 0.15 * by_law + 0.01, "{}: {seen:?} says too little", node.id);
    }
}
