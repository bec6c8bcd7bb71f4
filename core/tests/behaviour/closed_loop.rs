//! Closed loops: users who wait for their answer and think, against exact mean value analysis and the machine repair model.
use crate::design::{assert_mean, design, edges, node, run, theory};

/// Stations one after the other, first come first served: balancers give their core back before they call.
fn in_line(stations: &[(u32, &str)], users: u32, think: &str) -> loadpath_core::topology::Plan {
    let last = stations.len() - 1;
    let one = |(i, &(servers, time)): (usize, &(u32, &str))| {
        let (kind, servers_are) = if i == last { ("service", "workers") } else { ("load_balancer", "cores") };
        format!(
            r#"{{"id": "s{i}", "kind": "{kind}", "{servers_are}": {servers}, "service_time": "{time}", "queue": 100000}}"#
        )
    };
    let nodes: Vec<String> = stations.iter().enumerate().map(one).collect();
    chain(&nodes, users, think)
}

/// The same, but each station shares its cores among all who are there; a worker is held during the calls, and there are
/// enough of them.
fn sharing(stations: &[(u32, &str)], users: u32, think: &str) -> loadpath_core::topology::Plan {
    let one = |(i, &(cores, time)): (usize, &(u32, &str))| {
        format!(
            r#"{{"id": "s{i}", "kind": "service", "workers": 4096, "cores": {cores}, "service_time": "{time}"}}"#
        )
    };
    let nodes: Vec<String> = stations.iter().enumerate().map(one).collect();
    chain(&nodes, users, think)
}

fn chain(nodes: &[String], users: u32, think: &str) -> loadpath_core::topology::Plan {
    let links: Vec<String> = (1..nodes.len()).map(|i| format!("s{}>s{i}", i - 1)).collect();
    let links = edges(&[vec!["users>s0".to_owned()], links].concat().join(", "));
    let workload = format!(r#""arrivals": "closed", "users": {users}, "think_time": "{think}""#);
    design(&nodes.join(", "), &links, &workload, "")
}

#[test]
fn three_single_servers_and_thinking_users_answer_as_mean_value_analysis_says() {
    let plan = in_line(&[(1, "exp 5ms"), (1, "exp 8ms"), (1, "exp 2ms")], 125, "exp 1s");
    let run = run(&plan, 1, 4_000);
    assert_mean(&run, 0, theory("mva_web3_N125", "R"), 0.06);
    // By the response time law X = N / (Z + R): what the mean response may be off by is 6 % of 0.083 s in 1.083 s.
    let throughput = theory("mva_web3_N125", "X");
    assert!((run.achieved_rate() / throughput - 1.0).abs() < 0.06 * 0.083 / 1.083, "{}", run.achieved_rate());
}

#[test]
fn stations_of_several_servers_answer_as_mean_value_analysis_says() {
    for (users, case) in [(50, "mva_multi_N50"), (100, "mva_multi_N100")] {
        let plan = in_line(&[(4, "exp 80ms"), (2, "exp 50ms"), (1, "exp 10ms")], users, "exp 2s");
        assert_mean(&run(&plan, 2, 6_000), 0, theory(case, "R"), 0.07);
    }
}

#[test]
fn mean_value_analysis_holds_for_any_law_of_work_and_thought_where_cores_are_shared() {
    // Processor sharing and thinking are insensitive to the law beyond its mean (Baskett, Chandy, Muntz, Palacios 1975).
    for (first, second, think) in
        [("10ms", "exp 40ms", "exp 5s"), ("hyperexp 10ms cv2 4", "uniform 0ms..80ms", "5s")]
    {
        let plan = sharing(&[(1, first), (1, second)], 100, think);
        let run = run(&plan, 3, 8_000);
        assert_mean(&run, 0, theory("mva_dbheavy_N100", "R"), 0.06);
        // The busy share is the throughput times the work of a visit; both are known within 6 % of 0.17 s in 5.17 s and the work's own chance.
        let busy = node(&run, "s1").utilization.unwrap_or(0.0);
        assert!((busy / 0.773_633 - 1.0).abs() < 0.01, "{busy}");
    }
}

#[test]
fn machines_wait_for_few_repairmen_as_long_as_palm_says() {
    for (machines, repairmen, run_free, case) in [
        (10, 1, "exp 100ms", "repair_N10_c1"),
        (10, 2, "exp 100ms", "repair_N10_c2"),
        (20, 3, "exp 50ms", "repair_N20_c3"),
    ] {
        let plan = in_line(&[(repairmen, "exp 10ms")], machines, run_free);
        assert_mean(&run(&plan, 4, 1_500), 0, theory(case, "W") * 0.010, 0.03);
    }
}

#[test]
fn a_single_user_never_waits() {
    let plan = in_line(&[(1, "5ms"), (1, "8ms"), (1, "2ms")], 1, "1s");
    let run = run(&plan, 5, 100);
    // One request in each 1.015 s, of which 9 end in the 10 s of warm-up and 108 within 110 s; each takes exactly the three
    // services, and the histogram is good to 0.1 %.
    assert_eq!(run.outcomes().ok, 108 - 9);
    assert!((run.response().max().as_millis() - 15.0).abs() < 0.02, "{}", run.response().max().as_millis());
}
