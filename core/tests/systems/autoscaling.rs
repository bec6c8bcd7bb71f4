//! How many instances there are: autoscaling on what monitoring sees, and deployments that restart one after the other.
use crate::{Lab, counter, during, faults, is_poisson, node_of};
use loadpath_core::sim::Command;
use loadpath_core::time::Span;
use loadpath_core::topology::Place;

/// A balancer before a service that scales.
fn design(service: &str, rate: &str) -> String {
    format!(
        r#""nodes":[{{"id":"users","kind":"clients"}},
        {{"id":"lb","kind":"load_balancer","service_time":"0s","policy":"least_connections","check_interval":"200ms"}},
        {{"id":"web","kind":"service","workers":10,"service_time":"exp 50ms","queue":100000{service}}},
        {{"id":"eye","kind":"monitoring","interval":"5s"}}],
        "edges":[{{"from":"users","to":"lb","latency":"0s"}},{{"from":"lb","to":"web","latency":"0s"}}],
        "workload":{{"rate":"{rate}","classes":[{{"name":"read"}}]}}"#
    )
}

/// Scaling to 60 %, at most 10 instances; the start takes ten seconds and nothing is taken away within half a minute.
const TARGET: &str =
    r#","instances":2,"autoscale":"target","max_instances":10,"start_time":"10s","cooldown":"30s""#;

fn serving(lab: &Lab, node: &str) -> usize {
    lab.up(node).iter().filter(|&&up| up).count()
}

#[test]
fn without_monitoring_nobody_scales_and_that_is_a_fault() {
    let text = design(TARGET, "100/s")
        .replace(r#"{"id":"eye","kind":"monitoring","interval":"5s"}"#, r#"{"id":"eye","kind":"external"}"#);
    let faults = faults(&text);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!((&faults[0].place, faults[0].field.as_deref()), (&Place::Node(2), Some("autoscale")));
}

#[test]
fn nothing_happens_before_monitoring_looks_and_the_start_is_over() {
    // 600/s of 50 ms are 30 workers: two instances have 20, and 60 % of 5 instances are 30.
    let mut lab = Lab::new(&design(TARGET, "600/s"));
    assert_eq!((lab.run_to(4.999).counter("web", "started"), serving(&lab, "web")), (0, 2));
    // Both are busy: ceil(2 * 1.0 / 0.6) = 4.
    assert_eq!((lab.run_to(5.001).counter("web", "started"), serving(&lab, "web")), (2, 2));
    assert_eq!(serving(lab.run_to(14.999), "web"), 2);
    assert_eq!(serving(lab.run_to(15.001), "web"), 4);
}

#[test]
fn a_target_is_held_and_given_up_again_after_the_cooldown() {
    let mut lab = Lab::new(&design(TARGET, "600/s"));
    lab.run_to(120.0).reset().run_to(180.0);
    let busy = node_of(&lab.run(), "web").utilization.unwrap();
    // Within the tenth that changes nothing, and of whole instances: 5 or 6 of them, after the backlog is gone.
    assert!((5..=6).contains(&serving(&lab, "web")) && (0.45..0.66).contains(&busy), "{busy}");
    assert_eq!(lab.run().outcomes().errors(), 0);
    let stopped = lab.counter("web", "stopped");
    lab.set_rate(100.0).run_to(230.0);
    assert_eq!((serving(&lab, "web"), lab.run().outcomes().errors()), (2, 0));
    assert!(lab.counter("web", "stopped") > stopped);
}

trait Serving {
    fn run_and(&mut self, seconds: f64) -> usize;
}

impl Serving for Lab {
    fn run_and(&mut self, seconds: f64) -> usize {
        self.run_to(seconds);
        serving(self, "web")
    }
}

#[test]
fn utilization_is_of_the_instances_that_were_there() {
    // Both are busy at once and stay so; after 5 s there are four, two of which only start: 100 % / 60 % of two.
    let mut lab = Lab::new(&design(TARGET, "600/s"));
    let run = lab.run_to(7.0).run();
    let (taken, offered) = (20.0 * 7.0, 20.0 * 5.0 + 40.0 * 2.0);
    let utilization = node_of(&run, "web").utilization.unwrap();
    assert!((utilization - taken / offered).abs() < 0.02, "{utilization}");
}

#[test]
fn steps_go_one_by_one() {
    let step = r#","instances":2,"autoscale":"step","max_instances":6,"cooldown":"0s""#;
    let mut lab = Lab::new(&design(step, "900/s"));
    let seen: Vec<usize> = (1..=5).map(|look| lab.run_and(f64::from(look) * 5.0 + 0.5)).collect();
    assert_eq!(seen, [3, 4, 5, 6, 6]);
    lab.set_rate(50.0).run_to(30.0);
    // Below half of the target one leaves at each look, when the backlog is gone.
    let mut before = serving(&lab, "web");
    for look in 7..=20 {
        let now = lab.run_and(f64::from(look) * 5.0 + 0.5);
        assert!(now <= before && before - now <= 1, "{look}: {before} {now} {:?}", lab.busy("web"));
        before = now;
    }
    assert_eq!(before, 2);
}

#[test]
fn workers_are_scaled_by_their_backlog() {
    let text = r#""nodes":[{"id":"users","kind":"clients"},{"id":"app","kind":"service","service_time":"0s"},
        {"id":"queue","kind":"queue"},{"id":"crew","kind":"workers","workers":1,"service_time":"exp 50ms",
        "autoscale":"backlog","scale_target":100,"max_instances":16,"cooldown":"20s"},
        {"id":"eye","kind":"monitoring","interval":"5s"}],
        "edges":[{"from":"users","to":"app"},{"from":"app","to":"queue"},{"from":"queue","to":"crew"}],
        "workload":{"rate":"120/s","classes":[{"name":"job","operation":"job"}]}"#;
    let mut lab = Lab::new(text);
    // One does 20/s, so that 500 wait after 5 s: six are needed, and these do 120/s.
    let backlog = lab.run_to(5.0).backlog("queue");
    assert!(is_poisson(backlog, 500.0), "{backlog}");
    let crew = serving(lab.run_to(5.001), "crew") as u64;
    assert_eq!(crew, backlog.div_ceil(100));
    lab.set_rate(10.0).run_to(90.0);
    assert_eq!((serving(&lab, "crew"), lab.backlog("queue") < 100), (1, true));
    assert_eq!(lab.counter("queue", "redelivered"), 0);
}

