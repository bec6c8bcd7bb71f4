//! Deaths, restarts, stalls and timeouts in any order: afterwards nothing is left, and everything works as if it were new.
use crate::design::{assert_share, at, design, edges, node, run_on};
use loadpath_core::rng::Seed;
use loadpath_core::sim::{Command, Simulation};
use loadpath_core::time::Span;
use loadpath_core::topology::Plan;
use proptest::prelude::*;

const POLICIES: [&str; 8] = [
    "round_robin",
    "least_connections",
    "power_of_two",
    "hash_ring",
    "weighted",
    "peak_ewma",
    "bounded_ring",
    "random",
];
const EDGES: [&str; 8] = [
    "",
    "timeout=15ms",
    "timeout=15ms retries=3 backoff=2ms",
    "retries=2 backoff=0s connections=4",
    "hedge_after=5ms timeout=30ms connections=8",
    "breaker=0.5 breaker_open=100ms timeout=20ms hedge_after=3ms retries=1 backoff=1ms",
    "connections=1 retry_budget=0.1 retries=2 backoff=1ms",
    "latency=8ms timeout=10ms retries=4 backoff=5ms",
];
/// Whom something may happen to, and how many instances it has.
const TARGETS: [(&str, u16); 4] = [("lb", 2), ("web", 3), ("side", 1), ("back", 2)];

