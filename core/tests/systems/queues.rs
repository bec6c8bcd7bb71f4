//! Queues and logs before workers: who gets what, what is done twice, what is given up, and how a backlog drains.
use crate::{Lab, counter, is_poisson, is_share, node_of};
use loadpath_core::rng::Seed;
use loadpath_core::sim::Command;

/// A service that publishes jobs, a queue, and workers with their edges.
fn design(queue: &str, workers: &str, edges: &str, workload: &str) -> String {
    format!(
        r#""nodes":[{{"id":"users","kind":"clients"}},
        {{"id":"app","kind":"service","workers":4096,"service_time":"0s"}},
        {{"id":"queue","kind":"queue","workers":4096,"service_time":"0s"{queue}}},{workers}],
        "edges":[{{"from":"users","to":"app","latency":"0s"}},{{"from":"app","to":"queue","latency":"0s"}},{edges}],
        "workload":{{{workload}}}"#
    )
}

/// With one workers node.
fn simple(queue: &str, workers: &str, workload: &str) -> String {
    let workers = format!(r#"{{"id":"crew","kind":"workers"{workers}}}"#);
    design(queue, &workers, r#"{"from":"queue","to":"crew","latency":"0s"}"#, workload)
}

fn jobs(rate: &str) -> String {
    format!(r#""rate":"{rate}","classes":[{{"name":"job","operation":"job"}}]"#)
}

/// tests/data/theory.json, M/M/c with two servers and ρ = 0.8: the response of workers counts from the publishing.
#[test]
fn a_job_s_latency_counts_from_its_publishing_and_is_that_of_theory() {
    let text = simple("", r#","workers":2,"service_time":"exp 10ms""#, &jobs("160/s"));
    let mut lab = Lab::new(&text);
    let run = lab.run_to(20.0).reset().run_to(1_020.0).run();
    let response = &node_of(&run, "crew").response;
    // 2.77777778 service times. Daley 1968 for M/M/1 at the same utilization: n Var = 1,850 or so; 160,000 jobs.
    let std = 0.01 * (1_850.0 / 160_000f64).sqrt();
    assert!((response.mean().as_secs() - 0.0277777778).abs() < 4.0 * std, "{:?}", response.mean());
    // Whoever publishes does not wait for that.
    assert!(run.response().max().as_secs() < 1e-6);
}

#[test]
fn producers_are_not_slowed_by_slow_workers() {
    let run = Lab::ran(&simple("", r#","workers":1,"service_time":"10s""#, &jobs("500/s")), 20.0);
    assert!(run.outcomes().errors() == 0 && run.response().max().as_secs() < 1e-6);
    assert!(is_poisson(counter(&run, "queue", "published"), 10_000.0));
}

/// tests/data/theory.json, drain_2000_80_140, at a tenth of the rate: the fluid limit. 200/s come to workers that do 160/s
/// for 120 s, then to some that do 280/s.
#[test]
fn a_backlog_grows_and_drains_as_the_fluid_does() {
    let text = simple("", r#","instances":14,"workers":1,"service_time":"exp 50ms""#, &jobs("200/s"));
    let mut lab = Lab::new(&text);
    for instance in 8..14 {
        lab.kill("crew", instance);
    }
    let backlog = lab.run_to(120.0).backlog("queue") as f64;
    // Arrivals less departures: the variance is the sum of both, (200 + 160) * 120.
    assert!((backlog - 4_800.0).abs() < 4.0 * (360.0 * 120f64).sqrt(), "{backlog}");
    for instance in 8..14 {
        lab.restore("crew", instance);
    }
    let mut drained = 120.0;
    while lab.backlog("queue") > 0 {
        drained += 0.1;
        lab.run_to(drained);
    }
    // It goes at 80/s with a variance of 480/s over about a minute.
    let expected = 120.0 + backlog / 80.0;
    assert!((drained - expected).abs() < 4.0 * (480.0 * 60f64).sqrt() / 80.0, "{drained} {expected}");
}

#[test]
fn fan_out_gives_each_a_copy_and_a_topic_to_those_that_it_matches() {
    let workers = r#"{"id":"mail","kind":"workers","service_time":"0s"},{"id":"bill","kind":"workers","service_time":"0s"}"#;
    let edges = r##"{"from":"queue","to":"mail","binding":"order.*"},{"from":"queue","to":"bill","binding":"#.paid"}"##;
    let workload = r#""rate":"1k/s","classes":[{"name":"new","operation":"job","topic":"order.new"},
        {"name":"paid","operation":"job","topic":"order.paid"},{"name":"fax","operation":"job","topic":"fax"}]"#;
    for (mode, shares) in [("fan_out", [1.0, 1.0]), ("topic", [2.0 / 3.0, 1.0 / 3.0]), ("direct", [0.5, 0.5])]
    {
        let mut lab = Lab::new(&design(&format!(r#","mode":"{mode}""#), workers, edges, workload));
        let run = lab.run_to(20.0).set_rate(1e-6).run_to(21.0).run();
        let published = counter(&run, "queue", "published");
        let done = ["mail", "bill"].map(|id| node_of(&run, id).outcomes.ok);
        match mode {
            "fan_out" => assert_eq!(done, [published; 2]),
            // Whoever has a free worker: each message to one of both.
            "direct" => assert_eq!(done[0] + done[1], published),
            _ => {
                let share = |i: usize| done[i] as f64 / published as f64;
                assert!((0..2).all(|i| is_share(share(i), shares[i], published)), "{done:?}");
            }
        }
    }
}

#[test]
fn a_full_queue_refuses_or_drops_its_oldest() {
    for overflow in ["reject", "drop_oldest"] {
        let queue = format!(r#","capacity":100,"overflow":"{overflow}""#);
        let text = simple(&queue, r#","instances":1,"workers":1,"service_time":"10ms""#, &jobs("1k/s"));
        let mut lab = Lab::new(&text);
        let run = lab.run_to(10.0).run();
        let (published, lost) = (counter(&run, "queue", "published"), counter(&run, "queue", "overflowed"));
        let done = node_of(&run, "crew").outcomes.ok;
        let refused = run.outcomes().refused + run.outcomes().failed;
        assert_eq!(lab.backlog("queue"), 100);
        assert!(is_poisson(lost, 9_000.0 - 101.0), "{overflow} {lost}");
        if overflow == "reject" {
            assert_eq!((refused, published), (lost, done + 101));
            // Who is worked on has waited behind a hundred others.
            let wait = lab.reset().run_to(20.0).run();
            assert!((node_of(&wait, "crew").response.quantile(0.5).as_secs() / 1.01 - 1.0).abs() < 0.02);
        } else {
            assert_eq!((refused, published), (0, done + 101 + lost));
            // The last hundred of 1,000 a second: nobody waits longer than 0.1 s or so.
            let wait = lab.reset().run_to(20.0).run();
            assert!(node_of(&wait, "crew").response.max().as_secs() < 0.2);
        }
    }
}

#[test]
fn what_fails_is_delivered_again_until_it_is_a_dead_letter() {
    for mode in ["direct", "log"] {
        let queue = format!(r#","mode":"{mode}","deliveries":3"#);
        let text = simple(&queue, r#","workers":64,"error_share":0.5,"service_time":"1ms""#, &jobs("400/s"));
        let mut lab = Lab::new(&text);
        let run = lab.run_to(20.0).set_rate(1e-6).run_to(25.0).run();
        let published = counter(&run, "queue", "published");
        let (dead, again) = (counter(&run, "queue", "dead_letters"), counter(&run, "queue", "redelivered"));
        // One in eight fails three times; 1/2 + 1/4 are delivered again.
        assert!(is_share(dead as f64 / published as f64, 0.125, published), "{mode} {dead} {published}");
        // The number of further deliveries has a variance of 11/16.
        let mean = 0.75 * published as f64;
        assert!(
            (again as f64 - mean).abs() < 4.0 * (11.0 / 16.0 * published as f64).sqrt(),
            "{mode} {again}"
        );
        assert_eq!(node_of(&run, "crew").outcomes.ok + dead, published, "{mode}");
    }
}

/// Whatever dies when: each message that was taken in has been done, waits, is at a worker, or was given up.
#[test]
fn no_message_is_lost_whoever_dies() {
    for seed in 0..12 {
        let mut rng = Seed(seed).stream("kills");
        let mode = ["direct", "log"][seed as usize % 2];
        let queue = format!(r#","mode":"{mode}","deliveries":2"#);
        let crew = r#","instances":4,"workers":3,"error_share":0.1,"service_time":"exp 20ms""#;
        let mut lab = Lab::with_seed(&simple(&queue, crew, &jobs("400/s")), seed);
        for step in 1..=100 {
            lab.run_to(f64::from(step) / 10.0);
            let instance = rng.below(4) as u16;
            match rng.below(6) {
                0 | 1 => lab.kill("crew", instance),
                2..=4 => lab.restore("crew", instance),
                _ if rng.below(2) == 0 => lab.kill("queue", 0),
                _ => lab.restore("queue", 0),
            };
            let run = lab.run();
            let published = counter(&run, "queue", "published");
            let (done, dead) = (node_of(&run, "crew").outcomes.ok, counter(&run, "queue", "dead_letters"));
            let left = lab.backlog("queue") + lab.in_flight("crew");
            if mode == "direct" {
                assert_eq!(published, done + dead + left, "{seed} {step}");
            } else {
                // What is at a worker is still in the log; what is read again may be done twice.
                assert!(published <= done + dead + lab.backlog("queue"), "{seed} {step}");
            }
        }
        (0..4).for_each(|instance| assert!(lab.restore("crew", instance).in_flight("crew") < 100));
        lab.restore("queue", 0).set_rate(1e-6).run_to(60.0);
        let run = lab.run();
        let (published, dead) = (counter(&run, "queue", "published"), counter(&run, "queue", "dead_letters"));
        assert_eq!((lab.backlog("queue"), lab.in_flight("crew")), (0, 0), "{seed}");
        assert!(node_of(&run, "crew").outcomes.ok + dead >= published, "{seed}");
        assert!(counter(&run, "queue", "redelivered") > 0, "{seed}");
    }
}

/// A partition has one message under way at a time: with one partition of work of 10 ms nothing is done side by side, however
/// many workers there are.
#[test]
fn a_log_keeps_the_order_of_each_partition() {
    let done = |partitions: u32| {
        let queue = format!(r#","mode":"log","partitions":{partitions}"#);
        let workload = r#""rate":"1k/s","classes":[{"name":"job","operation":"job","skew":0}]"#;
        let text = simple(&queue, r#","instances":2,"workers":16,"service_time":"10ms""#, workload);
        let mut lab = Lab::new(&text);
        let run = lab.run_to(10.0).run();
        let crew = node_of(&run, "crew").outcomes.ok;
        // The lag is what was published and not done.
        let published = counter(&run, "queue", "published");
        assert_eq!(published, crew + lab.backlog("queue"));
        crew
    };
    assert!((995..=1_000).contains(&done(1)), "{}", done(1));
    assert!((3_980..=4_000).contains(&done(4)), "{}", done(4));
}

#[test]
fn the_partitions_of_a_dead_consumer_go_to_the_others() {
    let text = simple(
        r#","mode":"log","partitions":8"#,
        r#","instances":2,"workers":4,"service_time":"1ms""#,
        &jobs("800/s"),
    );
    let mut lab = Lab::new(&text);
    lab.run_to(5.0).kill("crew", 1).run_to(10.0);
    assert!(lab.backlog("queue") < 50, "{}", lab.backlog("queue"));
    // With nobody left the lag is what comes.
    lab.kill("crew", 0).run_to(15.0);
    assert!(is_poisson(lab.backlog("queue"), 4_000.0), "{}", lab.backlog("queue"));
    lab.restore("crew", 1).run_to(30.0);
    assert!(lab.backlog("queue") < 50);
    let run = lab.run();
    let done = node_of(&run, "crew").outcomes.ok;
    // Those under way at a death or a handover are read again: at most a partition's one each time.
    assert!(done + 50 >= counter(&run, "queue", "published") && counter(&run, "queue", "redelivered") <= 24);
}

#[test]
fn a_log_of_two_groups_gives_everything_to_both_and_forgets_what_is_too_old() {
    let workers = r#"{"id":"fast","kind":"workers","service_time":"0s"},{"id":"slow","kind":"workers","service_time":"100ms","workers":1}"#;
    let edges = r#"{"from":"queue","to":"fast","latency":"0s"},{"from":"queue","to":"slow","latency":"0s"}"#;
    let mut lab =
        Lab::new(&design(r#","mode":"log","partitions":1,"capacity":200"#, workers, edges, &jobs("500/s")));
    let run = lab.run_to(20.0).run();
    let published = counter(&run, "queue", "published");
    assert_eq!(node_of(&run, "fast").outcomes.ok, published);
    // The slow group does ten a second; the log keeps 200, and forgot the rest before it was read.
    let done = node_of(&run, "slow").outcomes.ok;
    assert!((199..=200).contains(&done), "{done}");
    let lost = counter(&run, "queue", "overflowed");
    assert!((published - done - lost).abs_diff(200) <= 1, "{published} {done} {lost}");
}

#[test]
fn a_dead_queue_refuses_and_keeps_what_it_had() {
    let mut lab = Lab::new(&simple("", r#","workers":1,"service_time":"10ms""#, &jobs("500/s")));
    let waiting = lab.run_to(4.0).kill("queue", 0).backlog("queue");
    lab.reset().run_to(6.0);
    assert_eq!((lab.run().outcomes().ok, lab.backlog("queue")), (0, waiting));
    // Only what was at the worker is done meanwhile.
    assert!(node_of(&lab.run(), "crew").outcomes.ok <= 1);
    lab.restore("queue", 0).set_rate(1e-6).run_to(40.0);
    assert_eq!(lab.backlog("queue"), 0);
}

#[test]
fn workers_behind_a_cut_get_nothing_until_it_heals() {
    let text = simple("", r#","zone":"east","service_time":"1ms""#, &jobs("500/s"))
        .replace(r#""id":"queue","#, r#""id":"queue","zone":"west","#);
    let mut lab = Lab::new(&format!(r#""zones":[{{"id":"west"}},{{"id":"east"}}],{text}"#));
    lab.run_to(2.0).act(&Command::Partition { zone: "east".to_owned(), other: None });
    lab.run_to(6.0);
    assert!(is_poisson(lab.backlog("queue"), 2_000.0), "{}", lab.backlog("queue"));
    lab.act(&Command::Heal { zone: "east".to_owned(), other: None }).run_to(10.0);
    assert!(lab.backlog("queue") < 10 && lab.counter("queue", "dead_letters") == 0);
}

#[test]
fn the_queue_hands_out_as_soon_as_a_worker_is_free() {
    // M/D/1-like: one worker of 10 ms at ρ = 0.5 waits half a service time (Pollaczek-Khinchine).
    let run = Lab::ran(&simple("", r#","workers":1,"service_time":"10ms""#, &jobs("50/s")), 1_000.0);
    let mean = node_of(&run, "crew").response.mean().as_secs();
    // tests/data/theory.json, md1_rho0.5: Wq has a standard deviation of 0.76 services; 50,000 waits, taken as a fifth.
    assert!((mean - 0.015).abs() < 4.0 * 0.01 * 0.763762616 / 10_000f64.sqrt(), "{mean}");
    assert_eq!(run.outcomes().errors(), 0);
}
