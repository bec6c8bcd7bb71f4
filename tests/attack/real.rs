//! Against a real server: the rate is held, both clocks tick, and the plan is the simulator's.
use super::nginx::Nginx;
use super::server::{Reply, Server};
use super::{assert_add_up, attack, driven};
use loadgen::attack::Paths;
use loadpath_core::run::{Outcomes, Run};
use loadpath_core::time::Span;
use loadpath_core::workload::{Class, Operation, Schedule, Spacing};

/// Nginx ends each connection after so few requests that all are opened anew many times in a run.
const KEEPALIVE_REQUESTS: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_is_loaded_at_the_rate_that_was_asked_and_every_request_is_answered() {
    let nginx = Nginx::start(KEEPALIVE_REQUESTS);
    let mut attack = attack(nginx.address, 500.0, Span(4 * Span::SECOND.0));
    attack.warm_up = Span::SECOND;
    let (run, intervals) = driven(attack).await;
    let run = run.unwrap();
    // 2,500 are planned, of which the first second's do not count. The gap before the first makes it one fewer.
    assert!(run.outcomes().ok.abs_diff(2_000) <= 1, "{:?}", run.outcomes());
    assert_eq!(run.outcomes().errors(), 0, "{:?}", run.notes);
    let rate = run.achieved_rate();
    assert!((rate / 500.0 - 1.0).abs() < 0.01, "{rate}/s");
    assert_add_up(&intervals, &run);
    assert_eq!(run.series.len(), 5, "{:?}", run.series);

    let class = &run.classes[0];
    assert_eq!((class.response.count(), class.service.count()), (run.outcomes().ok, run.outcomes().ok));
    for q in [0.1, 0.5, 0.9, 0.99, 1.0] {
        let (response, service) = (class.response.quantile(q), class.service.quantile(q));
        assert!(
            response >= service && service > Span::ZERO,
            "{q}: {response} from the plan, {service} from the send"
        );
    }
    // Tokio's own timers would make it a millisecond and more.
    let delay = run.send_delay.quantile(0.5);
    assert!(delay < Span::from_micros(500), "half of the sends are later than {delay}");
    assert_eq!(Run::from_json(&run.to_json()).unwrap(), run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_requests_are_those_of_the_schedule_that_the_simulator_follows() {
    let server = Server::start(|_, _| Reply::status("200 OK")).await;
    let mut attack = attack(server.address, 400.0, Span(2 * Span::SECOND.0));
    attack.arrivals.spacing = Spacing::Poisson;
    attack.target.paths = Paths::PerClass;
    let class = |name: &str, weight, operation| Class {
        weight,
        operation,
        keys: 50,
        skew: 0.9,
        ..Class::named(name)
    };
    attack.classes = vec![class("read", 3.0, Operation::Read), class("write", 1.0, Operation::Write)];
    attack.warm_up = Span::SECOND;
    let last = attack.warm_up + attack.duration;
    let plan = Schedule::new(attack.arrivals, &attack.classes, attack.users, attack.seed, &attack.source);
    let planned: Vec<_> = plan.take_while(|planned| planned.due.0 < last.0).collect();
    let (run, _) = driven(attack).await;
    let run = run.unwrap();

    let offered: u64 = run.series.iter().map(|second| second.offered).sum();
    assert_eq!(offered, planned.len() as u64);
    let counted =
        |class: u16| planned.iter().filter(|p| p.class == class && p.due.0 >= Span::SECOND.0).count() as u64;
    let totals: Vec<u64> = run.classes.iter().map(|class| class.outcomes.total()).collect();
    assert_eq!(totals, [counted(0), counted(1)]);
    let mut expected: Vec<String> = planned
        .iter()
        .map(|p| match p.class {
            0 => format!("GET /c/read/{}?u={} HTTP/1.1", p.key, p.user),
            _ => format!("PUT /c/write/{}?u={} HTTP/1.1", p.key, p.user),
        })
        .collect();
    let mut asked = server.asked();
    // Two users that send at nearly the same time may arrive in either order.
    expected.sort();
    asked.sort();
    assert_eq!(asked, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_hops_say_of_themselves_is_told_by_node() {
    // Every other lookup hits; each of the others makes a call to the database, and one in eight of all fails.
    let server = Server::start(|number, _| {
        let call = match number % 8 {
            n if n % 2 == 0 => "cache;dur=0.500;desc=ok, cache.hit;dur=1",
            1 => "cache;dur=0.500;desc=ok, cache.hit;dur=0, db;dur=20;desc=failed",
            _ => "cache;dur=0.500;desc=ok, cache.hit;dur=0, db;dur=4;desc=ok, db.q;dur=2",
        };
        Reply::with_headers(
            "200 OK",
            &format!("server-timing: web.q;dur=0.1, {call}\r\nserver-timing: x;;,\r\n"),
        )
    })
    .await;
    let mut attack = attack(server.address, 400.0, Span(2 * Span::SECOND.0));
    attack.nodes = ["clients", "web", "cache", "db"].map(str::to_owned).to_vec();
    attack.entry = Some("web".to_owned());
    let (run, intervals) = driven(attack).await;
    let run = run.unwrap();
    let total = run.outcomes().total();
    let [clients, web, cache, db] = run.nodes.as_slice() else { panic!("{:?}", run.nodes) };
    assert_eq!((clients.outcomes.ok, web.outcomes.ok, cache.outcomes.ok), (total, total, total));
    assert_eq!(clients.response.count(), total);
    assert_eq!(web.wait.count(), total);
    // 799 or 800 requests in the order of their numbers: off by at most one of a turn of eight.
    assert!(
        db.outcomes.ok.abs_diff(total * 3 / 8) <= 1 && db.outcomes.failed.abs_diff(total / 8) <= 1,
        "{db:?}"
    );
    assert!((cache.hit_ratio.unwrap() - 0.5).abs() < 0.01 && web.hit_ratio.is_none());
    // Two significant digits: 1 %.
    assert!((cache.response.quantile(0.5).as_millis() - 0.5).abs() < 0.01);
    assert!((db.response.quantile(1.0).as_millis() - 20.0).abs() < 0.2);
    assert!((db.wait.quantile(0.5).as_millis() - 2.0).abs() < 0.03);
    let mut told = Outcomes::default();
    intervals.iter().for_each(|interval| told.merge(&interval.nodes[3].outcomes));
    assert_eq!(told, db.outcomes);
}
