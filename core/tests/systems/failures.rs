//! Instances that fail by themselves.
use crate::{Lab, counter, faults, node_of, plan};
use loadpath_core::analytic::solve;

fn design(web: &str) -> String {
    format!(
        r#""nodes":[{{"id":"users","kind":"clients"}},
        {{"id":"lb","kind":"load_balancer","check_interval":"10ms","fall":1}},
        {{"id":"web","kind":"service","service_time":"1ms",{web}}}],
        "edges":[{{"from":"users","to":"lb"}},{{"from":"lb","to":"web"}}],
        "workload":{{"rate":"20/s","classes":[{{"name":"page"}}]}}"#
    )
}

/// Up nine tenths of the time, some 5,000 failures a thousand seconds.
const OFTEN: &str = r#""instances":3,"mtbf":"540ms","mttr":"60ms""#;

#[test]
fn instances_are_up_as_long_as_renewal_theory_says_and_independent_of_one_another() {
    let run = Lab::ran(&design(OFTEN), 1_000.0);
    let up = &node_of(&run, "web").up;
    // The share of a cycle that is down has a relative deviation of √2; over 5,000 cycles 2 %, and four of that.
    assert!((up.share(3) - 0.729).abs() < 4.0 * 0.02 * 0.271, "{}", up.share(3));
    assert!((up.share_from(2) - 0.972).abs() < 4.0 * 0.04 * 0.028, "{}", up.share_from(2));
    assert!((up.mean().unwrap() - 2.7).abs() < 4.0 * 0.02 * 0.3, "{up:?}");
    let failures = counter(&run, "web", "failures") as f64;
    // As often as 2.7 of them fail in 540 ms.
    assert!((failures / (2.7 / 0.54 * 1_000.0) - 1.0).abs() < 4.0 / 5_000.0f64.sqrt(), "{failures}");
}

#[test]
fn a_single_repairer_lets_the_others_wait_as_the_machine_repair_problem_has_it() {
    let parts = design(&OFTEN.replace("\"mtbf\"", "\"repairers\":1,\"mtbf\"").replace("540ms", "120ms"));
    let exact = solve(&plan(&parts)).nodes[2].up.unwrap();
    let alone = solve(&plan(&design(&OFTEN.replace("540ms", "120ms")))).nodes[2].up.unwrap();
    assert!((alone - 2.0 / 3.0).abs() < 1e-9 && exact < alone - 0.02, "{exact} {alone}");
    let seen = node_of(&Lab::ran(&parts, 1_000.0), "web").up.mean().unwrap() / 3.0;
    // Some 12,000 failures, which come in runs: as few as 3,000.
    assert!((seen - exact).abs() < 4.0 * 1.5 / 3_000.0f64.sqrt() * (1.0 - exact), "{seen} {exact}");
}

#[test]
fn what_never_fails_is_always_up() {
    let run = Lab::ran(&design(r#""instances":3"#), 5.0);
    assert!((node_of(&run, "web").up.share(3) - 1.0).abs() < 1e-12);
    assert_eq!(solve(&plan(&design(r#""instances":3"#))).nodes[2].up, None);
}

#[test]
fn times_between_failures_have_bounds_that_are_told() {
    let told = faults(&design(r#""mtbf":"90000h""#));
    assert!(told.iter().any(|fault| fault.field.as_deref() == Some("mtbf")), "{told:?}");
}