fn deploy(node: &str) -> Command {
    Command::Deploy { node: node.to_owned(), pause_ns: Span::from_millis(3_000).0 }
}

#[test]
fn a_rolling_deployment_loses_no_request_where_there_are_two() {
    for (instances, start_time) in [(2, "0s"), (2, "2s"), (4, "1s")] {
        // Probes once in two seconds, two of them: a restarted instance gets nothing for four seconds after its start.
        let service = format!(r#","instances":{instances},"start_time":"{start_time}""#);
        let text = design(&service, "100/s")
            .replace(r#""check_interval":"200ms""#, r#""check_interval":"2s","rise":2"#);
        let mut lab = Lab::new(&text);
        lab.run_to(5.0).act(&deploy("web"));
        let mut fewest = instances;
        for tenth in 50..=600 {
            fewest = fewest.min(serving(lab.run_to(f64::from(tenth) / 10.0), "web"));
        }
        let run = lab.run();
        assert_eq!(run.outcomes().errors(), 0, "{instances} {start_time}");
        assert_eq!((fewest, serving(&lab, "web")), (instances - 1, instances));
        // Each was away: had none been restarted, nobody would have noticed.
        assert!(run.series.len() == 60);
    }
}

#[test]
fn a_deployment_of_a_single_instance_is_an_outage_of_its_restart() {
    let service = r#","instances":1,"workers":40"#;
    let text = design("", "200/s").replace(r#","queue":100000"#, service).replace(r#""workers":10,"#, "");
    let mut lab = Lab::new(&text);
    lab.run_to(5.0).act(&deploy("web")).run_to(20.0);
    let failed = lab.run().outcomes().errors();
    // Three seconds of restart, up to a probe's interval until it is known, and the little that it had to end before.
    assert!((3.0 * 200.0 * 0.8..4.0 * 200.0 * 1.2).contains(&(failed as f64)), "{failed}");
    assert_eq!(during(&lab.run(), 10, 20).errors(), 0);
}

#[test]
fn what_is_called_without_a_balancer_is_restarted_without_a_failure_too() {
    let text = r#""nodes":[{"id":"users","kind":"clients"},
        {"id":"web","kind":"service","instances":3,"start_time":"1s"}],
        "edges":[{"from":"users","to":"web"}],"workload":{"rate":"200/s","classes":[{"name":"read"}]}"#;
    let mut lab = Lab::new(text);
    lab.run_to(5.0).act(&deploy("web")).run_to(30.0);
    assert_eq!(lab.run().outcomes().errors(), 0);
}

#[test]
fn a_deployment_stalls_where_an_instance_does_not_come_back() {
    let mut lab = Lab::new(&design(r#","instances":3"#, "100/s"));
    lab.run_to(5.0).act(&deploy("web")).run_to(6.0).kill("web", 0).run_to(60.0);
    assert_eq!(lab.up("web"), [false, true, true]);
    lab.restore("web", 0).run_to(62.0);
    assert_eq!(lab.up("web")[..2], [true, false], "it goes on");
    lab.run_to(90.0);
    assert_eq!((lab.up("web"), lab.run().outcomes().errors()), (vec![true; 3], 0));
}

#[test]
fn a_deployment_while_it_scales_starts_nobody_twice() {
    let mut lab = Lab::new(&design(TARGET, "400/s"));
    lab.run_to(100.0);
    let (started, up) = (lab.counter("web", "started"), serving(&lab, "web"));
    lab.act(&deploy("web")).run_to(300.0);
    assert_eq!(lab.run().outcomes().errors(), 0);
    // One that is away leaves the others busier, but below the tenth that would matter.
    assert!(lab.counter("web", "started") <= started + 2 && serving(&lab, "web") >= up);
}

#[test]
fn sessions_in_memory_are_lost_with_a_deployment() {
    let text = design(r#","instances":2,"sessions":"memory""#, "100/s")
        .replace(r#""kind":"load_balancer","#, r#""kind":"load_balancer","sticky":"on","#)
        .replace(r#"{"name":"read"}"#, r#"{"name":"read","session":"on"}"#)
        .replace(r#""workload":{"#, r#""workload":{"users":50,"#);
    let mut lab = Lab::new(&text);
    let lost = |lab: &Lab| counter(&lab.run(), "web", "lost_sessions");
    assert_eq!(lost(lab.run_to(20.0)), 0);
    lab.act(&deploy("web")).run_to(60.0);
    // Every user's instance was restarted, some were moved to the second before that was restarted too.
    assert!((50..=100).contains(&lost(&lab)), "{}", lost(&lab));
    assert_eq!(lab.run().outcomes().errors(), lost(&lab));
}
