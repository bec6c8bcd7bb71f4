//! Services that keep sessions in memory.
use crate::design::{at, counted, design, edges, node, run_on};
use loadpath_core::rng::Seed;
use loadpath_core::sim::{Command, Simulation};
use loadpath_core::topology::Plan;

const USERS: u64 = 1_000;

/// A balancer before instances that keep the sessions of a thousand users; each sends once a second.
fn stateful(sticky: &str, instances: u32) -> Plan {
    let nodes = format!(
        r#"{{"id": "lb", "kind": "load_balancer", "sticky": "{sticky}", "service_time": "0s"}},
           {{"id": "web", "kind": "service", "instances": {instances}, "sessions": "memory", "workers": 64,
             "service_time": "1ms"}}"#
    );
    let workload =
        format!(r#""rate": "{USERS}/s", "users": {USERS}, "classes": [{{"name": "page", "session": "on"}}]"#);
    design(&nodes, &edges("users>lb, lb>web"), &workload, "")
}

fn kill(instance: u16) -> Command {
    Command::Kill { node: "web".to_owned(), instance }
}

fn restore(instance: u16) -> Command {
    Command::Restore { node: "web".to_owned(), instance }
}

#[test]
fn a_sticky_balancer_keeps_users_until_their_instance_dies_and_then_each_loses_one_session() {
    let mut simulation = Simulation::new(&stateful("on", 4), Seed(1));
    let before = run_on(&mut simulation, 20.0);
    assert_eq!((counted(&before, "web", "lost_sessions"), before.outcomes().errors()), (0, 0));
    simulation.command(&kill(2)).expect("there are four");
    let after = run_on(&mut simulation, 30.0);
    // New users take turns, so that a quarter of them is there to within what coins would do, 4 · sqrt(1000 · 3 / 16).
    let lost = counted(&after, "web", "lost_sessions");
    assert!(lost.abs_diff(USERS / 4) <= 55, "{lost}");
    // Besides, those who asked before the probes had found it out were refused: two probes, two seconds, a quarter of 2,000.
    let refused = after.outcomes().refused;
    assert!(refused.abs_diff(500) <= 4 * 23 || refused < 500, "{refused}");
    // A session that was lost was missed once.
    let later = run_on(&mut simulation, 20.0);
    assert_eq!((counted(&later, "web", "lost_sessions"), later.outcomes().errors()), (0, 0));
}

#[test]
fn without_stickiness_a_session_is_lost_as_often_as_another_instance_is_asked() {
    let mut simulation = Simulation::new(&stateful("off", 4), Seed(2));
    // Everybody has been here: a thousand users with twenty requests each, of whom e^-20 have not.
    simulation.run_until(at(20.0));
    let run = run_on(&mut simulation, 20.0);
    // Turns are taken by all users together: to each of them an instance is as good as random.
    crate::design::assert_share(counted(&run, "web", "lost_sessions"), run.outcomes().total(), 0.75);
    assert_eq!(run.outcomes().failed, counted(&run, "web", "lost_sessions"));
}

#[test]
fn a_restart_loses_all_sessions_of_a_single_instance_though_its_users_come_back_to_it() {
    let mut simulation = Simulation::new(&stateful("on", 1), Seed(3));
    simulation.run_until(at(20.0));
    simulation.command(&kill(0)).expect("there is one");
    simulation.command(&restore(0)).expect("there is one");
    let run = run_on(&mut simulation, 20.0);
    // All but e^-20 of a thousand were there before and come back after.
    assert_eq!(counted(&run, "web", "lost_sessions"), USERS);
}

#[test]
fn sessions_elsewhere_survive_any_death() {
    let nodes = r#"{"id": "lb", "kind": "load_balancer", "check_interval": "10ms", "fall": 1},
        {"id": "web", "kind": "service", "instances": 4, "workers": 64, "service_time": "1ms"}"#;
    let workload = r#""rate": "1000/s", "users": 1000, "classes": [{"name": "page", "session": "on"}]"#;
    let mut simulation = Simulation::new(&design(nodes, &edges("users>lb, lb>web"), workload, ""), Seed(4));
    simulation.run_until(at(10.0));
    simulation.command(&kill(0)).expect("there are four");
    let run = run_on(&mut simulation, 10.0);
    assert_eq!((counted(&run, "web", "lost_sessions"), run.outcomes().failed), (0, 0));
}

#[test]
fn who_sticks_leaves_an_instance_that_comes_later_idle() {
    let shares = |sticky: &str| {
        let mut simulation = Simulation::new(&stateful(sticky, 2), Seed(5));
        simulation.command(&kill(1)).expect("there are two");
        simulation.run_until(at(20.0));
        simulation.command(&restore(1)).expect("there are two");
        simulation.run_until(at(40.0));
        simulation.snapshot().nodes[2].busy.clone()
    };
    // All users were there before: the new instance has nobody, or half of all.
    let (stuck, free) = (shares("on"), shares("off"));
    assert!(stuck[1] < 0.01 * stuck[0], "{stuck:?}");
    // Of a thousand a second who find their session or not, those who do are worked on: five hundred in two seconds.
    assert!((free[1] / free[0] - 1.0).abs() < 4.0 * (2.0f64 / 500.0).sqrt(), "{free:?}");
}

#[test]
fn a_class_without_a_session_never_misses_one() {
    let nodes = r#"{"id": "web", "kind": "service", "instances": 4, "sessions": "memory", "workers": 64, "service_time": "1ms"}"#;
    let workload = r#""rate": "100/s", "classes": [{"name": "with", "session": "on"}, {"name": "without"}], "users": 50"#;
    let mut simulation = Simulation::new(&design(nodes, &edges("users>web"), workload, ""), Seed(6));
    let run = run_on(&mut simulation, 50.0);
    assert_eq!(run.classes[1].outcomes.errors(), 0);
    assert_eq!(run.classes[0].outcomes.failed, counted(&run, "web", "lost_sessions"));
    assert!(node(&run, "web").outcomes.failed > 1_000, "three in four of 2,500");
}