#[derive(Clone, Debug)]
enum Deed {
    Kill(usize, u16),
    Restore(usize, u16),
    Slow(usize, u16, f64),
    Rate(f64),
    Deploy(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let one = || (0..TARGETS.len(), 0u16..3);
    prop_oneof![
        3 => one().prop_map(|(node, instance)| Deed::Kill(node, instance)),
        3 => one().prop_map(|(node, instance)| Deed::Restore(node, instance)),
        1 => (one(), 0.1f64..20.0).prop_map(|((node, instance), factor)| Deed::Slow(node, instance, factor)),
        1 => (50.0f64..2_000.0).prop_map(Deed::Rate),
        1 => (0usize..2).prop_map(Deed::Deploy),
    ]
}

fn command(deed: &Deed) -> Command {
    let of = |node: usize, instance: u16| (TARGETS[node].0.to_owned(), instance % TARGETS[node].1);
    match *deed {
        Deed::Kill(node, instance) => {
            let (node, instance) = of(node, instance);
            Command::Kill { node, instance }
        }
        Deed::Restore(node, instance) => {
            let (node, instance) = of(node, instance);
            Command::Restore { node, instance }
        }
        Deed::Slow(node, instance, factor) => {
            let (node, instance) = of(node, instance);
            Command::Slow { node, instance: Some(instance), factor }
        }
        Deed::Rate(rate) => Command::SetRate { rate },
        Deed::Deploy(node) => Command::Deploy { node: TARGETS[node].0.to_owned(), pause_ns: 50_000_000 },
    }
}

fn layered(policy: &str, [first, second, third]: [&str; 3], order: &str) -> Plan {
    let nodes = format!(
        r#"{{"id": "users", "kind": "clients", "timeout": "100ms"}},
           {{"id": "lb", "kind": "load_balancer", "instances": 2, "policy": "{policy}", "check_interval": "20ms",
             "eject_after": 3}},
           {{"id": "web", "kind": "service", "instances": 3, "workers": 4, "queue": 20, "queue_order": "{order}",
             "service_time": "exp 2ms"}},
           {{"id": "side", "kind": "service", "workers": 8, "cores": 1, "queue": 20, "service_time": "exp 1ms",
             "pause": "1ms", "deadlines": "on", "start_time": "10ms"}},
           {{"id": "back", "kind": "service", "instances": 2, "workers": 4, "queue": 10, "service_time": "exp 2ms"}}"#
    );
    let links = format!(
        "users>lb {first}, lb>web {second}, lb>side {second}, web>back {third} calls=1.5 mode=parallel, side>back {third}"
    );
    design(&nodes, &edges(&links), r#""rate": "500/s""#, "")
}

fn all_up(simulation: &mut Simulation) {
    for (node, instances) in TARGETS {
        for instance in 0..instances {
            for command in [
                Command::Restore { node: node.to_owned(), instance },
                Command::Slow { node: node.to_owned(), instance: Some(instance), factor: 1.0 },
            ] {
                simulation.command(&command).expect("the node and the instance are there");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_left_of_calls_after_any_deaths_and_restarts(
        deeds in prop::collection::vec((1u64..40_000, deed()), 1..40),
        policy in prop::sample::select(POLICIES.to_vec()),
        links in prop::array::uniform3(prop::sample::select(EDGES.to_vec())),
        order in prop::sample::select(vec!["fifo", "lifo", "priority", "codel"]),
        seed in 0u64..1_000_000,
    ) {
        let mut simulation = Simulation::new(&layered(policy, links, order), Seed(seed));
        for (micros, deed) in &deeds {
            simulation.run_until(simulation.now() + Span::from_micros(*micros));
            simulation.command(&command(deed)).expect("the node and the instance are there");
        }
        // What was begun ends: a deployment takes each instance away for 50 ms. Where a thousand calls wait for one connection,
        // each for several timeouts, that takes some minutes.
        simulation.command(&Command::SetRate { rate: 1e-6 }).expect("a rate above zero");
        simulation.run_until(simulation.now() + Span::from_millis(60_000));
        all_up(&mut simulation);
        for _ in 0..60 {
            simulation.run_until(simulation.now() + Span::from_millis(60_000));
            if simulation.snapshot().nodes.iter().all(|node| node.in_flight == 0) {
                break;
            }
        }
        for node in &simulation.snapshot().nodes {
            prop_assert_eq!((node.in_flight, node.backlog), (0, 0), "{}", node.id);
            prop_assert!(node.up.iter().all(|&up| up), "{}", node.id);
        }
        // An edge whose timeout is shorter than its way never has an answer.
        let always_late = links.iter().any(|link| link.contains("latency=8ms"));
        // And it works as before: workers, connections, breakers and health are all there. One request in ten milliseconds
        // finds everybody idle, but for one in a thousand that is slow by chance.
        simulation.command(&Command::SetRate { rate: 100.0 }).expect("a rate above zero");
        simulation.run_until(simulation.now() + Span::from_millis(3_000));
        let run = run_on(&mut simulation, 3.0);
        prop_assert!(run.outcomes().total() > 200, "300 requests come: {:?}", run.outcomes());
        if !always_late {
            prop_assert!(run.outcomes().error_share() < 0.2, "{:?}", run.outcomes());
        }
    }
}

/// Four equal targets on two nodes, behind two balancers that count who has the fewest requests.
fn twins(policy: &str) -> Plan {
    let twin = |id| {
        format!(
            r#"{{"id": "{id}", "kind": "service", "instances": 2, "workers": 4, "queue": 20, "service_time": "exp 5ms"}}"#
        )
    };
    let balancer = r#"{"id": "lb", "kind": "load_balancer", "instances": 2, "policy": "least_connections", "check_interval": "20ms"}"#;
    let nodes = format!("{balancer}, {}, {}", twin("web"), twin("back"));
    let links = format!("users>lb, lb>web {policy}, lb>back {policy}");
    design(&nodes, &edges(&links), r#""rate": "1000/s""#, "")
}

#[test]
fn least_connections_spreads_evenly_after_hundreds_of_deaths() {
    for (seed, policy) in (0..).zip(EDGES) {
        let mut simulation = Simulation::new(&twins(policy), Seed(seed));
        let mut chance = Seed(seed).stream("deeds");
        for _ in 0..300 {
            simulation.run_until(simulation.now() + Span(chance.below(40_000_000)));
            let node = ["lb", "web", "back"][chance.below(3) as usize].to_owned();
            let instance = chance.below(2) as u16;
            let kill = chance.below(2) == 0;
            let deed =
                if kill { Command::Kill { node, instance } } else { Command::Restore { node, instance } };
            simulation.command(&deed).expect("the node and the instance are there");
        }
        for node in ["lb", "web", "back"] {
            for instance in 0..2 {
                let restore = Command::Restore { node: node.to_owned(), instance };
                simulation.command(&restore).expect("the node and the instance are there");
            }
        }
        simulation.command(&Command::SetRate { rate: 50.0 }).expect("a rate above zero");
        simulation.run_until(at(simulation.now().as_secs() + 60.0));
        let run = run_on(&mut simulation, 100.0);
        // A count that leaked would keep requests away from its target for ever. Two of four equals get half, more evenly than
        // by a coin.
        let (web, back) = (node(&run, "web").outcomes.total(), node(&run, "back").outcomes.total());
        assert_share(web, web + back, 0.5);
    }
}
